//! Which metadata of objects is valid, when they are made and when they change.

use crate::access::{Fields, list_of, ordered};
use crate::equality::{is_equal, or_null};
use crate::labels::{annotations, labels};
use crate::names::{Spelling, longest, qualified_name};
use crate::path::Path;
use crate::report::Report;
use crate::{Faults, Kind};
use ravelin_object::fault::Fault;
use ravelin_object::selector::quoted;
use ravelin_object::{Map, Value};
use std::collections::BTreeSet;

/// What is said of a field that may not change.
pub(crate) const IMMUTABLE: &str = "field is immutable";

/// What is wrong with the metadata of an object that is made, the name being spelled as its kind wants.
///
/// For kinds whose strategy does not look at metadata (`PodDisruptionBudget`, those of other API servers) the name has to
/// be a segment of a path, as for every object.
///
/// Source: `k8s.io/apimachinery/pkg/api/validation` `ValidateObjectMeta`, and `k8s.io/kubernetes/pkg/apis/*/validation`
/// for the spelling of names.
#[must_use]
pub fn metadata(kind: Kind<'_>, namespaced: bool, object: &Value) -> Vec<Fault> {
    let rules = rules(kind);
    let mut out = Vec::new();
    created(object, namespaced, &rules, &mut out);
    out
}

/// What is wrong with the metadata of an object of any kind: what the API server looks at last, and answers only where
/// the strategy of the kind found nothing.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest` `BeforeCreate`.
#[must_use]
pub fn metadata_common(namespaced: bool, object: &Value) -> Vec<Fault> {
    let mut out = Vec::new();
    created(
        object,
        namespaced,
        &Rules { spelling: Spelling::Segment, own: Own::No, prefix: Prefix::Checked },
        &mut out,
    );
    out
}

/// What is wrong with how the metadata of an object changes. The API server asks this of every kind before
/// [`crate::update`], which for most kinds asks it again: the same fault is then a cause twice, but stands once in the
/// message.
///
/// Source: `k8s.io/apimachinery/pkg/api/validation` `ValidateObjectMetaUpdate`; `k8s.io/apiserver/pkg/registry/rest`
/// `validateCommonFields`.
#[must_use]
pub fn metadata_update(new: &Value, old: &Value) -> Vec<Fault> {
    let mut out = Vec::new();
    changed(new, old, &mut out);
    out
}

/// What is wrong with how the metadata of an object changes, as the strategy of its kind looks at it.
#[must_use]
pub fn metadata_update_of_kind(kind: Kind<'_>, new: &Value, old: &Value) -> Vec<Fault> {
    let mut out = Vec::new();
    changed_of_kind(kind, new, old, &mut out);
    out
}

/// How the metadata of a kind is looked at.
pub(crate) struct Rules {
    spelling: Spelling,
    own: Own,
    prefix: Prefix,
}

/// Whether finalizers without a domain have to be Kubernetes' own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    Yes,
    No,
}

/// Whether `generateName` is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Checked,
    Ignored,
}

fn rules(kind: Kind<'_>) -> Rules {
    let spelling = match (kind.group, kind.kind) {
        ("rbac.authorization.k8s.io", _) | ("policy", _) => Spelling::Segment,
        ("certificates.k8s.io", "CertificateSigningRequest") => Spelling::Any,
        ("", "Namespace" | "Service") => Spelling::Label,
        _ => Spelling::Subdomain,
    };
    let own = match kind.group {
        "admissionregistration.k8s.io" | "coordination.k8s.io" | "node.k8s.io" | "policy" => Own::No,
        _ => Own::Yes,
    };
    let prefix = match (kind.group, kind.kind) {
        ("", "ReplicationController") | ("resource.k8s.io", "DeviceClass") => Prefix::Ignored,
        _ => Prefix::Checked,
    };
    Rules { spelling, own, prefix }
}

/// Metadata as the strategy of a kind looks at it.
pub(crate) fn of_kind(kind: Kind<'_>, namespaced: bool, object: &Value, out: &mut Faults) {
    created(object, namespaced, &rules(kind), out);
}

/// Metadata whose name another function judges.
pub(crate) fn with_name(
    object: &Value,
    namespaced: bool,
    names: &dyn Fn(&str, bool) -> Vec<String>,
    out: &mut Faults,
) {
    let path = Path::new("metadata");
    let meta = object.get("metadata");
    generate_name(meta, &path, names, out);
    name(meta, &path, names, out);
    common(meta, &path, namespaced, out);
    own_finalizers(meta, &path, out);
}

