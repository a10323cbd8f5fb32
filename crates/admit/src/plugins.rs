//! The admission plugins: one file each.

use crate::config::Configuration;
use crate::{Error, Plugin};

/// What plugin files need.
mod prelude {
    pub(super) use super::{Entry, identity, plain};
    pub(super) use crate::config::Configuration;
    pub(super) use crate::fields::{
        annotation, array_in, items, label, mapping, object_in, text, texts, typed,
    };
    pub(super) use crate::{Attributes, Context, Error, Operation, Plugin};
    pub(super) use ravelin_object::status::Status;
    pub(super) use ravelin_object::{Map, Value};
}

mod always_admit;
mod always_deny;
mod always_pull_images;
mod certificate_approval;
mod certificate_signing;
mod certificate_subject_restriction;
mod cluster_trust_bundle_attest;
mod default_ingress_class;
mod default_storage_class;
mod default_toleration_seconds;
mod deny_service_external_ips;
mod event_rate_limit;
mod extended_resource_toleration;
mod limit_pod_hard_anti_affinity_topology;
mod limit_ranger;
mod namespace_auto_provision;
mod namespace_exists;
mod namespace_lifecycle;
mod node_restriction;
pub(crate) mod owner_references_permission_enforcement;
pub(crate) mod persistent_volume_claim_resize;
mod pod_node_selector;
mod pod_resize_validator;
mod pod_toleration_restriction;
mod pod_topology_labels;
mod priority;
mod resource_quota;
mod runtime_class;
mod service_account;
mod storage_object_in_use_protection;
mod taint_nodes_by_condition;

/// Every plugin of this room, in the order in which they are called.
pub const ALL: &[Entry] = &[
    always_admit::ENTRY,
    namespace_auto_provision::ENTRY,
    namespace_lifecycle::ENTRY,
    namespace_exists::ENTRY,
    limit_pod_hard_anti_affinity_topology::ENTRY,
    limit_ranger::ENTRY,
    service_account::ENTRY,
    node_restriction::ENTRY,
    taint_nodes_by_condition::ENTRY,
    always_pull_images::ENTRY,
    pod_node_selector::ENTRY,
    priority::ENTRY,
    default_toleration_seconds::ENTRY,
    pod_toleration_restriction::ENTRY,
    event_rate_limit::ENTRY,
    extended_resource_toleration::ENTRY,
    default_storage_class::ENTRY,
    storage_object_in_use_protection::ENTRY,
    owner_references_permission_enforcement::ENTRY,
    persistent_volume_claim_resize::ENTRY,
    runtime_class::ENTRY,
    certificate_approval::ENTRY,
    certificate_signing::ENTRY,
    cluster_trust_bundle_attest::ENTRY,
    certificate_subject_restriction::ENTRY,
    default_ingress_class::ENTRY,
    deny_service_external_ips::ENTRY,
    pod_topology_labels::ENTRY,
    pod_resize_validator::ENTRY,
    resource_quota::ENTRY,
    always_deny::ENTRY,
];

/// A plugin as the chain knows it.
pub struct Entry {
    /// The name in flags and configurations.
    pub name: &'static str,
    /// What it decides, in a sentence.
    pub about: &'static str,
    /// Where upstream decides it.
    pub source: &'static str,
    /// Makes one of its configuration.
    pub(crate) build: fn(&Configuration) -> Result<Box<dyn Plugin>, Error>,
}

/// What every plugin says of itself: name, operations, whether it mutates and validates.
macro_rules! identity {
    ([$($operation:ident),*], mutates: $mutates:literal, validates: $validates:literal) => {
        fn name(&self) -> &'static str {
            ENTRY.name
        }

        fn handles(&self, operation: Operation) -> bool {
            matches!(operation, $(Operation::$operation)|*)
        }

        fn is_mutating(&self) -> bool {
            $mutates
        }

        fn is_validating(&self) -> bool {
            $validates
        }
    };
}
pub(crate) use identity;

/// A plugin without state and configuration.
macro_rules! plain {
    ($plugin:ident) => {
        |_| Ok(Box::new($plugin))
    };
}
pub(crate) use plain;

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ORDER;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test looks at the folder of its own crate")]
    fn every_file_is_a_plugin_and_every_plugin_a_file() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/plugins");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut files: Vec<String> = files
            .filter_map(|file| Some(file.to_str().unwrap().strip_suffix(".rs")?.replace('_', "")))
            .filter(|file| file != "testing")
            .collect();
        let mut plugins: Vec<String> = ALL.iter().map(|entry| entry.name.to_lowercase()).collect();
        files.sort();
        plugins.sort();
        assert_eq!(files, plugins);
    }

    #[test]
    fn plugins_stand_in_the_order_of_upstream_and_say_what_they_are() {
        let places: Vec<_> =
            ALL.iter().map(|entry| ORDER.iter().position(|name| *name == entry.name).unwrap()).collect();
        assert!(places.is_sorted_by(|left, right| left < right));
        for entry in ALL {
            let plugin = (entry.build)(&Configuration::default());
            let Ok(plugin) = plugin else {
                assert_eq!(entry.name, "EventRateLimit");
                continue;
            };
            assert_eq!(plugin.name(), entry.name);
            assert!(plugin.is_mutating() || plugin.is_validating());
            assert!(entry.about.ends_with('.') && entry.source.contains('/'), "{}", entry.name);
        }
    }
}
