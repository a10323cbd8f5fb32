//! What has lost its owners goes; owners that are deleted leave their dependents alone, or wait for them.
//!
//! Which objects to look at comes from an index of references; what becomes of one is decided from what the store
//! holds. Owners of kinds that are not served never count as gone, and objects of the cluster whose owners would be in
//! a namespace are left alone.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/garbagecollector`.

use super::index::{Edge, Index};
use super::places::{self, Places};
use super::queue::{Outcome, Queue};
use super::{Change, Observer, edit, outcome, read, remove_finalizer};
use crate::api::Api;
use crate::codec;
use crate::rest::act::{Act, Target};
use crate::rest::deletion::{DeleteOptions, FOREGROUND, ORPHAN};
use crate::rest::{delete, metadata};
use futures_util::future::join_all;
use parking_lot::Mutex;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_store::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const NAME: &str = "garbage-collector-controller";
/// Objects at a time.
const WIDTH: usize = 20;
/// How soon is looked again while not everything is known.
const SOON: Duration = Duration::from_millis(100);

/// What is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    /// The object of a key, as one that has owners, or that waits for its dependents.
    Judge(Arc<str>),
    /// The object of a key, whose dependents are to be left alone.
    Orphan(Arc<str>),
}

/// The loop.
pub(super) struct Garbage {
    api: Arc<Api>,
    places: Arc<Places>,
    queue: Queue<Item>,
    index: Mutex<Index>,
    /// Whether the index knows everything.
    is_complete: AtomicBool,
}

/// A reference to an owner, as an object has it.
struct Reference<'o> {
    api_version: &'o str,
    kind: &'o str,
    name: &'o str,
    uid: &'o str,
    blocks: bool,
}

fn references(object: &Value) -> impl Iterator<Item = Reference<'_>> {
    let list = metadata::get(object, "ownerReferences").and_then(Value::as_array).unwrap_or_default();
    list.iter().map(|reference| {
        let text = |key| reference.field(key).and_then(Value::as_str).unwrap_or_default();
        Reference {
            api_version: text("apiVersion"),
            kind: text("kind"),
            name: text("name"),
            uid: text("uid"),
            blocks: reference.field("blockOwnerDeletion").and_then(Value::as_bool).unwrap_or_default(),
        }
    })
}

/// What an owner is to the one who refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// It is there.
    Solid,
    /// It is not.
    Gone,
    /// It is there until its dependents have gone.
    Waiting,
    /// Whether it is there cannot be known.
    Unknown,
}

fn has_finalizer(object: &Value, name: &str) -> bool {
    metadata::finalizers(object).iter().any(|finalizer| finalizer == name)
}

fn waits_for_dependents(object: &Value) -> bool {
    metadata::is_deleting(object) && has_finalizer(object, FOREGROUND)
}

fn remove_references(object: &mut Value, uids: &[String]) {
    let Some(metadata) = object.object_at("metadata") else { return };
    let Some(list) = metadata.get_mut("ownerReferences").and_then(Value::as_array_mut) else { return };
    list.retain(|it| {
        !it.field("uid").and_then(Value::as_str).is_some_and(|uid| uids.iter().any(|one| one == uid))
    });
    if list.is_empty() {
        metadata.remove("ownerReferences");
    }
}

fn unblock(object: &mut Value) {
    let Some(metadata) = object.object_at("metadata") else { return };
    let list = metadata.get_mut("ownerReferences").and_then(Value::as_array_mut);
    for reference in list.into_iter().flatten().filter_map(Value::as_object_mut) {
        if reference.get("blockOwnerDeletion").and_then(Value::as_bool) == Some(true) {
            reference.set("blockOwnerDeletion", false.into());
        }
    }
}

impl Garbage {
    pub(super) fn new(api: &Arc<Api>, places: &Arc<Places>) -> Arc<Self> {
        let (api, places) = (Arc::clone(api), Arc::clone(places));
        let is_complete = AtomicBool::new(false);
        Arc::new(Self { api, places, queue: Queue::new(), index: Mutex::default(), is_complete })
    }

    pub(super) async fn run(self: Arc<Self>) {
        self.queue.work(NAME, WIDTH, 0, |item| self.look_at(item)).await;
    }

    async fn look_at(&self, item: Item) -> Outcome {
        if !self.is_complete.load(Ordering::Acquire) {
            return Outcome::Again(SOON);
        }
        outcome(match &item {
            Item::Judge(key) => self.judge(key).await,
            Item::Orphan(key) => self.orphan(key).await,
        })
    }

