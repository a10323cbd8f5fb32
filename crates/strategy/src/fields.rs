//! Reading and writing fields of an object, with Go's zero values: what is absent, null or empty reads alike.
//!
//! Nothing here fails: a value of a wrong type reads as the zero value and is left as it is.

use ravelin_object::{Map, Value};

/// The text at a dotted path; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.dotted(path).and_then(Value::as_str).unwrap_or_default()
}

/// The boolean at a dotted path; false where there is none.
pub(crate) fn flag(value: &Value, path: &str) -> bool {
    value.dotted(path).and_then(Value::as_bool).unwrap_or_default()
}

/// The integer at a dotted path; zero where there is none.
pub(crate) fn int(value: &Value, path: &str) -> i64 {
    value.dotted(path).and_then(Value::as_int).unwrap_or_default()
}

/// The items at a dotted path; none where there is no list.
pub(crate) fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.dotted(path).and_then(Value::as_array).unwrap_or_default()
}

/// The entries of the mapping at a dotted path; none where there is no mapping.
pub(crate) fn entries<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    value.dotted(path).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// Whether a pointer at a dotted path is nil.
pub(crate) fn is_nil(value: &Value, path: &str) -> bool {
    value.dotted(path).is_none()
}

/// The value at a dotted path, for change.
pub(crate) fn at_mut<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(value, |value, key| value.field_mut(key))
}

/// The items at a dotted path, for change.
pub(crate) fn items_mut<'a>(value: &'a mut Value, path: &str) -> impl Iterator<Item = &'a mut Value> {
    at_mut(value, path).and_then(Value::as_array_mut).into_iter().flatten()
}

/// The struct at `key`, made where there is none; nothing where something else stands there.
pub(crate) fn struct_at<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    let map = value.as_object_mut()?;
    if matches!(map.get(key), None | Some(Value::Null)) {
        map.set(key, Value::Object(Map::new()));
    }
    map.get_mut(key).filter(|child| child.as_object().is_some())
}

/// The struct behind a dotted path, made where there is none.
pub(crate) fn struct_path<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(value, struct_at)
}

/// Sets a field.
pub(crate) fn set(value: &mut Value, key: &str, new: impl Into<Value>) {
    if let Some(map) = value.as_object_mut() {
        map.set(key, new.into());
    }
}

/// Takes a field away.
pub(crate) fn remove(value: &mut Value, key: &str) {
    if let Some(map) = value.as_object_mut() {
        map.remove(key);
    }
}

/// Makes a field of `to` what it is in `from`, absent where it is absent there.
pub(crate) fn copy(to: &mut Value, from: &Value, key: &str) {
    let Some(map) = to.as_object_mut() else { return };
    match from.as_object().and_then(|from| from.get(key)) {
        Some(value) => map.set(key, value.clone()),
        None => {
            map.remove(key);
        }
    }
}

/// Sets a pointer that is nil.
pub(crate) fn default(value: &mut Value, key: &str, new: impl Into<Value>) {
    if value.as_object().is_some() && value.field(key).is_none() {
        set(value, key, new);
    }
}

/// Sets a text that is empty.
pub(crate) fn default_text(value: &mut Value, key: &str, new: &str) {
    let is_empty = value.field(key).is_none_or(|old| old.as_str() == Some(""));
    if value.as_object().is_some() && is_empty {
        set(value, key, new);
    }
}

/// Sets a number that is zero.
pub(crate) fn default_int(value: &mut Value, key: &str, new: i64) {
    let is_zero = value.field(key).is_none_or(|old| old.as_int() == Some(0));
    if value.as_object().is_some() && is_zero {
        set(value, key, new);
    }
}

/// Sets a number, or takes it away where it is zero and Go omits it.
pub(crate) fn set_int_or_omit(value: &mut Value, key: &str, new: i64) {
    if new == 0 {
        remove(value, key);
    } else {
        set(value, key, new);
    }
}

/// A mapping of entries.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(Map::from_unique(fields.into_iter().map(|(key, value)| (key.into(), value)).collect()))
}

/// An empty struct.
pub(crate) fn empty() -> Value {
    Value::Object(Map::new())
}

/// An annotation, if it is there.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.dotted("metadata.annotations")?.field(key).map(|value| value.as_str().unwrap_or_default())
}

