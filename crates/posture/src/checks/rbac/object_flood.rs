use super::prelude::*;
use crate::rights::{ACCOUNTS, AUTHENTICATED, UNAUTHENTICATED};
use ravelin_authz::rbac::{Grant, Identity, PolicyRule};

declare_check! {
    /// Whole groups may create objects without end
    ///
    /// A group that pods or users are in by themselves may create objects that are stored.
    ///
    /// ## Why
    /// Every stored object takes memory of the API server and room in etcd. Whoever may create them fills
    /// both, and only a ResourceQuota stops it; where everybody may, nobody can be held to account.
    ///
    /// ## Restricted fields
    /// - `subjects` of ClusterRoleBindings and RoleBindings
    ///
    /// ## Allowed values
    /// Users, service accounts by name, and groups that somebody fills.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [configmaps], verbs: [create]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
    /// subjects:
    ///   - {kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [authorization.k8s.io], resources: [selfsubjectaccessreviews], verbs: [create]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
    /// subjects:
    ///   - {kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ## Remedy
    /// Name who needs to create objects, and set a ResourceQuota on their numbers in the namespace.
    pub ObjectFlood {
        id: "rbac/object-flood",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Object creation denial-of-service)"),
        ],
    }
}

impl PostureCheck for ObjectFlood {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let is_wide = |identity: &Identity<'_>| {
            matches!(identity, Identity::Group(group)
                if *group == AUTHENTICATED || *group == UNAUTHENTICATED || group.starts_with(ACCOUNTS))
        };
        // What is asked for and answered, but not stored.
        let is_stored =
            |group: &&str| !group.starts_with("authentication.") && !group.starts_with("authorization.");
        let is_wanted = |grant: &Grant<'_>, rule: &PolicyRule| {
            is_wide(&grant.identity)
                && rule.verbs.iter().any(|verb| verb == "create" || verb == "*")
                && rule.resource_names.is_empty()
                && rule.resources.iter().any(|resource| !resource.contains('/'))
                && rule.api_groups.iter().any(|group| is_stored(&group.as_str()))
        };
        for held in by_rule(picture, &is_wanted) {
            held.report(notes, Self::META.severity, "may create objects without end");
        }
    }
}
