//! `LimitRanger`: how much a pod, a container or a claim asks for.

use super::prelude::*;
use crate::fields::{entries, items_mut, set_annotation};
use crate::resources::{Counting, ResourceList, Which, list, pod as amounts, quantity, zero};
use ravelin_object::errors::aggregated;
use ravelin_object::quantity::Quantity;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    name: "LimitRanger",
    about: "Gives containers the default requests and limits of the namespace, and refuses pods and claims that ask \
            for less or more than it permits.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/limitranger",
    build: plain!(LimitRanger),
};

struct LimitRanger;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

impl Plugin for LimitRanger {
    identity!([Create, Update], mutates: true, validates: true);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let object = object.filter(|object| object.as_object().is_some());
        let Some(object) = object.filter(|_| concerns(attributes, old)) else { return Ok(()) };
        for range in ranges(attributes, Some(object), context)? {
            if attributes.resource == "pods" {
                set_defaults(&range, object);
            }
        }
        Ok(())
    }

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let Some(object) = typed(object).filter(|_| concerns(attributes, old)) else { return Ok(()) };
        for range in ranges(attributes, Some(object), context)? {
            let mut faults: Vec<String> = items(&range, "spec.limits")
                .iter()
                .flat_map(|limit| match attributes.resource {
                    "pods" => pod_faults(limit, object),
                    "persistentvolumeclaims" => claim_faults(limit, object),
                    _ => Vec::new(),
                })
                .collect();
            // Upstream has no order here.
            faults.sort();
            if let Some(text) = aggregated(&faults) {
                return Err(attributes.forbidden(Some(object), &text));
            }
        }
        Ok(())
    }
}

/// Whether the request is about what limits are for.
///
/// Source: `DefaultLimitRangerActions.SupportsAttributes`, `runLimitFunc`.
fn concerns(attributes: &Attributes<'_>, old: Option<&Value>) -> bool {
    let is_pod = attributes.is_kind("", "Pod");
    let updates = attributes.operation == Operation::Update;
    let supported = match attributes.subresource {
        "resize" => is_pod && updates,
        "" => (is_pod && !updates) || attributes.is_kind("", "PersistentVolumeClaim"),
        _ => false,
    };
    supported && old.is_none_or(|old| old.dotted("metadata.deletionTimestamp").is_none())
}

fn ranges(
    attributes: &Attributes<'_>,
    object: Option<&Value>,
    context: &Context<'_>,
) -> Result<Vec<Arc<Value>>, Status> {
    context.cluster.list("", "limitranges", Some(attributes.namespace)).map_err(|_| {
        let Attributes { group, version, resource, .. } = attributes;
        let operation = attributes.operation.as_str();
        let why = format!(
            "unable to {operation} {group}/{version}, Resource={resource} at this time because there was an error \
             enforcing limit ranges"
        );
        attributes.forbidden(object, &why)
    })
}

/// The defaults of a range for containers, by resource.
fn defaults<'r>(range: &'r Value, key: &str) -> BTreeMap<&'r str, &'r Value> {
    let limits = items(range, "spec.limits").iter().filter(|limit| text(limit, "type") == "Container");
    limits.flat_map(|limit| entries(limit, key)).collect()
}

/// Gives the containers of a pod what they do not say themselves.
fn set_defaults(range: &Value, pod: &mut Value) {
    let given = [
        ("requests", "request", defaults(range, "defaultRequest")),
        ("limits", "limit", defaults(range, "default")),
    ];
    let mut said = Vec::new();
    if let Some(spec) = pod.field_mut("spec").and_then(Value::as_object_mut) {
        for (key, kind) in [("containers", "container"), ("initContainers", "init container")] {
            for container in items_mut(spec, key).iter_mut().filter(|item| item.as_object().is_some()) {
                let name = text(container, "name").to_owned();
                for (field, word, values) in &given {
                    let names = set_missing(container, field, values);
                    if !names.is_empty() {
                        said.push(format!("{} {word} for {kind} {name}", names.join(", ")));
                    }
                }
            }
        }
    }
    if !said.is_empty() {
        set_annotation(pod, ANNOTATION, &format!("LimitRanger plugin set: {}", said.join("; ")));
    }
}

