//! The checks of the Pod Security Standards: one file each.

use crate::PodCheck;

/// What check files need.
mod prelude {
    #[cfg(test)]
    pub(super) use super::check_table;
    pub(super) use crate::faults::{Faults, Subject, text_anchor, violation};
    pub(super) use crate::words::{containers, join_quoted, pluralize, sorted_set};
    pub(super) use crate::{Level, Offence, PodCheck, Revision, Violation};
    pub(super) use crate::{capabilities, proc_mount, profiles, volumes};
    pub(super) use ravelin_check::{Source, declare_check};
    pub(super) use ravelin_diag::{Anchor, Confidence, Severity};
    pub(super) use ravelin_object::pod::{Pod, Volume};
    pub(super) use std::collections::BTreeSet;
}

mod allow_privilege_escalation;
mod app_armor_profile;
pub(crate) mod capabilities_baseline;
mod capabilities_restricted;
mod host_namespaces;
mod host_path_volumes;
mod host_ports;
mod host_probes_and_host_lifecycle;
mod privileged;
mod proc_mount;
mod proc_mount_restricted;
pub(crate) mod restricted_volumes;
mod run_as_non_root;
mod run_as_user;
mod se_linux_options;
mod seccomp_profile_baseline;
mod seccomp_profile_restricted;
pub(crate) mod sysctls;
mod windows_host_process;

pub use allow_privilege_escalation::AllowPrivilegeEscalation;
pub use app_armor_profile::AppArmorProfile;
pub use capabilities_baseline::CapabilitiesBaseline;
pub use capabilities_restricted::CapabilitiesRestricted;
pub use host_namespaces::HostNamespaces;
pub use host_path_volumes::HostPathVolumes;
pub use host_ports::HostPorts;
pub use host_probes_and_host_lifecycle::HostProbesAndHostLifecycle;
pub use privileged::Privileged;
pub use proc_mount::ProcMount;
pub use proc_mount_restricted::ProcMountRestricted;
pub use restricted_volumes::RestrictedVolumes;
pub use run_as_non_root::RunAsNonRoot;
pub use run_as_user::RunAsUser;
pub use se_linux_options::SeLinuxOptions;
pub use seccomp_profile_baseline::SeccompProfileBaseline;
pub use seccomp_profile_restricted::SeccompProfileRestricted;
pub use sysctls::Sysctls;
pub use windows_host_process::WindowsHostProcess;

/// Every check, in the order of upstream's results: the baseline checks sorted bytewise by upstream's
/// id, then the restricted ones.
pub const ALL: &[&dyn PodCheck] = &[
    &AppArmorProfile,
    &CapabilitiesBaseline,
    &HostNamespaces,
    &HostPathVolumes,
    &HostPorts,
    &HostProbesAndHostLifecycle,
    &Privileged,
    &ProcMount,
    &SeLinuxOptions,
    &SeccompProfileBaseline,
    &Sysctls,
    &WindowsHostProcess,
    &AllowPrivilegeEscalation,
    &CapabilitiesRestricted,
    &ProcMountRestricted,
    &RestrictedVolumes,
    &RunAsNonRoot,
    &RunAsUser,
    &SeccompProfileRestricted,
];

/// A table of cases for one check at one policy version: a pod in YAML, and `allowed` or the reason, the
/// detail and the paths of the offences.
#[cfg(test)]
macro_rules! check_table {
    ($check:expr, $minor:expr, $($name:ident: $pod:expr => $expected:tt),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                let found = $crate::checks::testing::evaluate(&$check, $minor, $pod);
                $crate::checks::check_table!(@compare found, $expected);
            }
        )+
    };
    (@compare $found:ident, allowed) => {
        assert_eq!($found, None);
    };
    (@compare $found:ident, ($reason:expr, $detail:expr, [$($path:expr),* $(,)?])) => {
        let expected = ($reason.to_owned(), $detail.to_owned(), vec![$(String::from($path)),*]);
        assert_eq!($found, Some(expected));
    };
}
#[cfg(test)]
pub(crate) use check_table;

#[cfg(test)]
pub(crate) mod testing {
    use crate::PodCheck;
    use ravelin_diag::FieldPath;
    use ravelin_object::pod::{Defaulting, Pod};
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    /// What `check` says at v1.`minor` of the pod in `text`: reason, detail, paths.
    pub(crate) fn evaluate(
        check: &dyn PodCheck,
        minor: u64,
        text: &str,
    ) -> Option<(String, String, Vec<String>)> {
        let value = read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap();
        let pod = Pod::decode(&value, FieldPath::root(), Defaulting::Pod).unwrap();
        let revision = check.revisions().iter().rfind(|revision| revision.since <= minor)?;
        let violation = (revision.evaluate)(&pod)?;
        assert!(!violation.offences.is_empty());
        let paths = violation.offences.iter().map(|offence| offence.path.to_string()).collect();
        Some((violation.reason.into_owned(), violation.detail, paths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_check::{CheckMeta, Expectation, registry};
    use ravelin_diag::{FieldPath, Severity};
    use ravelin_object::identity::Identity;
    use ravelin_object::pod::{Defaulting, Pod};
    use ravelin_object::{read, templates};
    use ravelin_yaml::Limits;

    fn metas() -> Vec<&'static CheckMeta> {
        ALL.iter().map(|check| check.meta()).collect()
    }

    #[test]
    fn every_check_keeps_the_rules_of_the_registry() {
        assert_eq!(registry::violations(&metas()), Vec::<String>::new());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks at the folder of checks")]
    fn every_file_is_a_check_and_every_check_a_file() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks");
        let files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(registry::file_violations(&files, &metas()), Vec::<String>::new());
    }

    #[test]
    fn results_come_in_the_order_of_upstream() {
        let keys: Vec<_> = ALL.iter().map(|check| (check.level(), check.upstream_id())).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        assert_eq!(ALL.len(), 19);
    }

    #[test]
    fn severity_follows_the_level() {
        for check in ALL {
            let expected =
                if check.level() == crate::Level::Baseline { Severity::High } else { Severity::Medium };
            assert_eq!(check.meta().severity, expected, "{}", check.meta().id);
        }
    }

    #[test]
    fn an_override_names_a_baseline_check() {
        for check in ALL {
            let Some(id) = check.overrides() else { continue };
            let overridden = ALL.iter().find(|check| check.upstream_id() == id).unwrap();
            assert_eq!(
                (check.level(), overridden.level()),
                (crate::Level::Restricted, crate::Level::Baseline)
            );
        }
    }

    #[test]
    fn every_example_in_the_documentation_does_what_it_says() {
        for check in ALL {
            for example in check.meta().documentation().examples {
                let value = read::yaml(&example.yaml(), &Limits::STANDARD).unwrap().value.unwrap();
                let identity = Identity::of(&value).unwrap();
                let templates = templates::find(&identity, &value);
                let fails = templates.iter().any(|template| {
                    let pod = Pod::decode(template.value, FieldPath::root(), Defaulting::Pod).unwrap();
                    let newest = check.revisions().last().unwrap();
                    (newest.evaluate)(&pod).is_some()
                });
                assert_eq!(templates.len(), 1, "{}", check.meta().id);
                assert_eq!(
                    fails,
                    example.expectation == Expectation::Fails,
                    "{}\n{}",
                    check.meta().id,
                    example.yaml()
                );
            }
        }
    }
}
