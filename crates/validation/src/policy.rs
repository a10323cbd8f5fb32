//! Which disruption budgets are valid.

use crate::Faults;
use crate::access::Fields;
use crate::conditions::conditions;
use crate::intstr::{at_most_all, positive};
use crate::labels::{SelectorValues, selector};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/apis/policy/validation` `ValidatePodDisruptionBudget`.
pub(crate) fn budget(object: &Value, old: Option<&Value>, out: &mut Faults) {
    let (spec, path) = (object.get("spec"), Path::new("spec"));
    let keys = ["minAvailable", "maxUnavailable"];
    if keys.iter().all(|key| spec.has(key)) {
        let shown = crate::internal::shown("PodDisruptionBudgetSpec", spec);
        out.invalid_shown(&path, shown, "minAvailable and maxUnavailable cannot be both set");
    }
    for key in keys.into_iter().filter(|key| spec.has(key)) {
        positive(spec.get(key), &(&path / key), out);
        at_most_all(spec.get(key), &(&path / key), out);
    }
    let mut found = Vec::new();
    if let Some(old) = old {
        selector(&path, old.get("spec").get("selector"), SelectorValues::Valid, &mut found);
    }
    let values = if found.is_empty() { SelectorValues::Valid } else { SelectorValues::Any };
    selector(&(&path / "selector"), spec.get("selector"), values, out);
    let policies = ["AlwaysAllow", "IfHealthyBudget"];
    let key = "unhealthyPodEvictionPolicy";
    if let Some(policy) = spec.text_opt(key).filter(|policy| !policies.contains(policy)) {
        out.unsupported(path / key, policy, &policies);
    }
}

/// Source: `ValidatePodDisruptionBudgetStatusUpdate`.
pub(crate) fn budget_status(new: &Value, out: &mut Faults) {
    let (status, path) = (new.get("status"), Path::new("status"));
    conditions(status.list("conditions"), &(&path / "conditions"), out);
    for key in ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] {
        out.negative(&path / key, status.int(key));
    }
}
