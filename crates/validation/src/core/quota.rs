//! Which resource quotas are valid.

use crate::access::{Fields, list_of};
use crate::internal::shown;
use crate::metadata::IMMUTABLE;
use crate::path::Path;
use crate::quantities::{is_quota_resource, quota_resource_name, resource_amount};
use crate::report::Report;
use crate::{Faults, Kind, metadata};
use ravelin_object::Value;
use std::collections::BTreeSet;

const QUOTA: Kind<'static> = Kind { group: "", version: "v1", kind: "ResourceQuota" };

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateResourceQuota`.
pub(crate) fn create(object: &Value, out: &mut Faults) {
    metadata::of_kind(QUOTA, true, object, out);
    spec(object.get("spec"), out);
    status(object.get("status"), out);
}

/// Source: `ValidateResourceQuotaUpdate`, `ValidateResourceQuotaStatusUpdate`.
pub(crate) fn update(subresource: Option<&str>, new: &Value, old: &Value, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    if subresource == Some("status") {
        if new.get("metadata").text("resourceVersion").is_empty() {
            out.required("resourceVersion", "");
        }
        return status(new.get("status"), out);
    }
    spec(new.get("spec"), out);
    let scopes = |object: &Value| -> BTreeSet<String> {
        object.get("spec").texts("scopes").into_iter().map(str::to_owned).collect()
    };
    if scopes(new) != scopes(old) {
        let value = match new.get("spec").get("scopes") {
            Value::Array(items) => Value::Array(items.clone()),
            _ => Value::Null,
        };
        out.invalid("spec.scopes", value, IMMUTABLE);
    }
}

fn amounts(object: &Value, key: &str, path: &Path, out: &mut Faults) {
    for (name, value) in object.entries(key) {
        let path = (path / key).key(name);
        quota_resource_name(name, &path, out);
        resource_amount(name, value, &path, out);
    }
}

fn status(status: &Value, out: &mut Faults) {
    for key in ["hard", "used"] {
        amounts(status, key, &Path::new("status"), out);
    }
}

fn spec(spec: &Value, out: &mut Faults) {
    let path = Path::new("spec");
    amounts(spec, "hard", &path, out);
    scopes(spec, &(&path / "scopes"), out);
    if spec.has("scopeSelector") {
        scope_selector(spec, &path, out);
    }
}

fn is_scope(scope: &str) -> bool {
    let scopes = [
        "Terminating",
        "NotTerminating",
        "BestEffort",
        "NotBestEffort",
        "PriorityClass",
        "VolumeAttributesClass",
        "CrossNamespacePodAffinity",
    ];
    scopes.contains(&scope)
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/helper` `IsResourceQuotaScopeValidForResource`.
fn is_for(scope: &str, resource: &str) -> bool {
    let compute = ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
    match scope {
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => resource == "pods" || compute.contains(&resource),
        "BestEffort" => resource == "pods",
        "VolumeAttributesClass" => matches!(resource, "persistentvolumeclaims" | "requests.storage"),
        _ => true,
    }
}

fn misfits(spec: &Value, scope: &str) -> usize {
    let hard = spec.map("hard").iter();
    hard.filter(|(name, _)| is_quota_resource(name) && !is_for(scope, name)).count()
}

fn conflicts(scopes: &BTreeSet<&str>) -> usize {
    let pairs = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]];
    pairs.iter().filter(|pair| pair.iter().all(|scope| scopes.contains(scope))).count()
}

fn scopes(spec: &Value, path: &Path, out: &mut Faults) {
    let scopes = spec.texts("scopes");
    let value = list_of(&scopes);
    for scope in &scopes {
        if !is_scope(scope) {
            out.invalid(path, &value, "unsupported scope");
        }
        for _ in 0..misfits(spec, scope) {
            out.invalid(path, &value, "unsupported scope applied to resource");
        }
    }
    for _ in 0..conflicts(&scopes.iter().copied().collect()) {
        out.invalid(path, &value, "conflicting scopes");
    }
}

fn scope_selector(spec: &Value, path: &Path, out: &mut Faults) {
    let selector = spec.get("scopeSelector");
    let path = path / "scopeSelector" / "matchExpressions";
    let mut seen = BTreeSet::new();
    for requirement in selector.list("matchExpressions") {
        let (scope, operator) = (requirement.text("scopeName"), requirement.text("operator"));
        if !is_scope(scope) {
            out.invalid(&path / "scopeName", scope, "unsupported scope");
        }
        for _ in 0..misfits(spec, scope) {
            let why = "unsupported scope applied to resource";
            out.invalid_shown(&path, shown("ScopeSelector", selector), why);
        }
        let needs_exists = is_scope(scope) && !matches!(scope, "PriorityClass" | "VolumeAttributesClass");
        if needs_exists && operator != "Exists" {
            let why = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            out.invalid(&path / "operator", operator, why);
        }
        let values = requirement.texts("values");
        match operator {
            "In" | "NotIn" => {
                if values.is_empty() {
                    let why =
                        "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                    out.required(&path / "values", why);
                }
            }
            "Exists" | "DoesNotExist" => {
                if !values.is_empty() {
                    let why =
                        "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                    out.invalid(&path / "values", list_of(&values), why);
                }
            }
            other => out.invalid(&path / "operator", other, "not a valid selector operator"),
        }
        seen.insert(scope);
    }
    let scopes = match spec.get("scopes") {
        Value::Array(items) => Value::Array(items.clone()),
        _ => Value::Null,
    };
    for _ in 0..conflicts(&seen) {
        out.invalid(&path, &scopes, "conflicting scopes");
    }
}
