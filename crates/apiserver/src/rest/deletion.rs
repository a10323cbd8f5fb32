//! What a delete means: options, preconditions, grace, finalizers.
//!
//! Source: `k8s.io/apiserver/pkg/registry/rest/delete.go`, `pkg/registry/generic/registry/store.go`
//! `deletionFinalizersForGarbageCollection`, `markAsDeleting`.

use crate::exchange::Exchange;
use crate::protobuf;
use crate::registry::kind;
use crate::rest::negotiate::{self, Media};
use crate::rest::replace::precondition;
use crate::rest::{body, metadata, query};
use ravelin_authn::Timestamp;
use ravelin_authz::request_info::Url;
use ravelin_object::fault::Fault;
use ravelin_object::status::Status;
use ravelin_object::{Map, Value, json_text};
use ravelin_protobuf::Identity;
use ravelin_resource::{Resource, Table};
use ravelin_strategy::{Deletion, Propagation};
use std::borrow::Cow;

/// The finalizer of those whose dependents are to be left alone.
pub(crate) const ORPHAN: &str = "orphan";
/// The finalizer of those whose dependents go first.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";

/// How a delete is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DeleteOptions {
    /// How many seconds the object has to end.
    pub(crate) grace: Option<i64>,
    /// The uid it has to have.
    pub(crate) uid: Option<String>,
    /// The resource version it has to have.
    pub(crate) resource_version: Option<String>,
    /// The old way to say what happens to dependents.
    pub(crate) orphan_dependents: Option<bool>,
    /// `Orphan`, `Background` or `Foreground`.
    pub(crate) propagation: Option<String>,
    /// Whether nothing is to be deleted.
    pub(crate) dry_run: bool,
}

impl DeleteOptions {
    /// What query and body say; a body goes before the query, and is recorded.
    ///
    /// # Errors
    /// 400 for what cannot be read, 422 for what there is not or what does not go together.
    pub(crate) fn received(
        table: &Table,
        exchange: &mut Exchange,
        resource: &Resource,
        body: &[u8],
    ) -> Result<Self, Status> {
        let mut faults = Vec::new();
        let options = if body.is_empty() {
            Self::of_query(&exchange.url, &mut faults)?
        } else {
            let value = read(table, body, exchange.header("content-type"))?;
            exchange.record_request(&recorded(&value), resource, "");
            Self::of_value(&value, &mut faults)
        };
        options.checked(faults)
    }

    /// What another object says of how something is to be deleted. Nothing is checked.
    pub(crate) fn within(value: &Value) -> Self {
        Self::of_value(value, &mut Vec::new())
    }

    /// The options, if nothing is wrong with them.
    ///
    /// # Errors
    /// 422 for what there is not or what does not go together.
    pub(crate) fn checked(self, mut faults: Vec<Fault>) -> Result<Self, Status> {
        self.validate(&mut faults);
        if faults.is_empty() {
            Ok(self)
        } else {
            Err(Status::invalid("meta.k8s.io", "DeleteOptions", "", &faults))
        }
    }

    fn of_query(url: &Url, faults: &mut Vec<Fault>) -> Result<Self, Status> {
        let text = |name| url.value(name).filter(|value| !value.is_empty());
        let grace = query::number(url, "gracePeriodSeconds")?;
        Ok(Self {
            grace,
            orphan_dependents: url.value("orphanDependents").map(|_| query::flag(url, "orphanDependents")),
            propagation: text("propagationPolicy").map(str::to_owned),
            dry_run: query::dry_run(url, faults),
            ..Self::default()
        })
    }

    fn of_value(value: &Value, faults: &mut Vec<Fault>) -> Self {
        let precondition = |key| {
            let value = value.field("preconditions").and_then(|given| given.field(key));
            value.and_then(Value::as_str).map(str::to_owned)
        };
        let dry_runs = value.field("dryRun").and_then(Value::as_array).unwrap_or_default();
        if dry_runs.iter().any(|value| value.as_str() != Some("All")) {
            faults.push(Fault::not_supported("dryRun", dry_runs.to_vec(), &["All"]));
        }
        Self {
            grace: value.field("gracePeriodSeconds").and_then(Value::as_int),
            uid: precondition("uid"),
            resource_version: precondition("resourceVersion"),
            orphan_dependents: value.field("orphanDependents").and_then(Value::as_bool),
            propagation: value.field("propagationPolicy").and_then(Value::as_str).map(str::to_owned),
            dry_run: !dry_runs.is_empty(),
        }
    }

