use super::*;
use crate::keys::testing::ec;

fn token(header: &str, payload: &str, key: &SigningKey) -> String {
    let input = format!("{}.{}", encode_url(header.as_bytes()), encode_url(payload.as_bytes()));
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", encode_url(&signature))
}

/// What verifying says: the payload, an error, or that it is no token.
fn verdict(header: &str, key: &SigningKey) -> Option<Result<(), String>> {
    let signed = Signed::parse(&token(header, "{}", key))?;
    Some(signed.verified(key.public()).map(drop))
}

#[test]
fn tokens_are_signed_and_verified() {
    let key = ec();
    let made = sign(&key, "{\"a\":1}").unwrap();
    let signed = Signed::parse(&made).unwrap();
    assert_eq!(signed.key_id(), key.public().id());
    assert_eq!(signed.verified(key.public()).unwrap(), b"{\"a\":1}");
    assert_eq!(signed.verified(ec().public()).unwrap_err(), CRYPTO_FAILURE);
    let spaced: String = made.chars().flat_map(|letter| [letter, ' ']).collect();
    assert!(Signed::parse(&spaced).unwrap().verified(key.public()).is_ok());
}

#[test]
fn headers_choose_among_what_the_key_admits() {
    let key = ec();
    let refused = Some(Err(CRYPTO_FAILURE.to_owned()));
    assert_eq!(verdict("{\"alg\":\"ES256\"}", &key), Some(Ok(())));
    assert_eq!(
        verdict("{\"alg\":\"ES256\",\"kid\":null,\"typ\":\"JWT\",\"x\":{\"y\":[1]}}", &key),
        Some(Ok(()))
    );
    for header in [
        "{\"alg\":\"none\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"\"}",
        "{}",
        "null",
        "",
        "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"ES256\",\"crit\":[\"b64\",\"x\"]}",
        "{\"alg\":\"ES256\",\"crit\":[null]}",
        "{\"alg\":\"ES256\",\"b64\":false}",
    ] {
        assert_eq!(verdict(header, &key), refused, "{header}");
    }
    assert_eq!(verdict("{\"alg\":\"ES256\",\"crit\":[\"b64\"]}", &key), Some(Ok(())));
    let wrong =
        |kind: &str| Some(Err(format!("json: cannot unmarshal {kind} into Go value of type []string")));
    assert_eq!(verdict("{\"alg\":\"ES256\",\"crit\":\"exp\"}", &key), wrong("string"));
    assert_eq!(verdict("{\"alg\":\"ES256\",\"crit\":{}}", &key), wrong("object"));
}

#[test]
fn what_has_an_odd_header_is_no_token() {
    let key = ec();
    for header in [
        "[]",
        "x",
        "{\"alg\":1}",
        "{\"alg\":\"ES256\",\"kid\":1}",
        "{\"alg\":\"ES256\",\"alg\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"x\":{\"a\":1,\"a\":2}}",
        "{\"alg\":\"ES256\",\"x\":1e999}",
        "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
        "{\"alg\":\"ES256\",\"jwk\":{}}",
        "{\"alg\":\"ES256\",\"x5c\":[\"AAAA\"]}",
        "{\"alg\":\"ES256\",\"nonce\":1}",
    ] {
        assert_eq!(verdict(header, &key), None, "{header}");
    }
    for wrong in ["", ".", "..", "a.b", "a.b.c.d", "{}", "\u{e9}.\u{e9}.\u{e9}"] {
        let verdict = Signed::parse(wrong).map(|signed| signed.verified(key.public()).is_ok());
        assert_ne!(verdict, Some(true), "{wrong}");
    }
    assert!(Signed::parse(&"a".repeat(LONGEST + 1)).is_none());
}

#[test]
fn a_key_in_the_header_is_not_used() {
    let (key, other) = (ec(), ec());
    let point = other.public().ec_point().unwrap().1.to_vec();
    let (x, y) = (encode_url(&point[1..33]), encode_url(&point[33..]));
    let header = format!(
        "{{\"alg\":\"ES256\",\"jwk\":{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{x}\",\"y\":\"{y}\"}}}}"
    );
    assert_eq!(verdict(&header, &key), Some(Ok(())));
    let signed = Signed::parse(&token(&header, "{}", &other)).unwrap();
    assert_eq!(signed.verified(key.public()).unwrap_err(), CRYPTO_FAILURE);
}

#[test]
fn issuers_are_found_without_trusting_them() {
    let issuer = |payload: &str| unverified_issuer(&format!("h.{}.s", encode_url(payload.as_bytes())));
    assert_eq!(issuer("{\"iss\":\"a\"}").as_deref(), Some("a"));
    assert_eq!(issuer("{\"iss\":\"a\",\"IS\u{17f}\":\"b\"}").as_deref(), Some("b"));
    assert_eq!(issuer("{\"iss\":\"a\",\"iss\":null}").as_deref(), Some("a"));
    assert_eq!(issuer("{}").as_deref(), Some(""));
    for wrong in ["{\"iss\":1}", "[]", "1", "{", "{\"iss\":\"a\"}}"] {
        assert_eq!(issuer(wrong), None, "{wrong}");
    }
    assert_eq!(unverified_issuer(" {.e30.s"), None);
    assert_eq!(unverified_issuer("h.e30.s.t"), None);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(issuer(&deep), None);
}

#[test]
fn claims_have_the_types_upstream_reads() {
    let read = |text: &str| {
        let json = Json::parse(text.as_bytes()).unwrap();
        let mut claims = Claims::default();
        let mut found = String::new();
        let outcome = claims.object(json, "T", |claims, name, value| match name {
            "s" => claims.text(value, &mut found),
            "d" => date(value).map(drop),
            "a" => audience(value).map(drop),
            _ => Ok(()),
        });
        outcome.and_then(|()| claims.finish(found))
    };
    assert_eq!(read("{\"s\":\"x\",\"S\":1,\"other\":{\"a\":1,\"a\":1}}").unwrap(), "x");
    assert_eq!(read("{\"s\":null,\"d\":null}").unwrap(), "");
    let error = |text| read(text).unwrap_err();
    assert_eq!(error("{\"s\":true}"), "json: cannot unmarshal bool into Go value of type string");
    assert_eq!(error("[]"), "json: cannot unmarshal array into Go value of type T");
    assert_eq!(error("{\"s\":[],\"s\":1}"), "json: duplicate key 's' in object");
    assert_eq!(
        error("{\"s\":[],\"d\":\"1\"}"),
        "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate"
    );
    assert_eq!(error("{\"d\":1e999}"), "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate");
    let audience = "go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience";
    for text in ["{\"a\":1}", "{\"a\":null}", "{\"a\":[1]}", "{\"a\":{}}"] {
        assert_eq!(error(text), audience, "{text}");
    }
    assert_eq!(cut_off(1.9), 1);
    assert_eq!(cut_off(1e30), i64::MIN);
}
