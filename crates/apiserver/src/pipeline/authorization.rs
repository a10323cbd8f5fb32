//! The stage that finds out whether they may.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/filters/authorization.go`,
//! `pkg/endpoints/handlers/responsewriters/errors.go` `Forbidden`.

use crate::api::Api;
use crate::exchange::Exchange;
use ravelin_authz::{Answer, Attributes, Decision};
use ravelin_object::status::Status;

/// Goes on where the request is allowed.
///
/// # Errors
/// 403 where it is not, 500 where nobody can tell.
pub(crate) fn authorize(api: &Api, exchange: &mut Exchange) -> Result<(), Status> {
    let attributes = exchange.info.attributes(exchange.user.clone());
    let answer = api.authorizers.authorize(&attributes);
    let recorder = &mut exchange.recorder;
    if answer.decision == Decision::Allow {
        recorder.annotate("authorization.k8s.io/decision", "allow");
        recorder.annotate("authorization.k8s.io/reason", &answer.reason);
        return Ok(());
    }
    if let Some(error) = &answer.error {
        tracing::warn!(%error, "authorization failed");
        recorder.annotate("authorization.k8s.io/reason", "internal error");
        return Err(Status::internal(error));
    }
    recorder.annotate("authorization.k8s.io/decision", "forbid");
    recorder.annotate("authorization.k8s.io/reason", &answer.reason);
    Err(refusal(&attributes, &answer))
}

/// 403, in upstream's words.
pub(crate) fn refusal(attributes: &Attributes, answer: &Answer) -> Status {
    let mut why = said(attributes);
    if !answer.reason.is_empty() {
        why.push_str(": ");
        why.push_str(&answer.reason);
    }
    if attributes.is_resource {
        return Status::forbidden(&attributes.group, &attributes.resource, &attributes.name, &why);
    }
    Status::forbidden("", "", "", &why)
}

/// Source: `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go` `forbiddenMessage`.
fn said(attributes: &Attributes) -> String {
    let user = quoted(&attributes.user.name);
    if !attributes.is_resource {
        return format!(
            "User {user} cannot {} path {}",
            sanitized(&attributes.verb),
            quoted(&attributes.path)
        );
    }
    let mut resource = attributes.resource.clone();
    if !attributes.subresource.is_empty() {
        resource.push('/');
        resource.push_str(&attributes.subresource);
    }
    let (verb, resource, group) = (sanitized(&attributes.verb), quoted(&resource), quoted(&attributes.group));
    let head = format!("User {user} cannot {verb} resource {resource} in API group {group}");
    if attributes.namespace.is_empty() {
        return format!("{head} at the cluster scope");
    }
    format!("{head} in the namespace {}", quoted(&attributes.namespace))
}

fn quoted(text: &str) -> String {
    sanitized(&ravelin_object::selector::quoted(text))
}

/// Without what a page of HTML would read as its own.
fn sanitized(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_authz::User;

    #[test]
    fn refusals_are_worded_as_upstream_words_them() {
        let user = User { name: "<mal>".to_owned(), ..User::default() };
        let pods = Attributes {
            user: user.clone(),
            verb: "get".to_owned(),
            is_resource: true,
            resource: "pods".to_owned(),
            subresource: "log".to_owned(),
            namespace: "ns".to_owned(),
            name: "n".to_owned(),
            ..Attributes::default()
        };
        let answer = Answer { decision: Decision::NoOpinion, reason: "why".to_owned(), error: None };
        assert_eq!(
            refusal(&pods, &answer).message,
            "pods \"n\" is forbidden: User \"&lt;mal&gt;\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"ns\": why"
        );
        let path =
            Attributes { user, verb: "get".to_owned(), path: "/x".to_owned(), ..Attributes::default() };
        let silent = Answer { reason: String::new(), ..answer };
        assert_eq!(refusal(&path, &silent).message, "forbidden: User \"&lt;mal&gt;\" cannot get path \"/x\"");
    }
}
