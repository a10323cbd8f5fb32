//! Questions that are answered and not stored: who somebody is, and what they may do.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/{authentication,authorization}`.

use crate::answer::Answer;
use crate::api::Api;
use crate::clock;
use crate::cluster::Known;
use crate::exchange::Exchange;
use crate::rest::act::{Act, Target};
use crate::rest::negotiate::Form;
use crate::rest::shaped::{self, ListFacts};
use crate::subresources::body_of;
use http::StatusCode;
use ravelin_admit::Operation;
use ravelin_authn::reviews as authentication;
use ravelin_authz::reviews as authorization;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use ravelin_object::status::{Cause, Details, Status};
use ravelin_resource::Resource;

/// Answers a review.
pub(crate) fn review(
    api: &Api,
    exchange: &mut Exchange,
    resource: &Resource,
    body: &[u8],
) -> Result<Answer, Status> {
    let (mut object, options) = body_of(api, exchange, resource, None, body)?;
    let namespace = exchange.info.namespace.clone();
    exchange.record_request(&authentication_safe(resource, &object), resource, "");
    crate::rest::metadata::ensure_namespace(resource, &namespace, &mut object)?;
    let mut act = Act::of(exchange, options.dry_run);
    let name = crate::rest::metadata::text(&object, "name").to_owned();
    let target = Target::of(resource, &namespace, &name);
    let admitted = act
        .admit(api, target, Operation::Create, Some(&mut object), None)
        .and_then(|()| act.validate(api, target, Operation::Create, Some(&object), None));
    act.report(exchange);
    admitted?;
    let answered = match resource.kind.as_str() {
        "TokenReview" => token_review(api, &object)?,
        "SelfSubjectReview" => {
            authentication::self_subject_review(&object, &exchange.user, clock::timestamp())
        }
        _ => access_review(api, exchange, resource, &namespace, &object)?,
    };
    Ok(Answer::object(StatusCode::CREATED, answered))
}

/// What events may show of a review: never a token.
fn authentication_safe(resource: &Resource, object: &Value) -> Value {
    if resource.kind == "TokenReview" { authentication::without_token(object) } else { object.clone() }
}

fn token_review(api: &Api, object: &Value) -> Result<Value, Status> {
    let known = Known { registry: &api.registry };
    let chain = api.authenticators.load();
    let reviewed = authentication::token_review(object, &chain, &api.audiences, clock::timestamp(), &known);
    match reviewed {
        Ok((review, effects)) => {
            // What the token's own use would note of the request is not noted of the question.
            effects.last_used.iter().for_each(|used| crate::tokens::note_use(&api.registry, used));
            Ok(review)
        }
        Err(authentication::ReviewError::Audiences) => Err(Status::internal("error validating audiences")),
        Err(error) => Err(Status::bad_request(error.to_string())),
    }
}

fn access_review(
    api: &Api,
    exchange: &Exchange,
    resource: &Resource,
    namespace: &str,
    object: &Value,
) -> Result<Value, Status> {
    let union = api.authorizers.union();
    let user = &exchange.user;
    let answered = match resource.kind.as_str() {
        "SubjectAccessReview" => authorization::subject_access_review(object, union),
        "SelfSubjectAccessReview" => authorization::self_subject_access_review(object, user, union),
        "LocalSubjectAccessReview" => authorization::local_subject_access_review(object, namespace, union),
        _ => authorization::self_subject_rules_review(object, user, union),
    };
    answered.map_err(|error| match error {
        authorization::ReviewError::Invalid(faults) => invalid(&faults),
        error => Status::bad_request(error.to_string()),
    })
}

/// 422, as upstream words it: with the group, and without a kind.
fn invalid(faults: &[Fault]) -> Status {
    let error = authorization::ReviewError::Invalid(faults.to_vec());
    let mut status = Status::new(422, "Invalid", error.to_string());
    let causes = faults.iter().map(Cause::of);
    status.details = Some(Box::new(Details {
        group: "authorization.k8s.io".to_owned(),
        causes: causes.collect(),
        ..Details::default()
    }));
    status
}

/// Components have no status here: there is one process.
pub(crate) fn component_statuses(
    exchange: &mut Exchange,
    resource: &Resource,
    form: &Form,
) -> Result<Answer, Status> {
    exchange.warn("v1 ComponentStatus is deprecated in v1.19+");
    if exchange.info.verb == "get" {
        return Err(Status::not_found("", "componentstatus", &exchange.info.name));
    }
    let include = exchange.include_object(form)?;
    let list = shaped::list(resource, Vec::new(), &ListFacts::default(), &form.shape, include)?;
    Ok(Answer::object(StatusCode::OK, list))
}
