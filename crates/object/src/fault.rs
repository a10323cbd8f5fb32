//! What is wrong with a field of an object, in the words of the API server.

use crate::Value;
use crate::errors::aggregated;
use crate::json_text;
use crate::selector::quoted;
use std::fmt;

/// A field that is not accepted. Displayed as `spec.field: Invalid value: "x": why`.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation/field` `Error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field: `spec.containers[0].name`, `metadata.labels[key]`.
    pub path: String,
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// The value as the message shows it; empty where it shows none.
    pub value: String,
    /// What is wrong; empty where the kind says it all.
    pub detail: String,
}

/// What kind of fault a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// It refers to something that is not there.
    NotFound,
    /// It has to be given.
    Required,
    /// Its value is there already.
    Duplicate,
    /// It is malformed.
    Invalid,
    /// It is none of the values that there are.
    NotSupported,
    /// It must not be given.
    Forbidden,
    /// It is too long.
    TooLong,
    /// It has too many items.
    TooMany,
    /// It could not be judged.
    Internal,
    /// It is of another type.
    TypeInvalid,
}

impl FaultKind {
    /// The reason of a cause in a `Status`: `FieldValueInvalid`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::Internal => "InternalError",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    /// The words of the message: `Invalid value`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Internal => "Internal error",
        }
    }
}

impl Fault {
    fn new(
        path: impl Into<String>,
        kind: FaultKind,
        value: Option<&Value>,
        detail: impl Into<String>,
    ) -> Self {
        let value = value.map_or_else(String::new, shown);
        Self { path: path.into(), kind, value, detail: detail.into() }
    }

    /// A value that has to be given.
    pub fn required(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(path, FaultKind::Required, None, detail)
    }

    /// A value that must not be given.
    pub fn forbidden(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(path, FaultKind::Forbidden, None, detail)
    }

    /// A value that is malformed. Texts are shown quoted, everything else as JSON.
    pub fn invalid(path: impl Into<String>, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(path, FaultKind::Invalid, Some(&value.into()), detail)
    }

    /// A value that is malformed, given as the message shows it.
    pub fn invalid_shown(
        path: impl Into<String>,
        shown: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), kind: FaultKind::Invalid, value: shown.into(), detail: detail.into() }
    }

    /// A value of another type than the field.
    pub fn type_invalid(path: impl Into<String>, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(path, FaultKind::TypeInvalid, Some(&value.into()), detail)
    }

    /// A value that stands there twice.
    pub fn duplicate(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new(path, FaultKind::Duplicate, Some(&value.into()), "")
    }

    /// A reference to what is not there.
    pub fn not_found(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new(path, FaultKind::NotFound, Some(&value.into()), "")
    }

    /// A value that is none of those there are.
    pub fn not_supported(path: impl Into<String>, value: impl Into<Value>, supported: &[&str]) -> Self {
        let names: Vec<String> = supported.iter().map(|value| quoted(value)).collect();
        let detail =
            if names.is_empty() { String::new() } else { format!("supported values: {}", names.join(", ")) };
        Self::new(path, FaultKind::NotSupported, Some(&value.into()), detail)
    }

    /// A text of more than `most` bytes.
    pub fn too_long(path: impl Into<String>, most: usize) -> Self {
        Self::new(path, FaultKind::TooLong, None, format!("may not be more than {most} bytes"))
    }

    /// A list of more than `most` items.
    pub fn too_many(path: impl Into<String>, count: usize, most: usize) -> Self {
        let count = Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
        Self::new(path, FaultKind::TooMany, Some(&count), format!("must have at most {most} items"))
    }

    /// A value that could not be judged.
    pub fn internal(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(path, FaultKind::Internal, None, why)
    }

    /// The message without the field: `Invalid value: "x": why`.
    #[must_use]
    pub fn body(&self) -> String {
        let mut body = self.kind.words().to_owned();
        for part in [&self.value, &self.detail].into_iter().filter(|part| !part.is_empty()) {
            body.push_str(": ");
            body.push_str(part);
        }
        body
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.body())
    }
}

/// All faults as one text, as upstream joins them: each text once, in brackets where there are several.
#[must_use]
pub fn joined(faults: &[Fault]) -> String {
    aggregated(faults).unwrap_or_default()
}

/// A value as a message shows it: texts as Go's `%q` writes them, everything else as JSON.
#[must_use]
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => json_text(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_as_upstream_writes_them() {
        let cases = [
            (Fault::required("a.b", ""), "a.b: Required value"),
            (Fault::invalid("a", "x", "no"), "a: Invalid value: \"x\": no"),
            (Fault::invalid("a", 5, "no"), "a: Invalid value: 5: no"),
            (
                Fault::not_supported("a", "x", &["y", "z"]),
                "a: Unsupported value: \"x\": supported values: \"y\", \"z\"",
            ),
            (Fault::too_many("a", 65, 64), "a: Too many: 65: must have at most 64 items"),
            (Fault::too_long("a", 64), "a: Too long: may not be more than 64 bytes"),
            (Fault::duplicate("a", "x"), "a: Duplicate value: \"x\""),
            (Fault::not_found("a", "x"), "a: Not found: \"x\""),
            (Fault::internal("a", "why"), "a: Internal error: why"),
        ];
        for (fault, text) in &cases {
            assert_eq!(fault.to_string(), *text);
        }
        let both = [Fault::duplicate("a", "x"), Fault::forbidden("b", "no")];
        assert_eq!(joined(&both), "[a: Duplicate value: \"x\", b: Forbidden: no]");
    }
}
