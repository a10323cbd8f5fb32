//! Amounts of resources by name, and how they add up for a pod.

use crate::fields::{items, text};
use ravelin_object::Value;
use ravelin_object::quantity::{Format, Quantity};
use std::collections::BTreeMap;

/// Amounts of resources, by the name of the resource.
pub type ResourceList = BTreeMap<String, Quantity>;

/// The quantity that a field holds; nothing where it holds none.
pub(crate) fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse_field(text).ok(),
        Value::Int(value) => Quantity::parse(&value.to_string()).ok(),
        Value::UInt(value) => Quantity::parse(&value.to_string()).ok(),
        Value::Float(value) => Quantity::parse(&value.to_string()).ok(),
        _ => None,
    }
}

/// The amounts that a mapping holds. What is no quantity is left out.
pub(crate) fn list(value: Option<&Value>) -> ResourceList {
    let entries = value.and_then(Value::as_object).into_iter().flat_map(ravelin_object::Map::iter);
    entries.filter_map(|(name, value)| Some((name.to_owned(), quantity(value)?))).collect()
}

/// Nothing of a resource.
pub(crate) const fn zero() -> Quantity {
    Quantity::new(0, Format::DecimalSi)
}

/// A number of things.
pub(crate) fn count(number: usize) -> Quantity {
    Quantity::new(i64::try_from(number).unwrap_or(i64::MAX), Format::DecimalSi)
}

/// Adds amounts to amounts.
pub(crate) fn add(list: &mut ResourceList, further: &ResourceList) {
    for (name, amount) in further {
        match list.get_mut(name) {
            Some(sum) => *sum = &*sum + amount,
            None => {
                list.insert(name.clone(), amount.clone());
            }
        }
    }
}

/// Raises amounts to amounts.
pub(crate) fn raise(list: &mut ResourceList, other: &ResourceList) {
    for (name, amount) in other {
        match list.get_mut(name) {
            Some(most) if *most >= *amount => {}
            Some(most) => *most = amount.clone(),
            None => {
                list.insert(name.clone(), amount.clone());
            }
        }
    }
}

/// Which of a pod's amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// What it asks for.
    Requests,
    /// What it may use.
    Limits,
}

impl Which {
    /// The field of `resources` that holds them.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Limits => "limits",
        }
    }

    /// The amounts of a holder of `resources`: a container, a spec, a status.
    pub(crate) fn of(self, holder: &Value) -> ResourceList {
        list(holder.field("resources").and_then(|resources| resources.field(self.key())))
    }
}

/// How the amounts of a pod are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counting {
    /// What the containers are reported to have counts where it is more than what is asked for.
    pub(crate) status: bool,
    /// The overhead of the pod counts.
    pub(crate) overhead: bool,
    /// Huge pages may be given for the pod as a whole, not only processor time and memory.
    pub(crate) huge_pages: bool,
}

/// The amounts of a pod: the sum over its containers, or the most that its init containers need at one time, and what
/// the pod says as a whole instead.
///
/// Source: `k8s.io/component-helpers/resource/helpers.go` `PodRequests`, `PodLimits`; with `overhead` and `status` off
/// `k8s.io/kubernetes/plugin/pkg/admission/limitranger` `podRequests`, `podLimits`.
pub(crate) fn pod(pod: &Value, which: Which, counting: Counting) -> ResourceList {
    let mut sum = ResourceList::new();
    for container in items(pod, "spec.containers") {
        add(&mut sum, &effective(pod, container, "status.containerStatuses", which, counting));
    }
    let (mut restartable, mut most) = (ResourceList::new(), ResourceList::new());
    for container in items(pod, "spec.initContainers") {
        if text(container, "restartPolicy") == "Always" {
            let own = effective(pod, container, "status.initContainerStatuses", which, counting);
            add(&mut sum, &own);
            add(&mut restartable, &own);
            raise(&mut most, &restartable);
        } else {
            let mut own = which.of(container);
            add(&mut own, &restartable);
            raise(&mut most, &own);
        }
    }
    raise(&mut sum, &most);
    let whole = pod.field("spec").map(|spec| which.of(spec)).unwrap_or_default();
    sum.extend(whole.into_iter().filter(|(name, _)| is_pod_level(name, counting.huge_pages)));
    if counting.overhead {
        add_overhead(&mut sum, &list(pod.dotted("spec.overhead")), which);
    }
    sum
}

fn add_overhead(sum: &mut ResourceList, overhead: &ResourceList, which: Which) {
    match which {
        Which::Requests => add(sum, overhead),
        Which::Limits => {
            for (name, amount) in overhead {
                if let Some(limit) = sum.get_mut(name).filter(|limit| !limit.is_zero()) {
                    *limit = &*limit + amount;
                }
            }
        }
    }
}

/// Whether a resource may be given for a pod as a whole.
pub(crate) fn is_pod_level(name: &str, huge_pages: bool) -> bool {
    matches!(name, "cpu" | "memory") || (huge_pages && name.starts_with("hugepages-"))
}

/// The amounts of a container: what it says, or what it has by the status of the pod where that is more.
fn effective(
    pod: &Value,
    container: &Value,
    statuses: &str,
    which: Which,
    counting: Counting,
) -> ResourceList {
    let spec = which.of(container);
    let name = text(container, "name");
    let status = items(pod, statuses).iter().rfind(|status| text(status, "name") == name);
    let Some(status) = status.filter(|status| counting.status && status.field("resources").is_some()) else {
        return spec;
    };
    let mut most = if is_infeasible(pod) { ResourceList::new() } else { spec };
    raise(&mut most, &which.of(status));
    if which == Which::Requests {
        raise(&mut most, &list(status.field("allocatedResources")));
    }
    most
}

