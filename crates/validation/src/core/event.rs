//! Which events are valid.

use crate::access::{Fields, ordered};
use crate::equality::is_equal;
use crate::internal::converted;
use crate::metadata::{self, IMMUTABLE};
use crate::names::{Spelling, dns_subdomain, qualified_name};
use crate::path::Path;
use crate::report::Report;
use crate::{Faults, Kind};
use ravelin_object::Value;

/// The fields of an event by their names in one of the two groups that have events.
struct Names {
    involved: &'static str,
    controller: &'static str,
    controller_fault: &'static str,
    message: &'static str,
    source: &'static str,
    first: &'static str,
    last: &'static str,
    count: &'static str,
}

const CORE: Names = Names {
    involved: "involvedObject",
    controller: "reportingComponent",
    controller_fault: "reportingComponent",
    message: "message",
    source: "source",
    first: "firstTimestamp",
    last: "lastTimestamp",
    count: "count",
};
const EVENTS: Names = Names {
    involved: "regarding",
    controller: "reportingController",
    controller_fault: "reportingController",
    message: "note",
    source: "deprecatedSource",
    first: "deprecatedFirstTimestamp",
    last: "deprecatedLastTimestamp",
    count: "deprecatedCount",
};

fn names(kind: Kind<'_>) -> &'static Names {
    if kind.group.is_empty() { &CORE } else { &EVENTS }
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateEventCreate`.
pub(crate) fn create(kind: Kind<'_>, event: &Value, out: &mut Faults) {
    let names = names(kind);
    legacy(event, names, out);
    if kind.group.is_empty() {
        return;
    }
    let spelled = |name: &str, is_prefix: bool| Spelling::Subdomain.faults(name, is_prefix);
    metadata::with_name(event, true, &spelled, out);
    series(event, out);
    if !event.has("eventTime") {
        out.required("eventTime", "");
    }
    if !matches!(event.text("type"), "Normal" | "Warning") {
        out.invalid("type", "", format!("has invalid value: {}", event.text("type")));
    }
    let unset = [
        ("firstTimestamp", event.has(names.first)),
        ("lastTimestamp", event.has(names.last)),
        ("count", event.int(names.count) != 0),
        ("source", ["component", "host"].iter().any(|key| !event.get(names.source).text(key).is_empty())),
    ];
    for (name, _) in unset.into_iter().filter(|(_, is_set)| *is_set) {
        out.invalid(name, "", "needs to be unset");
    }
}

fn series(event: &Value, out: &mut Faults) {
    if event.has("series") {
        if event.get("series").int("count") < 2 {
            out.invalid("series.count", "", "should be at least 2");
        }
        if !event.get("series").has("lastObservedTime") {
            out.required("series.lastObservedTime", "");
        }
    }
}

/// Source: `legacyValidateEvent`.
fn legacy(event: &Value, names: &Names, out: &mut Faults) {
    let namespace = event.get("metadata").text("namespace");
    let involved = event.get(names.involved).text("namespace");
    let mismatch = "does not match event.namespace";
    let path = Path::new("involvedObject") / "namespace";
    if event.has("eventTime") {
        if involved.is_empty() && !matches!(namespace, "default" | "kube-system") {
            out.invalid(&path, involved, mismatch);
        }
        reported(event, names, out);
    } else if involved.is_empty() {
        if !matches!(namespace, "" | "default") {
            out.invalid(&path, involved, mismatch);
        }
    } else if namespace != involved {
        out.invalid(&path, involved, mismatch);
    }
    out.spelling("namespace", namespace, dns_subdomain(namespace));
}

fn reported(event: &Value, names: &Names, out: &mut Faults) {
    let controller = event.text(names.controller);
    if controller.is_empty() {
        out.required(names.controller_fault, "");
    }
    out.spelling(names.controller_fault, controller, qualified_name(controller));
    for key in ["reportingInstance", "action", "reason"] {
        let text = event.text(key);
        if text.is_empty() {
            out.required(key, "");
        }
        if text.len() > 128 {
            out.invalid(key, "", "can have at most 128 characters");
        }
    }
    if event.text(names.message).len() > 1024 {
        out.invalid("message", "", "can have at most 1024 characters");
    }
}

/// Source: `ValidateEventUpdate`.
pub(crate) fn update(kind: Kind<'_>, new: &Value, old: &Value, out: &mut Faults) {
    let names = names(kind);
    legacy(new, names, out);
    if kind.group.is_empty() {
        return;
    }
    metadata::changed_own(new, old, out);
    if new.get("series") != old.get("series") {
        series(new, out);
    }
    let fields = [
        (names.involved, "involvedObject", "ObjectReference"),
        ("reason", "reason", ""),
        (names.message, "message", ""),
        (names.source, "source", "EventSource"),
        (names.first, "firstTimestamp", ""),
        (names.last, "lastTimestamp", ""),
        (names.count, "count", ""),
        ("reason", "reason", ""),
        ("type", "type", ""),
        ("eventTime", "eventTime", ""),
        ("action", "action", ""),
        ("related", "related", "ObjectReference"),
        (names.controller, "reportingController", ""),
        ("reportingInstance", "reportingInstance", ""),
    ];
    for (key, name, kind) in fields {
        if !is_equal(key, new.get(key), old.get(key)) {
            let value = match (kind, new.get(key)) {
                ("", Value::Null) if old.get(key).as_int().is_some() => Value::from(0),
                ("", Value::Null) if !key.contains("ime") => Value::from(""),
                ("", value) => ordered(value),
                ("ObjectReference", Value::Null) if key == "related" => Value::Null,
                (kind, value) => converted(kind, value),
            };
            out.invalid(name, value, IMMUTABLE);
        }
    }
}