/// Sets what a container does not say; which resources that are, by name.
fn set_missing<'r>(container: &mut Value, field: &str, values: &BTreeMap<&'r str, &Value>) -> Vec<&'r str> {
    let own = list(container.field("resources").and_then(|resources| resources.field(field)));
    let missing: Vec<_> = values.iter().filter(|(name, _)| !own.contains_key(**name)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let target = container.object_at("resources").and_then(|resources| object_in(resources, field));
    if let Some(target) = target {
        missing.iter().for_each(|(name, value)| target.set(**name, (**value).clone()));
    }
    missing.into_iter().map(|(name, _)| *name).collect()
}

fn pod_faults(limit: &Value, pod: &Value) -> Vec<String> {
    match text(limit, "type") {
        "Container" => {
            let containers = items(pod, "spec.containers").iter().chain(items(pod, "spec.initContainers"));
            containers
                .flat_map(|container| {
                    faults(limit, &Which::Requests.of(container), &Which::Limits.of(container))
                })
                .collect()
        }
        "Pod" => {
            let counting = Counting { status: false, overhead: false, huge_pages: false };
            let [requests, limits] =
                [Which::Requests, Which::Limits].map(|which| amounts(pod, which, counting));
            faults(limit, &requests, &limits)
        }
        _ => Vec::new(),
    }
}

fn claim_faults(limit: &Value, claim: &Value) -> Vec<String> {
    if text(limit, "type") != "PersistentVolumeClaim" {
        return Vec::new();
    }
    let requests = claim.field("spec").map(|spec| Which::Requests.of(spec)).unwrap_or_default();
    let rule = |key| Rule::all(limit, key);
    let mut faults: Vec<String> =
        rule("min").filter_map(|rule| rule.min(&requests, &ResourceList::new())).collect();
    faults.extend(rule("max").filter_map(|rule| rule.max_request(&requests)));
    faults
}

fn faults(limit: &Value, requests: &ResourceList, limits: &ResourceList) -> Vec<String> {
    let rule = |key| Rule::all(limit, key);
    let mut faults: Vec<String> = rule("min").filter_map(|rule| rule.min(requests, limits)).collect();
    faults.extend(rule("max").filter_map(|rule| rule.max(requests, limits)));
    faults.extend(rule("maxLimitRequestRatio").filter_map(|rule| rule.ratio(requests, limits)));
    faults
}

/// What a limit says of one resource.
struct Rule<'l> {
    kind: &'l str,
    resource: &'l str,
    enforced: Quantity,
}

/// The greatest amount that upstream compares in thousandths.
const MAX_MILLI_VALUE: i64 = (i64::MAX) / 1000;

impl<'l> Rule<'l> {
    fn all(limit: &'l Value, key: &str) -> impl Iterator<Item = Self> {
        let kind = text(limit, "type");
        entries(limit, key)
            .filter_map(move |(resource, value)| Some(Self { kind, resource, enforced: quantity(value)? }))
    }

    /// The amounts as integers that can be compared: in thousandths if all fit.
    ///
    /// Source: `requestLimitEnforcedValues`.
    fn values(&self, request: Option<&Quantity>, limit: Option<&Quantity>) -> [i64; 3] {
        let zero = zero();
        let all = [request.unwrap_or(&zero), limit.unwrap_or(&zero), &self.enforced];
        let whole = all.map(Quantity::value);
        if whole.iter().all(|value| *value <= MAX_MILLI_VALUE) {
            all.map(Quantity::milli_value)
        } else {
            whole
        }
    }

