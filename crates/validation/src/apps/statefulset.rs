//! Which stateful sets are valid.

use super::{collisions, compiled, mismatch, template_labels};
use crate::access::Fields;
use crate::core::claim;
use crate::core::replication::options;
use crate::equality::is_equal;
use crate::internal::shown;
use crate::intstr::{at_most_all, number, positive};
use crate::labels::{SelectorValues, annotations, is_empty, labels, selector};
use crate::metadata;
use crate::names::{Spelling, dns_label};
use crate::path::Path;
use crate::pod::{self, Options};
use crate::report::Report;
use crate::{Faults, Settings, selector_shown};
use ravelin_object::{Map, Value};
use std::collections::BTreeMap;

/// What is not looked at when a set takes the place of another.
#[derive(Clone, Copy)]
struct Leniency {
    any_service: bool,
    any_template: bool,
    any_claims: bool,
}

/// Source: `k8s.io/kubernetes/pkg/apis/apps/validation` `ValidateStatefulSet`.
pub(super) fn create(object: &Value, settings: &Settings, out: &mut Faults) {
    let names = |name: &str, is_prefix: bool| Spelling::Label.faults(name, is_prefix);
    metadata::with_name(object, true, &names, out);
    let strict = Leniency { any_service: false, any_template: false, any_claims: false };
    spec(object.get("spec"), &options(settings, None), strict, out);
}

/// Source: `ValidateStatefulSetUpdate`, `ValidateStatefulSetStatusUpdate`.
pub(super) fn update(
    subresource: Option<&str>,
    new: &Value,
    old: &Value,
    settings: &Settings,
    out: &mut Faults,
) {
    if subresource == Some("status") {
        return status(new, old, out);
    }
    metadata::changed_own(new, old, out);
    let (new_spec, old_spec) = (new.get("spec"), old.get("spec"));
    let options = options(settings, Some(old_spec.get("template")));
    let mut leniency = Leniency { any_service: true, any_template: false, any_claims: true };
    let mut found = Vec::new();
    spec(old_spec, &options, leniency, &mut found);
    leniency.any_template = !found.is_empty();
    spec(new_spec, &options, leniency, out);
    let keys = ["podManagementPolicy", "selector", "serviceName", "volumeClaimTemplates"];
    if keys.iter().any(|key| !is_equal(key, new_spec.get(key), old_spec.get(key))) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        out.forbidden("spec", why);
    }
}

fn spec(spec: &Value, options: &Options, leniency: Leniency, out: &mut Faults) {
    let path = Path::new("spec");
    match spec.text("podManagementPolicy") {
        "OrderedReady" | "Parallel" => {}
        "" => out.required(&path / "podManagementPolicy", ""),
        other => out.invalid(&path / "podManagementPolicy", other, "must be 'OrderedReady' or 'Parallel'"),
    }
    strategy(spec.get("updateStrategy"), &(&path / "updateStrategy"), out);
    let retention = spec.get("persistentVolumeClaimRetentionPolicy");
    for key in ["whenDeleted", "whenScaled"] {
        if spec.has("persistentVolumeClaimRetentionPolicy")
            && !matches!(retention.text(key), "Retain" | "Delete")
        {
            let path = &path / "persistentVolumeClaimRetentionPolicy" / key;
            out.unsupported(path, retention.text(key), &["Retain", "Delete"]);
        }
    }
    if !leniency.any_claims {
        for (index, each) in spec.list("volumeClaimTemplates").iter().enumerate() {
            let path = &path / "volumeClaimTemplates" / index / "spec";
            claim::spec(each.get("spec"), &path, claim::Kept::NOTHING, out);
        }
    }
    out.negative(&path / "replicas", spec.int("replicas"));
    out.negative(&path / "minReadySeconds", spec.int("minReadySeconds"));
    out.negative(&path / "ordinals.start", spec.get("ordinals").int("start"));
    let service = spec.text("serviceName");
    if !leniency.any_service && !service.is_empty() {
        out.spelling(&path / "serviceName", service, dns_label(service));
    }
    selects(spec, &path, options, leniency, out);
    let template = spec.get("template").get("spec");
    let own = &path / "template" / "spec";
    if template.text("restartPolicy") != "Always" {
        out.unsupported(&own / "restartPolicy", template.text("restartPolicy"), &["Always"]);
    }
    if template.has("activeDeadlineSeconds") {
        let why = "activeDeadlineSeconds in StatefulSet is not Supported";
        out.forbidden(own / "activeDeadlineSeconds", why);
    }
}

