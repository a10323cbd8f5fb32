//! A header or subprotocol names a token or it does not; what is accepted is taken out.

use std::sync::Arc;

use ravelin_authn::bearer::Bearer;
use ravelin_authn::objects::Nothing;
use ravelin_authn::token_file::TokenFile;
use ravelin_authn::websocket::WebSocketToken;
use ravelin_authn::{Context, Request, RequestAuthenticator, Timestamp, UserInfo};

/// Takes the bytes for a header, and for subprotocols of a web socket.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let tokens = Arc::new(TokenFile::single("tok", UserInfo::default()));
    let mut context = Context::new(Timestamp::from_unix(0), None, &Nothing);
    let mut request = Request::default();
    for (name, value) in [
        ("Authorization", text),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Protocol", text),
    ] {
        request.headers.add(name, value);
    }
    let answer = Bearer::new(Arc::clone(&tokens)).authenticate(&mut request, &mut context);
    assert_eq!(answer.response().is_some(), request.headers.all("Authorization").is_empty());
    assert!(answer.response().is_none() || text.contains("tok"));
    let answer = WebSocketToken::new(tokens).authenticate(&mut request, &mut context);
    if answer.response().is_some() {
        assert!(
            !request.headers.get("Sec-WebSocket-Protocol").contains("base64url.bearer.authorization.k8s.io.")
        );
    }
}
