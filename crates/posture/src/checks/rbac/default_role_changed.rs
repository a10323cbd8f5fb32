use super::prelude::*;
use crate::escalation::worth;
use ravelin_authz::bootstrap::{self, Version};
use ravelin_authz::rbac::covers::{atom_count, covers};
use ravelin_authz::rbac::escalation::described;
use ravelin_authz::rbac::{AnyRole, Metadata, Objects, PolicyRule};
use ravelin_diag::FieldPath;
use std::cell::OnceCell;

declare_check! {
    /// Default role has rights that Kubernetes does not give it
    ///
    /// A role with a name of Kubernetes' own has rules that it has in no version of Kubernetes. Roles that
    /// are aggregated are looked at where rights come in, by `rbac/aggregation-widening`.
    ///
    /// ## Why
    /// Kubernetes binds its roles to its own users and groups, some of them to everybody. A rule that is
    /// added there is held by all of them, no binding shows it, and Kubernetes does not take it away again.
    ///
    /// ## Restricted fields
    /// - `rules` of Roles and ClusterRoles with names of Kubernetes' own
    ///
    /// ## Allowed values
    /// The rules that Kubernetes gives the role.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: "system:discovery"}
    /// rules:
    ///   - {apiGroups: [""], resources: [secrets], verbs: [get]}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: discovery}
    /// rules:
    ///   - {apiGroups: [""], resources: [secrets], verbs: [get]}
    /// ```
    ///
    /// ## Remedy
    /// Put the rules into a role of your own, and bind that one.
    pub DefaultRoleChanged {
        id: "rbac/default-role-changed",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/rbac (Auto-reconciliation)"),
        ],
    }
}

impl PostureCheck for DefaultRoleChanged {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let policies = OnceCell::new();
        let policy = picture.index().policy().objects();
        let cluster_roles =
            policy.cluster_roles.iter().filter(|role| role.aggregation.is_none()).map(AnyRole::Cluster);
        let roles = cluster_roles.chain(policy.roles.iter().map(AnyRole::Namespaced));
        for role in roles.filter(|role| picture.is_default_role(role)) {
            let Some(object) = picture.object_of(role.metadata().origin) else { continue };
            let name = role.metadata().name.as_str();
            if matches!(name, "admin" | "edit" | "view") || atom_count(role.rules()) > 100_000 {
                continue;
            }
            let given = default_rules(policies.get_or_init(policies_of_all_versions), &role);
            let (_, added) = covers(&given.iter().collect::<Vec<_>>(), role.rules());
            let is_wide = matches!(role, AnyRole::Cluster(_));
            let Some(worst) = added.iter().max_by_key(|atom| worth(atom, is_wide)) else { continue };
            let message = format!(
                "{} `{name}` is Kubernetes' own, and has {} rights that Kubernetes does not give it, such as {}",
                role.kind(),
                added.len(),
                described(worst)
            );
            let path = FieldPath::root().key("rules");
            if let Some(found) = notes.add(object, path, Anchor::Key, message) {
                found.severity = worth(worst, is_wide).severity();
            }
        }
    }
}

/// The default roles of every version that is known.
fn policies_of_all_versions() -> Vec<Objects> {
    let of_version = |version| {
        let mut objects = Objects::default();
        for object in bootstrap::objects(version) {
            // Our own data, checked by tests of the room it is from.
            let _ = objects.add(&object, 0);
        }
        objects
    };
    Version::ALL.into_iter().map(of_version).collect()
}

/// What any version of Kubernetes gives the role.
fn default_rules(policies: &[Objects], role: &AnyRole<'_>) -> Vec<PolicyRule> {
    let same = |metadata: &Metadata| {
        metadata.name == role.metadata().name && metadata.namespace == role.metadata().namespace
    };
    let mut rules = Vec::new();
    for objects in policies {
        match role {
            AnyRole::Cluster(_) => {
                let found = objects.cluster_roles.iter().filter(|role| same(&role.metadata));
                rules.extend(found.flat_map(|role| role.rules.iter().cloned()));
            }
            AnyRole::Namespaced(_) => {
                let found = objects.roles.iter().filter(|role| same(&role.metadata));
                rules.extend(found.flat_map(|role| role.rules.iter().cloned()));
            }
        }
    }
    rules
}