fn created(object: &Value, namespaced: bool, rules: &Rules, out: &mut Faults) {
    let path = Path::new("metadata");
    let meta = object.get("metadata");
    let names = |name: &str, is_prefix: bool| rules.spelling.faults(name, is_prefix);
    match rules.prefix {
        Prefix::Checked => generate_name(meta, &path, &names, out),
        Prefix::Ignored if !meta.text("generateName").is_empty() && meta.text("name").is_empty() => {
            let prefix = quoted(meta.text("generateName"));
            let why = format!("generateName was specified ({prefix}), but no name was generated");
            out.push(Fault::internal(&path / "name", why));
        }
        Prefix::Ignored => {}
    }
    name(meta, &path, &names, out);
    common(meta, &path, namespaced, out);
    if rules.own == Own::Yes {
        own_finalizers(meta, &path, out);
    }
}

fn generate_name(meta: &Value, path: &Path, names: &dyn Fn(&str, bool) -> Vec<String>, out: &mut Faults) {
    let prefix = meta.text("generateName");
    if !prefix.is_empty() {
        out.spelling(path / "generateName", prefix, names(prefix, true));
    }
}

fn name(meta: &Value, path: &Path, names: &dyn Fn(&str, bool) -> Vec<String>, out: &mut Faults) {
    let name = meta.text("name");
    if name.is_empty() {
        out.required(path / "name", "name or generateName is required");
    } else {
        out.spelling(path / "name", name, names(name, false));
    }
}

/// Source: `validateObjectMetaAccessorWithOptsCommon`.
fn common(meta: &Value, path: &Path, namespaced: bool, out: &mut Faults) {
    let namespace = meta.text("namespace");
    if !namespaced {
        if !namespace.is_empty() {
            out.forbidden(path / "namespace", "not allowed on this type");
        }
    } else if namespace.is_empty() {
        out.required(path / "namespace", "");
    } else {
        out.spelling(path / "namespace", namespace, Spelling::Label.faults(namespace, false));
    }
    out.negative(path / "generation", meta.int("generation"));
    labels(&(path / "labels"), meta, "labels", out);
    annotations(&(path / "annotations"), meta, out);
    owners(meta, &(path / "ownerReferences"), out);
    finalizers(meta, &(path / "finalizers"), out);
    managed_fields(meta, &(path / "managedFields"), out);
}

fn finalizers(meta: &Value, path: &Path, out: &mut Faults) {
    let names = meta.texts("finalizers");
    for name in &names {
        out.spelling(path, name, qualified_name(name));
    }
    if names.contains(&"orphan") && names.contains(&"foregroundDeletion") {
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        out.invalid(path, list_of(&names), why);
    }
}

/// Finalizers without a domain are Kubernetes' own.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `validateKubeFinalizerName`.
pub(crate) fn own_finalizer(name: &str, path: &Path, out: &mut Faults) {
    if !name.contains('/') && !matches!(name, "kubernetes" | "orphan" | "foregroundDeletion") {
        out.invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified");
    }
}

fn own_finalizers(meta: &Value, path: &Path, out: &mut Faults) {
    for (index, name) in meta.texts("finalizers").into_iter().enumerate() {
        own_finalizer(name, &(path / "finalizers" / index), out);
    }
}

fn owners(meta: &Value, path: &Path, out: &mut Faults) {
    let references = meta.list("ownerReferences");
    let mut controller = None;
    for reference in references {
        owner(reference, path, out);
        if !reference.flag("controller") {
            continue;
        }
        let current = format!("{}/{}", reference.text("kind"), reference.text("name"));
        match &controller {
            None => controller = Some(current),
            Some(first) => {
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {current}"
                );
                out.invalid(path, Value::Array(references.iter().map(owner_shown).collect()), why);
            }
        }
    }
}

fn owner(reference: &Value, path: &Path, out: &mut Faults) {
    let api_version = reference.text("apiVersion");
    let (group, version) = match api_version.split_once('/') {
        None => ("", api_version),
        Some((_, version)) if version.contains('/') => ("", ""),
        Some(parts) => parts,
    };
    if version.is_empty() {
        out.invalid(path / "apiVersion", api_version, "version must not be empty");
    }
    for key in ["kind", "name", "uid"] {
        if reference.text(key).is_empty() {
            out.invalid(path / key, reference.text(key), "must not be empty");
        }
    }
    if group.is_empty() && version == "v1" && reference.text("kind") == "Event" {
        out.invalid(path, owner_shown(reference), "/v1, Kind=Event is disallowed from being an owner");
    }
}

