//! Questions about access as objects of the API: reviews in, reviews with a status out.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/authorization`, `pkg/apis/authorization/validation`.

mod spec;
mod validation;

use crate::{Answer, Attributes, Authorizer, Decision, NonResourceRule, ResourceRule, RuleResolver, User};
use ravelin_object::fault::{Fault, joined};
use ravelin_object::{DecodeError, Map, Value};
use spec::Spec;

/// Why a review is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// Fields have types that the API server does not read.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Malformed(Vec<DecodeError>),
    /// The review is not valid: status 422.
    #[error(".authorization.k8s.io \"\" is invalid: {}", joined(.0))]
    Invalid(Vec<Fault>),
    /// The request is not one the server answers: status 400.
    #[error("{0}")]
    BadRequest(String),
}

/// Answers a SubjectAccessReview.
///
/// # Errors
/// A review that the API server refuses.
pub fn subject_access_review(review: &Value, authorizer: &dyn Authorizer) -> Result<Value, ReviewError> {
    let spec = Spec::decode(review).map_err(ReviewError::Malformed)?;
    refuse(validation::subject(&spec, review))?;
    Ok(answered(review, &spec.attributes(spec.user()), authorizer))
}

/// Answers a SelfSubjectAccessReview for the user who posts it.
///
/// # Errors
/// A review that the API server refuses.
pub fn self_subject_access_review(
    review: &Value,
    user: &User,
    authorizer: &dyn Authorizer,
) -> Result<Value, ReviewError> {
    let spec = Spec::decode(review).map_err(ReviewError::Malformed)?;
    refuse(validation::self_subject(&spec, review))?;
    Ok(answered(review, &spec.attributes(user.clone()), authorizer))
}

/// Answers a LocalSubjectAccessReview that is posted to a namespace.
///
/// # Errors
/// A review that the API server refuses.
pub fn local_subject_access_review(
    review: &Value,
    namespace: &str,
    authorizer: &dyn Authorizer,
) -> Result<Value, ReviewError> {
    let spec = Spec::decode(review).map_err(ReviewError::Malformed)?;
    refuse(validation::local(&spec, review))?;
    if namespace.is_empty() {
        return Err(ReviewError::BadRequest("namespace is required on this type: ".to_owned()));
    }
    if validation::namespace_of(review) != namespace {
        let text = format!("spec.resourceAttributes.namespace must match namespace: {namespace}");
        return Err(ReviewError::BadRequest(text));
    }
    Ok(answered(review, &spec.attributes(spec.user()), authorizer))
}

/// Answers a SelfSubjectRulesReview for the user who posts it.
///
/// # Errors
/// A review that the API server refuses.
pub fn self_subject_rules_review(
    review: &Value,
    user: &User,
    resolver: &dyn RuleResolver,
) -> Result<Value, ReviewError> {
    let namespace = review.dotted("spec.namespace").and_then(Value::as_str).unwrap_or_default();
    if namespace.is_empty() {
        return Err(ReviewError::BadRequest("no namespace on request".to_owned()));
    }
    let rules = resolver.rules_for(user, namespace);
    let mut status = Map::new();
    status.set("resourceRules", Value::Array(rules.resource_rules.iter().map(resource_rule).collect()));
    let paths = rules.non_resource_rules.iter().map(non_resource_rule).collect();
    status.set("nonResourceRules", Value::Array(paths));
    status.set("incomplete", Value::Bool(rules.incomplete));
    if let Some(error) = rules.error {
        status.set("evaluationError", error.as_str().into());
    }
    let mut answer = Map::new();
    for key in ["kind", "apiVersion"] {
        if let Some(value) = review.field(key) {
            answer.set(key, value.clone());
        }
    }
    // Upstream answers with a fresh object: not even the namespace is in its spec.
    answer.set("metadata", Value::Object(Map::new()));
    answer.set("spec", Value::Object(Map::new()));
    answer.set("status", Value::Object(status));
    Ok(Value::Object(answer))
}

/// The status of a review: what an answer about the attributes says.
#[must_use]
pub fn status(answer: &Answer, attributes: &Attributes) -> Value {
    let mut status = Map::new();
    status.set("allowed", Value::Bool(answer.decision == Decision::Allow));
    if answer.decision == Decision::Deny {
        status.set("denied", Value::Bool(true));
    }
    if !answer.reason.is_empty() {
        status.set("reason", answer.reason.as_str().into());
    }
    let error = evaluation_error(answer.error.as_deref(), attributes);
    if !error.is_empty() {
        status.set("evaluationError", error.as_str().into());
    }
    Value::Object(status)
}

fn evaluation_error(error: Option<&str>, attributes: &Attributes) -> String {
    let mut errors: Vec<String> = error.map(str::to_owned).into_iter().collect();
    let selectors = [
        ("field", attributes.field_selector_error.is_some(), attributes.field_requirements.is_empty()),
        ("label", attributes.label_selector_error.is_some(), attributes.label_requirements.is_empty()),
    ];
    for (which, failed, nothing_left) in selectors {
        if failed {
            let how = if nothing_left { "" } else { "partially " };
            errors.push(format!("spec.resourceAttributes.{which}Selector {how}ignored due to parse error"));
        }
    }
    errors.join("; ")
}

fn answered(review: &Value, attributes: &Attributes, authorizer: &dyn Authorizer) -> Value {
    let mut answer = review.as_object().cloned().unwrap_or_default();
    answer.set("status", status(&authorizer.authorize(attributes), attributes));
    Value::Object(answer)
}

fn refuse(faults: Vec<Fault>) -> Result<(), ReviewError> {
    if faults.is_empty() { Ok(()) } else { Err(ReviewError::Invalid(faults)) }
}

fn resource_rule(rule: &ResourceRule) -> Value {
    let mut map = Map::new();
    map.set("verbs", texts(&rule.verbs));
    let optional = [
        ("apiGroups", &rule.api_groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.resource_names),
    ];
    for (key, list) in optional.into_iter().filter(|(_, list)| !list.is_empty()) {
        map.set(key, texts(list));
    }
    Value::Object(map)
}

fn non_resource_rule(rule: &NonResourceRule) -> Value {
    let mut map = Map::new();
    map.set("verbs", texts(&rule.verbs));
    if !rule.non_resource_urls.is_empty() {
        map.set("nonResourceURLs", texts(&rule.non_resource_urls));
    }
    Value::Object(map)
}

fn texts(list: &[String]) -> Value {
    Value::Array(list.iter().map(|text| text.as_str().into()).collect())
}

#[cfg(test)]
mod tests;
