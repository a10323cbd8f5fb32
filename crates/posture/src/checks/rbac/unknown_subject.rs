use super::prelude::*;
use crate::rights::SYSTEM;
use ravelin_authz::rbac::Identity;

declare_check! {
    /// Binding names a service account that is not there
    ///
    /// A binding names a service account that does not exist, where it is known which there are.
    ///
    /// ## Why
    /// Whoever may create service accounts in that namespace takes the name, and with it the rights. Left-
    /// over bindings also hide who holds what.
    ///
    /// ## Restricted fields
    /// - `subjects` of ClusterRoleBindings and RoleBindings
    ///
    /// ## Allowed values
    /// Service accounts that exist.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: agent, namespace: tools}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agnet, namespace: tools}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: agent, namespace: tools}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ## Remedy
    /// Remove the subject, or create the service account together with the binding.
    pub UnknownSubject {
        id: "rbac/unknown-subject",
        severity: Severity::Low,
        confidence: Confidence::Medium,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Periodic review)"),
            Source::Inspired("kube-linter non-existent-service-account"),
        ],
    }
}

impl PostureCheck for UnknownSubject {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for holding in picture.holdings() {
            let Identity::ServiceAccount { namespace, name } = holding.identity else { continue };
            // `default` is made with the namespace; those of the control plane with their controllers.
            let is_made = name == "default" || namespace == SYSTEM && !picture.settings().is_complete;
            if is_made || !picture.knows_accounts_in(namespace) || picture.account(namespace, name).is_some()
            {
                continue;
            }
            let (who, binding) = (words::subject(&holding.identity), words::binding(&holding.binding));
            let role = &holding.binding.role_ref().name;
            let known = if picture.settings().is_complete {
                "does not exist"
            } else {
                "is not among the service accounts of its namespace"
            };
            let message = format!("{binding} gives `{role}` to `{who}`, which {known}");
            notes.add(holding.object, holding.path(), Anchor::Value, message);
        }
    }
}
