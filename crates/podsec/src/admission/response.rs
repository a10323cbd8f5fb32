//! Answers: statuses, warnings, annotations, and events to be counted.

use super::{Operation, Request};
use crate::policy::LabelError;
use crate::{Level, LevelVersion, Version};
use ravelin_diag::Mode;
use ravelin_object::selector::quoted;
use std::borrow::Cow;

/// What an API server puts before the keys of audit annotations where Pod Security is built in. Before those of
/// a webhook it puts the webhook's name and a slash by itself.
pub const ANNOTATION_PREFIX: &str = "pod-security.kubernetes.io/";

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Whether it is admitted.
    pub allowed: bool,
    /// Why not; nothing where it is.
    pub status: Option<Status>,
    /// What to tell whoever asks, in this order.
    pub warnings: Vec<String>,
    /// Audit annotations by key, without a prefix; each key once.
    pub annotations: Vec<(&'static str, String)>,
    /// What is to be counted.
    pub events: Vec<Event>,
}

/// A status of a failure, as `metav1.Status` holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The code of HTTP.
    pub code: u16,
    /// The reason: `Forbidden`, `Invalid`, `BadRequest` or `InternalError`.
    pub reason: &'static str,
    /// What happened, for people.
    pub message: String,
    /// What it is about.
    pub details: Option<Details>,
}

/// The details of a status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The name of the object; empty where there is none.
    pub name: String,
    /// Its group; empty for the core group.
    pub group: String,
    /// Its kind or, in a refusal, its resource.
    pub kind: String,
    /// Single causes.
    pub causes: Vec<Cause>,
}

/// A cause of a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The machine-readable reason; empty where there is none.
    pub reason: &'static str,
    /// What is wrong.
    pub message: String,
    /// The field; empty where it is about none.
    pub field: String,
}

/// Something to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A pod was judged: enforcement always, the other modes where the pod violates.
    Evaluation {
        /// Whether it is allowed.
        allowed: bool,
        /// At which level and version.
        at: LevelVersion,
        /// In which mode.
        mode: Mode,
    },
    /// An exemption that upstream knows held.
    Exemption,
    /// Something prevented a normal judgement.
    Error {
        /// Whether there was no judgement at all.
        fatal: bool,
    },
    /// An exemption of a `PodSecurityExtension` waived something.
    Waived {
        /// The name of the exemption.
        exemption: String,
    },
    /// An exemption of a `PodSecurityExtension` would have waived something, but has expired.
    Expired {
        /// The name of the exemption.
        exemption: String,
    },
}

/// A counter and the values of its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric<'e> {
    /// The name of the counter.
    pub name: &'static str,
    /// Its labels, in the order in which upstream declares them.
    pub labels: Vec<(&'static str, Cow<'e, str>)>,
}

impl Event {
    /// The counter that the event adds one to. `newest` is the minor of the server's own version; policy
    /// versions beyond it are counted as `future`.
    ///
    /// Source: `k8s.io/pod-security-admission/metrics/metrics.go`. The counters of a `PodSecurityExtension` are
    /// our own.
    #[must_use]
    pub fn metric<'e>(&'e self, request: &Request<'e>, newest: u64) -> Metric<'e> {
        let mut labels: Vec<(&'static str, Cow<'e, str>)> = Vec::new();
        let name = match self {
            Self::Evaluation { allowed, at, mode } => {
                labels.push(("decision", if *allowed { "allow" } else { "deny" }.into()));
                labels.push(("policy_level", at.level.as_str().into()));
                labels.push(("policy_version", version_label(*at, newest)));
                labels.push(("mode", mode.as_str().into()));
                "pod_security_evaluations_total"
            }
            Self::Exemption => "pod_security_exemptions_total",
            Self::Error { fatal } => {
                labels.push(("fatal", if *fatal { "true" } else { "false" }.into()));
                "pod_security_errors_total"
            }
            Self::Waived { exemption } => {
                labels.push(("exemption", exemption.into()));
                "ravelin_pod_security_waived_total"
            }
            Self::Expired { exemption } => {
                labels.push(("exemption", exemption.into()));
                "ravelin_pod_security_expired_exemptions_total"
            }
        };
        labels.push(("request_operation", operation_label(request.operation)));
        labels.push(("resource", resource_label(request).into()));
        labels.push(("subresource", request.subresource.into()));
        Metric { name, labels }
    }
}

fn version_label(at: LevelVersion, newest: u64) -> Cow<'static, str> {
    match at.version {
        _ if at.level == Level::Privileged => "latest".into(),
        Version::Latest => "latest".into(),
        Version::Minor(minor) if minor > newest => "future".into(),
        version @ Version::Minor(_) => version.to_string().into(),
    }
}