    fn min(&self, requests: &ResourceList, limits: &ResourceList) -> Option<String> {
        let Self { kind, resource, enforced } = self;
        let (request, limit) = (requests.get(*resource), limits.get(*resource));
        let [request_value, limit_value, enforced_value] = self.values(request, limit);
        let start = format!("minimum {resource} usage per {kind} is {enforced}");
        let Some(request) = request else { return Some(format!("{start}.  No request is specified")) };
        if request_value < enforced_value {
            return Some(format!("{start}, but request is {request}"));
        }
        let limit = limit.filter(|_| limit_value < enforced_value)?;
        Some(format!("{start}, but limit is {limit}"))
    }

    fn max_request(&self, requests: &ResourceList) -> Option<String> {
        let Self { kind, resource, enforced } = self;
        let request = requests.get(*resource);
        let [request_value, _, enforced_value] = self.values(request, None);
        let start = format!("maximum {resource} usage per {kind} is {enforced}");
        let Some(request) = request else { return Some(format!("{start}.  No request is specified")) };
        (request_value > enforced_value).then(|| format!("{start}, but request is {request}"))
    }

    fn max(&self, requests: &ResourceList, limits: &ResourceList) -> Option<String> {
        let Self { kind, resource, enforced } = self;
        let (request, limit) = (requests.get(*resource), limits.get(*resource));
        let [request_value, limit_value, enforced_value] = self.values(request, limit);
        let start = format!("maximum {resource} usage per {kind} is {enforced}");
        let Some(limit) = limit else { return Some(format!("{start}.  No limit is specified")) };
        if limit_value > enforced_value {
            return Some(format!("{start}, but limit is {limit}"));
        }
        let request = request.filter(|_| request_value > enforced_value)?;
        Some(format!("{start}, but request is {request}"))
    }

