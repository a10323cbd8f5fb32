//! What is said between an API server and an authorization webhook.
//!
//! [`review`] is what the server posts, [`answer`] what its reply means. Sending it, retrying and remembering replies
//! is for whoever has a network and a clock.
//!
//! Source: `k8s.io/apiserver/plugin/pkg/authorizer/webhook`.

use crate::{Answer, Attributes, Decision, Rules};
use ravelin_diag::FieldPath;
use ravelin_object::json_text;
use ravelin_object::selector::{FieldOperator, FieldRequirement, Operator, Requirement};
use ravelin_object::{DecodeError, Decoder, Map, Value};

/// The version of SubjectAccessReview that a webhook understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewVersion {
    /// `authorization.k8s.io/v1`.
    V1,
    /// `authorization.k8s.io/v1beta1`, in which groups are called `group`.
    V1Beta1,
}

/// What to answer when a webhook cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// Others may decide.
    NoOpinion,
    /// The request is denied.
    Deny,
}

impl ReviewVersion {
    /// The `apiVersion` of a review.
    #[must_use]
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::V1 => "authorization.k8s.io/v1",
            Self::V1Beta1 => "authorization.k8s.io/v1beta1",
        }
    }

    const fn groups_key(self) -> &'static str {
        match self {
            Self::V1 => "groups",
            Self::V1Beta1 => "group",
        }
    }
}

/// The SubjectAccessReview to post for a request.
#[must_use]
pub fn review(attributes: &Attributes, version: ReviewVersion) -> Value {
    let mut review = Map::new();
    review.set("kind", "SubjectAccessReview".into());
    review.set("apiVersion", version.api_version().into());
    review.set("metadata", Value::Object(Map::new()));
    review.set("spec", spec(attributes, version));
    let mut status = Map::new();
    status.set("allowed", Value::Bool(false));
    review.set("status", Value::Object(status));
    Value::Object(review)
}

/// The text under which the reply to a request is remembered; nothing where it must not be remembered, because the
/// requester could fill the memory.
#[must_use]
pub fn cache_key(attributes: &Attributes) -> Option<String> {
    const MOST_CONTROLLED: usize = 10_000;
    let Attributes { namespace, verb, group, version, resource, subresource, name, path, .. } = attributes;
    let controlled = [namespace, verb, group, version, resource, subresource, name, path];
    let size: usize = controlled.iter().map(|part| part.len()).sum();
    (size < MOST_CONTROLLED).then(|| json_text(&spec(attributes, ReviewVersion::V1)))
}

/// What a reply means.
///
/// # Errors
/// The fields of its status that have a wrong type; [`failed`] is the answer then.
pub fn answer(reply: &Value) -> Result<Answer, Vec<DecodeError>> {
    let mut decoder = Decoder::new(FieldPath::root());
    let status = decoder.mapping(Some(reply), "status", |decoder, status| {
        let status = Some(status);
        let allowed = decoder.boolean(status, "allowed").unwrap_or_default();
        let denied = decoder.boolean(status, "denied").unwrap_or_default();
        let reason = decoder.string(status, "reason").unwrap_or_default().to_owned();
        decoder.string(status, "evaluationError");
        (allowed, denied, reason)
    });
    let (allowed, denied, reason) = decoder.finish(status)?.unwrap_or_default();
    let error = (denied && allowed)
        .then(|| "webhook subject access review returned both allow and deny response".to_owned());
    let decision = match (denied, allowed) {
        (true, _) => Decision::Deny,
        (false, true) => Decision::Allow,
        (false, false) => Decision::NoOpinion,
    };
    Ok(Answer { decision, reason, error })
}

/// The answer when a webhook could not be asked.
#[must_use]
pub fn failed(policy: FailurePolicy, error: String) -> Answer {
    let decision = match policy {
        FailurePolicy::NoOpinion => Decision::NoOpinion,
        FailurePolicy::Deny => Decision::Deny,
    };
    Answer { decision, reason: String::new(), error: Some(error) }
}

/// What a webhook contributes to a listing of rules.
#[must_use]
pub fn rules() -> Rules {
    let error = Some("webhook authorizer does not support user rule resolution".to_owned());
    Rules { incomplete: true, error, ..Rules::default() }
}

fn spec(attributes: &Attributes, version: ReviewVersion) -> Value {
    let mut spec = Map::new();
    if attributes.is_resource {
        spec.set("resourceAttributes", resource_attributes(attributes));
    } else {
        spec.set("nonResourceAttributes", fields(&[("path", &attributes.path), ("verb", &attributes.verb)]));
    }
    let user = &attributes.user;
    set_text(&mut spec, "user", &user.name);
    if !user.groups.is_empty() {
        spec.set(version.groups_key(), texts(&user.groups));
    }
    if !user.extra.is_empty() {
        let mut extra = Map::new();
        for (key, values) in &user.extra {
            extra.set(key.as_str(), texts(values));
        }
        spec.set("extra", Value::Object(extra));
    }
    set_text(&mut spec, "uid", &user.uid);
    Value::Object(spec)
}

