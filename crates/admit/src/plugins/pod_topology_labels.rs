//! `PodTopologyLabels`: a pod carries the zone and region of its node.

use super::prelude::*;
use std::collections::BTreeMap;

pub(super) const ENTRY: Entry = Entry {
    name: "PodTopologyLabels",
    about: "Copies the zone and region of the node to pods that are bound to it.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/podtopologylabels",
    build: plain!(PodTopologyLabels),
};

struct PodTopologyLabels;

const LABELS: [&str; 2] = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

impl Plugin for PodTopologyLabels {
    identity!([Create], mutates: true, validates: false);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is("", "pods") || !matches!(attributes.subresource, "" | "binding") {
            return Ok(());
        }
        let is_binding = attributes.subresource == "binding";
        let Some(object) = object.filter(|object| object.as_object().is_some()) else {
            let why = if is_binding {
                format!("expected Binding but got {}", attributes.kind)
            } else {
                "expected Pod but got <nil>".to_owned()
            };
            return Err(Status::plain(&why));
        };
        let node = match (is_binding, text(object, "target.kind")) {
            (true, "Node") => text(object, "target.name"),
            (true, _) => return Ok(()),
            (false, _) if text(object, "spec.nodeName").is_empty() => return Ok(()),
            (false, _) => text(object, "spec.nodeName"),
        };
        let node = context.cluster.get("", "nodes", "", node).map_err(|error| Status::plain(&error.0))?;
        let Some(node) = node else { return Ok(()) };
        let labels: BTreeMap<&str, &str> =
            LABELS.iter().filter_map(|key| Some((*key, label(&node, key)?))).collect();
        if labels.is_empty() {
            return Ok(());
        }
        if let Some(own) = object.object_at("metadata").and_then(|metadata| object_in(metadata, "labels")) {
            labels.into_iter().for_each(|(key, value)| own.set(key, value.into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, object, plugin};

    #[test]
    fn a_pod_carries_the_place_of_its_node() {
        let node = "{metadata: {name: n1, labels: {topology.kubernetes.io/zone: a, other: x}}}";
        let records = Records::of(&[("/nodes", node), ("/nodes", "{metadata: {name: bare}}")]);
        let made = |resource, thing: &str| {
            let about = attributes(Operation::Create, resource);
            let (made, said) = admitted(plugin(ENTRY.name).as_ref(), &records, &about, thing, "");
            assert_eq!(said, Ok(()));
            made.dotted("metadata.labels").cloned()
        };
        let labels = Some(object("{topology.kubernetes.io/zone: a}"));
        assert_eq!(made("pods/binding", "{target: {kind: Node, name: n1}}"), labels);
        assert_eq!(made("pods", "{spec: {nodeName: n1}}"), labels);
        let own = "{metadata: {labels: {topology.kubernetes.io/zone: b}}, spec: {nodeName: n1}}";
        assert_eq!(made("pods", own), labels);
        for other in
            ["{target: {kind: Node, name: bare}}", "{target: {kind: X, name: n1}}", "{target: {kind: Node}}"]
        {
            assert_eq!(made("pods/binding", other), None, "{other}");
        }
    }
}
