//! Which objects the API server accepts, and in which words it refuses others.
//!
//! It decides what the strategies of `k8s.io/kubernetes/pkg/registry` decide in `Validate` and `ValidateUpdate`, with
//! upstream's field errors in upstream's order, at the feature gates v1.36 has by default. Objects are versioned
//! [`Value`]s that were decoded (their types are right), defaulted and prepared. Pure: no clock, no I/O, no state. It
//! must not know requests, storage or admission. Start reading at [`create`] and [`update`].
//!
//! Not looked at, for want of what it needs: whether CEL expressions compile, whether the signature of a request for a
//! certificate holds ([`csr_parse`] gives its parts), and whether a time zone exists. Of kinds whose rules are not here
//! yet only the metadata is looked at: `rest.rs` and `dispatch.rs` say which those are.
//!
//! Where upstream walks a Go map, its order is random; here it is the order of the keys.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod access;
mod apps;
mod batch;
mod certificates;
mod conditions;
mod core;
mod diff;
mod dispatch;
mod equality;
mod go_json;
mod internal;
mod intstr;
mod ip;
mod json;
mod labels;
mod metadata;
mod names;
mod networking;
mod path;
mod pem;
mod pod;
mod policy;
mod quantities;
mod report;
mod rest;
mod schedule;
mod signer;
mod small;
mod storage;
mod webhooks;

pub use dispatch::{create, update};
pub use metadata::{metadata, metadata_common, metadata_update, metadata_update_of_kind};
pub use pem::{CertificateRequest, csr_parse};

use ravelin_object::Value;
use ravelin_object::fault::Fault;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The version.
    pub version: &'a str,
    /// The kind.
    pub kind: &'a str,
}

/// What the validation depends on besides the object: flags of the API server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether containers may be privileged: `--allow-privileged`.
    pub allow_privileged: bool,
}

/// The faults found, in order.
pub(crate) type Faults = Vec<Fault>;

/// A mapping without keys, for what is absent.
pub(crate) static NOTHING: Value = Value::Null;

/// A label selector as Kubernetes writes it: what is empty is left out, labels are in order.
pub(crate) fn selector_shown(selector: &Value) -> Value {
    internal::converted("LabelSelector", selector)
}
