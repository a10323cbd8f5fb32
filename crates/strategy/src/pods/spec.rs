//! Defaults of a pod's spec, wherever one stands.

use crate::fields::{at_mut, default, default_int, default_text, empty, items_mut, text};
use crate::image::pull_policy;
use crate::quantities::round_list;
use ravelin_object::Value;

/// `SetDefaults_PodSpec` and the defaults of everything below it.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/v1/{defaults,zz_generated.defaults}.go`.
pub(crate) fn default_spec(spec: &mut Value) {
    default_text(spec, "dnsPolicy", "ClusterFirst");
    default_text(spec, "restartPolicy", "Always");
    default(spec, "securityContext", empty());
    default(spec, "terminationGracePeriodSeconds", 30);
    default_text(spec, "schedulerName", "default-scheduler");
    for volume in items_mut(spec, "volumes") {
        default_volume(volume);
    }
    for list in super::CONTAINERS {
        for container in items_mut(spec, list) {
            default_container(container);
        }
    }
    round_list(at_mut(spec, "overhead"));
    round_resources(at_mut(spec, "resources"));
}

/// Limits and requests.
pub(crate) fn round_resources(resources: Option<&mut Value>) {
    if let Some(resources) = resources {
        round_list(at_mut(resources, "limits"));
        round_list(at_mut(resources, "requests"));
    }
}

fn default_container(container: &mut Value) {
    if text(container, "imagePullPolicy").is_empty() {
        let policy = pull_policy(text(container, "image"));
        default_text(container, "imagePullPolicy", policy);
    }
    default_text(container, "terminationMessagePath", "/dev/termination-log");
    default_text(container, "terminationMessagePolicy", "File");
    for port in items_mut(container, "ports") {
        default_text(port, "protocol", "TCP");
    }
    for variable in items_mut(container, "env") {
        if let Some(reference) = at_mut(variable, "valueFrom.fieldRef") {
            default_text(reference, "apiVersion", "v1");
        }
        if let Some(reference) = at_mut(variable, "valueFrom.fileKeyRef") {
            default(reference, "optional", false);
        }
    }
    round_resources(at_mut(container, "resources"));
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = at_mut(container, probe) {
            default_probe(probe);
        }
    }
    for hook in ["lifecycle.postStart.httpGet", "lifecycle.preStop.httpGet"] {
        default_http_get(at_mut(container, hook));
    }
}

fn default_probe(probe: &mut Value) {
    for (key, number) in
        [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        default_int(probe, key, number);
    }
    default_http_get(at_mut(probe, "httpGet"));
    if let Some(grpc) = at_mut(probe, "grpc") {
        default(grpc, "service", "");
    }
}

fn default_http_get(action: Option<&mut Value>) {
    if let Some(action) = action {
        default_text(action, "path", "/");
        default_text(action, "scheme", "HTTP");
    }
}

fn default_volume(volume: &mut Value) {
    let has_source = volume.as_object().is_some_and(|volume| {
        volume.iter().any(|(key, value)| key != "name" && !matches!(value, Value::Null))
    });
    if !has_source {
        default(volume, "emptyDir", empty());
    }
    if let Some(image) = at_mut(volume, "image")
        && text(image, "pullPolicy").is_empty()
    {
        let policy = pull_policy(text(image, "reference"));
        default_text(image, "pullPolicy", policy);
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = at_mut(volume, source) {
            default(source, "defaultMode", 0o644);
        }
    }
    for source in items_mut(volume, "projected.sources") {
        default_items(source, "downwardAPI.items");
        if let Some(token) = at_mut(source, "serviceAccountToken") {
            default(token, "expirationSeconds", 3600);
        }
    }
    default_items(volume, "downwardAPI.items");
    default_volume_source(volume);
    if let Some(claim) = at_mut(volume, "ephemeral.volumeClaimTemplate")
        && let Some(spec) = crate::fields::struct_at(claim, "spec")
    {
        default_claim_spec(spec);
    }
}

fn default_items(source: &mut Value, path: &str) {
    for item in items_mut(source, path) {
        if let Some(reference) = at_mut(item, "fieldRef") {
            default_text(reference, "apiVersion", "v1");
        }
    }
}

/// Sources of volumes that pods and persistent volumes have in common.
pub(crate) fn default_volume_source(source: &mut Value) {
    if let Some(host) = at_mut(source, "hostPath") {
        default(host, "type", "");
    }
    if let Some(iscsi) = at_mut(source, "iscsi") {
        default_text(iscsi, "iscsiInterface", "default");
    }
    if let Some(rbd) = at_mut(source, "rbd") {
        default_text(rbd, "pool", "rbd");
        default_text(rbd, "user", "admin");
        default_text(rbd, "keyring", "/etc/ceph/keyring");
    }
    if let Some(disk) = at_mut(source, "azureDisk") {
        default(disk, "cachingMode", "ReadWrite");
        default(disk, "fsType", "ext4");
        default(disk, "readOnly", false);
        default(disk, "kind", "Shared");
    }
    if let Some(scale_io) = at_mut(source, "scaleIO") {
        default_text(scale_io, "storageMode", "ThinProvisioned");
        default_text(scale_io, "fsType", "xfs");
    }
}

/// `SetDefaults_PersistentVolumeClaimSpec` and the rounding of resources.
pub(crate) fn default_claim_spec(spec: &mut Value) {
    default(spec, "volumeMode", "Filesystem");
    round_resources(at_mut(spec, "resources"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    #[test]
    fn a_spec_gets_its_defaults() {
        let mut spec = value(
            r#"{"containers":[{"name":"c","image":"i","ports":[{"containerPort":1}],"resources":{"limits":{"cpu":"1u"}},
            "livenessProbe":{"httpGet":{"port":1}},"env":[{"name":"a","valueFrom":{"fieldRef":{"fieldPath":"x"}}}]}],
            "volumes":[{"name":"v"},{"name":"s","secret":{}}]}"#,
        );
        default_spec(&mut spec);
        let expected = value(
            r#"{"containers":[{"name":"c","image":"i","ports":[{"containerPort":1,"protocol":"TCP"}],
            "resources":{"limits":{"cpu":"1m"}},"livenessProbe":{"httpGet":{"port":1,"path":"/","scheme":"HTTP"},
            "timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},
            "env":[{"name":"a","valueFrom":{"fieldRef":{"fieldPath":"x","apiVersion":"v1"}}}],
            "imagePullPolicy":"Always","terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],
            "volumes":[{"name":"v","emptyDir":{}},{"name":"s","secret":{"defaultMode":420}}],"dnsPolicy":"ClusterFirst",
            "restartPolicy":"Always","securityContext":{},"terminationGracePeriodSeconds":30,
            "schedulerName":"default-scheduler"}"#,
        );
        assert_eq!(spec.to_json(), expected.to_json());
        let once = spec.clone();
        default_spec(&mut spec);
        assert_eq!(spec, once);
    }
}
