use super::prelude::*;

declare_check! {
    /// Subject may change admission policies
    ///
    /// A subject may write or remove admission policies, or the bindings that put them in force.
    ///
    /// ## Why
    /// A ValidatingAdmissionPolicy is a fence that others rely on: whoever removes it, or its binding,
    /// takes the fence down. A MutatingAdmissionPolicy changes objects of others on their way in: a
    /// container with the attacker's image in every pod, with the pod's service account.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for those only who run the cluster, or for policies named in `resourceNames`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [admissionregistration.k8s.io], resources: [mutatingadmissionpolicies], verbs: [create, update]}
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
    /// Give the right to those only who run the cluster, or limit it to the policies it needs with
    /// `resourceNames`.
    pub AdmissionPolicy {
        id: "rbac/admission-policy",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy"),
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Control admission webhooks)"),
        ],
    }
}

impl PostureCheck for AdmissionPolicy {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(
            picture,
            &[&[
                cluster(CONTROL, "admissionregistration.k8s.io", "validatingadmissionpolicies"),
                cluster(CONTROL, "admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
                cluster(CONTROL, "admissionregistration.k8s.io", "mutatingadmissionpolicies"),
                cluster(CONTROL, "admissionregistration.k8s.io", "mutatingadmissionpolicybindings"),
            ]],
        ) {
            held.report(notes, held.severity(Self::META.severity), "may change admission policies");
        }
    }
}
