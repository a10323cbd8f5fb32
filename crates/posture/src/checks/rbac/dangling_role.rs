use super::prelude::*;
use crate::escalation::{Worth, worth};
use ravelin_authz::rbac::AnyBinding;
use ravelin_authz::rbac::covers::atoms;
use ravelin_diag::FieldPath;
use std::collections::BTreeSet;

declare_check! {
    /// Binding names a role that is not there
    ///
    /// A binding names a role that does not exist, or that it cannot name. Of files alone it is not known
    /// which roles there are, but for those that no binding of the kind can name. Roles with dangerous
    /// rights that nothing binds are not faults by themselves: what is not known of their holders is said
    /// once.
    ///
    /// ## Why
    /// The binding grants nothing now. Whoever may create a role of that name decides what it grants,
    /// without the right to write bindings.
    ///
    /// ## Restricted fields
    /// - `roleRef` of ClusterRoleBindings and RoleBindings
    ///
    /// ## Allowed values
    /// Roles that exist: of the binding's namespace, or of the cluster.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: agent}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ## Remedy
    /// Remove the binding, or create the role together with it.
    pub DanglingRole {
        id: "rbac/dangling-role",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Periodic review)"),
            Source::Inspired("github.com/appvia/krane (missing roles)"),
        ],
    }
}

impl PostureCheck for DanglingRole {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let mut seen = BTreeSet::new();
        for holding in picture.holdings().filter(|holding| holding.role.is_none()) {
            let role = holding.binding.role_ref();
            let is_possible = match holding.binding {
                AnyBinding::Cluster(_) => role.kind == "ClusterRole",
                AnyBinding::Namespaced(_) => role.kind == "ClusterRole" || role.kind == "Role",
            };
            let binding = words::binding(&holding.binding);
            if is_possible && !picture.settings().is_complete {
                notes.unknown(format!(
                    "what {binding} grants is not known: {} `{}` is not among what was given",
                    role.kind, role.name
                ));
            } else if seen.insert(holding.object) {
                let why = if is_possible { "does not exist" } else { "is of a kind that it cannot name" };
                let message =
                    format!("{binding} grants nothing: its role, {} `{}`, {why}", role.kind, role.name);
                notes.add(holding.object, FieldPath::root().key("roleRef"), Anchor::Value, message);
            }
        }
        unbound(picture, notes);
    }
}

/// Says of dangerous cluster roles that nothing binds that their holders are not known.
fn unbound(picture: &Picture<'_>, notes: &mut Notes) {
    if picture.settings().is_complete {
        return;
    }
    let policy = picture.index().policy();
    let bound: BTreeSet<&str> =
        policy.all_bindings().map(|binding| binding.role_ref().name.as_str()).collect();
    let is_dangerous = |role: &&ravelin_authz::rbac::ClusterRole| {
        let mut atoms = role.rules.iter().flat_map(|rule| atoms(rule).take(512));
        atoms.any(|atom| worth(&atom, true) >= Worth::Dangerous)
    };
    let of_inventory =
        |role: &&ravelin_authz::rbac::ClusterRole| picture.object_of(role.metadata.origin).is_some();
    let unbound = policy.objects().cluster_roles.iter().filter(of_inventory);
    let unbound =
        unbound.filter(|role| !bound.contains(role.metadata.name.as_str()) && role.aggregation.is_none());
    let names: Vec<&str> = unbound.filter(is_dangerous).map(|role| role.metadata.name.as_str()).collect();
    if !names.is_empty() {
        let names = words::listed(names.into_iter());
        notes.unknown(format!(
            "who holds these cluster roles is not known, as nothing that was given binds them: {names}"
        ));
    }
}
