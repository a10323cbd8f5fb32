//! Which objects of the small groups are valid: priorities, runtime classes, leases.

use crate::access::Fields;
use crate::core::replication::options;
use crate::internal::shown;
use crate::labels::labels;
use crate::metadata::{self, IMMUTABLE};
use crate::names::{dns_label, qualified_name};
use crate::path::Path;
use crate::pod::{limits, preemption_policy, tolerations};
use crate::report::Report;
use crate::{Faults, Kind, Settings};
use ravelin_object::Value;
use ravelin_object::fault::{Fault, FaultKind};
use std::collections::BTreeSet;

/// Source: `k8s.io/kubernetes/pkg/apis/scheduling/validation` `ValidatePriorityClass`.
pub(crate) fn priority(kind: Kind<'_>, object: &Value, out: &mut Faults) {
    metadata::of_kind(kind, false, object, out);
    let (name, value) = (object.get("metadata").text("name"), object.int("value"));
    if name.starts_with("system-") {
        if let Some(why) = system_fault(name, value, object.flag("globalDefault")) {
            let why = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {why}"
            );
            out.forbidden("metadata.name", why);
        }
    } else if value > 1_000_000_000 {
        out.forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
    }
    preemption_policy(object, &Path::new(""), out);
}

/// Source: `k8s.io/kubernetes/pkg/apis/scheduling/v1` `IsKnownSystemPriorityClass`.
fn system_fault(name: &str, value: i64, is_default: bool) -> Option<String> {
    let known = match name {
        "system-node-critical" => 2_000_001_000,
        "system-cluster-critical" => 2_000_000_000,
        _ => return Some(format!("{name} is not a known system priority class")),
    };
    if value != known {
        Some(format!("value of {name} PriorityClass must be {known}"))
    } else if is_default {
        Some(format!("globalDefault of {name} PriorityClass must be false"))
    } else {
        None
    }
}

/// Source: `ValidatePriorityClassUpdate`.
pub(crate) fn priority_update(new: &Value, old: &Value, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    if new.int("value") != old.int("value") {
        out.forbidden("value", "may not be changed in an update.");
    }
    let key = "preemptionPolicy";
    if new.text_opt(key) != old.text_opt(key) {
        out.invalid(key, new.get(key), IMMUTABLE);
    }
}

/// Source: `k8s.io/kubernetes/pkg/apis/node/validation` `ValidateRuntimeClass`.
pub(crate) fn runtime(kind: Kind<'_>, object: &Value, settings: &Settings, out: &mut Faults) {
    metadata::of_kind(kind, false, object, out);
    let handler = object.text("handler");
    if handler.is_empty() {
        out.required("handler", "");
    } else {
        out.spelling("handler", handler, dns_label(handler));
    }
    let options = options(settings, None);
    if object.has("overhead") {
        limits(object.get("overhead").get("podFixed"), &Path::new("overhead"), &options, out);
    }
    let (scheduling, path) = (object.get("scheduling"), Path::new("scheduling"));
    labels(&(&path / "nodeSelector"), scheduling, "nodeSelector", out);
    let path = path / "tolerations";
    tolerations(scheduling.list("tolerations"), &path, &options, out);
    let mut seen = BTreeSet::new();
    for (index, toleration) in scheduling.list("tolerations").iter().enumerate() {
        if !seen.insert(["key", "operator", "value", "effect"].map(|key| toleration.text(key))) {
            let path = (&path / index).into();
            let value = shown("Toleration", toleration);
            out.push(Fault { path, kind: FaultKind::Duplicate, value, detail: String::new() });
        }
    }
}

/// Source: `ValidateRuntimeClassUpdate`.
pub(crate) fn runtime_update(
    kind: Kind<'_>,
    new: &Value,
    old: &Value,
    settings: &Settings,
    out: &mut Faults,
) {
    runtime(kind, new, settings, out);
    metadata::changed(new, old, out);
    if new.text("handler") != old.text("handler") {
        out.invalid("handler", new.text("handler"), IMMUTABLE);
    }
}

/// Source: `k8s.io/kubernetes/pkg/apis/coordination/validation` `ValidateLease`.
pub(crate) fn lease(kind: Kind<'_>, new: &Value, old: Option<&Value>, out: &mut Faults) {
    match old {
        None => metadata::of_kind(kind, true, new, out),
        Some(old) => metadata::changed(new, old, out),
    }
    let (spec, path) = (new.get("spec"), Path::new("spec"));
    if let Some(seconds) = spec.int_opt("leaseDurationSeconds").filter(|seconds| *seconds <= 0) {
        out.invalid(&path / "leaseDurationSeconds", seconds, "must be greater than 0");
    }
    if let Some(count) = spec.int_opt("leaseTransitions").filter(|count| *count < 0) {
        out.invalid(&path / "leaseTransitions", count, "must be greater than or equal to 0");
    }
    if let Some(strategy) = spec.text_opt("strategy") {
        let path = &path / "strategy" / "strategy";
        if strategy.contains('/') {
            out.spelling(path, strategy, qualified_name(strategy));
        } else if strategy != "OldestEmulationVersion" {
            out.unsupported(path, strategy, &["OldestEmulationVersion"]);
        }
    }
    if !spec.text("preferredHolder").is_empty() && spec.text("strategy").is_empty() {
        out.forbidden(path / "preferredHolder", "may only be specified if `strategy` is defined");
    }
}
