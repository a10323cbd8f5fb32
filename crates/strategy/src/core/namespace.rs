//! Namespaces: the label with their name, the phase, and the finalizer of the namespace controller.

use crate::fields::{copy, empty, list, object, set, struct_at, struct_path, text};
use crate::kind::Context;
use crate::rules::{Rules, keep_spec, keep_status_only};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/core/namespace/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    create,
    update,
    subresources: &[("status", update_status), ("finalize", update_finalizers)],
    ..Rules::new("", "Namespace").returning_deleted()
};

fn defaults(namespace: &mut Value) {
    if !text(namespace, "metadata.name").is_empty() {
        label_with_name(namespace);
    }
    if let Some(status) = struct_at(namespace, "status") {
        crate::fields::default_text(status, "phase", "Active");
    }
}

/// Of a namespace without a name only on its way into the store, as `Canonicalize` does.
fn label_with_name(namespace: &mut Value) {
    let name = text(namespace, "metadata.name").to_owned();
    if let Some(labels) = struct_path(namespace, "metadata.labels") {
        set(labels, "kubernetes.io/metadata.name", name);
    }
}

fn create(namespace: &mut Value, _: &mut Context<'_>) {
    set(namespace, "status", object([("phase", Value::from("Active"))]));
    if let Some(spec) = struct_at(namespace, "spec") {
        let mut finalizers = list(spec, "finalizers").to_vec();
        if !finalizers.iter().any(|finalizer| finalizer.as_str() == Some("kubernetes")) {
            finalizers.push(Value::from("kubernetes"));
            set(spec, "finalizers", finalizers);
        }
    }
    label_with_name(namespace);
}

fn update(namespace: &mut Value, old: &Value, _: &mut Context<'_>) {
    let nothing = empty();
    if let Some(spec) = struct_at(namespace, "spec") {
        copy(spec, old.field("spec").unwrap_or(&nothing), "finalizers");
    }
    copy(namespace, old, "status");
    label_with_name(namespace);
}

fn update_status(namespace: &mut Value, old: &Value, context: &mut Context<'_>) {
    keep_spec(namespace, old, context);
    label_with_name(namespace);
}

fn update_finalizers(namespace: &mut Value, old: &Value, context: &mut Context<'_>) {
    keep_status_only(namespace, old, context);
    label_with_name(namespace);
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, defaulted, updated};

    const NAMESPACE: Kind<'_> = Kind { group: "", version: "v1", kind: "Namespace" };

    #[test]
    fn a_namespace_is_active_and_bears_its_name() {
        assert_eq!(
            created(NAMESPACE, r#"{"metadata":{"name":"n"},"spec":{},"status":{"phase":"Terminating"}}"#)
                .to_json(),
            value(
                r#"{"metadata":{"name":"n","labels":{"kubernetes.io/metadata.name":"n"}},
                "spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}"#
            )
            .to_json()
        );
        assert_eq!(
            defaulted(NAMESPACE, r#"{"metadata":{"generateName":"n-"}}"#).to_json(),
            value(r#"{"metadata":{"generateName":"n-"},"status":{"phase":"Active"}}"#).to_json()
        );
    }

    #[test]
    fn finalizers_change_by_finalize_only() {
        let old =
            r#"{"metadata":{"name":"n"},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}"#;
        let new = r#"{"metadata":{"name":"n"},"spec":{},"status":{"phase":"Terminating"}}"#;
        for (subresource, spec, status) in [
            (None, r#"{"finalizers":["kubernetes"]}"#, r#"{"phase":"Active"}"#),
            (Some("status"), r#"{"finalizers":["kubernetes"]}"#, r#"{"phase":"Terminating"}"#),
            (Some("finalize"), "{}", r#"{"phase":"Active"}"#),
        ] {
            let namespace = updated(NAMESPACE, subresource, new, old);
            assert_eq!(namespace.field("spec"), Some(&value(spec)), "{subresource:?}");
            assert_eq!(namespace.field("status"), Some(&value(status)), "{subresource:?}");
        }
    }
}
