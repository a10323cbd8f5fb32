//! A request through its stages, in the order of the Kubernetes documentation: transport, authentication, audit,
//! impersonation, limits, authorization, and then the API. One file is one stage.
//!
//! A stage that cannot decide refuses. Start reading at [`run`].
//!
//! Source: `k8s.io/apiserver/pkg/server/config.go` `DefaultBuildHandlerChain`.

pub(crate) mod arrival;
pub(crate) mod auditing;
pub(crate) mod authentication;
pub(crate) mod authorization;
pub(crate) mod departure;
pub(crate) mod impersonation;
pub(crate) mod limits;

use crate::answer::Answer;
use crate::api::Api;
use crate::exchange::Exchange;
use crate::rest::negotiate::Shapes;
use crate::{paths, rest};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use hyper::body::Incoming;
use ravelin_object::status::Status;
use ravelin_server::transport::body::{self, BodyError};
use ravelin_server::transport::{Peer, ResponseBody};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much of a body is read that nobody wants, and for how long.
const UNREAD: usize = 256 * 1024;
const UNREAD_TIME: Duration = Duration::from_secs(1);

/// Answers a request.
pub(crate) async fn run(
    api: Arc<Api>,
    request: Request<Incoming>,
    peer: Arc<Peer>,
) -> Response<ResponseBody> {
    let started = Instant::now();
    let (parts, incoming) = request.into_parts();
    let mut exchange = match arrival::arrive(&parts, peer) {
        Ok(exchange) => exchange,
        Err(answer) => return (*answer).into_response(),
    };
    let mut incoming = Some(incoming);
    let stages = stages(&api, &mut exchange, &mut incoming);
    let outcome = AssertUnwindSafe(stages).catch_unwind().await;
    if let Some(unread) = incoming {
        // What a refused request carries is taken off the connection, so that the next one can use it.
        drop(body::read(unread, UNREAD, tokio::time::Instant::now() + UNREAD_TIME).await);
    }
    let answer = match outcome {
        Ok(Ok(answer)) => answer,
        Ok(Err(status)) => refusal(&exchange, &status),
        Err(_) => {
            tracing::error!(uri = %exchange.target, "a request panicked");
            let words = "This request caused apiserver to panic. Look in the logs for details.";
            auditing::panicked(&api, &mut exchange, words);
            Answer::status(&Status::internal(words))
        }
    };
    departure::depart(&api, exchange, answer, started)
}

/// A refusal, in the form that is accepted. Who accepts none of those there are gets JSON, and events do not say what.
///
/// Source: `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters` `ErrorNegotiated`.
fn refusal(exchange: &Exchange, status: &Status) -> Answer {
    let mut answer = Answer::status(status);
    match rest::form(exchange, Shapes::Plain) {
        Ok(form) => form.apply(answer),
        Err(_) => {
            answer.is_unrecorded = true;
            answer
        }
    }
}

/// The stages, until one of them answers.
async fn stages(
    api: &Arc<Api>,
    exchange: &mut Exchange,
    incoming: &mut Option<Incoming>,
) -> Result<Answer, Status> {
    let deadline = match arrival::deadline(api, exchange) {
        Ok(deadline) => deadline,
        Err(status) => {
            auditing::begin_failed(api, exchange, "");
            return Err(status);
        }
    };
    authentication::authenticate(api, exchange)?;
    auditing::begin(api, exchange)?;
    impersonation::impersonate(api, exchange)?;
    let _permit = limits::room(api, exchange)?;
    authorization::authorize(api, exchange)?;
    let body = match incoming.take() {
        Some(incoming) => read(api, exchange, incoming, deadline).await?,
        None => Bytes::new(),
    };
    if exchange.is_long_running() {
        return handle(api, exchange, body).await;
    }
    match tokio::time::timeout_at(deadline, handle(api, exchange, body)).await {
        Ok(answer) => answer,
        Err(_) => Err(timed_out()),
    }
}

/// 504: the request took too long.
///
/// Source: `k8s.io/apiserver/pkg/server/filters/timeout.go`.
fn timed_out() -> Status {
    let mut status =
        Status::new(504, "Timeout", "Timeout: request did not complete within the allotted timeout");
    status.details = Some(Box::default());
    status
}

async fn read(
    api: &Api,
    exchange: &Exchange,
    incoming: Incoming,
    deadline: tokio::time::Instant,
) -> Result<Bytes, Status> {
    if matches!(exchange.method.as_str(), "GET" | "HEAD") {
        return Ok(Bytes::new());
    }
    body::read(incoming, api.body_limit.saturating_add(1), deadline).await.map_err(|error| match error {
        BodyError::TooLarge => Status::new(
            413,
            "RequestEntityTooLarge",
            format!("Request entity too large: limit is {}", api.body_limit),
        ),
        BodyError::TooSlow => timed_out(),
        BodyError::Broken => Status::bad_request("unexpected EOF"),
    })
}

async fn handle(api: &Arc<Api>, exchange: &mut Exchange, body: Bytes) -> Result<Answer, Status> {
    if exchange.info.is_resource && !paths::is_routed(&exchange.info.path) {
        return Ok(paths::no_page());
    }
    if exchange.info.is_resource {
        return rest::serve(api, exchange, body).await;
    }
    paths::serve(api, exchange)
}
