use super::prelude::*;
use crate::rights::MASTERS;
use ravelin_authz::rbac::Identity;

declare_check! {
    /// Binding names `system:masters`
    ///
    /// A binding names the group `system:masters`, besides that of Kubernetes itself to `cluster-admin`.
    ///
    /// ## Why
    /// The group may do everything before RBAC is asked, so that the binding changes nothing; that somebody
    /// wrote it says that people are in the group. Their rights cannot be taken away, not by removing every
    /// binding.
    ///
    /// ## Restricted fields
    /// - `subjects` of ClusterRoleBindings and RoleBindings
    ///
    /// ## Allowed values
    /// Groups whose rights RBAC decides.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: Group, name: "system:masters", apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: Group, name: "admins", apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ## Remedy
    /// Bind a group of your own, and issue credentials for that one in place of `system:masters`.
    pub MastersBinding {
        id: "rbac/masters-binding",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Least privilege)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.7"),
        ],
    }
}

impl PostureCheck for MastersBinding {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for holding in picture.holdings() {
            if holding.identity == Identity::Group(MASTERS) {
                let binding = words::binding(&holding.binding);
                let message =
                    format!("{binding} names `{MASTERS}`, which may do everything whatever RBAC says");
                notes.add(holding.object, holding.path(), Anchor::Value, message);
            }
        }
    }
}
