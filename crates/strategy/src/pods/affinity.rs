//! Label keys of affinities and spread constraints, which become part of their selectors when a pod is created.

use crate::fields::{is_nil, items_mut, label, list, object, set};
use ravelin_object::Value;

/// Adds `key in (value of the pod)` for each of `matchLabelKeys` to the selectors of a pod, and `notin` for
/// `mismatchLabelKeys`.
///
/// Source: `mutatePodAffinity`, `mutateTopologySpreadConstraints` in `k8s.io/kubernetes/pkg/registry/core/pod`.
pub(crate) fn merge_label_keys(pod: &mut Value) {
    let labels = pod.clone();
    let Some(spec) = pod.field_mut("spec") else { return };
    for kind in ["affinity.podAffinity", "affinity.podAntiAffinity"] {
        let Some(affinity) = crate::fields::at_mut(spec, kind) else { continue };
        for preferred in items_mut(affinity, "preferredDuringSchedulingIgnoredDuringExecution") {
            if let Some(term) = preferred.field_mut("podAffinityTerm") {
                merge(term, &labels, true);
            }
        }
        for term in items_mut(affinity, "requiredDuringSchedulingIgnoredDuringExecution") {
            merge(term, &labels, true);
        }
    }
    for constraint in items_mut(spec, "topologySpreadConstraints") {
        merge(constraint, &labels, false);
    }
}

fn merge(term: &mut Value, pod: &Value, has_mismatch: bool) {
    if is_nil(term, "labelSelector") {
        return;
    }
    let mut added = requirements(term, "matchLabelKeys", "In", pod);
    if has_mismatch {
        added.extend(requirements(term, "mismatchLabelKeys", "NotIn", pod));
    }
    let Some(selector) = term.field_mut("labelSelector").filter(|_| !added.is_empty()) else { return };
    let mut expressions = list(selector, "matchExpressions").to_vec();
    expressions.extend(added);
    set(selector, "matchExpressions", expressions);
}

fn requirements(term: &Value, keys: &str, operator: &str, pod: &Value) -> Vec<Value> {
    list(term, keys)
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|key| {
            Some(object([
                ("key", Value::from(key)),
                ("operator", Value::from(operator)),
                ("values", vec![Value::from(label(pod, key)?)].into()),
            ]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    #[test]
    fn keys_that_the_pod_has_become_expressions() {
        let mut pod = value(
            r#"{"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"affinity":{"podAntiAffinity":
            {"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{},"matchLabelKeys":["a","c"],
            "mismatchLabelKeys":["b"]},{"matchLabelKeys":["a"]}]}},
            "topologySpreadConstraints":[{"labelSelector":{},"matchLabelKeys":["b"]}]}}"#,
        );
        merge_label_keys(&mut pod);
        let expressions =
            list(&pod, "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution");
        assert_eq!(
            expressions[0].dotted("labelSelector.matchExpressions"),
            Some(&value(
                r#"[{"key":"a","operator":"In","values":["1"]},{"key":"b","operator":"NotIn","values":["2"]}]"#
            ))
        );
        assert_eq!(expressions[1], value(r#"{"matchLabelKeys":["a"]}"#));
        assert_eq!(
            list(&pod, "spec.topologySpreadConstraints")[0].dotted("labelSelector.matchExpressions"),
            Some(&value(r#"[{"key":"b","operator":"In","values":["2"]}]"#))
        );
    }
}
