//! Authenticators one after the other, and which audiences their answers are for.
//!
//! Source: `k8s.io/apiserver/pkg/authentication/{request,token}/union`, `.../authenticator/audagnostic.go`.

use crate::{Context, Outcome, Request, RequestAuthenticator, TokenAuthenticator};
use std::fmt;

/// What a union does when one of its authenticators fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// Others are asked; if none knows the user, all errors are told.
    GoOn,
    /// The failure is the answer.
    Fail,
}

/// Authenticators of tokens, asked in their order.
pub struct TokenUnion {
    authenticators: Vec<Box<dyn TokenAuthenticator>>,
    on_error: OnError,
}

impl TokenUnion {
    /// A union. Without authenticators it knows nobody.
    #[must_use]
    pub fn new(authenticators: Vec<Box<dyn TokenAuthenticator>>, on_error: OnError) -> Self {
        Self { authenticators, on_error }
    }
}

impl fmt::Debug for TokenUnion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(f, "TokenUnion", self.authenticators.len(), self.on_error)
    }
}

impl TokenAuthenticator for TokenUnion {
    fn authenticate_token(&self, token: &str, context: &mut Context<'_>) -> Outcome {
        let answers = self.authenticators.iter();
        first(answers.map(|authenticator| authenticator.authenticate_token(token, context)), self.on_error)
    }
}

/// Authenticators of requests, asked in their order.
pub struct RequestUnion {
    authenticators: Vec<Box<dyn RequestAuthenticator>>,
    on_error: OnError,
}

impl RequestUnion {
    /// A union. Without authenticators it knows nobody.
    #[must_use]
    pub fn new(authenticators: Vec<Box<dyn RequestAuthenticator>>, on_error: OnError) -> Self {
        Self { authenticators, on_error }
    }
}

impl fmt::Debug for RequestUnion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(f, "RequestUnion", self.authenticators.len(), self.on_error)
    }
}

impl RequestAuthenticator for RequestUnion {
    fn authenticate(&self, request: &mut Request, context: &mut Context<'_>) -> Outcome {
        let answers = self.authenticators.iter();
        first(answers.map(|authenticator| authenticator.authenticate(request, context)), self.on_error)
    }
}

fn shown(f: &mut fmt::Formatter<'_>, name: &str, count: usize, on_error: OnError) -> fmt::Result {
    f.debug_struct(name).field("authenticators", &count).field("on_error", &on_error).finish()
}

fn first(answers: impl Iterator<Item = Outcome>, on_error: OnError) -> Outcome {
    let mut errors = Vec::new();
    for answer in answers {
        match answer {
            Outcome::Authenticated(_) => return answer,
            Outcome::NotMine => {}
            Outcome::Failed(_) if on_error == OnError::Fail => return answer,
            Outcome::Failed(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Outcome::NotMine } else { Outcome::Failed(errors) }
}

/// An authenticator that knows nothing about audiences, held to those of the API server.
#[derive(Debug)]
pub struct OfAudiences<A> {
    implicit: Vec<String>,
    authenticator: A,
}

impl<A> OfAudiences<A> {
    /// What `authenticator` accepts is good for `implicit`, and for nothing else.
    #[must_use]
    pub fn new(implicit: Vec<String>, authenticator: A) -> Self {
        Self { implicit, authenticator }
    }

    fn held(&self, context: &mut Context<'_>, ask: impl FnOnce(&A, &mut Context<'_>) -> Outcome) -> Outcome {
        let Some(wanted) = context.audiences else { return ask(&self.authenticator, context) };
        let both = intersection(&self.implicit, wanted);
        if both.is_empty() {
            return Outcome::NotMine;
        }
        let mut answer = ask(&self.authenticator, context);
        if let Outcome::Authenticated(response) = &mut answer {
            response.audiences = both;
        }
        answer
    }
}

impl<A: TokenAuthenticator> TokenAuthenticator for OfAudiences<A> {
    fn authenticate_token(&self, token: &str, context: &mut Context<'_>) -> Outcome {
        self.held(context, |authenticator, context| authenticator.authenticate_token(token, context))
    }
}

impl<A: RequestAuthenticator> RequestAuthenticator for OfAudiences<A> {
    fn authenticate(&self, request: &mut Request, context: &mut Context<'_>) -> Outcome {
        self.held(context, |authenticator, context| authenticator.authenticate(request, context))
    }
}

/// Those of `wanted` that are in `audiences`.
#[must_use]
pub fn intersection(audiences: &[String], wanted: &[String]) -> Vec<String> {
    wanted.iter().filter(|audience| audiences.contains(audience)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::objects::Nothing;
    use ravelin_object::user::UserInfo;

    struct Says(Outcome);

    impl TokenAuthenticator for Says {
        fn authenticate_token(&self, _: &str, _: &mut Context<'_>) -> Outcome {
            self.0.clone()
        }
    }

    fn user() -> Outcome {
        Outcome::user(UserInfo { name: "u".to_owned(), ..UserInfo::default() })
    }

    fn asked(answers: Vec<Outcome>, on_error: OnError) -> Outcome {
        let authenticators = answers.into_iter().map(|answer| Box::new(Says(answer)) as _).collect();
        let mut context = Context::new(Timestamp::from_unix(0), None, &Nothing);
        TokenUnion::new(authenticators, on_error).authenticate_token("t", &mut context)
    }

    #[test]
    fn the_first_who_knows_the_user_is_believed() {
        let failed = || Outcome::failed("no");
        assert_eq!(asked(vec![], OnError::GoOn), Outcome::NotMine);
        assert_eq!(asked(vec![Outcome::NotMine, failed(), user()], OnError::GoOn), user());
        assert_eq!(asked(vec![Outcome::NotMine, failed(), user()], OnError::Fail), failed());
        let both = asked(vec![failed(), Outcome::failed("never"), Outcome::NotMine], OnError::GoOn);
        assert_eq!(both.error().as_deref(), Some("[no, never]"));
    }

    #[test]
    fn audiences_are_held_to() {
        let own = vec!["api".to_owned(), "other".to_owned()];
        let held = OfAudiences::new(own.clone(), Says(user()));
        let ask = |wanted: Option<&[String]>| {
            let mut context = Context::new(Timestamp::from_unix(0), wanted, &Nothing);
            held.authenticate_token("t", &mut context)
        };
        assert_eq!(ask(None), user());
        assert_eq!(ask(Some(&["vault".to_owned()])), Outcome::NotMine);
        let answer = ask(Some(&["vault".to_owned(), "other".to_owned()]));
        assert_eq!(answer.response().unwrap().audiences, ["other"]);
    }
}
