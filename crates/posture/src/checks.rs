//! The checks over an inventory: one file each, in a folder named for the family.

use crate::PostureCheck;

mod prelude {
    pub(super) use crate::rights::{
        CHANGE, CONTROL, READ, Right, WRITE, by_rule, cluster, held, is_builtin, namespaced,
    };
    pub(super) use crate::{Notes, Picture, PostureCheck, Workload, words};
    pub(super) use ravelin_check::{Source, declare_check};
    pub(super) use ravelin_diag::{Anchor, Confidence, FieldPath, Severity};
}

/// Checks of the family `rbac`: about who holds which rights.
pub mod rbac {
    mod admin_binding;
    mod admission_policy;
    mod aggregation_widening;
    mod anonymous_binding;
    mod api_service;
    mod authenticated_binding;
    mod bind_verb;
    mod certificate_approve;
    mod certificate_sign;
    mod cluster_admin_binding;
    mod control_config_maps;
    mod conversion_webhook;
    mod dangling_role;
    mod default_role_changed;
    mod endpoints_write;
    mod escalate_verb;
    mod events_delete;
    mod impersonate;
    mod masters_binding;
    mod namespace_delete;
    mod namespace_labels;
    mod node_status;
    mod nodes_proxy;
    mod object_flood;
    mod persistent_volume_create;
    mod pod_exec;
    mod pod_portforward;
    mod pod_status;
    mod pod_stealing;
    mod secrets_read;
    mod service_account_group_binding;
    mod service_status;
    mod token_request;
    mod token_secret_create;
    mod unknown_subject;
    mod webhook_configuration;
    mod wildcard_all;
    mod wildcard_resources;
    mod wildcard_verbs;
    mod workload_create;
    use super::prelude;
    pub use admin_binding::AdminBinding;
    pub use admission_policy::AdmissionPolicy;
    pub use aggregation_widening::AggregationWidening;
    pub use anonymous_binding::AnonymousBinding;
    pub use api_service::ApiService;
    pub use authenticated_binding::AuthenticatedBinding;
    pub use bind_verb::BindVerb;
    pub use certificate_approve::CertificateApprove;
    pub use certificate_sign::CertificateSign;
    pub use cluster_admin_binding::ClusterAdminBinding;
    pub use control_config_maps::ControlConfigMaps;
    pub use conversion_webhook::ConversionWebhook;
    pub use dangling_role::DanglingRole;
    pub use default_role_changed::DefaultRoleChanged;
    pub use endpoints_write::EndpointsWrite;
    pub use escalate_verb::EscalateVerb;
    pub use events_delete::EventsDelete;
    pub use impersonate::Impersonate;
    pub use masters_binding::MastersBinding;
    pub use namespace_delete::NamespaceDelete;
    pub use namespace_labels::NamespaceLabels;
    pub use node_status::NodeStatus;
    pub use nodes_proxy::NodesProxy;
    pub use object_flood::ObjectFlood;
    pub use persistent_volume_create::PersistentVolumeCreate;
    pub use pod_exec::PodExec;
    pub use pod_portforward::PodPortforward;
    pub use pod_status::PodStatus;
    pub use pod_stealing::PodStealing;
    pub use secrets_read::SecretsRead;
    pub use service_account_group_binding::ServiceAccountGroupBinding;
    pub use service_status::ServiceStatus;
    pub use token_request::TokenRequest;
    pub use token_secret_create::TokenSecretCreate;
    pub use unknown_subject::UnknownSubject;
    pub use webhook_configuration::WebhookConfiguration;
    pub use wildcard_all::WildcardAll;
    pub use wildcard_resources::WildcardResources;
    pub use wildcard_verbs::WildcardVerbs;
    pub use workload_create::WorkloadCreate;
}

