//! The stage that finds out who asks.
//!
//! Headers that name a user are read here and by nobody after: of what was not verified nothing is left.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/filters/authentication.go`.

use crate::api::Api;
use crate::clock;
use crate::cluster::Known;
use crate::exchange::Exchange;
use crate::pipeline::auditing;
use http::{HeaderMap, HeaderName, HeaderValue};
use ravelin_auditlog::AuthenticationAttempts;
use ravelin_authn::headers::Headers;
use ravelin_authn::x509::Certificate;
use ravelin_authn::{Context, Effects, Outcome, Request};
use ravelin_object::status::Status;

/// Finds out who asks.
///
/// # Errors
/// 401 where nobody can be told, or where what was shown is no good.
pub(crate) fn authenticate(api: &Api, exchange: &mut Exchange) -> Result<(), Status> {
    let attempts = attempts(exchange);
    let mut request = Request {
        headers: headers(&exchange.headers),
        path: exchange.info.path.clone(),
        peer_certificates: certificates(exchange),
    };
    let known = Known { registry: &api.registry };
    let wanted = (!api.audiences.is_empty()).then_some(api.audiences.as_slice());
    let mut context = Context::new(clock::timestamp(), wanted, &known);
    let outcome = api.authenticators.load().authenticate(&mut request, &mut context);
    let effects = std::mem::take(&mut context.effects);
    effects.last_used.iter().for_each(|used| crate::tokens::note_use(&api.registry, used));
    match outcome {
        Outcome::Authenticated(response) => {
            report(exchange, &effects);
            exchange.user = response.user;
            put_back(exchange, &request.headers);
            api.counts.authenticated(&exchange.user);
            Ok(())
        }
        failed => {
            if let Some(error) = failed.error() {
                tracing::debug!(%error, "authentication failed");
            }
            api.counts.unauthenticated(matches!(failed, Outcome::Failed(_)));
            auditing::begin_failed(api, exchange, &attempts.message());
            Err(Status::unauthorized())
        }
    }
}

/// What is to be told of how somebody was recognised. Of who was not, nothing is.
fn report(exchange: &mut Exchange, effects: &Effects) {
    for (key, value) in &effects.audit_annotations {
        exchange.recorder.annotate(key, value);
    }
    effects.warnings.iter().for_each(|warning| exchange.warn(warning.as_str()));
}

/// The certificates the peer showed. One that cannot be read is as if it had not been shown: nobody is recognised by it.
fn certificates(exchange: &Exchange) -> Vec<Certificate> {
    let mut read = Vec::with_capacity(exchange.peer.certificates.len());
    for der in &exchange.peer.certificates {
        match Certificate::parse(der) {
            Ok(certificate) => read.push(certificate),
            Err(error) => {
                tracing::debug!(%error, "a certificate of a client cannot be read");
                return Vec::new();
            }
        }
    }
    read
}

/// The headers as authenticators read them. None is left out: somebody who asks to be somebody else and is not
/// understood would go on as who they are. Bytes that are no UTF-8 are replaced, as Go does where it writes them.
pub(crate) fn headers(map: &HeaderMap) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in map {
        headers.add(name.as_str(), String::from_utf8_lossy(value.as_bytes()).as_ref());
    }
    headers
}

/// Removes what authentication has taken out of the headers, and anything a client hides behind `Connection`.
fn put_back(exchange: &mut Exchange, left: &Headers) {
    let mut map = HeaderMap::new();
    for (name, values) in left.iter() {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        for value in values {
            if let Ok(value) = HeaderValue::from_str(value) {
                map.append(name.clone(), value);
            }
        }
    }
    exchange.headers = map;
}

/// With what the client tried to show who it is.
fn attempts(exchange: &Exchange) -> AuthenticationAttempts {
    let scheme = exchange.header("authorization").split(' ').next().unwrap_or_default().to_lowercase();
    AuthenticationAttempts {
        basic: scheme == "basic",
        bearer: scheme == "bearer",
        access_token: exchange.url.value("access_token").is_some_and(|token| !token.is_empty()),
        x509: !exchange.peer.certificates.is_empty(),
    }
}
