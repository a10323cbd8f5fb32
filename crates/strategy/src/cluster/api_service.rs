//! API services: those that the server serves itself are available at once.

use crate::fields::{at_mut, copy, default, empty, is_nil, object, set, struct_at};
use crate::kind::Context;
use crate::rules::{Rules, keep_status_only};
use ravelin_object::Value;

/// Source: `k8s.io/kube-aggregator/pkg/registry/apiservice/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults: |service| {
        if let Some(reference) = at_mut(service, "spec.service") {
            default(reference, "port", 443);
        }
    },
    create,
    update: keep_status_only,
    subresources: &[("status", update_status)],
    ..Rules::new("apiregistration.k8s.io", "APIService").updated_conditionally()
};

fn create(service: &mut Value, context: &mut Context<'_>) {
    let mut status = empty();
    if is_nil(service, "spec.service") {
        let condition = object([
            ("type", Value::from("Available")),
            ("status", Value::from("True")),
            ("lastTransitionTime", Value::from(context.now)),
            ("reason", Value::from("Local")),
            ("message", Value::from("Local APIServices are always available")),
        ]);
        set(&mut status, "conditions", vec![condition]);
    }
    set(service, "status", status);
}

fn update_status(service: &mut Value, old: &Value, _: &mut Context<'_>) {
    copy(service, old, "spec");
    let nothing = empty();
    let old = old.field("metadata").unwrap_or(&nothing);
    if let Some(metadata) = struct_at(service, "metadata") {
        for key in ["labels", "annotations", "finalizers", "ownerReferences"] {
            copy(metadata, old, key);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::created;

    #[test]
    fn a_local_service_is_available() {
        let kind = Kind { group: "apiregistration.k8s.io", version: "v1", kind: "APIService" };
        assert_eq!(
            created(kind, r#"{"spec":{}}"#),
            value(
                r#"{"spec":{},"status":{"conditions":[{"type":"Available","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z",
                "reason":"Local","message":"Local APIServices are always available"}]}}"#
            )
        );
        assert_eq!(
            created(kind, r#"{"spec":{"service":{"name":"s"}}}"#),
            value(r#"{"spec":{"service":{"name":"s","port":443}},"status":{}}"#)
        );
    }
}
