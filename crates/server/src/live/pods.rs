//! The pods of a namespace, listed when it is to enforce more.

use super::{ask, text};
use crate::webhook::Pods;
use http::Method;
use kube::Client;
use ravelin_object::{Value, list};
use ravelin_podsec::admission::LookupError;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// Lists pods from a cluster, as upstream's webhook does: rarely, and without keeping them.
pub(crate) struct LivePods {
    /// The way to the cluster.
    pub(crate) client: Client,
    /// Where the asking is done; the asker waits.
    pub(crate) runtime: Handle,
}

impl std::fmt::Debug for LivePods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LivePods").finish_non_exhaustive()
    }
}

/// How many pods are listed at a time.
const PAGE: usize = 500;

impl Pods for LivePods {
    fn list(&self, namespace: &str, time: Duration) -> Result<Vec<Arc<Value>>, LookupError> {
        if !is_name(namespace) {
            return Err(LookupError("the name of the namespace is none".to_owned()));
        }
        let listed = self.runtime.block_on(tokio::time::timeout(time, pages(&self.client, namespace)));
        match listed {
            Ok(Ok(pods)) => Ok(pods),
            Ok(Err(error)) => Err(LookupError(format!("{error:#}"))),
            Err(_) => Err(LookupError("context deadline exceeded".to_owned())),
        }
    }
}

async fn pages(client: &Client, namespace: &str) -> anyhow::Result<Vec<Arc<Value>>> {
    let mut pods = Vec::new();
    let mut token = String::new();
    loop {
        let path = format!(
            "/api/v1/namespaces/{namespace}/pods?limit={PAGE}&continue={}",
            super::watch::escaped(&token)
        );
        let page = ask(client, Method::GET, &path, None).await?.success("listing pods")?;
        token = text(&page, "metadata.continue").to_owned();
        pods.extend(list::into_items(page).into_iter().map(|pod| Arc::new(slim(pod))));
        if token.is_empty() {
            return Ok(pods);
        }
    }
}

/// A pod without what no decision reads.
fn slim(pod: Value) -> Value {
    let Value::Object(mut pod) = pod else { return pod };
    pod.remove("status");
    if let Some(Value::Object(mut metadata)) = pod.remove("metadata") {
        metadata.remove("managedFields");
        pod.set("metadata", Value::Object(metadata));
    }
    Value::Object(pod)
}

/// Whether it is a name that can stand in a path.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
