//! What admission plugins make of a request.

mod defaults;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use ravelin_admit::config::Configuration;
use ravelin_admit::{
    Answer, Attributes, Chain, Cluster, Context, Enabled, LookupError, Mapping, ORDER, Operation, Question,
    WriteError,
};
use ravelin_object::status::Status;
use ravelin_object::user::UserInfo;
use ravelin_object::{Map, Value, read, resources};
use ravelin_yaml::Limits;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records `{plugin, operation, resource, subresource, namespace, name, object, oldObject, user, state, handles,
/// admit_error, mutated, result, validate_error, written_status_used}`: a request with objects before their defaults,
/// what the plugin is configured with and can look up, and what it makes of the object. A refusal hides what follows
/// it. Quantities and fields that say nothing are compared in one form; of a message that shows a difference of
/// objects only the start is.
pub(super) struct Admissions;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct State {
    config: Option<Json>,
    #[serde(rename = "namespace_annotations")]
    namespace_annotations: Option<Json>,
    #[serde(rename = "namespace_exists")]
    namespace_exists: bool,
    limit_ranges: Vec<Json>,
    allowed: Vec<String>,
    csi_drivers: Vec<Json>,
    nodes: Vec<Json>,
    pods: Vec<Json>,
    service_accounts: Vec<Json>,
    quota: Option<Json>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct User {
    name: String,
    groups: Option<Vec<String>>,
}

impl Area for Admissions {
    fn compare(&mut self, record: &Json) -> Vec<Difference> {
        let mut record = record.clone();
        if let Some(result) = record.get_mut("result") {
            match value(result) {
                Ok(result_value) => *result = defaults::comparable(&result_value),
                Err(difference) => return vec![difference],
            }
        }
        Fields::compared(&record, found)
    }
}

fn value(json: &Json) -> Result<Value, Difference> {
    let read = read::json(&json.to_string(), &Limits::STANDARD);
    let read = read.map_err(|error| Difference::form("object", "an object", error))?;
    Ok(read.value.unwrap_or(Value::Null))
}

/// An object with its defaults.
fn object(json: &Json) -> Result<Option<Value>, Difference> {
    if json.is_null() {
        return Ok(None);
    }
    let mut object = value(json)?;
    if object.as_object().is_none() {
        return Err(Difference::form("object", "an object or null", json));
    }
    defaults::set(&mut object);
    Ok(Some(object))
}

fn found(fields: &mut Fields) -> Result<Json, Difference> {
    let plugin: String = fields.take("plugin")?;
    let operation = match fields.take::<String>("operation")?.as_str() {
        "CREATE" => Operation::Create,
        "UPDATE" => Operation::Update,
        "DELETE" => Operation::Delete,
        _ => Operation::Connect,
    };
    let [resource, subresource, namespace, name] = [
        fields.take("resource")?,
        fields.take("subresource")?,
        fields.take("namespace")?,
        fields.take("name")?,
    ] as [String; 4];
    let (new, old) = (object(&fields.take("object")?)?, object(&fields.take("oldObject")?)?);
    let state = fields.take::<Option<State>>("state")?.unwrap_or_default();
    let user =
        if fields.peek::<Option<Json>>("user")?.is_some() { fields.take("user")? } else { User::default() };
    let user = UserInfo { name: user.name, groups: user.groups.unwrap_or_default(), ..UserInfo::default() };
    let kind = |key: &str| {
        let text = new.as_ref().or(old.as_ref()).and_then(|object| object.field(key)).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let (api_version, kind) = (kind("apiVersion"), kind("kind"));
    let attributes = Attributes {
        operation,
        group: resources::find(&resource).map_or("", |found| found.group),
        version: "v1",
        resource: &resource,
        subresource: &subresource,
        kind: &kind,
        kind_group: api_version.split_once('/').map_or("", |(group, _)| group),
        kind_version: "v1",
        namespace: &namespace,
        name: &name,
        user: &user,
        dry_run: false,
        options: None,
    };
    let chain = chain(&plugin, state.config.as_ref())?;
    let records = Records::of(&state, &namespace)?;
    Ok(asked(&chain, &attributes, new, old.as_ref(), &records, &plugin))
}

fn chain(plugin: &str, config: Option<&Json>) -> Result<Chain, Difference> {
    let form = |error: &dyn std::fmt::Display| Difference::form("plugin", "a plugin", error);
    let name = ORDER.iter().find(|name| **name == plugin).ok_or_else(|| form(&plugin))?;
    let mut configuration = Configuration::default();
    if let Some(config) = config {
        let config = match plugin {
            "PodNodeSelector" => json!({"podNodeSelectorPluginConfig": config}),
            _ => {
                let mut config = config.as_object().cloned().unwrap_or_default();
                let version = "podtolerationrestriction.admission.k8s.io/v1alpha1";
                config.insert("apiVersion".to_owned(), version.into());
                config.insert("kind".to_owned(), "Configuration".into());
                Json::Object(config)
            }
        };
        configuration.plugins.insert(plugin.to_owned(), value(&config)?);
    }
    Chain::new(&[Enabled { name, explicit: true }], &configuration, Vec::new()).map_err(|error| form(&error))
}

/// The plugins of which records do not say whether they change something: they never do.
const VALIDATING: [&str; 4] =
    ["CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction", "ResourceQuota"];

/// What the plugin makes of the request.
fn asked(
    chain: &Chain,
    attributes: &Attributes<'_>,
    mut new: Option<Value>,
    old: Option<&Value>,
    records: &Records,
    plugin: &str,
) -> Json {
    let mutates = !VALIDATING.contains(&plugin);
    let mut random = || 0;
    let mut context = Context::new(records, Duration::from_secs(1_767_225_600), &mut random);
    let before = new.as_ref().map(defaults::comparable);
    let handles = chain.handles(attributes.operation);
    let admitted = chain.admit(attributes, new.as_mut(), old, &mut context);
    let mut found = serde_json::Map::new();
    found.insert("handles".to_owned(), handles.into());
    found.insert("admit_error".to_owned(), error(&admitted));
    found.insert("validate_error".to_owned(), Json::Null);
    if admitted.is_ok() {
        let after = new.as_ref().map(defaults::comparable);
        let is_mutated = before != after;
        if handles && mutates && new.is_some() {
            found.insert("mutated".to_owned(), is_mutated.into());
        }
        if is_mutated {
            found.insert("result".to_owned(), after.unwrap_or_default());
        }
        let judged = chain.validate(attributes, new.as_ref(), old, &mut context);
        found.insert("validate_error".to_owned(), error(&judged));
    }
    if plugin == "ResourceQuota" {
        found.insert("written_status_used".to_owned(), records.written.borrow().clone());
    }
    Json::Object(found)
}

fn error(said: &Result<(), Status>) -> Json {
    let Err(status) = said else { return Json::Null };
    let start = "is not allowed to update fields other than status.quantity and status.conditions: ";
    let message = match status.message.split_once(start) {
        Some((before, _)) => format!("{before}{start}<diff>"),
        None => status.message.clone(),
    };
    let reason = if status.reason.is_empty() { "InternalError(plain error)" } else { &status.reason };
    json!({"message": message, "code": status.code, "reason": reason})
}

/// The objects of a record.
#[derive(Default)]
struct Records {
    objects: Vec<(&'static str, Arc<Value>)>,
    allowed: Vec<String>,
    written: RefCell<Json>,
}

impl Records {
    fn of(state: &State, namespace: &str) -> Result<Self, Difference> {
        let mut records = Self { allowed: state.allowed.clone(), ..Self::default() };
        let lists = [
            ("limitranges", &state.limit_ranges),
            ("csidrivers", &state.csi_drivers),
            ("nodes", &state.nodes),
            ("pods", &state.pods),
            ("serviceaccounts", &state.service_accounts),
        ];
        for (resource, list) in lists {
            for json in list {
                records.objects.extend(object(json)?.map(|object| (resource, Arc::new(object))));
            }
        }
        if let Some(quota) = &state.quota {
            records.objects.push(("resourcequotas", Arc::new(value(quota)?)));
        }
        if state.namespace_exists {
            let metadata = json!({"name": namespace, "annotations": state.namespace_annotations});
            records.objects.push(("namespaces", Arc::new(value(&json!({"metadata": metadata}))?)));
        }
        Ok(records)
    }
}

fn text<'v>(object: &'v Value, keys: &str) -> &'v str {
    object.dotted(keys).and_then(Value::as_str).unwrap_or_default()
}

impl Cluster for Records {
    fn get(
        &self,
        _: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, LookupError> {
        let is_it = |object: &Value| {
            text(object, "metadata.namespace") == namespace && text(object, "metadata.name") == name
        };
        let found = self.objects.iter().find(|(of, object)| *of == resource && is_it(object));
        Ok(found.map(|(_, object)| object.clone()))
    }

    fn get_live(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, LookupError> {
        self.get(group, resource, namespace, name)
    }

    fn list(&self, _: &str, resource: &str, namespace: Option<&str>) -> Result<Vec<Arc<Value>>, LookupError> {
        let is_in = |object: &Value| namespace.is_none_or(|name| text(object, "metadata.namespace") == name);
        let found = self.objects.iter().filter(|(of, object)| *of == resource && is_in(object));
        Ok(found.map(|(_, object)| object.clone()).collect())
    }

    fn authorize(&self, question: &Question<'_>) -> Answer {
        let Question { verb, group, resource, name, .. } = question;
        let allowed = self.allowed.contains(&format!("{verb} {group} {resource} {name}"));
        Answer { allowed, ..Answer::default() }
    }

    fn mappings(&self, _: &str, _: &str, _: &str) -> Result<Vec<Mapping>, LookupError> {
        Err(LookupError("records have none".to_owned()))
    }

    fn create_namespace(&self, _: &Value) -> Result<(), WriteError> {
        Err(WriteError::Other(Status::plain("records are not written")))
    }

    fn update_quota_status(&self, _: &Value, used: &Map) -> Result<(), WriteError> {
        self.written.replace(Value::Object(used.clone()).to_json());
        Ok(())
    }
}
