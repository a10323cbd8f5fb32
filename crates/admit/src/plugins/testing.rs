//! What tests of plugins need: requests, objects in YAML, and a cluster of records.

use super::ALL;
use crate::config::Configuration;
use crate::{
    Answer, Attributes, Cluster, Context, LookupError, Mapping, Operation, Plugin, Question, WriteError,
};
use ravelin_object::status::Status;
use ravelin_object::user::UserInfo;
use ravelin_object::{Map, Value, read};
use ravelin_yaml::Limits;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// An object in YAML.
pub(crate) fn object(text: &str) -> Value {
    read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap()
}

static USER: std::sync::LazyLock<UserInfo> =
    std::sync::LazyLock::new(|| UserInfo { name: "alice".to_owned(), ..UserInfo::default() });

/// A request of alice about `x` in the namespace `ns`; the resource is `pods`, `ingresses.networking.k8s.io`,
/// `pods/status`.
pub(crate) fn attributes(operation: Operation, resource: &'static str) -> Attributes<'static> {
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let kind = match resource {
        "pods" => "Pod",
        "namespaces" => "Namespace",
        "persistentvolumeclaims" => "PersistentVolumeClaim",
        "events" => "Event",
        _ => "Thing",
    };
    Attributes {
        operation,
        group,
        version: "v1",
        resource,
        subresource,
        kind,
        kind_group: group,
        kind_version: "v1",
        namespace: "ns",
        name: "x",
        user: &USER,
        dry_run: false,
        options: None,
    }
}

/// A cluster of records.
#[derive(Default)]
pub(crate) struct Records {
    /// `group/resource/namespace/name` to the object.
    pub(crate) objects: BTreeMap<String, Arc<Value>>,
    /// Objects that only the API knows, not the informer.
    pub(crate) live: BTreeMap<String, Arc<Value>>,
    /// `verb group resource/subresource namespace name`, where an absent part is empty.
    pub(crate) allowed: Vec<String>,
    /// What cannot be looked up: resources.
    pub(crate) broken: Vec<String>,
    /// What was written: namespaces and `status.used` of quotas.
    pub(crate) written: RefCell<Vec<Value>>,
    /// How many writes of quotas conflict before one succeeds.
    pub(crate) conflicts: RefCell<usize>,
    /// What was asked of the authorizer.
    pub(crate) asked: RefCell<Vec<String>>,
}

impl Records {
    /// A cluster of the objects, in YAML: `group/resource` and the object.
    pub(crate) fn of(objects: &[(&str, &str)]) -> Self {
        let mut records = Self::default();
        for (resource, text) in objects {
            let object = object(text);
            records.objects.insert(key(resource, &object), Arc::new(object));
        }
        records
    }

    /// Adds an object that only the API knows.
    pub(crate) fn with_live(mut self, resource: &str, text: &str) -> Self {
        let object = object(text);
        self.live.insert(key(resource, &object), Arc::new(object));
        self
    }

    fn check(&self, resource: &str) -> Result<(), LookupError> {
        let is_broken = self.broken.iter().any(|broken| broken == resource);
        if is_broken { Err(LookupError("not now".to_owned())) } else { Ok(()) }
    }
}

fn key(resource: &str, object: &Value) -> String {
    let text = |keys| object.dotted(keys).and_then(Value::as_str).unwrap_or_default();
    format!("{resource}/{}/{}", text("metadata.namespace"), text("metadata.name"))
}

impl Cluster for Records {
    fn get(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, LookupError> {
        self.check(resource)?;
        Ok(self.objects.get(&format!("{group}/{resource}/{namespace}/{name}")).cloned())
    }

    fn get_live(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, LookupError> {
        self.check(resource)?;
        let live = self.live.get(&format!("{group}/{resource}/{namespace}/{name}")).cloned();
        if live.is_some() { Ok(live) } else { self.get(group, resource, namespace, name) }
    }

    fn list(
        &self,
        group: &str,
        resource: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<Arc<Value>>, LookupError> {
        self.check(resource)?;
        let start = match namespace {
            Some(namespace) => format!("{group}/{resource}/{namespace}/"),
            None => format!("{group}/{resource}/"),
        };
        let found = self.objects.iter().filter(|(key, _)| key.starts_with(&start));
        Ok(found.map(|(_, object)| object.clone()).collect())
    }

    fn authorize(&self, question: &Question<'_>) -> Answer {
        let Question { verb, group, resource, subresource, namespace, name, .. } = question;
        let asked = format!("{verb} {group} {resource}/{subresource} {namespace} {name}");
        let allowed = self.allowed.contains(&asked);
        self.asked.borrow_mut().push(asked);
        Answer { allowed, reason: if allowed { String::new() } else { "no".to_owned() }, error: None }
    }

    fn mappings(&self, group: &str, version: &str, kind: &str) -> Result<Vec<Mapping>, LookupError> {
        let known = [
            ("", "Pod", "pods", true),
            ("", "Node", "nodes", false),
            ("apps", "ReplicaSet", "replicasets", true),
        ];
        let found = known.iter().filter(|(of, name, _, _)| *of == group && *name == kind);
        let found: Vec<Mapping> = found
            .map(|(group, _, resource, namespaced)| Mapping {
                group: (*group).to_owned(),
                version: version.to_owned(),
                resource: (*resource).to_owned(),
                namespaced: *namespaced,
            })
            .collect();
        let none = || LookupError(format!("no matches for kind {kind:?} in version {version:?}"));
        if found.is_empty() { Err(none()) } else { Ok(found) }
    }

    fn create_namespace(&self, namespace: &Value) -> Result<(), WriteError> {
        if let Err(error) = self.check("create") {
            return Err(WriteError::Other(Status::plain(&error.0)));
        }
        self.written.borrow_mut().push(namespace.clone());
        Ok(())
    }

    fn update_quota_status(&self, quota: &Value, used: &Map) -> Result<(), WriteError> {
        let name = quota.dotted("metadata.name").and_then(Value::as_str).unwrap_or_default();
        let mut conflicts = self.conflicts.borrow_mut();
        if *conflicts > 0 {
            *conflicts -= 1;
            return Err(WriteError::Conflict(Status::conflict("", "resourcequotas", name, "changed")));
        }
        self.written.borrow_mut().push(Value::Object(used.clone()));
        Ok(())
    }
}

/// Calls `then` with a context of the cluster at 2026-01-01 and random numbers that count up from 0.
pub(crate) fn with_context<R>(records: &Records, then: impl FnOnce(&mut Context<'_>) -> R) -> R {
    let mut next = 0;
    let mut random = || {
        next += 1;
        next - 1
    };
    then(&mut Context::new(records, Duration::from_secs(1_767_225_600), &mut random))
}

/// The plugin of a name without configuration.
pub(crate) fn plugin(name: &str) -> Box<dyn Plugin> {
    configured(name, &Configuration::default()).unwrap()
}

/// The plugin of a name.
pub(crate) fn configured(name: &str, configuration: &Configuration) -> Result<Box<dyn Plugin>, crate::Error> {
    (ALL.iter().find(|entry| entry.name == name).unwrap().build)(configuration)
}

/// A configuration of one plugin, in YAML.
pub(crate) fn configuration(name: &str, text: &str) -> Configuration {
    let plugins = [(name.to_owned(), object(text))].into_iter().collect();
    Configuration { plugins, ..Configuration::default() }
}

/// What a plugin makes of a request: the object afterwards and, where it refuses, code and message.
pub(crate) fn admitted(
    plugin: &dyn Plugin,
    records: &Records,
    attributes: &Attributes<'_>,
    new: &str,
    old: &str,
) -> (Value, Result<(), String>) {
    let mut new = object(new);
    let old = if old.is_empty() { None } else { Some(object(old)) };
    let said = with_context(records, |context| {
        if !plugin.handles(attributes.operation) {
            return Ok(());
        }
        let target = (new != Value::Null).then_some(&mut new);
        plugin.admit(attributes, target, old.as_ref(), context)?;
        let target = (new != Value::Null).then_some(&new);
        plugin.validate(attributes, target, old.as_ref(), context)
    });
    (new, said.map_err(|status| format!("{} {}", status.code, status.message)))
}

/// Why a plugin refuses a request; nothing where it does not.
pub(crate) fn refusal(
    plugin: &dyn Plugin,
    records: &Records,
    attributes: &Attributes<'_>,
    new: &str,
    old: &str,
) -> Option<String> {
    admitted(plugin, records, attributes, new, old).1.err()
}
