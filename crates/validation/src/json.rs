//! JSON inside of texts: annotations and secrets.

use ravelin_object::{Map, Value};

/// The value that a JSON text is.
///
/// # Errors
/// What is wrong, in the words of Go's decoder where they are simple.
pub(crate) fn parsed(text: &str) -> Result<Value, String> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => Ok(converted(&value)),
        Err(error) => Err(crate::go_json::error(text).unwrap_or_else(|| error.to_string())),
    }
}

fn converted(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or_default()), Value::Int)
        }
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(converted).collect()),
        serde_json::Value::Object(map) => Value::Object(Map::from_iter(
            map.iter().map(|(key, value)| (key.as_str().into(), converted(value))),
        )),
    }
}

/// What Go calls a value in errors of its decoder.
pub(crate) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
