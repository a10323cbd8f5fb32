//! How findings name subjects, grants and chains.

use ravelin_authz::Attributes;
use ravelin_authz::rbac::{AnyBinding, Grant, Identity, Scope};

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
        // What a ClusterRole says of a namespace counts for nothing.
        _ if grant.role.kind() == "ClusterRole" => String::new(),
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

/// Where grants hold: `in the whole cluster`, `in namespace a`.
pub(crate) fn places(scopes: &[Scope<'_>]) -> String {
    let names: Vec<&str> = scopes
        .iter()
        .filter_map(|scope| match scope {
            Scope::Cluster => None,
            Scope::Namespace(namespace) => Some(*namespace),
        })
        .collect();
    match names.as_slice() {
        [] => "in the whole cluster".to_owned(),
        [namespace] => format!("in namespace `{namespace}`"),
        several => format!("in the namespaces {}", listed(several.iter().copied())),
    }
}

/// At most this many items are written out.
const LISTED: usize = 3;

/// Names in backticks, the first few of them: `a`, `b` and 3 more.
pub(crate) fn listed<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.map(|item| format!("`{item}`")).collect();
    few(&items, ", ")
}

/// Where grants come from: each chain once, the first few of them.
pub(crate) fn chains<'a>(grants: impl Iterator<Item = &'a Grant<'a>>) -> String {
    let mut chains: Vec<String> = Vec::new();
    for grant in grants {
        let chain = chain(grant);
        if !chains.contains(&chain) {
            chains.push(chain);
        }
        if chains.len() > 64 {
            break;
        }
    }
    few(&chains, "; ")
}

fn few(items: &[String], separator: &str) -> String {
    let first: Vec<&str> = items.iter().take(LISTED).map(String::as_str).collect();
    let first = first.join(separator);
    match items.len().saturating_sub(LISTED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// A request as a sentence goes on: `get secrets in namespace shop`.
pub(crate) fn request(request: &Attributes) -> String {
    let place = match request.namespace.as_str() {
        "" => "in the whole cluster".to_owned(),
        namespace => format!("in namespace `{namespace}`"),
    };
    if !request.is_resource {
        return format!("`{}` the path `{}`", request.verb, request.path);
    }
    let name = match request.name.as_str() {
        "" => String::new(),
        name => format!(" `{name}`"),
    };
    let resource = match request.subresource.as_str() {
        "" => request.resource.clone(),
        subresource => format!("{}/{subresource}", request.resource),
    };
    match (request.verb.as_str(), resource.as_str(), request.group.as_str()) {
        ("*", "*", "*") => format!("do everything {place}"),
        ("*", "*", group) => format!("do everything to `{group}` {place}"),
        ("*", resource, _) => format!("do everything to `{resource}`{name} {place}"),
        (verb, resource, _) => format!("`{verb} {resource}`{name} {place}"),
    }
}
