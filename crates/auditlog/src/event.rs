//! An audit event as a value.
//!
//! Source: `k8s.io/apiserver/pkg/apis/audit/v1` `Event`.

mod read;
mod write;

use crate::{Body, MicroTime};
use std::collections::BTreeMap;

pub use read::ReadError;
pub use write::event_list;

/// How much of a request is recorded. Each level holds all that those before it hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// Who, what, when; no bodies.
    Metadata,
    /// The body of the request too.
    Request,
    /// The body of the response too.
    RequestResponse,
}

impl Level {
    /// Every level, the least first.
    pub const ALL: [Self; 4] = [Self::None, Self::Metadata, Self::Request, Self::RequestResponse];

    /// The name, as policies and events have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Metadata => "Metadata",
            Self::Request => "Request",
            Self::RequestResponse => "RequestResponse",
        }
    }

    /// The level of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// When in the course of a request an event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Before the request is handled.
    RequestReceived,
    /// When the response begins; for requests that last long, such as watches, and failed authentication.
    ResponseStarted,
    /// When the response is complete.
    ResponseComplete,
    /// When handling the request failed in a way it should not.
    Panic,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 4] =
        [Self::RequestReceived, Self::ResponseStarted, Self::ResponseComplete, Self::Panic];

    /// The name, as policies and events have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestReceived => "RequestReceived",
            Self::ResponseStarted => "ResponseStarted",
            Self::ResponseComplete => "ResponseComplete",
            Self::Panic => "Panic",
        }
    }

    /// The stage of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::RequestReceived => 1,
            Self::ResponseStarted => 2,
            Self::ResponseComplete => 4,
            Self::Panic => 8,
        }
    }
}

/// Some of the stages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageSet(u8);

impl StageSet {
    /// Whether the stage is among them.
    #[must_use]
    pub const fn contains(self, stage: Stage) -> bool {
        self.0 & stage.bit() != 0
    }

    /// Those of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The stages, in the order of a request.
    pub fn iter(self) -> impl Iterator<Item = Stage> {
        Stage::ALL.into_iter().filter(move |stage| self.contains(*stage))
    }
}

impl FromIterator<Stage> for StageSet {
    fn from_iter<I: IntoIterator<Item = Stage>>(stages: I) -> Self {
        Self(stages.into_iter().fold(0, |bits, stage| bits | stage.bit()))
    }
}

/// An event: one stage of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The level it was recorded at.
    pub level: Level,
    /// The id that the events of a request share.
    pub audit_id: String,
    /// The stage.
    pub stage: Stage,
    /// The path and query as the client sent them.
    pub request_uri: String,
    /// The verb; for requests that are not about a resource the lower-case method.
    pub verb: String,
    /// Who authenticated; empty where nobody did.
    pub user: UserInfo,
    /// Whom the request was made as, with what allowed it.
    pub impersonated_user: Option<UserInfo>,
    /// The constraint under which impersonation was allowed: `impersonate:user-info`; empty where none.
    pub impersonation_constraint: String,
    /// Where the request came from: proxies first as they say, the peer last.
    pub source_ips: Vec<String>,
    /// What the client calls itself.
    pub user_agent: String,
    /// The object; nothing for paths.
    pub object_ref: Option<ObjectReference>,
    /// The outcome, as far as known.
    pub response_status: Option<Status>,
    /// The body of the request, from level `Request` on.
    pub request_object: Option<Body>,
    /// The body of the response, at level `RequestResponse`.
    pub response_object: Option<Body>,
    /// When the request reached the server.
    pub request_received: Option<MicroTime>,
    /// When the stage was reached.
    pub stage_time: Option<MicroTime>,
    /// What the steps of the request had to say.
    pub annotations: BTreeMap<String, String>,
}

impl Event {
    /// An event of which nothing is known but its id.
    #[must_use]
    pub fn new(audit_id: impl Into<String>) -> Self {
        Self {
            level: Level::None,
            audit_id: audit_id.into(),
            stage: Stage::ResponseStarted,
            request_uri: String::new(),
            verb: String::new(),
            user: UserInfo::default(),
            impersonated_user: None,
            impersonation_constraint: String::new(),
            source_ips: Vec::new(),
            user_agent: String::new(),
            object_ref: None,
            response_status: None,
            request_object: None,
            response_object: None,
            request_received: None,
            stage_time: None,
            annotations: BTreeMap::new(),
        }
    }
}

/// Who a user is.
///
/// Source: `authentication.k8s.io/v1` `UserInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserInfo {
    /// The name.
    pub username: String,
    /// The uid; empty where none is known.
    pub uid: String,
    /// The groups.
    pub groups: Vec<String>,
    /// Further attributes.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// Whom a request is made as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impersonation {
    /// The user that is impersonated.
    pub user: UserInfo,
    /// The constraint under which it is allowed; empty for impersonation of the old kind.
    pub constraint: String,
}

/// Which object a request is about. What is empty is not written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectReference {
    /// The resource, in the plural.
    pub resource: String,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The uid, where the body of the request has one.
    pub uid: String,
    /// The API group.
    pub api_group: String,
    /// The API version.
    pub api_version: String,
    /// The resource version, where the body of the request has one.
    pub resource_version: String,
    /// The subresource.
    pub subresource: String,
}

/// The outcome of a request. What is empty is not written.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` `Status`, of which an event carries these fields only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// `Success` or `Failure`.
    pub status: String,
    /// For people.
    pub message: String,
    /// For machines: `NotFound`.
    pub reason: String,
    /// What it is about.
    pub details: Option<StatusDetails>,
    /// The HTTP status.
    pub code: i32,
}

/// What a status is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusDetails {
    /// The name of the object.
    pub name: String,
    /// Its group.
    pub group: String,
    /// Its kind, or the resource.
    pub kind: String,
    /// Its uid.
    pub uid: String,
    /// What is wrong, one by one.
    pub causes: Vec<StatusCause>,
    /// After how many seconds to try again.
    pub retry_after_seconds: i32,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusCause {
    /// For machines: `FieldValueInvalid`.
    pub reason: String,
    /// For people.
    pub message: String,
    /// The field.
    pub field: String,
}

#[cfg(test)]
mod tests;
