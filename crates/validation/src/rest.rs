//! Which objects of the other groups are valid: those with rules here, and the metadata of the rest.

use crate::{Faults, Kind, metadata, networking, storage, webhooks};
use ravelin_object::Value;

/// Kinds without a namespace.
const CLUSTER: &[&str] = &[
    "CSIDriver",
    "CSINode",
    "DeviceClass",
    "DeviceTaintRule",
    "FlowSchema",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "ServiceCIDR",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeAttributesClass",
];

/// Groups whose objects are looked at here. Objects of other groups are other servers' to look at.
const GROUPS: &[&str] = &[
    "admissionregistration.k8s.io",
    "autoscaling",
    "discovery.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "resource.k8s.io",
    "storage.k8s.io",
];

/// An object that is made.
pub(crate) fn create(kind: Kind<'_>, object: &Value, out: &mut Faults) {
    if !GROUPS.contains(&kind.group) {
        return;
    }
    metadata::of_kind(kind, !CLUSTER.contains(&kind.kind), object, out);
    match (kind.group, kind.kind) {
        ("storage.k8s.io", "StorageClass") => storage::class(object, out),
        ("networking.k8s.io", "NetworkPolicy") => networking::policy(object, None, out),
        ("networking.k8s.io", "IngressClass") => networking::class(object, out),
        ("networking.k8s.io", "Ingress") => {
            networking::ingress(object, None, out);
            networking::annotation_agrees(object, out);
        }
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => {
            webhooks::configuration(object, None, out);
        }
        ("storage.k8s.io", "CSIDriver") => storage::driver(object, out),
        ("storage.k8s.io", "CSINode") => storage::node(object, out),
        ("storage.k8s.io", "VolumeAttributesClass") => storage::attributes(object, out),
        _ => {}
    }
}

/// An object, or a part of it, that takes the place of another.
pub(crate) fn update(kind: Kind<'_>, subresource: Option<&str>, new: &Value, old: &Value, out: &mut Faults) {
    if !GROUPS.contains(&kind.group) {
        return;
    }
    match (kind.group, kind.kind) {
        ("storage.k8s.io", "StorageClass") => {
            metadata::of_kind(kind, false, new, out);
            storage::class(new, out);
            metadata::changed_own(new, old, out);
            storage::class_update(new, old, out);
        }
        ("networking.k8s.io", "NetworkPolicy") => {
            metadata::changed_own(new, old, out);
            networking::policy(new, Some(old), out);
        }
        ("networking.k8s.io", "IngressClass") => {
            metadata::changed_own(new, old, out);
            networking::class_update(new, old, out);
            metadata::of_kind(kind, false, new, out);
            networking::class(new, out);
        }
        ("networking.k8s.io", "Ingress") => {
            metadata::changed_own(new, old, out);
            if subresource == Some("status") {
                networking::status(new, old, out);
            } else {
                metadata::of_kind(kind, true, new, out);
                networking::ingress(new, Some(old), out);
            }
        }
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => {
            metadata::of_kind(kind, false, new, out);
            webhooks::configuration(new, Some(old), out);
        }
        ("storage.k8s.io", "CSIDriver") => {
            metadata::changed_own(new, old, out);
            storage::driver(new, out);
            storage::driver_update(new, old, out);
        }
        ("storage.k8s.io", "CSINode") => {
            metadata::of_kind(kind, false, new, out);
            storage::node(new, out);
            storage::node_update(new, old, out);
        }
        ("storage.k8s.io", "VolumeAttributesClass") => {
            metadata::changed_own(new, old, out);
            storage::attributes_update(new, old, out);
            metadata::of_kind(kind, false, new, out);
            storage::attributes(new, out);
        }
        _ => metadata::changed_of_kind(kind, new, old, out),
    }
}
