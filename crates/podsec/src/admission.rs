//! Whether Pod Security admits a request.
//!
//! [`Admission::decide`] answers as `k8s.io/pod-security-admission/admission` v0.36 does: the same verdict,
//! status, warnings, audit annotations and counted events. It is a pure function of the request, the
//! configuration and what a [`Lookup`] answers; it reads no clock and does not wait. Start reading there.
//!
//! Objects are judged as they arrive ([`Defaulting::None`]): an API server has applied its defaults before it
//! asks. Unknown fields are ignored, and fields that no verdict reads are not looked at; a field that a verdict
//! reads and that has a type Kubernetes' decoder refuses makes the object undecodable.
//!
//! [`Defaulting::None`]: ravelin_object::pod::Defaulting::None

mod controllers;
mod evaluate;
mod existing;
mod namespaces;
mod objects;
mod pods;
mod response;

pub use existing::Existing;
pub use response::{ANNOTATION_PREFIX, Cause, Details, Event, Metric, Response, Status};

use crate::config::PodSecurityConfiguration;
use crate::exemption::Extension;
use ravelin_diag::Day;
use ravelin_object::Value;
use std::sync::Arc;
use std::time::Duration;

/// What Pod Security Admission is configured to do, and the day on which it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Admission<'c> {
    /// The defaults and exemptions that upstream knows.
    pub configuration: &'c PodSecurityConfiguration,
    /// What goes beyond upstream.
    pub extension: &'c Extension,
    /// Today: exemptions expire.
    pub today: Day,
    /// The minor of the server that admits: versions after it are judged as that.
    pub newest: u64,
}

/// A request for admission: what an API server says of it, in an `AdmissionReview` or in process.
///
/// A dry run is answered as any other request: nothing here has effects.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// What is to be done.
    pub operation: Operation<'r>,
    /// The resource: group, version and plural.
    pub resource: Resource<'r>,
    /// The kind of the object: group, version and name.
    pub kind: Resource<'r>,
    /// The subresource as it was asked for; empty for the object itself.
    pub subresource: &'r str,
    /// The name of the object; empty where the server is to choose one.
    pub name: &'r str,
    /// The namespace; for a namespace its own name.
    pub namespace: &'r str,
    /// The user who asks, after impersonation.
    pub user: &'r str,
    /// The object as it is to be, with the API server's defaults; nothing where there is none.
    pub object: Option<&'r Value>,
    /// The object as it is.
    pub old_object: Option<&'r Value>,
}

/// A resource or a kind: its group, its version, and its plural or name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resource<'r> {
    /// The API group; empty for the core group.
    pub group: &'r str,
    /// The version in it.
    pub version: &'r str,
    /// The plural of a resource, the name of a kind.
    pub name: &'r str,
}

/// What a request is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation<'r> {
    /// `CREATE`.
    Create,
    /// `UPDATE`.
    Update,
    /// Any other, as an `AdmissionReview` spells it: `DELETE`, `CONNECT`.
    Other(&'r str),
}

impl<'r> From<&'r str> for Operation<'r> {
    fn from(text: &'r str) -> Self {
        match text {
            "CREATE" => Self::Create,
            "UPDATE" => Self::Update,
            other => Self::Other(other),
        }
    }
}

/// What a decision asks of the cluster. The host answers at once, from what it watches or by asking.
pub trait Lookup {
    /// The namespace of a name.
    ///
    /// # Errors
    /// If it does not exist or nobody knows; a pod is denied then.
    fn namespace(&self, name: &str) -> Result<Arc<Value>, LookupError>;

    /// Every pod of a namespace.
    ///
    /// # Errors
    /// If nobody knows; a warning says so.
    fn pods(&self, namespace: &str) -> Result<Vec<Arc<Value>>, LookupError>;

    /// Whether the time is over that [`namespace_budget`] gives, counted from the start of the decision. It is
    /// asked after each existing pod.
    fn expired(&self) -> bool;
}

/// Why the cluster could not be asked. Printed in audit annotations, as upstream prints its errors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LookupError(pub String);

/// How many existing pods are judged when a namespace is to enforce more.
pub const NAMESPACE_MOST_PODS: usize = 3_000;

/// How long a decision about a namespace may take: a second, or half of what remains of the request's time if
/// that is less.
#[must_use]
pub fn namespace_budget(remaining: Option<Duration>) -> Duration {
    let most = Duration::from_secs(1);
    remaining.map_or(most, |remaining| most.min(remaining / 2))
}

/// Whether objects of a resource may hold a pod. An API server asks about these and namespaces alone; whatever
/// else is asked about is taken for a controller of a kind that cannot be read.
/// Source: `DefaultPodSpecExtractor.HasPodSpec`.
#[must_use]
pub fn has_pod_spec(group: &str, resource: &str) -> bool {
    POD_SPEC_RESOURCES.contains(&(group, resource))
}

const POD_SPEC_RESOURCES: [(&str, &str); 9] = [
    ("", "pods"),
    ("", "replicationcontrollers"),
    ("", "podtemplates"),
    ("apps", "replicasets"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
];

impl Admission<'_> {
    /// Whether the request is admitted, and what is said of it.
    ///
    /// Source: `k8s.io/pod-security-admission/admission/admission.go` (`Validate`).
    #[must_use]
    pub fn decide(&self, request: &Request<'_>, cluster: &impl Lookup) -> Response {
        match (request.resource.group, request.resource.name) {
            ("", "namespaces") => self.namespace(request, cluster),
            ("", "pods") => self.pod(request, cluster),
            _ => self.controller(request, cluster),
        }
    }

    fn exempts_namespace(&self, name: &str) -> bool {
        !name.is_empty() && self.configuration.exemptions.namespaces.iter().any(|exempt| exempt == name)
    }

    fn exempts_user(&self, name: &str) -> bool {
        !name.is_empty() && self.configuration.exemptions.usernames.iter().any(|exempt| exempt == name)
    }

    fn exempts_runtime_class(&self, name: Option<&str>) -> bool {
        let exempt = &self.configuration.exemptions.runtime_classes;
        name.is_some_and(|name| !name.is_empty() && exempt.iter().any(|exempt| exempt == name))
    }
}

#[cfg(test)]
mod tests;
