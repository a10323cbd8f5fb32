//! What tests of checks have in common.

use crate::{Notes, Picture, PostureCheck, Settings};
use ravelin_authz::bootstrap::Version;
use ravelin_diag::FieldPath;
use ravelin_inventory::{Inventory, Object};
use ravelin_object::identity::Identity;
use ravelin_object::read;
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_yaml::Limits;

/// The inventory of a YAML text of several documents.
pub(crate) fn inventory(text: &str) -> Inventory {
    let objects = text.split("\n---\n").filter(|text| !text.trim().is_empty()).map(|text| {
        let value = read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap();
        Object { identity: Identity::of(&value).unwrap(), value, origin: 0 }
    });
    Inventory::new(objects.collect())
}

/// Settings that assume nothing.
pub(crate) fn settings() -> Settings {
    Settings {
        default_namespace: String::new(),
        defaults: Version::LATEST,
        psa: PodSecurityConfiguration::unconfigured(),
        is_complete: false,
    }
}

/// What a check says of a YAML text.
pub(crate) fn notes(check: &dyn PostureCheck, text: &str) -> Notes {
    let (inventory, settings) = (inventory(text), settings());
    let picture = Picture::new(&inventory, &settings);
    let mut notes = Notes::default();
    notes.of(check.meta());
    check.run(&picture, &mut notes);
    notes
}

/// Its findings: the name of the object, the path, the message.
pub(crate) fn found(check: &dyn PostureCheck, text: &str) -> Vec<(String, FieldPath, String)> {
    let inventory = inventory(text);
    let found = notes(check, text).found.into_iter();
    found
        .map(|found| {
            let name = inventory.object(found.object).unwrap().identity.name.clone();
            (name, found.path, found.message)
        })
        .collect()
}

/// What all checks say of a YAML text.
pub(crate) fn all(text: &str) -> Vec<crate::Found> {
    let (inventory, settings) = (inventory(text), settings());
    crate::judge(&Picture::new(&inventory, &settings), &|_| true).found
}
