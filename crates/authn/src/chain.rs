//! The authenticators of an API server in their order, and what happens around them.
//!
//! Source: `k8s.io/kubernetes/pkg/kubeapiserver/authenticator/config.go`,
//! `k8s.io/apiserver/pkg/endpoints/filters/authentication.go`. Answers are not remembered here: a host may keep
//! successes of tokens for ten seconds, by token and audiences.

use crate::anonymous::Anonymous;
use crate::bearer::Bearer;
use crate::bootstrap::BootstrapTokens;
use crate::groups::AddAuthenticated;
use crate::request_header::{HeaderNames, RequestHeader};
use crate::service_account::ServiceAccountTokens;
use crate::token_file::TokenFile;
use crate::union::{OfAudiences, OnError, RequestUnion, TokenUnion, intersection};
use crate::websocket::WebSocketToken;
use crate::x509::ClientCertificates;
use crate::{
    ALL_UNAUTHENTICATED, ANONYMOUS, Context, Outcome, Request, RequestAuthenticator, TokenAuthenticator,
};
use ravelin_object::user::UserInfo;
use std::fmt;
use std::sync::Arc;

/// What an API server authenticates by. What is not there is not asked.
#[derive(Default)]
pub struct Authenticators {
    /// What tokens and requests must be for: `--api-audiences`.
    pub api_audiences: Vec<String>,
    /// The server's own token for requests to itself.
    pub loopback: Option<TokenFile>,
    /// A proxy in front.
    pub request_header: Option<RequestHeader>,
    /// Client certificates.
    pub certificates: Option<ClientCertificates>,
    /// The file of tokens.
    pub token_file: Option<TokenFile>,
    /// Tokens that secrets hold.
    pub legacy_tokens: Option<ServiceAccountTokens>,
    /// Tokens that are bound and expire.
    pub bound_tokens: Option<ServiceAccountTokens>,
    /// Whether bootstrap tokens count: `--enable-bootstrap-token-auth`.
    pub bootstrap_tokens: bool,
    /// Further tokens, asked last: issuers of others, webhooks.
    pub further_tokens: Vec<Box<dyn TokenAuthenticator>>,
    /// Who has no credentials, where that is allowed.
    pub anonymous: Option<Anonymous>,
}

impl fmt::Debug for Authenticators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticators")
            .field("api_audiences", &self.api_audiences)
            .field("loopback", &self.loopback)
            .field("token_file", &self.token_file)
            .field("bootstrap_tokens", &self.bootstrap_tokens)
            .field("anonymous", &self.anonymous)
            .finish_non_exhaustive()
    }
}

/// The chain of an API server.
pub struct Chain {
    api_audiences: Vec<String>,
    header_names: Option<HeaderNames>,
    all: RequestUnion,
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("api_audiences", &self.api_audiences).finish_non_exhaustive()
    }
}

impl Chain {
    /// Puts authenticators into their order.
    #[must_use]
    pub fn new(authenticators: Authenticators) -> Self {
        let api_audiences = authenticators.api_audiences.clone();
        let header_names = authenticators.request_header.as_ref().map(|header| header.names.clone());
        let mut authenticators = authenticators;
        let loopback = authenticators.loopback.take().map(|file| {
            let tokens = Arc::new(OfAudiences::new(api_audiences.clone(), file));
            Box::new(Bearer::new(tokens)) as Box<dyn RequestAuthenticator>
        });
        let main = Box::new(main(authenticators)) as Box<dyn RequestAuthenticator>;
        let all = RequestUnion::new(loopback.into_iter().chain([main]).collect(), OnError::GoOn);
        Self { api_audiences, header_names, all }
    }

    /// Whose request it is. The context's audiences are what the request's credentials must be for; on success no
    /// header is left that named a user.
    ///
    /// Anything but a user is status 401 with reason and message `Unauthorized`.
    pub fn authenticate(&self, request: &mut Request, context: &mut Context<'_>) -> Outcome {
        let own: Vec<String> = self.api_audiences.clone();
        let wanted = if own.is_empty() { context.audiences } else { Some(own.as_slice()) };
        let mut inner = Context::new(context.now, wanted, context.objects);
        std::mem::swap(&mut inner.effects, &mut context.effects);
        let answer = self.all.authenticate(request, &mut inner);
        std::mem::swap(&mut inner.effects, &mut context.effects);
        let Outcome::Authenticated(response) = &answer else { return answer };
        let audiences = &response.audiences;
        let is_acceptable =
            own.is_empty() || audiences.is_empty() || !intersection(&own, audiences).is_empty();
        if !is_acceptable {
            return Outcome::failed(format!(
                "unable to match the audience: [{}] , accepted: [{}]",
                audiences.join(" "),
                own.join(" ")
            ));
        }
        request.headers.remove("Authorization");
        HeaderNames::standard().clear(&mut request.headers);
        if let Some(names) = &self.header_names {
            names.clear(&mut request.headers);
        }
        answer
    }

    /// Whose token it is, for a review: asked as a request that holds nothing but the token, for these audiences.
    pub fn review(&self, token: &str, context: &mut Context<'_>) -> Outcome {
        let mut request = Request::default();
        request.headers.add("Authorization", format!("Bearer {token}"));
        self.all.authenticate(&mut request, context)
    }
}

/// Whether a user is anonymous: hosts close HTTP/2 connections of such users after one request.
#[must_use]
pub fn is_anonymous(user: &UserInfo) -> bool {
    user.name == ANONYMOUS || user.is_in(ALL_UNAUTHENTICATED)
}

fn main(authenticators: Authenticators) -> RequestUnion {
    let audiences = authenticators.api_audiences.clone();
    let anonymous = authenticators.anonymous.clone();
    let mut known: Vec<Box<dyn RequestAuthenticator>> = Vec::new();
    if let Some(header) = authenticators.request_header.clone() {
        known.push(Box::new(OfAudiences::new(audiences, header)));
    }
    if let Some(certificates) = authenticators.certificates.clone() {
        known.push(Box::new(certificates));
    }
    let tokens = tokens(authenticators);
    if !tokens.is_empty() {
        let tokens = Arc::new(TokenUnion::new(tokens, OnError::GoOn));
        known.push(Box::new(Bearer::new(Arc::clone(&tokens))));
        known.push(Box::new(WebSocketToken::new(tokens)));
    }
    // A credential that is no good is an error; only where there is none may a request be anonymous.
    let known = AddAuthenticated::new(RequestUnion::new(known, OnError::GoOn));
    let mut all: Vec<Box<dyn RequestAuthenticator>> = vec![Box::new(known)];
    if let Some(anonymous) = anonymous {
        all.push(Box::new(anonymous));
    }
    RequestUnion::new(all, OnError::Fail)
}

fn tokens(authenticators: Authenticators) -> Vec<Box<dyn TokenAuthenticator>> {
    let Authenticators { api_audiences: audiences, .. } = &authenticators;
    let audiences = audiences.clone();
    let mut tokens: Vec<Box<dyn TokenAuthenticator>> = Vec::new();
    if let Some(file) = authenticators.token_file {
        tokens.push(Box::new(OfAudiences::new(audiences.clone(), file)));
    }
    for accounts in [authenticators.legacy_tokens, authenticators.bound_tokens].into_iter().flatten() {
        tokens.push(Box::new(accounts));
    }
    if authenticators.bootstrap_tokens {
        tokens.push(Box::new(OfAudiences::new(audiences, BootstrapTokens)));
    }
    tokens.extend(authenticators.further_tokens);
    tokens
}

#[cfg(test)]
mod tests;
