//! `LimitPodHardAntiAffinityTopology`: pods keep away from each other by node, not by zone.

use super::prelude::*;

pub(super) const ENTRY: Entry = Entry {
    name: "LimitPodHardAntiAffinityTopology",
    about: "Refuses pods whose required anti-affinity is about more than the node.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/antiaffinity",
    build: plain!(LimitPodHardAntiAffinityTopology),
};

struct LimitPodHardAntiAffinityTopology;

impl Plugin for LimitPodHardAntiAffinityTopology {
    identity!([Create, Update], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        _: Option<&Value>,
        _: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_bare("", "pods") {
            return Ok(());
        }
        let pod = typed(object).ok_or_else(|| {
            Status::bad_request("Resource was marked with kind Pod but was unable to be converted")
        })?;
        let terms = "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution";
        let mut keys = items(pod, terms).iter().map(|term| text(term, "topologyKey"));
        let Some(key) = keys.find(|key| *key != "kubernetes.io/hostname") else { return Ok(()) };
        let why = format!(
            "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey {key} but only key \
             kubernetes.io/hostname is allowed"
        );
        Err(Status::forbidden("", "pods", text(pod, "metadata.name"), &why))
    }
}

#[cfg(test)]
mod tests {
    use crate::Operation;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    #[test]
    fn only_the_node_is_a_topology() {
        let refused = |resource, key: &str| {
            let term = format!("[{{topologyKey: kubernetes.io/hostname}}, {{topologyKey: {key}}}]");
            let affinity =
                format!("{{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {term}}}}}");
            let pod = format!("{{metadata: {{name: p}}, spec: {{affinity: {affinity}}}}}");
            let about = attributes(Operation::Create, resource);
            refusal(
                plugin("LimitPodHardAntiAffinityTopology").as_ref(),
                &Records::default(),
                &about,
                &pod,
                "",
            )
        };
        assert_eq!(refused("pods", "kubernetes.io/hostname"), None);
        assert_eq!(refused("pods/status", "zone"), None);
        let why = "403 pods \"p\" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone \
                   but only key kubernetes.io/hostname is allowed";
        assert_eq!(refused("pods", "zone").as_deref(), Some(why));
    }
}
