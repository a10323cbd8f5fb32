//! What pods and volumes refer to by name.
//!
//! Source: `k8s.io/kubernetes/pkg/api/v1/pod` `VisitPodSecretNames`, `VisitPodConfigmapNames`,
//! `pkg/api/v1/persistentvolume` `VisitPVSecretNames`, `k8s.io/dynamic-resource-allocation/resourceclaim` `Name`.

use super::graph::{Kind, list, text};
use ravelin_object::Value;

/// Every object in its namespace that a pod names, resource claims aside.
pub(super) fn pod_references(pod: &Value, refer: &mut impl FnMut(Kind, &str)) {
    let mut refer = |kind, name: &str| {
        if !name.is_empty() {
            refer(kind, name);
        }
    };
    refer(Kind::ServiceAccount, text(pod, "spec.serviceAccountName"));
    for secret in list(pod, "spec.imagePullSecrets") {
        refer(Kind::Secret, text(secret, "name"));
    }
    for containers in ["spec.initContainers", "spec.containers", "spec.ephemeralContainers"] {
        for container in list(pod, containers) {
            container_references(container, &mut refer);
        }
    }
    for volume in list(pod, "spec.volumes") {
        volume_secret(volume, &mut refer);
        volume_config_map(volume, &mut refer);
        if let Some(claim) = volume.field("persistentVolumeClaim") {
            refer(Kind::Claim, text(claim, "claimName"));
        } else if volume.field("ephemeral").is_some() {
            let name = format!("{}-{}", text(pod, "metadata.name"), text(volume, "name"));
            refer(Kind::Claim, &name);
        }
    }
}

/// The resource claims of a pod that exist: those it names, and those made for it.
pub(super) fn pod_resource_claims(pod: &Value, refer: &mut impl FnMut(&str)) {
    for claim in list(pod, "spec.resourceClaims") {
        if let Some(name) = claim.field("resourceClaimName").and_then(Value::as_str) {
            refer(name);
        } else if claim.field("resourceClaimTemplateName").is_some() {
            let statuses = list(pod, "status.resourceClaimStatuses");
            let status = statuses.iter().find(|status| text(status, "name") == text(claim, "name"));
            let made = status.and_then(|status| status.field("resourceClaimName"));
            if let Some(name) = made.and_then(Value::as_str) {
                refer(name);
            }
        }
    }
    let extended = text(pod, "status.extendedResourceClaimStatus.resourceClaimName");
    if !extended.is_empty() {
        refer(extended);
    }
}

fn container_references(container: &Value, refer: &mut impl FnMut(Kind, &str)) {
    for source in list(container, "envFrom") {
        refer(Kind::Secret, text(source, "secretRef.name"));
        refer(Kind::ConfigMap, text(source, "configMapRef.name"));
    }
    for variable in list(container, "env") {
        refer(Kind::Secret, text(variable, "valueFrom.secretKeyRef.name"));
        refer(Kind::ConfigMap, text(variable, "valueFrom.configMapKeyRef.name"));
    }
}

/// Of a volume with several sources the first of upstream's order counts.
fn volume_secret(volume: &Value, refer: &mut impl FnMut(Kind, &str)) {
    const SOURCES: [(&str, &str); 11] = [
        ("azureFile", "secretName"),
        ("cephfs", "secretRef.name"),
        ("cinder", "secretRef.name"),
        ("flexVolume", "secretRef.name"),
        ("projected", ""),
        ("rbd", "secretRef.name"),
        ("secret", "secretName"),
        ("scaleIO", "secretRef.name"),
        ("iscsi", "secretRef.name"),
        ("storageos", "secretRef.name"),
        ("csi", "nodePublishSecretRef.name"),
    ];
    let source = SOURCES.iter().find_map(|(key, name)| volume.field(key).map(|source| (source, *name)));
    match source {
        None => {}
        Some((projected, "")) => {
            for source in list(projected, "sources") {
                refer(Kind::Secret, text(source, "secret.name"));
            }
        }
        Some((source, name)) => refer(Kind::Secret, text(source, name)),
    }
}

fn volume_config_map(volume: &Value, refer: &mut impl FnMut(Kind, &str)) {
    if let Some(projected) = volume.field("projected") {
        for source in list(projected, "sources") {
            refer(Kind::ConfigMap, text(source, "configMap.name"));
        }
    } else {
        refer(Kind::ConfigMap, text(volume, "configMap.name"));
    }
}

/// The secrets that a kubelet needs for a volume: namespace and name. `claim_namespace` is where its claim is.
pub(super) fn volume_secrets(volume: &Value, claim_namespace: &str, refer: &mut impl FnMut(&str, &str)) {
    /// Whether a reference without a namespace means that of the claim.
    const SOURCES: [(&str, bool); 9] = [
        ("azureFile", true),
        ("cephfs", true),
        ("cinder", false),
        ("flexVolume", true),
        ("rbd", true),
        ("scaleIO", true),
        ("iscsi", true),
        ("storageos", false),
        ("csi", false),
    ];
    let Some(spec) = volume.field("spec") else { return };
    let source = SOURCES
        .iter()
        .find_map(|(key, falls_back)| spec.field(key).map(|source| (*key, source, *falls_back)));
    let Some((key, source, falls_back)) = source else { return };
    let mut refer = |namespace: &str, name: &str| {
        if !name.is_empty() {
            let claims = namespace.is_empty() && falls_back;
            refer(if claims { claim_namespace } else { namespace }, name);
        }
    };
    match key {
        "azureFile" => refer(text(source, "secretNamespace"), text(source, "secretName")),
        "csi" => {
            for reference in ["nodePublishSecretRef", "nodeStageSecretRef", "nodeExpandSecretRef"] {
                if let Some(secret) = source.field(reference) {
                    refer(text(secret, "namespace"), text(secret, "name"));
                }
            }
        }
        _ => {
            if let Some(secret) = source.field("secretRef") {
                refer(text(secret, "namespace"), text(secret, "name"));
            }
        }
    }
}
