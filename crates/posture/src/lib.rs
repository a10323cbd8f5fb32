//! Checks over an inventory: who holds which rights, which service accounts run where, and what follows.
//!
//! A check of this room looks at several objects at once: a binding matters by the role it names, a service account
//! by the pods that run as it. [`Picture`] is what they look at, with the RBAC policy of the inventory compiled into
//! an index; [`judge`] runs the checks. Whatever a finding claims that somebody can do, the authorizer was asked.
//! It must not know files, clusters or the clock. Start reading at [`Picture`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod check;
pub mod checks;
mod defaults;
mod escalation;
mod exposure;
mod groups;
mod picture;
mod rights;
mod strength;
#[cfg(test)]
mod testing;
mod user;
mod words;
mod workload;

pub use check::{Found, Notes, PostureCheck};
pub use picture::{Fault, Holding, Picture, Settings, is_judged, is_relevant};
pub use workload::Workload;

/// Runs every check that `includes` names, over the whole picture. Findings come in the order of the checks, then of
/// the objects; notes say what could not be known.
#[must_use]
pub fn judge(picture: &Picture<'_>, includes: &dyn Fn(&'static str) -> bool) -> Notes {
    let mut notes = picture.notes();
    for check in checks::ALL {
        let meta = check.meta();
        if includes(meta.id) {
            notes.of(meta);
            check.run(picture, &mut notes);
        }
    }
    notes
}
