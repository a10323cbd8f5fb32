//! The store as others want to see it: admission plugins, authenticators.

use crate::api::Api;
use crate::codec;
use crate::registry::{Registry, key};
use base64::Engine as _;
use ravelin_admit::{Answer, Cluster, LookupError, Mapping, Question, WriteError};
use ravelin_authn::Timestamp;
use ravelin_authn::objects::{self, Node, Objects, Pod, Secret, ServiceAccount};
use ravelin_authz::{Attributes, Decision};
use ravelin_object::status::Status;
use ravelin_object::{Map, Value};
use ravelin_store::{StoreError, Write};
use std::sync::Arc;
use zeroize::Zeroizing;

/// What admission sees.
pub(crate) struct View<'a> {
    /// The server.
    pub(crate) api: &'a Api,
}

fn lookup(error: &Status) -> LookupError {
    LookupError(error.message.clone())
}

impl Cluster for View<'_> {
    fn get(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, LookupError> {
        let found = self.api.registry.stored(group, resource, namespace, name);
        found.map(|object| object.map(Arc::new)).map_err(|error| lookup(&error))
    }

    fn get_live(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, LookupError> {
        self.get(group, resource, namespace, name)
    }

    fn list(
        &self,
        group: &str,
        resource: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<Arc<Value>>, LookupError> {
        let found = self.api.registry.all(group, resource, namespace);
        found.map(|list| list.into_iter().map(Arc::new).collect()).map_err(|error| lookup(&error))
    }

    fn authorize(&self, question: &Question<'_>) -> Answer {
        let attributes = Attributes {
            user: question.user.clone(),
            verb: question.verb.to_owned(),
            is_resource: true,
            group: question.group.to_owned(),
            version: question.version.to_owned(),
            namespace: question.namespace.to_owned(),
            resource: question.resource.to_owned(),
            subresource: question.subresource.to_owned(),
            name: question.name.to_owned(),
            ..Attributes::default()
        };
        let answer = self.api.authorizers.authorize(&attributes);
        Answer { allowed: answer.decision == Decision::Allow, reason: answer.reason, error: answer.error }
    }

    fn mappings(&self, group: &str, version: &str, kind: &str) -> Result<Vec<Mapping>, LookupError> {
        let found = self.api.registry.table.kind(group, version, kind).ok_or_else(|| {
            let version = crate::registry::api_version(group, version);
            LookupError(format!("no matches for kind \"{kind}\" in version \"{version}\""))
        })?;
        Ok(vec![Mapping {
            group: found.group.to_string(),
            version: found.version.to_string(),
            resource: found.plural.to_string(),
            namespaced: found.namespaced,
        }])
    }

    fn create_namespace(&self, namespace: &Value) -> Result<(), WriteError> {
        let name = crate::rest::metadata::text(namespace, "name");
        let object = crate::start::namespace(name);
        let write = Write::create(key("", "namespaces", "", name), codec::encode(&object));
        match aside(|| self.api.registry.store.submit(write).wait()) {
            Ok(_) => Ok(()),
            Err(StoreError::Exists(_)) => {
                Err(WriteError::AlreadyExists(Status::already_exists("", "namespaces", name)))
            }
            Err(error) => Err(WriteError::Other(crate::registry::refused(&error))),
        }
    }

    fn update_quota_status(&self, quota: &Value, used: &Map) -> Result<(), WriteError> {
        write_quota(&self.api.registry, quota, used)
    }
}

/// Waits for the disk, and lets another thread go on with what this one has to do.
fn aside<T>(wait: impl FnOnce() -> T) -> T {
    let flavor = tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor());
    match flavor {
        Ok(tokio::runtime::RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
        _ => wait(),
    }
}

/// Writes what a quota has given out, provided that it is as it was read.
pub(crate) fn write_quota(registry: &Registry, quota: &Value, used: &Map) -> Result<(), WriteError> {
    let text = |field| crate::rest::metadata::text(quota, field);
    let (namespace, name) = (text("namespace"), text("name"));
    let expected = text("resourceVersion").parse().unwrap_or_default();
    let mut object = quota.clone();
    if let Some(status) = object.object_at("status") {
        status.set("used", used.clone().into());
    }
    let key = key("", "resourcequotas", namespace, name);
    let write = Write::update(key, expected, codec::encode(&object));
    match aside(|| registry.store.submit(write).wait()) {
        Ok(_) => Ok(()),
        Err(StoreError::Conflict { .. }) => Err(WriteError::Conflict(Status::conflict(
            "",
            "resourcequotas",
            name,
            crate::rest::replace::MODIFIED,
        ))),
        Err(error) => Err(WriteError::Other(crate::registry::refused(&error))),
    }
}

/// What authenticators see.
pub(crate) struct Known<'a> {
    /// The objects.
    pub(crate) registry: &'a Registry,
}

impl Known<'_> {
    fn find(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Value>, objects::LookupError> {
        if name.is_empty() || name.contains('/') || namespace.contains('/') {
            return Ok(None);
        }
        self.registry
            .stored("", resource, namespace, name)
            .map_err(|error| objects::LookupError(error.message))
    }
}

fn text(object: &Value, path: &str) -> String {
    object.dotted(path).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn deletion(object: &Value) -> Option<Timestamp> {
    let text = object.dotted("metadata.deletionTimestamp")?.as_str()?;
    Timestamp::parse_rfc3339(text)
}

impl Objects for Known<'_> {
    fn service_account(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<ServiceAccount>, objects::LookupError> {
        // As a client of the API server says it, which is what upstream asks with.
        if name.is_empty() {
            return Err(objects::LookupError("resource name may not be empty".to_owned()));
        }
        if let Some(why) = ravelin_object::selector::path_segment_faults(name).first() {
            let name = ravelin_object::selector::quoted(name);
            return Err(objects::LookupError(format!("invalid resource name {name}: [{why}]")));
        }
        if namespace.is_empty() {
            return Err(objects::LookupError("the server could not find the requested resource".to_owned()));
        }
        let found = self.find("serviceaccounts", namespace, name)?;
        Ok(found.map(|object| {
            let secrets = object.field("secrets").and_then(Value::as_array).unwrap_or_default();
            ServiceAccount {
                uid: text(&object, "metadata.uid"),
                deletion: deletion(&object),
                secrets: secrets.iter().map(|secret| text(secret, "name")).collect(),
            }
        }))
    }

    fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, objects::LookupError> {
        let found = self.find("secrets", namespace, name)?;
        Ok(found.map(|object| {
            let pairs = |path: &str| {
                let map = object.dotted(path).and_then(Value::as_object);
                let pairs = map.into_iter().flat_map(Map::iter);
                pairs
                    .filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned())))
                    .collect::<Vec<_>>()
            };
            let has_data = object.field("data").is_some();
            let decoded = pairs("data").into_iter().filter_map(|(key, value)| {
                let value = Zeroizing::new(value);
                let bytes = base64::engine::general_purpose::STANDARD.decode(value.as_bytes()).ok()?;
                Some((key, Zeroizing::new(bytes)))
            });
            Secret {
                name: text(&object, "metadata.name"),
                namespace: text(&object, "metadata.namespace"),
                uid: text(&object, "metadata.uid"),
                deletion: deletion(&object),
                labels: pairs("metadata.labels").into_iter().collect(),
                kind: text(&object, "type"),
                data: has_data.then(|| decoded.collect()),
            }
        }))
    }

    fn pod(&self, namespace: &str, name: &str) -> Result<Option<Pod>, objects::LookupError> {
        let found = self.find("pods", namespace, name)?;
        Ok(found.map(|object| Pod {
            uid: text(&object, "metadata.uid"),
            deletion: deletion(&object),
            service_account_name: text(&object, "spec.serviceAccountName"),
            node_name: text(&object, "spec.nodeName"),
        }))
    }

    fn node(&self, name: &str) -> Result<Option<Node>, objects::LookupError> {
        let found = self.find("nodes", "", name)?;
        Ok(found.map(|object| Node { uid: text(&object, "metadata.uid"), deletion: deletion(&object) }))
    }
}
