//! Audit: policies that load, and how they record requests.

use ravelin_auditlog::{Attributes, AuditConfig, Policy, Stage};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records of the kind `load` `{policy, error}`, and of the kind `policy` `{policy, requests[]}`.
pub(super) struct Audit;

impl Area for Audit {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let kind: String = fields.take("kind")?;
    let policy: String = fields.take("policy")?;
    match (kind.as_str(), Policy::load(&policy)) {
        ("load", loaded) => Ok(json!({ "error": loaded.err().map(|error| error.to_string()) })),
        ("policy", Err(error)) => Err(Difference::form("policy", "a policy that loads", error)),
        ("policy", Ok(loaded)) => {
            let requests: Vec<Asked> = fields.peek("requests")?;
            let found: Vec<Value> =
                requests.into_iter().map(|asked| asked.answered(&loaded.policy)).collect::<Result<_, _>>()?;
            Ok(json!({ "requests": found }))
        }
        (other, _) => Err(Difference::form("kind", "load or policy", other)),
    }
}

/// A request among outputs: what it holds beside user and request is compared, not read.
#[derive(Deserialize)]
struct Asked {
    user: Value,
    request: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    name: String,
    groups: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Request {
    verb: String,
    resource_request: bool,
    api_group: String,
    namespace: String,
    resource: String,
    subresource: String,
    name: String,
    path: String,
}

impl Asked {
    fn answered(self, policy: &Policy) -> Result<Value, Difference> {
        let user: Option<User> = serde_json::from_value(self.user.clone())
            .map_err(|error| Difference::form("user", "a user or null", error))?;
        let request: Request = serde_json::from_value(self.request.clone())
            .map_err(|error| Difference::form("request", "a request", error))?;
        let config = policy.evaluate(&Attributes {
            user: user.as_ref().map(|user| user.name.as_str()),
            groups: user.as_ref().map(|user| user.groups.as_slice()).unwrap_or_default(),
            verb: &request.verb,
            is_resource: request.resource_request,
            group: &request.api_group,
            namespace: &request.namespace,
            resource: &request.resource,
            subresource: &request.subresource,
            name: &request.name,
            path: &request.path,
        });
        let AuditConfig { level, omit_stages, omit_managed_fields } = config;
        let mut stages: Vec<&str> = omit_stages.iter().map(Stage::name).collect();
        stages.sort_unstable();
        Ok(json!({
            "user": self.user,
            "request": self.request,
            "level": level.name(),
            "omitStages": stages,
            "omitManagedFields": omit_managed_fields,
        }))
    }
}
