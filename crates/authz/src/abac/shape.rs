//! The outer two levels of a value: all that a policy consists of.

use ravelin_object::Value;

/// A value, of which only scalars and the fields of mappings are known.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, whichever.
    Number,
    /// A string.
    String(String),
    /// A sequence.
    Array,
    /// A mapping: every key with its value, repeated keys too. Those of a mapping within a mapping within the
    /// outermost are left out.
    Object(Vec<(String, Shape)>),
}

impl Shape {
    /// The name that Go's `encoding/json` has for it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number => "number",
            Self::String(_) => "string",
            Self::Array => "array",
            Self::Object(_) => "object",
        }
    }

    /// What a value read from YAML looks like, `levels` of mappings deep.
    pub(super) fn of(value: &Value, levels: usize) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(_) | Value::UInt(_) | Value::Float(_) => Self::Number,
            Value::String(text) => Self::String(text.to_string()),
            Value::Array(_) => Self::Array,
            Value::Object(map) if levels > 0 => Self::Object(
                map.iter().map(|(key, value)| (key.to_owned(), Self::of(value, levels - 1))).collect(),
            ),
            Value::Object(_) => Self::Object(Vec::new()),
        }
    }
}
