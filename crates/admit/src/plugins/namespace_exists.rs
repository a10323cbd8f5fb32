//! `NamespaceExists`: refuses what is asked in a namespace that is not there.

use super::prelude::*;

pub(super) const ENTRY: Entry = Entry {
    name: "NamespaceExists",
    about: "Refuses requests in namespaces that do not exist.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/namespace/exists",
    build: plain!(NamespaceExists),
};

struct NamespaceExists;

impl Plugin for NamespaceExists {
    identity!([Create, Update, Delete], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        _: Option<&Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let name = attributes.namespace;
        if name.is_empty() || attributes.is_kind("", "Namespace") {
            return Ok(());
        }
        let internal = |error: crate::LookupError| Status::internal(&error.0);
        if context.cluster.get("", "namespaces", "", name).map_err(internal)?.is_some() {
            return Ok(());
        }
        match context.cluster.get_live("", "namespaces", "", name).map_err(internal)? {
            Some(_) => Ok(()),
            None => Err(Status::not_found("", "namespaces", name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Operation;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    #[test]
    fn the_namespace_has_to_be_there() {
        let plugin = plugin("NamespaceExists");
        let there = Records::of(&[("/namespaces", "{metadata: {name: ns}}")]);
        let live = Records::default().with_live("/namespaces", "{metadata: {name: ns}}");
        for operation in [Operation::Create, Operation::Update, Operation::Delete] {
            let about = attributes(operation, "pods");
            let refused = |records| refusal(plugin.as_ref(), records, &about, "{}", "");
            assert_eq!((refused(&there), refused(&live)), (None, None));
            let missing = refused(&Records::default());
            assert_eq!(missing.as_deref(), Some("404 namespaces \"ns\" not found"));
        }
        let mut about = attributes(Operation::Create, "nodes");
        about.namespace = "";
        assert_eq!(refusal(plugin.as_ref(), &Records::default(), &about, "{}", ""), None);
    }
}
