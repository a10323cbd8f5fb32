//! Small loops that keep what Kubernetes' own controllers keep.
//!
//! One watch of the store feeds all of them: each is told of every write and says what it has to look at. What that is
//! waits in a queue of its own, without repetitions, and is then decided from what the store holds at that moment: a
//! loop remembers nothing that it could be wrong about. They write as clients do, through [`crate::rest`].
//!
//! Nothing is polled: at rest, every loop waits.

mod feed;
mod garbage;
mod index;
mod namespace_conditions;
mod namespaces;
mod places;
mod queue;
mod quotas;
mod role_aggregation;
mod root_certificates;
mod service_accounts;

pub(crate) use service_accounts::awaited;

use crate::api::Api;
use crate::config::Controllers;
use crate::registry::refused;
use crate::rest::act::{Act, Target};
use crate::rest::metadata;
use crate::rest::replace::{self, Conditions};
use feed::Feed;
use places::Places;
use queue::Outcome;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_store::Entry;
use std::sync::Arc;
use tokio::task::JoinSet;

/// A write, as loops are told of it. Nothing before it where everything that is there is told.
pub(crate) struct Change<'e> {
    /// The key.
    key: &'e Arc<str>,
    /// What the key says: the folder of a resource, a namespace or none, a name.
    folder: &'e str,
    namespace: &'e str,
    name: &'e str,
    /// What is there from now on.
    current: Option<&'e Entry>,
    /// What was there before.
    previous: Option<&'e Entry>,
}

/// A loop, as the feed sees it. It decides quickly what is to be looked at.
trait Observer: Send + Sync {
    /// Everything that is there is told again: what was remembered counts no more.
    fn begin(&self) {}
    /// Something was written, or is there.
    fn observe(&self, change: &Change<'_>);
    /// Everything that is there has been told.
    fn is_complete(&self) {}
}

/// Starts the loops that are wanted. What every server has from its start is there when this returns.
pub(crate) async fn spawn(
    api: &Arc<Api>,
    wanted: Controllers,
    root_authority: String,
    tasks: &mut JoinSet<()>,
) {
    if wanted == Controllers::NONE {
        return;
    }
    let places = Arc::new(Places::new(&api.registry.table));
    let mut observers: Vec<Arc<dyn Observer>> = Vec::new();
    let accounts = wanted.service_account.then(|| service_accounts::ServiceAccounts::new(api));
    let certificates = wanted.root_ca.then(|| root_certificates::RootCertificates::new(api, root_authority));
    let roles = wanted.role_aggregation.then(|| role_aggregation::RoleAggregation::new(api));
    let namespaces = wanted.namespace.then(|| namespaces::Namespaces::new(api, &places));
    let garbage = wanted.garbage_collector.then(|| garbage::Garbage::new(api, &places));
    let quotas = wanted.resource_quota.then(|| quotas::Quotas::new(api));
    observers.extend(accounts.clone().map(|it| it as Arc<dyn Observer>));
    observers.extend(certificates.clone().map(|it| it as Arc<dyn Observer>));
    observers.extend(roles.clone().map(|it| it as Arc<dyn Observer>));
    observers.extend(namespaces.clone().map(|it| it as Arc<dyn Observer>));
    observers.extend(garbage.clone().map(|it| it as Arc<dyn Observer>));
    observers.extend(quotas.clone().map(|it| it as Arc<dyn Observer>));
    let feed = Feed::new(&api.registry.store, observers);
    let told = feed.tell();
    if let Some(accounts) = accounts {
        accounts.settle().await;
        tasks.spawn(accounts.run());
    }
    if let Some(certificates) = certificates {
        certificates.settle().await;
        tasks.spawn(certificates.run());
    }
    if let Some(roles) = roles {
        roles.settle().await;
        tasks.spawn(roles.run());
    }
    if let Some(namespaces) = namespaces {
        tasks.spawn(namespaces.run());
    }
    if let Some(garbage) = garbage {
        tasks.spawn(garbage.run());
    }
    if let Some(quotas) = quotas {
        tasks.spawn(quotas.run());
    }
    tasks.spawn(feed.run(told));
}

/// An object of the core group, if it is there.
fn core(api: &Api, plural: &str, namespace: &str, name: &str) -> Result<Option<Value>, Status> {
    api.registry.stored("", plural, namespace, name)
}

/// Whether objects may come into a namespace.
fn is_active(api: &Api, namespace: &str) -> Result<bool, Status> {
    let found = core(api, "namespaces", "", namespace)?;
    Ok(found.is_some_and(|found| found.dotted("status.phase").and_then(Value::as_str) == Some("Active")))
}

/// What a key holds now, as a value.
fn read(api: &Api, key: &str) -> Result<Option<Value>, Status> {
    let entry = api.registry.store.get(key).map_err(|error| refused(&error))?;
    entry.as_ref().map(crate::codec::decode).transpose()
}

/// What becomes of an item after a refusal: what is gone, or has no place any more, is done with.
fn outcome(result: Result<(), Status>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(status) if status.reason == "NotFound" || is_terminating(&status) => Outcome::Done,
        Err(status) => Outcome::Failed(status),
    }
}

/// Whether something was refused because its namespace goes.
fn is_terminating(status: &Status) -> bool {
    status
        .details
        .iter()
        .flat_map(|details| &details.causes)
        .any(|cause| cause.reason == "NamespaceTerminating")
}

/// How often a change is made anew where somebody else was faster.
const ATTEMPTS: usize = 5;

/// Changes the object that has a uid, as any update does.
async fn edit(
    api: &Api,
    target: Target<'_>,
    uid: &str,
    change: &mut (dyn FnMut(&mut Value) + Send),
) -> Result<(), Status> {
    let conditions = Conditions { uid: Some(uid.to_owned()), may_create: false };
    let mut attempt = 1;
    loop {
        let mut make = |existing: &Value, act: &mut Act| {
            let mut made = existing.clone();
            change(&mut made);
            replace::admitted(api, act, target, made, existing)
        };
        match replace::replace(api, &mut Act::of_server(), target, &conditions, &mut make).await {
            Err(status) if status.reason == "Conflict" && attempt < ATTEMPTS => attempt += 1,
            result => return result.map(drop),
        }
    }
}

/// Takes a finalizer away.
async fn remove_finalizer(api: &Api, target: Target<'_>, uid: &str, finalizer: &str) -> Result<(), Status> {
    edit(api, target, uid, &mut |object| {
        let mut finalizers = metadata::finalizers(object);
        finalizers.retain(|name| name != finalizer);
        metadata::set_finalizers(object, &finalizers);
    })
    .await
}

/// A mapping of a few fields.
fn map<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    let mut map = ravelin_object::Map::new();
    for (key, value) in entries {
        map.set(key, value);
    }
    map.into()
}
