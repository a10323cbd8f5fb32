//! `DefaultTolerationSeconds`: for how long a pod stays on a node that fails.

use super::prelude::*;
use crate::tolerations::Toleration;

pub(super) const ENTRY: Entry = Entry {
    name: "DefaultTolerationSeconds",
    about: "Lets pods tolerate a node that is not ready or cannot be reached for five minutes, unless they say \
            otherwise.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/defaulttolerationseconds",
    build: |configuration| {
        Ok(Box::new(DefaultTolerationSeconds {
            not_ready: configuration.not_ready_toleration_seconds,
            unreachable: configuration.unreachable_toleration_seconds,
        }))
    },
};

struct DefaultTolerationSeconds {
    not_ready: i64,
    unreachable: i64,
}

const EFFECT: &str = "NoExecute";

impl Plugin for DefaultTolerationSeconds {
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
            return Err(Status::bad_request("expected *api.Pod but got <nil>"));
        };
        let taints = [
            ("node.kubernetes.io/not-ready", self.not_ready),
            ("node.kubernetes.io/unreachable", self.unreachable),
        ];
        let given: Vec<Toleration> = items(pod, "spec.tolerations").iter().map(Toleration::of).collect();
        let is_tolerated = |key: &str| {
            given.iter().any(|one| {
                (one.key == key || one.key.is_empty()) && (one.effect == EFFECT || one.effect.is_empty())
            })
        };
        let missing: Vec<Value> = taints
            .into_iter()
            .filter(|(key, _)| !is_tolerated(key))
            .map(|(key, seconds)| {
                Toleration { seconds: Some(seconds), ..Toleration::exists(key, EFFECT) }.to_value()
            })
            .collect();
        if !missing.is_empty() {
            let tolerations = pod.object_at("spec").and_then(|spec| array_in(spec, "tolerations"));
            tolerations.into_iter().for_each(|tolerations| tolerations.extend(missing.iter().cloned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, configured};

    #[test]
    fn what_is_not_tolerated_is_for_a_while() {
        let configuration = Configuration { unreachable_toleration_seconds: 7, ..Configuration::default() };
        let made = |tolerations: &str| {
            let plugin = configured(ENTRY.name, &configuration).unwrap();
            let about = attributes(Operation::Create, "pods");
            let pod = format!("{{spec: {{tolerations: {tolerations}}}}}");
            let pod = admitted(plugin.as_ref(), &Records::default(), &about, &pod, "").0;
            let list = items(&pod, "spec.tolerations").iter().map(Toleration::of);
            list.map(|one| format!("{}:{}:{:?}", one.key, one.effect, one.seconds)).collect::<Vec<_>>()
        };
        let not_ready = "node.kubernetes.io/not-ready:NoExecute:Some(300)".to_owned();
        let unreachable = "node.kubernetes.io/unreachable:NoExecute:Some(7)".to_owned();
        assert_eq!(made("[]"), [not_ready, unreachable.clone()]);
        assert_eq!(made("null").len(), 2);
        assert_eq!(made("[{operator: Exists}]"), ["::None"]);
        let own = "{key: node.kubernetes.io/not-ready, operator: Exists}";
        assert_eq!(made(&format!("[{own}]")), ["node.kubernetes.io/not-ready::None".to_owned(), unreachable]);
        assert_eq!(made("[{operator: Exists, effect: NoSchedule}]").len(), 3);
    }
}
