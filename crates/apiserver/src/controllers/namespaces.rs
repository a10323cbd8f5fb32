//! A namespace that is deleted is emptied, pods first; then it goes.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/namespace/deletion/namespaced_resources_deleter.go`.

use super::namespace_conditions::{self as conditions, Remains};
use super::places::Places;
use super::queue::{Outcome, Queue};
use super::{Change, Observer, core, edit, outcome};
use crate::api::Api;
use crate::clock;
use crate::codec;
use crate::registry::{prefix, refused};
use crate::rest::act::{Act, Target};
use crate::rest::deletion::DeleteOptions;
use crate::rest::{delete, metadata};
use futures_util::future::join_all;
use parking_lot::Mutex;
use ravelin_authn::Timestamp;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_resource::Resource;
use ravelin_store::{Entry, Range};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const NAME: &str = "namespace-controller";
/// The finalizer of this loop.
const FINALIZER: &str = "kubernetes";
/// Namespaces at a time.
const WIDTH: usize = 8;
/// Objects at a time.
const BATCH: usize = 32;
/// How long objects with finalizers are thought to take.
const FINALIZERS_TAKE: i64 = 15;
/// How soon a namespace is looked at when something in it has gone.
const SOON: Duration = Duration::from_millis(50);

/// The loop. Its items are namespaces.
pub(super) struct Namespaces {
    api: Arc<Api>,
    places: Arc<Places>,
    queue: Queue<String>,
    /// Those that are being emptied.
    terminating: Mutex<BTreeSet<String>>,
}

/// What became of the objects of one resource.
struct Emptied {
    /// In how many seconds what is left may have gone.
    estimate: i64,
    left: Vec<Value>,
    error: Option<String>,
}

impl Namespaces {
    pub(super) fn new(api: &Arc<Api>, places: &Arc<Places>) -> Arc<Self> {
        let (api, places) = (Arc::clone(api), Arc::clone(places));
        Arc::new(Self { api, places, queue: Queue::new(), terminating: Mutex::default() })
    }

    pub(super) async fn run(self: Arc<Self>) {
        self.queue.work(NAME, WIDTH, 0, |namespace| self.look_at(namespace)).await;
    }

    async fn look_at(&self, name: String) -> Outcome {
        match self.end(&name).await {
            Ok(0) => Outcome::Done,
            Ok(estimate) => Outcome::Again(Duration::from_secs(u64::try_from(estimate / 2 + 1).unwrap_or(1))),
            Err(status) => outcome(Err(status)),
        }
    }

    /// Empties a namespace and lets it go. Says in how many seconds what remains may have gone.
    async fn end(&self, name: &str) -> Result<i64, Status> {
        let api = &self.api;
        let table = &api.registry.table;
        let Some(resource) = table.resource("", "v1", "namespaces") else { return Ok(0) };
        let Some(namespace) = core(api, "namespaces", "", name)?.filter(metadata::is_deleting) else {
            return Ok(0);
        };
        let uid = metadata::text(&namespace, "uid");
        let status = Target { subresource: "status", ..Target::of(resource, name, name) };
        if namespace.dotted("status.phase").and_then(Value::as_str) != Some("Terminating") {
            edit(api, status, uid, &mut |namespace| {
                if let Some(status) = namespace.object_at("status") {
                    status.set("phase", "Terminating".into());
                }
            })
            .await?;
        }
        if finalizers(&namespace).is_empty() {
            return Ok(0);
        }
        let (remains, estimate) = self.empty(name, &namespace).await;
        let now = clock::rfc3339();
        if conditions::write(&mut namespace.clone(), &remains, &now) {
            let mut write = |namespace: &mut Value| {
                conditions::write(namespace, &remains, &now);
            };
            if let Err(why) = edit(api, status, uid, &mut write).await {
                tracing::warn!(controller = NAME, namespace = name, %why, "what remains could not be said");
            }
        }
        if !remains.errors.is_empty() {
            return Err(Status::internal(&remains.errors.join(", ")));
        }
        if estimate == 0 {
            let finalize = Target { subresource: "finalize", ..status };
            edit(api, finalize, uid, &mut without_finalizer).await?;
        }
        Ok(estimate)
    }

    async fn empty(&self, name: &str, namespace: &Value) -> (Remains, i64) {
        let table = &self.api.registry.table;
        let deleted = Timestamp::parse_rfc3339(metadata::text(namespace, "deletionTimestamp"));
        let since = deleted.map_or(0, |at| clock::seconds().saturating_sub(at.seconds()));
        let mut all = self.places.all(table);
        all.retain(|resource| resource.namespaced && resource.has_verb("delete"));
        // Pods go first: nothing that they may need is taken from under them.
        all.sort_by_key(|resource| !is_pods(resource));
        let (mut remains, mut longest) = (Remains::default(), 0);
        for resource in all {
            let emptied = match self.delete_all(resource, name, since).await {
                Ok(emptied) => emptied,
                Err(status) => Emptied { estimate: 0, left: Vec::new(), error: Some(status.message) },
            };
            longest = longest.max(emptied.estimate);
            remains.errors.extend(emptied.error);
            remains.add(resource, &emptied.left);
            if is_pods(resource) && !emptied.left.is_empty() {
                return (remains, longest);
            }
        }
        remains.is_whole = true;
        (remains, longest)
    }

