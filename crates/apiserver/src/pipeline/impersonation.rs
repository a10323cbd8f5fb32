//! The stage in which somebody acts as somebody else, if they may.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/filters/impersonation`.

use crate::api::Api;
use crate::exchange::Exchange;
use crate::pipeline::auditing::recorded;
use crate::pipeline::authentication;
use http::{HeaderMap, HeaderName, HeaderValue};
use ravelin_auditlog::Impersonation;
use ravelin_authn::impersonation::{
    AccessAnswer, AccessQuestion, Mode, Modes, RequestTarget, Target, impersonate as decide, wanted_user,
};
use ravelin_authz::{Attributes, Decision};
use ravelin_object::status::Status;
use std::time::{Duration, Instant};

/// How long it is remembered in which way somebody was impersonated.
const REMEMBERED: Duration = Duration::from_secs(10);

/// Lets the request go on as somebody else, where it asks for that.
///
/// # Errors
/// 400 for what makes no sense, 403 where they may not.
pub(crate) fn impersonate(api: &Api, exchange: &mut Exchange) -> Result<(), Status> {
    if !exchange.headers.keys().any(|name| name.as_str().starts_with("impersonate-")) {
        return Ok(());
    }
    let mut headers = authentication::headers(&exchange.headers);
    let wanted = wanted_user(&mut headers, Modes::All)?;
    let Some(wanted) = wanted else { return Ok(()) };
    keep_others(&mut exchange.headers);
    let requester = exchange.user.clone();
    let target = target(exchange);
    let request = exchange.info.attributes(requester.clone());
    let mut ask = |question: &AccessQuestion| ask(api, &request, question);
    let first = last_mode(api, &requester.name);
    let allowed = decide(&requester, &wanted, &target, Modes::All, first, &mut ask)?;
    api.impersonations.lock().insert(requester.name.clone(), (allowed.mode, Instant::now()));
    exchange.recorder.impersonated(Impersonation {
        user: recorded(&allowed.user),
        constraint: allowed.constraint().unwrap_or_default(),
    });
    tracing::debug!(requester = %requester.name, user = %allowed.user.name, "impersonating");
    exchange.user = allowed.user;
    Ok(())
}

/// Leaves no header that asks to be somebody else.
fn keep_others(headers: &mut HeaderMap) {
    let kept: Vec<(HeaderName, HeaderValue)> = headers
        .iter()
        .filter(|(name, _)| !name.as_str().starts_with("impersonate-"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    headers.clear();
    for (name, value) in kept {
        headers.append(name, value);
    }
}

fn last_mode(api: &Api, name: &str) -> Option<Mode> {
    let mut all = api.impersonations.lock();
    all.retain(|_, (_, when)| when.elapsed() < REMEMBERED);
    all.get(name).map(|(mode, _)| *mode)
}

fn target(exchange: &Exchange) -> RequestTarget {
    let info = &exchange.info;
    RequestTarget {
        verb: info.verb.clone(),
        is_resource: info.is_resource,
        group: info.api_group.clone(),
        resource: info.resource.clone(),
        subresource: info.subresource.clone(),
        namespace: info.namespace.clone(),
        name: info.name.clone(),
        path: info.path.clone(),
    }
}

fn ask(api: &Api, request: &Attributes, question: &AccessQuestion) -> AccessAnswer {
    let attributes = match &question.target {
        Target::TheRequest => {
            Attributes { user: question.user.clone(), verb: question.verb.clone(), ..request.clone() }
        }
        Target::Resource { group, resource, subresource, namespace, name } => Attributes {
            user: question.user.clone(),
            verb: question.verb.clone(),
            is_resource: true,
            group: (*group).to_owned(),
            version: "v1".to_owned(),
            namespace: namespace.clone(),
            resource: (*resource).to_owned(),
            subresource: subresource.clone(),
            name: name.clone(),
            ..Attributes::default()
        },
    };
    let answer = api.authorizers.authorize(&attributes);
    AccessAnswer { allowed: answer.decision == Decision::Allow, reason: answer.reason, error: answer.error }
}
