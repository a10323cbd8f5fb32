//! TokenReview and SelfSubjectReview: reviews in, reviews with a status out.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/authentication`.

use crate::chain::Chain;
use crate::objects::Objects;
use crate::union::intersection;
use crate::{Context, Effects, Outcome, Timestamp};
use ravelin_object::user::UserInfo;
use ravelin_object::{DecodeError, Decoder, Map, Value};

/// Why a review is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// Fields have types that the API server does not read: status 400.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Malformed(Vec<DecodeError>),
    /// The request is not one the server answers: status 400.
    #[error("{0}")]
    BadRequest(String),
    /// The authenticators contradict themselves: status 500.
    #[error("Internal error occurred: error validating audiences")]
    Audiences,
}

/// Answers a TokenReview. `api_audiences` are what the token is to be for where the review names no audiences.
/// The answer holds the token, as the API server's does; [`without_token`] is what may be kept.
///
/// # Errors
/// A review that the API server refuses.
pub fn token_review(
    review: &Value,
    chain: &Chain,
    api_audiences: &[String],
    now: Timestamp,
    objects: &dyn Objects,
) -> Result<(Value, Effects), ReviewError> {
    let (token, asked) = spec(review).map_err(ReviewError::Malformed)?;
    if token.is_empty() {
        return Err(ReviewError::BadRequest(
            "token is required for TokenReview in authentication".to_owned(),
        ));
    }
    let audiences = if asked.is_empty() { api_audiences } else { &asked };
    let wanted = (!audiences.is_empty()).then_some(audiences);
    let mut context = Context::new(now, wanted, objects);
    let answer = chain.review(&token, &mut context);
    // What was sent as an answer is written over only where there is one.
    let mut status = review.field("status").and_then(Value::as_object).cloned().unwrap_or_default();
    status.remove("authenticated");
    if let Outcome::Authenticated(response) = &answer {
        if wanted.is_some() && intersection(audiences, &response.audiences).is_empty() {
            return Err(ReviewError::Audiences);
        }
        status.set("authenticated", Value::Bool(true));
        status.set("user", user_value(&response.user));
        if response.audiences.is_empty() {
            status.remove("audiences");
        } else {
            status.set("audiences", texts(&response.audiences));
        }
    } else if status.get("user").is_none_or(|user| *user == Value::Null) {
        status.set("user", Value::Object(Map::new()));
    }
    if let Some(error) = answer.error() {
        status.set("error", error.as_str().into());
    }
    let mut reviewed = review.as_object().cloned().unwrap_or_default();
    reviewed.set("status", Value::Object(status));
    Ok((Value::Object(reviewed), context.effects))
}

/// The review without the token, for logs and audit events.
#[must_use]
pub fn without_token(review: &Value) -> Value {
    let mut review = review.as_object().cloned().unwrap_or_default();
    if let Some(mut spec) = review.get("spec").and_then(Value::as_object).cloned() {
        spec.remove("token");
        review.set("spec", Value::Object(spec));
    }
    Value::Object(review)
}

/// Answers a SelfSubjectReview: who the user is who posts it.
#[must_use]
pub fn self_subject_review(review: &Value, user: &UserInfo, now: Timestamp) -> Value {
    let mut answer = Map::new();
    for key in ["kind", "apiVersion"] {
        if let Some(value) = review.field(key) {
            answer.set(key, value.clone());
        }
    }
    let mut metadata = Map::new();
    metadata.set("creationTimestamp", now.to_string().as_str().into());
    answer.set("metadata", Value::Object(metadata));
    let mut status = Map::new();
    status.set("userInfo", user_value(user));
    answer.set("status", Value::Object(status));
    Value::Object(answer)
}

/// A user as `authentication.k8s.io/v1` `UserInfo`: what is empty is left out.
#[must_use]
pub fn user_value(user: &UserInfo) -> Value {
    let mut map = Map::new();
    for (key, text) in [("username", &user.name), ("uid", &user.uid)] {
        if !text.is_empty() {
            map.set(key, text.as_str().into());
        }
    }
    if !user.groups.is_empty() {
        map.set("groups", texts(&user.groups));
    }
    if !user.extra.is_empty() {
        let mut extra = Map::new();
        for (key, values) in &user.extra {
            extra.set(key.as_str(), texts(values));
        }
        map.set("extra", Value::Object(extra));
    }
    Value::Object(map)
}

fn spec(review: &Value) -> Result<(zeroize::Zeroizing<String>, Vec<String>), Vec<DecodeError>> {
    let mut decoder = Decoder::new(ravelin_diag::FieldPath::root());
    let spec = decoder.mapping(Some(review), "spec", |decoder, spec| {
        let token = decoder.string(Some(spec), "token").unwrap_or_default().to_owned();
        let audiences = decoder.strings(Some(spec), "audiences").into_iter().map(str::to_owned).collect();
        (zeroize::Zeroizing::new(token), audiences)
    });
    decoder.finish(spec.unwrap_or_default())
}

fn texts(list: &[String]) -> Value {
    Value::Array(list.iter().map(|text| text.as_str().into()).collect())
}

#[cfg(test)]
mod tests;
