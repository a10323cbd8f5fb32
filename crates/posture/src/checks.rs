//! The checks over an inventory: one file each, in a folder named for the family.

use crate::PostureCheck;

mod prelude {
    pub(super) use crate::{Notes, Picture, PostureCheck, words};
    pub(super) use ravelin_check::{Source, declare_check};
    pub(super) use ravelin_diag::{Anchor, Confidence, Severity};
}

/// Checks of the family `rbac`: about who holds which rights.
pub mod rbac {
    mod cluster_admin_binding;
    use super::prelude;
    pub use cluster_admin_binding::ClusterAdminBinding;
}

/// The checks of this room, sorted by id.
pub const ALL: &[&dyn PostureCheck] = &[&rbac::ClusterAdminBinding];

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
