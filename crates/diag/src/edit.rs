//! A change to an object that would mend a finding.

use crate::FieldPath;

/// One change at one field path. Checks propose edits; whoever owns the bytes applies them.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Set the field to the value, creating the mappings on the way.
    Set {
        /// The field.
        path: FieldPath,
        /// Its new value.
        value: EditValue,
    },
    /// Remove the field.
    Remove {
        /// The field.
        path: FieldPath,
    },
    /// Add the value at the end of the sequence, creating it if absent.
    Append {
        /// The sequence.
        path: FieldPath,
        /// The new item.
        value: EditValue,
    },
}

/// A value an edit writes: scalars are all that fixes need.
#[derive(Clone, Debug, PartialEq)]
pub enum EditValue {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string.
    String(String),
    /// A sequence of strings.
    Strings(Vec<String>),
}
