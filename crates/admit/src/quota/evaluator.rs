//! What is counted for each kind of object.

use super::scope::{Scope, has_claim, has_pod, is_terminating};
use super::{World, claims};
use crate::fields::{items, text};
use crate::plugins::persistent_volume_claim_resize::class_of;
use crate::resources::{
    self, Counting, ResourceList, Which, count, is_extended, is_native, is_pod_level, quantity, zero,
};
use crate::{Attributes, Operation};
use ravelin_object::quantity::Quantity;
use ravelin_object::{Value, calendar};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How a resource is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evaluator<'r> {
    /// Pods: their number, and what they ask for and may use.
    Pods,
    /// Services: their number by type.
    Services,
    /// Claims of volumes: their number and size, by storage class.
    VolumeClaims,
    /// Claims of devices: their number, and that of the devices by class.
    ResourceClaims,
    /// Everything else: its number.
    Count(&'r str, &'r str),
}

const POD_RESOURCES: [&str; 11] = [
    "count/pods",
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];
const SERVICE_RESOURCES: [&str; 4] =
    ["count/services", "services", "services.nodeports", "services.loadbalancers"];
const CLAIM_RESOURCES: [&str; 2] = ["persistentvolumeclaims", "requests.storage"];
const CLASS_SUFFIX: &str = ".storageclass.storage.k8s.io/";
/// Resources whose number has an old name too.
const ALIASES: [&str; 4] = ["configmaps", "resourcequotas", "replicationcontrollers", "secrets"];
/// What containers have to say where a quota is about it.
const REQUIRED: [&str; 6] =
    ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// The name by which the number of objects of a resource is limited.
pub(crate) fn count_name(group: &str, resource: &str) -> String {
    if group.is_empty() { format!("count/{resource}") } else { format!("count/{resource}.{group}") }
}

/// The resources, group first, that quotas of these names may be about.
pub(crate) fn tracked(names: &[String]) -> BTreeSet<(String, String)> {
    let own = ["pods", "services", "persistentvolumeclaims"].iter().chain(&ALIASES);
    let mut tracked: BTreeSet<_> = own.map(|resource| (String::new(), (*resource).to_owned())).collect();
    tracked.insert(("resource.k8s.io".to_owned(), "resourceclaims".to_owned()));
    for name in names.iter().filter_map(|name| name.strip_prefix("count/")) {
        let (resource, group) = name.split_once('.').unwrap_or((name, ""));
        tracked.insert((group.to_owned(), resource.to_owned()));
    }
    tracked
}

impl<'r> Evaluator<'r> {
    /// How a resource is counted.
    pub(crate) fn of(group: &'r str, resource: &'r str) -> Self {
        match (group, resource) {
            ("", "pods") => Self::Pods,
            ("", "services") => Self::Services,
            ("", "persistentvolumeclaims") => Self::VolumeClaims,
            ("resource.k8s.io", "resourceclaims") => Self::ResourceClaims,
            _ => Self::Count(group, resource),
        }
    }

    /// The group and the resource.
    pub(crate) const fn group_resource(&self) -> (&'r str, &'r str) {
        match self {
            Self::Pods => ("", "pods"),
            Self::Services => ("", "services"),
            Self::VolumeClaims => ("", "persistentvolumeclaims"),
            Self::ResourceClaims => ("resource.k8s.io", "resourceclaims"),
            Self::Count(group, resource) => (group, resource),
        }
    }

    /// Whether a request changes what is counted.
    pub(crate) fn handles(&self, attributes: &Attributes<'_>, object: &Value, old: Option<&Value>) -> bool {
        let (creates, updates) =
            (attributes.operation == Operation::Create, attributes.operation == Operation::Update);
        match (self, attributes.subresource) {
            (Self::Pods, "") => {
                creates || (updates && old.is_some_and(|old| is_terminating(old) != is_terminating(object)))
            }
            (Self::Pods, "resize") => updates,
            (Self::Services | Self::VolumeClaims | Self::ResourceClaims, "") => creates || updates,
            // Upstream compares addresses, so that every change of a status counts.
            (Self::VolumeClaims, "status") => old.is_some(),
            (Self::Count(..), "") => creates,
            _ => false,
        }
    }

