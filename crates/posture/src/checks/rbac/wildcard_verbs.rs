use super::prelude::*;
use ravelin_authz::rbac::{Grant, PolicyRule};
use std::collections::BTreeSet;

declare_check! {
    /// Subject has every verb on a resource
    ///
    /// A rule gives every verb with `*` on resources that are named.
    ///
    /// ## Why
    /// `*` holds for verbs that have nothing to do with reading and writing: `escalate` and `bind` on
    /// roles, `impersonate` on users, `approve` on signers, and for those added later.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `apiGroups`
    ///
    /// ## Allowed values
    /// Lists of verbs.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [configmaps], verbs: ["*"]}
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
    ///   - {apiGroups: [""], resources: [configmaps], verbs: [get, update]}
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
    /// List the verbs that are needed.
    pub WildcardVerbs {
        id: "rbac/wildcard-verbs",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Least privilege)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.3"),
        ],
    }
}

impl PostureCheck for WildcardVerbs {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let has_all = |list: &[_]| list.iter().any(|word: &_| *word == "*");
        let is_wanted = |_: &Grant<'_>, rule: &PolicyRule| {
            has_all(&rule.verbs) && !has_all(&rule.resources) && !rule.resources.is_empty()
        };
        for held in by_rule(picture, &is_wanted) {
            let is_ours = held.rules().any(|rule| rule.api_groups.iter().any(|group| is_builtin(group)));
            let severity = if is_ours { held.severity(Self::META.severity) } else { Severity::Low };
            let resources: BTreeSet<&str> =
                held.rules().flat_map(|rule| &rule.resources).map(|name| name.as_str()).collect();
            let what = format!("has every verb on {}", words::listed(resources.into_iter()));
            held.report(notes, severity, &what);
        }
    }
}
