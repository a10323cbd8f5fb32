//! Bodies of requests and responses, as events carry them.
//!
//! Source: `k8s.io/apimachinery/pkg/runtime` `Unknown`, `k8s.io/apiserver/pkg/audit/request.go`.

use ravelin_object::{Map, Value, json_string, json_syntax, json_text};
use std::fmt;
use std::sync::Arc;

/// A body: JSON on one line, with escapes for what would be markup. Cheap to clone. `Debug` tells its length only: a
/// body may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(Arc<str>);

impl Body {
    /// The body that an object is.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        Self(json_text(object).into())
    }

    /// The body that bytes are, such as a patch: JSON as it stands, without its blanks.
    ///
    /// What is no JSON is kept as a string. (Upstream cannot encode an event with such a body, and loses the event:
    /// a way to patch, or to try, without a trace.)
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if json_syntax::fault(bytes).is_none() => Self::compacted(text),
            _ => Self(json_string(&String::from_utf8_lossy(bytes)).into()),
        }
    }

    /// A text that is JSON, without its blanks.
    pub(crate) fn compacted(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        let (mut in_string, mut is_escaped) = (false, false);
        for character in text.chars() {
            match character {
                ' ' | '\t' | '\r' | '\n' if !in_string => continue,
                '<' => out.push_str("\\u003c"),
                '>' => out.push_str("\\u003e"),
                '&' => out.push_str("\\u0026"),
                '\u{2028}' => out.push_str("\\u2028"),
                '\u{2029}' => out.push_str("\\u2029"),
                other => out.push(other),
            }
            in_string ^= character == '"' && !is_escaped;
            is_escaped = in_string && character == '\\' && !is_escaped;
        }
        Self(out.into())
    }

    /// The JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// An object without what managed it: its own, those of the items of a list, those of the rows of a table.
/// Nothing where there is nothing to leave out.
pub(crate) fn without_managed_fields(object: &Value) -> Option<Value> {
    let Value::Object(map) = object else { return None };
    let text = |key| object.field(key).and_then(Value::as_str).unwrap_or_default();
    let is_table = text("kind") == "Table" && text("apiVersion").starts_with("meta.k8s.io/");
    let is_list = !is_table && text("kind").ends_with("List");
    let mut map = map.clone();
    let mut changed = strip(&mut map);
    if is_list {
        changed |= each(&mut map, "items", &mut strip);
    }
    if is_table {
        let mut strip_row = |row: &mut Map| within(row, "object", &mut strip);
        changed |= each(&mut map, "rows", &mut strip_row);
    }
    changed.then_some(Value::Object(map))
}

fn strip(object: &mut Map) -> bool {
    within(object, "metadata", &mut |metadata| metadata.remove("managedFields").is_some())
}

/// Changes the mapping at a key; whether anything changed.
fn within(map: &mut Map, key: &str, change: &mut dyn FnMut(&mut Map) -> bool) -> bool {
    let Some(Value::Object(held)) = map.get(key) else { return false };
    let mut held = held.clone();
    let changed = change(&mut held);
    if changed {
        map.set(key, Value::Object(held));
    }
    changed
}

/// Changes every mapping of the sequence at a key; whether anything changed.
fn each(map: &mut Map, key: &str, change: &mut dyn FnMut(&mut Map) -> bool) -> bool {
    let Some(Value::Array(items)) = map.get(key) else { return false };
    let mut items = items.clone();
    let mut changed = false;
    for item in &mut items {
        if let Value::Object(item) = item {
            changed |= change(item);
        }
    }
    if changed {
        map.set(key, Value::Array(items));
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    fn value(text: &str) -> Value {
        read::json(text, &Limits::STANDARD).unwrap().value.unwrap()
    }

    #[test]
    fn bodies_are_written_as_go_writes_them() {
        let text = r#"{"a":[],"b":{},"c":[1,-2,1.5,1e300,1e-7,18446744073709551615],"d":"<&>\u2028é\"","e":[null,true]}"#;
        let written = r#"{"a":[],"b":{},"c":[1,-2,1.5,1e+300,1e-7,18446744073709551615],"d":"\u003c\u0026\u003e\u2028é\"","e":[null,true]}"#;
        assert_eq!(Body::of(&value(text)).as_json(), written);
        assert_eq!(Body::of_bytes(b"[ 1.0 , \"a \\\\\\\" <\" ]\n").as_json(), "[1.0,\"a \\\\\\\" \\u003c\"]");
        assert_eq!(Body::of_bytes(b"a: <b>\n").as_json(), "\"a: \\u003cb\\u003e\\n\"");
        assert_eq!(Body::of_bytes(b"\"\xff\"").as_json(), "\"\\\"\u{fffd}\\\"\"");
        assert_eq!(format!("{:?}", Body::of(&value("\"secret\""))), "Body(8 bytes)");
    }

    #[test]
    fn managed_fields_are_left_out_wherever_upstream_looks() {
        let cases = [
            (
                r#"{"kind":"Pod","metadata":{"managedFields":[1],"name":"a"}}"#,
                Some(r#"{"kind":"Pod","metadata":{"name":"a"}}"#),
            ),
            (
                r#"{"kind":"PodList","items":[{"metadata":{"managedFields":[]}},{"metadata":{}},3]}"#,
                Some(r#"{"kind":"PodList","items":[{"metadata":{}},{"metadata":{}},3]}"#),
            ),
            (
                r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[{"object":{"metadata":{"managedFields":1}}},{"object":null}]}"#,
                Some(
                    r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[{"object":{"metadata":{}}},{"object":null}]}"#,
                ),
            ),
            (r#"{"kind":"Pod","spec":{"metadata":{"managedFields":[1]}}}"#, None),
            (r#"{"kind":"Thing","items":[{"metadata":{"managedFields":[1]}}]}"#, None),
            ("[]", None),
        ];
        for (text, expected) in cases {
            let stripped =
                without_managed_fields(&value(text)).map(|value| Body::of(&value).as_json().to_owned());
            assert_eq!(stripped.as_deref(), expected, "{text}");
        }
    }
}