    /// Which of the names that a quota limits are counted for this resource.
    pub(crate) fn matching(&self, names: &[String], world: World<'_>) -> BTreeSet<String> {
        let is_counted = |name: &&String| match self {
            Self::Pods => is_pod_resource(name),
            Self::Services => SERVICE_RESOURCES.contains(&name.as_str()),
            Self::VolumeClaims => is_claim_resource(name),
            Self::ResourceClaims => claims::is_counted(name, world),
            Self::Count(group, resource) => {
                **name == count_name(group, resource)
                    || (group.is_empty() && ALIASES.contains(resource) && name.as_str() == *resource)
            }
        };
        names.iter().filter(is_counted).cloned().collect()
    }

    /// Whether an object is in a scope.
    ///
    /// # Errors
    /// A scope that cannot be understood.
    pub(crate) fn is_in_scope(&self, scope: &Scope, object: &Value) -> Result<bool, String> {
        match self {
            Self::Pods => has_pod(scope, object),
            Self::VolumeClaims => has_claim(scope, object),
            _ => Ok(false),
        }
    }

    /// The scopes, of these, that an object is in.
    ///
    /// # Errors
    /// A scope that cannot be understood.
    pub(crate) fn scopes_of(&self, scopes: &[Scope], object: &Value) -> Result<Vec<Scope>, String> {
        let mut found = Vec::new();
        for scope in scopes {
            let is_in = self.is_in_scope(scope, object);
            if is_in.map_err(|why| format!("error on matching scope {scope}: {why}"))? {
                found.push(scope.clone());
            }
        }
        Ok(found)
    }

    /// What an object has to say and does not, for these names: upstream's words.
    ///
    /// # Errors
    /// What it does not say.
    pub(crate) fn check(&self, names: &BTreeSet<String>, object: &Value) -> Result<(), String> {
        if *self == Self::Pods { check_pod(names, object) } else { Ok(()) }
    }

    /// What an object uses.
    pub(crate) fn usage(&self, object: &Value, world: World<'_>) -> ResourceList {
        match self {
            Self::Pods => pod_usage(object, world.now),
            Self::Services => service_usage(object),
            Self::VolumeClaims => claim_usage(object),
            Self::ResourceClaims => claims::usage(object, world),
            Self::Count(group, resource) => {
                let alias = (group.is_empty() && ALIASES.contains(resource)).then(|| (*resource).to_owned());
                let names = [count_name(group, resource)].into_iter().chain(alias);
                names.map(|name| (name, count(1))).collect()
            }
        }
    }
}

fn is_pod_resource(name: &str) -> bool {
    POD_RESOURCES.contains(&name)
        || ["hugepages-", "requests.hugepages-"].iter().any(|prefix| name.starts_with(prefix))
        || is_extended_quota(name)
}

/// Whether a name is that of an extended resource as quotas have it.
pub(super) fn is_extended_quota(name: &str) -> bool {
    let is_implicit = name.starts_with("requests.deviceclass.resource.kubernetes.io/");
    name.starts_with("requests.") && (!is_native(name) || is_implicit)
}

fn is_claim_resource(name: &str) -> bool {
    name == "count/persistentvolumeclaims"
        || CLAIM_RESOURCES.contains(&name)
        || CLAIM_RESOURCES.iter().any(|resource| name.ends_with(&format!("{CLASS_SUFFIX}{resource}")))
}

