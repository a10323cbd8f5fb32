//! JSON patch (RFC 6902) as the API server applies it.
//!
//! It differs from the standard, and so does this: `replace` of an absent key adds it, `remove` and indices count from
//! the end where they are negative, `copy` of an absent key copies null, scalars are compared by their text (`1` is not
//! `1.0`, and `<` in a patch is not the `<` of an object), and `test` takes an absent key for null.
//!
//! Source: `gopkg.in/evanphx/json-patch.v4` v4.13, `k8s.io/apiserver/pkg/endpoints/handlers/patch.go`.

mod operations;

use crate::syntax::{Fields, Node, Text};
use crate::{PatchError, Read};
use ravelin_object::Value;

/// A JSON patch.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch(Vec<Node>);

/// What a patch may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many operations there may be.
    pub operations: usize,
    /// How many bytes all operations `copy` together may copy.
    pub copied_bytes: usize,
}

impl Limits {
    /// Those of the API server: 10,000 operations, 3 MiB.
    ///
    /// Source: `maxJSONPatchOperations`, `JSONPatchMaxCopyBytes`.
    pub const STANDARD: Self = Self { operations: 10_000, copied_bytes: 3 * 1024 * 1024 };
}

impl Patch {
    /// How many operations it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no operation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads the body of a request. Notes start with `json patch `.
///
/// # Errors
/// A text that is no JSON or no list of operations, in the server's words.
pub fn read(text: &[u8], fields: Fields) -> Result<Read<Patch>, PatchError> {
    let known: &'static [&'static str] = &["op", "path", "from", "value"];
    let checked = fields == Fields::Checked;
    let decoding = |fault: String| {
        PatchError::Malformed(if checked { format!("error decoding patch: {fault}") } else { fault })
    };
    let text = Text::read(text, Some(known)).map_err(decoding)?;
    let operations = match text.node {
        Node::Null => Vec::new(),
        Node::Array(operations) => operations,
        other => {
            let wanted = if checked { "[]handlers.jsonPatchOp" } else { "jsonpatch.Patch" };
            return Err(decoding(mismatch(&other, wanted)));
        }
    };
    let fault = if checked { text.fault } else { operations.iter().find_map(untyped_fault) };
    let fault = fault.or_else(|| operations.iter().filter(|_| checked).find_map(value_fault));
    fault.map_or(Ok(()), |fault| Err(decoding(fault)))?;
    let strict = if checked { text.strict } else { Vec::new() };
    let strict = strict.into_iter().map(|note| format!("json patch {note}")).collect();
    Ok(Read { patch: Patch(operations), strict })
}

/// What patches make of an object.
///
/// # Errors
/// Too many operations; an operation that does not apply.
pub fn apply(target: &Value, patch: &Patch, limits: &Limits) -> Result<Value, PatchError> {
    if patch.len() > limits.operations {
        return Err(PatchError::TooMany { most: limits.operations, count: patch.len() });
    }
    if patch.is_empty() {
        return Ok(target.clone());
    }
    let root = operations::apply(Node::of(target), &patch.0, limits).map_err(PatchError::Unfit)?;
    root.to_value().map_err(PatchError::Unfit)
}

fn mismatch(node: &Node, wanted: &str) -> String {
    format!("json: cannot unmarshal {} into Go value of type {wanted}", node.kind())
}

/// What Go says about an operation that is no object.
fn untyped_fault(operation: &Node) -> Option<String> {
    let is_fine = matches!(operation, Node::Null | Node::Object(_));
    (!is_fine).then(|| mismatch(operation, "jsonpatch.Operation"))
}

