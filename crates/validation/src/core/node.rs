//! Which nodes are valid.

use crate::access::{Fields, list_of};
use crate::internal::{converted, shown};
use crate::ip;
use crate::names::{Rule, config_key, dns_label, dns_subdomain, label_value, qualified_name};
use crate::path::Path;
use crate::pod::taint_effect;
use crate::quantities::resource_amount;
use crate::report::Report;
use crate::{Faults, Kind, metadata};
use ravelin_object::Value;
use ravelin_object::fault::{Fault, FaultKind};
use ravelin_object::json_text;
use ravelin_object::selector::quoted;
use std::collections::{BTreeMap, BTreeSet};

const NODE: Kind<'static> = Kind { group: "", version: "v1", kind: "Node" };
const TAINTS: &str = "scheduler.alpha.kubernetes.io/taints";

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateNode`.
pub(crate) fn create(object: &Value, out: &mut Faults) {
    metadata::of_kind(NODE, false, object, out);
    let (spec, meta) = (object.get("spec"), Path::new("metadata"));
    annotations(object, &(&meta / "annotations"), out);
    taints(spec.list("taints"), &(&meta / "taints"), out);
    resources(object, out);
    let swap = object.get("status").get("nodeInfo").get("swap");
    if let Some(capacity) = swap.int_opt("capacity").filter(|capacity| *capacity <= 0) {
        out.invalid(&meta / "nodeSwapStatus" / "capacity", capacity, "must be greater than zero");
    }
    features(object, out);
    let ranges = spec.texts("podCIDRs");
    let path = Path::new("spec") / "podCIDRs";
    for (index, range) in ranges.iter().enumerate() {
        ip::legacy_range(&(&path / index), range, &[], out);
    }
    if ranges.len() > 1 {
        let starts: Vec<&str> =
            ranges.iter().map(|range| range.split('/').next().unwrap_or_default()).collect();
        let is_dual = ranges.iter().all(|range| ip::sloppy_range(range).is_some())
            && ip::is_dual_stack(&starts) == Ok(true);
        if let Some(range) = ranges.iter().find(|range| ip::sloppy_range(range).is_none()) {
            let why = format!(
                "invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR address: {range}"
            );
            out.push(Fault::internal(&path, why));
        }
        if !is_dual || ranges.len() > 2 {
            out.invalid(&path, list_of(&ranges), "may specify no more than one CIDR for each IP family");
        }
    }
}

fn annotations(object: &Value, path: &Path, out: &mut Faults) {
    let text = object.get("metadata").get("annotations").text(TAINTS);
    if text.is_empty() {
        return;
    }
    match crate::json::parsed(text) {
        Ok(Value::Array(items)) => taints(&items, &(path / TAINTS), out),
        Ok(Value::Null) => {}
        Ok(other) => {
            let kind = crate::json::go_kind(&other);
            out.invalid(
                path,
                TAINTS,
                format!("json: cannot unmarshal {kind} into Go value of type []core.Taint"),
            );
        }
        Err(why) => out.invalid(path, TAINTS, why),
    }
}

fn taints(taints: &[Value], path: &Path, out: &mut Faults) {
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (index, taint) in taints.iter().enumerate() {
        let path = path / index;
        let (key, value, effect) = (taint.text("key"), taint.text("value"), taint.text("effect"));
        out.spelling(&path / "key", key, qualified_name(key));
        let faults = label_value(value);
        if !faults.is_empty() {
            out.invalid(&path / "value", value, faults.join(";"));
        }
        if effect.is_empty() {
            out.required(&path / "effect", "");
        } else {
            taint_effect(effect, &(&path / "effect"), out);
        }
        if !seen.entry(effect).or_default().insert(key) {
            let detail = "taints must be unique by key and effect pair".to_owned();
            let value = shown("Taint", taint);
            out.push(Fault { path: path.into(), kind: FaultKind::Duplicate, value, detail });
        }
    }
}

fn resources(object: &Value, out: &mut Faults) {
    for list in ["capacity", "allocatable"] {
        for (name, value) in object.get("status").entries(list) {
            resource_amount(name, value, &(Path::new("status") / list / name), out);
        }
    }
}

fn features(object: &Value, out: &mut Faults) {
    let path = Path::new("status") / "declaredFeatures";
    let features = object.get("status").texts("declaredFeatures");
    for (index, feature) in features.iter().enumerate() {
        if let Some(why) = feature_fault(feature) {
            out.invalid(&path / index, *feature, format!("invalid feature name {}: {why}", quoted(feature)));
        }
        let next = index.saturating_add(1);
        match features.get(next) {
            Some(other) if other == feature => out.duplicate(&path / next, *other),
            Some(other) if feature > other => {
                out.invalid(&path / next, *other, "list must be sorted alphabetically");
            }
            _ => {}
        }
    }
}

fn feature_fault(feature: &str) -> Option<&'static str> {
    if feature.len() > 253 {
        return Some("must be no more than 253 characters");
    }
    let is_part = |part: &str| {
        part.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let is_upper = feature.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
    (!is_upper || !feature.split('/').all(is_part)).then_some("must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes")
}

/// Source: `ValidateNodeUpdate`.
pub(crate) fn update(subresource: Option<&str>, new: &Value, old: &Value, out: &mut Faults) {
    if subresource.is_none() {
        create(new, out);
    }
    metadata::changed_own(new, old, out);
    annotations(new, &(Path::new("metadata") / "annotations"), out);
    resources(new, out);
    features(new, out);
    let mut seen = BTreeSet::new();
    for (index, address) in new.get("status").list("addresses").iter().enumerate() {
        if !seen.insert((address.text("type"), address.text("address"))) {
            out.duplicate(Path::new("status") / "addresses" / index, converted("NodeAddress", address));
        }
    }
    let (new_spec, old_spec) = (new.get("spec"), old.get("spec"));
    ranges(new_spec, old_spec, out);
    let old_id = old_spec.text("providerID");
    if !old_id.is_empty() && old_id != new_spec.text("providerID") {
        let why = "node updates may not change providerID except from \"\" to valid";
        out.forbidden("spec.providerID", why);
    }
    if new_spec.has("configSource") {
        config_source(new_spec.get("configSource"), true, &(Path::new("spec") / "configSource"), out);
    }
    let config = new.get("status").get("config");
    for key in ["assigned", "active", "lastKnownGood"].into_iter().filter(|key| config.has(key)) {
        config_source(config.get(key), false, &(Path::new("status") / "config" / key), out);
    }
    taints(new_spec.list("taints"), &(Path::new("metadata") / "taints"), out);
    if new_spec.text("externalID") != old_spec.text("externalID") {
        out.forbidden("spec.externalID", "may not be updated");
    }
}

fn ranges(new: &Value, old: &Value, out: &mut Faults) {
    let why = "node updates may not change podCIDR except from \"\" to valid";
    let (new, old) = (new.texts("podCIDRs"), old.texts("podCIDRs"));
    if old.is_empty() {
        return;
    }
    if old.len() != new.len() {
        out.forbidden("spec.podCIDRs", why);
        return;
    }
    for _ in old.iter().zip(&new).filter(|(old, new)| old != new) {
        out.forbidden("spec.podCIDRs", why);
    }
}

/// Where a kubelet takes its configuration from, as it is asked for or as it is.
fn config_source(source: &Value, is_spec: bool, path: &Path, out: &mut Faults) {
    let (map, own) = (source.get("configMap"), path / "configMap");
    if !source.has("configMap") {
        let value = json_text(&converted("NodeConfigSource", source));
        out.invalid_shown(path, value, "exactly one reference subfield must be non-nil");
        return;
    }
    for key in ["uid", "resourceVersion"] {
        if is_spec && !map.text(key).is_empty() {
            out.forbidden(&own / key, format!("{key} must not be set in spec"));
        } else if !is_spec && map.text(key).is_empty() {
            out.required(&own / key, "");
        }
    }
    let rules: [(&str, Rule); 3] =
        [("namespace", dns_label), ("name", dns_subdomain), ("kubeletConfigKey", config_key)];
    for (key, rule) in rules {
        let text = map.text(key);
        if text.is_empty() {
            out.required(&own / key, "");
        } else {
            out.spelling(&own / key, text, rule(text));
        }
    }
}
