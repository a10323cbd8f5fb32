//! Persistent volumes: their phase, and since when they are in it.

use crate::fields::{
    annotation, copy, default, default_text, empty, is_nil, list, object, set, struct_at, text,
};
use crate::kind::Context;
use crate::pods::{default_volume_source, node_term_warnings};
use crate::quantities::round_list;
use crate::rules::{Rules, keep_status_only};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/core/persistentvolume/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    create,
    update: keep_status_only,
    subresources: &[("status", update_status)],
    warn_on_create: warnings,
    warn_on_update: |subresource, volume, _| {
        if subresource.is_empty() { warnings(volume) } else { Vec::new() }
    },
    ..Rules::new("", "PersistentVolume").returning_deleted()
};

fn defaults(volume: &mut Value) {
    if let Some(status) = struct_at(volume, "status") {
        default_text(status, "phase", "Pending");
    }
    let Some(spec) = struct_at(volume, "spec") else { return };
    default_text(spec, "persistentVolumeReclaimPolicy", "Retain");
    default(spec, "volumeMode", "Filesystem");
    default_volume_spec(spec);
}

/// Capacity and source.
pub(crate) fn default_volume_spec(spec: &mut Value) {
    round_list(spec.field_mut("capacity"));
    default_volume_source(spec);
}

fn create(volume: &mut Value, context: &mut Context<'_>) {
    let status =
        object([("phase", Value::from("Pending")), ("lastPhaseTransitionTime", Value::from(context.now))]);
    set(volume, "status", status);
}

fn update_status(volume: &mut Value, old: &Value, context: &mut Context<'_>) {
    const SINCE: &str = "lastPhaseTransitionTime";
    copy(volume, old, "spec");
    let nothing = empty();
    let old = old.field("status").unwrap_or(&nothing);
    let Some(status) = struct_at(volume, "status") else { return };
    let is_same_phase = text(status, "phase") == text(old, "phase");
    if is_same_phase && is_nil(status, SINCE) {
        copy(status, old, SINCE);
    } else if !is_same_phase && (is_nil(status, SINCE) || status.field(SINCE) == old.field(SINCE)) {
        set(status, SINCE, context.now);
    }
}

/// Source: `k8s.io/kubernetes/pkg/api/persistentvolume/util.go`.
fn warnings(volume: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    for (key, words) in [
        (
            "volume.beta.kubernetes.io/storage-class",
            "deprecated since v1.8; use \"storageClassName\" attribute instead",
        ),
        (
            "volume.beta.kubernetes.io/mount-options",
            "deprecated since v1.31; use \"mountOptions\" attribute instead",
        ),
    ] {
        if annotation(volume, key).is_some() {
            warnings.push(format!("metadata.annotations[{key}]: {words}"));
        }
    }
    if text(volume, "spec.persistentVolumeReclaimPolicy") == "Recycle" {
        warnings.push(
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".to_owned(),
        );
    }
    let terms = "spec.nodeAffinity.required.nodeSelectorTerms";
    for (index, term) in list(volume, terms).iter().enumerate() {
        warnings.extend(node_term_warnings(term, false, &format!("{terms}[{index}]")));
    }
    for (field, shown, words) in [
        ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
        ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
        ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
        ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
        ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
        ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
    ] {
        if !is_nil(volume, &format!("spec.{field}")) {
            warnings.push(format!("spec.{shown}: {words}"));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    const VOLUME: Kind<'_> = Kind { group: "", version: "v1", kind: "PersistentVolume" };

    #[test]
    fn a_volume_is_pending_since_it_was_made() {
        let volume = created(VOLUME, r#"{"spec":{"hostPath":{"path":"/"}},"status":{"phase":"Bound"}}"#);
        assert_eq!(
            volume.to_json(),
            value(
                r#"{"spec":{"hostPath":{"path":"/","type":""},"persistentVolumeReclaimPolicy":"Retain","volumeMode":"Filesystem"},
                "status":{"phase":"Pending","lastPhaseTransitionTime":"2026-01-02T03:04:05Z"}}"#
            )
            .to_json()
        );
    }

    #[test]
    fn a_new_phase_has_a_new_time() {
        let old =
            r#"{"spec":{},"status":{"phase":"Pending","lastPhaseTransitionTime":"2020-01-01T00:00:00Z"}}"#;
        for (new, since) in [
            (r#"{"status":{"phase":"Pending"}}"#, "2020-01-01T00:00:00Z"),
            (r#"{"status":{"phase":"Bound"}}"#, "2026-01-02T03:04:05Z"),
            (
                r#"{"status":{"phase":"Bound","lastPhaseTransitionTime":"2020-01-01T00:00:00Z"}}"#,
                "2026-01-02T03:04:05Z",
            ),
            (
                r#"{"status":{"phase":"Bound","lastPhaseTransitionTime":"2021-01-01T00:00:00Z"}}"#,
                "2021-01-01T00:00:00Z",
            ),
        ] {
            let volume = updated(VOLUME, Some("status"), new, old);
            assert_eq!(crate::fields::text(&volume, "status.lastPhaseTransitionTime"), since, "{new}");
        }
    }
}
