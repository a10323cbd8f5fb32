//! Creating an object.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/create.go`, `pkg/registry/generic/registry/store.go` `Create`,
//! `pkg/registry/rest/create.go`.

use crate::answer::Answer;
use crate::api::Api;
use crate::clock;
use crate::codec;
use crate::controllers;
use crate::exchange::Exchange;
use crate::random;
use crate::registry::{key, kind, kind_group, refused};
use crate::rest::act::{Act, Target};
use crate::rest::body::{self, Expected};
use crate::rest::metadata::{self, Dedup};
use crate::rest::negotiate::Form;
use crate::rest::query::{WriteOptions, Writes};
use crate::rest::{guard, shaped};
use bytes::Bytes;
use http::StatusCode;
use ravelin_admit::Operation;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_resource::Resource;
use ravelin_store::{Entry, StoreError, Write};

/// How often a name is made anew where it is taken.
const ATTEMPTS: usize = 8;
/// How long events are kept.
const EVENTS_LIVE: u64 = 3_600_000;

/// Answers a create.
pub(crate) async fn create(
    api: &Api,
    exchange: &mut Exchange,
    resource: &Resource,
    body: Bytes,
    form: &Form,
) -> Result<Answer, Status> {
    let options = WriteOptions::of(&exchange.url, Writes::Create)?;
    let expected = Expected { kind: kind(resource), schema: resource.schema };
    let mut object =
        body::received(&api.registry.table, exchange, expected, &body, options.field_validation)?;
    let namespace = exchange.info.namespace.clone();
    exchange.record_request(&object, resource, "");
    metadata::ensure_namespace(resource, &namespace, &mut object)?;
    let include = exchange.include_object(form)?;
    let mut act = Act::of(exchange, options.dry_run);
    metadata::dedup_owners(&mut object, Dedup::Before, &mut act.warnings);
    let created = new_object(api, &mut act, resource, &namespace, object).await;
    act.report(exchange);
    let object = shaped::object(resource, created?, &form.shape, include, true)?;
    Ok(Answer::object(StatusCode::CREATED, object))
}

/// Creates an object that has been decoded and has its defaults.
pub(crate) async fn new_object(
    api: &Api,
    act: &mut Act,
    resource: &Resource,
    namespace: &str,
    mut object: Value,
) -> Result<Value, Status> {
    let name = metadata::text(&object, "name").to_owned();
    // A namespace is in itself, as far as admission is concerned.
    let place = if is_namespace(resource) { name.clone() } else { namespace.to_owned() };
    let target = Target { namespace: &place, ..Target::of(resource, &place, &name) };
    if resource.group.is_empty() && resource.plural == "pods" {
        controllers::awaited(api, namespace, &object).await;
    }
    act.admit(api, target, Operation::Create, Some(&mut object), None)?;
    metadata::dedup_owners(&mut object, Dedup::After, &mut act.warnings);
    ravelin_strategy::normalize(kind(resource), &mut object);
    guard::creation(api, act, resource, namespace, &object)?;
    let has_generated_name = name.is_empty() && !metadata::text(&object, "generateName").is_empty();
    let attempts = if has_generated_name { ATTEMPTS } else { 1 };
    let mut failed = None;
    for _ in 0..attempts {
        match attempt(api, act, resource, namespace, object.clone()).await {
            Err(status) if has_generated_name && status.reason == "AlreadyExists" => failed = Some(status),
            outcome => return outcome,
        }
    }
    Err(failed
        .map_or_else(|| Status::internal("no name was made"), |status| names_exhausted(&object, status)))
}

fn is_namespace(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "namespaces"
}

/// Source: `k8s.io/apiserver/pkg/registry/rest/create.go` `CheckGeneratedNameError`.
fn names_exhausted(object: &Value, mut status: Status) -> Status {
    let base = metadata::text(object, "generateName");
    status.message =
        format!("{}, the server was not able to generate a unique name for the object", status.message);
    if let Some(details) = &mut status.details {
        base.clone_into(&mut details.name);
        details.retry_after_seconds = 1;
    }
    status
}

