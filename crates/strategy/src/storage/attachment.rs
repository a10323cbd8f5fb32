//! Attachments of volumes.

use crate::core::default_volume_spec;
use crate::fields::{at_mut, object, set};
use crate::rules::{Rules, keep_spec_and_metadata, keep_status_only};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/storage/volumeattachment/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults: |attachment| {
        if let Some(spec) = at_mut(attachment, "spec.source.inlineVolumeSpec") {
            default_volume_spec(spec);
        }
    },
    create: |attachment, _| set(attachment, "status", object([("attached", Value::Bool(false))])),
    update: keep_status_only,
    subresources: &[("status", keep_spec_and_metadata)],
    ..Rules::new("storage.k8s.io", "VolumeAttachment").returning_deleted().updated_conditionally()
};
