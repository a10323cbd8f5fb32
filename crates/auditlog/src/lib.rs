//! Audit: what is recorded of a request, and how it reads in the log.
//!
//! It decides what `k8s.io/apiserver/pkg/audit` decides: a [`Policy`] gives each request a [`Level`], stages that are
//! left out, and whether managed fields are; a [`Recorder`] is told what happens to a request and hands over an
//! [`Event`] at each stage. Pure: the time, the audit id and the identity are arguments, and where events go is a
//! [`Sink`] of the host. It must not know files, sockets or the clock. Start reading at [`Recorder`].
//!
//! Bodies of secrets, tokens and reviews are not special to upstream, nor here: a policy that logs `secrets`,
//! `configmaps`, `tokenreviews` or `serviceaccounts/token` at `Request` or above writes what they hold into the log.
//! Keeping them at `Metadata` is the business of the policy; an event never holds more than its level allows.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod body;
mod event;
mod policy;
mod recorder;
mod request;
mod time;
mod truncation;

pub use body::Body;
pub use event::{
    Event, Impersonation, Level, ObjectReference, ReadError, Stage, StageSet, Status, StatusCause,
    StatusDetails, UserInfo, event_list,
};
pub use policy::{Attributes, AuditConfig, GroupResources, Parsed, Policy, PolicyError, Rule};
pub use recorder::{Annotated, Latency, Recorder, Sink};
pub use request::{AuthenticationAttempts, RequestFacts, source_ips, truncated_user_agent};
pub use time::{MicroTime, TimeError};
pub use truncation::{Batches, Dropped, Truncation};
