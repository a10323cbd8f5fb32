//! Which persistent volumes are valid.

use super::claim::{modes, volume_mode};
use crate::access::{Fields, ordered};
use crate::diff::diff;
use crate::equality::is_equal;
use crate::internal::{converted, shown};
use crate::labels::SelectorValues;
use crate::metadata::{self, IMMUTABLE};
use crate::names::{Rule, dns_label, dns_subdomain};
use crate::path::Path;
use crate::pod::{Of, csi_driver_name, has_invalid_values, needed, node_selector, sources};
use crate::quantities::{basic_amount, positive_amount};
use crate::report::Report;
use crate::{Faults, Kind};
use ravelin_object::Value;

const VOLUME: Kind<'static> = Kind { group: "", version: "v1", kind: "PersistentVolume" };

/// The sources of volumes, as the key, what it is called where there is more than one, and where it is looked at.
const SOURCES: &[(&str, &str, &str)] = &[
    ("hostPath", "hostPath", "hostPath"),
    ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore", "awsElasticBlockStore"),
    ("glusterfs", "glusterfs", "glusterfs"),
    ("flocker", "flocker", "flocker"),
    ("nfs", "nfs", "nfs"),
    ("rbd", "rbd", "rbd"),
    ("quobyte", "quobyte", "quobyte"),
    ("cephfs", "cephFS", "cephfs"),
    ("iscsi", "iscsi", "iscsi"),
    ("cinder", "cinder", "cinder"),
    ("fc", "fc", "fc"),
    ("flexVolume", "", "flexVolume"),
    ("azureFile", "azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk", "azureDisk"),
    ("scaleIO", "scaleIO", "scaleIO"),
    ("local", "local", "local"),
    ("storageos", "storageos", "storageos"),
    ("csi", "csi", "csi"),
];

