use super::prelude::*;
use ravelin_authz::rbac::Identity;

declare_check! {
    /// Rights are bound to a `default` service account
    ///
    /// A binding names the service account `default` of a namespace, as which every pod runs that names no other.
    ///
    /// ## Why
    /// Every pod of the namespace that does not say otherwise has these rights, those of the next team and of a chart that
    /// was installed in passing included. A service account of its own for each workload keeps them apart.
    ///
    /// ## Restricted fields
    /// - `subjects` of RoleBindings and ClusterRoleBindings
    ///
    /// ## Allowed values
    /// Service accounts other than `default`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: jobs, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects:
    ///   - {kind: ServiceAccount, name: default, namespace: shop}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: jobs, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects:
    ///   - {kind: ServiceAccount, name: jobs, namespace: shop}
    /// ```
    ///
    /// ## Remedy
    /// Make a service account for the workload, name it in `serviceAccountName`, and bind the role to it.
    pub DefaultAccountBound {
        id: "sa/default-account-bound",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Least privilege)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.5"),
        ],
    }
}

impl PostureCheck for DefaultAccountBound {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for holding in picture.holdings() {
            let Identity::ServiceAccount { namespace, name: "default" } = holding.identity else { continue };
            let message = format!(
                "every pod of namespace `{namespace}` that names no service account holds `{}`: {} binds it to `sa:{namespace}/default`",
                holding.binding.role_ref().name,
                words::binding(&holding.binding)
            );
            notes.add(holding.object, holding.path(), Anchor::Value, message);
        }
    }
}
