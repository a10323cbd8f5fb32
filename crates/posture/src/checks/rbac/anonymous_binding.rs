use super::prelude::*;
use crate::groups::bound;
use crate::rights::UNAUTHENTICATED;
use ravelin_authz::rbac::Identity;

declare_check! {
    /// Somebody without credentials has rights
    ///
    /// A binding names `system:anonymous` or `system:unauthenticated`, besides what Kubernetes itself gives
    /// them.
    ///
    /// ## Why
    /// Everybody who reaches the API server is in this group, without any credential. Where it is on the
    /// internet, that is everybody there.
    ///
    /// ## Restricted fields
    /// - `subjects` of ClusterRoleBindings and RoleBindings
    ///
    /// ## Allowed values
    /// No subject but users, service accounts and groups that are authenticated.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: Group, name: "system:unauthenticated", apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: Group, name: "auditors", apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ## Remedy
    /// Name who is meant; where monitoring asks for health only, Kubernetes already allows `/healthz`,
    /// `/livez` and `/readyz`.
    pub AnonymousBinding {
        id: "rbac/anonymous-binding",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Hardening)"),
            Source::Inspired("CIS GKE Benchmark 4.1.8, 4.1.9"),
            Source::Inspired("Kubescape C-0262"),
        ],
    }
}

impl PostureCheck for AnonymousBinding {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let is_wanted = |identity: &Identity<'_>| {
            matches!(identity, Identity::User("system:anonymous") | Identity::Group(UNAUTHENTICATED))
        };
        for wide in bound(picture, &is_wanted) {
            let severity = wide.severity(Self::META.severity);
            wide.report(notes, severity, "anybody without credentials");
        }
    }
}
