//! Which workloads are valid.

use crate::access::{Fields, ordered};
use crate::core::replication::{at_most, options, runs_always};
use crate::equality::is_equal;
use crate::internal::shown;
use crate::intstr::{at_most_all, number, positive};
use crate::labels::{SelectorValues, is_empty, selector};
use crate::metadata::{self, IMMUTABLE};
use crate::path::Path;
use crate::pod::{self, Options};
use crate::report::Report;
use crate::{Faults, Kind, Settings, selector_shown};
use ravelin_object::Value;
use ravelin_object::fault::{Fault, FaultKind};
use ravelin_object::selector::{Expression, LabelSelector, Selector};

mod statefulset;

/// The selector that a field is; nothing where it is no valid one.
pub(crate) fn compiled(value: &Value) -> Option<Selector> {
    if matches!(value, Value::Null) {
        return Some(Selector::nothing());
    }
    let match_labels = value
        .entries("matchLabels")
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    let match_expressions = value
        .list("matchExpressions")
        .iter()
        .map(|each| Expression {
            key: each.text("key").to_owned(),
            operator: each.text("operator").to_owned(),
            values: each.texts("values").into_iter().map(str::to_owned).collect(),
        })
        .collect();
    LabelSelector { match_labels, match_expressions }.to_selector().ok()
}

