//! `ExtendedResourceToleration`: who asks for a device may run on the nodes that are kept for it.

use super::prelude::*;
use crate::resources::{Which, is_extended};
use crate::tolerations::Toleration;
use std::collections::BTreeSet;

pub(super) const ENTRY: Entry = Entry {
    name: "ExtendedResourceToleration",
    about: "Lets pods tolerate the taints that are named after the extended resources they ask for.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/extendedresourcetoleration",
    build: plain!(ExtendedResourceToleration),
};

struct ExtendedResourceToleration;

impl Plugin for ExtendedResourceToleration {
    identity!([Create, Update], mutates: true, validates: false);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        pod: Option<&mut Value>,
        _: Option<&Value>,
        _: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_bare("", "pods") {
            return Ok(());
        }
        let Some(pod) = pod.filter(|pod| pod.as_object().is_some()) else {
            return Err(Status::bad_request("expected *core.Pod but got <nil>"));
        };
        let containers = items(pod, "spec.containers").iter().chain(items(pod, "spec.initContainers"));
        let asked = containers.flat_map(|container| Which::Requests.of(container).into_keys());
        let resources: BTreeSet<String> = asked.filter(|name| is_extended(name)).collect();
        for resource in resources {
            tolerate(pod, &Toleration::exists(&resource, "NoSchedule"));
        }
        Ok(())
    }
}

/// Adds a toleration, in the place of those that differ from it in time only.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/helper` `AddOrUpdateTolerationInPod`.
fn tolerate(pod: &mut Value, toleration: &Toleration) {
    let given: Vec<Toleration> = items(pod, "spec.tolerations").iter().map(Toleration::of).collect();
    let matches = |one: &Toleration| Toleration { seconds: None, ..one.clone() } == *toleration;
    if given.contains(toleration) {
        return;
    }
    let Some(list) = pod.object_at("spec").and_then(|spec| array_in(spec, "tolerations")) else { return };
    if given.iter().any(matches) {
        for (place, _) in list.iter_mut().zip(&given).filter(|(_, one)| matches(one)) {
            *place = toleration.to_value();
        }
    } else {
        list.push(toleration.to_value());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, object, plugin};

    #[test]
    fn devices_that_are_asked_for_are_tolerated() {
        let made = |tolerations: &str| {
            let about = attributes(Operation::Create, "pods");
            let pod = format!(
                "{{spec: {{tolerations: {tolerations}, containers: [{{resources: {{requests: {{cpu: 1, b.com/x: 1}}}}}}], \
                 initContainers: [{{resources: {{requests: {{a.com/x: 1}}, limits: {{c.com/x: 1}}}}}}]}}}}"
            );
            let pod = admitted(plugin(ENTRY.name).as_ref(), &Records::default(), &about, &pod, "").0;
            pod.dotted("spec.tolerations").cloned().unwrap()
        };
        let a = "{key: a.com/x, operator: Exists, effect: NoSchedule}";
        let b = "{key: b.com/x, operator: Exists, effect: NoSchedule}";
        assert_eq!(made("[]"), object(&format!("[{a}, {b}]")));
        assert_eq!(made(&format!("[{b}]")), object(&format!("[{b}, {a}]")));
        let timed = "{key: a.com/x, operator: Exists, effect: NoSchedule, tolerationSeconds: 1}";
        assert_eq!(made(&format!("[{timed}, {b}]")), object(&format!("[{a}, {b}]")));
    }
}
