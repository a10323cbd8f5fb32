//! Nodes: what they can bear, and a configuration source that no node has any more.

use crate::fields::{copy, default, empty, is_nil, list, remove, set, text};
use crate::ip::cidr_warnings;
use crate::kind::Context;
use crate::quantities::round_list;
use crate::rules::Rules;
use ravelin_object::{Map, Value};

/// Source: `k8s.io/kubernetes/pkg/registry/core/node/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    normalize,
    create,
    update,
    subresources: &[("status", update_status)],
    warn_on_create: warnings,
    warn_on_update: |subresource, node, _| if subresource.is_empty() { warnings(node) } else { Vec::new() },
    ..Rules::new("", "Node")
};

fn defaults(node: &mut Value) {
    let Some(status) = node.field_mut("status") else { return };
    let capacity =
        status.field("capacity").filter(|capacity| !capacity.as_object().is_some_and(Map::is_empty));
    if let Some(capacity) = capacity.cloned() {
        default(status, "allocatable", capacity);
    }
    round_list(status.field_mut("capacity"));
    round_list(status.field_mut("allocatable"));
}

/// Of `podCIDR` and `podCIDRs` the first wins where they differ.
fn normalize(node: &mut Value) {
    let Some(spec) = node.field_mut("spec") else { return };
    let single = text(spec, "podCIDR").to_owned();
    let first = list(spec, "podCIDRs").first().map(|cidr| cidr.as_str().unwrap_or_default().to_owned());
    match first {
        Some(first) if single.is_empty() => {
            if !first.is_empty() {
                set(spec, "podCIDR", first);
            }
        }
        Some(first) if first == single => {}
        _ if single.is_empty() => {}
        _ => set(spec, "podCIDRs", vec![Value::from(single)]),
    }
}

fn create(node: &mut Value, _: &mut Context<'_>) {
    if let Some(spec) = node.field_mut("spec") {
        remove(spec, "configSource");
    }
    if let Some(status) = node.field_mut("status") {
        remove(status, "config");
    }
}

fn update(node: &mut Value, old: &Value, _: &mut Context<'_>) {
    copy(node, old, "status");
    if is_nil(old, "spec.configSource")
        && let Some(spec) = node.field_mut("spec")
    {
        remove(spec, "configSource");
    }
}

fn update_status(node: &mut Value, old: &Value, _: &mut Context<'_>) {
    copy(node, old, "spec");
    if is_nil(old, "status.config")
        && let Some(status) = node.field_mut("status")
    {
        remove(status, "config");
    }
}

fn warnings(node: &Value) -> Vec<String> {
    let nothing = empty();
    let spec = node.field("spec").unwrap_or(&nothing);
    let mut warnings = Vec::new();
    if !is_nil(spec, "configSource") {
        warnings.push("spec.configSource: the feature is removed".to_owned());
    }
    if !text(spec, "externalID").is_empty() {
        warnings.push("spec.externalID: this field is deprecated, and is unused by Kubernetes".to_owned());
    }
    for (index, cidr) in list(spec, "podCIDRs").iter().enumerate() {
        warnings.extend(cidr_warnings(&format!("spec.podCIDRs[{index}]"), cidr.as_str().unwrap_or_default()));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{defaulted, updated};

    const NODE: Kind<'_> = Kind { group: "", version: "v1", kind: "Node" };

    #[test]
    fn a_node_can_bear_what_it_has() {
        assert_eq!(
            defaulted(NODE, r#"{"spec":{"podCIDR":"1.0.0.0/8"},"status":{"capacity":{"cpu":"1"}}}"#)
                .to_json(),
            value(
                r#"{"spec":{"podCIDR":"1.0.0.0/8","podCIDRs":["1.0.0.0/8"]},
                "status":{"capacity":{"cpu":"1"},"allocatable":{"cpu":"1"}}}"#
            )
            .to_json()
        );
    }

    #[test]
    fn a_status_is_updated_by_its_subresource() {
        let old = r#"{"spec":{"unschedulable":true},"status":{"phase":"a"}}"#;
        let new = r#"{"spec":{},"status":{"phase":"b"}}"#;
        assert_eq!(updated(NODE, None, new, old), value(r#"{"spec":{},"status":{"phase":"a"}}"#));
        assert_eq!(
            updated(NODE, Some("status"), new, old),
            value(r#"{"spec":{"unschedulable":true},"status":{"phase":"b"}}"#)
        );
    }
}
