use super::prelude::*;
use crate::rights::is_sweeping;
use ravelin_authz::rbac::{Grant, PolicyRule};
use std::collections::BTreeSet;

declare_check! {
    /// Subject has rights to every resource
    ///
    /// A rule names every resource with `*`, or resources in every API group, though not with verbs that read and write.
    ///
    /// ## Why
    /// Such a rule reaches Secrets, subresources such as `pods/exec`, and whatever is added to the cluster
    /// later.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `apiGroups`
    ///
    /// ## Allowed values
    /// Lists of resources and of API groups.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch]}
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
    ///   - {apiGroups: [""], resources: [pods, services], verbs: [get, list, watch]}
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
    /// List the resources and API groups that are needed.
    pub WildcardResources {
        id: "rbac/wildcard-resources",
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

impl PostureCheck for WildcardResources {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let has_all = |list: &[_]| list.iter().any(|word: &_| *word == "*");
        let is_wanted = |_: &Grant<'_>, rule: &PolicyRule| {
            !is_sweeping(rule)
                && !rule.api_groups.is_empty()
                && !rule.resources.is_empty()
                && (has_all(&rule.resources) || has_all(&rule.api_groups))
        };
        for held in by_rule(picture, &is_wanted) {
            let whole = held.rules().any(|rule| {
                has_all(&rule.resources) && rule.api_groups.iter().any(|group| is_builtin(group))
            });
            let verbs: BTreeSet<&str> =
                held.rules().flat_map(|rule| &rule.verbs).map(|verb| verb.as_str()).collect();
            let writes = verbs.iter().any(|verb| !READ.contains(verb));
            let severity = match (whole, writes) {
                (true, true) => Severity::High,
                (true, false) => Self::META.severity,
                (false, _) => Severity::Low,
            };
            let what = if held.rules().any(|rule| has_all(&rule.resources)) {
                "every resource"
            } else {
                "resources of every API group"
            };
            held.report(
                notes,
                held.severity(severity),
                &format!("has {} on {what}", words::listed(verbs.into_iter())),
            );
        }
    }
}
