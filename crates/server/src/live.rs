//! A live cluster: what the webhook watches in it, and what it writes to it.
//!
//! Requests are written by hand over the client's connection, and answers are read as untyped values: three kinds are
//! read and one is written, of which decisions read little. Source of paths and parameters:
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/>.

pub(crate) mod configuration;
pub(crate) mod existing;
pub(crate) mod pods;
pub(crate) mod secret;
pub(crate) mod watch;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use kube::Client;
use ravelin_object::{Value, read};
use ravelin_yaml::Limits;
use std::time::Duration;

/// The largest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 256 * 1024 * 1024;

/// How long one answer may take, watches aside.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// An answer of the API server: its status and its body.
struct Answer {
    status: StatusCode,
    value: Value,
}

impl Answer {
    /// The body of a success.
    fn success(self, what: &str) -> anyhow::Result<Value> {
        if self.status.is_success() {
            return Ok(self.value);
        }
        let message =
            self.value.field("message").and_then(Value::as_str).unwrap_or("no reason given").to_owned();
        anyhow::bail!("{what}: the API server answered {}: {message}", self.status.as_u16())
    }
}

/// Asks once, and reads the answer.
async fn ask(
    client: &Client,
    method: Method,
    path: &str,
    content: Option<(&str, Vec<u8>)>,
) -> anyhow::Result<Answer> {
    let (status, body) = fetch(client, method, path, content).await?;
    Ok(Answer { status, value: value(&body).unwrap_or(Value::Null) })
}

/// Asks once; the answer is not read yet, for that takes time where it is large.
async fn fetch(
    client: &Client,
    method: Method,
    path: &str,
    content: Option<(&str, Vec<u8>)>,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let mut request = Request::builder().method(method).uri(path).header(ACCEPT, "application/json");
    let mut bytes = Vec::new();
    if let Some((content_type, body)) = content {
        request = request.header(CONTENT_TYPE, content_type);
        bytes = body;
    }
    let request = request.body(kube::client::Body::from(bytes))?;
    let answer = async {
        let response = client.send(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_LIMIT).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
        Ok((status, body))
    };
    let answer: anyhow::Result<(StatusCode, Bytes)> =
        tokio::time::timeout(ANSWER_TIME, answer).await.context("it took too long")?;
    answer.with_context(|| format!("asking the API server for {path}"))
}

fn value(bytes: &[u8]) -> anyhow::Result<Value> {
    let text = std::str::from_utf8(bytes).context("an answer that is no text")?;
    read::json(text, &Limits::STANDARD).context("an answer that is no JSON")?.value.context("an empty answer")
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.dotted(path).and_then(Value::as_str).unwrap_or_default()
}
