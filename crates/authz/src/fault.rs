//! What is wrong with a field, in the words of the API server.

use crate::rules::aggregated;
use ravelin_object::selector::quoted;
use std::fmt;

/// A field that is not accepted.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation/field` `Error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    path: String,
    what: String,
    detail: String,
}

impl Fault {
    pub(crate) fn required(path: impl Into<String>, detail: &str) -> Self {
        Self::new(path.into(), "Required value".to_owned(), detail)
    }

    pub(crate) fn forbidden(path: impl Into<String>, detail: &str) -> Self {
        Self::new(path.into(), "Forbidden".to_owned(), detail)
    }

    /// A text that is not valid.
    pub(crate) fn invalid(path: impl Into<String>, value: &str, detail: &str) -> Self {
        Self::invalid_shown(path, &quoted(value), detail)
    }

    /// A value that is not valid, given as it is shown.
    pub(crate) fn invalid_shown(path: impl Into<String>, value: &str, detail: &str) -> Self {
        Self::new(path.into(), format!("Invalid value: {value}"), detail)
    }

    pub(crate) fn duplicate(path: impl Into<String>, value: &str) -> Self {
        Self::new(path.into(), format!("Duplicate value: {}", quoted(value)), "")
    }

    /// A value that is none of those there are, given as it is shown.
    pub(crate) fn not_supported(path: impl Into<String>, shown: &str, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|value| quoted(value)).collect();
        let detail = format!("supported values: {}", supported.join(", "));
        Self::new(path.into(), format!("Unsupported value: {shown}"), &detail)
    }

    pub(crate) fn too_many(path: impl Into<String>, count: usize, most: usize) -> Self {
        Self::new(path.into(), format!("Too many: {count}"), &format!("must have at most {most} items"))
    }

    /// The field: `spec.user`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    fn new(path: String, what: String, detail: &str) -> Self {
        Self { path, what, detail: detail.to_owned() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// All faults as one text.
pub(crate) fn joined(faults: &[Fault]) -> String {
    aggregated(faults).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_as_upstream_writes_them() {
        assert_eq!(Fault::required("a.b", "").to_string(), "a.b: Required value");
        assert_eq!(Fault::invalid("a", "x", "no").to_string(), "a: Invalid value: \"x\": no");
        assert_eq!(
            Fault::not_supported("a", "\"x\"", &["y", "z"]).to_string(),
            "a: Unsupported value: \"x\": supported values: \"y\", \"z\""
        );
        assert_eq!(Fault::too_many("a", 65, 64).to_string(), "a: Too many: 65: must have at most 64 items");
        let both = [Fault::duplicate("a", "x"), Fault::forbidden("b", "no")];
        assert_eq!(joined(&both), "[a: Duplicate value: \"x\", b: Forbidden: no]");
    }
}
