//! Deleting an object, at once, gracefully, or when its finalizers are done; and many at a time.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/delete.go`, `pkg/registry/rest/delete.go`,
//! `pkg/registry/generic/registry/store.go` `Delete`, `k8s.io/kubernetes/pkg/registry/core/namespace/storage`.

use crate::answer::Answer;
use crate::api::Api;
use crate::clock;
use crate::codec;
use crate::exchange::Exchange;
use crate::registry::{key, kind, prefix, refused};
use crate::rest::act::{Act, Target};
use crate::rest::deletion::{DeleteOptions, Outcome, decide};
use crate::rest::negotiate::Form;
use crate::rest::query::ListOptions;
use crate::rest::selection::Selection;
use crate::rest::shaped::{self, ListFacts};
use crate::rest::{metadata, update};
use bytes::Bytes;
use http::StatusCode;
use ravelin_admit::Operation;
use ravelin_object::status::{Details, Status};
use ravelin_object::{Map, Value};
use ravelin_resource::Resource;
use ravelin_store::{Condition, Entry, Range, StoreError, Write};

/// What is told of jobs that are deleted without a word about their pods.
///
/// Source: `k8s.io/kubernetes/pkg/registry/batch/job/storage/storage.go`.
const JOBS: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/// What a delete did.
pub(crate) struct Deleted {
    /// The object as it was, or as it is while it waits to go.
    pub(crate) object: Value,
    /// Whether it is gone.
    pub(crate) is_gone: bool,
}

