//! The events of a request, stage by stage.
//!
//! Source: `k8s.io/apiserver/pkg/audit` (`context.go`, `request.go`), `pkg/endpoints/filters/audit.go`.

use crate::body::without_managed_fields;
use crate::{
    AuditConfig, Body, Event, Impersonation, Level, MicroTime, ObjectReference, RequestFacts, Stage, Status,
    UserInfo, truncated_user_agent,
};
use ravelin_object::Value;
use std::collections::btree_map::Entry;
use std::time::Duration;

/// Where events go.
pub trait Sink {
    /// Takes an event; whether it is safe. What the host does where it is not depends on the mode of its backend:
    /// with `blocking-strict` a request whose first event is not safe is refused with a 500.
    fn process(&mut self, event: &Event) -> bool;
}

impl<F: FnMut(&Event) -> bool> Sink for F {
    fn process(&mut self, event: &Event) -> bool {
        self(event)
    }
}

/// What becomes of an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Annotated {
    /// It is on the event.
    Kept,
    /// The key is there with another value, which stays. Upstream logs a warning.
    Refused,
    /// The request is not recorded.
    Disabled,
}

/// How long a step of a request took, for the annotation of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency<'a> {
    /// The annotation: `apiserver.latency.k8s.io/etcd`.
    pub key: &'a str,
    /// How long it took; nothing is written where it is nothing.
    pub took: Duration,
}

/// What is recorded of one request, from its arrival to its end.
///
/// A host creates it when the request arrives, tells it what each step found, and passes a [`Sink`] at the stages.
/// The way is [`begin`](Self::begin), [`received`](Self::received), then whatever happens, then
/// [`response_started`](Self::response_started) and [`complete`](Self::complete), or
/// [`panicked`](Self::panicked). What comes at a wrong time, or twice, changes nothing. At level `None` nothing is
/// kept and nothing emitted.
#[derive(Clone, Debug)]
pub struct Recorder {
    event: Event,
    config: Option<AuditConfig>,
    is_long_running: bool,
    /// Whether the status line has been sent.
    has_code: bool,
    has_ended: bool,
}

/// From which latency on the steps of a request are annotated.
const SLOW: Duration = Duration::from_millis(500);
const TOTAL: &str = "apiserver.latency.k8s.io/total";

impl Recorder {
    /// A recorder for a request. The id is the client's `Audit-ID` as it stands, or one of the host's.
    #[must_use]
    pub fn new(audit_id: impl Into<String>) -> Self {
        Self {
            event: Event::new(audit_id),
            config: None,
            is_long_running: false,
            has_code: false,
            has_ended: false,
        }
    }

