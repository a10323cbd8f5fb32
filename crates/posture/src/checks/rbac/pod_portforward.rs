use super::prelude::*;

declare_check! {
    /// Subject may open connections into pods
    ///
    /// A subject may forward ports of pods, or send requests to them through the API server.
    ///
    /// ## Why
    /// A forwarded port reaches what listens in the pod, on its loopback address too, past every network
    /// policy: databases without a password, debug servers, sidecars.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// No such rights for workloads; for people where they debug.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [pods/portforward], verbs: [create]}
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
    ///   - {apiGroups: [""], resources: [pods], verbs: [get, list]}
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
    /// Give the right to people who debug, in the namespaces where they do.
    pub PodPortforward {
        id: "rbac/pod-portforward",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("Kubescape C-0063"),
        ],
    }
}

impl PostureCheck for PodPortforward {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(
            picture,
            &[&[
                namespaced(&["get", "create"], "", "pods/portforward"),
                namespaced(&["get", "create"], "", "pods/proxy"),
                namespaced(&["get", "create"], "", "services/proxy"),
            ]],
        ) {
            held.report(notes, held.severity(Self::META.severity), "may open connections into pods");
        }
    }
}
