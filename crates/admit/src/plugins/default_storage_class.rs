//! `DefaultStorageClass`: a claim that names no class gets the default one.

use super::prelude::*;
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    name: "DefaultStorageClass",
    about: "Gives new claims the default storage class where they name none.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/storage/storageclass/setdefault",
    build: plain!(DefaultStorageClass),
};

struct DefaultStorageClass;

/// The annotation by which a claim once named its class.
pub(crate) const CLASS: &str = "volume.beta.kubernetes.io/storage-class";
const IS_DEFAULT: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

impl Plugin for DefaultStorageClass {
    identity!([Create], mutates: true, validates: false);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        claim: Option<&mut Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let claim = claim.filter(|claim| claim.as_object().is_some());
        let Some(claim) = claim.filter(|_| attributes.is_bare("", "persistentvolumeclaims")) else {
            return Ok(());
        };
        if annotation(claim, CLASS).is_some() || claim.dotted("spec.storageClassName").is_some() {
            return Ok(());
        }
        let classes = context.cluster.list("storage.k8s.io", "storageclasses", None);
        let classes = classes.map_err(|error| attributes.forbidden(Some(claim), &error.0))?;
        let Some(class) = default_class(&classes, &IS_DEFAULT) else { return Ok(()) };
        if let Some(spec) = claim.object_at("spec") {
            spec.set("storageClassName", text(class, "metadata.name").into());
        }
        Ok(())
    }
}

/// The class that one of the annotations makes the default; of several the newest, then the first by name.
///
/// Source: `k8s.io/kubernetes/pkg/volume/util` `GetDefaultClass`.
pub(crate) fn default_class<'c>(classes: &'c [Arc<Value>], annotations: &[&str]) -> Option<&'c Value> {
    let is_default =
        |class: &&Arc<Value>| annotations.iter().any(|key| annotation(class, key) == Some("true"));
    let newest = classes.iter().filter(is_default).min_by(|left, right| {
        let created = |class: &'c Value| text(class, "metadata.creationTimestamp");
        let by_name = text(left, "metadata.name").cmp(text(right, "metadata.name"));
        created(right).cmp(created(left)).then(by_name)
    });
    newest.map(AsRef::as_ref)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, plugin};

    fn class(name: &str, created: &str, is_default: &str) -> String {
        let annotations = format!("{{storageclass.kubernetes.io/is-default-class: '{is_default}'}}");
        format!("{{metadata: {{name: {name}, creationTimestamp: '{created}', annotations: {annotations}}}}}")
    }

    #[test]
    fn a_claim_without_class_gets_the_newest_default() {
        let made = |records: &Records, claim: &str| {
            let about = attributes(Operation::Create, "persistentvolumeclaims");
            let (claim, said) = admitted(plugin(ENTRY.name).as_ref(), records, &about, claim, "");
            (claim.dotted("spec.storageClassName").and_then(Value::as_str).map(str::to_owned), said)
        };
        let classes = [
            class("old", "2025-01-01T00:00:00Z", "true"),
            class("b", "2026-01-01T00:00:00Z", "true"),
            class("a", "2026-01-01T00:00:00Z", "true"),
            class("none", "2027-01-01T00:00:00Z", "false"),
        ];
        let list: Vec<_> =
            classes.iter().map(|class| ("storage.k8s.io/storageclasses", class.as_str())).collect();
        let records = Records::of(&list);
        assert_eq!(made(&records, "{}"), (Some("a".to_owned()), Ok(())));
        assert_eq!(made(&records, "{spec: {storageClassName: ''}}"), (Some(String::new()), Ok(())));
        assert_eq!(made(&records, &format!("{{metadata: {{annotations: {{{CLASS}: x}}}}}}")), (None, Ok(())));
        assert_eq!(made(&Records::default(), "{}"), (None, Ok(())));
        let broken = Records { broken: vec!["storageclasses".to_owned()], ..Records::default() };
        let why = "403 persistentvolumeclaims \"x\" is forbidden: not now".to_owned();
        assert_eq!(made(&broken, "{}"), (None, Err(why)));
    }
}