fn operation_label(operation: Operation<'_>) -> Cow<'_, str> {
    match operation {
        Operation::Create => "create".into(),
        Operation::Update => "update".into(),
        Operation::Other(text) => text.to_lowercase().into(),
    }
}

fn resource_label(request: &Request<'_>) -> &'static str {
    match (request.resource.group, request.resource.name) {
        ("", "pods") => "pod",
        ("", "namespaces") => "namespace",
        _ => "controller",
    }
}

impl Response {
    /// Admitted, and nothing more to say.
    #[must_use]
    pub fn allowed() -> Self {
        Self {
            allowed: true,
            status: None,
            warnings: Vec::new(),
            annotations: Vec::new(),
            events: Vec::new(),
        }
    }

    /// The value of an audit annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    /// Admitted because of an exemption that upstream knows.
    pub(super) fn exempt(because: &'static str) -> Self {
        Self::allowed().annotated("exempt", because.to_owned()).counted(Event::Exemption)
    }

    /// Admitted although something went wrong.
    pub(super) fn allowed_with_error(message: String) -> Self {
        Self::allowed().annotated("error", message).counted(Event::Error { fatal: true })
    }

    /// Refused because of what the object holds.
    pub(super) fn refuse(&mut self, request: &Request<'_>, why: &str) {
        self.allowed = false;
        self.status = Some(Status::forbidden(request, why));
    }

    /// Denied since something went wrong, with the error behind it, if there is one.
    pub(super) fn denied(status: Status, error: Option<String>) -> Self {
        let error = match error {
            Some(error) => format!("{}: {error}", status.message),
            None => status.message.clone(),
        };
        let denied = Self { allowed: false, status: Some(status), ..Self::allowed() };
        denied.annotated("error", error)
    }

    /// Refused since labels cannot be read.
    pub(super) fn invalid(request: &Request<'_>, errors: &[LabelError]) -> Self {
        Self { allowed: false, status: Some(Status::invalid(request, errors)), ..Self::allowed() }
    }

    pub(super) fn annotated(mut self, key: &'static str, value: String) -> Self {
        self.annotations.push((key, value));
        self
    }

    pub(super) fn counted(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }
}

/// Sources: `k8s.io/apimachinery/pkg/api/errors` (`NewForbidden`, `NewInvalid`, `NewBadRequest`,
/// `NewInternalError`).
impl Status {
    fn forbidden(request: &Request<'_>, why: &str) -> Self {
        let resource = request.resource;
        let of_group = qualified(resource.name, resource.group);
        let message = match (of_group.is_empty(), request.name) {
            (true, _) => format!("forbidden: {why}"),
            (false, "") => format!("{of_group} is forbidden: {why}"),
            (false, name) => format!("{of_group} {} is forbidden: {why}", quoted(name)),
        };
        let details = Details {
            name: request.name.to_owned(),
            group: resource.group.to_owned(),
            kind: resource.name.to_owned(),
            causes: Vec::new(),
        };
        Self { code: 403, reason: "Forbidden", message, details: Some(details) }
    }

    fn invalid(request: &Request<'_>, errors: &[LabelError]) -> Self {
        let cause = |error: &LabelError| Cause {
            reason: "FieldValueInvalid",
            message: error.body(),
            field: error.path().to_string(),
        };
        let details = Details {
            name: request.name.to_owned(),
            group: request.kind.group.to_owned(),
            kind: request.kind.name.to_owned(),
            causes: errors.iter().map(cause).collect(),
        };
        let kind = qualified(request.kind.name, request.kind.group);
        let message = format!("{kind} {} is invalid: {}", quoted(request.name), aggregate(errors));
        Self { code: 422, reason: "Invalid", message, details: Some(details) }
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self { code: 400, reason: "BadRequest", message: message.to_owned(), details: None }
    }

    pub(super) fn internal(error: &str) -> Self {
        let cause = Cause { reason: "", message: error.to_owned(), field: String::new() };
        let details = Details { causes: vec![cause], ..Details::default() };
        let message = format!("Internal error occurred: {error}");
        Self { code: 500, reason: "InternalError", message, details: Some(details) }
    }
}

/// A name with its group behind a dot.
fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

/// Errors as one: one bare, several in brackets. No two labels have the same error.
/// Source: `k8s.io/apimachinery/pkg/util/errors` (`Aggregate.Error`).
pub(super) fn aggregate(errors: &[LabelError]) -> String {
    match errors {
        [one] => one.to_string(),
        several => {
            format!("[{}]", several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
    }
}
