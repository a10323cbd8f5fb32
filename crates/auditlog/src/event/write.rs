//! Events as JSON, byte for byte as Go's encoder writes them.
//!
//! Source: Go `encoding/json` (order of struct fields, sorted map keys, escapes of markup),
//! `k8s.io/apiserver/plugin/pkg/audit/log`.

use super::{Event, ObjectReference, Status, StatusDetails, UserInfo};
use crate::{Body, MicroTime};
use ravelin_object::json_string;
use std::collections::BTreeMap;
use std::fmt::Write as _;

impl Event {
    /// The event as a line of the log, with the line feed at its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut out = self.to_json();
        out.push('\n');
        out
    }

    /// The event as JSON, on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(1024);
        let mut object = Object::open(&mut out);
        object.raw("kind", "\"Event\"");
        object.raw("apiVersion", "\"audit.k8s.io/v1\"");
        object.fields_of(self);
        object.close();
        out
    }
}

/// Events as the JSON of an `EventList`, which is what a webhook backend is sent.
///
/// Source: `k8s.io/apiserver/plugin/pkg/audit/webhook`.
#[must_use]
pub fn event_list<'e>(events: impl IntoIterator<Item = &'e Event>) -> String {
    let mut out = String::from(
        "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{},\"items\":[",
    );
    for (index, event) in events.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let mut object = Object::open(&mut out);
        object.fields_of(event);
        object.close();
    }
    out.push_str("]}\n");
    out
}

/// An object that is being written.
struct Object<'o> {
    out: &'o mut String,
    is_empty: bool,
}

impl<'o> Object<'o> {
    fn open(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, is_empty: true }
    }

    fn close(self) {
        self.out.push('}');
    }

    fn key(&mut self, key: &str) -> &mut String {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.out
    }

    fn raw(&mut self, key: &str, json: &str) {
        self.key(key).push_str(json);
    }

    fn text(&mut self, key: &str, text: &str) {
        let json = json_string(text);
        self.raw(key, &json);
    }

    /// A text that is left out where it is empty.
    fn some_text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.text(key, text);
        }
    }

    fn some_texts(&mut self, key: &str, texts: &[String]) {
        if !texts.is_empty() {
            write_texts(texts, self.key(key));
        }
    }

    fn number(&mut self, key: &str, number: i32) {
        if number != 0 {
            // Writing to a `String` cannot fail.
            let _ = write!(self.key(key), "{number}");
        }
    }

    fn time(&mut self, key: &str, time: Option<MicroTime>) {
        let out = self.key(key);
        // Writing to a `String` cannot fail.
        let _ = match time {
            Some(time) => write!(out, "\"{time}\""),
            None => write!(out, "null"),
        };
    }

    fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let mut object = Object::open(self.key(key));
        fill(&mut object);
        object.close();
    }

    fn body(&mut self, key: &str, body: Option<&Body>) {
        if let Some(body) = body {
            self.raw(key, body.as_json());
        }
    }

    fn fields_of(&mut self, event: &Event) {
        self.text("level", event.level.name());
        self.text("auditID", &event.audit_id);
        self.text("stage", event.stage.name());
        self.text("requestURI", &event.request_uri);
        self.text("verb", &event.verb);
        self.object("user", |object| user(object, &event.user));
        if let Some(impersonated) = &event.impersonated_user {
            self.object("impersonatedUser", |object| user(object, impersonated));
        }
        if !event.impersonation_constraint.is_empty() {
            let constraint = &event.impersonation_constraint;
            self.object("authenticationMetadata", |object| {
                object.text("impersonationConstraint", constraint)
            });
        }
        self.some_texts("sourceIPs", &event.source_ips);
        self.some_text("userAgent", &event.user_agent);
        if let Some(reference) = &event.object_ref {
            self.object("objectRef", |object| object_ref(object, reference));
        }
        if let Some(response) = &event.response_status {
            self.object("responseStatus", |object| status(object, response));
        }
        self.body("requestObject", event.request_object.as_ref());
        self.body("responseObject", event.response_object.as_ref());
        self.time("requestReceivedTimestamp", event.request_received);
        self.time("stageTimestamp", event.stage_time);
        annotations(self, &event.annotations);
    }
}

fn write_texts(texts: &[String], out: &mut String) {
    for (index, text) in texts.iter().enumerate() {
        out.push(if index == 0 { '[' } else { ',' });
        out.push_str(&json_string(text));
    }
    out.push_str(if texts.is_empty() { "[]" } else { "]" });
}

fn user(object: &mut Object<'_>, user: &UserInfo) {
    object.some_text("username", &user.username);
    object.some_text("uid", &user.uid);
    object.some_texts("groups", &user.groups);
    if !user.extra.is_empty() {
        let out = object.key("extra");
        for (index, (key, values)) in user.extra.iter().enumerate() {
            out.push(if index == 0 { '{' } else { ',' });
            out.push_str(&json_string(key));
            out.push(':');
            write_texts(values, out);
        }
        out.push('}');
    }
}

fn object_ref(object: &mut Object<'_>, reference: &ObjectReference) {
    object.some_text("resource", &reference.resource);
    object.some_text("namespace", &reference.namespace);
    object.some_text("name", &reference.name);
    object.some_text("uid", &reference.uid);
    object.some_text("apiGroup", &reference.api_group);
    object.some_text("apiVersion", &reference.api_version);
    object.some_text("resourceVersion", &reference.resource_version);
    object.some_text("subresource", &reference.subresource);
}

fn status(object: &mut Object<'_>, status: &Status) {
    object.raw("metadata", "{}");
    object.some_text("status", &status.status);
    object.some_text("message", &status.message);
    object.some_text("reason", &status.reason);
    if let Some(of) = &status.details {
        object.object("details", |object| details(object, of));
    }
    object.number("code", status.code);
}

fn details(object: &mut Object<'_>, details: &StatusDetails) {
    object.some_text("name", &details.name);
    object.some_text("group", &details.group);
    object.some_text("kind", &details.kind);
    object.some_text("uid", &details.uid);
    if !details.causes.is_empty() {
        let out = object.key("causes");
        for (index, cause) in details.causes.iter().enumerate() {
            out.push(if index == 0 { '[' } else { ',' });
            let mut object = Object::open(out);
            object.some_text("reason", &cause.reason);
            object.some_text("message", &cause.message);
            object.some_text("field", &cause.field);
            object.close();
        }
        out.push(']');
    }
    object.number("retryAfterSeconds", details.retry_after_seconds);
}

fn annotations(object: &mut Object<'_>, annotations: &BTreeMap<String, String>) {
    if annotations.is_empty() {
        return;
    }
    let out = object.key("annotations");
    for (index, (key, value)) in annotations.iter().enumerate() {
        out.push(if index == 0 { '{' } else { ',' });
        out.push_str(&json_string(key));
        out.push(':');
        out.push_str(&json_string(value));
    }
    out.push('}');
}
