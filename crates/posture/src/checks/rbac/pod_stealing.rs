use super::prelude::*;

declare_check! {
    /// Subject may move pods to a node of its choice
    ///
    /// A subject may change nodes and take pods off them: both halves together move pods, whichever
    /// bindings they come from.
    ///
    /// ## Why
    /// Whoever has one node in hand, and may make the others unschedulable and evict their pods, waits
    /// until a pod with a powerful service account lands on that node, and takes its token.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// One of the halves: changing nodes, or removing pods.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [nodes], verbs: [patch]}
    ///   - {apiGroups: [""], resources: [pods/eviction], verbs: [create]}
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
    ///   - {apiGroups: [""], resources: [pods], verbs: [get, delete]}
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
    /// Take one of the halves away: `patch` on nodes, or `delete` and eviction of pods.
    pub PodStealing {
        id: "rbac/pod-stealing",
        severity: Severity::Medium,
        confidence: Confidence::Medium,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("github.com/PaloAltoNetworks/rbac-police (steal_pods)"),
        ],
    }
}

impl PostureCheck for PodStealing {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const NODES: &[Right] = &[cluster(CHANGE, "", "nodes"), cluster(CHANGE, "", "nodes/status")];
        const PODS: &[Right] = &[
            namespaced(&["create"], "", "pods/eviction"),
            namespaced(&["delete", "deletecollection"], "", "pods"),
        ];
        for held in held(picture, &[NODES, PODS]) {
            held.report(
                notes,
                held.severity(Self::META.severity),
                "may take pods off their nodes and keep them off",
            );
        }
    }
}
