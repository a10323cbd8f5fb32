//! Quotas know what they limit and how much of it is used.
//!
//! Admission charges what comes; here is counted anew when a quota is made or changed, when something that may count
//! goes or ends, and every five minutes.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/resourcequota`.

use super::queue::{Outcome, Queue};
use super::{Change, Observer, core, outcome};
use crate::api::Api;
use crate::cluster::View;
use crate::codec;
use crate::rest::act::{Act, Target};
use crate::rest::metadata;
use crate::rest::replace::{self, Conditions};
use parking_lot::Mutex;
use ravelin_admit::quota::{World, recalculated};
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_store::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const NAME: &str = "resourcequota-controller";
/// Quotas at a time.
const WIDTH: usize = 4;
/// How many times as long as it counts it rests.
const REST: u32 = 4;
/// How often everything is counted anew.
const PERIOD: Duration = Duration::from_secs(300);

/// A quota: its namespace, its name.
type Item = (String, String);

/// The loop.
pub(super) struct Quotas {
    api: Arc<Api>,
    queue: Queue<Item>,
    /// The quotas there are, by namespace.
    known: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

impl Quotas {
    pub(super) fn new(api: &Arc<Api>) -> Arc<Self> {
        Arc::new(Self { api: Arc::clone(api), queue: Queue::new(), known: Mutex::default() })
    }

    pub(super) async fn run(self: Arc<Self>) {
        let mut period = tokio::time::interval(PERIOD);
        period.tick().await;
        let again = async {
            loop {
                period.tick().await;
                self.all();
            }
        };
        let work = self.queue.work(NAME, WIDTH, REST, |item| self.look_at(item));
        tokio::join!(again, work);
    }

    fn all(&self) {
        for (namespace, names) in &*self.known.lock() {
            for name in names {
                self.queue.add((namespace.clone(), name.clone()));
            }
        }
    }

    async fn look_at(&self, (namespace, name): Item) -> Outcome {
        outcome(self.count(&namespace, &name).await)
    }

    /// Counts, and writes what was counted provided that the quota is as it was.
    async fn count(&self, namespace: &str, name: &str) -> Result<(), Status> {
        let api = &self.api;
        let Some(resource) = api.registry.table.resource("", "v1", "resourcequotas") else { return Ok(()) };
        let Some(quota) = core(api, "resourcequotas", namespace, name)? else { return Ok(()) };
        let counted = {
            let (api, quota) = (Arc::clone(api), quota.clone());
            let count = move || {
                let now = Duration::from_millis(crate::clock::millis());
                recalculated(&quota, World { now, cluster: &View { api: &api } })
            };
            tokio::task::spawn_blocking(count).await.map_err(|error| Status::internal(&error.to_string()))?
        };
        if counted.changed {
            let status = counted.to_value();
            let target = Target { subresource: "status", ..Target::of(resource, namespace, name) };
            let conditions =
                Conditions { uid: Some(metadata::text(&quota, "uid").to_owned()), may_create: false };
            let mut make = |existing: &Value, act: &mut Act| {
                let mut made = quota.clone();
                if let Some(made) = made.as_object_mut() {
                    made.set("status", status.clone());
                }
                replace::admitted(api, act, target, made, existing)
            };
            replace::replace(api, &mut Act::of_server(), target, &conditions, &mut make).await?;
        }
        match counted.error {
            None => Ok(()),
            Some(why) => Err(Status::internal(&why)),
        }
    }

    fn quota_changed(&self, change: &Change<'_>) {
        let (namespace, name) = (change.namespace.to_owned(), change.name.to_owned());
        let mut known = self.known.lock();
        let Some(current) = change.current else {
            if let Some(names) = known.get_mut(&namespace) {
                names.remove(&name);
                if names.is_empty() {
                    known.remove(&namespace);
                }
            }
            return;
        };
        known.entry(namespace.clone()).or_default().insert(name.clone());
        drop(known);
        // Admission writes what it charges into the status: no reason to count.
        let spec = |entry: &Entry| codec::decode(entry).ok().and_then(|object| object.field("spec").cloned());
        if change.previous.is_none_or(|previous| spec(previous) != spec(current)) {
            self.queue.add((namespace, name));
        }
    }
}

/// Whether what is there uses less than before, or may count for other quotas: a pod that has ended or is ending, a
/// service of another type, a claim of another size or class.
///
/// Source: `k8s.io/kubernetes/pkg/quota/v1/install/update_filter.go`.
fn may_free(folder: &str, previous: &Entry, current: &Entry) -> bool {
    let paths: &[&str] = match folder {
        "pods" => &[
            "status.phase",
            "metadata.deletionTimestamp",
            "metadata.deletionGracePeriodSeconds",
            "spec.activeDeadlineSeconds",
            "status.containerStatuses",
        ],
        "services/specs" => &["spec.type"],
        "persistentvolumeclaims" => {
            &["spec.resources", "spec.volumeAttributesClassName", "status.currentVolumeAttributesClassName"]
        }
        _ => return false,
    };
    let (Ok(previous), Ok(current)) = (codec::decode(previous), codec::decode(current)) else { return true };
    paths.iter().any(|path| previous.dotted(path) != current.dotted(path))
}

impl Observer for Quotas {
    fn begin(&self) {
        self.known.lock().clear();
    }

    fn observe(&self, change: &Change<'_>) {
        if change.folder == "resourcequotas" {
            self.quota_changed(change);
        }
        let Some(previous) = change.previous.filter(|_| change.folder != "events") else { return };
        let quotas = match self.known.lock().get(change.namespace) {
            None => return,
            Some(names) => names.clone(),
        };
        if change.current.is_none_or(|current| may_free(change.folder, previous, current)) {
            for name in quotas {
                self.queue.add((change.namespace.to_owned(), name));
            }
        }
    }
}