    /// Whether nothing is said of what happens to dependents.
    pub(crate) fn says_nothing_of_dependents(&self) -> bool {
        self.propagation.is_none() && self.orphan_dependents.is_none()
    }

    fn validate(&self, faults: &mut Vec<Fault>) {
        let field = "propagationPolicy";
        let Some(policy) = self.propagation.as_deref() else { return };
        if self.orphan_dependents.is_some() {
            let why = "orphanDependents and deletionPropagation cannot be both set";
            faults.push(Fault::invalid(field, policy, why));
        }
        if !matches!(policy, "Foreground" | "Background" | "Orphan") {
            faults.push(Fault::not_supported(field, policy, &["Foreground", "Background", "Orphan", "nil"]));
        }
    }

    /// Whether an object is the one that is meant.
    ///
    /// # Errors
    /// 409 where it is not.
    pub(crate) fn check(&self, resource: &Resource, object: &Value) -> Result<(), Status> {
        let name = metadata::text(object, "name");
        let is_namespace = resource.group.is_empty() && resource.plural == "namespaces";
        let what = if is_namespace { &resource.plural } else { &resource.kind };
        // Events are those of the core group, wherever they are asked for.
        let group = if resource.group == "events.k8s.io" { "" } else { resource.group.as_str() };
        let refuse = |why: String| Status::conflict(group, what, name, &why);
        let uid = metadata::text(object, "uid");
        if let Some(wanted) = self.uid.as_deref().filter(|wanted| *wanted != uid) {
            if is_namespace {
                return Err(refuse(precondition("UID", wanted, uid)));
            }
            return Err(refuse(format!(
                "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
            )));
        }
        let version = metadata::text(object, "resourceVersion");
        if let Some(wanted) = self.resource_version.as_deref().filter(|wanted| *wanted != version) {
            if is_namespace {
                return Err(refuse(precondition("ResourceVersion", wanted, version)));
            }
            return Err(refuse(format!(
                "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({version}). The object might have been modified"
            )));
        }
        Ok(())
    }
}

/// Reads delete options of a body, with the types that they have.
///
/// # Errors
/// 400 for what is none.
fn read(table: &Table, body: &[u8], content_type: &str) -> Result<Value, Status> {
    let wrong = |why: String| Status::bad_request(why);
    let json = match negotiate::media(content_type)? {
        Media::Json => Cow::Borrowed(body),
        Media::Yaml => {
            let text = std::str::from_utf8(body).map_err(|error| wrong(error.to_string()))?;
            let read = ravelin_object::read::yaml(text, &ravelin_yaml::Limits::STANDARD);
            let value = read.map_err(|error| wrong(error.message))?.value.unwrap_or(Value::Null);
            Cow::Owned(json_text(&value).into_bytes())
        }
        Media::Protobuf => {
            let expected = Identity { api_version: "meta.k8s.io/v1", kind: "DeleteOptions" };
            return protobuf::decode(body, expected).map_err(|error| wrong(error.to_string()));
        }
    };
    let unread = |why: String| wrong(format!("couldn't get version/kind; json parse error: {why}"));
    let read = ravelin_resource::read::body(&json, body::DEPTH).map_err(|error| unread(error.to_string()))?;
    ravelin_resource::read::type_meta(&read.value).map_err(wrong)?;
    let said = |key: &str| read.value.field(key).and_then(Value::as_str).unwrap_or_default();
    let (kind, version) = (said("kind"), said("apiVersion"));
    if !matches!(kind, "" | "DeleteOptions") {
        return Err(wrong(body::unregistered(kind, if version.is_empty() { "v1" } else { version })));
    }
    let schema = table.schemas().of_kind("", "v1", "DeleteOptions");
    let Some(schema) = schema else { return Ok(read.value) };
    let decoded = ravelin_resource::decode::body(table.schemas(), schema, read);
    decoded.map(|decoded| decoded.value).map_err(|error| wrong(error.to_string()))
}

/// Delete options as events record them: as upstream has them inside.
fn recorded(value: &Value) -> Value {
    let mut object = Map::new();
    object.set("kind", "DeleteOptions".into());
    object.set("apiVersion", "meta.k8s.io/__internal".into());
    for key in [
        "gracePeriodSeconds",
        "preconditions",
        "orphanDependents",
        "propagationPolicy",
        "dryRun",
        "ignoreStoreReadErrorWithClusterBreakingPotential",
    ] {
        if let Some(value) = value.field(key) {
            object.set(key, value.clone());
        }
    }
    object.into()
}

