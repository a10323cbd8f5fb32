//! The data of the table: what the API server of Kubernetes v1.36 publishes of itself, and Go's types behind it.
//!
//! Written by `cargo xtask resources`, never by hand.

use compact_str::CompactString;
use ravelin_object::{Map, Value, read};
use ravelin_yaml::Limits;

/// One resource a line, in the order of discovery.
pub(crate) const RESOURCES: &str = include_str!("data/resources.jsonl");

/// One schema a line: its name, and what OpenAPI says of it; a `$ref` is a name.
pub(crate) const SCHEMAS: &str = include_str!("data/schemas.jsonl");

/// One type of Go a line, as `encoding/json` sees it; see [`crate::types`].
pub(crate) const TYPES: &str = include_str!("data/types.txt");

/// The objects of a text with one JSON object a line. What is no object is passed over: the data is ours, and a
/// test holds that every line is one.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Map> {
    text.lines().filter_map(|line| match read::json(line, &Limits::STANDARD).ok()?.value? {
        Value::Object(map) => Some(map),
        _ => None,
    })
}

/// The name and the schema of a line of [`SCHEMAS`].
pub(crate) fn named_schema(line: &str) -> Option<(CompactString, Value)> {
    let mut map = lines(line).next()?;
    match (map.remove("name")?, map.remove("schema")?) {
        (Value::String(name), schema) => Some((name, schema)),
        _ => None,
    }
}

/// The strings of a list; nothing where there is none.
pub(crate) fn strings<T: for<'t> From<&'t str>>(value: Option<&Value>) -> Vec<T> {
    value
        .and_then(Value::as_array)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .map(T::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_object() {
        for text in [RESOURCES, SCHEMAS] {
            assert_eq!(lines(text).count(), text.lines().count());
        }
    }
}
