//! Objects over the store: where they lie, how they are read and written.
//!
//! It knows keys, versions and revisions, and nothing of who asks. What a kind does on its way in stands in
//! `ravelin-strategy` and `ravelin-validation`, what a request goes through in [`crate::rest`].

use crate::codec;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_resource::{Resource, Table};
use ravelin_store::{Entry, Range, Store, StoreError, Write, Written};
use ravelin_strategy::Kind;
use std::borrow::Cow;
use std::sync::Arc;

/// What all keys begin with.
pub(crate) const ROOT: &str = "/registry/";

/// The objects of a server.
pub(crate) struct Registry {
    /// What resources there are.
    pub(crate) table: Table,
    /// Where they are kept.
    pub(crate) store: Arc<dyn Store>,
}

/// The kind of a resource, as strategies and validation want it.
pub(crate) fn kind(resource: &Resource) -> Kind<'_> {
    Kind { group: &resource.group, version: &resource.version, kind: &resource.kind }
}

/// The group of the kind that upstream makes of a resource: all events are of the core group.
pub(crate) fn kind_group(resource: &Resource) -> &str {
    stored_as(&resource.group, &resource.plural).0
}

/// The API version of a resource: `apps/v1`.
pub(crate) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Where the objects of a resource lie: `/registry/pods/`.
///
/// Source: `k8s.io/kubernetes/pkg/kubeapiserver/default_storage_factory_builder.go` `SpecialDefaultResourcePrefixes`.
pub(crate) fn prefix(group: &str, plural: &str) -> String {
    let (_, plural) = stored_as(group, plural);
    let folder = match plural {
        "replicationcontrollers" => "controllers",
        "endpoints" => "services/endpoints",
        "nodes" => "minions",
        "services" => "services/specs",
        other => other,
    };
    format!("{ROOT}{folder}/")
}

/// Under which group and plural a resource is stored: events of both groups lie together.
fn stored_as<'a>(group: &'a str, plural: &'a str) -> (&'a str, &'a str) {
    match (group, plural) {
        ("events.k8s.io", "events") => ("", "events"),
        other => other,
    }
}

/// The key of an object.
pub(crate) fn key(group: &str, plural: &str, namespace: &str, name: &str) -> String {
    let prefix = prefix(group, plural);
    if namespace.is_empty() { format!("{prefix}{name}") } else { format!("{prefix}{namespace}/{name}") }
}

/// What became of a write that the store refused.
pub(crate) fn refused(error: &StoreError) -> Status {
    match error {
        StoreError::Busy => {
            let mut status =
                Status::new(429, "TooManyRequests", "too many writes are waiting, try again later");
            status.details = Some(Box::new(ravelin_object::status::Details {
                retry_after_seconds: 1,
                ..Default::default()
            }));
            status
        }
        StoreError::TooLarge { .. } => {
            Status::new(413, "RequestEntityTooLarge", format!("etcdserver: request is too large: {error}"))
        }
        other => Status::internal(&other.to_string()),
    }
}

impl Registry {
    /// The entry of an object, if there is one.
    pub(crate) fn entry(
        &self,
        group: &str,
        plural: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Entry>, Status> {
        self.store.get(&key(group, plural, namespace, name)).map_err(|error| refused(&error))
    }

    /// An object in the version that is stored, if there is one.
    pub(crate) fn stored(
        &self,
        group: &str,
        plural: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Value>, Status> {
        self.entry(group, plural, namespace, name)?.map(|entry| codec::decode(&entry)).transpose()
    }

    /// All objects of a resource, in one namespace or in all, in the version that is stored.
    pub(crate) fn all(
        &self,
        group: &str,
        plural: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<Value>, Status> {
        let mut prefix = prefix(group, plural);
        if let Some(namespace) = namespace {
            prefix.push_str(namespace);
            prefix.push('/');
        }
        let page = self.store.range(&Range::of(&prefix)).map_err(|error| refused(&error))?;
        page.entries.iter().map(codec::decode).collect()
    }

    /// Whether objects of the resource are stored in its own version.
    pub(crate) fn is_stored_version(resource: &Resource) -> bool {
        ravelin_strategy::storage_version(&resource.group, &resource.plural)
            .is_none_or(|stored| stored == (resource.group.as_str(), resource.version.as_str()))
    }

    /// A stored object in the version of a resource.
    pub(crate) fn as_version(&self, resource: &Resource, object: Value) -> Result<Value, Status> {
        if Self::is_stored_version(resource) {
            return Ok(object);
        }
        let from = self.stored_kind(resource);
        let kind = Kind { group: &from.0, version: &from.1, kind: &resource.kind };
        ravelin_strategy::convert(kind, (&resource.group, &resource.version), object)
            .ok_or_else(|| Status::internal("stored object cannot be converted"))
    }

    /// An object of a resource's version in the version that is stored.
    pub(crate) fn as_stored<'o>(
        &self,
        resource: &Resource,
        object: &'o Value,
    ) -> Result<Cow<'o, Value>, Status> {
        if Self::is_stored_version(resource) {
            return Ok(Cow::Borrowed(object));
        }
        let (group, version) = self.stored_kind(resource);
        ravelin_strategy::convert(kind(resource), (&group, &version), object.clone())
            .map(Cow::Owned)
            .ok_or_else(|| Status::internal("object cannot be converted to the version that is stored"))
    }

    fn stored_kind(&self, resource: &Resource) -> (String, String) {
        let stored = ravelin_strategy::storage_version(&resource.group, &resource.plural);
        let (group, version) = stored.unwrap_or((&resource.group, &resource.version));
        (group.to_owned(), version.to_owned())
    }

    /// An entry in the version of a resource.
    pub(crate) fn decoded(&self, resource: &Resource, entry: &Entry) -> Result<Value, Status> {
        self.as_version(resource, codec::decode(entry)?)
    }

    /// Hands a write over and waits until it is done.
    pub(crate) async fn write(&self, write: Write) -> Result<Written, StoreError> {
        self.store.submit(write).await
    }
}
