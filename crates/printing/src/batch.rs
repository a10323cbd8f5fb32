//! Jobs and cron jobs.

use crate::duration::human;
use crate::pod::containers;
use crate::time::{self, Clock};
use crate::{Family, field, label};
use ravelin_object::Value;

pub(crate) const PRINTERS: Family = &[("batch", "CronJob", cron_job), ("batch", "Job", job)];

fn job(object: &Value, clock: &Clock) -> Vec<Value> {
    let [names, images] = containers(object, "spec.template.spec.containers");
    vec![
        field::name(object),
        Value::from(status(object)),
        Value::from(completions(object)),
        Value::from(duration(object, clock)),
        clock.age(object),
        names,
        images,
        Value::from(label::selector(object, "spec.selector")),
    ]
}

fn completions(object: &Value) -> String {
    let succeeded = field::int(object, "status.succeeded");
    if let Some(wanted) = field::optional_int(object, "spec.completions") {
        return format!("{succeeded}/{wanted}");
    }
    match field::int(object, "spec.parallelism") {
        parallelism @ 2.. => format!("{succeeded}/1 of {parallelism}"),
        _ => format!("{succeeded}/1"),
    }
}

fn duration(object: &Value, clock: &Clock) -> String {
    let start = time::at(object, "status.startTime");
    let end = time::at(object, "status.completionTime").unwrap_or(clock.0);
    start.map_or_else(String::new, |start| human(end.0.saturating_sub(start.0)))
}

fn status(object: &Value) -> &'static str {
    let has = |kind: &str| {
        let conditions = field::list(object, "status.conditions");
        let condition = conditions.iter().find(|condition| field::text(condition, "type") == kind);
        condition.is_some_and(|condition| field::text(condition, "status") == "True")
    };
    if has("Complete") {
        "Complete"
    } else if has("Failed") {
        "Failed"
    } else if field::is_deleted(object) {
        "Terminating"
    } else if has("Suspended") {
        "Suspended"
    } else if has("FailureTarget") {
        "FailureTarget"
    } else if has("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

fn cron_job(object: &Value, clock: &Clock) -> Vec<Value> {
    let [names, images] = containers(object, "spec.jobTemplate.spec.template.spec.containers");
    let suspended = match object.dotted("spec.suspend").and_then(Value::as_bool) {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let last = match object.dotted("status.lastScheduleTime") {
        Some(_) => clock.since(object, "status.lastScheduleTime"),
        None => "<none>".to_owned(),
    };
    vec![
        field::name(object),
        field::cell(object, "spec.schedule"),
        Value::from(field::optional_text(object, "spec.timeZone").unwrap_or("<none>")),
        Value::from(suspended),
        field::count(object, "status.active"),
        Value::from(last),
        clock.age(object),
        names,
        images,
        Value::from(label::selector(object, "spec.jobTemplate.spec.selector")),
    ]
}
