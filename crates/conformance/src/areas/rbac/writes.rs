//! What is said to who writes roles and bindings.

use ravelin_authz::rbac::escalation::{Change, Guard, Refusal, compare_metadata};
use ravelin_authz::rbac::validation::{self, SelectorValues};
use ravelin_authz::rbac::{ClusterRole, ClusterRoleBinding, GROUP, Index, ResolveError, Role, RoleBinding};
use ravelin_authz::{Attributes, Authorizer};
use ravelin_object::{DecodeError, read};
use ravelin_yaml::Limits;
use serde_json::{Value, json};

use super::UserForm;
use crate::record::{Difference, Fields};

/// Records `{user, resource, namespace, name, object, old|null, error, code, faults[]}`: the guard's answer, and
/// independently of it what validation finds (without the metadata rules of updates).
pub(super) fn found(index: &Index, fields: &mut Fields) -> Result<Value, Difference> {
    let request = Attributes {
        user: fields.take::<UserForm>("user")?.into(),
        is_resource: true,
        group: GROUP.to_owned(),
        version: "v1".to_owned(),
        resource: fields.take("resource")?,
        namespace: fields.take("namespace")?,
        name: fields.take("name")?,
        ..Attributes::default()
    };
    let new = object("object", fields.take("object")?)?;
    let old: Option<Value> = fields.take("old")?;
    let old = old.map(|old| object("old", old)).transpose()?;
    let authorize = |asked: &Attributes| index.authorize(asked).decision;
    let guard = Guard { resolver: index, authorize: &authorize, atom_limit: 1_000_000 };
    let written = Written { request, new, old };
    let (refused, faults) = match written.request.resource.as_str() {
        "roles" => {
            let (new, old) = written.decoded(Role::decode)?;
            let refused = guard.role(&written.request, written.change(&new, old.as_ref()));
            (refused, validation::role(&new))
        }
        "clusterroles" => {
            let (new, old) = written.decoded(ClusterRole::decode)?;
            let refused = guard.cluster_role(&written.request, written.change(&new, old.as_ref()));
            (refused, validation::cluster_role(&new, SelectorValues::Valid))
        }
        "rolebindings" => {
            let (new, old) = written.decoded(RoleBinding::decode)?;
            let refused = guard.role_binding(&written.request, written.change(&new, old.as_ref()));
            let validate = || validation::role_binding(&new);
            let faults = old.as_ref().map_or_else(validate, |old| validation::role_binding_update(&new, old));
            (refused, faults)
        }
        "clusterrolebindings" => {
            let (new, old) = written.decoded(ClusterRoleBinding::decode)?;
            let refused = guard.cluster_role_binding(&written.request, written.change(&new, old.as_ref()));
            let validate = || validation::cluster_role_binding(&new);
            let update = |old| validation::cluster_role_binding_update(&new, old);
            (refused, old.as_ref().map_or_else(validate, update))
        }
        other => return Err(Difference::form("resource", "one of the four of RBAC", other)),
    };
    Ok(json!({
        "code": refused.as_ref().err().map_or(0, code),
        "error": refused.err().map(|refusal| refusal.to_string()),
        "faults": faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
    }))
}

/// The HTTP status of a refusal.
fn code(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::Unresolved(ResolveError::NotFound { .. }) => 404,
        Refusal::Unresolved(ResolveError::Kind { .. }) => 500,
        _ => 403,
    }
}

struct Written {
    request: Attributes,
    new: ravelin_object::Value,
    old: Option<ravelin_object::Value>,
}

impl Written {
    fn decoded<T>(
        &self,
        decode: impl Fn(&ravelin_object::Value, u32) -> Result<T, Vec<DecodeError>>,
    ) -> Result<(T, Option<T>), Difference> {
        let one = |field: &str, object: &ravelin_object::Value| {
            decode(object, 0).map_err(|errors| Difference::form(field, "an object", format!("{errors:?}")))
        };
        let old = self.old.as_ref().map(|old| one("old", old)).transpose()?;
        Ok((one("object", &self.new)?, old))
    }

    fn change<'a, T>(&self, new: &'a T, old: Option<&'a T>) -> Change<'a, T> {
        match (old, &self.old) {
            (Some(old), Some(before)) => {
                Change::Update { new, old, metadata: compare_metadata(&self.new, before) }
            }
            _ => Change::Create(new),
        }
    }
}

fn object(field: &str, value: Value) -> Result<ravelin_object::Value, Difference> {
    let text = value.to_string();
    let read = read::json(&text, &Limits::STANDARD);
    let value = read.map_err(|error| Difference::form(field, "an object", format!("{error:?}")))?.value;
    let value = value.filter(|value| value.as_object().is_some());
    value.ok_or_else(|| Difference::form(field, "an object", text))
}
