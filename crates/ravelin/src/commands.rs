//! One file per verb: its arguments, with their documentation, and what it does.

pub(crate) mod completions;
pub(crate) mod man;
pub(crate) mod podsec;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod schema;
mod sources;
