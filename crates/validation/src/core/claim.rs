//! Which claims of persistent volumes are valid.

use crate::access::Fields;
use crate::diff::diff;
use crate::equality::is_equal;
use crate::internal::converted;
use crate::labels::{SelectorValues, annotations, labels, selector};
use crate::metadata::{self, IMMUTABLE};
use crate::names::{dns_label, dns_subdomain, qualified_name};
use crate::path::Path;
use crate::quantities::{amount, basic_amount, is_native, positive_amount, resource_amount};
use crate::report::Report;
use crate::{Faults, Kind};
use ravelin_object::Value;

const CLAIM: Kind<'static> = Kind { group: "", version: "v1", kind: "PersistentVolumeClaim" };
const CLASS: &str = "volume.beta.kubernetes.io/storage-class";
/// The ways in which volumes are mounted.
pub(super) const MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// What a claim may keep that was valid once.
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    values: SelectorValues,
    any_group: bool,
}

impl Kept {
    /// Nothing: the claim is new.
    pub(crate) const NOTHING: Self = Self { values: SelectorValues::Valid, any_group: false };

    fn of(old: &Value) -> Self {
        let spec = old.get("spec");
        let mut found = Vec::new();
        selector(&Path::new(""), spec.get("selector"), SelectorValues::Valid, &mut found);
        let values = if found.is_empty() { SelectorValues::Valid } else { SelectorValues::Any };
        let any_group = ["dataSource", "dataSourceRef"].iter().any(|key| spec.get(key).has("apiGroup"));
        Self { values, any_group }
    }
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidatePersistentVolumeClaim`.
pub(crate) fn create(object: &Value, out: &mut Faults) {
    whole(object, Kept::NOTHING, out);
}

fn whole(object: &Value, kept: Kept, out: &mut Faults) {
    metadata::of_kind(CLAIM, true, object, out);
    spec(object.get("spec"), &Path::new("spec"), kept, out);
}

/// A template of claims, as ephemeral volumes have it.
///
/// Source: `ValidatePersistentVolumeClaimTemplate`.
pub(crate) fn template(template: &Value, path: &Path, out: &mut Faults) {
    let (meta, own) = (template.get("metadata"), path / "metadata");
    annotations(&(&own / "annotations"), meta, out);
    labels(&(&own / "labels"), meta, "labels", out);
    let keys = [
        "name",
        "generateName",
        "namespace",
        "selfLink",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "ownerReferences",
        "finalizers",
        "managedFields",
    ];
    for key in keys {
        let is_set = match meta.get(key) {
            Value::Null | Value::Int(0) => false,
            Value::String(text) => !text.is_empty(),
            _ => true,
        };
        // Upstream writes the names of Go with a small first letter.
        let name = if key == "uid" { "uID" } else { key };
        if is_set {
            out.forbidden(&own / name, "cannot be set");
        }
    }
    spec(template.get("spec"), &(path / "spec"), Kept::NOTHING, out);
}

/// The modes of access, which claims and volumes have in common.
pub(super) fn modes(spec: &Value, path: &Path, out: &mut Faults) {
    let modes = spec.texts("accessModes");
    for mode in modes.iter().filter(|mode| !MODES.contains(mode)) {
        out.unsupported(path / "accessModes", *mode, MODES);
    }
    let has_once = modes.contains(&"ReadWriteOncePod");
    if has_once && modes.iter().any(|mode| MODES.contains(mode) && *mode != "ReadWriteOncePod") {
        out.forbidden(path / "accessModes", "may not use ReadWriteOncePod with other access modes");
    }
}

/// Source: `ValidatePersistentVolumeClaimSpec`.
pub(crate) fn spec(spec: &Value, path: &Path, kept: Kept, out: &mut Faults) {
    if spec.list("accessModes").is_empty() {
        out.required(path / "accessModes", "at least 1 access mode is required");
    }
    selector(&(path / "selector"), spec.get("selector"), kept.values, out);
    modes(spec, path, out);
    let storage = (path / "resources").key("storage");
    match spec.get("resources").get("requests").field("storage") {
        None => out.required(storage, ""),
        Some(value) => {
            let before = out.len();
            positive_amount(value, &storage, out);
            if out.len() == before {
                resource_amount("storage", value, &storage, out);
            }
        }
    }
    class(spec, "storageClassName", path, out);
    volume_mode(spec, path, out);
    for key in ["dataSource", "dataSourceRef"] {
        if spec.has(key) {
            source(spec.get(key), key, &(path / key), kept, out);
        }
    }
    sources_agree(spec, path, out);
    class(spec, "volumeAttributesClassName", path, out);
}

fn class(spec: &Value, key: &str, path: &Path, out: &mut Faults) {
    let name = spec.text(key);
    if !name.is_empty() {
        out.spelling(path / key, name, dns_subdomain(name));
    }
}

/// The mode of a volume, if it says one.
pub(super) fn volume_mode(spec: &Value, path: &Path, out: &mut Faults) {
    if let Some(mode) = spec.text_opt("volumeMode").filter(|mode| !matches!(*mode, "Block" | "Filesystem")) {
        out.unsupported(path / "volumeMode", mode, &["Block", "Filesystem"]);
    }
}

fn source(source: &Value, key: &str, path: &Path, kept: Kept, out: &mut Faults) {
    for key in ["name", "kind"] {
        if source.text(key).is_empty() {
            out.required(path / key, "");
        }
    }
    let (group, kind) = (source.text("apiGroup"), source.text("kind"));
    if group.is_empty() && kind != "PersistentVolumeClaim" {
        let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        out.invalid(path, kind, why);
    }
    if !group.is_empty() && !kept.any_group {
        out.spelling(path / "apiGroup", group, dns_subdomain(group));
    }
    let namespace = source.text("namespace");
    if key == "dataSourceRef" && !namespace.is_empty() {
        out.spelling(path / "namespace", namespace, dns_label(namespace));
    }
}

fn sources_agree(spec: &Value, path: &Path, out: &mut Faults) {
    if !spec.has("dataSource") || !spec.has("dataSourceRef") {
        return;
    }
    let (source, reference) = (spec.get("dataSource"), spec.get("dataSourceRef"));
    let why = if !reference.text("namespace").is_empty() {
        "may not be specified when dataSourceRef.namespace is specified"
    } else if source.text_opt("apiGroup") != reference.text_opt("apiGroup")
        || ["kind", "name"].iter().any(|key| source.text(key) != reference.text(key))
    {
        "must match dataSourceRef"
    } else {
        return;
    };
    // Upstream gives the path for the value, which has nothing to show.
    out.invalid_shown(path, "{}", why);
}

/// Source: `ValidatePersistentVolumeClaimUpdate`, `ValidatePersistentVolumeClaimStatusUpdate`.
pub(crate) fn update(subresource: Option<&str>, new: &Value, old: &Value, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    if subresource == Some("status") {
        return status(new, out);
    }
    whole(new, Kept::of(old), out);
    let mut munged = new.get("spec").clone();
    let mut kept = old.get("spec").clone();
    if kept.text("volumeName").is_empty() {
        take(&mut kept, &munged.clone(), "volumeName");
    }
    storage_class(new, old, &mut munged, out);
    let is_bound = new.get("status").text("phase") == "Bound";
    if is_bound {
        if let Some(requests) = munged.field_mut("resources").and_then(|value| value.field_mut("requests")) {
            take(requests, old.get("spec").get("resources").get("requests"), "storage");
        }
        take(&mut munged, old.get("spec"), "volumeAttributesClassName");
    }
    if !is_equal("spec", &munged, &kept) {
        let kind = "PersistentVolumeClaimSpec";
        let changes = diff(&converted(kind, &kept), &converted(kind, &munged));
        let why = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{changes}"
        );
        out.forbidden("spec", why);
    }
    let size = |object: &Value| amount(object.get("spec").get("resources").get("requests").get("storage"));
    if size(new) < size(old) && size(new) <= amount(old.get("status").get("capacity").get("storage")) {
        out.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
    }
    let (new_mode, old_mode) = (new.get("spec").get("volumeMode"), old.get("spec").get("volumeMode"));
    if new_mode != old_mode {
        out.invalid("volumeMode", new_mode, IMMUTABLE);
    }
    attributes_class(new, old, out);
}

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

/// How the class of storage may change: from the annotation to the field, or from nothing.
fn storage_class(new: &Value, old: &Value, munged: &mut Value, out: &mut Faults) {
    let annotation =
        |object: &Value| object.get("metadata").get("annotations").text_opt(CLASS).map(str::to_owned);
    let name = |object: &Value| object.get("spec").text_opt("storageClassName").map(str::to_owned);
    let (new_class, old_class) = (annotation(new), annotation(old));
    let (new_name, old_name) = (name(new), name(old));
    let is_from_annotation = old_class.is_some()
        && old_name.is_none()
        && new_name == old_class
        && (new_class.is_none() || new_class == old_class);
    if is_from_annotation {
        if let Some(map) = munged.as_object_mut() {
            map.remove("storageClassName");
        }
        return;
    }
    if new_class.as_deref().unwrap_or_default() != old_class.as_deref().unwrap_or_default() {
        let path = Path::new("metadata") / "annotations" / CLASS;
        out.invalid(path, new_class.as_deref().unwrap_or_default(), IMMUTABLE);
    }
    if new_name.is_some() && old_name.is_none() && (old_class.is_none() || new_name == old_class) {
        take(munged, old.get("spec"), "storageClassName");
    }
}

fn attributes_class(new: &Value, old: &Value, out: &mut Faults) {
    let key = "volumeAttributesClassName";
    let (new, old_spec) = (new.get("spec").text_opt(key), old.get("spec").text_opt(key));
    if new == old_spec || !old.get("status").has("currentVolumeAttributesClassName") {
        return;
    }
    let to = match new {
        None => "nil",
        Some("") => "empty string",
        Some(_) => return,
    };
    let why = format!("update to {to} is forbidden when status.currentVolumeAttributesClassName is not nil");
    out.forbidden(Path::new("spec") / key, why);
}

const RESIZES: &[&str] = &[
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
    "NodeResizePending",
];

fn status(new: &Value, out: &mut Faults) {
    if new.get("metadata").text("resourceVersion").is_empty() {
        out.required("resourceVersion", "");
    }
    if new.get("spec").list("accessModes").is_empty() {
        out.required("Spec.accessModes", "");
    }
    let (status, path) = (new.get("status"), Path::new("status"));
    for (name, value) in status.entries("capacity") {
        basic_amount(value, &(&path / "capacity").key(name), out);
    }
    let states = &path / "allocatedResourceStatuses";
    for (name, value) in status.entries("allocatedResourceStatuses") {
        resource_key(name, &states, out);
        if !value.as_str().is_some_and(|value| RESIZES.contains(&value)) {
            let mut sorted = RESIZES.to_vec();
            sorted.sort_unstable();
            out.unsupported(&states, name, &sorted);
        }
    }
    let path = &path / "allocatedResources";
    for (name, value) in status.entries("allocatedResources") {
        let before = out.len();
        resource_key(name, &path, out);
        if out.len() > before {
            continue;
        }
        basic_amount(value, &path.key(name), out);
        if out.len() == before {
            resource_amount("storage", value, &path.key(name), out);
        }
    }
}

fn resource_key(name: &str, path: &Path, out: &mut Faults) {
    let faults = qualified_name(name);
    if !faults.is_empty() {
        out.spelling(path, name, faults);
    } else if is_native(name) && name != "storage" {
        out.unsupported(path, name, &["storage"]);
    }
}
