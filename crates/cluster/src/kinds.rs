//! Which kinds are read from a cluster, and how each is asked for.
//!
//! The table is the permissions that are needed: `docs/cluster.md` shows it as a ClusterRole, and a test compares
//! the two.

use ravelin_object::resources;

/// A kind that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The plural that stands in paths: `deployments`.
    pub resource: &'static str,
    /// The kind that objects name: `Deployment`.
    pub kind: &'static str,
    /// The versions that are asked for, the first that is served wins.
    pub versions: &'static [&'static str],
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// Whether every cluster serves it, so that its absence is a fault rather than a fact.
    pub always_served: bool,
}

impl Kind {
    /// `deployments.apps`, `pods`: as kubectl names it.
    #[must_use]
    pub fn name(&self) -> String {
        full_name(self.group, self.resource)
    }

    /// `apps/v1`, `v1`.
    #[must_use]
    pub fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// The path of its list: of one namespace, or of the whole cluster.
    pub(crate) fn path(&self, version: &str, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api/".to_owned() } else { format!("/apis/{}/", self.group) };
        match namespace {
            Some(namespace) => format!("{root}{version}/namespaces/{namespace}/{}", self.resource),
            None => format!("{root}{version}/{}", self.resource),
        }
    }
}

/// `deployments.apps`, `pods`: a resource as kubectl names it.
pub(crate) fn full_name(group: &str, resource: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}

/// The kind of a name as kubectl takes it: plural, singular, short name or kind, with the group behind a dot where
/// it is given. Nothing where no kind of [`ALL`] has it.
#[must_use]
pub fn find(name: &str) -> Option<&'static Kind> {
    let name = name.to_lowercase();
    let (word, group) =
        name.split_once('.').map_or((name.as_str(), None), |(word, group)| (word, Some(group)));
    let known = resources::find(&name);
    ALL.iter().find(|kind| {
        let named = kind.resource == word || kind.kind.eq_ignore_ascii_case(word);
        let by_name = named && group.is_none_or(|group| group == kind.group);
        by_name || known.is_some_and(|known| (known.group, known.plural) == (kind.group, kind.resource))
    })
}

/// The kinds that RBAC decides by.
pub fn rbac() -> impl Iterator<Item = &'static Kind> {
    ALL.iter().filter(|kind| kind.group == "rbac.authorization.k8s.io")
}

/// A kind in namespaces that every cluster serves as v1.
const fn inside(group: &'static str, resource: &'static str, kind: &'static str) -> Kind {
    Kind { group, resource, kind, versions: &["v1"], namespaced: true, always_served: true }
}

/// A kind outside namespaces that every cluster serves as v1.
const fn outside(group: &'static str, resource: &'static str, kind: &'static str) -> Kind {
    Kind { namespaced: false, ..inside(group, resource, kind) }
}

impl Kind {
    /// The same in these versions, which a cluster may or may not serve.
    const fn optional(self, versions: &'static [&'static str]) -> Self {
        Self { versions, always_served: false, ..self }
    }
}

const ADMISSION: &str = "admissionregistration.k8s.io";
const GATEWAY: &str = "gateway.networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";