    #[expect(clippy::cast_precision_loss, reason = "upstream divides as floating-point numbers")]
    fn ratio(&self, requests: &ResourceList, limits: &ResourceList) -> Option<String> {
        let Self { kind, resource, enforced } = self;
        let (request, limit) = (requests.get(*resource), limits.get(*resource));
        let [request_value, limit_value, _] = self.values(request, limit);
        let start = format!("{resource} max limit to request ratio per {kind} is {enforced}");
        if request.is_none() || request_value == 0 {
            return Some(format!("{start}, but no request is specified or request is 0"));
        }
        if limit.is_none() || limit_value == 0 {
            return Some(format!("{start}, but no limit is specified or limit is 0"));
        }
        let ratio = limit_value as f64 / request_value as f64;
        let exceeds = if enforced.value() <= MAX_MILLI_VALUE {
            ratio * 1000.0 > enforced.milli_value() as f64
        } else {
            ratio > enforced.value() as f64
        };
        exceeds.then(|| format!("{start}, but provided ratio is {ratio:.6}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, object, plugin};

    fn made(limits: &str, resource: &'static str, thing: &str, old: &str) -> (Value, Result<(), String>) {
        let range = format!("{{metadata: {{name: r, namespace: ns}}, spec: {{limits: {limits}}}}}");
        let records = Records::of(&[("/limitranges", &range)]);
        let operation = if old.is_empty() { Operation::Create } else { Operation::Update };
        admitted(plugin(ENTRY.name).as_ref(), &records, &attributes(operation, resource), thing, old)
    }

    #[test]
    fn containers_get_the_defaults() {
        let limits = "[{type: Container, default: {cpu: 300m, memory: 200Mi}, defaultRequest: {cpu: 100m}}]";
        let pod = "{spec: {containers: [{name: c, resources: {requests: {cpu: 1m}}}], initContainers: [{name: i, \
                   resources: {limits: {cpu: 1, memory: 1}}}]}}";
        let (pod, said) = made(limits, "pods", pod, "");
        let wanted = "{spec: {containers: [{name: c, resources: {requests: {cpu: 1m}, limits: {cpu: 300m, memory: \
                      200Mi}}}], initContainers: [{name: i, resources: {limits: {cpu: 1, memory: 1}, requests: {cpu: \
                      100m}}}]}, metadata: {annotations: {kubernetes.io/limit-ranger: 'LimitRanger plugin set: cpu, \
                      memory limit for container c; cpu request for init container i'}}}";
        assert_eq!((pod, said), (object(wanted), Ok(())));
        let pod = "{spec: {containers: [{name: c}]}}";
        assert_eq!(made("[]", "pods", pod, "").0, object(pod));
    }

    #[test]
    fn amounts_beyond_the_limits_are_refused() {
        let refused = |limits: &str, requests: &str, of: &str| {
            let container = format!("{{resources: {{requests: {requests}, limits: {of}}}}}");
            made(limits, "pods", &format!("{{spec: {{containers: [{container}]}}}}"), "").1
        };
        let why = |text: &str| Err(format!("403 pods \"x\" is forbidden: {text}"));
        let min = "[{type: Container, min: {cpu: 100m}}]";
        assert_eq!(refused(min, "{cpu: 100m}", "{}"), Ok(()));
        assert_eq!(
            refused(min, "{}", "{}"),
            why("minimum cpu usage per Container is 100m.  No request is specified")
        );
        assert_eq!(
            refused(min, "{cpu: 50m}", "{}"),
            why("minimum cpu usage per Container is 100m, but request is 50m")
        );
        assert_eq!(
            refused(min, "{cpu: 100m}", "{cpu: 1m}"),
            why("minimum cpu usage per Container is 100m, but limit is 1m")
        );
        let max = "[{type: Pod, max: {cpu: 2, memory: 1Gi}}]";
        assert_eq!(
            refused(max, "{}", "{cpu: 3}"),
            why(
                "[maximum cpu usage per Pod is 2, but limit is 3, maximum memory usage per Pod is 1Gi.  No limit is \
                 specified]"
            )
        );
        assert_eq!(
            refused(max, "{cpu: 3}", "{cpu: 1, memory: 1}"),
            why("maximum cpu usage per Pod is 2, but request is 3")
        );
        let ratio = "[{type: Container, maxLimitRequestRatio: {cpu: 2}}]";
        assert_eq!(refused(ratio, "{cpu: 100m}", "{cpu: 200m}"), Ok(()));
        assert_eq!(
            refused(ratio, "{cpu: 100m}", "{cpu: 300m}"),
            why("cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000")
        );
        assert_eq!(
            refused(ratio, "{cpu: 0}", "{cpu: 1}"),
            why(
                "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0"
            )
        );
        assert_eq!(
            refused(ratio, "{cpu: 1}", "{}"),
            why("cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0")
        );
    }

    #[test]
    fn claims_are_limited_by_what_they_ask_for() {
        let claim = |size: &str| format!("{{spec: {{resources: {{requests: {{storage: {size}}}}}}}}}");
        let limits = "[{type: PersistentVolumeClaim, min: {storage: 1Gi}, max: {storage: 2Gi}}]";
        let refused = |size: &str, old: &str| made(limits, "persistentvolumeclaims", &claim(size), old).1;
        let start = "403 persistentvolumeclaims \"x\" is forbidden: ";
        let why =
            format!("{start}maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi");
        assert_eq!(refused("3Gi", "{}"), Err(why));
        assert_eq!(refused("3Gi", "{metadata: {deletionTimestamp: x}}"), Ok(()));
        assert_eq!(refused("2Gi", ""), Ok(()));
    }

    #[test]
    fn running_pods_are_judged_when_they_are_resized() {
        let limits = "[{type: Container, max: {cpu: 1}}]";
        let pod = "{spec: {containers: [{resources: {limits: {cpu: 2}}}]}}";
        assert_eq!(made(limits, "pods", pod, "{}").1, Ok(()));
        assert_eq!(made(limits, "pods/status", pod, "{}").1, Ok(()));
        assert!(made(limits, "pods/resize", pod, "{}").1.is_err());
    }
}
