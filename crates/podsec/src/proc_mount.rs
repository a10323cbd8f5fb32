//! How containers see `/proc`.

use crate::Violation;
use crate::faults::{Faults, Subject};
use crate::words;
use ravelin_diag::Anchor;
use ravelin_object::pod::Pod;
use std::collections::BTreeSet;

/// The containers that ask for another `/proc` than the default one.
pub(crate) fn not_default(pod: &Pod<'_>) -> Option<Violation> {
    let mut faults = Faults::default();
    let mut values = BTreeSet::new();
    for (subject, container) in Subject::containers(pod) {
        let value = container.security.proc_mount.filter(|value| *value != "Default");
        let Some(value) = value else { continue };
        values.insert(value);
        let message = format!("{} sets `procMount` to `{value}`", subject.name());
        faults.add(subject, subject.field("securityContext.procMount"), Anchor::Value, message);
    }
    faults.violation("procMount", |faults| {
        format!(
            "{} must not set securityContext.procMount to {}",
            faults.subjects(),
            words::join_quoted(values)
        )
    })
}
