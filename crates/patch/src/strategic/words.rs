//! What upstream says about patches that it cannot apply.

use crate::PatchError;
use crate::go_text;
use ravelin_object::{Map, Value};

pub(super) fn plain(words: &str) -> PatchError {
    PatchError::Plain(words.to_owned())
}

/// `expected a map[string]interface {}, but received a string`.
pub(super) fn wrong_type(expected: &str, actual: &Value) -> PatchError {
    PatchError::Plain(format!("expected a {expected}, but received a {}", type_name(actual)))
}

pub(super) const MAP: &str = "map[string]interface {}";
pub(super) const LIST: &str = "[]interface {}";

/// The type of a value as Go names it.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::UInt(_) | Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => LIST,
        Value::Object(_) => MAP,
    }
}

pub(super) fn no_merge_key(map: &Map, key: &str) -> PatchError {
    let map = go_text(&Value::Object(map.clone()));
    PatchError::Plain(format!("map: {map} does not contain declared merge key: {key}"))
}

/// `unknown patch type: merge in map: map[$patch:merge]`.
pub(super) fn unknown_directive(directive: &Value, map: &Map) -> PatchError {
    let shown = match directive {
        Value::String(text) => text.to_string(),
        Value::Null => "%!s(<nil>)".to_owned(),
        Value::Array(_) | Value::Object(_) => go_text(directive),
        scalar => format!("%!s({}={})", type_name(scalar), go_text(scalar)),
    };
    let map = go_text(&Value::Object(map.clone()));
    PatchError::Plain(format!("unknown patch type: {shown} in map: {map}"))
}
