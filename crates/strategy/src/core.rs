//! The kinds of the group without a name.

mod claim;
mod config;
mod endpoints;
mod event;
mod limits;
mod namespace;
mod node;
mod pod;
mod quota;
mod replication_controller;
mod secret;
mod service;
mod service_account;
mod template;
mod volume;

use crate::rules::Rules;

pub(crate) use claim::default_claim;
pub(crate) use pod::name_warning;
pub(crate) use service::ingress_warnings;
pub(crate) use volume::default_volume_spec;

/// The kinds of core, and events in their other group.
pub(crate) const RULES: &[Rules] = &[
    pod::RULES,
    service::RULES,
    namespace::RULES,
    node::RULES,
    secret::RULES,
    config::RULES,
    service_account::RULES,
    endpoints::RULES,
    event::CORE,
    event::EVENTS,
    limits::RULES,
    quota::RULES,
    volume::RULES,
    claim::RULES,
    template::RULES,
    replication_controller::RULES,
];
