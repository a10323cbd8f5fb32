//! Attribute-based access control: policy files, decisions and listed rules.

use ravelin_authz::abac::PolicyFile;
use ravelin_authz::{
    Answer, Attributes, Authorizer, Decision, NonResourceRule, ResourceRule, RuleResolver, User,
};
use ravelin_object::selector::FieldSelector;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records of the kind `load` `{policy, error}`, and of the kind `policy` `{policy, loaded[], requests[], rules[]}`.
pub(super) struct Abac;

impl Area for Abac {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let kind: String = fields.take("kind")?;
    let policy: String = fields.take("policy")?;
    let file = PolicyFile::load("policy.jsonl", policy.as_bytes());
    match (kind.as_str(), file) {
        ("load", file) => Ok(json!({ "error": file.err().map(|error| error.to_string()) })),
        ("policy", Err(error)) => Err(Difference::form("policy", "a file that loads", error)),
        ("policy", Ok(file)) => {
            let requests: Vec<Asked> = fields.peek("requests")?;
            let rules: Vec<Listed> = fields.peek("rules")?;
            Ok(json!({
                "loaded": loaded(&file),
                "requests": requests.into_iter().map(|asked| asked.answered(&file)).collect::<Result<Vec<_>, _>>()?,
                "rules": rules.into_iter().map(|listed| listed.answered(&file)).collect::<Result<Vec<_>, _>>()?,
            }))
        }
        (other, _) => Err(Difference::form("kind", "load or policy", other)),
    }
}

fn loaded(file: &PolicyFile) -> Vec<Value> {
    let policies = file.policies.iter().map(|policy| {
        json!({
            "user": policy.user,
            "group": policy.group,
            "readonly": policy.readonly,
            "apiGroup": policy.api_group,
            "resource": policy.resource,
            "namespace": policy.namespace,
            "nonResourcePath": policy.non_resource_path,
        })
    });
    policies.collect()
}

/// A request among outputs: what it holds beside user and request is compared, not read.
#[derive(Deserialize)]
struct Asked {
    user: Value,
    request: Value,
}

impl Asked {
    fn answered(self, file: &PolicyFile) -> Result<Value, Difference> {
        let attributes = attributes(self.user.clone(), self.request.clone())?;
        let mut found = answer(&file.authorize(&attributes));
        insert(&mut found, "user", self.user);
        insert(&mut found, "request", self.request);
        Ok(found)
    }
}

#[derive(Deserialize)]
struct Listed {
    user: Value,
    namespace: String,
}

impl Listed {
    fn answered(self, file: &PolicyFile) -> Result<Value, Difference> {
        let rules = file.rules_for(&user(self.user.clone())?, &self.namespace);
        let resource = |rule: &ResourceRule| {
            let mut found =
                json!({ "verbs": rule.verbs, "apiGroups": rule.api_groups, "resources": rule.resources });
            if !rule.resource_names.is_empty() {
                insert(&mut found, "resourceNames", json!(rule.resource_names));
            }
            found
        };
        let path = |rule: &NonResourceRule| json!({ "verbs": rule.verbs, "nonResourceURLs": rule.non_resource_urls });
        Ok(json!({
            "user": self.user,
            "namespace": self.namespace,
            "resourceRules": rules.resource_rules.iter().map(resource).collect::<Vec<_>>(),
            "nonResourceRules": rules.non_resource_rules.iter().map(path).collect::<Vec<_>>(),
            "incomplete": rules.incomplete,
            "error": rules.error,
        }))
    }
}

fn insert(value: &mut Value, key: &str, field: Value) {
    if let Some(map) = value.as_object_mut() {
        map.insert(key.to_owned(), field);
    }
}

/// An answer as records write it.
pub(super) fn answer(answer: &Answer) -> Value {
    let decision = match answer.decision {
        Decision::Allow => "allow",
        Decision::Deny => "deny",
        Decision::NoOpinion => "no_opinion",
    };
    json!({ "decision": decision, "reason": answer.reason, "error": answer.error })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserForm {
    name: String,
    groups: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct RequestForm {
    verb: String,
    resource_request: bool,
    api_group: String,
    namespace: String,
    resource: String,
    subresource: String,
    name: String,
    path: String,
    field_selector: String,
}

fn user(value: Value) -> Result<User, Difference> {
    let form: UserForm =
        serde_json::from_value(value).map_err(|error| Difference::form("user", "a user", error))?;
    Ok(User { name: form.name, groups: form.groups.unwrap_or_default(), ..User::default() })
}

/// A user and a request as authorizers see them.
pub(super) fn attributes(of: Value, request: Value) -> Result<Attributes, Difference> {
    let form: RequestForm =
        serde_json::from_value(request).map_err(|error| Difference::form("request", "a request", error))?;
    let mut attributes = Attributes {
        user: user(of)?,
        verb: form.verb,
        is_resource: form.resource_request,
        group: form.api_group,
        namespace: form.namespace,
        resource: form.resource,
        subresource: form.subresource,
        name: form.name,
        path: form.path,
        ..Attributes::default()
    };
    match FieldSelector::parse(&form.field_selector) {
        Ok(selector) => attributes.field_requirements = selector.requirements().to_vec(),
        Err(error) => attributes.field_selector_error = Some(error.to_string()),
    }
    Ok(attributes)
}
