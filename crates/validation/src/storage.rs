//! Which storage classes are valid.

use crate::Faults;
use crate::access::{Fields, ordered, text_of};
use crate::equality::is_equal;
use crate::internal::shown;
use crate::metadata::IMMUTABLE;
use crate::names::qualified_name;
use crate::path::Path;
use crate::pod::csi_driver_name;
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use std::collections::{BTreeMap, BTreeSet};

/// All but the metadata of a class.
///
/// Source: `k8s.io/kubernetes/pkg/apis/storage/validation` `ValidateStorageClass`.
pub(crate) fn class(object: &Value, out: &mut Faults) {
    let provisioner = object.text("provisioner");
    if provisioner.is_empty() {
        out.required("provisioner", "");
    } else {
        let lower = provisioner.to_lowercase();
        out.spelling("provisioner", &lower, qualified_name(&lower));
    }
    parameters(object, out);
    let policies = ["Delete", "Retain"];
    let policy = object.text("reclaimPolicy");
    if !policy.is_empty() && !policies.contains(&policy) {
        out.unsupported("reclaimPolicy", policy, &policies);
    }
    let modes = ["Immediate", "WaitForFirstConsumer"];
    match object.text_opt("volumeBindingMode") {
        None => out.required("volumeBindingMode", ""),
        Some(mode) if modes.contains(&mode) => {}
        Some(other) => out.unsupported("volumeBindingMode", other, &modes),
    }
    topologies(object, out);
}

fn parameters(object: &Value, out: &mut Faults) {
    let entries = object.entries("parameters");
    if entries.len() > 512 {
        out.push(Fault::too_long("parameters", 512));
        return;
    }
    let mut size = 0_usize;
    for (key, value) in entries {
        if key.is_empty() {
            out.invalid("parameters", key, "field can not be empty.");
        }
        size = size.saturating_add(key.len()).saturating_add(text_of(value).len());
    }
    if size > 256 * 1024 {
        out.push(Fault::too_long("parameters", 256 * 1024));
    }
}

/// Source: `validateAllowedTopologies`.
fn topologies(object: &Value, out: &mut Faults) {
    let path = Path::new("allowedTopologies");
    let mut terms: Vec<BTreeMap<&str, BTreeSet<&str>>> = Vec::new();
    for (index, term) in object.list("allowedTopologies").iter().enumerate() {
        let own = &path / index;
        let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (index, requirement) in term.list("matchLabelExpressions").iter().enumerate() {
            let own = &own / "matchLabelExpressions" / index;
            let (key, values) = (requirement.text("key"), requirement.texts("values"));
            if values.is_empty() {
                out.required(&own / "values", "");
            }
            let mut seen = BTreeSet::new();
            for (index, value) in values.into_iter().enumerate() {
                if !seen.insert(value) {
                    out.duplicate(&own / "values" / index, value);
                }
            }
            out.spelling(&own / "key", key, qualified_name(key));
            if keys.contains_key(key) {
                out.duplicate(&own / "key", key);
            }
            keys.insert(key, seen);
        }
        // Upstream compares with as many empty terms as there are terms, too.
        let unset = if keys.is_empty() { object.list("allowedTopologies").len() } else { 0 };
        let same = terms.iter().filter(|term| **term == keys).count();
        for _ in 0..unset.saturating_add(same) {
            out.duplicate(&own / "matchLabelExpressions", "");
        }
        terms.push(keys);
    }
}

/// How a class may change.
///
/// Source: `ValidateStorageClassUpdate`.
pub(crate) fn class_update(new: &Value, old: &Value, out: &mut Faults) {
    for key in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
        if !is_equal(key, new.get(key), old.get(key)) {
            out.invalid(key, ordered(new.get(key)), IMMUTABLE);
        }
    }
}

/// All but the metadata of a class of attributes.
///
/// Source: `ValidateVolumeAttributesClass`.
pub(crate) fn attributes(object: &Value, out: &mut Faults) {
    let driver = object.text("driverName");
    if driver.is_empty() {
        out.required("driverName", "");
    } else {
        let lower = driver.to_lowercase();
        out.spelling("driverName", &lower, qualified_name(&lower));
    }
    parameters(object, out);
    if object.map("parameters").is_empty() {
        out.required("parameters", "must contain at least one key/value pair");
    }
}

/// How a class of attributes may change.
pub(crate) fn attributes_update(new: &Value, old: &Value, out: &mut Faults) {
    for key in ["driverName", "parameters"] {
        if new.get(key) != old.get(key) {
            out.forbidden(key, format!("updates to {key} are forbidden."));
        }
    }
}

