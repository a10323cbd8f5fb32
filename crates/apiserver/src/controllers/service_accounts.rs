//! Every active namespace has a service account `default`.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/serviceaccount/serviceaccounts_controller.go`.

use super::queue::{Outcome, Queue};
use super::{Change, Observer, is_active, map, outcome};
use crate::api::Api;
use crate::registry::key;
use crate::rest::act::Act;
use crate::rest::create;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_store::Start;
use std::sync::Arc;
use std::time::Duration;

const NAME: &str = "serviceaccount-controller";
/// The account that pods have which name none.
const DEFAULT: &str = "default";
/// Namespaces at a time.
const WIDTH: usize = 16;
/// How long a pod waits for its account.
const PATIENCE: Duration = Duration::from_secs(1);

/// The loop. Its items are namespaces.
pub(super) struct ServiceAccounts {
    api: Arc<Api>,
    queue: Queue<String>,
}

impl ServiceAccounts {
    pub(super) fn new(api: &Arc<Api>) -> Arc<Self> {
        Arc::new(Self { api: Arc::clone(api), queue: Queue::new() })
    }

    /// Looks at what waits.
    pub(super) async fn settle(&self) {
        self.queue.work_off(NAME, WIDTH, |namespace| self.look_at(namespace)).await;
    }

    pub(super) async fn run(self: Arc<Self>) {
        self.queue.work(NAME, WIDTH, 0, |namespace| self.look_at(namespace)).await;
    }

    async fn look_at(&self, namespace: String) -> Outcome {
        outcome(self.ensure(&namespace).await)
    }

    async fn ensure(&self, namespace: &str) -> Result<(), Status> {
        let api = &self.api;
        if !is_active(api, namespace)?
            || api.registry.entry("", "serviceaccounts", namespace, DEFAULT)?.is_some()
        {
            return Ok(());
        }
        let Some(resource) = api.registry.table.resource("", "v1", "serviceaccounts") else { return Ok(()) };
        let object = map([
            ("kind", "ServiceAccount".into()),
            ("apiVersion", "v1".into()),
            ("metadata", map([("name", DEFAULT.into()), ("namespace", namespace.into())])),
        ]);
        match create::new_object(api, &mut Act::of_server(), resource, namespace, object).await {
            Err(status) if status.reason != "AlreadyExists" => Err(status),
            _ => Ok(()),
        }
    }
}

/// Waits, for a while, until the account `default` of a namespace is there, where a new pod will have it: a namespace
/// that was made just now gets it in a moment.
///
/// Source: `k8s.io/kubernetes/plugin/pkg/admission/serviceaccount` `getServiceAccount`, which asks ten times.
pub(crate) async fn awaited(api: &Api, namespace: &str, pod: &Value) {
    let named = pod.dotted("spec.serviceAccountName").and_then(Value::as_str).unwrap_or_default();
    if !api.makes_accounts || !matches!(named, "" | DEFAULT) {
        return;
    }
    let is_there = || !matches!(api.registry.entry("", "serviceaccounts", namespace, DEFAULT), Ok(None));
    if is_there() || !is_active(api, namespace).unwrap_or_default() {
        return;
    }
    let key = key("", "serviceaccounts", namespace, DEFAULT);
    let Ok(mut watcher) = api.registry.store.watch(&key, Start::Now) else { return };
    if !is_there() {
        // Too late is as good as never: admission says so.
        let _ = tokio::time::timeout(PATIENCE, watcher.next_event()).await;
    }
}

impl Observer for ServiceAccounts {
    fn observe(&self, change: &Change<'_>) {
        match change.folder {
            "namespaces" if change.current.is_some() => self.queue.add(change.name.to_owned()),
            "serviceaccounts" if change.current.is_none() && change.name == DEFAULT => {
                self.queue.add(change.namespace.to_owned());
            }
            _ => {}
        }
    }
}
