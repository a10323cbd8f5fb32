//! The webhook behind HTTP: routes, limits, deadlines, metrics, logs.

use super::{Answer, Judge, Namespaces, Outcome, Pods};
use crate::health::{self, Check};
use crate::metrics;
use crate::query;
use crate::transport::body::{self, BodyError, whole, words};
use crate::transport::life::{Life, Phase};
use crate::transport::{Handler, Peer, ResponseBody, Traffic};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use ravelin_diag::Day;
use ravelin_object::Value;
use ravelin_podsec::admission::{self, Lookup, LookupError, namespace_budget};
use ravelin_wire::admission_review::{BODY_LIMIT, LIMITS, Refusal, Review, decode};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Who may ask for reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientRule {
    /// Whoever reaches the port.
    Anyone,
    /// Whoever shows a certificate that TLS verified; of these names, if there are any.
    Verified {
        /// Common names; empty for all.
        names: Vec<String>,
    },
}

/// How much is allowed to reviews.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Reviews at a time; others wait.
    pub in_flight: usize,
    /// How long a body may take, and how long a review may wait for its turn.
    pub body_time: Duration,
    /// How long a review waits at most for a namespace that is not known yet.
    pub namespace_wait: Duration,
    /// Who may ask.
    pub clients: ClientRule,
}

impl Settings {
    /// What holds unless somebody says otherwise. The API server gives up after 30 s at the latest.
    pub const STANDARD: Self = Self {
        in_flight: 256,
        body_time: Duration::from_secs(10),
        namespace_wait: Duration::from_secs(1),
        clients: ClientRule::Anyone,
    };
}

/// The webhook.
pub struct Webhook {
    pub(crate) judge: Judge,
    pub(crate) namespaces: Arc<Namespaces>,
    pods: Box<dyn Pods>,
    settings: Settings,
    slots: Semaphore,
    life: Life,
    traffic: Arc<Traffic>,
    certificate_end: Arc<AtomicI64>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Bodies above this size are decoded on a thread of their own.
const LARGE: usize = 128 * 1024;

impl Webhook {
    /// A webhook. `certificate_end` is when the certificate that is served ends, in seconds of Unix time, 0 where
    /// there is none; whoever changes the certificate keeps it up.
    #[must_use]
    pub fn new(
        judge: Judge,
        namespaces: Arc<Namespaces>,
        pods: Box<dyn Pods>,
        settings: Settings,
        life: Life,
        traffic: Arc<Traffic>,
        certificate_end: Arc<AtomicI64>,
    ) -> Self {
        let slots = Semaphore::new(settings.in_flight);
        Self { judge, namespaces, pods, settings, slots, life, traffic, certificate_end }
    }

    fn readiness(&self) -> [Check; 2] {
        let shutdown = (self.life.phase() > Phase::Serving).then(|| "process is shutting down".to_owned());
        [Check::of("informer-sync", self.namespaces.fault()), Check::of("shutdown", shutdown)]
    }

    fn healthy(endpoint: &str, rest: &str, query: &str, checks: &[Check]) -> Option<Response<ResponseBody>> {
        if rest.is_empty() {
            return Some(health::answer(endpoint, query, checks));
        }
        let name = rest.strip_prefix('/')?;
        checks.iter().find(|check| check.name == name).map(health::one)
    }

    /// The answer to what is no review; nothing where it is one. Everything else is one, as upstream has it.
    pub(super) fn aside(&self, path: &str, query: &str) -> Option<Response<ResponseBody>> {
        if let Some(rest) = path.strip_prefix("/healthz") {
            return Self::healthy("healthz", rest, query, &[Check::well("ping")]);
        }
        if let Some(rest) = path.strip_prefix("/readyz") {
            return Self::healthy("readyz", rest, query, &self.readiness());
        }
        (path == "/metrics").then(|| whole(StatusCode::OK, metrics::CONTENT_TYPE, self.metrics()))
    }

