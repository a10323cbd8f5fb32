//! Flow schemas and priority levels.

use crate::fields::{copy, default, default_int, set, struct_at};
use crate::kind::Context;
use crate::rules::{Rules, counted_with_status, fresh_empty};
use ravelin_object::Value;

const GROUP: &str = "flowcontrol.apiserver.k8s.io";

/// Source: `k8s.io/kubernetes/pkg/registry/flowcontrol/flowschema/strategy.go`.
pub(crate) const SCHEMA: Rules = Rules {
    defaults: |schema| {
        if let Some(spec) = struct_at(schema, "spec") {
            default_int(spec, "matchingPrecedence", 1000);
        }
    },
    create: fresh_empty,
    update: counted_with_status,
    subresources: &[("status", update_status)],
    ..Rules::new(GROUP, "FlowSchema")
};

/// Source: `k8s.io/kubernetes/pkg/registry/flowcontrol/prioritylevelconfiguration/strategy.go`.
pub(crate) const LEVEL: Rules = Rules {
    defaults,
    create: fresh_empty,
    update: counted_with_status,
    subresources: &[("status", update_status)],
    ..Rules::new(GROUP, "PriorityLevelConfiguration")
};

/// Source: `k8s.io/kubernetes/pkg/apis/flowcontrol/v1/defaults.go`.
fn defaults(level: &mut Value) {
    let Some(spec) = level.field_mut("spec") else { return };
    for (key, shares) in [("limited", 30), ("exempt", 0)] {
        if let Some(part) = spec.field_mut(key) {
            default(part, "nominalConcurrencyShares", shares);
            default(part, "lendablePercent", 0);
        }
    }
    if let Some(queuing) = crate::fields::at_mut(spec, "limited.limitResponse.queuing") {
        default_int(queuing, "handSize", 8);
        default_int(queuing, "queues", 64);
        default_int(queuing, "queueLengthLimit", 50);
    }
}

/// All metadata but the managed fields are the old ones.
fn update_status(value: &mut Value, old: &Value, _: &mut Context<'_>) {
    let managed = value.dotted("metadata.managedFields").cloned();
    copy(value, old, "metadata");
    copy(value, old, "spec");
    match (managed, struct_at(value, "metadata")) {
        (Some(managed), Some(metadata)) => set(metadata, "managedFields", managed),
        (None, Some(metadata)) => crate::fields::remove(metadata, "managedFields"),
        (_, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::object;
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    const fn of(kind: &str) -> Kind<'_> {
        Kind { group: GROUP, version: "v1", kind }
    }

    #[test]
    fn levels_have_queues() {
        assert_eq!(
            created(
                of("PriorityLevelConfiguration"),
                r#"{"metadata":{},"spec":{"limited":{"limitResponse":{"queuing":{}}}}}"#
            ),
            value(
                r#"{"metadata":{"generation":1},"spec":{"limited":{"limitResponse":{"queuing":{"handSize":8,"queues":64,
                "queueLengthLimit":50}},"nominalConcurrencyShares":30,"lendablePercent":0}},"status":{}}"#
            )
        );
        let schema = created(of("FlowSchema"), r#"{"metadata":{},"spec":{"matchingPrecedence":0}}"#);
        assert_eq!(schema.field("spec"), Some(&object([("matchingPrecedence", Value::Int(1000))])));
    }

    #[test]
    fn a_status_leaves_the_metadata() {
        let old = r#"{"metadata":{"name":"a","managedFields":[1]},"spec":{"b":1},"status":{}}"#;
        let new =
            r#"{"metadata":{"name":"a","labels":{},"managedFields":[2]},"spec":{"b":2},"status":{"c":1}}"#;
        assert_eq!(
            updated(of("FlowSchema"), Some("status"), new, old),
            value(r#"{"metadata":{"name":"a","managedFields":[2]},"spec":{"b":1},"status":{"c":1}}"#)
        );
    }
}
