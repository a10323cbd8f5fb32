use super::prelude::*;

declare_check! {
    /// Subject may change the status of Services
    ///
    /// A subject may write the status of Services.
    ///
    /// ## Why
    /// Nodes route the addresses in `status.loadBalancer.ingress` to the Service, so that whoever writes
    /// there takes over the traffic of pods to any address, of the internet too (CVE-2020-8554).
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for controllers of load balancers.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [services/status], verbs: [patch]}
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
    /// Take the right away from all but the controller of load balancers.
    pub ServiceStatus {
        id: "rbac/service-status",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("github.com/kubernetes/kubernetes/issues/97076 (CVE-2020-8554)"),
        ],
    }
}

impl PostureCheck for ServiceStatus {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(picture, &[&[namespaced(CHANGE, "", "services/status")]]) {
            held.report(
                notes,
                held.severity(Self::META.severity),
                "may take over addresses by the status of Services",
            );
        }
    }
}