/// Where a specification of a volume stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a volume.
    Volume,
    /// In an attachment, which has no volume.
    Inline,
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidatePersistentVolume`.
pub(crate) fn create(object: &Value, out: &mut Faults) {
    whole(object, SelectorValues::Valid, out);
    plugins(object.get("spec"), out);
}

fn whole(object: &Value, values: SelectorValues, out: &mut Faults) {
    metadata::of_kind(VOLUME, false, object, out);
    let name = object.get("metadata").text("name");
    spec(object.get("spec"), name, Place::Volume, &Path::new("spec"), values, out);
}

/// What the plug-ins of volumes look at once more.
///
/// Source: `k8s.io/kubernetes/pkg/volume/validation` `ValidatePersistentVolume`.
fn plugins(spec: &Value, out: &mut Faults) {
    let path = spec.get("hostPath").text("path");
    if spec.has("hostPath") && path.split('/').any(|part| part == "..") {
        out.invalid("", path, "must not contain '..'");
    }
}

/// Source: `ValidatePersistentVolumeSpec`.
pub(crate) fn spec(
    spec: &Value,
    name: &str,
    place: Place,
    path: &Path,
    values: SelectorValues,
    out: &mut Faults,
) {
    let inline = "in the context of inline volumes";
    let is_inline = place == Place::Inline;
    if is_inline {
        for (key, is_set) in
            [("claimRef", spec.has("claimRef")), ("capacity", !spec.map("capacity").is_empty())]
        {
            if is_set {
                out.forbidden(path / key, format!("may not be specified {inline}"));
            }
        }
        if !spec.has("csi") {
            out.required(path / "csi", format!("has to be specified {inline}"));
        }
    }
    if spec.list("accessModes").is_empty() {
        out.required(path / "accessModes", "");
    }
    modes(spec, path, out);
    if !is_inline {
        capacity(spec, path, out);
    }
    reclaim_policy(spec, is_inline, path, out);
    if spec.has("nodeAffinity") {
        if is_inline {
            out.forbidden(path / "nodeAffinity", format!("may not be specified {inline}"));
        } else if spec.get("nodeAffinity").has("required") {
            let required = spec.get("nodeAffinity").get("required");
            node_selector(required, values, &(path / "nodeAffinity" / "required"), out);
        } else {
            out.required(path / "nodeAffinity" / "required", "must specify required node constraints");
        }
    }
    volume_sources(spec, name, path, out);
    if is_root(spec.get("hostPath")) && spec.text("persistentVolumeReclaimPolicy") == "Recycle" {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        out.forbidden(path / "persistentVolumeReclaimPolicy", why);
    }
    rest(spec, is_inline, path, out);
}

fn is_root(source: &Value) -> bool {
    source.text("path").starts_with('/')
        && source.text("path").split('/').fold(0_usize, |depth, part| match part {
            "" | "." => depth,
            ".." => depth.saturating_sub(1),
            _ => depth.saturating_add(1),
        }) == 0
}

fn capacity(spec: &Value, path: &Path, out: &mut Faults) {
    let entries = spec.entries("capacity");
    if entries.is_empty() {
        out.required(path / "capacity", "");
    }
    if entries.len() > 1 || !entries.iter().any(|(name, _)| *name == "storage") {
        let value = match ordered(spec.get("capacity")) {
            Value::Object(map) => Value::Object(
                map.iter()
                    .map(|(key, value)| {
                        (key.into(), Value::from(crate::quantities::amount(value).to_string()))
                    })
                    .collect(),
            ),
            _ => Value::Null,
        };
        out.unsupported(path / "capacity", value, &["storage"]);
    }
    for (name, value) in entries {
        let path = (path / "capacity").key(name);
        basic_amount(value, &path, out);
        positive_amount(value, &path, out);
    }
}

fn reclaim_policy(spec: &Value, is_inline: bool, path: &Path, out: &mut Faults) {
    let path = path / "persistentVolumeReclaimPolicy";
    match spec.text("persistentVolumeReclaimPolicy") {
        "" | "Retain" => {}
        _ if is_inline => out.forbidden(path, "may only be Retain in the context of inline volumes"),
        "Delete" | "Recycle" => {}
        other => out.unsupported(path, other, &["Delete", "Recycle", "Retain"]),
    }
}

fn volume_sources(spec: &Value, name: &str, path: &Path, out: &mut Faults) {
    let mut is_found = false;
    for (key, second, place) in SOURCES.iter().filter(|(key, _, _)| spec.has(key)) {
        if is_found && !second.is_empty() {
            out.forbidden(path / *second, "may not specify more than 1 volume type");
            continue;
        }
        is_found = true;
        if *key == "csi" {
            csi(spec.get("csi"), &(path / "csi"), out);
        } else {
            sources(key, spec.get(key), &(path / *place), Of::Volume(name), out);
        }
        if *key == "local" && !spec.has("nodeAffinity") {
            out.required(path / "nodeAffinity", "Local volume requires node affinity");
        }
    }
    if !is_found {
        out.required(path, "must specify a volume type");
    }
}

fn csi(source: &Value, path: &Path, out: &mut Faults) {
    csi_driver_name(source.text("driver"), &(path / "driver"), out);
    needed(source, &["volumeHandle"], path, out);
    let keys = [
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    ];
    for key in keys.into_iter().filter(|key| source.has(key)) {
        let path = path / key;
        let rules: [(&str, Rule); 2] = [("name", dns_subdomain), ("namespace", dns_label)];
        for (part, rule) in rules {
            let text = source.get(key).text(part);
            if text.is_empty() {
                out.required(&path / part, "");
            } else {
                out.spelling(&path / part, text, rule(text));
            }
        }
    }
}

fn rest(spec: &Value, is_inline: bool, path: &Path, out: &mut Faults) {
    let class = spec.text("storageClassName");
    if !class.is_empty() {
        if is_inline {
            let why = "may not be specified in the context of inline volumes";
            out.forbidden(path / "storageClassName", why);
        } else {
            out.spelling(path / "storageClassName", class, dns_subdomain(class));
        }
    }
    if !is_inline {
        volume_mode(spec, path, out);
    } else if !matches!(spec.text_opt("volumeMode"), None | Some("Filesystem")) {
        let why = "may not specify volumeMode other than Filesystem in the context of inline volumes";
        out.forbidden(path / "volumeMode", why);
    }
    if let Some(class) = spec.text_opt("volumeAttributesClassName") {
        let own = path / "volumeAttributesClassName";
        if class.is_empty() {
            out.required(own, "an empty string is disallowed");
        } else {
            out.spelling(own, class, dns_subdomain(class));
        }
        if !spec.has("csi") {
            out.required(path / "csi", "has to be specified when using volumeAttributesClassName");
        }
    }
}

/// Source: `ValidatePersistentVolumeUpdate`, `ValidatePersistentVolumeStatusUpdate`.
pub(crate) fn update(subresource: Option<&str>, new: &Value, old: &Value, out: &mut Faults) {
    if subresource == Some("status") {
        metadata::changed_own(new, old, out);
        if new.get("metadata").text("resourceVersion").is_empty() {
            out.required("resourceVersion", "");
        }
        return;
    }
    let (new_spec, old_spec) = (new.get("spec"), old.get("spec"));
    let has_invalid = has_invalid_values(old_spec.get("nodeAffinity").get("required"));
    let values = if has_invalid { SelectorValues::Any } else { SelectorValues::Valid };
    whole(new, values, out);
    plugins(new_spec, out);
    whole(new, values, out);
    let mut munged = new_spec.clone();
    let key = "controllerExpandSecretRef";
    let is_first = old_spec.has("csi") && !old_spec.get("csi").has(key);
    if let Some(map) = munged.field_mut("csi").and_then(Value::as_object_mut).filter(|_| is_first) {
        map.remove(key);
    }
    if SOURCES.iter().any(|(key, _, _)| !is_equal(key, munged.get(key), old_spec.get(key))) {
        let kind = "PersistentVolumeSource";
        let changes = diff(&converted(kind, old_spec), &converted(kind, &munged));
        let why = format!("spec.persistentvolumesource is immutable after creation\n{changes}");
        out.forbidden("spec.persistentvolumesource", why);
    }
    if new_spec.get("volumeMode") != old_spec.get("volumeMode") {
        out.invalid("volumeMode", new_spec.get("volumeMode"), IMMUTABLE);
    }
    node_affinity(new_spec, old_spec, out);
    let class = "volumeAttributesClassName";
    if old_spec.has(class) && !new_spec.has(class) {
        out.forbidden(Path::new("spec") / class, "update from non-nil value to nil is forbidden");
    }
}

/// Node affinity may not change, but for labels that have other names since they are stable.
fn node_affinity(new: &Value, old: &Value, out: &mut Faults) {
    if !old.has("nodeAffinity") {
        return;
    }
    let mut expected = old.get("nodeAffinity").clone();
    let terms = |value: &Value| value.get("required").list("nodeSelectorTerms").to_vec();
    let new_terms = terms(new.get("nodeAffinity"));
    if let Some(items) = expected
        .field_mut("required")
        .and_then(|required| required.field_mut("nodeSelectorTerms"))
        .and_then(Value::as_array_mut)
    {
        for (term, new_term) in items.iter_mut().zip(&new_terms) {
            for list in ["matchExpressions", "matchFields"] {
                let requirements = term.field_mut(list).and_then(Value::as_array_mut);
                for (old, new) in requirements.into_iter().flatten().zip(new_term.list(list)) {
                    let is_stable = stable(old.text("key")) == Some(new.text("key"));
                    if let Some(map) = old.as_object_mut().filter(|_| is_stable) {
                        map.set("key", Value::from(new.text("key")));
                    }
                }
            }
        }
    }
    if !is_equal("nodeAffinity", new.get("nodeAffinity"), &expected) {
        let value = match new.get("nodeAffinity") {
            Value::Null => "null".to_owned(),
            affinity => shown("VolumeNodeAffinity", affinity),
        };
        out.invalid_shown(
            "nodeAffinity",
            value,
            format!("{IMMUTABLE}, except for updating from beta label to GA"),
        );
    }
}

fn stable(label: &str) -> Option<&'static str> {
    match label {
        "failure-domain.beta.kubernetes.io/zone" => Some("topology.kubernetes.io/zone"),
        "failure-domain.beta.kubernetes.io/region" => Some("topology.kubernetes.io/region"),
        "beta.kubernetes.io/os" => Some("kubernetes.io/os"),
        "beta.kubernetes.io/arch" => Some("kubernetes.io/arch"),
        "beta.kubernetes.io/instance-type" => Some("node.kubernetes.io/instance-type"),
        _ => None,
    }
}
