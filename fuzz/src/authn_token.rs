//! No token is accepted that the key did not sign, and asking twice says the same.

use ravelin_authn::keys::public_keys_from_pem;
use ravelin_authn::objects::Nothing;
use ravelin_authn::service_account::ServiceAccountTokens;
use ravelin_authn::{Context, Outcome, Timestamp, TokenAuthenticator};

/// A key whose private half was thrown away.
const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4P4ZmcZmw05veZuGxOnLfei/HXPO
Nrlwy8jkatitaQYsU85NyEkDaWus/8wtccYVDI1vaLUrumtrn6g6NTdM/A==
-----END PUBLIC KEY-----
";

/// Asks whose token the bytes are.
pub fn run(data: &[u8]) {
    let Ok(token) = std::str::from_utf8(data) else { return };
    let keys = public_keys_from_pem(KEY.as_bytes()).unwrap_or_default();
    assert_eq!(keys.len(), 1);
    let audiences = vec!["api".to_owned()];
    let forms = [
        ServiceAccountTokens::bound(vec!["i".to_owned()], keys.clone(), audiences.clone()),
        ServiceAccountTokens::legacy(keys, audiences, false),
    ];
    for form in forms {
        let ask =
            || form.authenticate_token(token, &mut Context::new(Timestamp::from_unix(1), None, &Nothing));
        let answer = ask();
        assert!(!matches!(answer, Outcome::Authenticated(_)), "accepted");
        assert_eq!(answer, ask(), "asking twice");
    }
}
