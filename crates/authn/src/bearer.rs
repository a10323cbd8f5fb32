//! The token in the `Authorization` header.
//!
//! Source: `k8s.io/apiserver/pkg/authentication/request/bearertoken`.

use crate::{Context, Outcome, Request, RequestAuthenticator, TokenAuthenticator};
use std::sync::Arc;

/// What is said of a token that nobody knows.
pub(crate) const INVALID: &str = "invalid bearer token";

const EXTRA_SPACE: &str =
    "the provided Authorization header contains extra space before the bearer token, and is ignored";

/// Authenticates requests by a bearer token. A token that nobody knows is an error: it is never anonymous.
#[derive(Debug)]
pub struct Bearer<T: ?Sized> {
    tokens: Arc<T>,
}

impl<T: TokenAuthenticator + ?Sized> Bearer<T> {
    /// Tokens are whose `tokens` says they are.
    #[must_use]
    pub fn new(tokens: Arc<T>) -> Self {
        Self { tokens }
    }
}

impl<T: TokenAuthenticator + ?Sized> RequestAuthenticator for Bearer<T> {
    fn authenticate(&self, request: &mut Request, context: &mut Context<'_>) -> Outcome {
        let header = request.headers.get("Authorization").trim();
        let mut parts = header.splitn(3, ' ');
        let is_bearer = parts.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"));
        let (Some(token), true) = (parts.next(), is_bearer) else { return Outcome::NotMine };
        if token.is_empty() {
            if parts.next().is_some() {
                context.effects.warnings.push(EXTRA_SPACE.to_owned());
            }
            return Outcome::NotMine;
        }
        let answer = known(self.tokens.authenticate_token(token, context));
        if let Outcome::Authenticated(_) = answer {
            request.headers.remove("Authorization");
        }
        answer
    }
}

/// The answer; that nobody knows a token is an error.
pub(crate) fn known(answer: Outcome) -> Outcome {
    if answer == Outcome::NotMine { Outcome::failed(INVALID) } else { answer }
}

/// What a failed request tried, for its audit event.
///
/// Source: `k8s.io/apiserver/pkg/endpoints/filters/authn_audit.go`. `access_token` is that parameter of the query.
#[must_use]
pub fn attempted(request: &Request, access_token: &str) -> String {
    let header = request.headers.get("Authorization");
    let mut tried = Vec::new();
    if is_basic(header) {
        tried.push("basic");
    }
    let trimmed = header.trim();
    if trimmed.split_once(' ').is_some_and(|(scheme, _)| scheme.to_lowercase() == "bearer") {
        tried.push("bearer");
    }
    if !access_token.trim().is_empty() {
        tried.push("access_token");
    }
    if !request.peer_certificates.is_empty() {
        tried.push("x509");
    }
    if tried.is_empty() {
        return "Authentication failed, no credentials provided".to_owned();
    }
    format!("Authentication failed, attempted: {}", tried.join(", "))
}

/// Whether the header holds a user and a password.
fn is_basic(header: &str) -> bool {
    let Some((scheme, rest)) = header.split_at_checked(6) else { return false };
    let decoded = crate::encoding::decode_standard(rest.as_bytes());
    scheme.eq_ignore_ascii_case("basic ") && decoded.is_some_and(|text| text.contains(&b':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::objects::Nothing;
    use crate::token_file::TokenFile;
    use ravelin_object::user::UserInfo;

    fn asked(header: &str) -> (Result<String, Option<String>>, bool, usize) {
        let user = UserInfo { name: "alice".to_owned(), ..UserInfo::default() };
        let bearer = Bearer::new(Arc::new(TokenFile::single("tok", user)));
        let mut request = Request::default();
        request.headers.add("authorization", header);
        let mut context = Context::new(Timestamp::from_unix(0), None, &Nothing);
        let answer = bearer.authenticate(&mut request, &mut context);
        let name = answer.response().map(|response| response.user.name.clone()).ok_or(answer.error());
        (name, request.headers.get("Authorization").is_empty(), context.effects.warnings.len())
    }

    #[test]
    fn headers_are_taken_apart_as_upstream_does() {
        let known = (Ok("alice".to_owned()), true, 0);
        for header in ["Bearer tok", "bearer tok", "BEARER tok", "  Bearer tok  ", "Bearer tok extra"] {
            assert_eq!(asked(header), known, "{header}");
        }
        for header in ["Bearer", "Bearer ", "Basic tok", "tok", "Bearer\ttok"] {
            assert_eq!(asked(header), (Err(None), false, 0), "{header}");
        }
        assert_eq!(asked(""), (Err(None), true, 0));
        assert_eq!(asked("Bearer  tok"), (Err(None), false, 1));
        assert_eq!(asked("Bearer no"), (Err(Some(INVALID.to_owned())), false, 0));
    }

    #[test]
    fn what_was_tried_is_told() {
        let told = |header: &str, token: &str| {
            let mut request = Request::default();
            request.headers.add("Authorization", header);
            attempted(&request, token)
        };
        assert_eq!(told("", ""), "Authentication failed, no credentials provided");
        assert_eq!(told("Bearer x", " "), "Authentication failed, attempted: bearer");
        assert_eq!(told("Basic YTpi", "t"), "Authentication failed, attempted: basic, access_token");
        assert_eq!(told("Basic YTpi\u{e9}", ""), "Authentication failed, no credentials provided");
    }
}
