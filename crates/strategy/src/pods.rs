//! What pods and templates of pods have in common: defaults, conversion, fields of features that are off, quality
//! of service, warnings.

mod affinity;
mod apparmor;
mod dropped;
mod levels;
mod paths;
mod ports;
mod quality;
mod spec;
mod volumes;
mod warnings;

pub(crate) use affinity::merge_label_keys;
pub(crate) use apparmor::annotations_to_fields;
pub(crate) use dropped::{drop_disabled, drop_disabled_status};
pub(crate) use levels::default_pod_resources;
pub use quality::pod_qos_class;
pub(crate) use spec::{default_claim_spec, default_spec, default_volume_source};
pub(crate) use warnings::{
    claim_spec_warnings, node_label_message, node_term_warnings, pod_warnings, template_warnings,
};

use crate::fields::{
    at_mut, default, default_int, drop_annotations, empty, int, items_mut, remove, set, text,
};
use ravelin_object::Value;

/// Annotations of init containers that no version reads any more.
const INIT_CONTAINER_ANNOTATIONS: &[&str] = &[
    "pod.beta.kubernetes.io/init-containers",
    "pod.alpha.kubernetes.io/init-containers",
    "pod.beta.kubernetes.io/init-container-statuses",
    "pod.alpha.kubernetes.io/init-container-statuses",
];

/// `SetDefaults_PodSpec` and what lies below, of a template.
pub(crate) fn default_template(template: Option<&mut Value>) {
    if let Some(template) = template.filter(|template| template.as_object().is_some())
        && let Some(spec) = crate::fields::struct_at(template, "spec")
    {
        default_spec(spec);
    }
}

/// What conversion does with a template.
pub(crate) fn normalize_template(template: Option<&mut Value>) {
    let Some(template) = template else { return };
    drop_annotations(template, INIT_CONTAINER_ANNOTATIONS);
    if let Some(spec) = template.field_mut("spec") {
        normalize_spec(spec);
    }
}

/// What conversion does with a pod.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/v1/conversion.go`.
pub(crate) fn normalize_pod(pod: &mut Value) {
    drop_annotations(pod, INIT_CONTAINER_ANNOTATIONS);
    if let Some(spec) = pod.field_mut("spec") {
        normalize_spec(spec);
        if int(spec, "terminationGracePeriodSeconds") < 0 {
            set(spec, "terminationGracePeriodSeconds", 1);
        }
    }
    if let Some(status) = pod.field_mut("status") {
        normalize_addresses(status);
    }
}

/// `serviceAccount` is another name of `serviceAccountName`, and there is always a security context.
fn normalize_spec(spec: &mut Value) {
    let name = match text(spec, "serviceAccountName") {
        "" => text(spec, "serviceAccount"),
        name => name,
    };
    if name.is_empty() {
        remove(spec, "serviceAccount");
        remove(spec, "serviceAccountName");
    } else {
        let name = Value::from(name);
        set(spec, "serviceAccount", name.clone());
        set(spec, "serviceAccountName", name);
    }
    default(spec, "securityContext", empty());
}

/// Of `podIP` and `podIPs` the first wins where they differ.
fn normalize_addresses(status: &mut Value) {
    let single = text(status, "podIP").to_owned();
    let first = crate::fields::list(status, "podIPs").first().map(|address| text(address, "ip").to_owned());
    match first {
        Some(first) if single.is_empty() => {
            if !first.is_empty() {
                set(status, "podIP", first);
            }
        }
        Some(first) if first == single => {}
        _ if single.is_empty() => {}
        _ => set(status, "podIPs", vec![crate::fields::object([("ip", Value::from(single))])]),
    }
}

/// `SetDefaults_Pod`: what pods have by default and templates have not.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`.
pub(crate) fn default_pod(pod: &mut Value) {
    let Some(spec) = crate::fields::struct_at(pod, "spec") else { return };
    for list in ["containers", "initContainers"] {
        for container in items_mut(spec, list) {
            requests_from_limits(container);
        }
    }
    default_pod_resources(spec);
    default(spec, "enableServiceLinks", true);
    if crate::fields::flag(spec, "hostNetwork") {
        for list in ["containers", "initContainers"] {
            for container in items_mut(spec, list) {
                for port in items_mut(container, "ports") {
                    let number = int(port, "containerPort");
                    if number != 0 {
                        default_int(port, "hostPort", number);
                    }
                }
            }
        }
    }
}

/// What is limited and not requested is requested up to the limit.
fn requests_from_limits(container: &mut Value) {
    let Some(resources) = at_mut(container, "resources") else { return };
    let Some(limits) = resources.field("limits").and_then(Value::as_object).cloned() else { return };
    if limits.is_empty() {
        return;
    }
    if let Some(requests) = crate::fields::struct_at(resources, "requests") {
        for (name, amount) in limits.iter() {
            default(requests, name, amount.clone());
        }
    }
}

/// The lists of containers of a spec, in upstream's order.
pub(crate) const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];
