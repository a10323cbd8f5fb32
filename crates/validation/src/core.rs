//! Which objects of the core group are valid.

pub(crate) mod claim;
pub(crate) mod config;
pub(crate) mod endpoints;
pub(crate) mod event;
pub(crate) mod limits;
pub(crate) mod namespace;
pub(crate) mod node;
pub(crate) mod quota;
pub(crate) mod replication;
pub(crate) mod secret;
pub(crate) mod service;
mod service_addresses;
pub(crate) mod volume;