/// A reference as upstream's type writes itself.
fn owner_shown(reference: &Value) -> Value {
    let mut map = Map::new();
    for key in ["apiVersion", "kind", "name", "uid"] {
        map.set(key, Value::from(reference.text(key)));
    }
    for key in ["controller", "blockOwnerDeletion"] {
        if let Some(value) = reference.flag_opt(key) {
            map.set(key, Value::from(value));
        }
    }
    Value::Object(map)
}

/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1/validation` `ValidateManagedFields`.
fn managed_fields(meta: &Value, path: &Path, out: &mut Faults) {
    for (index, entry) in meta.list("managedFields").iter().enumerate() {
        let path = path / index;
        if !matches!(entry.text("operation"), "Apply" | "Update") {
            out.invalid(&path / "operation", entry.text("operation"), "must be `Apply` or `Update`");
        }
        if !matches!(entry.text("fieldsType"), "" | "FieldsV1") {
            out.invalid(&path / "fieldsType", entry.text("fieldsType"), "must be `FieldsV1`");
        }
        let manager = entry.text("manager");
        if manager.len() > 128 {
            out.push(Fault::too_long(&path / "manager", 128));
        }
        for (at, letter) in manager.char_indices() {
            if letter.is_control() || (letter.is_whitespace() && letter != ' ') {
                let why = format!("invalid character U+{:04X} (at position {at})", u32::from(letter));
                out.invalid(&path / "manager", manager, why);
            }
        }
        if entry.text("subresource").len() > 256 {
            out.push(Fault::too_long(&path / "subresource", 256));
        }
    }
}

/// Metadata of a kind that changes.
pub(crate) fn changed_of_kind(kind: Kind<'_>, new: &Value, old: &Value, out: &mut Faults) {
    changed(new, old, out);
    if rules(kind).own == Own::Yes {
        own_finalizers(new.get("metadata"), &Path::new("metadata"), out);
    }
}

/// Metadata that changes, as the strategies of Kubernetes' own kinds look at it.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateObjectMetaUpdate`.
pub(crate) fn changed_own(new: &Value, old: &Value, out: &mut Faults) {
    changed(new, old, out);
    own_finalizers(new.get("metadata"), &Path::new("metadata"), out);
}

/// Source: `ValidateObjectMetaAccessorUpdate`.
pub(crate) fn changed(new: &Value, old: &Value, out: &mut Faults) {
    let path = Path::new("metadata");
    let (new, old) = (new.get("metadata"), old.get("metadata"));
    if old.has("deletionTimestamp") {
        no_new_finalizers(new, old, &(&path / "finalizers"), out);
    }
    if new.text("resourceVersion").is_empty() {
        out.invalid(&path / "resourceVersion", "", "must be specified for an update");
    }
    if new.int("generation") < old.int("generation") {
        out.invalid(&path / "generation", new.int("generation"), "must not be decremented");
    }
    for key in ["name", "namespace", "uid"] {
        if new.text(key) != old.text(key) {
            out.invalid(&path / key, new.text(key), IMMUTABLE);
        }
    }
    for key in ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        unchanged(new, old, key, &path, out);
    }
    labels(&(&path / "labels"), new, "labels", out);
    annotations(&(&path / "annotations"), new, out);
    owners(new, &(&path / "ownerReferences"), out);
    managed_fields(new, &(&path / "managedFields"), out);
}

fn no_new_finalizers(new: &Value, old: &Value, path: &Path, out: &mut Faults) {
    let kept: BTreeSet<&str> = old.texts("finalizers").into_iter().collect();
    let added: BTreeSet<&str> =
        new.texts("finalizers").into_iter().filter(|name| !kept.contains(name)).collect();
    if !added.is_empty() {
        let names: Vec<String> = added.into_iter().map(quoted).collect();
        let why = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            names.join(", ")
        );
        out.forbidden(path, why);
    }
}

/// A field of two objects that may not change.
///
/// Source: `ValidateImmutableField`.
pub(crate) fn unchanged(new: &Value, old: &Value, key: &str, path: &Path, out: &mut Faults) {
    if !is_equal(key, new.get(key), old.get(key)) {
        out.invalid(path / key, ordered(or_null(new.get(key))), IMMUTABLE);
    }
}

/// `must be no more than 52 characters` of the name of an object.
pub(crate) fn name_at_most(object: &Value, most: usize, out: &mut Faults) {
    let name = object.get("metadata").text("name");
    if name.len() > most {
        out.invalid(Path::new("metadata") / "name", name, longest(most));
    }
}
