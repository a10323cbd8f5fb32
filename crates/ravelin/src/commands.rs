//! One file per verb: its arguments, with their documentation, and what it does.

mod access;
pub(crate) mod can;
mod cluster_args;
pub(crate) mod completions;
pub(crate) mod man;
pub(crate) mod podsec;
pub(crate) mod psa;
pub(crate) mod rbac;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod snapshot;
mod sources;
pub(crate) mod webhook;
pub(crate) mod what_can;
pub(crate) mod who_can;
