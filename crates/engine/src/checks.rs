//! Every check there is, and those that are about reading, namespaces and suppressions: one file each,
//! in a folder named for the family.

use ravelin_check::{Check, CheckMeta};

mod prelude {
    pub(super) use ravelin_check::{Source, declare_check};
    pub(super) use ravelin_diag::{Confidence, Severity};
}

/// Checks of the family `manifest`: about the text of objects.
pub mod manifest {
    mod duplicate_key;
    use super::prelude;
    pub use duplicate_key::DuplicateKey;
}

/// Checks of the family `psa`: about what namespaces ask of Pod Security Admission, and who is exempt.
pub mod psa {
    mod expired_exemption;
    mod invalid_namespace_label;
    use super::prelude;
    pub use expired_exemption::ExpiredExemption;
    pub use invalid_namespace_label::InvalidNamespaceLabel;
}

/// Checks of the family `suppression`: about what silences findings.
pub mod suppression {
    mod expired;
    mod invalid;
    mod unused;
    use super::prelude;
    pub use expired::Expired;
    pub use invalid::Invalid;
    pub use unused::Unused;
}

/// The checks of this crate.
const OWN: &[&dyn Check] = &[
    &manifest::DuplicateKey,
    &psa::ExpiredExemption,
    &psa::InvalidNamespaceLabel,
    &suppression::Expired,
    &suppression::Invalid,
    &suppression::Unused,
];

/// The metadata of every check there is, sorted by id.
#[must_use]
pub fn all() -> Vec<&'static CheckMeta> {
    let podsec = ravelin_podsec::checks::ALL.iter().map(|check| check.meta());
    let posture = ravelin_posture::checks::ALL.iter().map(|check| check.meta());
    let mut metas: Vec<_> = OWN.iter().map(|check| check.meta()).chain(podsec).chain(posture).collect();
    metas.sort_by_key(|meta| meta.id);
    metas
}

/// The metadata of the check with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static CheckMeta> {
    all().into_iter().find(|meta| meta.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_check::registry;

    #[test]
    fn every_check_keeps_the_rules_of_the_registry() {
        assert_eq!(registry::violations(&all()), Vec::<String>::new());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks at the folders of checks")]
    fn every_file_is_a_check_and_every_check_a_file() {
        let own: Vec<&CheckMeta> = OWN.iter().map(|check| check.meta()).collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks");
        let mut families = 0;
        for family in std::fs::read_dir(folder).unwrap() {
            let family = family.unwrap();
            let name = family.file_name().into_string().unwrap();
            let files: Vec<String> = std::fs::read_dir(family.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            let metas: Vec<&CheckMeta> = own.iter().copied().filter(|meta| meta.family() == name).collect();
            assert_eq!(registry::file_violations(&files, &metas), Vec::<String>::new());
            families += 1;
        }
        assert_eq!(families, 3);
    }
}
