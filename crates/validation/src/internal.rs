//! How values look inside of the API server, where its messages show them so: `{"Name":"a","Key":null}`.
//!
//! Upstream validates objects of its internal types, which have no names for JSON: fields appear by the names they have
//! in Go, in the order of their declaration, all of them. `internal.txt` lists those types: a line for each, with the name
//! of the type and three words for each field, its name in Go, its name in JSON (`^` where the object around has it)
//! and its kind.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/*/types.go` v1.36.

use crate::access::{Fields, ordered};
use crate::quantities::quantity;
use ravelin_object::json_text;
use ravelin_object::{Map, Value};

const TYPES: &str = include_str!("internal.txt");

/// A value as the JSON of an internal type.
pub(crate) fn shown(type_name: &str, value: &Value) -> String {
    json_text(&converted(type_name, value))
}

/// A value as an internal type, as it would be written.
pub(crate) fn converted(type_name: &str, value: &Value) -> Value {
    of_type(type_name, value, &crate::NOTHING, 0)
}

/// How deep types are followed.
const DEPTH: usize = 32;

fn of_type(name: &str, value: &Value, around: &Value, depth: usize) -> Value {
    let line = TYPES.lines().find(|line| line.split(' ').next() == Some(name));
    let Some(line) = line.filter(|_| depth < DEPTH) else {
        return ordered(value);
    };
    let mut words = line.split(' ').skip(1);
    let mut map = Map::new();
    while let (Some(field), Some(key), Some(kind)) = (words.next(), words.next(), words.next()) {
        let (inner, kind) = match kind.strip_suffix('?') {
            Some(kind) => match value.dotted(key) {
                Some(inner) if !is_zero(inner) => (inner, kind),
                _ => continue,
            },
            None => match key.strip_prefix('^') {
                Some(key) => (around.get(key), kind),
                None => (value.get(key), kind),
            },
        };
        // Where a pod has no security context, upstream makes one.
        let kind = if kind == "*PodSecurityContext" { "PodSecurityContext" } else { kind };
        map.set(field, of_kind(kind, inner, value, depth));
    }
    Value::Object(map)
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn of_kind(kind: &str, value: &Value, around: &Value, depth: usize) -> Value {
    if let Some(inner) = kind.strip_prefix('*') {
        return if matches!(value, Value::Null) { Value::Null } else { of_kind(inner, value, around, depth) };
    }
    let deeper = depth.saturating_add(1);
    if let Some(inner) = kind.strip_prefix("[]") {
        return match value {
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| of_kind(inner, item, around, deeper)).collect())
            }
            _ => Value::Null,
        };
    }
    if let Some(inner) = kind.strip_prefix("{}") {
        return match ordered(value) {
            Value::Object(map) => Value::Object(
                map.iter().map(|(key, value)| (key.into(), of_kind(inner, value, around, deeper))).collect(),
            ),
            _ => Value::Null,
        };
    }
    match (kind, value) {
        ("s", Value::Null) => Value::from(""),
        ("b", Value::Null) => Value::from(false),
        ("n" | "i", Value::Null) => Value::from(0),
        ("q", _) => {
            quantity(value).map_or_else(|| Value::from("0"), |amount| Value::from(amount.to_string()))
        }
        ("s" | "b" | "n" | "i" | "t" | "y", other) => other.clone(),
        (name, other) => of_type(name, other, around, deeper),
    }
}
