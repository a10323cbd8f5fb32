//! Replication controllers: their selector and labels follow from their template.

use crate::fields::{at_mut, default, entries, set, struct_at};
use crate::kind::{Context, Propagation};
use crate::pods::{default_template, drop_disabled, normalize_template, template_warnings};
use crate::rules::{Rules, count_spec, fresh, keep_spec, keep_status, zeros};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/core/replicationcontroller/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    normalize: |controller| normalize_template(at_mut(controller, "spec.template")),
    create,
    update,
    subresources: &[("status", keep_spec)],
    warn_on_create: crate::apps::warn_of_name_and_template,
    warn_on_update,
    ..Rules::new("", "ReplicationController").namespaced().propagating(Propagation::Orphan)
};

/// Source: `SetDefaults_ReplicationController` in `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`.
fn defaults(controller: &mut Value) {
    let labels = controller.dotted("spec.template.metadata.labels").cloned();
    let labels = labels.filter(|labels| labels.as_object().is_some_and(|labels| !labels.is_empty()));
    let is_empty = |object: &Value, path: &str| entries(object, path).next().is_none();
    let (lacks_selector, lacks_labels) =
        (is_empty(controller, "spec.selector"), is_empty(controller, "metadata.labels"));
    if let Some(labels) = labels {
        if lacks_labels && let Some(metadata) = struct_at(controller, "metadata") {
            set(metadata, "labels", labels.clone());
        }
        if lacks_selector && let Some(spec) = struct_at(controller, "spec") {
            set(spec, "selector", labels);
        }
    }
    if let Some(spec) = struct_at(controller, "spec") {
        default(spec, "replicas", 1);
        default_template(spec.field_mut("template"));
    }
}

fn create(controller: &mut Value, _: &mut Context<'_>) {
    fresh(controller, zeros(&["replicas"]));
    drop_disabled(at_mut(controller, "spec.template.spec"), None);
}

fn update(controller: &mut Value, old: &Value, _: &mut Context<'_>) {
    keep_status(controller, old);
    drop_disabled(at_mut(controller, "spec.template.spec"), old.dotted("spec.template.spec"));
    count_spec(controller, old);
}

/// Upstream takes the old template for the new one here, and so its warnings.
fn warn_on_update(subresource: &str, controller: &Value, old: &Value) -> Vec<String> {
    if !subresource.is_empty() || crate::fields::generation(controller) == crate::fields::generation(old) {
        return Vec::new();
    }
    template_warnings(old.dotted("spec.template"), "spec.template")
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    const CONTROLLER: Kind<'_> = Kind { group: "", version: "v1", kind: "ReplicationController" };

    #[test]
    fn the_template_names_the_rest() {
        let controller =
            created(CONTROLLER, r#"{"metadata":{},"spec":{"template":{"metadata":{"labels":{"a":"b"}}}}}"#);
        assert_eq!(controller.field("metadata"), Some(&value(r#"{"labels":{"a":"b"},"generation":1}"#)));
        assert_eq!(controller.dotted("spec.selector"), Some(&value(r#"{"a":"b"}"#)));
        assert_eq!(controller.field("status"), Some(&value(r#"{"replicas":0}"#)));
    }

    #[test]
    fn a_changed_spec_is_counted() {
        let old = r#"{"metadata":{"generation":4},"spec":{"replicas":1},"status":{"replicas":1}}"#;
        let new = r#"{"metadata":{},"spec":{"replicas":2},"status":{"replicas":9}}"#;
        assert_eq!(
            updated(CONTROLLER, None, new, old),
            value(r#"{"metadata":{"generation":5},"spec":{"replicas":2},"status":{"replicas":1}}"#)
        );
    }
}