/// Checks of the family `sa`: about service accounts, their tokens, and the pods that run as them.
pub mod sa {
    mod automounted_token;
    mod borrowed_token;
    mod default_account_bound;
    mod deprecated_account_field;
    mod long_lived_token;
    mod long_projected_token;
    mod missing_account;
    mod powerful_daemon_set;
    mod powerful_exposed_pod;
    mod powerful_pod;
    use super::prelude;
    pub use automounted_token::AutomountedToken;
    pub use borrowed_token::BorrowedToken;
    pub use default_account_bound::DefaultAccountBound;
    pub use deprecated_account_field::DeprecatedAccountField;
    pub use long_lived_token::LongLivedToken;
    pub use long_projected_token::LongProjectedToken;
    pub use missing_account::MissingAccount;
    pub use powerful_daemon_set::PowerfulDaemonSet;
    pub use powerful_exposed_pod::PowerfulExposedPod;
    pub use powerful_pod::PowerfulPod;
}

/// The checks of this room, sorted by id.
pub const ALL: &[&dyn PostureCheck] = &[
    &rbac::AdminBinding,
    &rbac::AdmissionPolicy,
    &rbac::AggregationWidening,
    &rbac::AnonymousBinding,
    &rbac::ApiService,
    &rbac::AuthenticatedBinding,
    &rbac::BindVerb,
    &rbac::CertificateApprove,
    &rbac::CertificateSign,
    &rbac::ClusterAdminBinding,
    &rbac::ControlConfigMaps,
    &rbac::ConversionWebhook,
    &rbac::DanglingRole,
    &rbac::DefaultRoleChanged,
    &rbac::EndpointsWrite,
    &rbac::EscalateVerb,
    &rbac::EventsDelete,
    &rbac::Impersonate,
    &rbac::MastersBinding,
    &rbac::NamespaceDelete,
    &rbac::NamespaceLabels,
    &rbac::NodeStatus,
    &rbac::NodesProxy,
    &rbac::ObjectFlood,
    &rbac::PersistentVolumeCreate,
    &rbac::PodExec,
    &rbac::PodPortforward,
    &rbac::PodStatus,
    &rbac::PodStealing,
    &rbac::SecretsRead,
    &rbac::ServiceAccountGroupBinding,
    &rbac::ServiceStatus,
    &rbac::TokenRequest,
    &rbac::TokenSecretCreate,
    &rbac::UnknownSubject,
    &rbac::WebhookConfiguration,
    &rbac::WildcardAll,
    &rbac::WildcardResources,
    &rbac::WildcardVerbs,
    &rbac::WorkloadCreate,
    &sa::AutomountedToken,
    &sa::BorrowedToken,
    &sa::DefaultAccountBound,
    &sa::DeprecatedAccountField,
    &sa::LongLivedToken,
    &sa::LongProjectedToken,
    &sa::MissingAccount,
    &sa::PowerfulDaemonSet,
    &sa::PowerfulExposedPod,
    &sa::PowerfulPod,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use ravelin_check::{CheckMeta, Expectation, registry};

    #[test]
    fn every_check_keeps_the_rules_of_the_registry() {
        let metas: Vec<&CheckMeta> = ALL.iter().map(|check| check.meta()).collect();
        assert_eq!(registry::violations(&metas), Vec::<String>::new());
        assert!(metas.is_sorted_by_key(|meta| meta.id));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks at the folders of checks")]
    fn every_file_is_a_check_and_every_check_a_file() {
        let metas: Vec<&CheckMeta> = ALL.iter().map(|check| check.meta()).collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks");
        let mut checks = 0;
        for family in std::fs::read_dir(folder).unwrap() {
            let family = family.unwrap();
            let name = family.file_name().into_string().unwrap();
            let files: Vec<String> = std::fs::read_dir(family.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            let of_family: Vec<&CheckMeta> =
                metas.iter().copied().filter(|meta| meta.family() == name).collect();
            assert_eq!(registry::file_violations(&files, &of_family), Vec::<String>::new());
            checks += files.len();
        }
        assert_eq!(checks, ALL.len());
    }

    #[test]
    fn every_example_in_the_documentation_does_what_it_says() {
        for check in ALL {
            for example in check.meta().documentation().examples {
                let fails = !testing::found(*check, &example.yaml()).is_empty();
                let id = check.meta().id;
                assert_eq!(fails, example.expectation == Expectation::Fails, "{id}\n{}", example.yaml());
            }
        }
    }
}
