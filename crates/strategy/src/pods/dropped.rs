//! Fields of features that are off: they are dropped, unless the old object has them already.

use super::CONTAINERS;
use crate::fields::{at_mut, is_nil, items_mut, list, remove};
use ravelin_object::Value;

/// Drops fields of a pod's spec.
///
/// Source: `dropDisabledFields` in `k8s.io/kubernetes/pkg/api/pod/util.go`; of its gates those that are off in
/// v1.36 are `ClusterTrustBundleProjection`, `PodCertificateRequest`, `GenericWorkload`, `ContainerStopSignals`.
pub(crate) fn drop_disabled(spec: Option<&mut Value>, old: Option<&Value>) {
    let Some(spec) = spec else { return };
    for projection in ["clusterTrustBundle", "podCertificate"] {
        if !old.is_some_and(|old| projects(old, projection)) {
            for volume in items_mut(spec, "volumes") {
                for source in items_mut(volume, "projected.sources") {
                    remove(source, projection);
                }
            }
        }
    }
    if old.is_none_or(|old| is_nil(old, "schedulingGroup")) {
        remove(spec, "schedulingGroup");
    }
    if !old.is_some_and(stops_by_signal) {
        for containers in CONTAINERS {
            for container in items_mut(spec, containers) {
                drop_stop_signal(container);
            }
        }
    }
}

fn projects(spec: &Value, projection: &str) -> bool {
    list(spec, "volumes")
        .iter()
        .flat_map(|volume| list(volume, "projected.sources"))
        .any(|source| !is_nil(source, projection))
}

fn stops_by_signal(spec: &Value) -> bool {
    CONTAINERS
        .iter()
        .flat_map(|containers| list(spec, containers))
        .any(|container| !is_nil(container, "lifecycle.stopSignal"))
}

fn drop_stop_signal(container: &mut Value) {
    let Some(lifecycle) = container.field_mut("lifecycle") else { return };
    if lifecycle.field("stopSignal").is_none() {
        return;
    }
    remove(lifecycle, "stopSignal");
    if lifecycle.field("postStart").is_none() && lifecycle.field("preStop").is_none() {
        remove(container, "lifecycle");
    }
}

/// Drops fields of a pod's status.
///
/// Source: `dropDisabledPodStatusFields`; of its gates `ImageVolumeWithDigest` and `DRANodeAllocatableResources` are
/// off in v1.36.
pub(crate) fn drop_disabled_status(status: Option<&mut Value>, old: Option<&Value>) {
    let Some(status) = status else { return };
    if old.is_none_or(|old| list(old, "nodeAllocatableResourceClaimStatuses").is_empty()) {
        remove(status, "nodeAllocatableResourceClaimStatuses");
    }
    if !old.is_some_and(has_volume_status) {
        for statuses in STATUSES {
            for container in items_mut(status, statuses) {
                for mount in items_mut(container, "volumeMounts") {
                    if at_mut(mount, "volumeStatus").is_some() {
                        remove(mount, "volumeStatus");
                    }
                }
            }
        }
    }
}

const STATUSES: [&str; 3] = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];

fn has_volume_status(status: &Value) -> bool {
    STATUSES
        .iter()
        .flat_map(|statuses| list(status, statuses))
        .flat_map(|container| list(container, "volumeMounts"))
        .any(|mount| !is_nil(mount, "volumeStatus"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    #[test]
    fn what_is_off_is_dropped_unless_it_is_in_use() {
        let on = r#"{"containers":[{"lifecycle":{"stopSignal":"SIGUSR1"}}],"schedulingGroup":{"x":1},
            "volumes":[{"projected":{"sources":[{"clusterTrustBundle":{}},{"podCertificate":{}}]}}]}"#;
        let off = r#"{"containers":[{}],"volumes":[{"projected":{"sources":[{},{}]}}]}"#;
        let mut spec = value(on);
        drop_disabled(Some(&mut spec), None);
        assert_eq!(spec, value(off));
        let mut spec = value(on);
        drop_disabled(Some(&mut spec), Some(&value(on)));
        assert_eq!(spec, value(on));
        let mut spec = value(r#"{"containers":[{"lifecycle":{"stopSignal":"X","preStop":{}}}]}"#);
        drop_disabled(Some(&mut spec), Some(&value(off)));
        assert_eq!(spec, value(r#"{"containers":[{"lifecycle":{"preStop":{}}}]}"#));
    }
}
