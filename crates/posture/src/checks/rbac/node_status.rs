use super::prelude::*;

declare_check! {
    /// Subject may change nodes
    ///
    /// A subject may change Nodes or their status: labels, taints, capacity, addresses.
    ///
    /// ## Why
    /// Labels and taints say which pods run where, so that whoever changes them pulls pods with powerful
    /// service accounts onto a node of theirs. The addresses in a node's status are where the API server
    /// sends `kubectl exec` and `logs`.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for kubelets and controllers of nodes.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [nodes, nodes/status], verbs: [patch]}
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
    ///   - {apiGroups: [""], resources: [nodes], verbs: [get, list, watch]}
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
    /// Limit the right to the verbs and nodes that are needed; a kubelet needs no RBAC rule for its own
    /// node.
    pub NodeStatus {
        id: "rbac/node-status",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("github.com/PaloAltoNetworks/rbac-police (modify_node_status)"),
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/admission-controllers (NodeRestriction)"),
        ],
    }
}

impl PostureCheck for NodeStatus {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(picture, &[&[cluster(CHANGE, "", "nodes"), cluster(CHANGE, "", "nodes/status")]]) {
            held.report(notes, held.severity(Self::META.severity), "may change Nodes");
        }
    }
}
