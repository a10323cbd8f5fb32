//! Pod disruption budgets.

use crate::fields::{at_mut, entries, remove, text};
use crate::rules::{Rules, counted_with_status, fresh, keep_spec, zeros};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    normalize,
    create: |budget, _| {
        fresh(budget, zeros(&["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"]));
    },
    update: counted_with_status,
    subresources: &[("status", keep_spec)],
    ..Rules::new("policy", "PodDisruptionBudget").namespaced().updated_conditionally()
};

/// Expressions with a label that stood for a selector of everything or nothing in `v1beta1` go, unless it is all there is.
///
/// Source: `Convert_v1_PodDisruptionBudget_To_policy_PodDisruptionBudget`.
fn normalize(budget: &mut Value) {
    const KEY: &str = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match";
    let Some(selector) = at_mut(budget, "spec.selector") else { return };
    let labels = entries(selector, "matchLabels").count();
    let expressions = crate::fields::list(selector, "matchExpressions");
    let is_alone = labels == 0
        && matches!(expressions, [only] if text(only, "key") == KEY
            && text(only, "operator") == "Exists"
            && crate::fields::list(only, "values").is_empty());
    if is_alone {
        return;
    }
    if let Some(Value::Array(expressions)) = selector.field_mut("matchExpressions") {
        expressions.retain(|expression| text(expression, "key") != KEY);
        if expressions.is_empty() {
            remove(selector, "matchExpressions");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::created;

    #[test]
    fn a_new_budget_allows_nothing_yet() {
        let kind = Kind { group: "policy", version: "v1", kind: "PodDisruptionBudget" };
        let made = created(kind, r#"{"spec":{},"status":{"expectedPods":4}}"#);
        assert_eq!(
            made,
            value(
                r#"{"spec":{},"status":{"disruptionsAllowed":0,"currentHealthy":0,"desiredHealthy":0,"expectedPods":0},
                "metadata":{"generation":1}}"#
            )
        );
    }
}
