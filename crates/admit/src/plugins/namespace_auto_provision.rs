//! `NamespaceAutoProvision`: makes the namespace that something is created in.

use super::prelude::*;
use crate::WriteError;

pub(super) const ENTRY: Entry = Entry {
    name: "NamespaceAutoProvision",
    about: "Creates the namespace that an object is created in, where there is none.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/namespace/autoprovision",
    build: plain!(NamespaceAutoProvision),
};

struct NamespaceAutoProvision;

impl Plugin for NamespaceAutoProvision {
    identity!([Create], mutates: true, validates: false);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let name = attributes.namespace;
        if attributes.dry_run || name.is_empty() || attributes.is_kind("", "Namespace") {
            return Ok(());
        }
        let refused = |why: &str| attributes.forbidden(object.as_deref(), why);
        match context.cluster.get("", "namespaces", "", name) {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => {}
            Err(error) => return Err(refused(&error.0)),
        }
        match context.cluster.create_namespace(&namespace(name)) {
            Ok(()) | Err(WriteError::AlreadyExists(_)) => Ok(()),
            Err(error) => match error.into_status() {
                status if status.reason == "Forbidden" => Err(status),
                status => Err(refused(&status.message)),
            },
        }
    }
}

fn namespace(name: &str) -> Value {
    mapping([
        ("apiVersion", "v1".into()),
        ("kind", "Namespace".into()),
        ("metadata", mapping([("name", name.into())])),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, object, plugin, refusal};

    #[test]
    fn a_missing_namespace_is_made() {
        let plugin = plugin("NamespaceAutoProvision");
        let made = |records: Records, dry_run| {
            let mut about = attributes(Operation::Create, "pods");
            about.dry_run = dry_run;
            let refused = refusal(plugin.as_ref(), &records, &about, "{}", "");
            (refused, records.written.into_inner())
        };
        let wanted = object("{apiVersion: v1, kind: Namespace, metadata: {name: ns}}");
        assert_eq!(made(Records::default(), false), (None, vec![wanted]));
        assert_eq!(made(Records::default(), true), (None, Vec::new()));
        let there = Records::of(&[("/namespaces", "{metadata: {name: ns}}")]);
        assert_eq!(made(there, false), (None, Vec::new()));
        for broken in ["namespaces", "create"] {
            let records = Records { broken: vec![broken.to_owned()], ..Records::default() };
            let why = "403 pods \"x\" is forbidden: not now".to_owned();
            assert_eq!(made(records, false), (Some(why), Vec::new()));
        }
    }
}
