//! Pod Security admission: the answer to a request, and what is counted.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use ravelin_object::{Value, read};
use ravelin_podsec::admission::{
    Admission, Lookup, LookupError, Operation, Request, Resource, Response, Status,
};
use ravelin_podsec::config::{self, PodSecurityConfiguration};
use ravelin_podsec::exemption::Extension;
use ravelin_yaml::Limits;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records `{configuration, cluster{namespace, pods, cut}, request, response{allowed, status, warnings, annotations,
/// counted}}`: an `AdmissionRequest`, what the cluster holds (a null namespace is not found, null pods cannot be
/// listed, `cut` means that time is over after the first pod), and the `AdmissionResponse` with the counters that
/// went up. Instead of `response` a record may have `seen{code, message, warnings}`, which is what a client is told
/// (200 where it is admitted). Of what an object cannot be decoded for, records say no more than that it cannot.
pub(super) struct Admissions;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cluster {
    namespace: Option<Json>,
    pods: Option<Vec<Json>>,
    cut: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Asked {
    operation: String,
    resource: AskedResource,
    kind: AskedKind,
    request_sub_resource: String,
    name: String,
    namespace: String,
    user_info: UserInfo,
    object: Option<Json>,
    old_object: Option<Json>,
    /// Dry runs are answered as other requests are.
    #[serde(rename = "dryRun")]
    _dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedResource {
    group: String,
    version: String,
    resource: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedKind {
    group: String,
    version: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserInfo {
    username: String,
}

impl Area for Admissions {
    fn compare(&mut self, record: &Json) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Json, Difference> {
    let configuration = match fields.take::<Option<Json>>("configuration")? {
        None => PodSecurityConfiguration::unconfigured(),
        Some(json) => config::read(&value("configuration", &json)?).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Difference::form("configuration", "a configuration", errors.join(", "))
        })?,
    };
    let cluster = Fixed::of(fields.take("cluster")?)?;
    let asked: Asked = fields.take("request")?;
    let object = asked.object.as_ref().map(|json| value("request.object", json)).transpose()?;
    let old_object = asked.old_object.as_ref().map(|json| value("request.oldObject", json)).transpose()?;
    let request = Request {
        operation: Operation::from(asked.operation.as_str()),
        resource: Resource {
            group: &asked.resource.group,
            version: &asked.resource.version,
            name: &asked.resource.resource,
        },
        kind: Resource { group: &asked.kind.group, version: &asked.kind.version, name: &asked.kind.kind },
        subresource: &asked.request_sub_resource,
        name: &asked.name,
        namespace: &asked.namespace,
        user: &asked.user_info.username,
        object: object.as_ref(),
        old_object: old_object.as_ref(),
    };
    let today = "2026-01-01".parse();
    let today = today.map_err(|error| Difference::form("today", "a day", error))?;
    let extension = Extension::default();
    let admission = Admission {
        configuration: &configuration,
        extension: &extension,
        today,
        newest: ravelin_podsec::Version::NEWEST,
    };
    let response = admission.decide(&request, &cluster);
    if fields.peek::<Json>("seen")?.is_null() {
        return Ok(json!({ "response": told(&response, &request) }));
    }
    let (code, message) =
        response.status.as_ref().map_or((200, None), |status| (status.code, Some(&status.message)));
    Ok(json!({ "seen": {"code": code, "message": message, "warnings": response.warnings} }))
}

/// The minor of the server whose counters are in the records.
const SERVER: u64 = 36;

fn told(response: &Response, request: &Request<'_>) -> Json {
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for event in &response.events {
        let metric = event.metric(request, SERVER);
        let mut labels: Vec<String> =
            metric.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        labels.sort();
        *counted.entry(format!("{}{{{}}}", metric.name, labels.join(","))).or_default() += 1;
    }
    let annotations: BTreeMap<&str, String> =
        response.annotations.iter().map(|(key, value)| (*key, without_cause(value))).collect();
    json!({
        "allowed": response.allowed,
        "status": response.status.as_ref().map(status),
        "warnings": response.warnings,
        "annotations": annotations,
        "counted": counted,
    })
}

/// A status as JSON, with what is empty left out as Go leaves it out.
fn status(status: &Status) -> Json {
    let mut told = json!({"code": status.code, "reason": status.reason, "message": status.message});
    if let Some(details) = &status.details {
        let causes: Vec<Json> = details
            .causes
            .iter()
            .map(|cause| {
                let fields = [("reason", cause.reason), ("message", &cause.message), ("field", &cause.field)];
                texts(&fields)
            })
            .collect();
        let mut fields =
            texts(&[("name", &details.name), ("group", &details.group), ("kind", &details.kind)]);
        if let (Some(fields), false) = (fields.as_object_mut(), causes.is_empty()) {
            fields.insert("causes".to_owned(), causes.into());
        }
        if let Some(told) = told.as_object_mut() {
            told.insert("details".to_owned(), fields);
        }
    }
    told
}

fn texts(fields: &[(&str, &str)]) -> Json {
    let given = fields.iter().filter(|(_, text)| !text.is_empty());
    given.map(|(key, text)| ((*key).to_owned(), Json::from(*text))).collect::<serde_json::Map<_, _>>().into()
}

fn without_cause(text: &str) -> String {
    let heads =
        ["failed to decode object: ", "failed to decode old object: ", "failed to decode  old object: "];
    match heads.iter().find(|head| text.starts_with(*head)) {
        Some(head) => format!("{head}..."),
        None => text.to_owned(),
    }
}

fn value(field: &str, json: &Json) -> Result<Value, Difference> {
    let read = read::json(&json.to_string(), &Limits::STANDARD);
    let read = read.map_err(|error| Difference::form(field, "a value", error))?;
    read.value.ok_or_else(|| Difference::form(field, "a value", "nothing"))
}

/// A cluster that holds what the record says.
struct Fixed {
    namespace: Option<Arc<Value>>,
    pods: Option<Vec<Arc<Value>>>,
    cut: bool,
    asked: Cell<bool>,
}

impl Fixed {
    fn of(cluster: Cluster) -> Result<Self, Difference> {
        let shared = |json: &Json| value("cluster", json).map(Arc::new);
        Ok(Self {
            namespace: cluster.namespace.as_ref().map(shared).transpose()?,
            pods: cluster.pods.map(|pods| pods.iter().map(shared).collect()).transpose()?,
            cut: cluster.cut,
            asked: Cell::new(false),
        })
    }
}

impl Lookup for Fixed {
    fn namespace(&self, name: &str) -> Result<Arc<Value>, LookupError> {
        let error = || LookupError(format!("namespaces \"{name}\" not found"));
        self.namespace.clone().ok_or_else(error)
    }

    fn pods(&self, _: &str) -> Result<Vec<Arc<Value>>, LookupError> {
        self.asked.set(true);
        self.pods.clone().ok_or_else(|| LookupError("no pods".to_owned()))
    }

    fn expired(&self) -> bool {
        self.cut && self.asked.get()
    }
}
