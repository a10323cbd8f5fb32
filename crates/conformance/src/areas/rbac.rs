//! Role-based access control: decisions and rules reviews over a policy.

use ravelin_authz::rbac::{Index, Objects, Policy};
use ravelin_authz::{
    Attributes, Authorizer, Decision, NonResourceRule, ResourceRule, RuleResolver, Rules, User,
};
use ravelin_object::read;
use ravelin_yaml::Limits;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

mod writes;

/// Records of the kind `policy`, each followed by those of the kinds `authorize`, `rules` and `write` that ask it.
///
/// Policy and index are asked both, and have to agree.
#[derive(Default)]
pub(super) struct Rbac {
    set: String,
    index: Index,
}

impl Area for Rbac {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        let mut fields = Fields::of(record);
        match self.found(&mut fields) {
            Ok(found) => fields.compare(&found),
            Err(difference) => vec![difference],
        }
    }
}

impl Rbac {
    fn found(&mut self, fields: &mut Fields) -> Result<Value, Difference> {
        let set: String = fields.take("set")?;
        match fields.take::<String>("kind")?.as_str() {
            "policy" => {
                self.index = Index::new(policy(fields.take("policy")?)?);
                self.set = set;
                Ok(json!({}))
            }
            _ if set != self.set => Err(Difference::form("set", &self.set, set)),
            "authorize" => self.authorize(fields),
            "rules" => self.rules(fields),
            "write" => writes::found(&self.index, fields),
            other => Err(Difference::form("kind", "policy, authorize, rules or write", other)),
        }
    }

    fn authorize(&self, fields: &mut Fields) -> Result<Value, Difference> {
        let user = fields.take::<UserForm>("user")?.into();
        let request: Request = fields.take("request")?;
        let attributes = Attributes {
            user,
            verb: request.verb,
            is_resource: request.resource_request,
            group: request.api_group,
            version: request.api_version,
            namespace: request.namespace,
            resource: request.resource,
            subresource: request.subresource,
            name: request.name,
            path: request.path,
            ..Attributes::default()
        };
        let answer = self.index.authorize(&attributes);
        let linear = self.index.policy().authorize(&attributes);
        if answer != linear {
            return Err(Difference::form("(index)", &format!("{linear:?}"), format!("{answer:?}")));
        }
        let decision = match answer.decision {
            Decision::Allow => "allow",
            Decision::Deny => "deny",
            Decision::NoOpinion => "no_opinion",
        };
        Ok(json!({ "decision": decision, "reason": answer.reason, "error": answer.error }))
    }

    fn rules(&self, fields: &mut Fields) -> Result<Value, Difference> {
        let user: User = fields.take::<UserForm>("user")?.into();
        let namespace: String = fields.take("namespace")?;
        let list = self.index.rules_for(&user, &namespace);
        let linear = self.index.policy().rules_for(&user, &namespace);
        if list != linear {
            return Err(Difference::form("(index)", &format!("{linear:?}"), format!("{list:?}")));
        }
        Ok(review(&list))
    }
}

fn review(list: &Rules) -> Value {
    let resource = |rule: &ResourceRule| {
        json!({
            "verbs": texts(&rule.verbs),
            "apiGroups": or_null(&rule.api_groups),
            "resources": or_null(&rule.resources),
            "resourceNames": or_null(&rule.resource_names),
        })
    };
    let path = |rule: &NonResourceRule| json!({ "verbs": texts(&rule.verbs), "nonResourceURLs": or_null(&rule.non_resource_urls) });
    json!({
        "resourceRules": list.resource_rules.iter().map(resource).collect::<Vec<_>>(),
        "nonResourceRules": list.non_resource_rules.iter().map(path).collect::<Vec<_>>(),
        "incomplete": list.incomplete,
        "error": list.error,
    })
}

fn texts<S: AsRef<str>>(list: &[S]) -> Vec<&str> {
    list.iter().map(AsRef::as_ref).collect()
}

/// A list that was not given is `null` in records.
fn or_null<S: AsRef<str>>(list: &[S]) -> Option<Vec<&str>> {
    (!list.is_empty()).then(|| texts(list))
}

/// A user as records write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserForm {
    name: String,
    groups: Option<Vec<String>>,
}

impl From<UserForm> for User {
    fn from(form: UserForm) -> Self {
        Self { name: form.name, groups: form.groups.unwrap_or_default(), ..Self::default() }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Request {
    verb: String,
    resource_request: bool,
    api_group: String,
    api_version: String,
    namespace: String,
    resource: String,
    subresource: String,
    name: String,
    path: String,
}

/// The objects of a policy, with their names and namespaces beside what else they hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PolicyForm {
    cluster_roles: Option<Vec<Value>>,
    roles: Option<Vec<Value>>,
    cluster_role_bindings: Option<Vec<Value>>,
    role_bindings: Option<Vec<Value>>,
}

fn policy(form: PolicyForm) -> Result<Policy, Difference> {
    let mut objects = Objects::default();
    for (kind, list) in [
        ("ClusterRole", form.cluster_roles),
        ("Role", form.roles),
        ("ClusterRoleBinding", form.cluster_role_bindings),
        ("RoleBinding", form.role_bindings),
    ] {
        for (index, item) in list.into_iter().flatten().enumerate() {
            add(&mut objects, kind, item)
                .map_err(|error| Difference::form(format!("policy ({kind} {index})"), "an object", error))?;
        }
    }
    Ok(Policy::new(objects))
}

fn add(objects: &mut Objects, kind: &str, item: Value) -> Result<(), String> {
    let Value::Object(mut object) = item else { return Err(item.to_string()) };
    let metadata = json!({ "name": object.remove("name"), "namespace": object.remove("namespace") });
    object.insert("metadata".to_owned(), metadata);
    object.insert("apiVersion".to_owned(), "rbac.authorization.k8s.io/v1".into());
    object.insert("kind".to_owned(), kind.into());
    let text = Value::Object(object).to_string();
    let value = read::json(&text, &Limits::STANDARD).map_err(|error| format!("{error:?}"))?.value;
    let value = value.ok_or("no value")?;
    let added = objects.add(&value, 0).map_err(|errors| format!("{errors:?}"))?;
    if added { Ok(()) } else { Err("not taken up".to_owned()) }
}
