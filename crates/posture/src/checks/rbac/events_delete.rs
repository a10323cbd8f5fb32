use super::prelude::*;

declare_check! {
    /// Subject may delete Events
    ///
    /// A subject may delete Events, which tell what happened in the cluster.
    ///
    /// ## Why
    /// Events are what an operator looks at first. Whoever deletes them removes the traces of pods that
    /// were started, failed and were replaced.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// No right to delete Events: they go away by themselves.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [events], verbs: [delete, deletecollection]}
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
    ///   - {apiGroups: [""], resources: [events], verbs: [create, patch]}
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
    /// Take `delete` and `deletecollection` on events away: they expire by themselves.
    pub EventsDelete {
        id: "rbac/events-delete",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("Microsoft threat matrix for Kubernetes (Delete events)"),
        ],
    }
}

impl PostureCheck for EventsDelete {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(
            picture,
            &[&[
                namespaced(&["delete", "deletecollection"], "", "events"),
                namespaced(&["delete", "deletecollection"], "events.k8s.io", "events"),
            ]],
        ) {
            held.report(notes, held.severity(Self::META.severity), "may delete Events");
        }
    }
}