/// Every kind that is read where no others are asked for, in the order in which they stand in a snapshot.
pub const ALL: &[Kind] = &[
    outside("", "namespaces", "Namespace"),
    outside("", "nodes", "Node"),
    outside("", "persistentvolumes", "PersistentVolume"),
    inside("", "configmaps", "ConfigMap"),
    inside("", "limitranges", "LimitRange"),
    inside("", "persistentvolumeclaims", "PersistentVolumeClaim"),
    inside("", "pods", "Pod"),
    inside("", "podtemplates", "PodTemplate"),
    inside("", "replicationcontrollers", "ReplicationController"),
    inside("", "resourcequotas", "ResourceQuota"),
    inside("", "secrets", "Secret"),
    inside("", "serviceaccounts", "ServiceAccount"),
    inside("", "services", "Service"),
    outside(ADMISSION, "mutatingadmissionpolicies", "MutatingAdmissionPolicy").optional(&["v1", "v1beta1"]),
    outside(ADMISSION, "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding")
        .optional(&["v1", "v1beta1"]),
    outside(ADMISSION, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration"),
    outside(ADMISSION, "validatingadmissionpolicies", "ValidatingAdmissionPolicy")
        .optional(&["v1", "v1beta1"]),
    outside(ADMISSION, "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding")
        .optional(&["v1", "v1beta1"]),
    outside(ADMISSION, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
    outside("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition"),
    outside("apiregistration.k8s.io", "apiservices", "APIService"),
    inside("apps", "daemonsets", "DaemonSet"),
    inside("apps", "deployments", "Deployment"),
    inside("apps", "replicasets", "ReplicaSet"),
    inside("apps", "statefulsets", "StatefulSet"),
    inside("batch", "cronjobs", "CronJob"),
    inside("batch", "jobs", "Job"),
    outside("certificates.k8s.io", "certificatesigningrequests", "CertificateSigningRequest"),
    outside(GATEWAY, "gatewayclasses", "GatewayClass").optional(&["v1", "v1beta1"]),
    inside(GATEWAY, "gateways", "Gateway").optional(&["v1", "v1beta1"]),
    inside(GATEWAY, "grpcroutes", "GRPCRoute").optional(&["v1", "v1alpha2"]),
    inside(GATEWAY, "httproutes", "HTTPRoute").optional(&["v1", "v1beta1"]),
    inside(GATEWAY, "referencegrants", "ReferenceGrant").optional(&["v1", "v1beta1"]),
    inside(GATEWAY, "tcproutes", "TCPRoute").optional(&["v1", "v1alpha2"]),
    inside(GATEWAY, "tlsroutes", "TLSRoute").optional(&["v1", "v1alpha3", "v1alpha2"]),
    inside(GATEWAY, "udproutes", "UDPRoute").optional(&["v1", "v1alpha2"]),
    outside("networking.k8s.io", "ingressclasses", "IngressClass"),
    inside("networking.k8s.io", "ingresses", "Ingress"),
    inside("networking.k8s.io", "networkpolicies", "NetworkPolicy"),
    outside("node.k8s.io", "runtimeclasses", "RuntimeClass"),
    outside(RBAC, "clusterrolebindings", "ClusterRoleBinding"),
    outside(RBAC, "clusterroles", "ClusterRole"),
    inside(RBAC, "rolebindings", "RoleBinding"),
    inside(RBAC, "roles", "Role"),
    outside("scheduling.k8s.io", "priorityclasses", "PriorityClass"),
    outside("storage.k8s.io", "storageclasses", "StorageClass"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_agrees_with_discovery() {
        let key = |kind: &Kind| (kind.group, kind.namespaced && kind.group.is_empty(), kind.resource);
        assert!(ALL.is_sorted_by_key(key), "keep the table sorted: a snapshot is written in its order");
        for kind in ALL.iter().filter(|kind| kind.group != GATEWAY) {
            let known = resources::find(&kind.name()).unwrap_or_else(|| panic!("{} is unknown", kind.name()));
            assert_eq!((known.plural, known.namespaced), (kind.resource, kind.namespaced), "{}", kind.name());
        }
        assert_eq!(rbac().count(), 4);
    }

    #[test]
    fn kinds_have_several_names() {
        let found = |name: &str| find(name).map(Kind::name);
        for name in ["po", "pods", "Pod", "pod"] {
            assert_eq!(found(name).as_deref(), Some("pods"), "{name}");
        }
        assert_eq!(found("deploy").as_deref(), Some("deployments.apps"));
        assert_eq!(
            found("httproutes.gateway.networking.k8s.io").as_deref(),
            Some("httproutes.gateway.networking.k8s.io")
        );
        assert_eq!(found("netpol").as_deref(), Some("networkpolicies.networking.k8s.io"));
        assert_eq!((found("widgets"), found("pods.apps"), found("events")), (None, None, None));
    }

    #[test]
    fn paths() {
        let path = |name: &str, namespace| find(name).unwrap().path("v1", namespace);
        assert_eq!(path("pods", None), "/api/v1/pods");
        assert_eq!(path("deploy", Some("shop")), "/apis/apps/v1/namespaces/shop/deployments");
    }
}