    fn metrics(&self) -> String {
        let mut out = String::new();
        self.judge.counters.write(&mut out);
        let number = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let load = |gauge: &std::sync::atomic::AtomicUsize| number(gauge.load(Ordering::Relaxed));
        let gauge = |out: &mut String, name, help, value| metrics::gauge(out, name, help, value);
        gauge(
            &mut out,
            "ravelin_webhook_connections",
            "Number of connections now.",
            load(&self.traffic.open),
        );
        gauge(
            &mut out,
            "ravelin_webhook_requests_in_flight",
            "Number of requests of any kind now.",
            load(&self.traffic.in_flight),
        );
        let accepted = self.traffic.accepted.load(Ordering::Relaxed);
        metrics::counter(
            &mut out,
            "ravelin_webhook_connections_total",
            "Number of connections accepted.",
            accepted,
        );
        let failed = self.traffic.failed_handshakes.load(Ordering::Relaxed);
        metrics::counter(
            &mut out,
            "ravelin_webhook_failed_handshakes_total",
            "Number of TLS handshakes that failed.",
            failed,
        );
        let namespaces = number(self.namespaces.count());
        gauge(&mut out, "ravelin_webhook_namespaces", "Number of namespaces that are known.", namespaces);
        if let Some(age) = self.namespaces.age() {
            let help = "How long ago what is known of namespaces was known to be true.";
            gauge(&mut out, "ravelin_webhook_namespaces_age_seconds", help, age.as_secs_f64());
        }
        let end = self.certificate_end.load(Ordering::Relaxed);
        if end > 0 {
            // Seconds since 1970 are exact in a float for as long as anybody will read them.
            #[expect(clippy::cast_precision_loss, reason = "see above")]
            let end = end as f64;
            let help = "When the certificate that is served ends, in seconds of Unix time.";
            gauge(&mut out, "ravelin_webhook_certificate_end_timestamp_seconds", help, end);
        }
        out
    }

    /// Answers a request that is to be a review.
    async fn validate(self: &Arc<Self>, request: Request<Incoming>, peer: &Peer) -> Answer {
        if !self.may_ask(peer) {
            let message = "a client certificate that this webhook trusts is required".to_owned();
            return Refusal { status: 403, message }.into();
        }
        let begin = Instant::now();
        let deadline = deadline(request.uri().query().unwrap_or_default(), begin);
        let (head, body) = request.into_parts();
        if body.is_end_stream() {
            return Refusal::empty().into();
        }
        let patience =
            deadline.map_or(begin + self.settings.body_time, |end| end.min(begin + self.settings.body_time));
        let Ok(Ok(_slot)) = tokio::time::timeout_at(patience, self.slots.acquire()).await else {
            let message = "too many requests in flight, please try again later".to_owned();
            return Refusal { status: 429, message }.into();
        };
        let body = match body::read(body, BODY_LIMIT, begin + self.settings.body_time).await {
            Ok(body) => body,
            Err(BodyError::TooLarge) => return Refusal::too_large().into(),
            Err(BodyError::TooSlow | BodyError::Broken) => return Refusal::broken().into(),
        };
        match self.decoded(&head.headers, body).await {
            Ok(review) => self.decided(review, begin, deadline).await,
            Err(refusal) => {
                tracing::warn!(peer = %peer.address, status = refusal.status, reason = refusal.message, "no review");
                refusal.into()
            }
        }
    }

