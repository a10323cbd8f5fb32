//! Which amounts of which resources are valid.

use crate::Faults;
use crate::names::qualified_name;
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::quantity::Quantity;

/// The quantity that a value is.
pub(crate) fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse_field(text).ok(),
        Value::Int(number) => Quantity::parse_field(&number.to_string()).ok(),
        Value::Float(number) => Quantity::parse_field(&number.to_string()).ok(),
        _ => None,
    }
}

/// The quantity that a value is, or zero.
pub(crate) fn amount(value: &Value) -> Quantity {
    quantity(value).unwrap_or_else(|| Quantity::new(0, ravelin_object::quantity::Format::DecimalSi))
}

/// Resources that Kubernetes counts in whole numbers, and others without a domain.
const COUNTED: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];
const COMPUTE: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "requests.storage",
];

/// Source: `k8s.io/kubernetes/pkg/apis/core/helper` `IsHugePageResourceName`.
pub(crate) fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

fn is_quota_huge_pages(name: &str) -> bool {
    is_huge_pages(name) || name.starts_with("requests.hugepages-")
}

/// Source: `IsNativeResource`.
pub(crate) fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Source: `IsExtendedResourceName`.
pub(crate) fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && qualified_name(&format!("requests.{name}")).is_empty()
}

/// Source: `IsOvercommitAllowed`.
pub(crate) fn may_overcommit(name: &str) -> bool {
    is_native(name) && !is_huge_pages(name)
}

fn is_whole(name: &str) -> bool {
    COUNTED.contains(&name) || is_extended(name)
}

/// Source: `IsStandardQuotaResourceName`.
pub(crate) fn is_quota_resource(name: &str) -> bool {
    COUNTED.contains(&name) || COMPUTE.contains(&name) || is_quota_huge_pages(name)
}

/// The name of a resource.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `validateResourceName`.
pub(crate) fn resource_name(name: &str, path: &Path, out: &mut Faults) {
    let faults = qualified_name(name);
    if !faults.is_empty() {
        out.spelling(path, name, faults);
    } else if !name.contains('/') && !is_quota_resource(name) && name != "storage" {
        out.invalid(path, name, "must be a standard resource type or fully qualified");
    }
}

/// The name of a resource of a container.
///
/// Source: `validateContainerResourceName`.
pub(crate) fn container_resource_name(name: &str, path: &Path, out: &mut Faults) {
    resource_name(name, path, out);
    if !name.contains('/') {
        if !matches!(name, "cpu" | "memory" | "ephemeral-storage") && !is_huge_pages(name) {
            out.invalid(path, name, "must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        out.invalid(path, name, "doesn't follow extended resource name standard");
    }
}

/// The name of a resource of a whole pod.
///
/// Source: `validatePodResourceName`.
pub(crate) fn pod_resource_name(name: &str, path: &Path, out: &mut Faults) {
    let before = out.len();
    resource_name(name, path, out);
    if out.len() == before && !matches!(name, "cpu" | "memory") && !is_huge_pages(name) {
        out.unsupported(path, name, &["cpu", "hugepages-", "memory"]);
    }
}

/// The name of a resource of a quota.
///
/// Source: `ValidateResourceQuotaResourceName`.
pub(crate) fn quota_resource_name(name: &str, path: &Path, out: &mut Faults) {
    resource_name(name, path, out);
    if !name.contains('/') && !is_quota_resource(name) {
        out.invalid(path, name, "must be a standard resource for quota");
    }
}

/// The amount of a resource.
///
/// Source: `ValidateResourceQuantityValue`.
pub(crate) fn resource_amount(name: &str, value: &Value, path: &Path, out: &mut Faults) {
    let amount = amount(value);
    if amount.sign() < 0 {
        out.invalid(path, amount.to_string(), "must be greater than or equal to 0");
    }
    if is_whole(name) && amount.milli_value() % 1000 != 0 {
        out.invalid(path, amount.to_string(), "must be an integer");
    }
}

/// Source: `ValidatePositiveQuantityValue`.
pub(crate) fn positive_amount(value: &Value, path: &Path, out: &mut Faults) {
    let amount = amount(value);
    if amount.sign() <= 0 {
        out.invalid(path, amount.to_string(), "must be greater than zero");
    }
}

/// Source: `validateBasicResource`.
pub(crate) fn basic_amount(value: &Value, path: &Path, out: &mut Faults) {
    let whole = amount(value).value();
    if whole < 0 {
        out.invalid(path, whole, "must be a valid resource quantity");
    }
}