    /// Decides about an object that has owners, or that waits for its dependents.
    async fn judge(&self, key: &str) -> Result<(), Status> {
        let Some(object) = read(&self.api, key)? else { return Ok(()) };
        let Some((resource, parts)) = places::find(&self.places, &self.api.registry.table, key) else {
            return Ok(());
        };
        if !resource.has_verb("delete") {
            return Ok(());
        }
        let target = Target::of(resource, parts.namespace, parts.name);
        let uid = metadata::text(&object, "uid");
        if waits_for_dependents(&object) {
            let is_blocked = {
                let index = self.index.lock();
                index.is_blocked(index.hash(uid))
            };
            return if is_blocked {
                Ok(())
            } else {
                remove_finalizer(&self.api, target, uid, FOREGROUND).await
            };
        }
        if metadata::is_deleting(&object) {
            return Ok(());
        }
        let (mut solid, mut lost, mut waiting) = (0_usize, Vec::new(), false);
        for reference in references(&object) {
            match self.owner(&reference, parts.namespace)? {
                Owner::Unknown => return Ok(()),
                Owner::Solid => solid += 1,
                Owner::Gone => lost.push(reference.uid.to_owned()),
                Owner::Waiting => {
                    waiting = true;
                    lost.push(reference.uid.to_owned());
                }
            }
        }
        match (solid, lost.is_empty()) {
            (_, true) => Ok(()),
            (0, false) => self.collect(target, &object, waiting).await,
            // Owners that wait would wait for ever.
            (_, false) => edit(&self.api, target, uid, &mut |object| remove_references(object, &lost)).await,
        }
    }

    /// Deletes an object without owners. Where one of them waits and the object has dependents, it waits for those.
    async fn collect(&self, target: Target<'_>, object: &Value, owner_waits: bool) -> Result<(), Status> {
        let uid = metadata::text(object, "uid");
        let (has_dependents, may_be_a_circle) = {
            let index = self.index.lock();
            let hash = index.hash(uid);
            (index.dependents(hash).next().is_some(), index.has_waiting_dependent(hash))
        };
        let mut version = Some(metadata::text(object, "resourceVersion").to_owned());
        let propagation = if owner_waits && has_dependents {
            if may_be_a_circle {
                edit(&self.api, target, uid, &mut unblock).await?;
                version = None;
            }
            "Foreground"
        } else if has_finalizer(object, ORPHAN) {
            "Orphan"
        } else if has_finalizer(object, FOREGROUND) {
            "Foreground"
        } else {
            "Background"
        };
        let options = DeleteOptions {
            uid: Some(uid.to_owned()),
            resource_version: version,
            propagation: Some(propagation.to_owned()),
            ..DeleteOptions::default()
        };
        tracing::debug!(controller = NAME, resource = %target.resource.plural, namespace = target.namespace, name = target.name, propagation, "no owner is left");
        delete::object(&self.api, &mut Act::of_server(), target, &options).await.map(drop)
    }

    /// What an owner is, that an object in a namespace, or in none, refers to.
    fn owner(&self, reference: &Reference<'_>, namespace: &str) -> Result<Owner, Status> {
        let registry = &self.api.registry;
        let (group, version) = reference.api_version.split_once('/').unwrap_or(("", reference.api_version));
        let served = registry.table.kind(group, version, reference.kind).filter(|it| it.has_verb("get"));
        let Some(resource) = served else { return Ok(Owner::Unknown) };
        if resource.namespaced && namespace.is_empty() {
            return Ok(Owner::Unknown);
        }
        let place = if resource.namespaced { namespace } else { "" };
        let owner = registry.stored(&resource.group, &resource.plural, place, reference.name)?;
        Ok(match owner {
            Some(owner) if metadata::text(&owner, "uid") == reference.uid => {
                if waits_for_dependents(&owner) {
                    Owner::Waiting
                } else {
                    Owner::Solid
                }
            }
            _ => Owner::Gone,
        })
    }

