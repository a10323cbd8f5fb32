use super::prelude::*;

declare_check! {
    /// Subject may change definitions of custom resources
    ///
    /// A subject may update definitions of custom resources, and so send every object of theirs through a
    /// webhook of its choice.
    ///
    /// ## Why
    /// `spec.conversion` names a webhook that reads and rewrites every object of the kind, whoever asks for
    /// it. For kinds such as Certificate or Application that is as good as writing them, and they are acted
    /// on with the rights of their controllers.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for those only who install custom resources, or for definitions named in
    /// `resourceNames`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [update]}
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
    ///   - {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [get, list, watch]}
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
    /// Limit the right to the definitions it needs with `resourceNames`.
    pub ConversionWebhook {
        id: "rbac/conversion-webhook",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning (Webhook conversion)"),
        ],
    }
}

impl PostureCheck for ConversionWebhook {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(picture, &[&[cluster(CHANGE, "apiextensions.k8s.io", "customresourcedefinitions")]])
        {
            held.report(
                notes,
                held.severity(Self::META.severity),
                "may change definitions of custom resources, their conversion webhooks among it",
            );
        }
    }
}