/// One attempt. What it was given of addresses and ports it gives back where nothing is written.
async fn attempt(
    api: &Api,
    act: &mut Act,
    resource: &Resource,
    namespace: &str,
    mut object: Value,
) -> Result<Value, Status> {
    prepare(api, act, resource, namespace, &mut object)?;
    let given = object.clone();
    let outcome = write(api, act, resource, namespace, object).await;
    if outcome.is_err() || act.dry_run {
        api.allocator.release(resource, &given);
    }
    outcome
}

async fn write(
    api: &Api,
    act: &mut Act,
    resource: &Resource,
    namespace: &str,
    mut object: Value,
) -> Result<Value, Status> {
    let name = metadata::text(&object, "name").to_owned();
    let place = if is_namespace(resource) { name.clone() } else { namespace.to_owned() };
    let target = Target::of(resource, &place, &name);
    act.validate(api, target, Operation::Create, Some(&object), None)?;
    let key = key(&resource.group, &resource.plural, namespace, &name);
    if !act.dry_run && !metadata::text(&object, "resourceVersion").is_empty() {
        return Err(Status::plain("resourceVersion should not be set on objects to be created"));
    }
    ravelin_strategy::as_stored(kind(resource), &mut object);
    if act.dry_run {
        let entry = api.registry.store.get(&key).map_err(|error| refused(&error))?;
        return entry.map_or(Ok(object), |entry| Err(exists(resource, &name, Some(&entry))));
    }
    let stored = api.registry.as_stored(resource, &object)?;
    let mut write = Write::create(key.as_str(), codec::encode(&stored));
    if resource.plural == "events" {
        write = write.expiring(clock::millis().saturating_add(EVENTS_LIVE));
    }
    drop(stored);
    match api.registry.write(write).await {
        Ok(written) => {
            metadata::set(&mut object, "resourceVersion", Value::from(written.revision.to_string()));
            Ok(object)
        }
        Err(StoreError::Exists(_)) => {
            Err(exists(resource, &name, api.registry.store.get(&key).ok().flatten().as_ref()))
        }
        Err(error) => Err(refused(&error)),
    }
}

/// 409: the name is taken, if only by what is about to go.
fn exists(resource: &Resource, name: &str, entry: Option<&Entry>) -> Status {
    let mut status = Status::already_exists(&resource.group, &resource.plural, name);
    let there = entry.and_then(|entry| codec::decode(entry).ok());
    if there.is_some_and(|object| metadata::is_deleting(&object)) {
        status.message = format!("object is being deleted: {}", status.message);
    }
    status
}

/// Fills in what the server gives every new object, and checks the rest.
fn prepare(
    api: &Api,
    act: &mut Act,
    resource: &Resource,
    namespace: &str,
    object: &mut Value,
) -> Result<(), Status> {
    let kind = kind(resource);
    let now = clock::rfc3339();
    for key in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"] {
        metadata::remove(object, key);
    }
    metadata::set(object, "creationTimestamp", now.as_str().into());
    metadata::set(object, "uid", random::uuid().into());
    let base = metadata::text(object, "generateName").to_owned();
    if metadata::text(object, "name").is_empty()
        && !base.is_empty()
        && ravelin_strategy::traits(kind).generates_names
    {
        metadata::set(object, "name", metadata::generated(&base).into());
    }
    metadata::ensure_namespace(resource, namespace, object)?;
    let mut next = random::number;
    let mut context = ravelin_strategy::Context {
        user: &act.user,
        now: &now,
        random: &mut next,
        warnings: &mut act.warnings,
    };
    ravelin_strategy::prepare_for_create(kind, None, object, &mut context);
    api.allocator.create(&api.registry, resource, object)?;
    let faults = crate::rest::faults::create(resource, object, &api.validation);
    if !faults.is_empty() {
        api.allocator.release(resource, object);
        let name = metadata::text(object, "name");
        return Err(Status::invalid(kind_group(resource), &resource.kind, name, &faults));
    }
    act.warnings.extend(ravelin_strategy::warnings_on_create(kind, object));
    metadata::tidy(object);
    Ok(())
}
