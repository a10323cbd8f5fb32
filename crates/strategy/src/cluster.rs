//! Kinds of small groups: roles, certificates, priorities, leases, run-times, flows, definitions, API services.

mod api_service;
mod certificate;
mod definition;
mod flow;
mod rights;

use crate::fields::{default, entries, is_nil, remove};
use crate::kind::Context;
use crate::pods::node_label_message;
use crate::rules::{Rules, first_generation};
use ravelin_object::Value;

/// The kinds of small groups.
pub(crate) const RULES: &[Rules] = &[
    rights::ROLE,
    rights::CLUSTER_ROLE,
    rights::ROLE_BINDING,
    rights::CLUSTER_ROLE_BINDING,
    certificate::RULES,
    flow::SCHEMA,
    flow::LEVEL,
    definition::RULES,
    api_service::RULES,
    Rules {
        defaults: |class| default(class, "preemptionPolicy", "PreemptLowerPriority"),
        create: first_generation,
        ..Rules::new("scheduling.k8s.io", "PriorityClass")
    },
    Rules {
        create: |lease, _| drop_election(lease, &Value::Null),
        update: |lease: &mut Value, old: &Value, _: &mut Context<'_>| drop_election(lease, old),
        ..Rules::new("coordination.k8s.io", "Lease").namespaced().created_by_update().updated_conditionally()
    },
    Rules {
        warn_on_create: runtime_warnings,
        warn_on_update: |_, class, _| runtime_warnings(class),
        ..Rules::new("node.k8s.io", "RuntimeClass").created_by_update().updated_conditionally()
    },
];

/// The gate `CoordinatedLeaderElection` is off.
///
/// Source: `k8s.io/kubernetes/pkg/registry/coordination/lease/strategy.go`.
fn drop_election(lease: &mut Value, old: &Value) {
    let Some(spec) = lease.field_mut("spec") else { return };
    for key in ["strategy", "preferredHolder"] {
        if is_nil(old, &format!("spec.{key}")) {
            remove(spec, key);
        }
    }
}

/// Source: `GetWarningsForRuntimeClass` in `k8s.io/kubernetes/pkg/api/node/util.go`.
fn runtime_warnings(class: &Value) -> Vec<String> {
    let mut keys: Vec<&str> = entries(class, "scheduling.nodeSelector").map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys.into_iter()
        .filter_map(node_label_message)
        .map(|message| format!("scheduling.nodeSelector: {message}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    #[test]
    fn a_lease_has_no_election() {
        let kind = Kind { group: "coordination.k8s.io", version: "v1", kind: "Lease" };
        let with = r#"{"spec":{"strategy":"s","holderIdentity":"h"}}"#;
        assert_eq!(created(kind, with), value(r#"{"spec":{"holderIdentity":"h"}}"#));
        assert_eq!(updated(kind, None, with, with), value(with));
    }

    #[test]
    fn a_priority_preempts() {
        let kind = Kind { group: "scheduling.k8s.io", version: "v1", kind: "PriorityClass" };
        assert_eq!(
            created(kind, r#"{"metadata":{},"value":1}"#),
            value(r#"{"metadata":{"generation":1},"value":1,"preemptionPolicy":"PreemptLowerPriority"}"#)
        );
    }
}
