//! Every active namespace has a config map with the authorities of the server.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher/publisher.go`.

use super::queue::{Outcome, Queue};
use super::{Change, Observer, core, edit, is_active, map, outcome};
use crate::api::Api;
use crate::rest::act::{Act, Target};
use crate::rest::{create, metadata};
use ravelin_object::status::Status;
use ravelin_object::{Map, Value};
use std::sync::Arc;

const NAME: &str = "root-ca-certificate-publisher-controller";
/// The config map.
const CONFIG_MAP: &str = "kube-root-ca.crt";
const ANNOTATION: &str = "kubernetes.io/description";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
     endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across \
     distributions of Kubernetes clusters.";
/// Namespaces at a time.
const WIDTH: usize = 16;

/// The loop. Its items are namespaces.
pub(super) struct RootCertificates {
    api: Arc<Api>,
    queue: Queue<String>,
    /// What stands in the config map.
    data: Value,
}

impl RootCertificates {
    pub(super) fn new(api: &Arc<Api>, root_authority: String) -> Arc<Self> {
        Arc::new(Self {
            api: Arc::clone(api),
            queue: Queue::new(),
            data: map([("ca.crt", root_authority.into())]),
        })
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
        let Some(resource) = api.registry.table.resource("", "v1", "configmaps") else { return Ok(()) };
        let Some(found) = core(api, "configmaps", namespace, CONFIG_MAP)? else {
            if !is_active(api, namespace)? {
                return Ok(());
            }
            let object = self.object(namespace);
            return create::new_object(api, &mut Act::of_server(), resource, namespace, object)
                .await
                .map(drop);
        };
        if self.is_right(&found) {
            return Ok(());
        }
        let uid = metadata::text(&found, "uid").to_owned();
        edit(api, Target::of(resource, namespace, CONFIG_MAP), &uid, &mut |object| self.repair(object)).await
    }

    fn object(&self, namespace: &str) -> Value {
        let annotations = map([(ANNOTATION, DESCRIPTION.into())]);
        let metadata =
            map([("name", CONFIG_MAP.into()), ("namespace", namespace.into()), ("annotations", annotations)]);
        map([
            ("kind", "ConfigMap".into()),
            ("apiVersion", "v1".into()),
            ("metadata", metadata),
            ("data", self.data.clone()),
        ])
    }

    /// Whether the data is ours and there is a description, whatever it says.
    fn is_right(&self, object: &Value) -> bool {
        let description = metadata::get(object, "annotations").and_then(|all| all.field(ANNOTATION));
        object.field("data") == Some(&self.data)
            && description.and_then(Value::as_str).is_some_and(|it| !it.is_empty())
    }

    fn repair(&self, object: &mut Value) {
        let mut annotations =
            metadata::get(object, "annotations").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
        annotations.set(ANNOTATION, DESCRIPTION.into());
        metadata::set(object, "annotations", annotations.into());
        if let Some(object) = object.as_object_mut() {
            object.set("data", self.data.clone());
        }
    }
}

impl Observer for RootCertificates {
    fn observe(&self, change: &Change<'_>) {
        match change.folder {
            "namespaces" if change.current.is_some() => self.queue.add(change.name.to_owned()),
            "configmaps" if change.name == CONFIG_MAP => self.queue.add(change.namespace.to_owned()),
            _ => {}
        }
    }
}
