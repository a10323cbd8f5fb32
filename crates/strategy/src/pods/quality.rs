//! How a pod is treated when a node runs short.

use crate::fields::list;
use crate::quantities::{Amounts, add, amounts};
use ravelin_object::Value;

/// The quality of service of a pod: `Guaranteed`, `Burstable` or `BestEffort`.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/v1/helper/qos` `ComputePodQOS`.
#[must_use]
pub fn pod_qos_class(pod: &Value) -> &'static str {
    let mut requests = Amounts::new();
    let mut limits = Amounts::new();
    let mut is_guaranteed = true;
    if pod.dotted("spec.resources").is_some() {
        requests = compute(pod, "spec.resources.requests");
        limits = compute(pod, "spec.resources.limits");
        let has_limits = crate::fields::entries(pod, "spec.resources.limits").next().is_some();
        is_guaranteed = !has_limits || limits.len() == COMPUTE.len();
    } else {
        for container in list(pod, "spec.containers").iter().chain(list(pod, "spec.initContainers")) {
            add(&mut requests, &compute(container, "resources.requests"));
            let own = compute(container, "resources.limits");
            is_guaranteed &= own.len() == COMPUTE.len();
            add(&mut limits, &own);
        }
    }
    if requests.is_empty() && limits.is_empty() {
        return "BestEffort";
    }
    if is_guaranteed && requests == limits { "Guaranteed" } else { "Burstable" }
}

const COMPUTE: [&str; 2] = ["cpu", "memory"];

/// What counts: processor time and memory, if there is any of it.
fn compute(value: &Value, path: &str) -> Amounts {
    let mut amounts = amounts(value, path);
    amounts.retain(|name, amount| COMPUTE.contains(&name.as_str()) && amount.sign() == 1);
    amounts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    #[test]
    fn the_class_follows_from_requests_and_limits() {
        let full = r#"{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"1000m","memory":"1Gi"}}"#;
        for (spec, class) in [
            (r#"{"containers":[{}]}"#.to_owned(), "BestEffort"),
            (r#"{"containers":[{"resources":{"requests":{"cpu":"0"}}}]}"#.to_owned(), "BestEffort"),
            (r#"{"containers":[{"resources":{"requests":{"cpu":"1"}}}]}"#.to_owned(), "Burstable"),
            (r#"{"containers":[{"resources":{"requests":{"x.y/z":"1"}}}]}"#.to_owned(), "BestEffort"),
            (format!(r#"{{"containers":[{{"resources":{full}}}]}}"#), "Guaranteed"),
            (format!(r#"{{"containers":[{{"resources":{full}}},{{}}]}}"#), "Burstable"),
            (format!(r#"{{"containers":[{{"resources":{full}}}],"initContainers":[{{}}]}}"#), "Burstable"),
            (format!(r#"{{"containers":[{{}}],"resources":{full}}}"#), "Guaranteed"),
            (
                r#"{"containers":[{}],"resources":{"limits":{"cpu":"1"},"requests":{"cpu":"1"}}}"#.to_owned(),
                "Burstable",
            ),
        ] {
            assert_eq!(pod_qos_class(&value(&format!(r#"{{"spec":{spec}}}"#))), class, "{spec}");
        }
    }
}
