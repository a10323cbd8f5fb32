use super::prelude::*;
use crate::escalation::by_role;

declare_check! {
    /// Subject may write roles with rights that it does not hold
    ///
    /// A subject holds the verb `escalate` on roles. Worst where it may write a role that is bound to it:
    /// the message names that role. That the API server lets it through, and that a request is refused
    /// before and allowed after, was asked of the engines that decide so.
    ///
    /// ## Why
    /// The API server lets nobody write a role with rights that they do not hold themselves, except with
    /// the verb `escalate`. Whoever holds it and may write a role of theirs may do everything.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Any verb but `escalate`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate]}
    ///   - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [update]}
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
    ///   - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, clusterrolebindings, roles, rolebindings], verbs: [create, update, patch]}
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
    /// Take the verb `escalate` away, and give the subject the rights that it has to hand out.
    pub EscalateVerb {
        id: "rbac/escalate-verb",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Escalate verb)"),
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/rbac (Privilege escalation prevention and bootstrapping)"),
        ],
    }
}

impl PostureCheck for EscalateVerb {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const ESCALATE: &[Right] = &[
            cluster(&["escalate"], "rbac.authorization.k8s.io", "clusterroles"),
            namespaced(&["escalate"], "rbac.authorization.k8s.io", "roles"),
            namespaced(&["escalate"], "rbac.authorization.k8s.io", "roles"),
        ];
        let index = picture.index();
        for held in held(picture, &[ESCALATE]) {
            let write = by_role(index, &held.user);
            let Some(write) = write else {
                let what = "holds `escalate` on roles, though it may write none that is bound to it,";
                held.report(notes, Self::META.severity, what);
                continue;
            };
            let further = format!("may {}, and then {}", write.step, words::request(&write.witness));
            held.report_with(notes, write.worth.severity(), "holds `escalate` on roles", &further);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severity(rule: &str) -> Severity {
        let text = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: own}
rules:
  - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate]}
  - RULE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: own}
roleRef: {kind: ClusterRole, name: own}
subjects: [{kind: User, name: jane}]
";
        let found = crate::testing::notes(&EscalateVerb, &text.replace("RULE", rule)).found;
        assert_eq!(found.len(), 1);
        found[0].severity
    }

    #[test]
    fn the_role_must_be_one_that_is_bound_to_the_subject() {
        let rule = |verb: &str, name: &str| {
            format!(
                "{{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [{verb}], resourceNames: [{name}]}}"
            )
        };
        assert_eq!(severity(&rule("patch", "own")), Severity::Critical);
        assert_eq!(severity(&rule("patch", "other")), Severity::Low);
        assert_eq!(severity(&rule("get", "own")), Severity::Low);
    }
}