/// A label, if it is there.
pub(crate) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.dotted("metadata.labels")?.field(key).map(|value| value.as_str().unwrap_or_default())
}

/// Takes annotations away, and the mapping with the last of them.
pub(crate) fn drop_annotations(object: &mut Value, keys: &[&str]) {
    let Some(metadata) = object.field_mut("metadata") else { return };
    let Some(annotations) = metadata.field_mut("annotations").and_then(Value::as_object_mut) else { return };
    annotations.retain(|key, _| !keys.contains(&key));
    if annotations.is_empty() {
        remove(metadata, "annotations");
    }
}

/// Sets an annotation.
pub(crate) fn set_annotation(object: &mut Value, key: &str, text: impl Into<Value>) {
    if let Some(annotations) = struct_path(object, "metadata.annotations") {
        set(annotations, key, text);
    }
}

/// `metadata.generation`; zero where it is absent.
pub(crate) fn generation(object: &Value) -> i64 {
    int(object, "metadata.generation")
}

/// Sets `metadata.generation`, which is omitted where it is zero.
pub(crate) fn set_generation(object: &mut Value, generation: i64) {
    if let Some(metadata) = struct_at(object, "metadata") {
        set_int_or_omit(metadata, "generation", generation);
    }
}

/// What `metav1.ResetObjectMetaForStatus` keeps of the old metadata when only the status is updated.
pub(crate) fn reset_metadata_for_status(object: &mut Value, old: &Value) {
    let nothing = empty();
    let old = old.field("metadata").unwrap_or(&nothing);
    let Some(metadata) = struct_at(object, "metadata") else { return };
    for key in [
        "deletionTimestamp",
        "generation",
        "selfLink",
        "labels",
        "annotations",
        "finalizers",
        "ownerReferences",
    ] {
        copy(metadata, old, key);
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use ravelin_object::Value;

    /// A value with the keys of every mapping in order.
    pub(crate) fn sorted(value: Value) -> Value {
        from_json(&value.to_json())
    }

    /// A value from JSON text.
    pub(crate) fn value(text: &str) -> Value {
        from_json(&serde_json::from_str(text).unwrap())
    }

    /// A value from parsed JSON.
    pub(crate) fn from_json(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(flag) => Value::Bool(*flag),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(number) => Value::Int(number),
                None => Value::Float(number.as_f64().unwrap()),
            },
            serde_json::Value::String(text) => Value::String(text.as_str().into()),
            serde_json::Value::Array(items) => Value::Array(items.iter().map(from_json).collect()),
            serde_json::Value::Object(map) => map
                .iter()
                .map(|(key, value)| (key.as_str().into(), from_json(value)))
                .collect::<ravelin_object::Map>()
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::value;
    use super::*;

    #[test]
    fn zero_values_read_alike() {
        for object in ["{}", r#"{"a":null}"#, r#"{"a":""}"#, "[]", "1"] {
            assert_eq!(text(&value(object), "a"), "");
            assert_eq!((int(&value(object), "a"), flag(&value(object), "a")), (0, false));
        }
    }

    #[test]
    fn defaults_fill_only_what_is_empty_and_leave_what_is_no_struct() {
        let mut object = value(r#"{"a":"","b":"x","c":null,"d":0}"#);
        default_text(&mut object, "a", "new");
        default_text(&mut object, "b", "new");
        default(&mut object, "c", 1);
        default_int(&mut object, "d", 2);
        assert_eq!(object, value(r#"{"a":"new","b":"x","c":1,"d":2}"#));
        let mut text = Value::from("x");
        default_text(&mut text, "a", "new");
        assert_eq!(text, Value::from("x"));
    }

    #[test]
    fn a_struct_is_not_made_where_something_else_stands() {
        let mut object = value(r#"{"spec":"text"}"#);
        assert_eq!(struct_path(&mut object, "spec.x"), None);
        assert_eq!(object, value(r#"{"spec":"text"}"#));
        assert!(struct_path(&mut object, "status.x").is_some());
        assert_eq!(object, value(r#"{"spec":"text","status":{"x":{}}}"#));
    }

    #[test]
    fn the_last_annotation_takes_the_mapping_along() {
        let mut object = value(r#"{"metadata":{"annotations":{"a":"1"}}}"#);
        drop_annotations(&mut object, &["a"]);
        assert_eq!(object, value(r#"{"metadata":{}}"#));
    }
}
