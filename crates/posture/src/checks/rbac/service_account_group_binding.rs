use super::prelude::*;
use crate::groups::bound;
use crate::rights::ACCOUNTS;
use ravelin_authz::rbac::Identity;

declare_check! {
    /// Every service account has rights
    ///
    /// A binding names `system:serviceaccounts`, or all service accounts of a namespace, besides what
    /// Kubernetes itself gives them.
    ///
    /// ## Why
    /// Such a binding holds for every pod there, those too that need no rights, and for service accounts
    /// that somebody makes later.
    ///
    /// ## Restricted fields
    /// - `subjects` of ClusterRoleBindings and RoleBindings
    ///
    /// ## Allowed values
    /// Service accounts by name.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: Group, name: "system:serviceaccounts", apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ## Remedy
    /// Name the service accounts that need the rights.
    pub ServiceAccountGroupBinding {
        id: "rbac/service-account-group-binding",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/rbac (Service account permissions)"),
            Source::Inspired("Kubescape C-0189"),
        ],
    }
}

impl PostureCheck for ServiceAccountGroupBinding {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let is_wanted = |identity: &Identity<'_>| matches!(identity, Identity::Group(group) if group.strip_prefix(ACCOUNTS).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')));
        for wide in bound(picture, &is_wanted) {
            let severity = wide.severity(Self::META.severity);
            wide.report(notes, severity, "every such service account");
        }
    }
}