fn resource_attributes(attributes: &Attributes) -> Value {
    let Value::Object(mut map) = fields(&[
        ("namespace", &attributes.namespace),
        ("verb", &attributes.verb),
        ("group", &attributes.group),
        ("version", &attributes.version),
        ("resource", &attributes.resource),
        ("subresource", &attributes.subresource),
        ("name", &attributes.name),
    ]) else {
        return Value::Null;
    };
    // What could not be read of a selector is left out: the question is broader then, never narrower.
    let field: Vec<Value> = attributes.field_requirements.iter().map(field_requirement).collect();
    let label: Vec<Value> = attributes.label_requirements.iter().filter_map(label_requirement).collect();
    for (key, requirements) in [("fieldSelector", field), ("labelSelector", label)] {
        if !requirements.is_empty() {
            let selector = Map::from_unique(vec![("requirements".into(), Value::Array(requirements))]);
            map.set(key, Value::Object(selector));
        }
    }
    Value::Object(map)
}

fn field_requirement(requirement: &FieldRequirement) -> Value {
    let operator = match requirement.operator {
        FieldOperator::Equals => "In",
        _ => "NotIn",
    };
    let mut map = Map::new();
    map.set("key", requirement.field.as_str().into());
    map.set("operator", operator.into());
    map.set("values", texts(std::slice::from_ref(&requirement.value)));
    Value::Object(map)
}

/// Nothing where the review has no word for the operator.
fn label_requirement(requirement: &Requirement) -> Option<Value> {
    let operator = match requirement.operator() {
        Operator::In | Operator::Equals | Operator::DoubleEquals => "In",
        Operator::NotIn | Operator::NotEquals => "NotIn",
        Operator::Exists => "Exists",
        Operator::DoesNotExist => "DoesNotExist",
        Operator::GreaterThan | Operator::LessThan => return None,
    };
    let mut map = Map::new();
    map.set("key", requirement.key().into());
    map.set("operator", operator.into());
    let values: Vec<Value> = requirement.values().into_iter().map(Value::from).collect();
    if !values.is_empty() {
        map.set("values", Value::Array(values));
    }
    Some(Value::Object(map))
}

fn fields(entries: &[(&str, &String)]) -> Value {
    let mut map = Map::new();
    for (key, text) in entries {
        set_text(&mut map, key, text);
    }
    Value::Object(map)
}

fn set_text(map: &mut Map, key: &str, text: &str) {
    if !text.is_empty() {
        map.set(key, text.into());
    }
}

fn texts(texts: &[String]) -> Value {
    Value::Array(texts.iter().map(|text| text.as_str().into()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::User;
    use crate::request_info::{RequestInfo, Url};
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    fn attributes(method: &str, target: &str) -> Attributes {
        let user = User {
            name: "u".to_owned(),
            uid: "1".to_owned(),
            groups: vec!["g".to_owned()],
            extra: [("k".to_owned(), vec!["v".to_owned()])].into(),
        };
        RequestInfo::of(method, &Url::parse(target).unwrap()).0.attributes(user)
    }

    #[test]
    fn requests_become_reviews() {
        let pods =
            attributes("GET", "/api/v1/namespaces/a/pods?fieldSelector=x!=1&labelSelector=b,c+in+(e,d),f>1");
        assert_eq!(
            json_text(&review(&pods, ReviewVersion::V1)),
            r#"{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","metadata":{},"spec":{"resourceAttributes":{"namespace":"a","verb":"list","version":"v1","resource":"pods","fieldSelector":{"requirements":[{"key":"x","operator":"NotIn","values":["1"]}]},"labelSelector":{"requirements":[{"key":"b","operator":"Exists"},{"key":"c","operator":"In","values":["d","e"]}]}},"user":"u","groups":["g"],"extra":{"k":["v"]},"uid":"1"},"status":{"allowed":false}}"#
        );
        let path = attributes("GET", "/healthz");
        let spec = review(&path, ReviewVersion::V1Beta1).field("spec").cloned().unwrap();
        assert_eq!(
            json_text(&spec),
            r#"{"nonResourceAttributes":{"path":"/healthz","verb":"get"},"user":"u","group":["g"],"extra":{"k":["v"]},"uid":"1"}"#
        );
        assert!(cache_key(&path).unwrap().contains("\"groups\""));
        assert_eq!(cache_key(&attributes("GET", &format!("/{}", "x".repeat(10_000)))), None);
    }

    #[test]
    fn replies_become_answers() {
        let reply = |text: &str| answer(&read::json(text, &Limits::STANDARD).unwrap().value.unwrap());
        assert_eq!(reply(r#"{"status":{"allowed":true,"reason":"r"}}"#).unwrap().decision, Decision::Allow);
        assert_eq!(reply(r#"{"status":{"denied":true}}"#).unwrap().decision, Decision::Deny);
        let both = reply(r#"{"status":{"denied":true,"allowed":true}}"#).unwrap();
        assert_eq!(both.decision, Decision::Deny);
        assert!(both.error.is_some());
        assert_eq!(reply("{}").unwrap().decision, Decision::NoOpinion);
        assert!(reply(r#"{"status":{"allowed":"yes"}}"#).is_err());
        assert_eq!(failed(FailurePolicy::Deny, "e".to_owned()).decision, Decision::Deny);
    }
}
