//! The token among the subprotocols of a web socket.
//!
//! Source: `k8s.io/apiserver/pkg/authentication/request/websocket`.

use crate::bearer::known;
use crate::encoding::decode_url;
use crate::{Context, Outcome, Request, RequestAuthenticator, TokenAuthenticator};
use std::sync::Arc;
use zeroize::Zeroizing;

const PREFIX: &str = "base64url.bearer.authorization.k8s.io.";
const HEADER: &str = "Sec-WebSocket-Protocol";

/// Authenticates web sockets by a token in a subprotocol, beside which there must be another one.
#[derive(Debug)]
pub struct WebSocketToken<T: ?Sized> {
    tokens: Arc<T>,
}

impl<T: TokenAuthenticator + ?Sized> WebSocketToken<T> {
    /// Tokens are whose `tokens` says they are.
    #[must_use]
    pub fn new(tokens: Arc<T>) -> Self {
        Self { tokens }
    }
}

impl<T: TokenAuthenticator + ?Sized> RequestAuthenticator for WebSocketToken<T> {
    fn authenticate(&self, request: &mut Request, context: &mut Context<'_>) -> Outcome {
        if !is_web_socket(request) {
            return Outcome::NotMine;
        }
        let (token, others) = match token_of(request.headers.all(HEADER)) {
            Ok(Some(found)) => found,
            Ok(None) => return Outcome::NotMine,
            Err(error) => return Outcome::failed(error),
        };
        let answer = known(self.tokens.authenticate_token(&token, context));
        if let Outcome::Authenticated(_) = answer {
            request.headers.set(HEADER, others);
        }
        answer
    }
}

/// The token, and the other subprotocols as they are to be passed on.
type Found = (Zeroizing<String>, String);

fn token_of(headers: &[String]) -> Result<Option<Found>, &'static str> {
    let mut token: Option<Zeroizing<String>> = None;
    let mut others = Vec::new();
    for protocol in headers.iter().flat_map(|header| header.split(',')).map(str::trim) {
        let Some(encoded) = protocol.strip_prefix(PREFIX) else {
            others.push(protocol);
            continue;
        };
        if token.is_some() {
            return Err("multiple base64.bearer.authorization tokens specified");
        }
        let bytes = decode_url(encoded).ok_or("invalid base64.bearer.authorization token encoding")?;
        let text = String::from_utf8(bytes).map_err(|_| "invalid base64.bearer.authorization token")?;
        token = Some(Zeroizing::new(text));
    }
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
    if others.is_empty() {
        Err("missing additional subprotocol")
    } else {
        Ok(Some((token, others.join(","))))
    }
}

/// Source: `k8s.io/streaming/pkg/httpstream` `IsWebSocketRequest`, `IsUpgradeRequest`.
fn is_web_socket(request: &Request) -> bool {
    let is_upgrade =
        request.headers.all("Connection").iter().any(|value| value.to_lowercase().contains("upgrade"));
    is_upgrade && request.headers.get("Upgrade").eq_ignore_ascii_case("websocket")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::objects::Nothing;
    use crate::token_file::TokenFile;
    use ravelin_object::user::UserInfo;

    fn asked(upgrade: &str, protocols: &[&str]) -> (Option<String>, String) {
        let user = UserInfo { name: "alice".to_owned(), ..UserInfo::default() };
        let tokens = WebSocketToken::new(Arc::new(TokenFile::single("tok", user)));
        let mut request = Request::default();
        request.headers.add("Connection", "keep-alive, Upgrade");
        request.headers.add("Upgrade", upgrade);
        for protocol in protocols {
            request.headers.add(HEADER, *protocol);
        }
        let mut context = Context::new(Timestamp::from_unix(0), None, &Nothing);
        let answer = tokens.authenticate(&mut request, &mut context);
        let said = answer.error().or_else(|| answer.response().map(|response| response.user.name.clone()));
        (said, request.headers.all(HEADER).join("|"))
    }

    #[test]
    fn tokens_are_found_and_taken_out() {
        let token = format!("{PREFIX}dG9r");
        let with_other = format!("a, {token},b");
        assert_eq!(asked("WebSocket", &[&with_other, "c"]), (Some("alice".to_owned()), "a,b,c".to_owned()));
        assert_eq!(asked("spdy", &[&with_other]).0, None);
        assert_eq!(asked("websocket", &["a"]).0, None);
        let said = |protocols: &[&str]| asked("websocket", protocols).0.unwrap();
        assert_eq!(said(&[&token]), "missing additional subprotocol");
        assert_eq!(said(&[&token, &token]), "multiple base64.bearer.authorization tokens specified");
        let wrong = format!("{PREFIX}dG9r=");
        assert_eq!(said(&["a", &wrong]), "invalid base64.bearer.authorization token encoding");
        let no_text = format!("{PREFIX}_w");
        assert_eq!(said(&["a", &no_text]), "invalid base64.bearer.authorization token");
        let unknown = format!("{PREFIX}bm8");
        assert_eq!(said(&["a", &unknown]), "invalid bearer token");
        assert_eq!(asked("websocket", &["a", PREFIX]).0, None);
    }
}
