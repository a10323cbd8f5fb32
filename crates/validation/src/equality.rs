//! Whether two values are the same object to Kubernetes: absent, null and empty collections are one.
//!
//! Source: `k8s.io/apimachinery/pkg/api/equality` `Semantic.DeepEqual`.

use crate::quantities::quantity;
use ravelin_object::Value;
use std::collections::BTreeSet;

/// Fields that are pointers to scalars in upstream's types, so that zero is not the same as absent.
const POINTERS: &[&str] = &[
    "activeDeadlineSeconds",
    "allocateLoadBalancerNodePorts",
    "allowPrivilegeEscalation",
    "automountServiceAccountToken",
    "backoffLimit",
    "blockOwnerDeletion",
    "controller",
    "completions",
    "defaultMode",
    "deletionGracePeriodSeconds",
    "enableServiceLinks",
    "endpointsNamespace",
    "expirationSeconds",
    "failedJobsHistoryLimit",
    "fsGroup",
    "fsType",
    "gmsaCredentialSpec",
    "hostProcess",
    "hostUsers",
    "hostnameOverride",
    "immutable",
    "initiatorName",
    "lun",
    "localhostProfile",
    "maxExpirationSeconds",
    "maxUnavailable",
    "minAvailable",
    "minDomains",
    "minReadySeconds",
    "mode",
    "optional",
    "parallelism",
    "priority",
    "privileged",
    "progressDeadlineSeconds",
    "readOnly",
    "readOnlyRootFilesystem",
    "replicas",
    "resourceClaimName",
    "resourceClaimTemplateName",
    "revisionHistoryLimit",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "runAsUserName",
    "runtimeClassName",
    "secretNamespace",
    "setHostnameAsFQDN",
    "shareProcessNamespace",
    "startingDeadlineSeconds",
    "storageClassName",
    "successfulJobsHistoryLimit",
    "suspend",
    "terminationGracePeriodSeconds",
    "timeZone",
    "tolerationSeconds",
    "ttlSecondsAfterFinished",
    "volumeAttributesClassName",
];

/// Fields whose values, or the values of whose keys, are quantities.
const QUANTITIES: &[&str] = &[
    "allocatable",
    "allocatedResources",
    "capacity",
    "default",
    "defaultRequest",
    "divisor",
    "hard",
    "limits",
    "max",
    "maxLimitRequestRatio",
    "min",
    "overhead",
    "podFixed",
    "requests",
    "sizeLimit",
    "used",
];

/// Whether the values of the field `key` are the same.
pub(crate) fn is_equal(key: &str, left: &Value, right: &Value) -> bool {
    compared(key, left, right, QUANTITIES.contains(&key))
}

fn compared(key: &str, left: &Value, right: &Value, are_quantities: bool) -> bool {
    match (left, right) {
        (Value::Object(left_map), Value::Object(right_map)) => {
            let keys: BTreeSet<&str> = left_map.iter().chain(right_map.iter()).map(|(key, _)| key).collect();
            keys.into_iter().all(|key| {
                let left = left_map.get(key).unwrap_or(&Value::Null);
                let right = right_map.get(key).unwrap_or(&Value::Null);
                compared(key, left, right, are_quantities || QUANTITIES.contains(&key))
            })
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| compared(key, left, right, are_quantities))
        }
        _ if is_empty(key, left) && is_empty(key, right) => true,
        _ if are_quantities => match (quantity(left), quantity(right)) {
            (Some(left), Some(right)) => left == right,
            _ => left == right,
        },
        _ => left == right,
    }
}

fn is_empty(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => {
            map.iter().all(|(key, value)| is_empty(key, value)) && is_struct(key, map.is_empty())
        }
        Value::Bool(false) | Value::Int(0) => !POINTERS.contains(&key),
        Value::String(text) => text.is_empty() && !POINTERS.contains(&key),
        _ => false,
    }
}

/// Whether an object without fields is as good as none: maps and embedded structs are, pointers to structs are not.
fn is_struct(key: &str, _is_bare: bool) -> bool {
    matches!(
        key,
        "annotations"
            | "binaryData"
            | "capacity"
            | "data"
            | "labels"
            | "limits"
            | "loadBalancer"
            | "matchLabels"
            | "metadata"
            | "nodeSelector"
            | "overhead"
            | "parameters"
            | "requests"
            | "resources"
            | "selector"
            | "spec"
            | "status"
            | "strategy"
            | "updateStrategy"
    )
}

/// A value, or null where it is an empty collection.
pub(crate) fn or_null(value: &Value) -> &Value {
    match value {
        Value::Array(items) if items.is_empty() => &Value::Null,
        other => other,
    }
}
