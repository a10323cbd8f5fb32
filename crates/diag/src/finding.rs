//! What a check reports.

use crate::{Confidence, FieldPath, Severity};
use std::fmt;
use std::sync::Arc;

/// Which part of the text a finding points at, once its path is resolved to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anchor {
    /// The key of the field: `hostPID` in `hostPID: true`.
    Key,
    /// The value of the field.
    Value,
    /// The field is not there: point at the nearest thing that should hold it.
    Missing,
}

/// By whose wish a finding is one: the mode of Pod Security Admission that would act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// The namespace enforces the level: the pod is denied.
    Enforce,
    /// The namespace warns at the level: whoever applies it sees a warning.
    Warn,
    /// The namespace audits the level: the violation goes to the audit log.
    Audit,
    /// No namespace says anything: the level the user asked for is the yardstick.
    Yardstick,
}

impl Mode {
    /// The lower-case word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::Audit => "audit",
            Self::Yardstick => "yardstick",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One fault at one place of one object. Why it matters stands in the check's documentation.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The id of the check: `family/slug`.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// What is wrong: one sentence without a final period, values in backticks.
    pub message: String,
    /// What to do: one sentence without a final period.
    pub remedy: Arc<str>,
    /// The field, from the root of the object.
    pub path: FieldPath,
    /// Which part of that field to point at.
    pub anchor: Anchor,
    /// The modes that act on it, strongest first; empty where no mode applies.
    pub modes: Vec<Mode>,
}
