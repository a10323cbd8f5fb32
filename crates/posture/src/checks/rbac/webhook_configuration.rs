use super::prelude::*;

declare_check! {
    /// Subject may change admission webhooks
    ///
    /// A subject may write or remove configurations of admission webhooks. A right that is limited to names
    /// is reported as milder.
    ///
    /// ## Why
    /// An admission webhook is shown every object that is written, Secrets among them, and a mutating one
    /// may change it: a container with the attacker's image in every pod. Whoever removes one takes down
    /// what it enforces.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for those only who install webhooks, or for configurations named in `resourceNames`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [create, update]}
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
    /// Limit the right to its own configuration with `resourceNames`; only `create` cannot be limited so.
    pub WebhookConfiguration {
        id: "rbac/webhook-configuration",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Control admission webhooks)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.12"),
        ],
    }
}

impl PostureCheck for WebhookConfiguration {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const CONFIGURATIONS: &[Right] = &[
            cluster(CONTROL, "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
            cluster(CONTROL, "admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        ];
        for held in held(picture, &[CONFIGURATIONS]) {
            match held.names(0) {
                None => held.report(notes, Self::META.severity, "may change admission webhooks"),
                Some(names) => {
                    let what =
                        format!("may change the admission webhooks {}", words::listed(names.into_iter()));
                    held.report(notes, Severity::Medium, &what);
                }
            }
        }
    }
}
