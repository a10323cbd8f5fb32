//! `PersistentVolumeClaimResize`: claims grow where their class permits it.

use super::default_storage_class::CLASS;
use super::prelude::*;
use crate::resources::{quantity, zero};

pub(super) const ENTRY: Entry = Entry {
    name: "PersistentVolumeClaimResize",
    about: "Refuses to enlarge claims that are not bound, or whose storage class does not permit it.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/storage/persistentvolume/resize",
    build: plain!(PersistentVolumeClaimResize),
};

struct PersistentVolumeClaimResize;

impl Plugin for PersistentVolumeClaimResize {
    identity!([Update], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let concerns = attributes.is_bare("", "persistentvolumeclaims");
        let (true, Some(claim), Some(old)) = (concerns, typed(object), typed(old)) else { return Ok(()) };
        let size = |claim: &Value| {
            claim.dotted("spec.resources.requests.storage").and_then(quantity).unwrap_or_else(zero)
        };
        if size(claim) <= size(old) {
            return Ok(());
        }
        if text(old, "status.phase") != "Bound" {
            let why = "Only bound persistent volume claims can be expanded";
            return Err(attributes.forbidden(object, why));
        }
        let (class, old_class) = (class_of(claim), class_of(old));
        let storage = context.cluster.get("storage.k8s.io", "storageclasses", "", class).ok().flatten();
        let permits =
            storage.and_then(|storage| storage.field("allowVolumeExpansion").and_then(Value::as_bool));
        if !class.is_empty() && class == old_class && permits == Some(true) {
            return Ok(());
        }
        let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must \
                   support resize";
        Err(attributes.forbidden(object, why))
    }
}

/// The class of a claim; empty where it has none.
///
/// Source: `k8s.io/component-helpers/storage/volume` `GetPersistentVolumeClaimClass`.
pub(crate) fn class_of(claim: &Value) -> &str {
    annotation(claim, CLASS).unwrap_or_else(|| text(claim, "spec.storageClassName"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    #[test]
    fn a_claim_grows_if_its_class_permits_it() {
        let records = Records::of(&[
            ("storage.k8s.io/storageclasses", "{metadata: {name: elastic}, allowVolumeExpansion: true}"),
            ("storage.k8s.io/storageclasses", "{metadata: {name: fixed}}"),
        ]);
        let claim = |class: &str, size: &str, phase: &str| {
            let spec =
                format!("{{storageClassName: '{class}', resources: {{requests: {{storage: {size}}}}}}}");
            format!("{{metadata: {{name: x}}, spec: {spec}, status: {{phase: {phase}}}}}")
        };
        let refused = |class: &str, size: &str, phase: &str| {
            let about = attributes(Operation::Update, "persistentvolumeclaims");
            let (new, old) = (claim(class, size, phase), claim(class, "1Gi", phase));
            refusal(plugin(ENTRY.name).as_ref(), &records, &about, &new, &old)
        };
        assert_eq!((refused("elastic", "2Gi", "Bound"), refused("fixed", "1024Mi", "Pending")), (None, None));
        let unbound = "403 persistentvolumeclaims \"x\" is forbidden: Only bound persistent volume claims can be expanded";
        assert_eq!(refused("elastic", "2Gi", "Pending").as_deref(), Some(unbound));
        let fixed = "403 persistentvolumeclaims \"x\" is forbidden: only dynamically provisioned pvc can be resized \
                     and the storageclass that provisions the pvc must support resize";
        for class in ["fixed", "none", ""] {
            assert_eq!(refused(class, "2Gi", "Bound").as_deref(), Some(fixed), "{class}");
        }
    }
}
