//! JSON merge patch (RFC 7386) as the API server applies it.
//!
//! Nulls delete keys; those within what a patch brings anew are left out, but items of lists that are null stay, and a
//! list that takes the place of an object keeps the nulls of its objects.
//!
//! Source: `gopkg.in/evanphx/json-patch.v4` `MergePatch`.

use crate::fields::FieldTable;
use crate::syntax::{Fields, Node, Text};
use crate::{PatchError, Read};
use ravelin_object::{Map, Value};

/// Reads the body of a request.
///
/// # Errors
/// A text that is no JSON, or, where fields are checked, no object.
pub fn read(text: &[u8], fields: Fields) -> Result<Read<Value>, PatchError> {
    let malformed = |fault: String| PatchError::Malformed(format!("error decoding patch: {fault}"));
    let unreadable = |fault: String| match fields {
        Fields::Checked => malformed(fault),
        Fields::Ignored => bad_patch(),
    };
    let text = Text::read(text, None).map_err(unreadable)?;
    if fields == Fields::Ignored {
        return Ok(Read { patch: text.node.to_value().map_err(malformed)?, strict: Vec::new() });
    }
    if !matches!(text.node, Node::Object(_) | Node::Null) {
        let kind = text.node.kind();
        let fault = format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
        return Err(malformed(fault));
    }
    Ok(Read { patch: text.node.to_value().map_err(malformed)?, strict: text.strict })
}

/// What a patch makes of an object. A list is what the object becomes.
///
/// # Errors
/// A patch that is neither an object nor a list.
pub fn apply(target: &Value, patch: &Value) -> Result<Value, PatchError> {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            let mut target = target.clone();
            merge_maps(&mut target, patch);
            Ok(Value::Object(target))
        }
        (_, Value::Object(_) | Value::Array(_)) => Ok(pruned(patch)),
        _ => Err(bad_patch()),
    }
}

/// The patch that makes `to` of `from`. It cannot say nulls: apply it to objects without.
#[must_use]
pub fn difference(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return to.clone() };
    let mut patch = Map::new();
    for (key, _) in from.iter().filter(|(key, _)| to.get(key).is_none()) {
        patch.set(key, Value::Null);
    }
    for (key, value) in to.iter() {
        match from.get(key) {
            Some(before) if before == value => {}
            Some(before @ Value::Object(_)) if value.as_object().is_some() => {
                patch.set(key, difference(before, value));
            }
            _ => patch.set(key, value.clone()),
        }
    }
    Value::Object(patch)
}

fn bad_patch() -> PatchError {
    PatchError::Malformed("Invalid JSON Patch".to_owned())
}

fn merge_maps(target: &mut Map, patch: &Map) {
    let mut fields = FieldTable::take(target);
    for (key, value) in patch.iter() {
        if *value == Value::Null {
            let _ = fields.remove(key);
            continue;
        }
        match (fields.get_mut(key), value) {
            (Some(Value::Object(current)), Value::Object(value)) => merge_maps(current, value),
            (Some(current @ Value::Object(_)), value) => *current = value.clone(),
            (Some(current), value) => *current = pruned(value),
            (None, value) => fields.set(key, pruned(value)),
        }
    }
    *target = fields.into_map();
}

/// A value without the keys that are null.
fn pruned(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = map.iter().filter(|(_, value)| **value != Value::Null);
            Value::Object(Map::from_unique(entries.map(|(key, value)| (key.into(), pruned(value))).collect()))
        }
        Value::Array(items) => Value::Array(items.iter().map(pruned).collect()),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::json_text;
    use ravelin_object::read as json;

    fn value(text: &str) -> Value {
        json::json(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap()
    }

    #[test]
    fn patches_merge() {
        let cases = [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":["b"]}"#, r#"{"a":{"x":null,"y":1}}"#, r#"{"a":{"y":1}}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":{}}"#, r#"{"a":[{"x":null}]}"#, r#"{"a":[{"x":null}]}"#),
            (r#"{"a":[]}"#, r#"{"a":[{"x":null},null]}"#, r#"{"a":[{},null]}"#),
            (r#"{"a":null}"#, r#"{"a":{"b":null}}"#, r#"{"a":{}}"#),
            (r#"{"a":1}"#, r#"[{"b":null}]"#, "[{}]"),
        ];
        for (target, patch, expected) in cases {
            let merged = apply(&value(target), &value(patch)).unwrap();
            assert_eq!(json_text(&merged), expected, "{target} {patch}");
        }
    }

    #[test]
    fn what_is_no_patch_is_said() {
        let array = "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}";
        assert_eq!(read(b"[1]", Fields::Checked), Err(PatchError::Malformed(array.to_owned())));
        assert_eq!(read(b"{", Fields::Ignored), Err(bad_patch()));
        let syntax = "error decoding patch: invalid character '}' looking for beginning of object key string";
        assert_eq!(read(b"{\"a\":1,}", Fields::Checked), Err(PatchError::Malformed(syntax.to_owned())));
        let null = read(b"null", Fields::Checked).unwrap().patch;
        assert_eq!(apply(&value("{}"), &null), Err(bad_patch()));
        let twice = read(br#"{"a":1,"a":2}"#, Fields::Checked).unwrap();
        assert_eq!(twice.strict, ["duplicate field \"a\""]);
    }
}
