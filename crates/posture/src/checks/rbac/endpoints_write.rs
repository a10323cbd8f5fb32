use super::prelude::*;

declare_check! {
    /// Subject may write Endpoints
    ///
    /// A subject may write Endpoints or EndpointSlices, which say where the traffic of a Service goes.
    ///
    /// ## Why
    /// Whoever writes them sends the traffic of a Service to an address of their choice, past network
    /// policies and into other namespaces (CVE-2021-25740). Kubernetes took the right out of `admin` and
    /// `edit` in 1.22.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for controllers of load balancers and service meshes.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [create, update]}
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
    /// Take the right away, or give it in one namespace where a controller needs it.
    pub EndpointsWrite {
        id: "rbac/endpoints-write",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/rbac (Write access for EndpointSlices and Endpoints)"),
            Source::Inspired("github.com/kubernetes/kubernetes/issues/103675 (CVE-2021-25740)"),
        ],
    }
}

impl PostureCheck for EndpointsWrite {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(
            picture,
            &[&[namespaced(WRITE, "", "endpoints"), namespaced(WRITE, "discovery.k8s.io", "endpointslices")]],
        ) {
            held.report(
                notes,
                held.severity(Self::META.severity),
                "may send the traffic of Services elsewhere by their Endpoints",
            );
        }
    }
}
