//! What plugins look at beyond the request.

use ravelin_object::status::Status;
use ravelin_object::user::UserInfo;
use ravelin_object::{Map, Value};
use std::sync::Arc;

/// What plugins look at beyond the request, and the few things they write. The host implements it over its store.
///
/// Plugins do not wait. Where upstream waits for a cache to catch up (50 ms for a missing namespace, up to ten times
/// 100 to 200 ms for a missing service account `default`), [`Cluster::get_live`] may.
pub trait Cluster {
    /// An object, as an informer knows it. `namespace` is empty for what is in none.
    ///
    /// # Errors
    /// Where it is not known whether there is such an object.
    fn get(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, LookupError>;

    /// An object, as the API answers at this moment.
    ///
    /// # Errors
    /// As [`Cluster::get`].
    fn get_live(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, LookupError>;

    /// All objects of a resource, of one namespace or of all, as an informer knows them.
    ///
    /// # Errors
    /// Where they are not known.
    fn list(
        &self,
        group: &str,
        resource: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<Arc<Value>>, LookupError>;

    /// Whether somebody may do something.
    fn authorize(&self, question: &Question<'_>) -> Answer;

    /// The resources that a kind of a version is served as.
    ///
    /// # Errors
    /// Where there is none: upstream's text is `no matches for kind "X" in version "g/v"`.
    fn mappings(&self, group: &str, version: &str, kind: &str) -> Result<Vec<Mapping>, LookupError>;

    /// Creates a namespace.
    ///
    /// # Errors
    /// Where it is there already, or cannot be stored.
    fn create_namespace(&self, namespace: &Value) -> Result<(), WriteError>;

    /// Writes `status.used` of a quota, provided that the stored one still has the `metadata.resourceVersion` of
    /// `quota`. [`Cluster::list`] has to show what was written from then on.
    ///
    /// # Errors
    /// Where the quota has changed, or cannot be stored.
    fn update_quota_status(&self, quota: &Value, used: &Map) -> Result<(), WriteError>;
}

/// Why it is not known whether an object is there. Displayed as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LookupError(pub String);

/// Why something could not be written. The status is what a client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// It has changed meanwhile.
    #[error("{0}")]
    Conflict(Status),
    /// It is there already.
    #[error("{0}")]
    AlreadyExists(Status),
    /// Anything else.
    #[error("{0}")]
    Other(Status),
}

impl WriteError {
    /// What a client is told.
    #[must_use]
    pub fn into_status(self) -> Status {
        match self {
            Self::Conflict(status) | Self::AlreadyExists(status) | Self::Other(status) => status,
        }
    }
}

/// A question to the authorizer, about a resource.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub user: &'a UserInfo,
    /// The verb: `delete`.
    pub verb: &'a str,
    /// The API group.
    pub group: &'a str,
    /// The version.
    pub version: &'a str,
    /// The resource.
    pub resource: &'a str,
    /// The subresource; empty for none.
    pub subresource: &'a str,
    /// The namespace; empty for none.
    pub namespace: &'a str,
    /// The name; empty for none.
    pub name: &'a str,
}

/// What the authorizer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Whether it is allowed. No opinion is no.
    pub allowed: bool,
    /// Why; may be empty.
    pub reason: String,
    /// What went wrong in finding out. An answer with an error may still allow.
    pub error: Option<String>,
}

/// A resource that a kind is served as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The API group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The resource.
    pub resource: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}
