use super::prelude::*;
use crate::escalation::{Target, gain};

declare_check! {
    /// Subject may request tokens of service accounts
    ///
    /// A subject may create tokens of service accounts. The message names the most powerful one that it
    /// becomes so; that a request is refused to the subject and allowed to the service account was asked of
    /// the authorizer.
    ///
    /// ## Why
    /// Whoever may create `serviceaccounts/token` becomes every service account there, without running a
    /// pod, for as long as they ask for. In `kube-system` the service accounts of the controllers are among
    /// them, which may do nearly everything.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such a right for service accounts that are named and hold no more than the subject.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}
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
    /// Name the service accounts in `resourceNames`, or use tokens that the kubelet mounts.
    pub TokenRequest {
        id: "rbac/token-request",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Token request)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.13"),
        ],
    }
}

impl PostureCheck for TokenRequest {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const TOKEN: Right = namespaced(&["create"], "", "serviceaccounts/token");
        let index = picture.index();
        for held in held(picture, &[&[TOKEN]]) {
            let accounts = picture.targets().accounts(&held.scopes);
            let may = |target: &&&Target| {
                target.account.as_ref().is_some_and(|(namespace, name)| {
                    picture.may_exist(namespace, name)
                        && index.allows(&TOKEN.request(&held.user, "create", namespace, name))
                })
            };
            let what = match held.names(0) {
                None => "may request tokens of every service account".to_owned(),
                Some(names) => {
                    format!("may request tokens of the service accounts {}", words::listed(names.into_iter()))
                }
            };
            match gain(index, &held.user, accounts.iter().filter(may).copied(), &|_| true) {
                Some(gain) => {
                    let severity = gain.worth.severity();
                    held.report_with(notes, severity, &what, &format!("such as {}", gain.text()));
                }
                None if held.names(0).is_none() => held.report(notes, Self::META.severity, &what),
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    const ROLE: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: mint, namespace: x}
rules: [{apiGroups: [''], resources: [serviceaccounts/token], resourceNames: [NAMES], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: mint, namespace: x}
roleRef: {kind: Role, name: mint}
subjects: [{kind: User, name: jane}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: strong}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: strong, namespace: x}]
";

    #[test]
    fn names_decide_what_is_gained() {
        let strong = found(&TokenRequest, &ROLE.replace("NAMES", "weak, strong"));
        assert_eq!(
            strong[0].2,
            "`user:jane` may request tokens of the service accounts `strong`, `weak` in namespace `x`, such as \
             `sa:x/strong`, which may do everything in the whole cluster: RoleBinding x/mint -> Role x/mint, rule 0"
        );
        assert_eq!(found(&TokenRequest, &ROLE.replace("NAMES", "weak")).len(), 0);
    }
}
