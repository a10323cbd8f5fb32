use super::prelude::*;
use crate::picture::in_one_namespace;
use ravelin_authz::rbac::AnyBinding;

declare_check! {
    /// Subject is bound to `cluster-admin`
    ///
    /// A binding gives somebody the cluster role `cluster-admin`: everything in the cluster, or with a RoleBinding
    /// everything in a namespace. The bindings that Kubernetes and kubeadm make themselves are not reported.
    ///
    /// ## Why
    /// Whoever holds `cluster-admin` may read every Secret, run any pod and change every rule. One leaked token of
    /// such a service account is the end of the cluster. Kubernetes advises to use it only where it is needed, and to
    /// give administrators a weaker account for daily work, with impersonation for the rest.
    ///
    /// ## Restricted fields
    /// - `roleRef` of ClusterRoleBindings and RoleBindings
    ///
    /// ## Allowed values
    /// Any role but `cluster-admin`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: ci}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects:
    ///   - {kind: ServiceAccount, name: runner, namespace: ci}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: ci, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects:
    ///   - {kind: ServiceAccount, name: runner, namespace: ci}
    /// ```
    ///
    /// ## Remedy
    /// Bind a role with the verbs, resources and namespaces that are needed. `ravelin what-can SUBJECT` shows what the
    /// subject holds beside it.
    pub ClusterAdminBinding {
        id: "rbac/cluster-admin-binding",
        severity: Severity::Critical,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Least privilege)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.1"),
        ],
    }
}

impl PostureCheck for ClusterAdminBinding {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for holding in picture.holdings() {
            let role = holding.binding.role_ref();
            if role.kind != "ClusterRole" || role.name != "cluster-admin" {
                continue;
            }
            let (who, binding) = (words::subject(&holding.identity), words::binding(&holding.binding));
            let (whole, severity) = match holding.binding {
                AnyBinding::Cluster(_) => ("the cluster".to_owned(), Self::META.severity),
                AnyBinding::Namespaced(_) => {
                    let namespace = holding.binding.namespace();
                    (format!("namespace `{namespace}`"), in_one_namespace(Self::META.severity))
                }
            };
            let message = format!("`{who}` may do everything in {whole}: {binding} gives it `cluster-admin`");
            if let Some(found) = notes.add(holding.object, holding.path(), Anchor::Value, message) {
                found.severity = severity;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn only_the_additions_to_the_defaults_are_reported() {
        let text = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cluster-admin}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
  - {kind: Group, name: 'system:masters', apiGroup: rbac.authorization.k8s.io}
  - {kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}
";
        let found = found(&ClusterAdminBinding, text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1.to_pointer(), "/subjects/1");
        assert_eq!(
            found[0].2,
            "`user:jane` may do everything in the cluster: ClusterRoleBinding cluster-admin gives it `cluster-admin`"
        );
    }
}