fn strategy(strategy: &Value, path: &Path, out: &mut Faults) {
    let rolling = strategy.get("rollingUpdate");
    match strategy.text("type") {
        "" => out.required(path, ""),
        "OnDelete" => {
            if strategy.has("rollingUpdate") {
                let value = shown("RollingUpdateStatefulSetStrategy", rolling);
                out.invalid_shown(
                    path / "rollingUpdate",
                    value,
                    "only allowed for updateStrategy 'RollingUpdate'",
                );
            }
        }
        "RollingUpdate" => {
            let path = path / "rollingUpdate";
            out.negative(&path / "partition", rolling.int("partition"));
            if rolling.has("maxUnavailable") {
                let (value, path) = (rolling.get("maxUnavailable"), path / "maxUnavailable");
                positive(value, &path, out);
                if number(value) == 0 {
                    out.invalid(&path, value, "cannot be 0");
                }
                at_most_all(value, &path, out);
            }
        }
        _ => {
            let value = shown("StatefulSetUpdateStrategy", strategy);
            out.invalid_shown(path, value, "must be 'RollingUpdate' or 'OnDelete'");
        }
    }
}

fn selects(spec: &Value, path: &Path, options: &Options, leniency: Leniency, out: &mut Faults) {
    let (value, own) = (spec.get("selector"), path / "selector");
    if spec.has("selector") {
        selector(&own, value, SelectorValues::Valid, out);
        if is_empty(value) {
            out.invalid(&own, selector_shown(value), "empty selector is invalid for statefulset");
        }
    } else {
        out.required(&own, "");
    }
    let Some(compiled) = compiled(value) else {
        out.invalid(own, selector_shown(value), "");
        return;
    };
    let template = with_claims(spec);
    let path = path / "template";
    if !compiled.is_empty() && !compiled.matches(&template_labels(&template)) {
        mismatch(&template, &path, out);
    }
    if !leniency.any_template {
        pod::template(&template, &path, options, out);
    }
    let meta = template.get("metadata");
    labels(&(&path / "labels"), meta, "labels", out);
    annotations(&(&path / "annotations"), meta, out);
    pod::template_annotations(&template, &(&path / "annotations"), options, out);
}

/// The template as its pods will be: with a volume for each claim, without names of hosts.
fn with_claims(spec: &Value) -> Value {
    let mut template = spec.get("template").clone();
    let claims: BTreeMap<&str, Value> = spec
        .list("volumeClaimTemplates")
        .iter()
        .map(|claim| {
            let name = claim.get("metadata").text("name");
            let mut source = Map::new();
            source.set("claimName", Value::from(name));
            let mut volume = Map::new();
            volume.set("name", Value::from(name));
            volume.set("persistentVolumeClaim", Value::Object(source));
            (name, Value::Object(volume))
        })
        .collect();
    let Some(pod) = template.object_at("spec") else {
        return template;
    };
    for key in ["subdomain", "hostname"] {
        pod.remove(key);
    }
    if !claims.is_empty() {
        let kept = match pod.get("volumes") {
            Some(Value::Array(items)) => items.clone(),
            _ => Vec::new(),
        };
        let kept = kept.into_iter().filter(|volume| !claims.contains_key(volume.text("name")));
        let volumes: Vec<Value> = claims.values().cloned().chain(kept).collect();
        pod.set("volumes", Value::Array(volumes));
    }
    template
}

fn status(new: &Value, old: &Value, out: &mut Faults) {
    let (path, now) = (Path::new("status"), new.get("status"));
    let keys = [
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ];
    for key in keys {
        out.negative(&path / key, now.int(key));
    }
    for key in ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"] {
        if now.int(key) > now.int("replicas") {
            out.invalid(&path / key, now.int(key), "cannot be greater than status.replicas");
        }
    }
    let available = now.int("availableReplicas");
    if available > now.int("readyReplicas") {
        out.invalid(&path / "availableReplicas", available, "cannot be greater than status.readyReplicas");
    }
    metadata::changed_own(new, old, out);
    collisions(now, old.get("status"), &path, out);
}
