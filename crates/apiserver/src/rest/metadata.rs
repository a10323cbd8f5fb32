//! The metadata of an object: what the server reads and writes there, whatever the kind.

use crate::random;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_resource::Resource;

/// A text of the metadata; empty where there is none.
pub(crate) fn text<'o>(object: &'o Value, key: &str) -> &'o str {
    get(object, key).and_then(Value::as_str).unwrap_or_default()
}

/// A value of the metadata.
pub(crate) fn get<'o>(object: &'o Value, key: &str) -> Option<&'o Value> {
    object.field("metadata")?.field(key)
}

/// Sets a value of the metadata.
pub(crate) fn set(object: &mut Value, key: &'static str, value: Value) {
    if let Some(metadata) = object.object_at("metadata") {
        metadata.set(key, value);
    }
}

/// Removes a value of the metadata.
pub(crate) fn remove(object: &mut Value, key: &str) -> Option<Value> {
    object.object_at("metadata")?.remove(key)
}

/// The finalizers.
pub(crate) fn finalizers(object: &Value) -> Vec<String> {
    let list = get(object, "finalizers").and_then(Value::as_array).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Replaces the finalizers.
pub(crate) fn set_finalizers(object: &mut Value, finalizers: &[String]) {
    if finalizers.is_empty() {
        remove(object, "finalizers");
        return;
    }
    let list: Vec<Value> = finalizers.iter().map(|name| name.as_str().into()).collect();
    set(object, "finalizers", list.into());
}

/// Whether an object is being deleted.
pub(crate) fn is_deleting(object: &Value) -> bool {
    get(object, "deletionTimestamp").is_some()
}

/// A name made of a base: cut so that with five random characters it has at most 63.
///
/// Source: `k8s.io/apiserver/pkg/storage/names`.
pub(crate) fn generated(base: &str) -> String {
    let head: String = base.chars().take(58).collect();
    format!("{head}{}", random::suffix(5))
}

/// Puts an object into the namespace of the request, or out of any where its kind is in none.
///
/// # Errors
/// 400 where it says it is in another one.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest/meta.go` `EnsureObjectNamespaceMatchesRequestNamespace`.
pub(crate) fn ensure_namespace(
    resource: &Resource,
    namespace: &str,
    object: &mut Value,
) -> Result<(), Status> {
    let wanted = if resource.namespaced { namespace } else { "" };
    let said = text(object, "namespace");
    if said == wanted {
        return Ok(());
    }
    if said.is_empty() {
        set(object, "namespace", wanted.into());
        return Ok(());
    }
    if wanted.is_empty() {
        remove(object, "namespace");
        return Ok(());
    }
    Err(Status::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request",
    ))
}

/// Drops what only the server says of a new object.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest/meta.go` `WipeObjectMetaSystemFields`.
pub(crate) fn wipe(object: &mut Value) {
    for key in ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "uid", "selfLink"] {
        remove(object, key);
    }
}

/// When owners that stand there twice are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dedup {
    /// As the object came.
    Before,
    /// After plugins changed it, or a patch made it.
    After,
}

/// Drops owner references that stand there already, and warns of them.
///
/// Source: `k8s.io/apiserver/pkg/endpoints/handlers/rest.go` `dedupOwnerReferencesAndAddWarning`.
pub(crate) fn dedup_owners(object: &mut Value, when: Dedup, warnings: &mut Vec<String>) {
    let owners = get(object, "ownerReferences").and_then(Value::as_array).unwrap_or_default();
    if owners.len() < 2 {
        return;
    }
    let (mut kept, mut twice): (Vec<Value>, Vec<&str>) = (Vec::new(), Vec::new());
    for owner in owners {
        if kept.contains(owner) {
            twice.push(owner.field("uid").and_then(Value::as_str).unwrap_or_default());
        } else {
            kept.push(owner.clone());
        }
    }
    if twice.is_empty() {
        return;
    }
    let when = if when == Dedup::After { " after mutating admission happens" } else { "" };
    warnings.push(format!(
        ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
        twice.join(", ")
    ));
    set(object, "ownerReferences", kept.into());
}

/// Drops what Go would not write: empty mappings of labels and annotations, empty lists.
pub(crate) fn tidy(object: &mut Value) {
    let Some(metadata) = object.object_at("metadata") else { return };
    metadata.retain(|key, value| match value {
        Value::Null => false,
        Value::Object(map) => !(map.is_empty() && matches!(key, "labels" | "annotations")),
        Value::Array(list) => !list.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_stand_there_once() {
        let text = r#"{"metadata":{"ownerReferences":[{"uid":"u","name":"a"},{"uid":"u","name":"a"},{"uid":"u","name":"b"}]}}"#;
        let mut object =
            ravelin_object::read::json(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
        let mut warnings = Vec::new();
        dedup_owners(&mut object, Dedup::Before, &mut warnings);
        dedup_owners(&mut object, Dedup::After, &mut warnings);
        assert_eq!(get(&object, "ownerReferences").unwrap().as_array().unwrap().len(), 2);
        assert!(warnings.len() == 1 && warnings[0].ends_with("entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u"));
    }

    #[test]
    fn generated_names_keep_within_a_label() {
        let name = generated(&"x".repeat(80));
        assert_eq!(name.len(), 63);
        assert!(generated("a-").starts_with("a-") && generated("a-").len() == 7);
    }
}
