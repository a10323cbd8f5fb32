use super::prelude::*;

declare_check! {
    /// Subject may register API services
    ///
    /// A subject may write APIServices, which send the requests for an API group to a server of its choice.
    ///
    /// ## Why
    /// The API server forwards requests for an aggregated API, with the name and groups of whoever asks,
    /// and serves what comes back. Whoever registers such a server reads what others send, answers as it
    /// likes, and can take the place of a group such as `metrics.k8s.io` that controllers act on.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for those only who run the cluster.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [apiregistration.k8s.io], resources: [apiservices], verbs: [create, patch]}
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
    /// Give the right to those only who install aggregated APIs, or limit it to their names with
    /// `resourceNames`.
    pub ApiService {
        id: "rbac/api-service",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation"),
        ],
    }
}

impl PostureCheck for ApiService {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(picture, &[&[cluster(WRITE, "apiregistration.k8s.io", "apiservices")]]) {
            held.report(notes, held.severity(Self::META.severity), "may register API services");
        }
    }
}
