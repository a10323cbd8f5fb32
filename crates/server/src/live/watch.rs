//! The watch over the namespaces of a cluster: a list, then every change, and again from the list where that breaks.
//!
//! Only metadata is asked for, so that memory grows with labels, not with objects. Bookmarks tell that nothing was
//! missed; without them for too long the connection is given up as dead.
//! Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>.

use super::{Answer, text, value};
use crate::webhook::Namespaces;
use anyhow::Context as _;
use futures_util::AsyncBufReadExt as _;
use http::header::ACCEPT;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use kube::Client;
use ravelin_object::{Value, list};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long one watch lasts; the server ends it then, and the next begins where it ended.
const WATCH: Duration = Duration::from_secs(120);

/// How long a watch may be silent: bookmarks come about once a minute.
const SILENCE: Duration = Duration::from_secs(150);

/// The shortest time from one watch to the next.
const SHORTEST: Duration = Duration::from_secs(1);

/// How many namespaces are listed at a time.
const PAGE: usize = 500;

const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// Watches for ever.
pub(crate) async fn run(client: Client, namespaces: Arc<Namespaces>) {
    let mut pause = Pause::default();
    loop {
        match follow(&client, &namespaces, &mut pause).await {
            Ok(()) => tracing::debug!("the watch over namespaces begins anew"),
            Err(error) => tracing::warn!(error = format!("{error:#}"), "the watch over namespaces broke"),
        }
        pause.wait().await;
    }
}

/// How long to wait before the next try: longer each time, shorter after success.
#[derive(Debug, Default)]
struct Pause(u32);

impl Pause {
    async fn wait(&mut self) {
        let millis = 250_u64 << self.0.min(7);
        self.0 += 1;
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

/// Lists, then watches until the list is too old to go on from, or something breaks.
async fn follow(client: &Client, namespaces: &Namespaces, pause: &mut Pause) -> anyhow::Result<()> {
    let (found, mut version) = list(client).await?;
    tracing::info!(count = found.len(), "namespaces listed");
    namespaces.replace(found);
    *pause = Pause::default();
    loop {
        let begin = Instant::now();
        match watch(client, namespaces, &version).await? {
            Some(next) => version = next,
            None => return Ok(()),
        }
        // Something between here and the server may end every watch at once.
        tokio::time::sleep_until(begin + SHORTEST).await;
    }
}

async fn list(client: &Client) -> anyhow::Result<(Vec<Value>, String)> {
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let path = format!("/api/v1/namespaces?limit={PAGE}&continue={}", escaped(&token));
        let request = Request::get(path).header(ACCEPT, METADATA_LIST).body(kube::client::Body::empty())?;
        let response = tokio::time::timeout(super::ANSWER_TIME, client.send(request))
            .await
            .context("it took too long")??;
        let status = response.status();
        let body = Limited::new(response.into_body(), super::ANSWER_LIMIT).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
        let page = Answer { status, value: value(&body)? }.success("listing namespaces")?;
        let version = text(&page, "metadata.resourceVersion").to_owned();
        token = text(&page, "metadata.continue").to_owned();
        found.extend(list::into_items(page));
        if token.is_empty() {
            return Ok((found, version));
        }
    }
}

/// Watches from a version; the version to go on from, or nothing where it has to be listed again.
async fn watch(client: &Client, namespaces: &Namespaces, from: &str) -> anyhow::Result<Option<String>> {
    let path = format!(
        "/api/v1/namespaces?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
        WATCH.as_secs(),
        escaped(from)
    );
    let request = Request::get(path).header(ACCEPT, METADATA).body(Vec::new())?;
    let stream = match tokio::time::timeout(super::ANSWER_TIME, client.request_stream(request)).await {
        Err(_) => anyhow::bail!("the watch did not begin in time"),
        Ok(Err(kube::Error::Api(status))) if status.code == StatusCode::GONE.as_u16() => return Ok(None),
        Ok(stream) => stream.context("watching namespaces")?,
    };
    // The server answered: up to here nothing was missed.
    namespaces.confirm();
    let mut lines = Box::pin(stream).lines();
    let mut version = from.to_owned();
    loop {
        let line = tokio::time::timeout(SILENCE, futures_util::StreamExt::next(&mut lines)).await;
        let Some(line) = line.context("the watch was silent for too long")? else { return Ok(Some(version)) };
        let event = value(line.context("the watch broke off")?.as_bytes())?;
        let object = event.field("object").unwrap_or(&Value::Null);
        match text(&event, "type") {
            "ADDED" | "MODIFIED" => namespaces.put(object),
            "DELETED" => namespaces.remove(object),
            "BOOKMARK" => namespaces.confirm(),
            "ERROR" => {
                tracing::debug!(
                    reason = text(object, "reason"),
                    "the watch over namespaces has to begin anew"
                );
                return Ok(None);
            }
            _ => {}
        }
        let next = text(object, "metadata.resourceVersion");
        if !next.is_empty() {
            next.clone_into(&mut version);
        }
    }
}

/// A value for a query.
pub(super) fn escaped(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