    async fn decoded(&self, headers: &HeaderMap, body: Bytes) -> Result<Review, Refusal> {
        let content_type = headers.get(CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
        let is_large = body.len() > LARGE;
        let decoding = move || guarded(|| decode(content_type.as_deref(), &body, &LIMITS))?;
        if is_large {
            return tokio::task::spawn_blocking(decoding).await.unwrap_or_else(|_| Err(Refusal::internal()));
        }
        decoding()
    }

    async fn decided(self: &Arc<Self>, review: Review, begin: Instant, deadline: Option<Instant>) -> Answer {
        if self.judge.needs_namespace(&review) {
            // At most half of what is left, so that the answer still arrives.
            let most = deadline.map_or(self.settings.namespace_wait, |end| {
                self.settings.namespace_wait.min(end.saturating_duration_since(begin) / 2)
            });
            let request = review.request();
            self.namespaces.await_name(request.namespace, begin + most).await;
        }
        let own = Arc::clone(self);
        let is_long = Judge::is_long(&review);
        let judging = move || guarded(|| own.judged(&review, begin, deadline)).unwrap_or_else(Answer::from);
        if is_long {
            return tokio::task::spawn_blocking(judging).await.unwrap_or_else(|_| Refusal::internal().into());
        }
        judging()
    }

    fn judged(&self, review: &Review, begin: Instant, deadline: Option<Instant>) -> Answer {
        let remaining = deadline.map(|end| end.saturating_duration_since(Instant::now()));
        let facts = Facts {
            namespaces: &self.namespaces,
            pods: self.pods.as_ref(),
            end: Instant::now() + namespace_budget(remaining),
        };
        let Some(today) = today() else { return Refusal::internal().into() };
        let (answer, response) = self.judge.review(review, &facts, today);
        log(review, &response, begin.elapsed());
        answer
    }

    fn may_ask(&self, peer: &Peer) -> bool {
        match &self.settings.clients {
            ClientRule::Anyone => true,
            ClientRule::Verified { names } => peer.certificates.first().is_some_and(|certificate| {
                names.is_empty() || common_name(certificate).is_some_and(|name| names.contains(&name))
            }),
        }
    }
}

impl Handler for Webhook {
    async fn handle(self: Arc<Self>, request: Request<Incoming>, peer: Arc<Peer>) -> Response<ResponseBody> {
        let begin = Instant::now();
        let uri = request.uri();
        if let Some(response) = self.aside(uri.path(), uri.query().unwrap_or_default()) {
            return response;
        }
        let answer = self.validate(request, &peer).await;
        self.judge.counters.answered(answer.status, answer.outcome, begin.elapsed());
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if answer.outcome == Outcome::Refused {
            return words(status, String::from_utf8_lossy(&answer.body).trim_end());
        }
        whole(status, answer.content_type, answer.body)
    }
}

/// Runs what should never stop; that it did is a refusal, not the end of the connection.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, Refusal> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).map_err(|_| {
        tracing::error!("a decision broke off; please report this");
        Refusal::internal()
    })
}

/// When the API server stops waiting, if it says so: the `timeout` of the query. An unreadable one is ignored.
fn deadline(query_text: &str, begin: Instant) -> Option<Instant> {
    let (_, text) = query::pairs(query_text).find(|(key, _)| key == "timeout")?;
    if text.is_empty() {
        return None;
    }
    match query::duration(&text) {
        Ok(timeout) => begin.checked_add(timeout),
        Err(error) => {
            tracing::debug!(error, "invalid timeout");
            None
        }
    }
}

fn common_name(certificate: &[u8]) -> Option<String> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?;
    Some(name.to_owned())
}

/// Today, by the clock of the host, in UTC.
pub(crate) fn today() -> Option<Day> {
    let date = time::OffsetDateTime::now_utc().date();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()).parse().ok()
}

/// Says what was decided, without a word of the object.
fn log(review: &Review, response: &admission::Response, took: Duration) {
    let request = review.request();
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let (uid, object, dry_run) = (review.uid(), review.place(), review.is_dry_run());
    let (resource, subresource) = (request.resource.name, request.subresource);
    let operation = match request.operation {
        admission::Operation::Create => "CREATE",
        admission::Operation::Update => "UPDATE",
        admission::Operation::Other(other) => other,
    };
    let error = response.annotation("error").unwrap_or_default();
    if response.allowed && error.is_empty() {
        tracing::debug!(uid, operation, resource, subresource, %object, dry_run, micros, "allowed");
        return;
    }
    let code = response.status.as_ref().map_or(200, |status| status.code);
    let (allowed, policy) = (response.allowed, response.annotation("enforce-policy").unwrap_or_default());
    tracing::info!(uid, operation, resource, subresource, %object, dry_run, micros, allowed, code, policy, error, "decided");
}

/// What is known of the cluster during one decision.
struct Facts<'f> {
    namespaces: &'f Namespaces,
    pods: &'f dyn Pods,
    end: Instant,
}

impl Lookup for Facts<'_> {
    fn namespace(&self, name: &str) -> Result<Arc<Value>, LookupError> {
        self.namespaces.find(name).map_err(|unknown| LookupError(unknown.to_string()))
    }

    fn pods(&self, namespace: &str) -> Result<Vec<Arc<Value>>, LookupError> {
        self.pods.list(namespace, self.end.saturating_duration_since(Instant::now()))
    }

    fn expired(&self) -> bool {
        Instant::now() >= self.end
    }
}
