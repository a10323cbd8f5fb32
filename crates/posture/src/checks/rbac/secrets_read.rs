use super::prelude::*;
use crate::escalation::{Target, gain};

declare_check! {
    /// Subject may read every Secret
    ///
    /// A subject may read Secrets, without a limit to names. With `list` and `watch` as well as with `get`:
    /// what they return holds the contents. Rights that are limited to names are reported where one of them
    /// is known to be the token of a service account that holds more.
    ///
    /// ## Why
    /// Secrets hold passwords, keys and tokens of service accounts. Who reads all of them is everybody in
    /// them; in `kube-system` that is the cluster.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// `get` of Secrets that are named in `resourceNames`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [secrets], verbs: [list]}
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
    /// kind: Role
    /// metadata: {name: agent, namespace: tools}
    /// rules:
    ///   - {apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [own]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: agent, namespace: tools}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: agent}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ## Remedy
    /// Name the Secrets in `resourceNames`, or mount them.
    pub SecretsRead {
        id: "rbac/secrets-read",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Listing secrets)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.2"),
        ],
    }
}

impl PostureCheck for SecretsRead {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const SECRETS: Right = namespaced(READ, "", "secrets");
        let index = picture.index();
        let tokens: Vec<_> = picture.token_secrets().collect();
        for held in held(picture, &[&[SECRETS]]) {
            let may_read = |namespace: &str, name: &str| {
                READ.iter().any(|verb| index.allows(&SECRETS.request(&held.user, verb, namespace, name)))
            };
            let mut targets: Vec<&Target> = Vec::new();
            for (namespace, secret, account) in &tokens {
                let target = picture.targets().account(namespace, account);
                targets.extend(target.filter(|_| may_read(namespace, secret)));
            }
            targets.sort_by_key(|target| std::cmp::Reverse(target.worth()));
            let gain = gain(index, &held.user, targets, &|_| true);
            let is_unlimited = held.names(0).is_none();
            let base = if is_unlimited { held.severity(Self::META.severity) } else { Severity::Low };
            match gain {
                Some(gain) => {
                    let further = format!("the token of {}, among them", gain.text());
                    held.report_with(notes, base.max(gain.worth.severity()), "may read Secrets", &further);
                }
                None if is_unlimited => held.report(notes, base, "may read every Secret"),
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn the_token_of_a_stronger_account_is_worse_than_its_name_looks() {
        let text = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: read, namespace: x}
rules: [{apiGroups: [''], resources: [secrets], resourceNames: [token], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: read, namespace: x}
roleRef: {kind: Role, name: read}
subjects: [{kind: User, name: jane}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: strong}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: strong, namespace: x}]
---
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata: {name: token, namespace: x, annotations: {kubernetes.io/service-account.name: strong}}
";
        assert_eq!(
            found(&SecretsRead, text)[0].2,
            "`user:jane` may read Secrets in namespace `x`, the token of `sa:x/strong`, which may do everything in \
             the whole cluster, among them: RoleBinding x/read -> Role x/read, rule 0"
        );
        assert_eq!(found(&SecretsRead, &text.replace("[token]", "[other]")).len(), 0);
    }
}
