//! Bodies: how much of a request is read and for how long; plain answers.

use super::ResponseBody;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It reaches the limit.
    #[error("the body reaches the limit on its size")]
    TooLarge,
    /// It did not come in time.
    #[error("the body did not come in time")]
    TooSlow,
    /// The peer broke off.
    #[error("the peer broke off its body")]
    Broken,
}

/// Reads a body of fewer than `limit` bytes that comes before `deadline`.
///
/// # Errors
/// Where it is longer, later, or broken off.
pub async fn read(mut body: Incoming, limit: usize, deadline: Instant) -> Result<Bytes, BodyError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced >= limit {
        return Err(BodyError::TooLarge);
    }
    // What was announced is believed only as far as a body that comes whole.
    let mut first: Option<Bytes> = None;
    let mut all = BytesMut::new();
    let mut length = 0_usize;
    loop {
        let frame = match timeout_at(deadline, body.frame()).await {
            Err(_) => return Err(BodyError::TooSlow),
            Ok(Some(Err(_))) => return Err(BodyError::Broken),
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => break,
        };
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length >= limit {
            return Err(BodyError::TooLarge);
        }
        match (first.take(), all.is_empty()) {
            (None, true) => first = Some(data),
            (Some(before), _) => {
                all.reserve(announced.max(before.len() + data.len()));
                all.extend_from_slice(&before);
                all.extend_from_slice(&data);
            }
            (None, false) => all.extend_from_slice(&data),
        }
    }
    Ok(first.unwrap_or_else(|| all.freeze()))
}

/// A whole answer.
#[must_use]
pub fn whole(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<ResponseBody> {
    let body = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    response
}

/// An answer in words, as Go's `http.Error` gives them: with a newline at the end.
#[must_use]
pub fn words(status: StatusCode, words: &str) -> Response<ResponseBody> {
    whole(status, TEXT, format!("{words}\n"))
}

/// The content type of plain answers.
pub const TEXT: &str = "text/plain; charset=utf-8";