    /// Takes an owner out of the references of its dependents, then lets it go.
    async fn orphan(&self, key: &str) -> Result<(), Status> {
        let Some(owner) = read(&self.api, key)? else { return Ok(()) };
        if !metadata::is_deleting(&owner) || !has_finalizer(&owner, ORPHAN) {
            return Ok(());
        }
        let Some((resource, parts)) = places::find(&self.places, &self.api.registry.table, key) else {
            return Ok(());
        };
        let uid = metadata::text(&owner, "uid");
        let dependents: Vec<Arc<str>> = {
            let index = self.index.lock();
            index.dependents(index.hash(uid)).cloned().collect()
        };
        for batch in dependents.chunks(WIDTH) {
            let freed = join_all(batch.iter().map(|dependent| self.free(dependent, uid))).await;
            freed.into_iter().collect::<Result<(), Status>>()?;
        }
        remove_finalizer(&self.api, Target::of(resource, parts.namespace, parts.name), uid, ORPHAN).await
    }

    /// Takes an owner out of the references of one dependent.
    async fn free(&self, key: &str, owner: &str) -> Result<(), Status> {
        let Some(object) = read(&self.api, key)? else { return Ok(()) };
        let Some((resource, parts)) = places::find(&self.places, &self.api.registry.table, key) else {
            return Ok(());
        };
        if !references(&object).any(|reference| reference.uid == owner) {
            return Ok(());
        }
        let owners = [owner.to_owned()];
        let target = Target::of(resource, parts.namespace, parts.name);
        let uid = metadata::text(&object, "uid");
        match edit(&self.api, target, uid, &mut |object| remove_references(object, &owners)).await {
            Err(status) if status.reason == "NotFound" => Ok(()),
            result => result,
        }
    }

    /// An object is there: to whom it refers, and whether it waits.
    fn is_there(&self, index: &mut Index, key: &Arc<str>, object: Option<&Value>) {
        let edges: Vec<Edge> = object
            .into_iter()
            .flat_map(references)
            .map(|reference| Edge { owner: index.hash(reference.uid), blocks: reference.blocks })
            .collect();
        let before = index.set(key, &edges);
        for edge in before.iter().filter(|edge| edge.blocks && !edges.contains(edge)) {
            if let Some(owner) = index.waiting(edge.owner) {
                self.queue.add(Item::Judge(Arc::clone(owner)));
            }
        }
        if edges.iter().any(|edge| !before.iter().any(|known| known.owner == edge.owner)) {
            self.queue.add(Item::Judge(Arc::clone(key)));
        }
        let Some(object) = object.filter(|object| metadata::is_deleting(object)) else { return };
        let owner = index.hash(metadata::text(object, "uid"));
        if has_finalizer(object, ORPHAN) {
            self.queue.add(Item::Orphan(Arc::clone(key)));
        } else if has_finalizer(object, FOREGROUND) {
            index.wait(owner, key);
            for dependent in index.dependents(owner) {
                self.queue.add(Item::Judge(Arc::clone(dependent)));
            }
            self.queue.add(Item::Judge(Arc::clone(key)));
        }
    }

    /// An object is gone: its dependents have lost an owner, and owners that waited for it may go.
    fn is_gone(&self, index: &mut Index, key: &Arc<str>, previous: Option<&Entry>) {
        for edge in index.set(key, &[]) {
            if let Some(owner) = index.waiting(edge.owner) {
                self.queue.add(Item::Judge(Arc::clone(owner)));
            }
        }
        if index.is_empty() {
            return;
        }
        let Some(object) = previous.and_then(|entry| codec::decode(entry).ok()) else { return };
        for dependent in index.dependents(index.hash(metadata::text(&object, "uid"))) {
            self.queue.add(Item::Judge(Arc::clone(dependent)));
        }
    }
}

impl Observer for Garbage {
    fn begin(&self) {
        self.is_complete.store(false, Ordering::Release);
        self.index.lock().clear();
    }

    fn observe(&self, change: &Change<'_>) {
        if change.folder == "events" {
            return;
        }
        let mut index = self.index.lock();
        if !index.is_idle() {
            index.wait_no_more(change.key);
        }
        let Some(current) = change.current else {
            self.is_gone(&mut index, change.key, change.previous);
            return;
        };
        let says = |text: &[u8]| memchr::memmem::find(&current.value, text).is_some();
        let is_of_interest = says(b"\"ownerReferences\"")
            || (says(b"\"deletionTimestamp\"") && (says(b"\"orphan\"") || says(b"\"foregroundDeletion\"")));
        let object = if is_of_interest { codec::decode(current).ok() } else { None };
        self.is_there(&mut index, change.key, object.as_ref());
    }

    fn is_complete(&self) {
        self.is_complete.store(true, Ordering::Release);
    }
}
