//! Which jobs that recur are valid.
//!
//! Whether a time zone is one that there is, is not looked at: that needs the database of time zones.

use super::job::template_spec;
use crate::access::Fields;
use crate::core::replication::options;
use crate::path::Path;
use crate::pod::Options;
use crate::report::Report;
use crate::schedule;
use crate::{Faults, Kind, Settings, metadata, selector_shown};
use ravelin_object::Value;

const CRON_JOB: Kind<'static> = Kind { group: "batch", version: "v1", kind: "CronJob" };

/// Source: `k8s.io/kubernetes/pkg/apis/batch/validation` `ValidateCronJobCreate`.
pub(super) fn create(object: &Value, settings: &Settings, out: &mut Faults) {
    metadata::of_kind(CRON_JOB, true, object, out);
    spec(object.get("spec"), None, &options(settings, None), out);
    metadata::name_at_most(object, 52, out);
}

/// Source: `ValidateCronJobUpdate`.
pub(super) fn update(new: &Value, old: &Value, settings: &Settings, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    let was = old.get("spec");
    let options = options(settings, Some(was.get("jobTemplate").get("spec").get("template")));
    spec(new.get("spec"), Some(was), &options, out);
}

fn spec(cron: &Value, old: Option<&Value>, options: &Options, out: &mut Faults) {
    let path = Path::new("spec");
    let text = cron.text("schedule");
    if text.is_empty() {
        out.required(&path / "schedule", "");
    } else {
        let may_have_zone = old.is_some_and(|old| old.text("schedule").contains("TZ"));
        if let Err(why) = schedule::parse(text) {
            out.invalid(&path / "schedule", text, why);
        }
        if text.contains("TZ") {
            if !may_have_zone {
                let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
                out.invalid(&path / "schedule", text, why);
            } else if cron.has("timeZone") {
                let why = "cannot use both timeZone field and TZ or CRON_TZ in schedule";
                out.invalid(&path / "schedule", text, why);
            }
        }
    }
    out.negative(&path / "startingDeadlineSeconds", cron.int("startingDeadlineSeconds"));
    if old.is_none_or(|old| old.text_opt("timeZone") != cron.text_opt("timeZone")) {
        time_zone(cron, &(&path / "timeZone"), out);
    }
    let policies = ["Allow", "Forbid", "Replace"];
    match cron.text("concurrencyPolicy") {
        "" => out.required(&path / "concurrencyPolicy", ""),
        policy if policies.contains(&policy) => {}
        other => out.unsupported(&path / "concurrencyPolicy", other, &policies),
    }
    let (job, own) = (cron.get("jobTemplate").get("spec"), &path / "jobTemplate" / "spec");
    template_spec(job, &own, options, out);
    if job.has("selector") {
        let value = selector_shown(job.get("selector"));
        out.invalid(&own / "selector", value, "`selector` will be auto-generated");
    }
    if job.flag("manualSelector") {
        out.unsupported(own / "manualSelector", true, &["nil", "false"]);
    }
    for key in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        out.negative(&path / key, cron.int(key));
    }
}

fn time_zone(cron: &Value, path: &Path, out: &mut Faults) {
    let Some(zone) = cron.text_opt("timeZone") else {
        return;
    };
    if zone.is_empty() {
        out.invalid(path, zone, "timeZone must be nil or non-empty string");
        return;
    }
    let is_part = |part: &str| {
        !matches!(part, "." | "..")
            && !part.starts_with('-')
            && (1..=14).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte))
    };
    if !zone.split('/').all(is_part) {
        out.invalid(path, zone, format!("unknown time zone {zone}"));
        return;
    }
    if zone.eq_ignore_ascii_case("local") {
        let why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        out.invalid(path, zone, why);
    }
}
