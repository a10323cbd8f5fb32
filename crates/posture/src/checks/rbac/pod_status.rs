use super::prelude::*;

declare_check! {
    /// Subject may change the status of pods
    ///
    /// A subject may write the status of pods.
    ///
    /// ## Why
    /// Controllers, and operators of security, believe what the status says: a pod can be shown as failed
    /// so that it is replaced, or as ready so that a Service sends traffic to it; with its address changed,
    /// the traffic goes elsewhere.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for kubelets.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [pods/status], verbs: [update]}
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
    /// Take the right away: a controller that sets conditions on pods needs `patch` on pods it owns only.
    pub PodStatus {
        id: "rbac/pod-status",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("github.com/PaloAltoNetworks/rbac-police (modify_pod_status)"),
        ],
    }
}

impl PostureCheck for PodStatus {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(picture, &[&[namespaced(CHANGE, "", "pods/status")]]) {
            held.report(notes, held.severity(Self::META.severity), "may change the status of pods");
        }
    }
}