    /// The event as it stands.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Whether anything is recorded. Before the policy has been asked, annotations are.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.config.is_none_or(|config| config.level > Level::None)
    }

    /// The level; `None` before the policy has been asked.
    #[must_use]
    pub fn level(&self) -> Level {
        self.event.level
    }

    /// Tells how the request is recorded, and what it is. Upstream asks the policy when authentication is done:
    /// with the user who authenticated, not the one who is impersonated. `is_long_running` are watches, proxies
    /// and the like.
    pub fn begin(&mut self, config: AuditConfig, request: RequestFacts, is_long_running: bool) {
        if self.config.is_some() {
            return;
        }
        self.config = Some(config);
        self.event.level = config.level;
        self.is_long_running = is_long_running;
        if config.level == Level::None {
            self.event.annotations.clear();
            return;
        }
        self.event.request_received = request.received;
        self.event.verb = request.verb;
        self.event.request_uri = request.uri;
        self.event.user_agent = truncated_user_agent(&request.user_agent);
        self.event.source_ips = request.source_ips;
        self.event.user = request.user.unwrap_or_default();
        self.event.object_ref = request.object;
    }

    /// Tells of a request that fails before it is handled: authentication failed, or its timeout cannot be read.
    /// `message` holds until the response says something else. Such a request has one event, when its response
    /// starts.
    pub fn begin_failed(&mut self, config: AuditConfig, request: RequestFacts, message: &str) {
        if self.config.is_some() {
            return;
        }
        self.begin(config, request, true);
        if self.is_enabled() {
            self.event.response_status = Some(Status { message: message.to_owned(), ..Status::default() });
        }
    }

    /// The stage `RequestReceived`: whether its event is safe, or not wanted.
    pub fn received(&mut self, sink: &mut dyn Sink) -> bool {
        let at = self.event.request_received;
        self.emit(Stage::RequestReceived, at, sink)
    }

    /// Tells whom the request is made as.
    pub fn impersonated(&mut self, impersonation: Impersonation) {
        if !self.is_recording() {
            return;
        }
        let Impersonation { user, constraint } = impersonation;
        self.event.impersonated_user = Some(user);
        if !constraint.is_empty() {
            self.event.impersonation_constraint = constraint;
        }
    }

    /// Sets an annotation. The first value of a key stays.
    pub fn annotate(&mut self, key: &str, value: &str) -> Annotated {
        if !self.is_enabled() || self.has_ended {
            return Annotated::Disabled;
        }
        match self.event.annotations.entry(key.to_owned()) {
            Entry::Occupied(entry) if entry.get() == value => Annotated::Kept,
            Entry::Occupied(_) => Annotated::Refused,
            Entry::Vacant(entry) => {
                entry.insert(value.to_owned());
                Annotated::Kept
            }
        }
    }

    /// Tells what object a request to create, update or delete carries: as decoded, with defaults, before admission.
    /// `resource` fills in what the path left open; its name, namespace, uid and resource version are looked up in
    /// the object.
    pub fn request_object(&mut self, object: &Value, resource: &ObjectReference) {
        if !self.is_recording() {
            return;
        }
        let metadata = |key| {
            let value = object.field("metadata").and_then(|metadata| metadata.field(key));
            value.and_then(Value::as_str).unwrap_or_default()
        };
        let reference = self.event.object_ref.get_or_insert_default();
        let fill = |place: &mut String, text: &str| {
            if place.is_empty() {
                text.clone_into(place);
            }
        };
        fill(&mut reference.namespace, metadata("namespace"));
        fill(&mut reference.name, metadata("name"));
        fill(&mut reference.uid, metadata("uid"));
        fill(&mut reference.resource_version, metadata("resourceVersion"));
        if reference.api_version.is_empty() {
            reference.api_group.clone_from(&resource.api_group);
            reference.api_version.clone_from(&resource.api_version);
        }
        fill(&mut reference.resource, &resource.resource);
        fill(&mut reference.subresource, &resource.subresource);
        if self.event.level >= Level::Request {
            self.event.request_object = Some(self.body(object));
        }
    }

    /// Tells the patch a request carries: its bytes as they came.
    pub fn request_patch(&mut self, patch: &[u8]) {
        if self.is_recording() && self.event.level >= Level::Request {
            self.event.request_object = Some(Body::of_bytes(patch));
        }
    }

    /// Tells what is answered, before the status line is sent. Of a `Status` the outcome is taken at every level.
    pub fn response_object(&mut self, object: &Value) {
        if !self.is_recording() {
            return;
        }
        let text = |key| object.field(key).and_then(Value::as_str).unwrap_or_default();
        if text("kind") == "Status"
            && text("apiVersion") == "v1"
            && let Ok(Some(status)) = Status::of("status", Some(object))
        {
            self.event.response_status = Some(status);
        }
        if self.event.level == Level::RequestResponse {
            self.event.response_object = Some(self.body(object));
        }
    }

    /// Tells that the status line is sent, with this code; 200 where a body is sent without, 101 where the
    /// connection is taken over. For requests that last long this is the stage `ResponseStarted`.
    pub fn response_started(&mut self, code: i32, now: MicroTime, sink: &mut dyn Sink) {
        if !self.is_recording() || self.has_code {
            return;
        }
        self.has_code = true;
        self.event.response_status.get_or_insert_default().code = code;
        if self.is_long_running {
            self.emit(Stage::ResponseStarted, Some(now), sink);
        }
    }

    /// Tells that the request is over: the stage `ResponseComplete`. If it took longer than half a second, what its
    /// steps took is annotated. Not for requests begun with [`begin_failed`](Self::begin_failed).
    pub fn complete(&mut self, latencies: &[Latency<'_>], now: MicroTime, sink: &mut dyn Sink) {
        if !self.is_recording() {
            return;
        }
        if self.event.response_status.is_none() {
            self.event.response_status = Some(Status {
                status: "Success".to_owned(),
                message: "Connection closed early".to_owned(),
                code: 200,
                ..Status::default()
            });
            if self.is_long_running {
                self.emit(Stage::ResponseStarted, Some(now), sink);
            }
        }
        self.annotate_latencies(latencies, now);
        self.emit(Stage::ResponseComplete, Some(now), sink);
        self.has_ended = true;
    }

    /// Tells that handling the request failed in a way it should not: the stage `Panic`.
    pub fn panicked(&mut self, message: &str, now: MicroTime, sink: &mut dyn Sink) {
        if !self.is_recording() {
            return;
        }
        self.event.response_status = Some(Status {
            status: "Failure".to_owned(),
            message: format!("APIServer panic'd: {message}"),
            reason: "InternalError".to_owned(),
            details: None,
            code: 500,
        });
        self.emit(Stage::Panic, Some(now), sink);
        self.has_ended = true;
    }

    /// Whether the policy has been asked, wants events, and the request is not over.
    fn is_recording(&self) -> bool {
        self.event.level > Level::None && !self.has_ended
    }

    /// Hands an event over, unless its stage is left out; whether it is safe, or not wanted.
    fn emit(&mut self, stage: Stage, at: Option<MicroTime>, sink: &mut dyn Sink) -> bool {
        let is_omitted = self.config.is_none_or(|config| config.omit_stages.contains(stage));
        if is_omitted || !self.is_recording() {
            return true;
        }
        self.event.stage = stage;
        self.event.stage_time = at;
        sink.process(&self.event)
    }

    fn body(&self, object: &Value) -> Body {
        let is_stripped = self.config.is_some_and(|config| config.omit_managed_fields);
        let stripped = if is_stripped { without_managed_fields(object) } else { None };
        Body::of(stripped.as_ref().unwrap_or(object))
    }

    fn annotate_latencies(&mut self, latencies: &[Latency<'_>], now: MicroTime) {
        let Some(received) = self.event.request_received else { return };
        let micros = now.unix_micros().saturating_sub(received.unix_micros());
        let total = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
        let known: Vec<&Latency<'_>> = latencies.iter().filter(|latency| !latency.took.is_zero()).collect();
        if total <= SLOW || known.is_empty() {
            return;
        }
        self.annotate(TOTAL, &go_duration(total));
        for latency in known {
            self.annotate(latency.key, &go_duration(latency.took));
        }
    }
}

impl UserInfo {
    /// A user of that name and nothing else.
    #[must_use]
    pub fn named(username: impl Into<String>) -> Self {
        Self { username: username.into(), ..Self::default() }
    }
}

/// A duration as Go prints it: `1m1.5s`, `512.3ms`, `2µs`, `7ns`.
fn go_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let scaled = |unit: u128, name: &str| format!("{}{name}", decimal(nanos, unit));
    match nanos {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => scaled(1_000, "µs"),
        1_000_000..1_000_000_000 => scaled(1_000_000, "ms"),
        _ => {
            let (hours, minutes) = (nanos / 3_600_000_000_000, nanos / 60_000_000_000 % 60);
            let seconds = decimal(nanos % 60_000_000_000, 1_000_000_000);
            match (hours, minutes) {
                (0, 0) => format!("{seconds}s"),
                (0, _) => format!("{minutes}m{seconds}s"),
                _ => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// A number over a power of ten, without zeros at its end.
fn decimal(number: u128, unit: u128) -> String {
    let width = usize::try_from(unit.ilog10()).unwrap_or_default();
    let fraction = format!("{:0width$}", number % unit);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{}", number / unit) } else { format!("{}.{fraction}", number / unit) }
}

#[cfg(test)]
mod tests;
