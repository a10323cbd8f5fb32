//! What becomes of an object in storage: protobuf does not tell an empty list from an absent one, and knows no kinds.

use crate::schemas::{SchemaRef, Schemas};
use crate::types::{Shape, TypeRef, Types};
use ravelin_object::Value;

/// An object as the API server gives it back: it is stored as protobuf, where empty lists and mappings are nothing, so
/// that `rules: []` of a role comes back as `rules: null`, and `kind` and `apiVersion` of objects within objects are not
/// kept. Of what [`super::decode`] wrote; custom resource
/// definitions, which are stored as JSON, are not to be given here.
///
/// Source: the generated `Marshal` and `Unmarshal` of `k8s.io/api`.
#[must_use]
pub fn stored(schemas: &Schemas, schema: SchemaRef, mut value: Value) -> Value {
    let meta = |key: &str| value.field(key).cloned();
    let (api_version, kind) = (meta("apiVersion"), meta("kind"));
    if let Some(of) = schemas.at(schema).go() {
        visit(&schemas.types, of, &mut value);
    }
    if let Value::Object(map) = &mut value {
        for (key, text) in [("apiVersion", api_version), ("kind", kind)] {
            if let Some(text) = text {
                map.set(key, text);
            }
        }
    }
    value
}

fn visit(types: &Types, of: TypeRef, value: &mut Value) {
    match (&types.at(of).shape, value) {
        // A list with a name of its own is a message of its own, and is there even if it is empty.
        (Shape::List(_), Value::Array(items)) if items.is_empty() && has_name(types, of) => {}
        (Shape::List(_), slot @ Value::Array(_)) if slot.as_array().is_some_and(<[Value]>::is_empty) => {
            *slot = Value::Null;
        }
        (Shape::Map(_), slot @ Value::Object(_)) if slot.as_object().is_some_and(|map| map.is_empty()) => {
            *slot = Value::Null;
        }
        (Shape::List(item), Value::Array(items)) => {
            for value in items {
                visit(types, *item, value);
            }
        }
        (Shape::Map(values), Value::Object(map)) => {
            for (_, value) in map.iter_mut() {
                match (&types.at(*values).shape, &value) {
                    // No value of a mapping is nothing.
                    (Shape::Bytes, Value::Null) => *value = Value::from(""),
                    (Shape::List(_), Value::Null) if has_name(types, *values) => *value = Vec::new().into(),
                    _ => visit(types, *values, value),
                }
            }
        }
        (Shape::Pointer(target), value) => visit(types, *target, value),
        (Shape::Struct(fields), Value::Object(map)) => {
            for field in fields {
                if field.through == ["TypeMeta"] {
                    map.remove(field.key);
                } else if let Some(value) = map.get_mut(field.key) {
                    visit(types, field.of, value);
                }
            }
        }
        _ => {}
    }
}

fn has_name(types: &Types, of: TypeRef) -> bool {
    !types.at(of).text.starts_with('[')
}
