use super::prelude::*;
use crate::rights::is_sweeping;
use ravelin_authz::rbac::{Grant, PolicyRule};
use std::collections::BTreeSet;

declare_check! {
    /// Subject may do everything to every resource of an API group
    ///
    /// A rule gives every verb on every resource, `*` in `verbs` and in `resources`, or verbs that read and
    /// verbs that write. With the core group,
    /// that of RBAC or all groups it is as good as `cluster-admin`. What such a subject may do in
    /// particular is not reported again by other checks.
    ///
    /// ## Why
    /// Such a rule holds for resources, subresources and verbs that nobody has thought of yet. In the core
    /// group it reads Secrets and runs pods; in the group of RBAC it holds `escalate` and `bind`.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `apiGroups`
    ///
    /// ## Allowed values
    /// Lists of verbs and resources.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
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
    ///   - {apiGroups: [apps], resources: [deployments], verbs: [get, list]}
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
    /// List the verbs and resources that are needed. `ravelin what-can SUBJECT` shows what the subject
    /// holds.
    pub WildcardAll {
        id: "rbac/wildcard-all",
        severity: Severity::Critical,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Least privilege)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.3"),
        ],
    }
}

impl PostureCheck for WildcardAll {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let is_wanted = |grant: &Grant<'_>, rule: &PolicyRule| {
            let is_admin =
                grant.role.kind() == "ClusterRole" && grant.role.metadata().name == "cluster-admin";
            is_sweeping(rule) && !is_admin
        };
        for held in by_rule(picture, &is_wanted) {
            let groups: BTreeSet<&str> =
                held.rules().flat_map(|rule| &rule.api_groups).map(|group| group.as_str()).collect();
            let every = held.rules().any(|rule| rule.verbs.iter().any(|verb| verb == "*"));
            let worst = groups.iter().map(|group| severity_of(group)).max().unwrap_or(Severity::Low);
            let what = if groups.contains("*") {
                match every {
                    true => "may do everything".to_owned(),
                    false => "may read and write everything".to_owned(),
                }
            } else {
                let noun = if groups.len() == 1 { "group" } else { "groups" };
                let verb = if every { "do everything to" } else { "read and write" };
                let names = groups.iter().map(|group| if group.is_empty() { "core" } else { group });
                format!("may {verb} every resource of the API {noun} {}", words::listed(names))
            };
            held.report(notes, held.severity(worst), &what);
        }
    }
}

/// What everything in an API group is worth in the whole cluster.
fn severity_of(group: &str) -> Severity {
    match group {
        "*" | "" | "rbac.authorization.k8s.io" => Severity::Critical,
        "apps"
        | "batch"
        | "extensions"
        | "certificates.k8s.io"
        | "admissionregistration.k8s.io"
        | "apiregistration.k8s.io"
        | "apiextensions.k8s.io"
        | "authentication.k8s.io" => Severity::High,
        group if is_builtin(group) => Severity::Medium,
        _ => Severity::Low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn one_finding_for_a_subject_whatever_gives_it() {
        let text = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: a}
rules: [{apiGroups: ['', apps], resources: ['*'], verbs: ['*']}, {apiGroups: [example.com], resources: ['*'], verbs: ['*']}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {kind: ClusterRole, name: a}
subjects: [{kind: User, name: jane}]
";
        let found = found(&WildcardAll, text);
        assert_eq!(
            found[0].2,
            "`user:jane` may do everything to every resource of the API groups `core`, `apps`, `example.com` in the \
             whole cluster: ClusterRoleBinding a -> ClusterRole a, rule 0; ClusterRoleBinding a -> ClusterRole a, rule 1"
        );
        assert_eq!(found.len(), 1);
        assert!(crate::testing::all(text).iter().all(|found| found.check.id == "rbac/wildcard-all"));
    }
}
