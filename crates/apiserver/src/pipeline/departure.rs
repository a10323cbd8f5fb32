//! The last stage: headers, the end of the record, metrics, and the bytes of the answer.

use crate::answer::{Answer, Body};
use crate::api::Api;
use crate::clock;
use crate::exchange::Exchange;
use crate::pipeline::arrival::AUDIT_ID;
use bytes::Bytes;
use futures_util::Stream;
use http::Response;
use http::header::{CACHE_CONTROL, HeaderName, HeaderValue, WARNING};
use hyper::body::Frame;
use ravelin_auditlog::{Level, Recorder};
use ravelin_server::transport::ResponseBody;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

/// How long the warnings of an answer may be together, and how long one is when they are too long.
const WARNINGS: usize = 4 * 1024;
const LONG_WARNING: usize = 256;

/// Sends an answer on its way.
pub(crate) fn depart(
    api: &Arc<Api>,
    mut exchange: Exchange,
    mut answer: Answer,
    started: Instant,
) -> Response<ResponseBody> {
    let code = i32::from(answer.code.as_u16());
    if exchange.recorder.is_enabled() {
        let level = exchange.recorder.level();
        let is_failure = code >= 400;
        if (level >= Level::RequestResponse || is_failure || is_status(&answer))
            && let Some(object) = answer.recorded()
        {
            exchange.recorder.response_object(&object);
        }
    }
    let now = clock::micro_time();
    exchange.recorder.response_started(code, now, &mut api.audit.sink());
    add_headers(&exchange, &mut answer);
    api.counts.answered(&exchange, answer.code, started.elapsed());
    if let Body::Stream(pieces) = answer.body {
        let ending = Ending { api: Arc::clone(api), recorder: Some(exchange.recorder), pieces };
        answer.body = Body::Stream(Box::pin(ending));
    } else if !exchange.ends_at_once {
        exchange.recorder.complete(&[], clock::micro_time(), &mut api.audit.sink());
    }
    answer.into_response()
}

/// Whether the answer is a `Status`, whose outcome is recorded at every level.
fn is_status(answer: &Answer) -> bool {
    let Body::Object(object) = &answer.body else { return false };
    object.field("kind").and_then(ravelin_object::Value::as_str) == Some("Status")
}

fn add_headers(exchange: &Exchange, answer: &mut Answer) {
    let headers = &mut answer.headers;
    if let Ok(id) = HeaderValue::from_str(&exchange.recorder.event().audit_id) {
        headers.insert(HeaderName::from_static(AUDIT_ID), id);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    }
    let total: usize = exchange.warnings.iter().map(String::len).sum();
    let mut left = WARNINGS;
    for warning in &exchange.warnings {
        let text: String =
            if total > WARNINGS { warning.chars().take(LONG_WARNING).collect() } else { warning.clone() };
        let Some(rest) = left.checked_sub(text.len()) else { break };
        left = rest;
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        let escaped: String = escaped.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if let Ok(value) = HeaderValue::from_bytes(format!("299 - \"{escaped}\"").as_bytes()) {
            headers.append(WARNING, value);
        }
    }
}

/// A stream whose end, however it comes, ends the record of its request.
struct Ending {
    api: Arc<Api>,
    recorder: Option<Recorder>,
    pieces: crate::answer::Pieces,
}

impl Stream for Ending {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pieces.as_mut().poll_next(context)
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(mut recorder) = self.recorder.take() {
            recorder.complete(&[], clock::micro_time(), &mut self.api.audit.sink());
        }
    }
}
