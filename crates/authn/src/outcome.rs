//! What an authenticator is given, and what it answers.

use crate::Timestamp;
use crate::headers::Headers;
use crate::objects::Objects;
use ravelin_object::errors::aggregated;
use ravelin_object::user::UserInfo;
use std::collections::BTreeMap;
use std::fmt;

/// A user who proved who they are, and for which audiences.
///
/// Source: `k8s.io/apiserver/pkg/authentication/authenticator.Response`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The user.
    pub user: UserInfo,
    /// The audiences the credential is good for, of those that were asked for. Empty: the authenticator does
    /// not know about audiences.
    pub audiences: Vec<String>,
}

/// What an authenticator says about a request or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is this user.
    Authenticated(Box<Response>),
    /// It is no credential of this authenticator: others may know it.
    NotMine,
    /// It is a credential of this authenticator, and it is no good: why, one text for each thing that was tried.
    Failed(Vec<String>),
}

impl Outcome {
    /// A user without audiences.
    #[must_use]
    pub fn user(user: UserInfo) -> Self {
        Self::Authenticated(Box::new(Response { user, audiences: Vec::new() }))
    }

    /// A failure for one reason.
    #[must_use]
    pub fn failed(why: impl Into<String>) -> Self {
        Self::Failed(vec![why.into()])
    }

    /// The error as upstream words it: several reasons in brackets, each once.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        match self {
            Self::Failed(errors) => aggregated(errors),
            Self::Authenticated(_) | Self::NotMine => None,
        }
    }

    /// The answer, if it is one.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        match self {
            Self::Authenticated(response) => Some(response),
            Self::Failed(_) | Self::NotMine => None,
        }
    }
}

/// What happened beside the answer: what is to be audited, warned about, and written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Annotations of the audit event. The first value of a key stays.
    pub audit_annotations: BTreeMap<String, String>,
    /// Texts for `Warning` headers.
    pub warnings: Vec<String>,
    /// Secrets to be labelled with the day of their last use.
    pub last_used: Vec<LastUsed>,
}

impl Effects {
    /// Adds an annotation, unless the key has one.
    pub fn annotate(&mut self, key: &str, value: impl Into<String>) {
        self.audit_annotations.entry(key.to_owned()).or_insert_with(|| value.into());
    }
}

/// A secret whose token was used: a merge patch sets its label `kubernetes.io/legacy-token-last-used`.
///
/// Source: `k8s.io/kubernetes/pkg/serviceaccount/legacy.go` `patchSecretWithLastUsedDate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUsed {
    /// The namespace of the secret.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid, which the patch names so that it meets no other secret.
    pub uid: String,
    /// The day, in UTC: `2026-03-01`.
    pub date: String,
}

/// What authenticators may look at beside the credential, and where they leave what happened.
pub struct Context<'a> {
    /// The time.
    pub now: Timestamp,
    /// The audiences a token must be for; `None` where nobody asked for any.
    pub audiences: Option<&'a [String]>,
    /// The objects tokens refer to.
    pub objects: &'a dyn Objects,
    /// What happened.
    pub effects: Effects,
}

impl<'a> Context<'a> {
    /// A context in which nothing has happened yet.
    #[must_use]
    pub fn new(now: Timestamp, audiences: Option<&'a [String]>, objects: &'a dyn Objects) -> Self {
        Self { now, audiences, objects, effects: Effects::default() }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Context");
        shown.field("now", &self.now).field("audiences", &self.audiences);
        shown.field("effects", &self.effects).finish_non_exhaustive()
    }
}

/// A request as authenticators see it. Those that accept a credential take it out of the headers.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The headers.
    pub headers: Headers,
    /// The path of the URL, decoded.
    pub path: String,
    /// The certificates the peer sent, leaf first; nothing is verified about them but that the peer holds the
    /// leaf's key.
    pub peer_certificates: Vec<crate::x509::Certificate>,
}

/// Something that authenticates tokens.
pub trait TokenAuthenticator: Send + Sync {
    /// Whose token it is.
    fn authenticate_token(&self, token: &str, context: &mut Context<'_>) -> Outcome;
}

/// Something that authenticates requests.
pub trait RequestAuthenticator: Send + Sync {
    /// Whose request it is.
    fn authenticate(&self, request: &mut Request, context: &mut Context<'_>) -> Outcome;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_once_and_the_first_annotation_stays() {
        let failed = Outcome::Failed(vec!["a".to_owned(), "b".to_owned(), "a".to_owned()]);
        assert_eq!(failed.error().as_deref(), Some("[a, b]"));
        assert_eq!(Outcome::NotMine.error(), None);
        let mut effects = Effects::default();
        effects.annotate("k", "1");
        effects.annotate("k", "2");
        assert_eq!(effects.audit_annotations.get("k").map(String::as_str), Some("1"));
    }
}
