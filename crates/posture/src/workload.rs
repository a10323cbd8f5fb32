//! What runs: pods and pod templates, with the service account they run as.

use ravelin_diag::FieldPath;
use ravelin_inventory::{Object, ObjectId};
use ravelin_object::Value;
use ravelin_object::identity::Identity;
use ravelin_object::templates;

/// A pod or pod template of the inventory.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload<'i> {
    /// The object it stands in.
    pub object: ObjectId,
    /// Which object that is.
    pub identity: &'i Identity,
    /// Where in the object the template stands: the mapping with `metadata` and `spec`.
    pub path: FieldPath,
    /// That mapping.
    pub template: &'i Value,
    /// The namespace its pods run in.
    pub namespace: &'i str,
    /// The service account its pods run as: `default` where it names none.
    pub account: &'i str,
}

impl<'i> Workload<'i> {
    /// The pods and pod templates of an object; `default_namespace` is where it goes if it does not say.
    pub(crate) fn of(
        object: &'i Object,
        id: ObjectId,
        default_namespace: &'i str,
    ) -> impl Iterator<Item = Self> + use<'i> {
        let identity = &object.identity;
        let namespace = match identity.namespace.as_str() {
            "" => default_namespace,
            namespace => namespace,
        };
        templates::find(identity, &object.value).into_iter().map(move |template| {
            let text = |key: &str| template.value.field("spec")?.field(key)?.as_str();
            // The old name still counts where the new one is absent or empty, as in the API server's conversion.
            let named = ["serviceAccountName", "serviceAccount"].into_iter().filter_map(text);
            let account = named.into_iter().find(|name| !name.is_empty()).unwrap_or("default");
            Self { object: id, identity, path: template.path, template: template.value, namespace, account }
        })
    }

    /// A field of `spec` of the pod.
    #[must_use]
    pub fn spec(&self, key: &str) -> Option<&'i Value> {
        self.template.field("spec")?.field(key)
    }

    /// The path of a field of the pod, as dotted keys: `spec.hostPID`.
    #[must_use]
    pub fn field(&self, keys: &str) -> FieldPath {
        self.path.clone().dotted(keys)
    }

    /// The path of the field that names the service account.
    #[must_use]
    pub fn account_field(&self) -> FieldPath {
        let key = match self.spec("serviceAccountName") {
            None if self.spec("serviceAccount").is_some() => "serviceAccount",
            _ => "serviceAccountName",
        };
        self.field("spec").key(key)
    }

    /// In words: `Deployment shop/web`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}/{}", self.identity.kind, self.namespace, self.identity.name)
    }
}
