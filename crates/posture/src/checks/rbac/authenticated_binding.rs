use super::prelude::*;
use crate::groups::bound;
use crate::rights::AUTHENTICATED;
use ravelin_authz::rbac::Identity;

declare_check! {
    /// Everybody who is authenticated has rights
    ///
    /// A binding names `system:authenticated`, besides what Kubernetes itself gives it.
    ///
    /// ## Why
    /// Every user and every service account is in this group. On clusters that trust a public identity
    /// provider that is everybody with an account there, as on GKE everybody with a Google account.
    ///
    /// ## Restricted fields
    /// - `subjects` of ClusterRoleBindings and RoleBindings
    ///
    /// ## Allowed values
    /// Users, service accounts, and groups that somebody fills.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: Group, name: "staff", apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ## Remedy
    /// Name the group that is meant.
    pub AuthenticatedBinding {
        id: "rbac/authenticated-binding",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("CIS GKE Benchmark 4.1.10"),
            Source::Inspired("Kubescape C-0265"),
        ],
    }
}

impl PostureCheck for AuthenticatedBinding {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let is_wanted = |identity: &Identity<'_>| *identity == Identity::Group(AUTHENTICATED);
        for wide in bound(picture, &is_wanted) {
            let severity = wide.severity(Self::META.severity);
            wide.report(notes, severity, "everybody who is authenticated");
        }
    }
}