    /// Deletes the objects of a resource in a namespace that has been going for some seconds.
    async fn delete_all(&self, resource: &Resource, namespace: &str, since: i64) -> Result<Emptied, Status> {
        let entries = self.entries(resource, namespace)?;
        let mut estimate = 0;
        if is_pods(resource) {
            let pods: Result<Vec<Value>, Status> = entries.iter().map(codec::decode).collect();
            estimate = pods?.iter().map(grace).max().unwrap_or_default();
            estimate = if since >= estimate { 0 } else { estimate };
        }
        for batch in entries.chunks(BATCH) {
            let deletes = batch.iter().map(|entry| self.delete(resource, namespace, entry));
            for outcome in join_all(deletes).await {
                if let Err(status) = outcome {
                    return Ok(Emptied { estimate, left: Vec::new(), error: Some(status.message) });
                }
            }
        }
        if entries.is_empty() {
            return Ok(Emptied { estimate: 0, left: Vec::new(), error: None });
        }
        let left: Result<Vec<Value>, Status> =
            self.entries(resource, namespace)?.iter().map(codec::decode).collect();
        let left = left?;
        let mut error = None;
        if left.is_empty() {
            estimate = 0;
        } else if estimate == 0 && left.iter().any(|object| !metadata::finalizers(object).is_empty()) {
            estimate = FINALIZERS_TAKE;
        } else if estimate == 0 {
            error = Some(format!(
                "unexpected items still remain in namespace: {namespace} for gvr: {}/{}, Resource={}",
                resource.group, resource.version, resource.plural
            ));
        }
        Ok(Emptied { estimate, left, error })
    }

    fn entries(&self, resource: &Resource, namespace: &str) -> Result<Vec<Entry>, Status> {
        let prefix = format!("{}{namespace}/", prefix(&resource.group, &resource.plural));
        let page = self.api.registry.store.range(&Range::of(&prefix)).map_err(|error| refused(&error))?;
        Ok(page.entries)
    }

    async fn delete(&self, resource: &Resource, namespace: &str, entry: &Entry) -> Result<(), Status> {
        let Some((_, name)) = entry.key.rsplit_once('/') else { return Ok(()) };
        let options =
            DeleteOptions { propagation: Some("Background".to_owned()), ..DeleteOptions::default() };
        let target = Target::of(resource, namespace, name);
        match delete::object(&self.api, &mut Act::of_server(), target, &options).await {
            Err(status) if status.reason != "NotFound" => Err(status),
            _ => Ok(()),
        }
    }
}

fn is_pods(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "pods"
}

/// How many seconds a pod may take to end; those that have ended take none.
fn grace(pod: &Value) -> i64 {
    let phase = pod.dotted("status.phase").and_then(Value::as_str).unwrap_or_default();
    if matches!(phase, "Succeeded" | "Failed") {
        return 0;
    }
    pod.dotted("spec.terminationGracePeriodSeconds").and_then(Value::as_int).unwrap_or_default()
}

fn finalizers(namespace: &Value) -> &[Value] {
    namespace.dotted("spec.finalizers").and_then(Value::as_array).unwrap_or_default()
}

fn without_finalizer(namespace: &mut Value) {
    let left: Vec<Value> =
        finalizers(namespace).iter().filter(|it| it.as_str() != Some(FINALIZER)).cloned().collect();
    if let Some(spec) = namespace.object_at("spec") {
        spec.set("finalizers", left.into());
    }
}

impl Observer for Namespaces {
    fn begin(&self) {
        self.terminating.lock().clear();
    }

    fn observe(&self, change: &Change<'_>) {
        if change.folder == "namespaces" {
            let is_going = |entry: &Entry| {
                memchr::memmem::find(&entry.value, b"\"deletionTimestamp\"").is_some()
                    && codec::decode(entry).is_ok_and(|object| metadata::is_deleting(&object))
            };
            if change.current.is_some_and(is_going) {
                let is_new = self.terminating.lock().insert(change.name.to_owned());
                if is_new {
                    self.queue.add(change.name.to_owned());
                }
            } else {
                self.terminating.lock().remove(change.name);
            }
        } else if change.current.is_none() && !change.namespace.is_empty() {
            // Something has gone: perhaps it was the last.
            if self.terminating.lock().contains(change.namespace) {
                self.queue.add_after(change.namespace.to_owned(), SOON);
            }
        }
    }
}
