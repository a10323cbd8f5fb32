//! `StorageObjectInUseProtection`: volumes in use are not deleted.

use super::prelude::*;

pub(super) const ENTRY: Entry = Entry {
    name: "StorageObjectInUseProtection",
    about: "Gives new volumes, claims and volume attributes classes the finalizer that keeps them while they are used.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/storage/storageobjectinuseprotection",
    build: plain!(StorageObjectInUseProtection),
};

struct StorageObjectInUseProtection;

const FINALIZERS: [(&str, &str, &str); 3] = [
    ("", "persistentvolumes", "kubernetes.io/pv-protection"),
    ("", "persistentvolumeclaims", "kubernetes.io/pvc-protection"),
    ("storage.k8s.io", "volumeattributesclasses", "kubernetes.io/vac-protection"),
];

impl Plugin for StorageObjectInUseProtection {
    identity!([Create], mutates: true, validates: false);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        _: Option<&Value>,
        _: &mut Context<'_>,
    ) -> Result<(), Status> {
        let found = FINALIZERS.iter().find(|(group, resource, _)| attributes.is_bare(group, resource));
        let object = object.filter(|object| object.as_object().is_some());
        let (Some((_, _, finalizer)), Some(object)) = (found, object) else { return Ok(()) };
        if items(object, "metadata.finalizers").iter().any(|other| other.as_str() == Some(finalizer)) {
            return Ok(());
        }
        if let Some(list) = object.object_at("metadata").and_then(|metadata| array_in(metadata, "finalizers"))
        {
            list.push((*finalizer).into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, object, plugin};

    #[test]
    fn storage_is_kept_while_it_is_used() {
        let made = |resource, finalizers: &str| {
            let about = attributes(Operation::Create, resource);
            let claim = format!("{{metadata: {{finalizers: {finalizers}}}}}");
            let made = admitted(plugin(ENTRY.name).as_ref(), &Records::default(), &about, &claim, "").0;
            made.dotted("metadata.finalizers").cloned()
        };
        let claims = "persistentvolumeclaims";
        assert_eq!(made(claims, "null"), Some(object("[kubernetes.io/pvc-protection]")));
        assert_eq!(made(claims, "[a]"), Some(object("[a, kubernetes.io/pvc-protection]")));
        assert_eq!(made(claims, "[kubernetes.io/pvc-protection]").unwrap().as_array().unwrap().len(), 1);
        assert_eq!(made("persistentvolumes", "[]"), Some(object("[kubernetes.io/pv-protection]")));
        let classes = "volumeattributesclasses.storage.k8s.io";
        assert_eq!(made(classes, "[]"), Some(object("[kubernetes.io/vac-protection]")));
        assert_eq!(made("persistentvolumeclaims/status", "[a]"), Some(object("[a]")));
    }
}
