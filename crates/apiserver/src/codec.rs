//! How objects stand in the store: JSON of the version that is stored, without its resource version.
//!
//! Kind, API version and metadata come first, so that a stored object becomes an answer by putting its resource
//! version behind a fixed mark: reading one object, or ten thousand, decodes nothing.

use bytes::Bytes;
use ravelin_object::status::Status;
use ravelin_object::{Map, Value, append_member};
use ravelin_store::{Entry, Revision};

/// What stands in front of the members of the metadata.
const MARK: &[u8] = b"\"metadata\":{";
/// How deep stored objects may nest: deeper ones were refused when they came.
const DEPTH: usize = 10_000;

/// An object as it is stored.
pub(crate) fn encode(object: &Value) -> Bytes {
    let mut out = String::with_capacity(1024);
    out.push('{');
    let empty = Map::new();
    let map = object.as_object().unwrap_or(&empty);
    let text = |key| map.get(key).and_then(Value::as_str).unwrap_or_default();
    append_member(&mut out, true, "kind", &Value::from(text("kind")));
    append_member(&mut out, false, "apiVersion", &Value::from(text("apiVersion")));
    out.push_str(",\"metadata\":{");
    let metadata = map.get("metadata").and_then(Value::as_object).unwrap_or(&empty);
    let kept = metadata.iter().filter(|(key, _)| *key != "resourceVersion");
    for (index, (key, value)) in kept.enumerate() {
        append_member(&mut out, index == 0, key, value);
    }
    out.push('}');
    for (key, value) in map.iter().filter(|(key, _)| !matches!(*key, "kind" | "apiVersion" | "metadata")) {
        append_member(&mut out, false, key, value);
    }
    out.push('}');
    Bytes::from(out)
}

/// Appends a stored object with its resource version.
pub(crate) fn append(out: &mut Vec<u8>, stored: &[u8], revision: Revision) {
    let Some(place) = memchr::memmem::find(stored, MARK).map(|start| start + MARK.len()) else {
        out.extend_from_slice(stored);
        return;
    };
    let (head, tail) = stored.split_at(place);
    out.extend_from_slice(head);
    out.extend_from_slice(b"\"resourceVersion\":\"");
    out.extend_from_slice(revision.to_string().as_bytes());
    out.push(b'"');
    if tail.first().is_some_and(|byte| *byte != b'}') {
        out.push(b',');
    }
    out.extend_from_slice(tail);
}

/// Appends a stored object as an item of a list of its kind: without the kind, which the list says.
pub(crate) fn append_item(out: &mut Vec<u8>, stored: &[u8], revision: Revision) {
    match memchr::memmem::find(stored, MARK) {
        Some(start) => {
            out.push(b'{');
            append(out, stored.split_at(start).1, revision);
        }
        None => out.extend_from_slice(stored),
    }
}

/// What is stored, as an answer.
pub(crate) fn answer(entry: &Entry) -> Bytes {
    let mut out = Vec::with_capacity(entry.value.len() + 40);
    append(&mut out, &entry.value, entry.mod_revision);
    Bytes::from(out)
}

/// What is stored, as a value with its resource version.
///
/// # Errors
/// 500 where it is no object: the store is damaged.
pub(crate) fn decode(entry: &Entry) -> Result<Value, Status> {
    decode_at(&entry.value, entry.mod_revision)
}

/// What was stored at a revision, as a value with its resource version.
pub(crate) fn decode_at(stored: &[u8], revision: Revision) -> Result<Value, Status> {
    let limits = ravelin_yaml::Limits { depth: DEPTH, ..ravelin_yaml::Limits::STANDARD };
    let text = std::str::from_utf8(stored).map_err(|error| Status::internal(&error.to_string()))?;
    let read = ravelin_object::read::json(text, &limits);
    let mut object = read
        .ok()
        .and_then(|read| read.value)
        .ok_or_else(|| Status::internal("stored object cannot be read"))?;
    if let Some(metadata) = object.object_at("metadata") {
        metadata.set("resourceVersion", Value::from(revision.to_string()));
    }
    Ok(object)
}

/// A value with the keys of its mappings in the order of their bytes, as Go writes maps.
pub(crate) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> =
                map.into_entries().into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(Map::from_unique(entries))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: &Value, revision: Revision) -> Entry {
        Entry {
            key: "/registry/pods/ns/a".into(),
            value: encode(value),
            create_revision: 1,
            mod_revision: revision,
            expires: None,
        }
    }

    #[test]
    fn what_is_stored_comes_back_with_its_resource_version() {
        let text = r#"{"spec":{"a":["<b>",1,1.5,null,true]},"metadata":{"resourceVersion":"1","name":"\"metadata\":{"},"apiVersion":"v1","kind":"Pod"}"#;
        let value = ravelin_object::read::json(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
        let entry = entry(&value, 7);
        let stored = std::str::from_utf8(&entry.value).unwrap();
        assert!(
            stored.starts_with("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\""),
            "{stored}"
        );
        let answer = answer(&entry);
        let read: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(read["metadata"]["resourceVersion"], "7");
        assert_eq!(read["metadata"]["name"], "\"metadata\":{");
        assert_eq!(read["spec"]["a"], serde_json::json!(["<b>", 1, 1.5, null, true]));
        assert_eq!(decode(&entry).unwrap().to_json(), read);
    }
}