/// What Go says about a value with a number that no machine number can hold.
fn value_fault(operation: &Node) -> Option<String> {
    match operation {
        Node::Object(map) => map.get("value")?.to_value().err(),
        _ => None,
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

    fn patched(target: &str, patch: &str) -> Result<String, PatchError> {
        let patch = read(patch.as_bytes(), Fields::Checked)?.patch;
        apply(&value(target), &patch, &Limits::STANDARD).map(|value| json_text(&value))
    }

    #[test]
    fn operations_apply() {
        let target = r#"{"a":{"b":"1"},"l":["x","y"],"s":"<","n":1}"#;
        let cases = [
            (r#"[]"#, r#"{"a":{"b":"1"},"l":["x","y"],"s":"\u003c","n":1}"#),
            (r#"[{"op":"replace","path":"","value":{"a":null}}]"#, r#"{"a":null}"#),
            (r#"[{"op":"replace","path":"","value":[1]},{"op":"add","path":"/-","value":2}]"#, "[1,2]"),
            (
                r#"[{"op":"replace","path":"","value":{}},{"op":"replace","path":"/x","value":1}]"#,
                r#"{"x":1}"#,
            ),
            (r#"[{"op":"replace","path":"","value":{}},{"op":"add","path":"/x"}]"#, r#"{"x":null}"#),
            (
                r#"[{"op":"replace","path":"","value":{}},{"op":"copy","from":"/y","path":"/x"}]"#,
                r#"{"x":null}"#,
            ),
            (r#"[{"op":"move","from":"/l","path":"/a/b~0~1"},{"op":"replace","path":"","value":{}}]"#, "{}"),
            (
                r#"[{"op":"add","path":"/l/-1","value":"z"},{"op":"remove","path":"/l/-3"},{"op":"remove","path":"/a"},
                    {"op":"remove","path":"/s"},{"op":"remove","path":"/n"}]"#,
                r#"{"l":["y","z"]}"#,
            ),
            (
                r#"[{"op":"test","path":"/a","value":{"b":"1"}},{"op":"test","path":"/zz","value":null},{"op":"test","path":"/zz"},
                    {"op":"test","path":"/l","value":["x","y"]},{"op":"replace","path":"","value":{}}]"#,
                "{}",
            ),
        ];
        for (patch, expected) in cases {
            assert_eq!(patched(target, patch).as_deref(), Ok(expected), "{patch}");
        }
    }

    #[test]
    fn what_does_not_apply_is_said() {
        let target = r#"{"a":{"b":"1"},"l":["x"],"s":"<","n":1}"#;
        let cases = [
            (r#"[{"op":"frob"}]"#, "Unexpected kind: frob"),
            (r#"[{}]"#, "Unexpected kind: "),
            (r#"[{"op":"add"}]"#, "add operation failed to decode path: missing value"),
            (
                r#"[{"op":"add","path":"/x/y"}]"#,
                "add operation does not apply: doc is missing path: \"/x/y\": missing value",
            ),
            (
                r#"[{"op":"remove","path":"/x"}]"#,
                "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value",
            ),
            (
                r#"[{"op":"remove","path":"/l/1"}]"#,
                "error in remove for path: '/l/1': Unable to access invalid index: 1: invalid index referenced",
            ),
            (
                r#"[{"op":"add","path":"/l/x"}]"#,
                "error in add for path: '/l/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": invalid syntax",
            ),
            (r#"[{"op":"test","path":"/s","value":"<"}]"#, "testing value /s failed: test failed"),
            (r#"[{"op":"test","path":"/n","value":1.0}]"#, "testing value /n failed: test failed"),
            (
                r#"[{"op":"replace","path":"/l/3"}]"#,
                "replace operation does not apply: doc is missing key: /l/3: missing value",
            ),
            (
                r#"[{"op":"replace","path":"","value":1}]"#,
                "replace operation value must be object or array: %!w(<nil>)",
            ),
        ];
        for (patch, expected) in cases {
            let expected = match expected {
                "Unexpected kind: " => "Unexpected kind: unknown",
                other => other,
            };
            assert_eq!(patched(target, patch), Err(PatchError::Unfit(expected.to_owned())), "{patch}");
        }
    }

    #[test]
    fn what_is_no_patch_is_said() {
        let cases = [
            (
                Fields::Checked,
                "{}",
                "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
            ),
            (Fields::Ignored, "{}", "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
            (
                Fields::Checked,
                "[1]",
                "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp",
            ),
            (
                Fields::Ignored,
                "[1]",
                "json: cannot unmarshal number into Go value of type jsonpatch.Operation",
            ),
            (
                Fields::Checked,
                r#"[{"op":1}]"#,
                "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
            ),
            (Fields::Checked, "[", "error decoding patch: unexpected end of JSON input"),
        ];
        for (fields, text, expected) in cases {
            let error = read(text.as_bytes(), fields).unwrap_err();
            assert_eq!(error, PatchError::Malformed(expected.to_owned()), "{text}");
        }
        let strange = read(br#"[{"op":"test","Path":"","op":""}]"#, Fields::Checked).unwrap().strict;
        assert_eq!(
            strange,
            ["json patch unknown field \"[0].Path\"", "json patch duplicate field \"[0].op\""]
        );
        assert_eq!(read(b"null", Fields::Checked).unwrap().patch.len(), 0);
    }

    #[test]
    fn limits_hold() {
        let many = format!("[{}]", [r#"{"op":"test","path":"/n","value":1}"#; 3].join(","));
        let patch = read(many.as_bytes(), Fields::Checked).unwrap().patch;
        let limits = Limits { operations: 2, copied_bytes: 10 };
        let error = apply(&value(r#"{"n":1}"#), &patch, &limits).unwrap_err();
        assert_eq!(error, PatchError::TooMany { most: 2, count: 3 });
        let copies = br#"[{"op":"copy","from":"/s","path":"/a"},{"op":"copy","from":"/s","path":"/b"}]"#;
        let patch = read(copies, Fields::Checked).unwrap().patch;
        let error = apply(&value(r#"{"s":"123456"}"#), &patch, &limits).unwrap_err();
        let words = "Unable to complete the copy, the accumulated size increase of copy is 16, exceeding the limit 10";
        assert_eq!(error, PatchError::Unfit(words.to_owned()));
        let step = r#"{"op":"add","path":"/b","value":{}},{"op":"move","from":"/a","path":"/b/a"},{"op":"move","from":"/b","path":"/a"}"#;
        let deep = format!("[{}]", [step; 600].join(","));
        let error = patched(r#"{"a":{}}"#, &deep).unwrap_err();
        assert_eq!(error, PatchError::Unfit("exceeded max depth".to_owned()));
        let shallow = format!(
            "[{}]",
            [r#"{"op":"move","from":"/a","path":"/b"},{"op":"move","from":"/b","path":"/a"}"#; 900].join(",")
        );
        assert_eq!(patched(r#"{"a":{}}"#, &shallow).as_deref(), Ok(r#"{"a":{}}"#));
    }
}
