//! How findings name subjects, grants and chains.

use ravelin_authz::rbac::{AnyBinding, Grant, Identity};

/// A subject as the command line names it: `user:jane`, `group:ops`, `sa:shop/web`.
pub(crate) fn subject(identity: &Identity<'_>) -> String {
    match identity {
        Identity::User(name) => format!("user:{name}"),
        Identity::Group(name) => format!("group:{name}"),
        Identity::ServiceAccount { namespace, name } => format!("sa:{namespace}/{name}"),
    }
}

/// A binding: `ClusterRoleBinding ops`, `RoleBinding shop/ops`.
pub(crate) fn binding(binding: &AnyBinding<'_>) -> String {
    match binding {
        AnyBinding::Cluster(_) => format!("ClusterRoleBinding {}", binding.metadata().name),
        AnyBinding::Namespaced(_) => {
            format!("RoleBinding {}/{}", binding.namespace(), binding.metadata().name)
        }
    }
}

/// Where a grant comes from: `RoleBinding shop/ops -> ClusterRole edit, rule 3`. Rules are counted from 0, as `kubectl`
/// and JSON paths do.
pub(crate) fn chain(grant: &Grant<'_>) -> String {
    let role = grant.role.metadata();
    let namespace = match role.namespace.as_str() {
        "" => String::new(),
        namespace => format!("{namespace}/"),
    };
    format!(
        "{} -> {} {namespace}{}, rule {}",
        binding(&grant.binding),
        grant.role.kind(),
        role.name,
        grant.rule
    )
}
