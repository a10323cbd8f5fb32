//! What a pod refers to.

use crate::fields::{items, text};
use ravelin_object::Value;

/// The annotation of a pod that stands for a static pod of a kubelet.
pub(crate) const MIRROR: &str = "kubernetes.io/config.mirror";

/// The account of a pod: also by the field's old name.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/v1` `Convert_v1_PodSpec_To_core_PodSpec`.
pub(crate) fn service_account(pod: &Value) -> &str {
    let names = [text(pod, "spec.serviceAccountName"), text(pod, "spec.serviceAccount")];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
}

/// The lists of containers, in the order in which they are visited.
pub(crate) const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// All containers of a pod with their path: `spec.containers[0]`.
pub(crate) fn containers(pod: &Value) -> impl Iterator<Item = (String, &Value)> {
    CONTAINERS.iter().flat_map(move |list| {
        let containers = items(pod, &format!("spec.{list}")).iter().enumerate();
        containers.map(move |(index, container)| (format!("spec.{list}[{index}]"), container))
    })
}

/// Where volumes name a secret.
const VOLUME_SECRETS: [&str; 10] = [
    "azureFile.secretName",
    "cephfs.secretRef.name",
    "cinder.secretRef.name",
    "flexVolume.secretRef.name",
    "rbd.secretRef.name",
    "secret.secretName",
    "scaleIO.secretRef.name",
    "iscsi.secretRef.name",
    "storageos.secretRef.name",
    "csi.nodePublishSecretRef.name",
];

/// Whether a pod names a secret.
///
/// Source: `k8s.io/kubernetes/pkg/api/pod` `VisitPodSecretNames`.
pub(crate) fn names_secret(pod: &Value) -> bool {
    let named = |value: &Value, keys| !text(value, keys).is_empty();
    items(pod, "spec.imagePullSecrets").iter().any(|secret| named(secret, "name"))
        || in_container(pod, "secretRef.name", "valueFrom.secretKeyRef.name")
        || items(pod, "spec.volumes").iter().any(|volume| {
            VOLUME_SECRETS.iter().any(|keys| named(volume, keys))
                || items(volume, "projected.sources").iter().any(|source| named(source, "secret.name"))
        })
}

/// Whether a pod names a config map.
///
/// Source: `k8s.io/kubernetes/pkg/api/pod` `VisitPodConfigmapNames`.
fn names_config_map(pod: &Value) -> bool {
    let named = |value: &Value, keys| !text(value, keys).is_empty();
    in_container(pod, "configMapRef.name", "valueFrom.configMapKeyRef.name")
        || items(pod, "spec.volumes").iter().any(|volume| {
            named(volume, "configMap.name")
                || items(volume, "projected.sources").iter().any(|source| named(source, "configMap.name"))
        })
}

fn in_container(pod: &Value, env_from: &str, env: &str) -> bool {
    containers(pod).any(|(_, container)| {
        items(container, "envFrom").iter().any(|from| !text(from, env_from).is_empty())
            || items(container, "env").iter().any(|variable| !text(variable, env).is_empty())
    })
}

/// Volumes that need no object of the API.
const LOCAL: [&str; 22] = [
    "awsElasticBlockStore",
    "azureDisk",
    "cephfs",
    "cinder",
    "downwardAPI",
    "emptyDir",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// Volumes that need one, and which.
const REFERRING: [(&str, &str); 7] = [
    ("configMap", "configmaps (via configmap volumes)"),
    ("secret", "secrets (via secret volumes)"),
    ("csi", "csidrivers (via CSI volumes)"),
    ("glusterfs", "endpoints (via glusterFS volumes)"),
    ("persistentVolumeClaim", "persistentvolumeclaims"),
    ("ephemeral", "persistentvolumeclaims (via ephemeral volumes)"),
    ("azureFile", "secrets (via azureFile volumes)"),
];

/// Sources of projected volumes that need one, and which.
const PROJECTED: [(&str, &str); 5] = [
    ("configMap", "configmaps (via projected volumes)"),
    ("secret", "secrets (via projected volumes)"),
    ("serviceAccountToken", "serviceaccounts (via projected volumes)"),
    ("clusterTrustBundle", "clustertrustbundles"),
    ("podCertificate", "podcertificates"),
];

/// The first kind of object of the API that a pod refers to.
///
/// # Errors
/// A volume of a kind that nothing is known of.
///
/// Source: `k8s.io/kubernetes/pkg/api/pod` `HasAPIObjectReference`.
pub(crate) fn api_reference(pod: &Value) -> Result<Option<&'static str>, String> {
    let whole = [
        (!service_account(pod).is_empty(), "serviceaccounts"),
        (names_secret(pod), "secrets"),
        (names_config_map(pod), "configmaps"),
        (!items(pod, "spec.resourceClaims").is_empty(), "resourceclaims"),
    ];
    if let Some((_, what)) = whole.into_iter().find(|(refers, _)| *refers) {
        return Ok(Some(what));
    }
    for volume in items(pod, "spec.volumes") {
        let name = text(volume, "name");
        let has = |key: &&str| volume.field(key).is_some();
        if LOCAL.iter().any(has) {
            continue;
        }
        if let Some((_, what)) = REFERRING.iter().find(|(key, _)| has(key)) {
            return Ok(Some(what));
        }
        if !has(&"projected") {
            return Err(format!(
                "unknown volume type for volume  {}",
                ravelin_object::selector::quoted(name)
            ));
        }
        for source in items(volume, "projected.sources") {
            if let Some((_, what)) = PROJECTED.iter().find(|(key, _)| source.field(key).is_some()) {
                return Ok(Some(what));
            }
            if source.field("downwardAPI").is_none() {
                let name = ravelin_object::selector::quoted(name);
                return Err(format!("unknown source for projected volume {name}"));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::object;

    #[test]
    fn what_a_pod_refers_to_is_found() {
        let cases = [
            ("{}", Ok(None)),
            ("{serviceAccount: a}", Ok(Some("serviceaccounts"))),
            ("{imagePullSecrets: [{name: ''}]}", Ok(None)),
            ("{imagePullSecrets: [{name: s}]}", Ok(Some("secrets"))),
            ("{initContainers: [{envFrom: [{secretRef: {name: s}}]}]}", Ok(Some("secrets"))),
            (
                "{ephemeralContainers: [{env: [{valueFrom: {configMapKeyRef: {name: s}}}]}]}",
                Ok(Some("configmaps")),
            ),
            ("{volumes: [{hostPath: {}}, {rbd: {secretRef: {name: s}}}]}", Ok(Some("secrets"))),
            ("{volumes: [{hostPath: {}}, {emptyDir: {}}]}", Ok(None)),
            ("{volumes: [{configMap: {}}]}", Ok(Some("configmaps (via configmap volumes)"))),
            ("{volumes: [{persistentVolumeClaim: {}}]}", Ok(Some("persistentvolumeclaims"))),
            ("{volumes: [{projected: {sources: [{downwardAPI: {}}]}}]}", Ok(None)),
            (
                "{volumes: [{projected: {sources: [{downwardAPI: {}}, {podCertificate: {}}]}}]}",
                Ok(Some("podcertificates")),
            ),
            ("{resourceClaims: [{}]}", Ok(Some("resourceclaims"))),
            ("{volumes: [{name: v, new: {}}]}", Err("unknown volume type for volume  \"v\"".to_owned())),
            (
                "{volumes: [{name: v, projected: {sources: [{new: {}}]}}]}",
                Err("unknown source for projected volume \"v\"".to_owned()),
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(api_reference(&object(&format!("{{spec: {spec}}}"))), expected, "{spec}");
        }
    }
}