/// All but the metadata of the drivers of a node.
///
/// Source: `ValidateCSINode`.
pub(crate) fn node(object: &Value, out: &mut Faults) {
    let mut names = BTreeSet::new();
    for (index, driver) in object.get("spec").list("drivers").iter().enumerate() {
        let path = Path::new("spec") / "drivers" / index;
        csi_driver_name(driver.text("name"), &(&path / "name"), out);
        let id = driver.text("nodeID");
        if id.is_empty() {
            out.required(&path / "nodeID", "");
        }
        if id.len() > 256 {
            out.invalid(&path / "nodeID", id, "must be 256 characters or less");
        }
        out.negative(&path / "allocatable" / "count", driver.get("allocatable").int("count"));
        if !names.insert(driver.text("name")) {
            out.duplicate(&path / "name", driver.text("name"));
        }
        let mut keys = BTreeSet::new();
        for key in driver.texts("topologyKeys") {
            if key.is_empty() {
                out.required(&path, "");
            }
            if !keys.insert(key) {
                out.duplicate(&path, key);
            }
            out.spelling(&path, key, qualified_name(key));
        }
    }
}

/// How the drivers of a node may change.
pub(crate) fn node_update(new: &Value, old: &Value, out: &mut Faults) {
    for was in old.get("spec").list("drivers") {
        for now in new.get("spec").list("drivers").iter().filter(|now| now.text("name") == was.text("name")) {
            let keys = ["nodeID", "topologyKeys"];
            if keys.iter().any(|key| !is_equal(key, now.get(key), was.get(key))) {
                let mut driver = now.clone();
                if let Some(map) = driver.as_object_mut() {
                    map.remove("allocatable");
                }
                out.invalid_shown("spec.drivers", shown("CSINodeDriver", &driver), IMMUTABLE);
            }
        }
    }
}

/// All but the metadata of a driver.
///
/// Source: `ValidateCSIDriver`.
pub(crate) fn driver(object: &Value, out: &mut Faults) {
    let (spec, path) = (object.get("spec"), Path::new("spec"));
    for (key, name) in [
        ("attachRequired", "attachedRequired"),
        ("podInfoOnMount", "podInfoOnMount"),
        ("storageCapacity", "storageCapacity"),
    ] {
        if !spec.has(key) {
            out.required(&path / name, "");
        }
    }
    let policies = ["File", "None", "ReadWriteOnceWithFSType"];
    if let Some(policy) = spec.text_opt("fsGroupPolicy").filter(|policy| !policies.contains(policy)) {
        out.unsupported(&path / "fsGroupPolicy", policy, &policies);
    }
    token_requests(spec, &(&path / "tokenRequests"), out);
    for mode in spec.texts("volumeLifecycleModes") {
        if !matches!(mode, "Persistent" | "Ephemeral") {
            out.unsupported(&path / "volumeLifecycleModes", mode, &["Persistent", "Ephemeral"]);
        }
    }
    if !spec.has("seLinuxMount") {
        out.required(&path / "seLinuxMount", "");
    }
    let key = "nodeAllocatableUpdatePeriodSeconds";
    if let Some(seconds) = spec.int_opt(key).filter(|seconds| *seconds < 10) {
        out.invalid(&path / key, seconds, "must be greater than or equal to 10 seconds");
    }
    let key = "serviceAccountTokenInSecrets";
    if let Some(flag) = spec.flag_opt(key).filter(|_| spec.list("tokenRequests").is_empty()) {
        let why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
        out.invalid(path / key, flag, why);
    }
}

fn token_requests(spec: &Value, path: &Path, out: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (index, request) in spec.list("tokenRequests").iter().enumerate() {
        let path = path / index;
        if !seen.insert(request.text("audience")) {
            out.duplicate(path / "audience", request.text("audience"));
            continue;
        }
        let Some(seconds) = request.int_opt("expirationSeconds") else {
            continue;
        };
        if seconds < 600 {
            let why = "may not specify a duration less than 10 minutes";
            out.invalid(&path / "expirationSeconds", seconds, why);
        }
        if seconds > 1 << 32 {
            let why = "may not specify a duration larger than 2^32 seconds";
            out.invalid(path / "expirationSeconds", seconds, why);
        }
    }
}

/// How a driver may change.
pub(crate) fn driver_update(new: &Value, old: &Value, out: &mut Faults) {
    let (now, was) = (new.get("spec"), old.get("spec"));
    for (key, name) in
        [("attachRequired", "attachedRequired"), ("volumeLifecycleModes", "volumeLifecycleModes")]
    {
        if !is_equal(key, now.get(key), was.get(key)) {
            out.invalid(Path::new("spec") / name, now.get(key), IMMUTABLE);
        }
    }
}
