//! What is answered to a request, before it becomes bytes.

use bytes::Bytes;
use futures_util::Stream;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use ravelin_object::status::Status;
use ravelin_object::{Value, json_text};
use ravelin_server::transport::ResponseBody;
use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::Pin;

/// Pieces of a body that comes bit by bit.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>;

/// The content type of JSON.
pub(crate) const JSON: &str = "application/json";
/// The content type of protobuf.
pub(crate) const PROTOBUF: &str = ravelin_protobuf::MEDIA_TYPE;
/// The content type of YAML.
pub(crate) const YAML: &str = "application/yaml";

/// What is answered.
pub(crate) struct Answer {
    /// The status of HTTP.
    pub(crate) code: StatusCode,
    /// The content type; empty for answers without a body.
    pub(crate) content_type: Cow<'static, str>,
    /// The body.
    pub(crate) body: Body,
    /// Further headers.
    pub(crate) headers: HeaderMap,
    /// Whether events do not record the object.
    pub(crate) is_unrecorded: bool,
}

/// A body.
pub(crate) enum Body {
    /// An object.
    Object(Value),
    /// An object that is JSON already.
    Encoded(Bytes),
    /// What is no object.
    Text(Bytes),
    /// What comes bit by bit.
    Stream(Pieces),
}

impl Answer {
    fn new(code: StatusCode, content_type: &'static str, body: Body) -> Self {
        let headers = HeaderMap::new();
        Self { code, content_type: content_type.into(), body, headers, is_unrecorded: false }
    }

    /// An object.
    pub(crate) fn object(code: StatusCode, object: Value) -> Self {
        Self::new(code, JSON, Body::Object(object))
    }

    /// An object that is JSON already.
    pub(crate) fn encoded(code: StatusCode, json: Bytes) -> Self {
        Self::new(code, JSON, Body::Encoded(json))
    }

    /// A text of any type.
    pub(crate) fn text(code: StatusCode, content_type: &'static str, text: impl Into<Bytes>) -> Self {
        Self::new(code, content_type, Body::Text(text.into()))
    }

    /// A stream of events.
    pub(crate) fn stream(content_type: &'static str, pieces: Pieces) -> Self {
        Self::new(StatusCode::OK, content_type, Body::Stream(pieces))
    }

    /// A refusal.
    pub(crate) fn status(status: &Status) -> Self {
        let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = Self::object(code, status.to_value());
        let seconds = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
        if seconds > 0 {
            answer.headers.insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The object of the answer, for events that record it.
    pub(crate) fn recorded(&self) -> Option<Value> {
        if self.is_unrecorded { None } else { self.value() }
    }

    /// The object of the answer.
    pub(crate) fn value(&self) -> Option<Value> {
        match &self.body {
            Body::Object(object) => Some(object.clone()),
            Body::Encoded(json) => {
                let text = std::str::from_utf8(json).ok()?;
                ravelin_object::read::json(text, &ravelin_yaml::Limits::STANDARD).ok()?.value
            }
            Body::Text(_) | Body::Stream(_) => None,
        }
    }

    /// The answer, where it is to be protobuf or YAML, as that. Until here it is an object, which events record.
    fn written(mut self) -> Self {
        if matches!(self.body, Body::Text(_) | Body::Stream(_)) {
            return self;
        }
        if self.content_type == YAML {
            let text = self.value().map(|object| crate::yaml::write(&object)).unwrap_or_default();
            self.body = Body::Text(text.into());
            return self;
        }
        if self.content_type != PROTOBUF {
            return self;
        }
        match self.value().and_then(|object| crate::protobuf::encode(&object)) {
            Some(bytes) => self.body = Body::Text(bytes.into()),
            None => {
                let headers = std::mem::take(&mut self.headers);
                self = Self::status(&crate::rest::negotiate::not_acceptable());
                self.headers.extend(headers);
            }
        }
        self
    }

    /// The answer as a response.
    pub(crate) fn into_response(self) -> Response<ResponseBody> {
        let answer = self.written();
        let body = match answer.body {
            Body::Object(object) => whole(json_text(&object)),
            Body::Encoded(bytes) | Body::Text(bytes) => whole(bytes),
            Body::Stream(pieces) => StreamBody::new(pieces).map_err(|never| match never {}).boxed_unsync(),
        };
        let mut response = Response::new(body);
        *response.status_mut() = answer.code;
        *response.headers_mut() = answer.headers;
        if let Ok(value) = HeaderValue::from_str(&answer.content_type)
            && !answer.content_type.is_empty()
        {
            response.headers_mut().insert(CONTENT_TYPE, value);
        }
        response
    }
}

fn whole(bytes: impl Into<Bytes>) -> ResponseBody {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}
