//! Pod Security admission as a webhook.
//!
//! [`Judge`] is the decision, without a network or a clock: bytes in, bytes out. [`Webhook`] puts it behind HTTP:
//! routes, limits, deadlines, metrics, logs. [`host`] puts that behind a port: certificates, the watch over namespaces,
//! the end. What is decided is `ravelin_podsec::admission`'s to know. Source of paths, statuses and texts:
//! `k8s.io/pod-security-admission/cmd/webhook/server/server.go` v0.36.

mod counters;
mod handler;
pub mod host;
mod judge;
pub mod namespaces;

pub use counters::Counters;
pub(crate) use handler::today;
pub use handler::{ClientRule, Settings, Webhook};
pub use judge::{Answer, Judge, Outcome};
pub use namespaces::Namespaces;

use ravelin_object::Value;
use ravelin_podsec::admission::LookupError;
use std::sync::Arc;
use std::time::Duration;

/// Where the pods of a namespace are asked for, when it is to enforce more. May wait: it is never asked on a thread
/// that serves others, and never on the way of a pod.
pub trait Pods: Send + Sync {
    /// Every pod of a namespace, within `time`.
    ///
    /// # Errors
    /// If they cannot be had in that time.
    fn list(&self, namespace: &str, time: Duration) -> Result<Vec<Arc<Value>>, LookupError>;
}