/// What happens to an object that is deleted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It goes at once.
    Now,
    /// It is on its way already: nothing changes.
    Pending,
    /// It is marked.
    Mark {
        /// The object with its marks.
        object: Value,
        /// Whether it goes right after that.
        then_remove: bool,
    },
}

/// Decides what happens to an object that is deleted at a time in seconds.
pub(crate) fn decide(resource: &Resource, existing: &Value, options: &DeleteOptions, now: i64) -> Outcome {
    if resource.group.is_empty() && resource.plural == "namespaces" {
        return namespace(resource, existing, options, now);
    }
    let mut object = existing.clone();
    let later = |from: Option<&str>, seconds: i64| {
        let from = match from {
            Some(text) => Timestamp::parse_rfc3339(text)?.seconds(),
            None => now,
        };
        Some(Timestamp::from_unix(from.saturating_add(seconds)).to_string())
    };
    match ravelin_strategy::graceful_delete(kind(resource), &mut object, options.grace, &later) {
        Deletion::Pending(_) => Outcome::Pending,
        Deletion::Graceful(seconds) => {
            finalizers(resource, &mut object, options);
            let has_finalizers = !metadata::finalizers(&object).is_empty();
            Outcome::Mark { object, then_remove: !has_finalizers && seconds == 0 }
        }
        Deletion::Now(_) => {
            finalizers(resource, &mut object, options);
            if metadata::finalizers(&object).is_empty() {
                return Outcome::Now;
            }
            mark_as_deleting(&mut object, now);
            if object == *existing { Outcome::Pending } else { Outcome::Mark { object, then_remove: false } }
        }
    }
}

fn next_generation(object: &mut Value) {
    let generation = metadata::get(object, "generation").and_then(Value::as_int).unwrap_or_default();
    if generation > 0 {
        metadata::set(object, "generation", Value::Int(generation.saturating_add(1)));
    }
}

/// An object that waits for its finalizers: it is being deleted, and has no time left.
fn mark_as_deleting(object: &mut Value, now: i64) {
    if !metadata::is_deleting(object) {
        next_generation(object);
        metadata::set(object, "deletionTimestamp", Value::from(Timestamp::from_unix(now).to_string()));
    }
    metadata::set(object, "deletionGracePeriodSeconds", Value::Int(0));
}

/// Sets the finalizers of the garbage collector as the options say.
fn finalizers(resource: &Resource, object: &mut Value, options: &DeleteOptions) {
    let default = ravelin_strategy::traits(kind(resource)).default_propagation;
    if default == Propagation::Unsupported {
        return;
    }
    let before = metadata::finalizers(object);
    let has = |name: &str| before.iter().any(|finalizer| finalizer == name);
    let (orphan, foreground) = match (options.orphan_dependents, options.propagation.as_deref()) {
        (Some(orphan), _) => (orphan, false),
        (None, Some("Orphan")) => (true, false),
        (None, Some("Foreground")) => (false, true),
        (None, Some(_)) => (false, false),
        (None, None) if has(ORPHAN) => (true, has(FOREGROUND)),
        (None, None) if has(FOREGROUND) => (false, true),
        (None, None) => (default == Propagation::Orphan, false),
    };
    let mut after: Vec<String> =
        before.iter().filter(|name| !matches!(name.as_str(), ORPHAN | FOREGROUND)).cloned().collect();
    if orphan {
        after.push(ORPHAN.to_owned());
    }
    if foreground {
        after.push(FOREGROUND.to_owned());
    }
    let is_same = before.len() == after.len() && after.iter().all(|name| has(name));
    if !is_same {
        metadata::set_finalizers(object, &after);
    }
}

/// A namespace goes when its own finalizers are done; until then it is terminating.
fn namespace(resource: &Resource, existing: &Value, options: &DeleteOptions, now: i64) -> Outcome {
    let has_content = existing
        .dotted("spec.finalizers")
        .and_then(Value::as_array)
        .is_some_and(|finalizers| !finalizers.is_empty());
    if !metadata::is_deleting(existing) {
        let mut object = existing.clone();
        metadata::set(&mut object, "deletionTimestamp", Value::from(Timestamp::from_unix(now).to_string()));
        if let Some(status) = object.object_at("status") {
            status.set("phase", "Terminating".into());
        }
        finalizers(resource, &mut object, options);
        let is_done = !has_content && metadata::finalizers(&object).is_empty();
        return Outcome::Mark { object, then_remove: is_done };
    }
    if has_content || !metadata::finalizers(existing).is_empty() { Outcome::Pending } else { Outcome::Now }
}
