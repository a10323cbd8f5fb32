//! The kinds of `resource.k8s.io`.

mod claim;
mod slice;

use crate::rules::{Rules, counted, first_generation};

/// The kinds of `resource.k8s.io`.
pub(crate) const RULES: &[Rules] = &[
    claim::RULES,
    claim::TEMPLATE,
    slice::RULES,
    Rules {
        create: first_generation,
        update: counted,
        ..Rules::new("resource.k8s.io", "DeviceClass").returning_deleted()
    },
];
