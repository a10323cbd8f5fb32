use super::prelude::*;
use crate::escalation::lowers;
use crate::rights::WORKLOADS;

declare_check! {
    /// Subject may change the labels of namespaces
    ///
    /// A subject may change namespaces, and so the labels that Pod Security and network policies go by.
    /// Worst where the same subject may run pods in a namespace whose labels refuse privileged ones now.
    ///
    /// ## Why
    /// The labels of a namespace say which pods Pod Security admits. Whoever changes them admits privileged
    /// pods, and whoever changes the labels that network policies select by opens the network.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for those only who hand out namespaces.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [namespaces], verbs: [patch]}
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
    ///   - {apiGroups: [""], resources: [namespaces], verbs: [create, get]}
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
    /// Take `update` and `patch` on namespaces away, or keep the labels with a ValidatingAdmissionPolicy.
    pub NamespaceLabels {
        id: "rbac/namespace-labels",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Namespace modification)"),
        ],
    }
}

impl PostureCheck for NamespaceLabels {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const LABELS: &[Right] = &[namespaced(CHANGE, "", "namespaces")];
        let whole = held(picture, &[LABELS, WORKLOADS]);
        for held in held(picture, &[LABELS]) {
            let both = whole.iter().find(|known| known.identity == held.identity);
            let lowered = both.and_then(|both| Some((both, lowers(picture, &both.scopes)?)));
            match lowered {
                Some((both, namespace)) => {
                    let what = "may change the labels of namespaces and run pods";
                    let further = format!(
                        "so that Pod Security admits privileged ones in `{namespace}`, which it refuses now"
                    );
                    both.report_with(notes, Severity::Critical, what, &further);
                }
                None => held.report(
                    notes,
                    held.severity(Self::META.severity),
                    "may change the labels of namespaces",
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn a_role_in_the_namespace_is_enough() {
        let text = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: own, namespace: x}
rules:
  - {apiGroups: [''], resources: [namespaces], verbs: [patch]}
  - {apiGroups: [''], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: own, namespace: x}
roleRef: {kind: Role, name: own}
subjects: [{kind: User, name: jane}]
---
apiVersion: v1
kind: Namespace
metadata: {name: x, labels: {pod-security.kubernetes.io/enforce: baseline}}
";
        let notes = crate::testing::notes(&NamespaceLabels, text);
        assert_eq!(notes.found[0].severity, Severity::Critical);
        let found = found(&NamespaceLabels, &text.replace("baseline", "privileged"));
        assert!(!found[0].2.contains("refuses now"));
    }
}
