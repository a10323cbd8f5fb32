//! What volumes are made of.

use crate::Offence;
use ravelin_diag::Anchor;
use ravelin_object::pod::{Pod, Volume};

/// The fault of a volume that has a forbidden source.
pub(crate) fn forbidden_source(pod: &Pod<'_>, volume: &Volume<'_>, source: &str) -> Offence {
    let name = match volume.name {
        "" => format!("volumes[{}]", volume.index),
        name => format!("`{name}`"),
    };
    let place = pod.field("spec.volumes").index(volume.index);
    Offence {
        // A volume without a source has no field to point at.
        path: if volume.sources.is_empty() { place } else { place.key(source) },
        anchor: Anchor::Value,
        message: format!("volume {name} is of the type `{source}`"),
    }
}
