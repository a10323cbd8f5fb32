//! Daemon sets: the generation of their template is kept in an annotation.

use crate::equality::same;
use crate::fields::{annotation, at_mut, default, default_text, set_annotation, struct_at, text};
use crate::kind::Context;
use crate::pods::{default_template, template_warnings};
use crate::rules::{Rules, count_if, count_spec, fresh, keep_spec, keep_status, zeros};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/apps/daemonset/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    normalize,
    create,
    update,
    subresources: &[("status", update_status)],
    warn_on_create: |workload| template_warnings(workload.dotted("spec.template"), "spec.template"),
    warn_on_update,
    ..Rules::new("apps", "DaemonSet").namespaced()
};

const KEY: &str = "deprecated.daemonset.template.generation";

/// Source: `SetDefaults_DaemonSet` in `k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go`.
fn defaults(workload: &mut Value) {
    let Some(spec) = struct_at(workload, "spec") else { return };
    if let Some(strategy) = struct_at(spec, "updateStrategy") {
        default_text(strategy, "type", "RollingUpdate");
        if text(strategy, "type") == "RollingUpdate"
            && let Some(rolling) = struct_at(strategy, "rollingUpdate")
        {
            default(rolling, "maxUnavailable", 1);
            default(rolling, "maxSurge", 0);
        }
    }
    default(spec, "revisionHistoryLimit", 10);
    default_template(at_mut(spec, "template"));
}

/// The annotation is always there. Text that is no number is left for the decoder's refusal.
fn normalize(workload: &mut Value) {
    super::normalize(workload);
    super::zero_rolling(workload, "spec.updateStrategy.rollingUpdate", &["maxUnavailable", "maxSurge"]);
    match annotation(workload, KEY).map(str::parse::<i64>) {
        None => set_annotation(workload, KEY, "0"),
        Some(Ok(number)) => set_annotation(workload, KEY, number.to_string()),
        Some(Err(_)) => {}
    }
}

fn template_generation(workload: &Value) -> i64 {
    annotation(workload, KEY).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn create(workload: &mut Value, _: &mut Context<'_>) {
    let status =
        zeros(&["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"]);
    fresh(workload, status);
    if template_generation(workload) < 1 {
        set_annotation(workload, KEY, "1");
    }
    super::drop_of_template(workload, None);
}

fn update(workload: &mut Value, old: &Value, _: &mut Context<'_>) {
    super::drop_of_template(workload, Some(old));
    keep_status(workload, old);
    let mut counted = template_generation(old);
    let is_changed = !same(workload, old, "spec.template");
    if is_changed {
        counted = counted.wrapping_add(1);
    }
    set_annotation(workload, KEY, counted.to_string());
    if is_changed {
        count_if(workload, old, true);
    } else {
        count_spec(workload, old);
    }
}

/// The generation of the template is part of the spec.
fn update_status(workload: &mut Value, old: &Value, context: &mut Context<'_>) {
    keep_spec(workload, old, context);
    set_annotation(workload, KEY, template_generation(old).to_string());
}

fn warn_on_update(subresource: &str, workload: &Value, old: &Value) -> Vec<String> {
    if !subresource.is_empty() || template_generation(workload) == template_generation(old) {
        return Vec::new();
    }
    template_warnings(workload.dotted("spec.template"), "spec.template")
}

#[cfg(test)]
mod tests {
    use crate::fields::{annotation, generation};
    use crate::kind::Kind;
    use crate::rules::testing::{created, defaulted, updated};

    const SET: Kind<'_> = Kind { group: "apps", version: "v1", kind: "DaemonSet" };

    #[test]
    fn generations_of_the_template_are_counted() {
        assert_eq!(annotation(&defaulted(SET, "{}"), super::KEY), Some("0"));
        assert_eq!(annotation(&created(SET, "{}"), super::KEY), Some("1"));
        let old = r#"{"metadata":{"generation":2,"annotations":{"deprecated.daemonset.template.generation":"2"}},
            "spec":{"template":{"spec":{"securityContext":{}}}}}"#;
        for (new, counted, of_template) in [
            (r#"{"spec":{"template":{"spec":{"securityContext":{}}}}}"#, 2, "2"),
            (r#"{"spec":{"template":{"spec":{"securityContext":{},"hostPID":true}}}}"#, 3, "3"),
            (r#"{"spec":{"minReadySeconds":1,"template":{"spec":{"securityContext":{}}}}}"#, 3, "2"),
        ] {
            let workload = updated(SET, None, new, old);
            assert_eq!(generation(&workload), counted, "{new}");
            assert_eq!(annotation(&workload, super::KEY), Some(of_template), "{new}");
        }
    }
}
