//! Scopes of quotas: which objects one is for.

use crate::fields::{items, text};
use crate::resources::is_best_effort;
use ravelin_object::Value;
use ravelin_object::selector::{Operator, Requirement, quoted};
use std::fmt;

/// A scope of a quota, or of a limited resource. Displayed as Go prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// What it is about: `PriorityClass`.
    pub(crate) name: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub(crate) operator: String,
    /// The values that `In` and `NotIn` speak of.
    pub(crate) values: Vec<String>,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{} {} [{}]}}", self.name, self.operator, self.values.join(" "))
    }
}

impl Scope {
    /// The scope that an entry of `matchExpressions` or `matchScopes` says.
    pub(crate) fn of(value: &Value) -> Self {
        let values = items(value, "values").iter().filter_map(Value::as_str).map(str::to_owned);
        Self {
            name: text(value, "scopeName").to_owned(),
            operator: text(value, "operator").to_owned(),
            values: values.collect(),
        }
    }

    /// Whether one of the names, or none, is as the scope says.
    ///
    /// Source: `k8s.io/kubernetes/pkg/apis/core/v1/helper` `ScopedResourceSelectorRequirementsAsSelector`.
    pub(crate) fn selects(&self, names: &[&str]) -> Result<bool, String> {
        let operator = match self.operator.as_str() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            other => {
                let why = format!("{} is not a valid scope selector operator", quoted(other));
                return Err(format!("failed to parse and convert selector: {why}"));
            }
        };
        let requirement = Requirement::new(&self.name, operator, self.values.clone())
            .map_err(|error| format!("failed to parse and convert selector: {error}"))?;
        if names.is_empty() {
            return Ok(requirement.matches(&Vec::<(&str, &str)>::new()));
        }
        Ok(names.iter().any(|name| requirement.matches(&[(self.name.as_str(), *name)])))
    }
}

/// The scopes of a quota.
pub(crate) fn of_quota(quota: &Value) -> Vec<Scope> {
    let plain = items(quota, "spec.scopes").iter().filter_map(Value::as_str).map(|name| Scope {
        name: name.to_owned(),
        operator: "Exists".to_owned(),
        values: Vec::new(),
    });
    plain.chain(items(quota, "spec.scopeSelector.matchExpressions").iter().map(Scope::of)).collect()
}

/// Whether a pod has an end.
pub(crate) fn is_terminating(pod: &Value) -> bool {
    pod.dotted("spec.activeDeadlineSeconds").and_then(Value::as_int).is_some_and(|seconds| seconds >= 0)
}

/// Whether a pod is in a scope.
///
/// # Errors
/// A scope that cannot be understood.
///
/// Source: `podMatchesScopeFunc`.
pub(crate) fn has_pod(scope: &Scope, pod: &Value) -> Result<bool, String> {
    let class = text(pod, "spec.priorityClassName");
    Ok(match scope.name.as_str() {
        "Terminating" => is_terminating(pod),
        "NotTerminating" => !is_terminating(pod),
        "BestEffort" => is_best_effort(pod),
        "NotBestEffort" => !is_best_effort(pod),
        "PriorityClass" if scope.operator == "Exists" => !class.is_empty(),
        "PriorityClass" if class.is_empty() => scope.selects(&[])?,
        "PriorityClass" => scope.selects(&[class])?,
        "CrossNamespacePodAffinity" => crosses_namespaces(pod),
        _ => false,
    })
}

/// Whether a pod keeps to, or away from, pods of other namespaces.
fn crosses_namespaces(pod: &Value) -> bool {
    let crosses =
        |term: &Value| !items(term, "namespaces").is_empty() || term.field("namespaceSelector").is_some();
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let terms = |when: &str| {
            items(pod, &format!("spec.affinity.{kind}.{when}DuringSchedulingIgnoredDuringExecution"))
        };
        terms("required").iter().any(crosses)
            || terms("preferred").iter().any(|term| term.field("podAffinityTerm").is_some_and(crosses))
    })
}

/// Whether a claim is in a scope.
///
/// # Errors
/// A scope that cannot be understood.
///
/// Source: `pvcMatchesScopeFunc`.
pub(crate) fn has_claim(scope: &Scope, claim: &Value) -> Result<bool, String> {
    if scope.name != "VolumeAttributesClass" {
        return Ok(false);
    }
    let keys = [
        "spec.volumeAttributesClassName",
        "status.currentVolumeAttributesClassName",
        "status.modifyVolumeStatus.targetVolumeAttributesClassName",
    ];
    let names: Vec<&str> =
        keys.iter().map(|keys| text(claim, keys)).filter(|name| !name.is_empty()).collect();
    if scope.operator == "Exists" { Ok(!names.is_empty()) } else { scope.selects(&names) }
}