/// Whether the node cannot do what a resize of the pod asks for.
fn is_infeasible(pod: &Value) -> bool {
    let mut conditions = items(pod, "status.conditions").iter();
    let pending = conditions.find(|condition| text(condition, "type") == "PodResizePending");
    pending.is_some_and(|condition| text(condition, "reason") == "Infeasible")
}

/// Whether a pod has no claim to processor time and memory.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/v1/helper/qos` `GetPodQOS`, `ComputePodQOS`.
pub(crate) fn is_best_effort(pod: &Value) -> bool {
    let class = text(pod, "status.qosClass");
    if !class.is_empty() {
        return class == "BestEffort";
    }
    let asks = |holder: &Value| {
        let amounts = [Which::Requests.of(holder), Which::Limits.of(holder)];
        amounts.iter().flatten().any(|(name, amount)| is_pod_level(name, false) && amount.sign() > 0)
    };
    match pod.field("spec").filter(|spec| spec.field("resources").is_some()) {
        Some(spec) => !asks(spec),
        None => {
            let containers = items(pod, "spec.containers").iter().chain(items(pod, "spec.initContainers"));
            !containers.into_iter().any(asks)
        }
    }
}

/// Whether a resource is one that Kubernetes itself knows.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/helper` `IsNativeResource`.
pub(crate) fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether a resource is one that somebody else has added.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/helper` `IsExtendedResourceName`.
pub(crate) fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && ravelin_object::selector::qualified_name_faults(&format!("requests.{name}")).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::object;

    fn shown(list: &ResourceList) -> String {
        let entries: Vec<String> = list.iter().map(|(name, amount)| format!("{name}={amount}")).collect();
        entries.join(",")
    }

    #[test]
    fn a_pod_needs_the_sum_of_its_containers_or_the_most_of_its_init_containers() {
        let limit_ranger = Counting { status: false, overhead: false, huge_pages: false };
        let quota = Counting { status: true, overhead: true, huge_pages: true };
        let cases = [
            (
                "{containers: [{resources: {requests: {cpu: 1}}}, {resources: {requests: {cpu: 500m}}}]}",
                "cpu=1500m",
            ),
            (
                "{containers: [{resources: {requests: {cpu: 1}}}], initContainers: [{resources: {requests: {cpu: 3}}}, \
                 {resources: {requests: {cpu: 2}}}]}",
                "cpu=3",
            ),
            (
                "{containers: [{resources: {requests: {cpu: 1}}}], initContainers: [{restartPolicy: Always, resources: \
                 {requests: {cpu: 2}}}, {resources: {requests: {cpu: 2}}}]}",
                "cpu=4",
            ),
            (
                "{containers: [{resources: {requests: {cpu: 1, x: 1}}}], resources: {requests: {cpu: 5, x: 2}}}",
                "cpu=5,x=1",
            ),
        ];
        for (spec, expected) in cases {
            let value = object(&format!("{{spec: {spec}}}"));
            assert_eq!(shown(&pod(&value, Which::Requests, limit_ranger)), expected, "{spec}");
            assert_eq!(shown(&pod(&value, Which::Requests, quota)), expected, "{spec}");
        }
        let value = object(
            "{spec: {overhead: {cpu: 1, memory: 1}, containers: [{name: c, resources: {requests: {cpu: 1}, limits: \
             {cpu: 2}}}]}, status: {containerStatuses: [{name: c, resources: {requests: {cpu: 3}, limits: {cpu: 3}}, \
             allocatedResources: {cpu: 4}}]}}",
        );
        assert_eq!(shown(&pod(&value, Which::Requests, quota)), "cpu=5,memory=1");
        assert_eq!(shown(&pod(&value, Which::Limits, quota)), "cpu=4");
        assert_eq!(shown(&pod(&value, Which::Limits, limit_ranger)), "cpu=2");
    }

    #[test]
    fn a_pod_without_claims_is_best_effort() {
        let cases = [
            ("{spec: {containers: [{}]}}", true),
            ("{spec: {containers: [{resources: {limits: {cpu: 0, x/y: 1}}}]}}", true),
            ("{spec: {containers: [{}], initContainers: [{resources: {requests: {memory: 1}}}]}}", false),
            ("{spec: {resources: {}, containers: [{resources: {requests: {memory: 1}}}]}}", true),
            ("{spec: {resources: {limits: {cpu: 1}}, containers: [{}]}}", false),
            ("{spec: {containers: [{resources: {limits: {cpu: 1}}}]}, status: {qosClass: BestEffort}}", true),
        ];
        for (pod, expected) in cases {
            assert_eq!(is_best_effort(&object(pod)), expected, "{pod}");
        }
    }

    #[test]
    fn resources_of_others_are_extended() {
        for (name, native, extended) in [
            ("cpu", true, false),
            ("kubernetes.io/x", true, false),
            ("x.kubernetes.io/y", true, false),
            ("example.com/gpu", false, true),
            ("requests.example.com/gpu", false, false),
            ("example.com/", false, false),
        ] {
            assert_eq!((is_native(name), is_extended(name)), (native, extended), "{name}");
        }
    }
}
