//! Events, of both groups.

use crate::time::{self, Clock};
use crate::{Family, field};
use ravelin_object::Value;

pub(crate) const PRINTERS: Family = &[("", "Event", core), ("events.k8s.io", "Event", newer)];

/// Where the groups have the same under different names.
struct Names {
    object: &'static str,
    message: &'static str,
    first: &'static str,
    last: &'static str,
    count: &'static str,
    source: &'static str,
    controller: &'static str,
}

fn core(object: &Value, clock: &Clock) -> Vec<Value> {
    let names = Names {
        object: "involvedObject",
        message: "message",
        first: "firstTimestamp",
        last: "lastTimestamp",
        count: "count",
        source: "source",
        controller: "reportingComponent",
    };
    event(object, clock, &names)
}

fn newer(object: &Value, clock: &Clock) -> Vec<Value> {
    let names = Names {
        object: "regarding",
        message: "note",
        first: "deprecatedFirstTimestamp",
        last: "deprecatedLastTimestamp",
        count: "deprecatedCount",
        source: "deprecatedSource",
        controller: "reportingController",
    };
    event(object, clock, &names)
}

fn event(object: &Value, clock: &Clock, names: &Names) -> Vec<Value> {
    let first_time = time::at(object, names.first).or_else(|| time::at(object, "eventTime"));
    let first = clock.since_time(first_time);
    let mut last =
        time::at(object, names.last).map_or_else(|| first.clone(), |time| clock.since_time(Some(time)));
    let mut count = field::int(object, names.count);
    if let Some(series) = object.field("series") {
        last = clock.since(series, "lastObservedTime");
        count = field::int(series, "count");
    } else if count == 0 {
        // Events that happened once have no count in the newer group.
        count = 1;
    }
    let about = object.field(names.object).unwrap_or(&Value::Null);
    let kind = field::text(about, "kind").to_lowercase();
    let target = match field::text(about, "name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    vec![
        Value::from(last),
        field::cell(object, "type"),
        field::cell(object, "reason"),
        Value::from(target),
        field::cell(about, "fieldPath"),
        Value::from(source(object, names)),
        Value::from(field::text(object, names.message).trim()),
        Value::from(first),
        Value::Int(count),
        field::name(object),
    ]
}

/// Who reported it, and from where.
fn source(object: &Value, names: &Names) -> String {
    let source = object.field(names.source).unwrap_or(&Value::Null);
    let first_of =
        |old, new| if field::text(source, old).is_empty() { new } else { field::text(source, old) };
    let component = first_of("component", field::text(object, names.controller));
    let instance = first_of("host", field::text(object, "reportingInstance"));
    if instance.is_empty() { component.to_owned() } else { format!("{component}, {instance}") }
}
