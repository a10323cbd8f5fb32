//! How the API server says that something failed: the `Status` of every refusal, in its words.

use crate::fault::{Fault, joined};
use crate::selector::quoted;
use crate::{Map, Value};
use std::borrow::Cow;

/// A failure, as the API server answers with it.
///
/// Source: `k8s.io/apimachinery/pkg/api/errors`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    /// The status of HTTP.
    pub code: u16,
    /// The reason: `Forbidden`; empty where there is none.
    pub reason: Cow<'static, str>,
    /// The text.
    pub message: String,
    /// What it is about, where the status says so.
    pub details: Option<Box<Details>>,
}

/// What a failure is about. Empty texts are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The name of the object.
    pub name: String,
    /// The API group.
    pub group: String,
    /// The kind, or the resource.
    pub kind: String,
    /// The uid of the object.
    pub uid: String,
    /// Single causes.
    pub causes: Vec<Cause>,
    /// After how many seconds to try again; 0 where nothing is said.
    pub retry_after_seconds: u32,
}

/// A single cause of a failure. Empty texts are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// The reason: `FieldValueInvalid`.
    pub reason: Cow<'static, str>,
    /// What is wrong.
    pub message: String,
    /// The field.
    pub field: String,
}

/// A kind or a resource with its group, as messages name it: `pods`, `deployments.apps`.
#[must_use]
pub fn qualified(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

impl Status {
    /// A failure without details.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason: Cow::Borrowed(reason), message: message.into(), details: None }
    }

    fn about(mut self, group: &str, kind: &str, name: &str) -> Self {
        let details = Details {
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.to_owned(),
            ..Details::default()
        };
        self.details = Some(Box::new(details));
        self
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 401, as every client is told that did not prove who it is.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// 403: `pods "x" is forbidden: why`.
    #[must_use]
    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let what = qualified(group, resource);
        let message = match (what.is_empty(), name.is_empty()) {
            (true, _) => format!("forbidden: {why}"),
            (false, true) => format!("{what} is forbidden: {why}"),
            (false, false) => format!("{what} {} is forbidden: {why}", quoted(name)),
        };
        Self::new(403, "Forbidden", message).about(group, resource, name)
    }

    /// 404: `pods "x" not found`.
    #[must_use]
    pub fn not_found(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {} not found", qualified(group, resource), quoted(name));
        Self::new(404, "NotFound", message).about(group, resource, name)
    }

    /// 409: `pods "x" already exists`.
    #[must_use]
    pub fn already_exists(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {} already exists", qualified(group, resource), quoted(name));
        Self::new(409, "AlreadyExists", message).about(group, resource, name)
    }

    /// 409: `Operation cannot be fulfilled on pods "x": why`.
    #[must_use]
    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let what = qualified(group, resource);
        let message = format!("Operation cannot be fulfilled on {what} {}: {why}", quoted(name));
        Self::new(409, "Conflict", message).about(group, resource, name)
    }

    /// 422: `Pod "x" is invalid: spec.containers: Required value`. `kind` is the kind, not the resource.
    #[must_use]
    pub fn invalid(group: &str, kind: &str, name: &str, faults: &[Fault]) -> Self {
        let message = format!("{} {} is invalid: {}", qualified(group, kind), quoted(name), joined(faults));
        let mut status = Self::new(422, "Invalid", message).about(group, kind, name);
        if let Some(details) = &mut status.details {
            details.causes = faults.iter().map(Cause::of).collect();
        }
        status
    }

    /// 500: `Internal error occurred: why`.
    #[must_use]
    pub fn internal(why: &str) -> Self {
        let mut status = Self::new(500, "InternalError", format!("Internal error occurred: {why}"));
        let cause = Cause { message: why.to_owned(), ..Cause::default() };
        status.details = Some(Box::new(Details { causes: vec![cause], ..Details::default() }));
        status
    }

    /// What a plain error becomes on its way out: 500 without a reason and without the words of [`Self::internal`].
    ///
    /// Source: `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters` `ErrorToAPIStatus`.
    #[must_use]
    pub fn plain(why: &str) -> Self {
        Self::new(500, "", why)
    }

    /// The status as an object of the API.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut status = Map::new();
        for (key, text) in [("kind", "Status"), ("apiVersion", "v1")] {
            status.set(key, text.into());
        }
        status.set("metadata", Value::Object(Map::new()));
        status.set("status", "Failure".into());
        for (key, text) in [("message", self.message.as_str()), ("reason", self.reason.as_ref())] {
            set_text(&mut status, key, text);
        }
        if let Some(details) = &self.details {
            status.set("details", details.to_value());
        }
        status.set("code", Value::Int(self.code.into()));
        Value::Object(status)
    }
}

impl Details {
    /// The details as the API writes them.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        let texts = [("name", &self.name), ("group", &self.group), ("kind", &self.kind), ("uid", &self.uid)];
        for (key, text) in texts {
            set_text(&mut map, key, text);
        }
        if !self.causes.is_empty() {
            map.set("causes", Value::Array(self.causes.iter().map(Cause::to_value).collect()));
        }
        if self.retry_after_seconds > 0 {
            map.set("retryAfterSeconds", Value::Int(self.retry_after_seconds.into()));
        }
        Value::Object(map)
    }
}

impl Cause {
    /// What a fault is to a client.
    #[must_use]
    pub fn of(fault: &Fault) -> Self {
        Self { reason: Cow::Borrowed(fault.kind.reason()), message: fault.body(), field: fault.path.clone() }
    }

    fn to_value(&self) -> Value {
        let mut map = Map::new();
        let texts =
            [("reason", self.reason.as_ref()), ("message", self.message.as_str()), ("field", &self.field)];
        for (key, text) in texts {
            set_text(&mut map, key, text);
        }
        Value::Object(map)
    }
}

fn set_text(map: &mut Map, key: &'static str, text: &str) {
    if !text.is_empty() {
        map.set(key, text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json_text;

    #[test]
    fn failures_read_as_upstream_writes_them() {
        let invalid = Status::invalid(
            "apps",
            "Deployment",
            "x",
            &[Fault::required("spec.a", ""), Fault::forbidden("b", "no")],
        );
        let cases = [
            (Status::forbidden("", "pods", "x", "no"), 403, "pods \"x\" is forbidden: no"),
            (Status::forbidden("apps", "deployments", "", "no"), 403, "deployments.apps is forbidden: no"),
            (Status::forbidden("", "", "", "no"), 403, "forbidden: no"),
            (Status::not_found("", "pods", "x"), 404, "pods \"x\" not found"),
            (Status::already_exists("", "pods", "x"), 409, "pods \"x\" already exists"),
            (
                invalid.clone(),
                422,
                "Deployment.apps \"x\" is invalid: [spec.a: Required value, b: Forbidden: no]",
            ),
            (Status::internal("why"), 500, "Internal error occurred: why"),
        ];
        for (status, code, message) in &cases {
            assert_eq!((status.code, status.message.as_str()), (*code, *message));
        }
        let text = json_text(&invalid.to_value());
        let causes = "\"causes\":[{\"reason\":\"FieldValueRequired\",\"message\":\"Required value\",\"field\":\"spec.a\"},";
        assert!(text.contains(causes) && text.ends_with("\"code\":422}"), "{text}");
    }
}