/// The labels of a template.
pub(crate) fn template_labels(template: &Value) -> Vec<(String, String)> {
    let labels = template.get("metadata").entries("labels").into_iter();
    labels.map(|(key, value)| (key.to_owned(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// Says that a selector does not select its own template.
pub(crate) fn mismatch(template: &Value, path: &Path, out: &mut Faults) {
    let value = ordered(template.get("metadata").get("labels"));
    out.invalid(path / "metadata" / "labels", value, "`selector` does not match template `labels`");
}

/// An object of the group that is made.
pub(crate) fn create(kind: Kind<'_>, object: &Value, settings: &Settings, out: &mut Faults) {
    if kind.kind == "StatefulSet" {
        return statefulset::create(object, settings, out);
    }
    metadata::of_kind(kind, true, object, out);
    let options = options(settings, None);
    match kind.kind {
        "Deployment" => deployment(object.get("spec"), &options, out),
        "ReplicaSet" => replica_set(object.get("spec"), &options, out),
        "DaemonSet" => daemon_set(object.get("spec"), &options, out),
        "ControllerRevision" => {
            out.negative("revision", object.int("revision"));
            match object.get("data") {
                Value::Object(_) => {}
                Value::Null => out.required("data", "data is mandatory"),
                _ => out.required("data", "data must be a valid JSON object"),
            }
        }
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
    if kind.kind == "StatefulSet" {
        return statefulset::update(subresource, new, old, settings, out);
    }
    metadata::changed_own(new, old, out);
    if subresource == Some("status") {
        return status(kind, new, old, out);
    }
    let (spec, old_spec) = (new.get("spec"), old.get("spec"));
    let options = options(settings, Some(old_spec.get("template")));
    match kind.kind {
        "Deployment" => {
            deployment(spec, &options, out);
            same_selector(spec, old_spec, out);
        }
        "ReplicaSet" => {
            replica_set(spec, &options, out);
            same_selector(spec, old_spec, out);
        }
        "DaemonSet" => {
            generations(new, old, out);
            same_selector(spec, old_spec, out);
            daemon_set(spec, &options, out);
        }
        "ControllerRevision" => {
            metadata::of_kind(kind, true, new, out);
            out.negative("revision", new.int("revision"));
            if !is_equal("data", new.get("data"), old.get("data")) {
                out.invalid("data", ordered(new.get("data")), IMMUTABLE);
            }
        }
        _ => {}
    }
}

/// The selector of a workload may not change.
fn same_selector(new: &Value, old: &Value, out: &mut Faults) {
    if !is_equal("selector", new.get("selector"), old.get("selector")) {
        let value = match new.get("selector") {
            Value::Null => Value::Null,
            selector => selector_shown(selector),
        };
        out.invalid("spec.selector", value, IMMUTABLE);
    }
}

/// The selector and the template of deployments and replica sets.
fn selects(spec: &Value, path: &Path, options: &Options, out: &mut Faults) {
    let own = path / "selector";
    let value = spec.get("selector");
    if spec.has("selector") {
        selector(&own, value, SelectorValues::Valid, out);
        if is_empty(value) {
            out.invalid(&own, selector_shown(value), "empty selector is invalid for deployment");
        }
    } else {
        out.required(&own, "");
    }
    let template = spec.get("template");
    let path = path / "template";
    match compiled(value) {
        None => out.invalid(own, selector_shown(value), "invalid label selector"),
        Some(selector) => {
            if !selector.is_empty() && !selector.matches(&template_labels(template)) {
                mismatch(template, &path, out);
            }
            pod::template(template, &path, options, out);
            runs_always(template, "ReplicaSet", &path, out);
        }
    }
}

/// Source: `k8s.io/kubernetes/pkg/apis/apps/validation` `ValidateDeploymentSpec`.
fn deployment(spec: &Value, options: &Options, out: &mut Faults) {
    let path = Path::new("spec");
    out.negative(&path / "replicas", spec.int("replicas"));
    selects(spec, &path, options, out);
    let (strategy, own) = (spec.get("strategy"), &path / "strategy");
    let rolling = strategy.get("rollingUpdate");
    match strategy.text("type") {
        "Recreate" => {
            if strategy.has("rollingUpdate") {
                let why = "may not be specified when strategy `type` is 'Recreate'";
                out.forbidden(own / "rollingUpdate", why);
            }
        }
        "RollingUpdate" if !strategy.has("rollingUpdate") => {
            out.required(own / "rollingUpdate", "this should be defaulted and never be nil");
        }
        "RollingUpdate" => {
            let own = own / "rollingUpdate";
            let [unavailable, surge] = ["maxUnavailable", "maxSurge"].map(|key| rolling.get(key));
            positive(unavailable, &(&own / "maxUnavailable"), out);
            positive(surge, &(&own / "maxSurge"), out);
            if number(unavailable) == 0 && number(surge) == 0 {
                let value = if matches!(unavailable, Value::Null) { &Value::Int(0) } else { unavailable };
                out.invalid(&own / "maxUnavailable", value, "may not be 0 when `maxSurge` is 0");
            }
            at_most_all(unavailable, &(own / "maxUnavailable"), out);
        }
        _ => {
            let supported = "supported values: \"Recreate\", \"RollingUpdate\"".to_owned();
            let value = shown("DeploymentStrategy", strategy);
            out.push(Fault { path: own.into(), kind: FaultKind::NotSupported, value, detail: supported });
        }
    }
    out.negative(&path / "minReadySeconds", spec.int("minReadySeconds"));
    out.negative(&path / "revisionHistoryLimit", spec.int("revisionHistoryLimit"));
    if let Some(deadline) = spec.int_opt("progressDeadlineSeconds") {
        let path = path / "progressDeadlineSeconds";
        out.negative(&path, deadline);
        if deadline <= spec.int("minReadySeconds") {
            out.invalid(path, deadline, "must be greater than minReadySeconds");
        }
    }
}

/// Source: `ValidateReplicaSetSpec`.
fn replica_set(spec: &Value, options: &Options, out: &mut Faults) {
    let path = Path::new("spec");
    out.negative(&path / "replicas", spec.int("replicas"));
    out.negative(&path / "minReadySeconds", spec.int("minReadySeconds"));
    selects(spec, &path, options, out);
}

/// Source: `ValidateDaemonSetSpec`.
fn daemon_set(spec: &Value, options: &Options, out: &mut Faults) {
    let path = Path::new("spec");
    let value = spec.get("selector");
    selector(&(&path / "selector"), value, options.selector_values, out);
    let (template, own) = (spec.get("template"), &path / "template");
    if compiled(value).is_some_and(|selector| !selector.matches(&template_labels(template))) {
        mismatch(template, &own, out);
    }
    if spec.has("selector") && is_empty(value) {
        out.invalid(&path / "selector", selector_shown(value), "empty selector is invalid for daemonset");
    }
    pod::template(template, &own, options, out);
    runs_always(template, "DaemonSet", &own, out);
    out.negative(&path / "minReadySeconds", spec.int("minReadySeconds"));
    daemon_strategy(spec.get("updateStrategy"), &(&path / "updateStrategy"), out);
    out.negative(&path / "revisionHistoryLimit", spec.int("revisionHistoryLimit"));
}

fn daemon_strategy(strategy: &Value, path: &Path, out: &mut Faults) {
    match strategy.text("type") {
        "OnDelete" => {}
        "RollingUpdate" if !strategy.has("rollingUpdate") => out.required(path / "rollingUpdate", ""),
        "RollingUpdate" => {
            let path = path / "rollingUpdate";
            let rolling = strategy.get("rollingUpdate");
            let [unavailable, surge] = ["maxUnavailable", "maxSurge"];
            for check in [positive, at_most_all] {
                for key in [unavailable, surge] {
                    check(rolling.get(key), &(&path / key), out);
                }
            }
            match [unavailable, surge].map(|key| number(rolling.get(key)) != 0) {
                [true, true] => {
                    let why = "may not be set when maxUnavailable is non-zero";
                    out.invalid(path / surge, rolling.get(surge), why);
                }
                [false, false] => out.required(path / unavailable, "cannot be 0 when maxSurge is 0"),
                _ => {}
            }
        }
        _ => {
            let detail = "supported values: \"RollingUpdate\", \"OnDelete\"".to_owned();
            let value = shown("DaemonSetUpdateStrategy", strategy);
            out.push(Fault { path: path.into(), kind: FaultKind::NotSupported, value, detail });
        }
    }
}

/// Source: `ValidateDaemonSetSpecUpdate`.
fn generations(new: &Value, old: &Value, out: &mut Faults) {
    let key = "deprecated.daemonset.template.generation";
    // The generation of the template is an annotation since apps/v1.
    let of = |object: &Value| -> i64 {
        object.get("metadata").get("annotations").text(key).parse().unwrap_or_default()
    };
    let path = "spec.templateGeneration";
    let (now, was) = (of(new), of(old));
    let is_changed = !is_equal("template", new.get("spec").get("template"), old.get("spec").get("template"));
    if now < was {
        out.invalid(path, now, "must not be decremented");
    }
    if now == was && is_changed {
        out.invalid(path, now, "must be incremented upon template update");
    } else if now > was && !is_changed {
        out.invalid(path, now, "must not be incremented without template update");
    }
}

fn status(kind: Kind<'_>, new: &Value, old: &Value, out: &mut Faults) {
    let path = Path::new("status");
    let (now, was) = (new.get("status"), old.get("status"));
    let keys: &[&str] = match kind.kind {
        "Deployment" => &[
            "observedGeneration",
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "availableReplicas",
            "unavailableReplicas",
            "terminatingReplicas",
            "collisionCount",
        ],
        "ReplicaSet" => &[
            "replicas",
            "fullyLabeledReplicas",
            "readyReplicas",
            "availableReplicas",
            "observedGeneration",
            "terminatingReplicas",
        ],
        _ => &[
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
            "observedGeneration",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberUnavailable",
            "collisionCount",
        ],
    };
    for key in keys {
        out.negative(&path / *key, now.int(key));
    }
    match kind.kind {
        "Deployment" => at_most(now, &["updatedReplicas", "readyReplicas", "availableReplicas"], &path, out),
        "ReplicaSet" => {
            at_most(now, &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"], &path, out)
        }
        _ => {}
    }
    if kind.kind != "ReplicaSet" {
        collisions(now, was, &path, out);
    }
}

/// The count of collisions only grows.
fn collisions(new: &Value, old: &Value, path: &Path, out: &mut Faults) {
    let key = "collisionCount";
    let (now, was) = (new.int_opt(key), old.int_opt(key));
    if was.is_some_and(|was| now.is_none_or(|now| now < was)) {
        out.invalid(path / key, now.unwrap_or_default(), "cannot be decremented");
    }
}
