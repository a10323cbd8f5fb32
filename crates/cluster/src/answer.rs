//! One request, and what came back: a body within limits, wiped when it is done with.

use crate::fault::chain;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::client::Body;
use serde::Deserialize;
use std::time::Duration;
use zeroize::{Zeroize, Zeroizing};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// Path and query.
    pub path: &'a str,
    /// The media type that is wanted.
    pub accept: &'static str,
    /// Whether the answer may be compressed. Not where it holds secrets: a decompressor keeps what it has seen.
    pub compressed: bool,
    /// The largest body, in bytes.
    pub limit: usize,
}

/// JSON, as the API serves it.
pub(crate) const JSON: &str = "application/json";

/// The metadata of every object of a list and nothing else, as JSON.
/// Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources>.
pub(crate) const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// What came back.
pub(crate) struct Answer {
    /// The status.
    pub status: StatusCode,
    /// How long to wait before asking again, if the server says so.
    pub retry_after: Option<Duration>,
    /// The body; wiped when dropped.
    pub body: Zeroizing<Vec<u8>>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The connection failed: why.
    Broken(String),
    /// The credentials failed, which asking again does not mend: why.
    Credentials(String),
    /// The answer is larger than the limit, in bytes.
    Large(usize),
    /// The answer did not come in time.
    Slow(Duration),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Broken(reason) | Self::Credentials(reason) => f.write_str(reason),
            Self::Large(limit) => write!(f, "the answer is larger than {limit} bytes"),
            Self::Slow(limit) => write!(f, "no complete answer within {} s", limit.as_secs_f64()),
        }
    }
}

/// Asks once.
pub(crate) async fn ask(client: &kube::Client, ask: &Ask<'_>) -> Result<Answer, Trouble> {
    let mut request = Request::get(ask.path).header(header::ACCEPT, ask.accept);
    if !ask.compressed {
        request = request.header(header::ACCEPT_ENCODING, "identity");
    }
    let request = request.body(Body::empty()).map_err(|error| Trouble::Broken(error.to_string()))?;
    let response = client.send(request).await.map_err(|error| match &error {
        kube::Error::Auth(_) => Trouble::Credentials(crate::fault::client(&error).to_string()),
        kube::Error::Service(inner) => Trouble::Broken(chain(inner.as_ref())),
        kube::Error::HyperError(inner) => Trouble::Broken(chain(inner)),
        other => Trouble::Broken(chain(other)),
    })?;
    let status = response.status();
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let mut frames = response.into_body();
    let mut body = Zeroizing::new(Vec::new());
    while let Some(frame) = frames.frame().await {
        let frame = frame.map_err(|error| Trouble::Broken(chain(&error)))?;
        if let Ok(data) = frame.into_data() {
            if data.len() > ask.limit.saturating_sub(body.len()) {
                return Err(Trouble::Large(ask.limit));
            }
            append(&mut body, &data);
            // Where nobody else holds on to the piece, it is wiped as well.
            if let Ok(mut piece) = data.try_into_mut() {
                piece.as_mut().zeroize();
            }
        }
    }
    Ok(Answer { status, retry_after, body })
}

/// Appends, and wipes what is left behind when the vector moves.
fn append(body: &mut Zeroizing<Vec<u8>>, data: &[u8]) {
    if body.capacity() - body.len() < data.len() {
        let mut larger = Vec::with_capacity((body.len() + data.len()).max(body.capacity() * 2).max(4096));
        larger.extend_from_slice(body);
        *body = Zeroizing::new(larger);
    }
    body.extend_from_slice(data);
}

/// What a server says of a request it refuses: the message of a `Status`, or the name of the code.
pub(crate) fn message(answer: &Answer) -> String {
    #[derive(Deserialize)]
    struct Status {
        kind: String,
        message: String,
    }
    let code = answer.status;
    match serde_json::from_slice::<Status>(&answer.body) {
        Ok(status) if status.kind == "Status" && !status.message.is_empty() => {
            let short: String = status.message.chars().take(400).collect();
            short.replace(['\n', '\r'], " ")
        }
        _ => format!(
            "the server answers {}",
            code.canonical_reason()
                .map_or_else(|| code.as_u16().to_string(), |name| format!("{} {name}", code.as_u16()))
        ),
    }
}
