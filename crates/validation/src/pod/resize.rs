//! How the resources of a running pod may change.

use super::annotations::MIRROR;
use super::options::Options;
use super::whole;
use crate::access::Fields;
use crate::equality::is_equal;
use crate::path::Path;
use crate::quantities::amount;
use crate::report::Report;
use crate::{Faults, metadata};
use ravelin_object::quantity::Quantity;
use ravelin_object::{Map, Value};
use std::collections::BTreeMap;

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidatePodResize`.
pub(super) fn update(new: &Value, old: &Value, options: &Options, out: &mut Faults) {
    let before = out.len();
    metadata::changed_own(new, old, out);
    whole(new, options, out);
    let refusal = if old.get("metadata").get("annotations").has(MIRROR) {
        Some("static pods cannot be resized")
    } else if old.get("spec").get("os").text("name") == "windows" {
        Some("windows pods cannot be resized")
    } else {
        None
    };
    if let Some(why) = refusal {
        out.truncate(before);
        out.forbidden("[]", why);
        return;
    }
    let path = Path::new("spec");
    if class(old) != computed_class(new.get("spec")) {
        let why = "Pod QOS Class may not change as a result of resizing";
        out.invalid(&path, new.get("status").text("qosClass"), why);
    }
    let running =
        old.get("status").list("containerStatuses").iter().find(|each| each.get("state").has("running"));
    if running.is_some_and(|status| !status.has("resources")) {
        out.forbidden(&path, "Pod running on node without support for resize");
    }
    let mut changed = new.get("spec").clone();
    of_pod(new.get("spec"), old.get("spec"), &mut changed, &path, out);
    if !old.get("status").list("nodeAllocatableResourceClaimStatuses").is_empty() {
        out.forbidden(&path, "pods with node allocatable resource claims cannot be resized");
    }
    if has_same_containers(new.get("spec"), old.get("spec"), &path, out) {
        only_resources(new.get("spec"), old.get("spec"), changed, before, &path, out);
    }
}

fn has_same_containers(new: &Value, old: &Value, path: &Path, out: &mut Faults) -> bool {
    let before = out.len();
    for list in ["containers", "initContainers"] {
        let (new, old) = (new.list(list), old.list(list));
        if new.len() != old.len() {
            out.forbidden(path / list, format!("{list} may not be added or removed on resize"));
            continue;
        }
        for (index, (new, old)) in new.iter().zip(old).enumerate() {
            if new.text("name") != old.text("name") {
                let why = format!("{list} may not be renamed or reordered on resize");
                out.forbidden(path / list / index / "name", why);
            }
        }
    }
    out.len() == before
}

/// Source: `validatePodLevelResourcesResize`.
fn of_pod(new: &Value, old: &Value, changed: &mut Value, path: &Path, out: &mut Faults) {
    let is_set = |spec: &Value| {
        let resources = spec.get("resources");
        !resources.map("requests").is_empty() || !resources.map("limits").is_empty()
    };
    if !is_set(new) && !is_set(old) {
        return;
    }
    if old.has("resources") && !new.has("resources") {
        out.forbidden(path / "resources", "pod-level resources cannot be removed");
        return;
    }
    let (new_resources, old_resources) = (new.get("resources"), old.get("resources"));
    if old.has("resources") {
        for (key, what) in [("requests", "requests"), ("limits", "limits")] {
            if is_removed(new_resources, old_resources, key) {
                let why = format!("pod-level resource {what} cannot be removed");
                out.forbidden(path / "resources" / key, why);
            }
        }
    }
    let restored = restored(new_resources, old_resources);
    let is_nothing =
        ["requests", "limits", "claims"].iter().all(|key| is_equal(key, restored.get(key), &Value::Null));
    if let Some(map) = changed.as_object_mut() {
        if !old.has("resources") && is_nothing {
            map.remove("resources");
        } else {
            map.set("resources", restored);
        }
    }
    if !is_equal("resources", changed.get("resources"), old_resources) {
        out.forbidden(path, "only cpu and memory resources are mutable at pod-level");
    }
}

fn is_removed(new: &Value, old: &Value, key: &str) -> bool {
    let new = new.map(key);
    old.map(key).iter().any(|(name, _)| new.get(name).is_none())
}

/// The new resources with the processor time and the memory of the old.
fn restored(new: &Value, old: &Value) -> Value {
    let mut resources = match new {
        Value::Object(map) => map.clone(),
        _ => Map::new(),
    };
    for key in ["limits", "requests"] {
        let mut amounts = new.map(key).clone();
        for name in ["cpu", "memory"] {
            match old.get(key).field(name) {
                Some(value) => amounts.set(name, value.clone()),
                None => {
                    amounts.remove(name);
                }
            }
        }
        resources.set(key, Value::Object(amounts));
    }
    Value::Object(resources)
}

fn only_resources(
    new: &Value,
    old: &Value,
    mut changed: Value,
    before: usize,
    path: &Path,
    out: &mut Faults,
) {
    for list in ["initContainers", "containers"] {
        for (index, (new, old)) in new.list(list).iter().zip(old.list(list)).enumerate() {
            for key in ["requests", "limits"] {
                if is_removed(new.get("resources"), old.get("resources"), key) {
                    let path = path / list / index / "resources" / key;
                    out.forbidden(path, format!("resource {key} cannot be removed"));
                }
            }
        }
    }
    for list in ["containers", "initContainers"] {
        let mut items = new.list(list).to_vec();
        for (index, (item, old)) in items.iter_mut().zip(old.list(list)).enumerate() {
            let is_changed = !is_equal(list, item, old);
            let resources = restored(item.get("resources"), old.get("resources"));
            if let Some(map) = item.as_object_mut() {
                // Claims of containers are dropped, and so cannot be the same.
                let mut resources = resources;
                if let Some(map) = resources.as_object_mut() {
                    map.remove("claims");
                }
                map.set("resources", resources);
            }
            one(list, index, item, old, is_changed, path, out);
        }
        if let Some(map) = changed.as_object_mut().filter(|_| !items.is_empty()) {
            map.set(list, Value::Array(items));
        }
    }
    if out.len() == before && !is_equal("spec", &changed, old) {
        out.forbidden(path, "only cpu and memory resources are mutable");
    }
}

fn one(list: &str, index: usize, item: &Value, old: &Value, is_changed: bool, path: &Path, out: &mut Faults) {
    let is_same = is_equal(list, item, old);
    if list == "containers" {
        if !is_same {
            out.forbidden(path, "only cpu and memory resources are mutable");
        }
        return;
    }
    let path = path / list / index;
    if !is_same {
        out.forbidden(&path, "only cpu and memory resources for init or sidecar containers are mutable");
    }
    if is_changed && item.text("restartPolicy") != "Always" {
        let why = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
        for _ in
            item.list("resizePolicy").iter().filter(|each| each.text("restartPolicy") == "RestartContainer")
        {
            out.forbidden(&path, why);
        }
    }
}

/// The quality of service of a pod.
fn class(pod: &Value) -> &str {
    match pod.get("status").text("qosClass") {
        "" => computed_class(pod.get("spec")),
        class => class,
    }
}

type Amounts<'a> = BTreeMap<&'a str, Quantity>;

/// Source: `k8s.io/kubernetes/pkg/apis/core/helper/qos` `ComputePodQOS`.
fn computed_class(spec: &Value) -> &'static str {
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    let mut is_guaranteed = true;
    if spec.has("resources") {
        let resources = spec.get("resources");
        add(&mut requests, resources, "requests");
        let count = add(&mut limits, resources, "limits");
        if !resources.map("limits").is_empty() && count < 2 {
            is_guaranteed = false;
        }
    } else {
        for container in spec.list("containers").iter().chain(spec.list("initContainers")) {
            add(&mut requests, container.get("resources"), "requests");
            if add(&mut limits, container.get("resources"), "limits") < 2 {
                is_guaranteed = false;
            }
        }
    }
    if requests.is_empty() && limits.is_empty() {
        return "BestEffort";
    }
    let is_guaranteed = is_guaranteed
        && requests.len() == limits.len()
        && requests.iter().all(|(name, amount)| limits.get(name) == Some(amount));
    if is_guaranteed { "Guaranteed" } else { "Burstable" }
}

fn add<'a>(total: &mut Amounts<'a>, resources: &'a Value, key: &str) -> usize {
    let mut count = 0_usize;
    for (name, value) in resources.map(key).iter().filter(|(name, _)| matches!(*name, "cpu" | "memory")) {
        let own = amount(value);
        if own.sign() > 0 {
            count = count.saturating_add(1);
            let sum = total.get(name).map_or_else(|| own.clone(), |present| &own + present);
            total.insert(name, sum);
        }
    }
    count
}
