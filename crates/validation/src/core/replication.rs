//! Which replication controllers and templates of pods are valid.

use crate::access::{Fields, ordered};
use crate::path::Path;
use crate::pod::{self, Options};
use crate::report::Report;
use crate::{Faults, Kind, Settings, metadata};
use ravelin_object::Value;

const CONTROLLER: Kind<'static> = Kind { group: "", version: "v1", kind: "ReplicationController" };
const TEMPLATE: Kind<'static> = Kind { group: "", version: "v1", kind: "PodTemplate" };

/// How the template of an object is looked at that takes the place of one with the template `old`.
pub(crate) fn options(settings: &Settings, old: Option<&Value>) -> Options {
    Options::new(false, settings, old.map(|old| old.get("spec")), old.map(|old| old.get("metadata")))
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateReplicationController`.
pub(crate) fn create(object: &Value, settings: &Settings, out: &mut Faults) {
    metadata::of_kind(CONTROLLER, true, object, out);
    spec(object.get("spec"), &options(settings, None), out);
}

/// Source: `ValidateReplicationControllerUpdate`, `ValidateReplicationControllerStatusUpdate`.
pub(crate) fn update(
    subresource: Option<&str>,
    new: &Value,
    old: &Value,
    settings: &Settings,
    out: &mut Faults,
) {
    metadata::changed_own(new, old, out);
    if subresource == Some("status") {
        let (status, path) = (new.get("status"), Path::new("status"));
        let keys =
            ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"];
        for key in keys {
            out.negative(&path / key, status.int(key));
        }
        at_most(status, &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"], &path, out);
        return;
    }
    spec(new.get("spec"), &options(settings, Some(old.get("spec").get("template"))), out);
}

/// Counts of replicas that are parts of others.
pub(crate) fn at_most(status: &Value, keys: &[&str], path: &Path, out: &mut Faults) {
    for key in keys.iter().filter(|key| status.int(key) > status.int("replicas")) {
        out.invalid(path / *key, status.int(key), "cannot be greater than status.replicas");
    }
    let available = status.int("availableReplicas");
    if available > status.int("readyReplicas") {
        out.invalid(path / "availableReplicas", available, "cannot be greater than readyReplicas");
    }
}

fn spec(spec: &Value, options: &Options, out: &mut Faults) {
    let path = Path::new("spec");
    out.negative(&path / "minReadySeconds", spec.int("minReadySeconds"));
    if spec.map("selector").is_empty() {
        out.required(&path / "selector", "");
    }
    match spec.int_opt("replicas") {
        None => out.required(&path / "replicas", ""),
        Some(count) => out.negative(&path / "replicas", count),
    }
    let (template, own) = (spec.get("template"), &path / "template");
    if !spec.has("template") {
        out.required(own, "");
        return;
    }
    let labels = template.get("metadata").map("labels");
    let is_matched = spec.map("selector").iter().all(|(key, value)| labels.get(key) == Some(value));
    if !is_matched {
        let value = ordered(template.get("metadata").get("labels"));
        out.invalid(&own / "metadata" / "labels", value, "`selector` does not match template `labels`");
    }
    pod::template(template, &own, options, out);
    runs_always(template, "ReplicationController", &own, out);
}

/// The pods of what keeps pods running run always, and have no end.
pub(crate) fn runs_always(template: &Value, kind: &str, path: &Path, out: &mut Faults) {
    let policy = template.get("spec").text("restartPolicy");
    if policy != "Always" {
        out.unsupported(path / "spec" / "restartPolicy", policy, &["Always"]);
    }
    if template.get("spec").has("activeDeadlineSeconds") {
        let why = format!("activeDeadlineSeconds in {kind} is not Supported");
        out.forbidden(path / "spec" / "activeDeadlineSeconds", why);
    }
}

/// Source: `ValidatePodTemplate`.
pub(crate) fn create_template(object: &Value, settings: &Settings, out: &mut Faults) {
    metadata::of_kind(TEMPLATE, true, object, out);
    pod::template(object.get("template"), &Path::new("template"), &options(settings, None), out);
}

/// Source: `ValidatePodTemplateUpdate`.
pub(crate) fn update_template(new: &Value, old: &Value, settings: &Settings, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    let options = options(settings, Some(old.get("template")));
    pod::template(new.get("template"), &Path::new("template"), &options, out);
}
