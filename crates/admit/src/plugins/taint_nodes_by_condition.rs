//! `TaintNodesByCondition`: a new node is not ready until its controller says so.

use super::prelude::*;

pub(super) const ENTRY: Entry = Entry {
    name: "TaintNodesByCondition",
    about: "Taints new nodes as not ready.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/nodetaint",
    build: plain!(TaintNodesByCondition),
};

struct TaintNodesByCondition;

const KEY: &str = "node.kubernetes.io/not-ready";
const EFFECT: &str = "NoSchedule";

impl Plugin for TaintNodesByCondition {
    identity!([Create], mutates: true, validates: false);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        node: Option<&mut Value>,
        _: Option<&Value>,
        _: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_bare("", "nodes") {
            return Ok(());
        }
        let Some(node) = node.filter(|node| node.as_object().is_some()) else {
            return Err(attributes.forbidden(None, "unexpected type <nil>"));
        };
        let is_there = |taint: &Value| text(taint, "key") == KEY && text(taint, "effect") == EFFECT;
        if items(node, "spec.taints").iter().any(is_there) {
            return Ok(());
        }
        if let Some(taints) = node.object_at("spec").and_then(|spec| array_in(spec, "taints")) {
            taints.push(mapping([("key", KEY.into()), ("effect", EFFECT.into())]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, object, plugin};

    #[test]
    fn a_new_node_is_not_ready() {
        let about = attributes(Operation::Create, "nodes");
        let made = |node: &str| {
            admitted(plugin("TaintNodesByCondition").as_ref(), &Records::default(), &about, node, "")
        };
        let taint = "{key: node.kubernetes.io/not-ready, effect: NoSchedule}";
        let tainted = format!("{{spec: {{taints: [{taint}]}}}}");
        assert_eq!(made("{}"), (object(&tainted), Ok(())));
        assert_eq!(made(&tainted), (object(&tainted), Ok(())));
        let other = "{key: node.kubernetes.io/not-ready, effect: NoExecute}";
        let both = format!("{{spec: {{taints: [{other}, {taint}]}}}}");
        assert_eq!(made(&format!("{{spec: {{taints: [{other}]}}}}")), (object(&both), Ok(())));
    }
}
