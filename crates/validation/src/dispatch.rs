//! Which rules a kind has.

use crate::{Kind, Settings, metadata};
use ravelin_object::Value;
use ravelin_object::fault::Fault;

/// What is wrong with an object that is made: what the strategy of its kind answers, metadata included. Kinds that this
/// crate has no rules for are accepted; [`crate::metadata_common`] is asked for every object after this.
///
/// Source: `Validate` of the strategies in `k8s.io/kubernetes/pkg/registry`.
#[must_use]
pub fn create(kind: Kind<'_>, object: &Value, settings: &Settings) -> Vec<Fault> {
    let mut out = Vec::new();
    let _ = (object, settings);
    metadata::of_kind(kind, true, object, &mut out);
    out
}

/// What is wrong with an object, or the part of it that `subresource` names, that takes the place of `old`: what the
/// strategy answers. [`crate::metadata_update`] is asked for every object before this, and its faults stand first.
///
/// Source: `ValidateUpdate` of the strategies in `k8s.io/kubernetes/pkg/registry`.
#[must_use]
pub fn update(
    kind: Kind<'_>,
    subresource: Option<&str>,
    new: &Value,
    old: &Value,
    settings: &Settings,
) -> Vec<Fault> {
    let _ = (kind, subresource, settings);
    let mut out = Vec::new();
    metadata::changed_own(new, old, &mut out);
    out
}