/// Answers a delete.
pub(crate) async fn delete(
    api: &Api,
    exchange: &mut Exchange,
    resource: &Resource,
    body: Bytes,
    form: &Form,
) -> Result<Answer, Status> {
    let options = DeleteOptions::received(&api.registry.table, exchange, resource, &body)?;
    let info = exchange.info.clone();
    let include = exchange.include_object(form)?;
    let mut act = Act::of(exchange, options.dry_run);
    let place =
        if resource.namespaced { info.namespace.as_str() } else { update::place_of(resource, &info.name) };
    let target = Target::of(resource, place, &info.name);
    let deleted = object(api, &mut act, target, &options).await;
    warn_of_pods(resource, &options, &mut act);
    act.report(exchange);
    let deleted = deleted?;
    let returns_object = !deleted.is_gone || ravelin_strategy::traits(kind(resource)).returns_deleted_object;
    let code = if deleted.is_gone || options.orphan_dependents != Some(false) {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    if returns_object {
        let shown = shaped::object(resource, deleted.object, &form.shape, include, true)?;
        return Ok(Answer::object(code, shown));
    }
    Ok(Answer::object(code, success(resource, &info.name, &deleted.object)))
}

/// Warns of what becomes of the pods of jobs, where nobody says it.
fn warn_of_pods(resource: &Resource, options: &DeleteOptions, act: &mut Act) {
    if resource.group == "batch" && resource.plural == "jobs" && options.says_nothing_of_dependents() {
        act.warnings.push(JOBS.to_owned());
    }
}

/// What is answered when an object is gone.
fn success(resource: &Resource, name: &str, object: &Value) -> Value {
    let mut status = Map::new();
    status.set("kind", "Status".into());
    status.set("apiVersion", "v1".into());
    status.set("metadata", Map::new().into());
    status.set("status", "Success".into());
    let details = Details {
        name: name.to_owned(),
        group: resource.group.to_string(),
        kind: resource.plural.to_string(),
        uid: metadata::text(object, "uid").to_owned(),
        ..Details::default()
    };
    status.set("details", details.to_value());
    status.into()
}

/// Deletes an object, as far as it can go now.
pub(crate) async fn object(
    api: &Api,
    act: &mut Act,
    target: Target<'_>,
    options: &DeleteOptions,
) -> Result<Deleted, Status> {
    let resource = target.resource;
    let namespace = if resource.namespaced { target.namespace } else { "" };
    let key = key(&resource.group, &resource.plural, namespace, target.name);
    let mut is_admitted = false;
    loop {
        let entry = api.registry.store.get(&key).map_err(|error| refused(&error))?;
        let Some(entry) = entry else {
            return Err(Status::not_found(&resource.group, &resource.plural, target.name));
        };
        let existing = api.registry.decoded(resource, &entry)?;
        options.check(resource, &existing)?;
        refuse_system_class(resource, target.name)?;
        if !is_admitted {
            act.admit(api, target, Operation::Delete, None, Some(&existing))?;
            act.validate(api, target, Operation::Delete, None, Some(&existing))?;
            is_admitted = true;
        }
        let outcome = decide(resource, &existing, options, clock::seconds());
        if let Some(deleted) = carry_out(api, act, target, &entry, existing, outcome).await? {
            return Ok(deleted);
        }
    }
}

/// The classes that the server itself made stay.
///
/// Source: `k8s.io/kubernetes/pkg/registry/scheduling/priorityclass/storage`.
fn refuse_system_class(resource: &Resource, name: &str) -> Result<(), Status> {
    let is_system = matches!(name, "system-node-critical" | "system-cluster-critical");
    if resource.group == "scheduling.k8s.io" && resource.plural == "priorityclasses" && is_system {
        let why = "this is a system priority class and cannot be deleted";
        return Err(Status::forbidden(&resource.group, &resource.plural, name, why));
    }
    Ok(())
}

/// Carries out what was decided; nothing where somebody else was faster, and it has to be decided again.
async fn carry_out(
    api: &Api,
    act: &Act,
    target: Target<'_>,
    entry: &Entry,
    existing: Value,
    outcome: Outcome,
) -> Result<Option<Deleted>, Status> {
    match outcome {
        Outcome::Pending => Ok(Some(Deleted { object: existing, is_gone: false })),
        Outcome::Now => remove(api, act, target, entry, existing).await,
        Outcome::Mark { object, then_remove } => {
            let Some((object, revision)) = mark(api, act, target, entry, object).await? else {
                return Ok(None);
            };
            if !then_remove {
                return Ok(Some(Deleted { object, is_gone: false }));
            }
            let marked = Entry { mod_revision: revision, ..entry.clone() };
            remove(api, act, target, &marked, object).await
        }
    }
}

async fn mark(
    api: &Api,
    act: &Act,
    target: Target<'_>,
    entry: &Entry,
    mut object: Value,
) -> Result<Option<(Value, i64)>, Status> {
    if act.dry_run {
        return Ok(Some((object, entry.mod_revision)));
    }
    let bytes = codec::encode(api.registry.as_stored(target.resource, &object)?.as_ref());
    let mut write = Write::update(entry.key.as_ref(), entry.mod_revision, bytes);
    write.expires = entry.expires;
    match api.registry.write(write).await {
        Ok(written) => {
            metadata::set(&mut object, "resourceVersion", Value::from(written.revision.to_string()));
            Ok(Some((object, written.revision)))
        }
        Err(StoreError::Conflict { .. } | StoreError::NotFound) => Ok(None),
        Err(error) => Err(refused(&error)),
    }
}

async fn remove(
    api: &Api,
    act: &Act,
    target: Target<'_>,
    entry: &Entry,
    object: Value,
) -> Result<Option<Deleted>, Status> {
    if !act.dry_run {
        let delete = Write::delete(entry.key.as_ref(), Condition::At(entry.mod_revision));
        match api.registry.write(delete).await {
            Ok(_) => {}
            Err(StoreError::Conflict { .. } | StoreError::NotFound) => return Ok(None),
            Err(error) => return Err(refused(&error)),
        }
        api.allocator.release(target.resource, &object);
    }
    Ok(Some(Deleted { object, is_gone: true }))
}

/// Answers a delete of many objects.
pub(crate) async fn collection(
    api: &Api,
    exchange: &mut Exchange,
    resource: &Resource,
    body: Bytes,
    form: &Form,
) -> Result<Answer, Status> {
    let lists = ListOptions::of(&exchange.url)?;
    lists.validate()?;
    let selection = Selection::of(resource, &lists.label_selector, &lists.field_selector)?;
    let options = DeleteOptions::received(&api.registry.table, exchange, resource, &body)?;
    let info = exchange.info.clone();
    let mut all = prefix(&resource.group, &resource.plural);
    if resource.namespaced && !info.namespace.is_empty() {
        all.push_str(&info.namespace);
        all.push('/');
    }
    let page = api.registry.store.range(&Range::of(&all)).map_err(|error| refused(&error))?;
    let mut act = Act::of(exchange, options.dry_run);
    let mut items = Vec::new();
    let mut failed = None;
    for entry in &page.entries {
        let item = api.registry.decoded(resource, entry)?;
        if !selection.matches(resource, &item) {
            continue;
        }
        let (namespace, name) = (metadata::text(&item, "namespace"), metadata::text(&item, "name"));
        let target = Target::of(resource, namespace, name);
        match object(api, &mut act, target, &options).await {
            Ok(_) => items.push(item),
            Err(status) if status.code == 404 => items.push(item),
            Err(status) => {
                failed = Some(status);
                break;
            }
        }
    }
    warn_of_pods(resource, &options, &mut act);
    act.report(exchange);
    if let Some(status) = failed {
        return Err(status);
    }
    let facts = ListFacts { resource_version: page.revision.to_string(), ..ListFacts::default() };
    let include = exchange.include_object(form)?;
    Ok(Answer::object(StatusCode::OK, shaped::list(resource, items, &facts, &form.shape, include)?))
}
