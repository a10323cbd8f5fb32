use super::prelude::*;
use crate::rights::SYSTEM;

declare_check! {
    /// Subject may change ConfigMaps of the control plane
    ///
    /// A subject may change ConfigMaps in `kube-system`: that of CoreDNS, on EKS `aws-auth`.
    ///
    /// ## Why
    /// The ConfigMap `coredns` says what every name in the cluster resolves to; `aws-auth` says which cloud
    /// identities are which users and groups, `system:masters` among them. Both are ConfigMaps like any
    /// other, so that a right meant for leader election reaches them.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Rights to ConfigMaps in the namespaces of the subject, or to ConfigMaps that are named.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [configmaps], verbs: [update]}
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
    ///   - {apiGroups: [""], resources: [configmaps], verbs: [update]}
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
    /// Give the right in the namespaces where it is needed; for leader election use Leases.
    pub ControlConfigMaps {
        id: "rbac/control-config-maps",
        severity: Severity::Medium,
        confidence: Confidence::Medium,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("docs.aws.amazon.com/eks/latest/userguide/add-user-role.html"),
            Source::Inspired("Microsoft threat matrix for Kubernetes (CoreDNS poisoning)"),
        ],
    }
}

impl PostureCheck for ControlConfigMaps {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let targets = ["aws-auth", "coredns"];
        for held in held(picture, &[&[namespaced(CHANGE, "", "configmaps")]]) {
            let right = namespaced(CHANGE, "", "configmaps");
            let may = |name: &&str| {
                CHANGE
                    .iter()
                    .any(|verb| picture.index().allows(&right.request(&held.user, verb, SYSTEM, name)))
            };
            let found: Vec<&str> = targets.iter().copied().filter(|name| may(name)).collect();
            if !found.is_empty() && held.is_wide() {
                let names = words::listed(found.into_iter());
                held.report(
                    notes,
                    Self::META.severity,
                    &format!("may change {names} in `{SYSTEM}`, with the ConfigMaps"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn names_count() {
        let text = |names: &str| {
            format!(
                "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: a}}
rules: [{{apiGroups: [''], resources: [configmaps], resourceNames: [{names}], verbs: [patch]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: a}}
roleRef: {{kind: ClusterRole, name: a}}
subjects: [{{kind: User, name: jane}}]
"
            )
        };
        assert_eq!(found(&ControlConfigMaps, &text("lock")).len(), 0);
        let found = found(&ControlConfigMaps, &text("lock, coredns"));
        assert_eq!(
            found[0].2,
            "`user:jane` may change `coredns` in `kube-system`, with the ConfigMaps in the whole cluster: \
             ClusterRoleBinding a -> ClusterRole a, rule 0"
        );
    }
}
