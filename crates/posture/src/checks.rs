//! The checks over an inventory: one file each, in a folder named for the family.

use crate::PostureCheck;

mod prelude {
    pub(super) use crate::{Notes, Picture, PostureCheck, Workload, words};
    pub(super) use ravelin_check::{Source, declare_check};
    pub(super) use ravelin_diag::{Anchor, Confidence, FieldPath, Severity};
}

/// Checks of the family `rbac`: about who holds which rights.
pub mod rbac {
    mod cluster_admin_binding;
    use super::prelude;
    pub use cluster_admin_binding::ClusterAdminBinding;
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
    &rbac::ClusterAdminBinding,
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
