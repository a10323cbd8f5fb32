//! A request as authorizers see it, and what they answer.

use ravelin_object::selector::{FieldRequirement, Requirement};

pub use ravelin_object::user::UserInfo as User;

/// What is asked: `k8s.io/apiserver/pkg/authorization/authorizer.Attributes`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    /// Who asks.
    pub user: User,
    /// The verb: `get`, `list`, ...; for paths the lower-case method.
    pub verb: String,
    /// Whether a resource is asked for, rather than a path.
    pub is_resource: bool,
    /// The API group; empty for the core group.
    pub group: String,
    /// The API version.
    pub version: String,
    /// The namespace; empty for cluster-scoped resources and for all namespaces.
    pub namespace: String,
    /// The resource, in the plural: `pods`.
    pub resource: String,
    /// The subresource: `log`; empty where none.
    pub subresource: String,
    /// The name of the object; empty where none is asked for.
    pub name: String,
    /// The path; for requests that are not about a resource.
    pub path: String,
    /// The field selector, as far as it could be read.
    pub field_requirements: Vec<FieldRequirement>,
    /// Why the field selector could not be read.
    pub field_selector_error: Option<String>,
    /// The label selector, as far as it could be read.
    pub label_requirements: Vec<Requirement>,
    /// Why the label selector could not be read.
    pub label_selector_error: Option<String>,
}

/// What an authorizer decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allow,
    /// It may not, whatever others say.
    Deny,
    /// Others may decide.
    NoOpinion,
}

/// What an authorizer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The decision.
    pub decision: Decision,
    /// Why, in upstream's words; empty where it says nothing.
    pub reason: String,
    /// What went wrong on the way, in upstream's words; the decision holds all the same.
    pub error: Option<String>,
}

/// Something that decides about requests.
pub trait Authorizer {
    /// The decision about a request.
    fn authorize(&self, attributes: &Attributes) -> Answer;
}
