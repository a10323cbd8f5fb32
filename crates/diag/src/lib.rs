//! Findings, severities, field paths, places and days: the vocabulary every engine answers in.
//!
//! Pure data. It must not know what Kubernetes is, what a file is, or how a finding is printed.
//! Start reading at [`Finding`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod day;
mod edit;
mod finding;
mod fingerprint;
mod path;
mod severity;

pub use day::{Day, ParseDayError};
pub use edit::{Edit, EditValue};
pub use finding::{Anchor, Finding, Mode};
pub use fingerprint::fingerprint;
pub use path::{FieldPath, Segment};
pub use severity::{Confidence, ParseSeverityError, Severity};
