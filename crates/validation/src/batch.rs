//! Which jobs, and jobs that recur, are valid.

mod cron;
mod indexes;
mod job;
mod status;

use crate::{Faults, Kind, Settings};
use ravelin_object::Value;

/// An object of the group that is made.
pub(crate) fn create(kind: Kind<'_>, object: &Value, settings: &Settings, out: &mut Faults) {
    match kind.kind {
        "Job" => job::create(object, settings, out),
        "CronJob" => cron::create(object, settings, out),
        _ => {}
    }
}

/// An object of the group that takes the place of another.
pub(crate) fn update(
    kind: Kind<'_>,
    subresource: Option<&str>,
    new: &Value,
    old: &Value,
    settings: &Settings,
    out: &mut Faults,
) {
    match (kind.kind, subresource) {
        ("Job", Some("status")) => status::update(new, old, out),
        ("Job", _) => job::update(new, old, settings, out),
        ("CronJob", Some("status")) => {}
        ("CronJob", _) => cron::update(new, old, settings, out),
        _ => {}
    }
}
