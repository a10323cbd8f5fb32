//! Claims of devices: how many devices of each class, and of each extended resource that stands for a class.
//!
//! Source: `k8s.io/kubernetes/pkg/quota/v1/evaluator/core/resource_claims.go`.

use super::World;
use super::evaluator::{is_extended_quota, pod_usage};
use crate::fields::{annotation, items, text};
use crate::plugins::owner_references_permission_enforcement::owners;
use crate::resources::{ResourceList, count, zero};
use ravelin_object::Value;
use ravelin_object::quantity::{Format, Quantity};
use std::sync::Arc;

const GROUP: &str = "resource.k8s.io";
const COUNT: &str = "count/resourceclaims.resource.k8s.io";
const PER_CLASS: &str = ".deviceclass.resource.k8s.io/devices";
const IMPLICIT: &str = "requests.deviceclass.resource.kubernetes.io/";
const EXTENDED: &str = "resource.kubernetes.io/extended-resource-claim";
/// How many devices a request for all of them may get.
const ALL_DEVICES: usize = 32;

/// Whether a name that a quota limits is counted for claims of devices.
pub(super) fn is_counted(name: &str, world: World<'_>) -> bool {
    if name == COUNT || name.ends_with(PER_CLASS) {
        return true;
    }
    if let Some(class) = name.strip_prefix(IMPLICIT)
        && extended_resource(class, world).is_some()
    {
        return true;
    }
    let Some(resource) = name.strip_prefix("requests.").filter(|_| is_extended_quota(name)) else {
        return false;
    };
    let implicit = resource.strip_prefix("deviceclass.resource.kubernetes.io/");
    classes(world).iter().any(|class| {
        text(class, "spec.extendedResourceName") == resource || implicit == Some(text(class, "metadata.name"))
    })
}

fn classes(world: World<'_>) -> Vec<Arc<Value>> {
    world.cluster.list(GROUP, "deviceclasses", None).unwrap_or_default()
}

/// The extended resource that stands for a class of devices.
fn extended_resource(class: &str, world: World<'_>) -> Option<String> {
    let class = world.cluster.get(GROUP, "deviceclasses", "", class).ok().flatten()?;
    Some(text(&class, "spec.extendedResourceName").to_owned()).filter(|name| !name.is_empty())
}

/// What a claim uses.
pub(super) fn usage(claim: &Value, world: World<'_>) -> ResourceList {
    let mut usage = ResourceList::from([(COUNT.to_owned(), count(1))]);
    for request in items(claim, "spec.devices.requests") {
        let alternatives = items(request, "firstAvailable");
        let mut most = ResourceList::new();
        // Before v1 a request without alternatives was written in its place.
        let exactly = request.field("exactly").or_else(|| request.field("deviceClassName").map(|_| request));
        let asked = if alternatives.is_empty() { exactly.as_slice() } else { &[] };
        for (class, devices) in alternatives.iter().chain(asked.iter().copied()).map(devices) {
            let most = most.entry(format!("{class}{PER_CLASS}")).or_insert_with(zero);
            if devices > *most {
                *most = devices;
            }
        }
        if !alternatives.is_empty() {
            most.retain(|_, devices| devices.sign() > 0);
        }
        crate::resources::add(&mut usage, &most);
    }
    add_extended(&mut usage, &verified_pod_usage(claim, world), world);
    usage
}

/// The class and the number of devices of a request.
fn devices(request: &Value) -> (&str, Quantity) {
    let number = match text(request, "allocationMode") {
        "ExactCount" => Quantity::new(
            request.field("count").and_then(Value::as_int).unwrap_or_default(),
            Format::DecimalSi,
        ),
        "All" => count(ALL_DEVICES),
        _ => zero(),
    };
    (text(request, "deviceClassName"), number)
}

/// Adds what counts for extended resources too, but for what the pod of the claim counts already.
fn add_extended(usage: &mut ResourceList, pod: &ResourceList, world: World<'_>) {
    let mut extended = ResourceList::new();
    for (name, devices) in usage.iter() {
        let Some(class) = name.strip_suffix(PER_CLASS).filter(|class| !class.is_empty()) else { continue };
        extended.insert(format!("{IMPLICIT}{class}"), devices.clone());
        if let Some(resource) = extended_resource(class, world) {
            extended.insert(format!("requests.{resource}"), devices.clone());
        }
    }
    for (name, devices) in extended {
        let rest = pod.get(&name).map_or_else(|| devices.clone(), |counted| &devices - counted);
        if rest.sign() > 0 {
            usage.insert(name, rest);
        }
    }
}

/// What the pod uses that a claim was made for because of its extended resources; nothing for other claims.
fn verified_pod_usage(claim: &Value, world: World<'_>) -> ResourceList {
    pod_of(claim, world).map(|pod| pod_usage(&pod, world.now)).unwrap_or_default()
}

fn pod_of(claim: &Value, world: World<'_>) -> Option<Arc<Value>> {
    let owner = pod_owner(claim)?;
    let namespace = text(claim, "metadata.namespace");
    let pod = world.cluster.get("", "pods", namespace, &owner.0).ok().flatten()?;
    if text(&pod, "metadata.uid") != owner.1 {
        return None;
    }
    let name = text(claim, "metadata.name");
    if let Some(status) = pod.dotted("status.extendedResourceClaimStatus") {
        return (text(status, "resourceClaimName") == name).then_some(pod);
    }
    // Of several claims of a pod the first counts with it.
    let age = |claim: &Value| text(claim, "metadata.creationTimestamp").to_owned();
    let claims = world.cluster.list(GROUP, "resourceclaims", Some(namespace)).ok()?;
    let is_earlier = |other: &Arc<Value>| {
        pod_owner(other).is_some_and(|other| other.1 == owner.1)
            && (age(other), text(other, "metadata.name")) < (age(claim), name)
    };
    (!claims.iter().any(is_earlier)).then_some(pod)
}

/// The name and the uid of the pod that a claim was made for because of its extended resources.
fn pod_owner(claim: &Value) -> Option<(String, String)> {
    if annotation(claim, EXTENDED) != Some("true") {
        return None;
    }
    let owner = owners(claim).into_iter().find(|owner| owner.controller == Some(true))?;
    (owner.kind == "Pod" && owner.api_version == "v1").then_some((owner.name, owner.uid))
}
