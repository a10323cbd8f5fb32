//! The capabilities that containers add.

use crate::Violation;
use crate::faults::{Faults, Subject};
use crate::words;
use ravelin_diag::Anchor;
use ravelin_object::pod::Pod;
use std::collections::BTreeSet;

/// The capabilities that containers add and that are not in `allowed`, as a violation for `reason`.
pub(crate) fn forbidden_additions(
    pod: &Pod<'_>,
    allowed: &[&str],
    reason: &'static str,
) -> Option<Violation> {
    let mut faults = Faults::default();
    let mut forbidden = BTreeSet::new();
    for (subject, container) in Subject::containers(pod) {
        let Some(capabilities) = &container.security.capabilities else { continue };
        let added = capabilities.add.iter().copied().enumerate();
        for (index, capability) in added.filter(|(_, capability)| !allowed.contains(capability)) {
            forbidden.insert(capability);
            let path = subject.field("securityContext.capabilities.add").index(index);
            let message = format!("{} adds the capability `{capability}`", subject.name());
            faults.add(subject, path, Anchor::Value, message);
        }
    }
    faults.violation(reason, |faults| {
        let forbidden = words::join_quoted(forbidden);
        format!("{} must not include {forbidden} in securityContext.capabilities.add", faults.subjects())
    })
}
