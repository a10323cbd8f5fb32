use super::prelude::*;

declare_check! {
    /// Subject may delete namespaces
    ///
    /// A subject may delete namespaces, with everything in them.
    ///
    /// ## Why
    /// Deleting a namespace deletes every object in it, the Secrets and claims to volumes among them, and
    /// nothing brings them back.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for those only who hand out namespaces.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [namespaces], verbs: [create, delete]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [namespaces], verbs: [create, get]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ## Remedy
    /// Take `delete` on namespaces away, or bind it in the one namespace that is meant.
    pub NamespaceDelete {
        id: "rbac/namespace-delete",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("CIS Kubernetes Benchmark 5.1.3"),
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Least privilege)"),
        ],
    }
}

impl PostureCheck for NamespaceDelete {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(picture, &[&[namespaced(&["delete"], "", "namespaces")]]) {
            held.report(
                notes,
                held.severity(Self::META.severity),
                "may delete namespaces with everything in them",
            );
        }
    }
}
