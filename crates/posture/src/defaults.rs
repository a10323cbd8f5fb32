//! What Kubernetes itself grants: recognised, not reported.

use ravelin_authz::bootstrap::{self, Version};
use ravelin_authz::rbac::{AnyBinding, Identity, Objects};
use std::collections::BTreeSet;

/// Bindings that `kubeadm` makes on every cluster, as `kind name role subject`.
/// Source: `k8s.io/kubernetes/cmd/kubeadm/app/phases/{bootstraptoken,kubeconfig}`, and its default manifests.
const KUBEADM: &[(&str, &str, &str)] = &[
    ("kubeadm:cluster-admins", "cluster-admin", "group:kubeadm:cluster-admins"),
    ("kubeadm:get-nodes", "kubeadm:get-nodes", "group:system:bootstrappers:kubeadm:default-node-token"),
    (
        "kubeadm:kubelet-bootstrap",
        "system:node-bootstrapper",
        "group:system:bootstrappers:kubeadm:default-node-token",
    ),
    (
        "kubeadm:node-autoapprove-bootstrap",
        "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        "group:system:bootstrappers:kubeadm:default-node-token",
    ),
    (
        "kubeadm:node-autoapprove-certificate-rotation",
        "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
        "group:system:nodes",
    ),
    ("kubeadm:node-proxier", "system:node-proxier", "sa:kube-system/kube-proxy"),
    ("kubeadm:bootstrap-signer-clusterinfo", "kubeadm:bootstrap-signer-clusterinfo", "user:system:anonymous"),
];

/// The grants that every cluster has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Defaults {
    /// Namespace of the binding (empty for the cluster), its name, the role, the subject.
    grants: BTreeSet<(String, String, String, String)>,
    /// Kind, namespace and name of the roles.
    roles: BTreeSet<(&'static str, String, String)>,
}

impl Defaults {
    /// Those of every version that is known.
    pub(crate) fn of_all_versions() -> Self {
        let mut defaults = Self::default();
        for version in Version::ALL {
            let mut objects = Objects::default();
            for object in bootstrap::objects(version) {
                // Our own data, checked by tests of the room it is from.
                let _ = objects.add(&object, 0);
            }
            defaults.take(&objects);
        }
        for (name, role, subject) in KUBEADM {
            let namespace = if name.ends_with("clusterinfo") { "kube-public" } else { "" };
            let entry = [namespace, name, role, subject].map(str::to_owned);
            defaults.grants.insert(entry.into());
        }
        defaults
    }

    fn take(&mut self, objects: &Objects) {
        let cluster = objects.cluster_role_bindings.iter().map(AnyBinding::Cluster);
        for binding in cluster.chain(objects.role_bindings.iter().map(AnyBinding::Namespaced)) {
            for subject in binding.subjects() {
                if let Some(identity) = Identity::of(subject, binding.namespace()) {
                    self.grants.insert(key(&binding, &identity));
                }
            }
        }
        let roles = objects.roles.iter().map(|role| ("Role", &role.metadata));
        let cluster_roles = objects.cluster_roles.iter().map(|role| ("ClusterRole", &role.metadata));
        for (kind, metadata) in roles.chain(cluster_roles) {
            self.roles.insert((kind, metadata.namespace.to_string(), metadata.name.to_string()));
        }
    }

    /// Whether Kubernetes itself binds this subject to this role by a binding of this name.
    pub(crate) fn has_grant(&self, binding: &AnyBinding<'_>, identity: &Identity<'_>) -> bool {
        self.grants.contains(&key(binding, identity))
    }

    /// Whether Kubernetes itself has a role of this name.
    pub(crate) fn has_role(&self, kind: &'static str, namespace: &str, name: &str) -> bool {
        self.roles.contains(&(kind, namespace.to_owned(), name.to_owned()))
    }
}

fn key(binding: &AnyBinding<'_>, identity: &Identity<'_>) -> (String, String, String, String) {
    (
        binding.namespace().to_owned(),
        binding.metadata().name.to_string(),
        binding.role_ref().name.to_string(),
        crate::words::subject(identity),
    )
}
