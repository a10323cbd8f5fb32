//! `PodResizeValidator`: a pod does not grow beyond its node.

use super::prelude::*;
use crate::resources::{Counting, Which, list, pod as amounts, zero};
use ravelin_object::selector::quoted;
use ravelin_object::status::Cause;
use std::borrow::Cow;

pub(super) const ENTRY: Entry = Entry {
    name: "PodResizeValidator",
    about: "Refuses to resize a pod beyond what its node can give, or on a node that is not Linux.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/podresize",
    build: plain!(PodResizeValidator),
};

struct PodResizeValidator;

impl Plugin for PodResizeValidator {
    identity!([Update], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is("", "pods") || attributes.subresource != "resize" {
            return Ok(());
        }
        let pod = typed(object).ok_or_else(|| Status::bad_request("expected a pod but got a <nil>"))?;
        let name = text(pod, "spec.nodeName");
        if name.is_empty() {
            return Ok(());
        }
        let old = typed(old).ok_or_else(|| Status::bad_request("expected an old pod but got a <nil>"))?;
        let generation = |pod: &Value| pod.dotted("metadata.generation").and_then(Value::as_int);
        if generation(pod).unwrap_or_default() == generation(old).unwrap_or_default() {
            return Ok(());
        }
        let node = match context.cluster.get("", "nodes", "", name) {
            Ok(Some(node)) => node,
            Ok(None) => return Err(attributes.forbidden(object, &format!("node {} not found", quoted(name)))),
            Err(error) => {
                let why = format!("failed to get node {}: {}", quoted(name), error.0);
                return Err(attributes.forbidden(object, &why));
            }
        };
        match fault(pod, &node) {
            None => Ok(()),
            Some((why, reason)) => Err(refused(attributes.forbidden(object, &why), reason)),
        }
    }
}

fn refused(mut status: Status, reason: &'static str) -> Status {
    if let Some(details) = &mut status.details {
        details.causes.push(Cause { reason: Cow::Borrowed(reason), ..Cause::default() });
    }
    status
}

/// Why a pod cannot be so large on its node, and the reason as the status gives it.
fn fault(pod: &Value, node: &Value) -> Option<(String, &'static str)> {
    let system = label(node, "kubernetes.io/os").unwrap_or("linux");
    if system != "linux" {
        let (name, system) = (quoted(text(node, "metadata.name")), quoted(system));
        let why = format!("pod resize is only supported on linux nodes, node {name} is {system}");
        return Some((why, "UnsupportedPlatform"));
    }
    let counting = Counting { status: false, overhead: true, huge_pages: true };
    let asked = amounts(pod, Which::Requests, counting);
    let there = list(node.dotted("status.allocatable"));
    let mut over = Vec::new();
    for name in ["cpu", "memory"] {
        let [asked, there] = [&asked, &there].map(|list| list.get(name).cloned().unwrap_or_else(zero));
        if asked > there {
            let shown = |amount: &ravelin_object::quantity::Quantity| {
                if name == "cpu" { amount.milli_value() } else { amount.value() }
            };
            over.push(format!("{name}, requested: {}, allocatable: {}", shown(&asked), shown(&there)));
        }
    }
    let why = format!("node didn't have enough allocatable resources: {}", over.join("; "));
    (!over.is_empty()).then_some((why, "NodeCapacity"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    #[test]
    fn a_pod_does_not_grow_beyond_its_node() {
        let records = Records::of(&[
            ("/nodes", "{metadata: {name: n1}, status: {allocatable: {cpu: 2, memory: 1Gi}}}"),
            ("/nodes", "{metadata: {name: w, labels: {kubernetes.io/os: windows}}}"),
        ]);
        let refused = |node: &str, cpu: &str, generation: u8| {
            let pod = |generation| {
                let container = format!("{{resources: {{requests: {{cpu: {cpu}, memory: 1Gi}}}}}}");
                let spec = format!("{{nodeName: '{node}', containers: [{container}]}}");
                format!("{{metadata: {{generation: {generation}}}, spec: {spec}}}")
            };
            let about = attributes(Operation::Update, "pods/resize");
            refusal(plugin(ENTRY.name).as_ref(), &records, &about, &pod(generation), &pod(1))
        };
        assert_eq!((refused("n1", "2", 2), refused("n1", "9", 1), refused("", "9", 2)), (None, None, None));
        let start = "403 pods \"x\" is forbidden: ";
        let why = "node didn't have enough allocatable resources: cpu, requested: 2500, allocatable: 2000";
        assert_eq!(refused("n1", "2500m", 2), Some(format!("{start}{why}")));
        let why = "pod resize is only supported on linux nodes, node \"w\" is \"windows\"";
        assert_eq!(refused("w", "1", 2), Some(format!("{start}{why}")));
        assert_eq!(refused("z", "1", 2), Some(format!("{start}node \"z\" not found")));
    }
}
