//! What stands in front of every write of roles and bindings: nobody grants what they do not hold.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/rbac/*/policybased`.

use crate::api::Api;
use crate::rest::act::Act;
use ravelin_authz::Attributes;
use ravelin_authz::rbac::escalation::{Change, Guard, Refusal, compare_metadata};
use ravelin_authz::rbac::{ClusterRole, ClusterRoleBinding, Index, ResolveError, Role, RoleBinding};
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_resource::Resource;
use std::sync::Arc;

/// The group of roles and bindings.
const GROUP: &str = "rbac.authorization.k8s.io";
/// Into how many permissions the rules of one role may break down.
const ATOMS: u64 = 1_000_000;

/// Whether somebody may create a role or a binding. Other objects are not looked at.
pub(crate) fn creation(
    api: &Api,
    act: &Act,
    resource: &Resource,
    namespace: &str,
    object: &Value,
) -> Result<(), Status> {
    check(api, act, resource, namespace, "create", object, None)
}

/// Whether somebody may put a role or a binding into the place of another.
pub(crate) fn update(
    api: &Api,
    act: &Act,
    resource: &Resource,
    namespace: &str,
    new: &Value,
    old: &Value,
) -> Result<(), Status> {
    check(api, act, resource, namespace, "update", new, Some(old))
}

fn check(
    api: &Api,
    act: &Act,
    resource: &Resource,
    namespace: &str,
    verb: &str,
    new: &Value,
    old: Option<&Value>,
) -> Result<(), Status> {
    let Some(rbac) = api.authorizers.rbac.as_ref().filter(|_| resource.group == GROUP) else { return Ok(()) };
    let index: Arc<Index> = rbac.current();
    let authorize = |attributes: &Attributes| api.authorizers.authorize(attributes).decision;
    let guard = Guard { resolver: index.as_ref(), authorize: &authorize, atom_limit: ATOMS };
    let name = crate::rest::metadata::text(new, "name");
    let request = Attributes {
        user: act.user.clone(),
        verb: verb.to_owned(),
        is_resource: true,
        group: resource.group.to_string(),
        version: resource.version.to_string(),
        namespace: namespace.to_owned(),
        resource: resource.plural.to_string(),
        // A create names nothing: who may escalate for one name alone may not create it.
        name: if old.is_some() { name.to_owned() } else { String::new() },
        ..Attributes::default()
    };
    let differ = old.map(|old| compare_metadata(new, old));
    let outcome = match resource.kind.as_str() {
        "Role" => changed(new, old, differ, Role::decode, |change| guard.role(&request, change)),
        "ClusterRole" => {
            changed(new, old, differ, ClusterRole::decode, |change| guard.cluster_role(&request, change))
        }
        "RoleBinding" => {
            changed(new, old, differ, RoleBinding::decode, |change| guard.role_binding(&request, change))
        }
        "ClusterRoleBinding" => changed(new, old, differ, ClusterRoleBinding::decode, |change| {
            guard.cluster_role_binding(&request, change)
        }),
        _ => return Ok(()),
    };
    let role_kind = new.dotted("roleRef.kind").and_then(Value::as_str).unwrap_or_default();
    outcome.map_err(|refusal| status(resource, name, role_kind, &refusal))
}

/// Decodes what is written and asks the guard. What cannot be decoded is left to validation, which refuses it.
fn changed<T, E>(
    new: &Value,
    old: Option<&Value>,
    differ: Option<ravelin_authz::rbac::escalation::Differ>,
    decode: impl Fn(&Value, u32) -> Result<T, E>,
    ask: impl Fn(Change<'_, T>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let Ok(new) = decode(new, 0) else { return Ok(()) };
    match (old.and_then(|old| decode(old, 0).ok()), differ) {
        (Some(old), Some(metadata)) => ask(Change::Update { new: &new, old: &old, metadata }),
        _ => ask(Change::Create(&new)),
    }
}

fn status(resource: &Resource, name: &str, role_kind: &str, refusal: &Refusal) -> Status {
    match refusal {
        Refusal::Unresolved(ResolveError::NotFound { .. })
            if resource.kind == "ClusterRoleBinding" && role_kind == "Role" =>
        {
            Status::bad_request("Namespace parameter required.")
        }
        Refusal::Unresolved(ResolveError::NotFound { name, .. }) => {
            let mut status = Status::not_found(&resource.group, &resource.plural, name);
            status.message = refusal.to_string();
            status
        }
        Refusal::Unresolved(_) => Status::plain(&refusal.to_string()),
        _ => {
            let mut status = Status::forbidden(&resource.group, &resource.plural, name, "");
            status.message = refusal.to_string();
            status
        }
    }
}
