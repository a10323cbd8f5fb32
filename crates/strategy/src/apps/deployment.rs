//! Deployments.

use crate::equality::same;
use crate::fields::{
    annotation, at_mut, copy, default, default_text, drop_annotations, empty, set_annotation, struct_at, text,
};
use crate::kind::Context;
use crate::pods::default_template;
use crate::rules::{Rules, count_if, fresh, keep_status};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/apps/deployment/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    normalize,
    create: |deployment, _| {
        fresh(deployment, empty());
        super::drop_of_template(deployment, None);
    },
    update,
    subresources: &[("status", update_status)],
    warn_on_create: super::warn_of_name_and_template,
    warn_on_update: super::warn_on_update,
    ..Rules::new("apps", "Deployment").namespaced()
};

/// Source: `SetDefaults_Deployment` in `k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go`.
fn defaults(deployment: &mut Value) {
    let Some(spec) = struct_at(deployment, "spec") else { return };
    default(spec, "replicas", 1);
    if let Some(strategy) = struct_at(spec, "strategy") {
        default_text(strategy, "type", "RollingUpdate");
        if text(strategy, "type") == "RollingUpdate"
            && let Some(rolling) = struct_at(strategy, "rollingUpdate")
        {
            default(rolling, "maxUnavailable", "25%");
            default(rolling, "maxSurge", "25%");
        }
    }
    default(spec, "revisionHistoryLimit", 10);
    default(spec, "progressDeadlineSeconds", 600);
    default_template(at_mut(spec, "template"));
}

/// An annotation that asks for an old revision is a number, or goes.
fn normalize(deployment: &mut Value) {
    const KEY: &str = "deprecated.deployment.rollback.to";
    super::normalize(deployment);
    super::zero_rolling(deployment, "spec.strategy.rollingUpdate", &["maxUnavailable", "maxSurge"]);
    let revision = annotation(deployment, KEY).map(|text| (text.is_empty(), text.parse::<i64>()));
    match revision {
        Some((true, _)) => drop_annotations(deployment, &[KEY]),
        Some((false, Ok(number))) => set_annotation(deployment, KEY, number.to_string()),
        _ => {}
    }
}

fn update(deployment: &mut Value, old: &Value, _: &mut Context<'_>) {
    const ANNOTATIONS: &str = "metadata.annotations";
    keep_status(deployment, old);
    super::drop_of_template(deployment, Some(old));
    let is_same = same(deployment, old, "spec") && same(deployment, old, ANNOTATIONS);
    count_if(deployment, old, !is_same);
}

/// The status strategy of deployments keeps the labels, and no other metadata.
fn update_status(deployment: &mut Value, old: &Value, _: &mut Context<'_>) {
    copy(deployment, old, "spec");
    let nothing = empty();
    let old = old.field("metadata").unwrap_or(&nothing);
    if let Some(metadata) = struct_at(deployment, "metadata") {
        copy(metadata, old, "labels");
    }
}

#[cfg(test)]
mod tests {
    use crate::fields::{generation, testing::value};
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    const DEPLOYMENT: Kind<'_> = Kind { group: "apps", version: "v1", kind: "Deployment" };

    #[test]
    fn a_new_deployment_has_its_defaults_and_no_status() {
        let deployment = created(DEPLOYMENT, r#"{"spec":{"strategy":{}},"status":{"replicas":3}}"#);
        assert_eq!(
            deployment.to_json(),
            value(
                r#"{"metadata":{"generation":1},"spec":{"strategy":{"type":"RollingUpdate",
                "rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}},"replicas":1,"revisionHistoryLimit":10,
                "progressDeadlineSeconds":600},"status":{}}"#
            )
            .to_json()
        );
    }

    #[test]
    fn annotations_count_as_the_spec_does() {
        let old = r#"{"metadata":{"generation":4,"annotations":{"a":"1"},"labels":{"l":"1"}},"spec":{"replicas":1}}"#;
        for (new, subresource, counted) in [
            (old, None, 4),
            (r#"{"metadata":{"annotations":{"a":"2"}},"spec":{"replicas":1}}"#, None, 5),
            (r#"{"metadata":{"annotations":{"a":"1"}},"spec":{"replicas":2}}"#, None, 5),
            (r#"{"metadata":{"annotations":{"a":"1"}},"spec":{"replicas":2}}"#, Some("status"), 4),
        ] {
            let deployment = updated(DEPLOYMENT, subresource, new, old);
            assert_eq!(generation(&deployment), counted, "{new}");
            if subresource.is_some() {
                assert_eq!(deployment.dotted("metadata.labels.l"), Some(&"1".into()));
            }
        }
    }
}
