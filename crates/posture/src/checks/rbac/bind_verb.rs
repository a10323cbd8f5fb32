use super::prelude::*;
use crate::escalation::{by_binding, holds_more};
use ravelin_authz::rbac::Scope;

declare_check! {
    /// Subject may bind roles that it does not hold
    ///
    /// A subject holds the verb `bind` on roles. Worst where it may write bindings too: the message names
    /// the binding with which it gains most. That the API server lets it through, and that a request is
    /// refused before and allowed after, was asked of the engines that decide so.
    ///
    /// ## Why
    /// The API server lets nobody bind a role with rights that they do not hold themselves, except with the
    /// verb `bind`. Whoever may bind `cluster-admin` and write bindings is cluster-admin.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// `bind` on roles that are named in `resourceNames` and hold no more than the subject.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}
    ///   - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create]}
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
    /// Name the roles in `resourceNames`: those that the subject must hand out.
    pub BindVerb {
        id: "rbac/bind-verb",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Bind verb)"),
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/rbac (Privilege escalation prevention and bootstrapping)"),
        ],
    }
}

impl PostureCheck for BindVerb {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const BIND: &[Right] = &[
            cluster(&["bind"], "rbac.authorization.k8s.io", "clusterroles"),
            namespaced(&["bind"], "rbac.authorization.k8s.io", "clusterroles"),
            namespaced(&["bind"], "rbac.authorization.k8s.io", "roles"),
        ];
        let index = picture.index();
        for held in held(picture, &[BIND]) {
            let names: Vec<&str> = held.names(0).unwrap_or_default().into_iter().collect();
            let namespace = match held.scopes.first() {
                Some(Scope::Namespace(namespace)) => namespace,
                _ => "",
            };
            let steps = held.scopes.iter().filter_map(|scope| {
                let namespace = match scope {
                    Scope::Cluster => "",
                    Scope::Namespace(namespace) => namespace,
                };
                by_binding(index, &held.user, &held.identity, namespace, &names)
            });
            let write = steps.max_by_key(|write| write.worth);
            let is_limited = held.names(0).is_some();
            if write.is_none() && is_limited && !holds_more(index, &held.user, namespace, &names) {
                continue;
            }
            let Some(write) = write else {
                let what = "holds `bind` on roles, though it gains nothing by it with the bindings that it may write,";
                held.report(notes, Self::META.severity, what);
                continue;
            };
            let further = format!("may {}, and then {}", write.step, words::request(&write.witness));
            held.report_with(notes, write.worth.severity(), "holds `bind` on roles", &further);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALVES: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: binder}
rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [NAMES], verbs: [bind]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: binder}
roleRef: {kind: ClusterRole, name: binder}
subjects: [{kind: ServiceAccount, name: a, namespace: x}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writer}
rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [VERB]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: writer}
roleRef: {kind: ClusterRole, name: writer}
subjects: [{kind: Group, name: 'system:serviceaccounts:x'}]
";

    fn of(text: &str) -> Vec<crate::Found> {
        crate::testing::notes(&BindVerb, text).found
    }

    fn severity(names: &str, verb: &str) -> (Severity, String) {
        let text = HALVES.replace("NAMES", names).replace("VERB", verb);
        let found = of(&text);
        assert_eq!(found.len(), 1);
        (found[0].severity, found[0].message.clone())
    }

    #[test]
    fn halves_of_different_bindings_meet() {
        let (worst, message) = severity("cluster-admin", "create");
        assert_eq!(worst, Severity::Critical);
        assert!(
            message.starts_with(
                "`sa:x/a` holds `bind` on roles in the whole cluster, may create a ClusterRoleBinding of ClusterRole \
                 `cluster-admin`, and then do everything in the whole cluster: "
            ),
            "{message}"
        );
        assert_eq!(severity("cluster-admin", "patch").0, Severity::Critical);
        assert_eq!(severity("cluster-admin", "delete").0, Severity::Low);
        assert!(of(&HALVES.replace("NAMES", "binder").replace("VERB", "create")).is_empty());
        assert!(of(&HALVES.replace("NAMES", "no-such").replace("VERB", "create")).is_empty());
    }
}
