//! Why a request is refused, as the `Status` the API server answers with.

use ravelin_object::selector::quoted;
use ravelin_object::{Map, Value};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The status of HTTP.
    pub code: u16,
    /// The reason: `Forbidden`.
    pub reason: &'static str,
    /// The text.
    pub message: String,
    /// What it is about, where the status says so.
    pub details: Option<Box<Details>>,
}

/// What a refusal is about. Empty texts are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The name of the object.
    pub name: String,
    /// The API group.
    pub group: String,
    /// The kind, or the resource.
    pub kind: String,
    /// The fields that are not valid.
    pub causes: Vec<Cause>,
}

/// A field that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The field: `spec.expirationSeconds`.
    pub field: String,
    /// The text, without the field.
    pub message: String,
}

impl Refusal {
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self { code: 400, reason: "BadRequest", message: message.into(), details: None }
    }

    pub(crate) fn internal(text: &str) -> Self {
        let cause = Cause { field: String::new(), message: text.to_owned() };
        let details = Details { causes: vec![cause], ..Details::default() };
        let message = format!("Internal error occurred: {text}");
        Self { code: 500, reason: "InternalError", message, details: Some(Box::new(details)) }
    }

    /// Source: `k8s.io/apimachinery/pkg/api/errors` `NewForbidden`.
    pub(crate) fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let what = resource_name(group, resource);
        let message = match (what.is_empty(), name.is_empty()) {
            (true, _) => format!("forbidden: {why}"),
            (false, true) => format!("{what} is forbidden: {why}"),
            (false, false) => format!("{what} {} is forbidden: {why}", quoted(name)),
        };
        Self {
            code: 403,
            reason: "Forbidden",
            message,
            details: Some(Box::new(details(name, group, resource))),
        }
    }

    pub(crate) fn not_found(resource: &str, name: &str) -> Self {
        let message = crate::objects::not_found(resource, name);
        Self { code: 404, reason: "NotFound", message, details: Some(Box::new(details(name, "", resource))) }
    }

    pub(crate) fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let what = resource_name(group, resource);
        let message = format!("Operation cannot be fulfilled on {what} {}: {why}", quoted(name));
        Self {
            code: 409,
            reason: "Conflict",
            message,
            details: Some(Box::new(details(name, group, resource))),
        }
    }

    pub(crate) fn invalid(group: &str, kind: &str, name: &str, causes: Vec<Cause>) -> Self {
        let texts = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message));
        let text = ravelin_object::errors::aggregated(texts).unwrap_or_default();
        let message = format!("{} {} is invalid: {text}", resource_name(group, kind), quoted(name));
        let details = Details { causes, ..details(name, group, kind) };
        Self { code: 422, reason: "Invalid", message, details: Some(Box::new(details)) }
    }

    /// The refusal as a `Status` of the API.
    #[must_use]
    pub fn status(&self) -> Value {
        let mut status = Map::new();
        for (key, text) in [("kind", "Status"), ("apiVersion", "v1")] {
            status.set(key, text.into());
        }
        status.set("metadata", Value::Object(Map::new()));
        for (key, text) in
            [("status", "Failure"), ("message", self.message.as_str()), ("reason", self.reason)]
        {
            status.set(key, text.into());
        }
        if let Some(details) = &self.details {
            status.set("details", details.value(self.reason));
        }
        status.set("code", Value::Int(self.code.into()));
        Value::Object(status)
    }
}

impl Details {
    fn value(&self, reason: &str) -> Value {
        let mut map = Map::new();
        let texts = [("name", &self.name), ("group", &self.group), ("kind", &self.kind)];
        for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            map.set(key, text.as_str().into());
        }
        let causes = self.causes.iter().map(|cause| {
            let mut map = Map::new();
            if reason == "Invalid" {
                map.set("reason", "FieldValueInvalid".into());
            }
            map.set("message", cause.message.as_str().into());
            if !cause.field.is_empty() {
                map.set("field", cause.field.as_str().into());
            }
            Value::Object(map)
        });
        let causes: Vec<Value> = causes.collect();
        if !causes.is_empty() {
            map.set("causes", Value::Array(causes));
        }
        Value::Object(map)
    }
}

fn details(name: &str, group: &str, kind: &str) -> Details {
    Details { name: name.to_owned(), group: group.to_owned(), kind: kind.to_owned(), causes: Vec::new() }
}

fn resource_name(group: &str, resource: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}
