//! Resources of a pod as a whole, as far as they follow from those of its containers.

use crate::fields::{default, entries, struct_at, text};
use crate::quantities::{Amounts, add, amounts, maximum};
use ravelin_object::Value;

/// Limits and requests of a pod that sets some of them and not others.
///
/// Source: `defaultHugePagePodLimits`, `defaultPodRequests` in `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`.
pub(crate) fn default_pod_resources(spec: &mut Value) {
    if spec.field("resources").is_none() {
        return;
    }
    let has = |spec: &Value, path: &str| entries(spec, path).next().is_some();
    if has(spec, "resources.limits") || has(spec, "resources.requests") {
        let limits = amounts_of_containers(spec, "resources.limits");
        let wanted: Vec<_> = limits
            .into_iter()
            .filter(|(name, _)| {
                is_huge_page(name) && !entries(spec, "resources.requests").any(|(key, _)| key == name)
            })
            .collect();
        fill(
            spec,
            "limits",
            wanted.into_iter().map(|(name, amount)| (name, Value::from(amount.to_string()))),
        );
    }
    if !has(spec, "resources.limits") {
        return;
    }
    let requests = amounts_of_containers(spec, "resources.requests");
    fill(
        spec,
        "requests",
        requests
            .into_iter()
            .filter(|(name, _)| matches!(name.as_str(), "cpu" | "memory"))
            .map(|(name, amount)| (name, Value::from(amount.to_string()))),
    );
    let limits: Vec<(String, Value)> = entries(spec, "resources.limits")
        .filter(|(name, _)| matches!(*name, "cpu" | "memory") || is_huge_page(name))
        .map(|(name, amount)| (name.to_owned(), amount.clone()))
        .collect();
    fill(spec, "requests", limits.into_iter());
}

fn fill(spec: &mut Value, key: &str, wanted: impl Iterator<Item = (String, Value)>) {
    let mut wanted = wanted.peekable();
    if wanted.peek().is_none() {
        return;
    }
    let list = spec.field_mut("resources").and_then(|resources| struct_at(resources, key));
    if let Some(list) = list {
        for (name, amount) in wanted {
            default(list, &name, amount);
        }
    }
}

fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// What the containers of a pod come to: the sum of those that run together, or what an init container needs, if
/// that is more.
///
/// Source: `k8s.io/component-helpers/resource` `AggregateContainerRequests`, `AggregateContainerLimits`.
fn amounts_of_containers(spec: &Value, path: &str) -> Amounts {
    let mut together = Amounts::new();
    for container in crate::fields::list(spec, "containers") {
        add(&mut together, &amounts(container, path));
    }
    let mut beside = Amounts::new();
    let mut starting = Amounts::new();
    for container in crate::fields::list(spec, "initContainers") {
        let own = amounts(container, path);
        if text(container, "restartPolicy") == "Always" {
            add(&mut together, &own);
            add(&mut beside, &own);
            maximum(&mut starting, &beside);
        } else {
            let mut needed = own;
            add(&mut needed, &beside);
            maximum(&mut starting, &needed);
        }
    }
    maximum(&mut together, &starting);
    together
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    #[test]
    fn a_pod_requests_what_its_containers_do() {
        for (spec, resources) in [
            (r#"{"containers":[]}"#, "null"),
            (r#"{"resources":{},"containers":[{"resources":{"requests":{"cpu":"1"}}}]}"#, "{}"),
            (
                r#"{"resources":{"limits":{"cpu":"4","memory":"1Gi"}},
                "containers":[{"resources":{"requests":{"cpu":"1"}}},{"resources":{"requests":{"cpu":"500m"}}}],
                "initContainers":[{"resources":{"requests":{"cpu":"2"}}},
                {"restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}}]}"#,
                r#"{"limits":{"cpu":"4","memory":"1Gi"},"requests":{"cpu":"2500m","memory":"1Gi"}}"#,
            ),
            (
                r#"{"resources":{"requests":{"cpu":"1"}},"containers":[{"resources":{"limits":{"hugepages-2Mi":"4Mi"}}}]}"#,
                r#"{"requests":{"cpu":"1","hugepages-2Mi":"4Mi"},"limits":{"hugepages-2Mi":"4Mi"}}"#,
            ),
        ] {
            let mut spec = value(spec);
            default_pod_resources(&mut spec);
            assert_eq!(
                spec.field("resources").map_or(serde_json::Value::Null, Value::to_json),
                value(resources).to_json()
            );
        }
    }
}
