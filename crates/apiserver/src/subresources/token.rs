//! Tokens of service accounts: `serviceaccounts/<name>/token`.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage/token.go`.

use crate::answer::Answer;
use crate::api::Api;
use crate::clock;
use crate::cluster::Known;
use crate::exchange::Exchange;
use crate::random;
use crate::rest::act::{Act, Target};
use crate::subresources::body_of;
use http::StatusCode;
use ravelin_admit::Operation;
use ravelin_authn::{Effects, token_request};
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_resource::Resource;

/// Issues a token.
pub(crate) fn issue(
    api: &Api,
    exchange: &mut Exchange,
    resource: &Resource,
    body: &[u8],
) -> Result<Answer, Status> {
    let info = exchange.info.clone();
    let Some(subresource) = resource.subresource("token") else {
        return Err(crate::rest::no_such_resource());
    };
    let (mut object, options) = body_of(api, exchange, resource, Some(subresource), body)?;
    exchange.record_request(&object, resource, "token");
    crate::rest::metadata::ensure_namespace(resource, &info.namespace, &mut object)?;
    let mut act = Act::of(exchange, options.dry_run);
    let kind = ("authentication.k8s.io", "v1", "TokenRequest");
    let target = Target {
        subresource: "token",
        kind: Some(kind),
        ..Target::of(resource, &info.namespace, &info.name)
    };
    let admitted = act.admit(api, target, Operation::Create, Some(&mut object), None);
    let issued = admitted.and_then(|()| with_admission(api, &mut act, target, &object));
    act.report(exchange);
    let (issued, effects) = issued?;
    effects.warnings.into_iter().for_each(|warning| exchange.warn(warning));
    for (key, value) in &effects.audit_annotations {
        exchange.recorder.annotate(key, value);
    }
    Ok(Answer::object(StatusCode::CREATED, issued))
}

fn with_admission(
    api: &Api,
    act: &mut Act,
    target: Target<'_>,
    object: &Value,
) -> Result<(Value, Effects), Status> {
    let known = Known { registry: &api.registry };
    let issuer = api.tokens.issuer(&api.audiences).ok_or_else(|| {
        Status::internal("no key to sign tokens with: see --service-account-signing-key-file")
    })?;
    let now = clock::timestamp();
    let prepared = token_request::prepare(object, target.namespace, target.name, &issuer, &known, now)?;
    act.validate(api, target, Operation::Create, Some(&prepared.object()), None)?;
    let mut effects = Effects::default();
    let issued = prepared.issue(&issuer, &known, &random::uuid(), &mut effects)?;
    Ok((issued, effects))
}
