//! The first stage: what the request is about, and until when it has to be done.

use crate::answer::Answer;
use crate::api::Api;
use crate::clock;
use crate::exchange::Exchange;
use crate::random;
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{StatusCode, Version};
use ravelin_auditlog::Recorder;
use ravelin_authn::UserInfo;
use ravelin_authz::request_info::{RequestInfo, Url};
use ravelin_object::status::Status;
use ravelin_server::transport::Peer;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The header of the id under which a request is recorded.
pub(crate) const AUDIT_ID: &str = "audit-id";
/// The most time a client may ask for.
const LONGEST: Duration = Duration::from_secs(34);

/// Understands a request.
///
/// # Errors
/// The answer to one that cannot be understood: it is about nothing, so nothing is recorded.
pub(crate) fn arrive(parts: &Parts, peer: Arc<Peer>) -> Result<Exchange, Box<Answer>> {
    framing(parts)?;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let text = "text/plain; charset=utf-8";
    let url = Url::parse(&target).map_err(|error| {
        Box::new(Answer::text(StatusCode::BAD_REQUEST, text, format!("400 Bad Request: {error}")))
    })?;
    let (info, fault) = RequestInfo::of(parts.method.as_str(), &url);
    if let Some(fault) = fault {
        let words =
            format!("Internal Server Error: {}: failed to create RequestInfo: {fault}\n", quoted(&target));
        return Err(Box::new(Answer::text(StatusCode::INTERNAL_SERVER_ERROR, text, words)));
    }
    let given = parts.headers.get(AUDIT_ID).and_then(|value| value.to_str().ok());
    let id = given.filter(|id| !id.is_empty()).map_or_else(random::uuid, str::to_owned);
    Ok(Exchange {
        method: parts.method.clone(),
        target,
        url,
        info,
        headers: parts.headers.clone(),
        peer,
        user: UserInfo::default(),
        recorder: Recorder::new(id),
        warnings: Vec::new(),
        received: clock::micro_time(),
        ends_at_once: false,
    })
}

/// Whether the message is one that nobody on the way can have read in another way.
///
/// Source: Go's `net/http` `readRequest` and `readTransfer`.
fn framing(parts: &Parts) -> Result<(), Box<Answer>> {
    let text = "text/plain; charset=utf-8";
    let refuse = |code: StatusCode, words: &str| {
        Err(Box::new(Answer::text(code, text, words.to_owned()).with(CONNECTION, "close")))
    };
    let bad = |words: &str| refuse(StatusCode::BAD_REQUEST, words);
    if parts.version >= Version::HTTP_2 {
        return Ok(());
    }
    let mut codings = parts.headers.get_all(TRANSFER_ENCODING).iter();
    let is_chunked = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"chunked");
    if codings.next().is_some_and(|first| !is_chunked(first)) || codings.next().is_some() {
        return refuse(StatusCode::NOT_IMPLEMENTED, "Unsupported transfer encoding");
    }
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => bad("400 Bad Request: too many Host headers"),
        (None, None) if parts.version == Version::HTTP_11 => {
            bad("400 Bad Request: missing required Host header")
        }
        (Some(host), None) if !host.as_bytes().iter().all(|byte| is_of_a_host(*byte)) => {
            bad("400 Bad Request: malformed Host header")
        }
        _ => Ok(()),
    }
}

/// Source: `golang.org/x/net/http/httpguts` `validHostByte`.
fn is_of_a_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=[]_~".contains(&byte)
}

fn quoted(text: &str) -> String {
    ravelin_object::selector::quoted(text)
}

/// Until when the request has to be done.
///
/// # Errors
/// 400 for a timeout that cannot be read.
///
/// Source: `k8s.io/apiserver/pkg/endpoints/filters/request_deadline.go`.
pub(crate) fn deadline(api: &Api, exchange: &Exchange) -> Result<Instant, Status> {
    let now = Instant::now();
    let asked = exchange.url.value("timeout").unwrap_or_default();
    if asked.is_empty() || exchange.is_long_running() {
        return Ok(now + api.request_timeout);
    }
    match ravelin_server::query::duration(asked) {
        Ok(time) if time.is_zero() => Ok(now + api.request_timeout),
        Ok(time) => Ok(now + time.min(LONGEST).min(api.request_timeout)),
        Err(_) => Err(Status::bad_request(format!(
            "invalid timeout specified in the request URL - {}",
            go_error(asked)
        ))),
    }
}

/// What Go says of a duration that it cannot read.
fn go_error(text: &str) -> String {
    let quoted = quoted(text);
    let digits = text.trim_start_matches(['+', '-']);
    let is_unitless = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_unitless {
        format!("time: missing unit in duration {quoted}")
    } else {
        format!("time: invalid duration {quoted}")
    }
}
