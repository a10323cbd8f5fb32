//! How pods may change.

use super::affinity::tolerations;
use super::annotations::{self, MIRROR};
use super::options::Options;
use super::whole;
use crate::access::{Fields, ordered};
use crate::diff::diff;
use crate::equality::is_equal;
use crate::internal::{converted, shown};
use crate::names::between;
use crate::path::Path;
use crate::report::Report;
use crate::{Faults, metadata};
use ravelin_object::{Map, Value};

const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidatePodUpdate`.
pub(super) fn pod(new: &Value, old: &Value, options: &Options, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    whole(new, options, out);
    annotations::update(new, old, options, out);
    let path = Path::new("spec");
    let (new, old) = (new.get("spec"), old.get("spec"));
    for list in ["containers", "initContainers"] {
        if !containers(new.list(list), old.list(list), &(&path / list), out) {
            return;
        }
    }
    if !deadline(new, old, &(&path / "activeDeadlineSeconds"), out) {
        return;
    }
    only_added_tolerations(new, old, &(&path / "tolerations"), options, out);
    only_deleted_gates(new, old, &(&path / "schedulingGates"), out);
    if !is_equal("spec", new, old) {
        only_updatable(new, old, &path, out);
    }
}

/// Source: `ValidateContainerUpdates`. Whether to go on.
fn containers(new: &[Value], old: &[Value], path: &Path, out: &mut Faults) -> bool {
    if new.len() != old.len() {
        out.forbidden(path, "pod updates may not add or remove containers");
        return false;
    }
    for (index, container) in new.iter().enumerate() {
        let image = container.text("image");
        let path = path / index / "image";
        if image.is_empty() {
            out.required(&path, "");
        }
        if image.trim() != image {
            out.invalid(&path, image, "must not have leading or trailing whitespace");
        }
    }
    true
}

/// Whether to go on.
fn deadline(new: &Value, old: &Value, path: &Path, out: &mut Faults) -> bool {
    let key = "activeDeadlineSeconds";
    match (new.int_opt(key), old.int_opt(key)) {
        (Some(new), _) if !(0..=i64::from(i32::MAX)).contains(&new) => {
            out.invalid(path, new, between(0, i32::MAX.into()));
            false
        }
        (Some(new), Some(old)) if old < new => {
            out.invalid(path, new, "must be less than or equal to previous value");
            false
        }
        (None, Some(_)) => {
            out.invalid(path, Value::Null, "must not update from a positive integer to nil value");
            true
        }
        _ => true,
    }
}

fn without(value: &Value, key: &str) -> Value {
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut() {
        map.remove(key);
    }
    value
}

fn only_added_tolerations(new: &Value, old: &Value, path: &Path, options: &Options, out: &mut Faults) {
    for kept in old.list("tolerations") {
        let kept = without(kept, "tolerationSeconds");
        let is_kept = new
            .list("tolerations")
            .iter()
            .any(|each| is_equal("tolerations", &without(each, "tolerationSeconds"), &kept));
        if !is_kept {
            out.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
            return;
        }
    }
    tolerations(new.list("tolerations"), path, options, out);
}

fn only_deleted_gates(new: &Value, old: &Value, path: &Path, out: &mut Faults) {
    let gates = new.list("schedulingGates");
    for (index, gate) in gates.iter().enumerate() {
        let name = gate.text("name");
        // Of gates of one name upstream sees the last.
        let is_last = !gates.iter().skip(index.saturating_add(1)).any(|other| other.text("name") == name);
        if is_last && !old.list("schedulingGates").iter().any(|gate| gate.text("name") == name) {
            let why = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            out.forbidden(path / index / "name", why);
        }
    }
}

/// Sets a field of an object as another has it.
fn take(object: &mut Value, from: &Value, key: &str) {
    if let Some(map) = object.as_object_mut() {
        match from.field(key) {
            Some(value) => map.set(key, value.clone()),
            None => {
                map.remove(key);
            }
        }
    }
}

fn only_updatable(new: &Value, old: &Value, path: &Path, out: &mut Faults) {
    let mut munged = new.clone();
    for list in ["containers", "initContainers"] {
        if let Some(items) = munged.field_mut(list).and_then(Value::as_array_mut) {
            for (item, kept) in items.iter_mut().zip(old.list(list)) {
                take(item, kept, "image");
            }
        }
    }
    for key in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        take(&mut munged, old, key);
    }
    let grace = "terminationGracePeriodSeconds";
    if old.int(grace) < 0 && munged.int_opt(grace) == Some(1) {
        take(&mut munged, old, grace);
    }
    if !old.list("schedulingGates").is_empty() {
        gated(&mut munged, old, path, out);
    }
    if !is_equal("spec", &munged, old) {
        let changes = diff(&converted("PodSpec", old), &converted("PodSpec", &munged));
        out.forbidden(path, format!("pod updates may not change fields other than {UPDATABLE}\n{changes}"));
    }
}

/// What else may change in a pod that is not to be scheduled yet.
fn gated(munged: &mut Value, old: &Value, path: &Path, out: &mut Faults) {
    if !is_equal("nodeSelector", munged.get("nodeSelector"), old.get("nodeSelector")) {
        let new = munged.map("nodeSelector");
        let only_adds = old.map("nodeSelector").iter().all(|(key, value)| new.get(key) == Some(value));
        if !only_adds {
            let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
            out.invalid(path / "nodeSelector", ordered(munged.get("nodeSelector")), why);
        }
        take(munged, old, "nodeSelector");
    }
    let old_affinity = old.get("affinity").get("nodeAffinity");
    let new_affinity = munged.get("affinity").get("nodeAffinity");
    if is_equal("nodeAffinity", old_affinity, new_affinity) {
        return;
    }
    node_affinity(new_affinity, old_affinity, &(path / "affinity" / "nodeAffinity" / REQUIRED), out);
    let affinity = munged.get("affinity");
    let is_bare = !affinity.has("podAffinity") && !affinity.has("podAntiAffinity");
    if munged.has("affinity") && !old.has("affinity") && is_bare {
        take(munged, old, "affinity");
    } else if let Some(map) = munged.as_object_mut() {
        let mut affinity = match map.get("affinity") {
            Some(Value::Object(map)) => map.clone(),
            _ => Map::new(),
        };
        affinity.set("nodeAffinity", old_affinity.clone());
        map.set("affinity", Value::Object(affinity));
    }
}

/// Source: `validateNodeAffinityMutation`.
fn node_affinity(new: &Value, old: &Value, path: &Path, out: &mut Faults) {
    let old_terms = old.get(REQUIRED).list("nodeSelectorTerms");
    let new_terms = new.get(REQUIRED).list("nodeSelectorTerms");
    let path = path / "nodeSelectorTerms";
    if !old_terms.is_empty() && old_terms.len() != new_terms.len() {
        let terms: Vec<Value> = new_terms.iter().map(|term| converted("NodeSelectorTerm", term)).collect();
        let value = if terms.is_empty() { Value::Null } else { Value::Array(terms) };
        let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        out.invalid(path, value, why);
        return;
    }
    for (index, (new, old)) in new_terms.iter().zip(old_terms).enumerate() {
        if !only_adds(new, old) {
            let why = "only additions are allowed (no mutations or deletions)";
            out.invalid_shown(&path / index, shown("NodeSelectorTerm", new), why);
        }
    }
}

fn only_adds(new: &Value, old: &Value) -> bool {
    let keys = ["matchExpressions", "matchFields"];
    if keys.iter().all(|key| old.list(key).is_empty()) {
        return keys.iter().all(|key| new.list(key).is_empty());
    }
    keys.iter().all(|key| {
        let (new, old) = (new.list(key), old.list(key));
        new.len() >= old.len() && new.iter().zip(old).all(|(new, old)| is_equal(key, new, old))
    })
}

/// Source: `ValidatePodEphemeralContainersUpdate`.
pub(super) fn ephemeral_containers(new: &Value, old: &Value, options: &Options, out: &mut Faults) {
    let before = out.len();
    metadata::changed_own(new, old, out);
    whole(new, options, out);
    annotations::update(new, old, options, out);
    if old.get("metadata").get("annotations").has(MIRROR) {
        out.truncate(before);
        out.forbidden("[]", "static pods do not support ephemeral containers");
        return;
    }
    let path = Path::new("spec") / "ephemeralContainers";
    let list = "ephemeralContainers";
    for kept in old.get("spec").list(list) {
        let name = ravelin_object::selector::quoted(kept.text("name"));
        let found =
            new.get("spec").list(list).iter().rev().find(|each| each.text("name") == kept.text("name"));
        match found {
            None => {
                out.forbidden(&path, format!("existing ephemeral containers {name} may not be removed\n"))
            }
            Some(found) if !is_equal(list, found, kept) => {
                let changes =
                    diff(&converted("EphemeralContainer", kept), &converted("EphemeralContainer", found));
                out.forbidden(
                    &path,
                    format!("existing ephemeral containers {name} may not be changed\n{changes}"),
                );
            }
            Some(_) => {}
        }
    }
}