/// What containers have to say and do not.
///
/// Source: `podEvaluator.Constraints`.
fn check_pod(names: &BTreeSet<String>, pod: &Value) -> Result<(), String> {
    let whole = pod.field("spec").filter(|spec| spec.field("resources").is_some());
    let says =
        |which: Which| whole.is_some_and(|spec| which.of(spec).keys().any(|name| is_pod_level(name, true)));
    if says(Which::Requests) || says(Which::Limits) {
        return Ok(());
    }
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for container in items(pod, "spec.containers").iter().chain(items(pod, "spec.initContainers")) {
        let said = compute_usage(&Which::Requests.of(container), &Which::Limits.of(container));
        for name in names.iter().filter(|name| REQUIRED.contains(&name.as_str()) && !said.contains_key(*name))
        {
            missing.entry(name).or_default().insert(text(container, "name"));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let parts: Vec<String> = missing
        .into_iter()
        .map(|(name, containers)| {
            format!("{name} for: {}", containers.into_iter().collect::<Vec<_>>().join(","))
        })
        .collect();
    Err(format!("must specify {}", parts.join("; ")))
}

/// Amounts by the names of quotas.
///
/// Source: `podComputeUsageHelper`.
fn compute_usage(requests: &ResourceList, limits: &ResourceList) -> ResourceList {
    let mut usage = ResourceList::from([("pods".to_owned(), count(1))]);
    for name in ["cpu", "memory", "ephemeral-storage"] {
        if let Some(request) = requests.get(name) {
            usage.insert(name.to_owned(), request.clone());
            usage.insert(format!("requests.{name}"), request.clone());
        }
        if let Some(limit) = limits.get(name) {
            usage.insert(format!("limits.{name}"), limit.clone());
        }
    }
    for (name, request) in requests {
        let is_huge = name.starts_with("hugepages-");
        if is_huge {
            usage.insert(name.clone(), request.clone());
        }
        if is_huge || is_extended(name) || name.starts_with("deviceclass.resource.kubernetes.io/") {
            usage.insert(format!("requests.{name}"), request.clone());
        }
    }
    usage
}

/// What a pod uses. One that has ended, or whose deletion is overdue, is only counted.
///
/// Source: `PodUsageFunc`, `QuotaV1Pod`.
pub(super) fn pod_usage(pod: &Value, now: Duration) -> ResourceList {
    let mut usage = ResourceList::from([("count/pods".to_owned(), count(1))]);
    let has_ended = matches!(text(pod, "status.phase"), "Failed" | "Succeeded");
    if has_ended || is_overdue(pod, now) {
        return usage;
    }
    let counting = Counting { status: true, overhead: true, huge_pages: true };
    let [requests, limits] =
        [Which::Requests, Which::Limits].map(|which| resources::pod(pod, which, counting));
    resources::add(&mut usage, &compute_usage(&requests, &limits));
    usage
}

fn is_overdue(pod: &Value, now: Duration) -> bool {
    let deleted =
        calendar::parse_rfc3339(text(pod, "metadata.deletionTimestamp")).map(|(seconds, _)| seconds);
    let grace = pod.dotted("metadata.deletionGracePeriodSeconds").and_then(Value::as_int);
    let (Some(deleted), Some(grace)) = (deleted, grace) else { return false };
    let end = i128::from(deleted) + i128::from(grace);
    i128::try_from(now.as_nanos()).unwrap_or(i128::MAX) > end * 1_000_000_000
}

/// Source: `serviceEvaluator.Usage`.
fn service_usage(service: &Value) -> ResourceList {
    let ports = items(service, "spec.ports");
    let allocates =
        service.dotted("spec.allocateLoadBalancerNodePorts").and_then(Value::as_bool) != Some(false);
    let given = || {
        let has_port =
            |port: &&Value| port.field("nodePort").and_then(Value::as_int).unwrap_or_default() != 0;
        ports.iter().filter(has_port).count()
    };
    let (node_ports, balancers) = match text(service, "spec.type") {
        "NodePort" => (ports.len(), 0),
        "LoadBalancer" if allocates => (ports.len(), 1),
        "LoadBalancer" => (given(), 1),
        _ => (0, 0),
    };
    let counts = [1, 1, node_ports, balancers];
    SERVICE_RESOURCES.iter().zip(counts).map(|(name, number)| ((*name).to_owned(), count(number))).collect()
}

/// Source: `pvcEvaluator.Usage`.
fn claim_usage(claim: &Value) -> ResourceList {
    let class = class_of(claim);
    let mut usage = ResourceList::new();
    for name in ["persistentvolumeclaims", "count/persistentvolumeclaims"] {
        usage.insert(name.to_owned(), count(1));
    }
    if !class.is_empty() {
        usage.insert(format!("{class}{CLASS_SUFFIX}persistentvolumeclaims"), count(1));
    }
    let Some(asked) = claim.dotted("spec.resources.requests.storage").and_then(quantity) else {
        return usage;
    };
    let allocated = claim.dotted("status.allocatedResources.storage").and_then(quantity).unwrap_or_else(zero);
    let asked = rounded(asked);
    let size = if allocated > asked { rounded(allocated) } else { asked };
    usage.insert("requests.storage".to_owned(), size.clone());
    if !class.is_empty() {
        usage.insert(format!("{class}{CLASS_SUFFIX}requests.storage"), size);
    }
    usage
}

/// An amount of whole bytes, rounded up.
fn rounded(amount: Quantity) -> Quantity {
    let whole = Quantity::new(amount.value(), amount.format());
    if whole > amount { whole } else { amount }
}
