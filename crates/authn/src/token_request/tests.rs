use super::*;
use crate::encoding::decode_url;
use crate::keys::testing::ec;
use crate::objects::{LookupError, Node, Nothing, Objects, Pod, Secret, ServiceAccount};
use crate::service_account::ServiceAccountTokens;
use crate::{Context, TokenAuthenticator};
use ravelin_object::read;
use ravelin_yaml::Limits;

const NOW: i64 = 1_772_366_400;

struct Cluster;

impl Objects for Cluster {
    fn service_account(&self, _: &str, name: &str) -> Result<Option<ServiceAccount>, LookupError> {
        Ok((name == "robot").then(|| ServiceAccount { uid: "u-sa".to_owned(), ..ServiceAccount::default() }))
    }
    fn secret(&self, _: &str, name: &str) -> Result<Option<Secret>, LookupError> {
        Ok((name == "sec").then(|| Secret { uid: "u-s".to_owned(), ..Secret::default() }))
    }
    fn pod(&self, _: &str, name: &str) -> Result<Option<Pod>, LookupError> {
        let account = if name == "stranger" { "other" } else { "robot" };
        let node = if name == "bound" { "gone" } else { "" };
        let pod = Pod {
            uid: "u-p".to_owned(),
            service_account_name: account.to_owned(),
            node_name: node.to_owned(),
            deletion: None,
        };
        Ok((name != "missing").then_some(pod))
    }
    fn node(&self, name: &str) -> Result<Option<Node>, LookupError> {
        Ok((name == "n").then(|| Node { uid: "u-n".to_owned(), deletion: None }))
    }
}

/// The claims, the answer, and what happened.
fn issued(body: &str, most: i64) -> Result<(String, Value, Effects), Status> {
    let key = ec();
    let audiences = vec!["api".to_owned()];
    let issuer = Issuer {
        issuer: "https://i",
        key: &key,
        api_audiences: &audiences,
        max_expiration: most,
        extend_expiration: true,
        extended_expiration: EXTENDED_EXPIRATION,
    };
    let body = read::json(body, &Limits::STANDARD).unwrap().value.unwrap();
    let now = Timestamp::from_unix(NOW);
    let prepared = prepare(&body, "ns", "robot", &issuer, &Cluster, now)?;
    let mut effects = Effects::default();
    let answer = prepared.issue(&issuer, &Cluster, "the-id", &mut effects)?;
    let token = answer.dotted("status.token").and_then(Value::as_str).unwrap().to_owned();
    let claims = decode_url(token.split('.').nth(1).unwrap()).unwrap();
    let tokens = ServiceAccountTokens::bound(
        vec!["https://i".to_owned()],
        vec![key.public().clone()],
        vec!["api".to_owned(), "vault".to_owned()],
    );
    let mut context = Context::new(now, None, &Cluster);
    let accepted = tokens.authenticate_token(&token, &mut context);
    assert!(accepted.response().is_some(), "{accepted:?}");
    Ok((String::from_utf8(claims).unwrap(), answer, effects))
}

fn with_spec(spec: &str) -> Result<(String, Value, Effects), Status> {
    issued(&format!("{{\"kind\":\"TokenRequest\",\"spec\":{spec}}}"), 0)
}

fn refused(spec: &str) -> (u16, String) {
    let refusal = with_spec(spec).unwrap_err();
    (refusal.code, refusal.message)
}

#[test]
fn claims_are_sorted_and_complete() {
    let (claims, answer, effects) = issued("{\"kind\":\"TokenRequest\"}", 0).unwrap();
    assert_eq!(
        claims,
        "{\"aud\":[\"api\"],\"exp\":1772370000,\"iat\":1772366400,\"iss\":\"https://i\",\"jti\":\"the-id\",\
         \"kubernetes.io\":{\"namespace\":\"ns\",\"serviceaccount\":{\"name\":\"robot\",\"uid\":\"u-sa\"}},\
         \"nbf\":1772366400,\"sub\":\"system:serviceaccount:ns:robot\"}"
    );
    let mut shown = answer.to_json();
    shown["status"]["token"] = "T".into();
    assert_eq!(
        shown.to_string(),
        "{\"kind\":\"TokenRequest\",\"metadata\":{\"creationTimestamp\":\"2026-03-01T12:00:00Z\",\
         \"name\":\"robot\",\"namespace\":\"ns\",\"uid\":\"u-sa\"},\"spec\":{\"audiences\":[\"api\"],\
         \"boundObjectRef\":null,\"expirationSeconds\":3600},\"status\":{\"expirationTimestamp\":\
         \"2026-03-01T13:00:00Z\",\"token\":\"T\"}}"
    );
    assert_eq!(effects.audit_annotations["authentication.kubernetes.io/issued-credential-id"], "JTI=the-id");
}

#[test]
fn tokens_are_bound_to_objects() {
    let part = |spec: &str| {
        let (claims, ..) = with_spec(spec).unwrap();
        let (_, rest) = claims.split_once("\"namespace\":\"ns\",").unwrap();
        rest.split_once("},\"nbf\"").unwrap().0.to_owned()
    };
    let own = "\"serviceaccount\":{\"name\":\"robot\",\"uid\":\"u-sa\"}";
    let of = |kind: &str, name: &str| {
        format!("{{\"boundObjectRef\":{{\"kind\":\"{kind}\",\"apiVersion\":\"v1\",\"name\":\"{name}\"}}}}")
    };
    assert_eq!(part(&of("Secret", "sec")), format!("\"secret\":{{\"name\":\"sec\",\"uid\":\"u-s\"}},{own}"));
    assert_eq!(part(&of("Node", "n")), format!("\"node\":{{\"name\":\"n\",\"uid\":\"u-n\"}},{own}"));
    assert_eq!(
        part(&of("Pod", "bound")),
        format!("\"node\":{{\"name\":\"gone\"}},\"pod\":{{\"name\":\"bound\",\"uid\":\"u-p\"}},{own}")
    );
    let refused_of = |kind, name| refused(&of(kind, name));
    assert_eq!(refused_of("Pod", "missing"), (404, "pods \"missing\" not found".to_owned()));
    assert_eq!(refused_of("Secret", "x"), (404, "secrets \"x\" not found".to_owned()));
    assert_eq!(refused_of("Node", "x"), (404, "nodes \"x\" not found".to_owned()));
    assert_eq!(
        refused_of("ConfigMap", "x"),
        (400, "cannot bind token to object of type /v1, Kind=ConfigMap".to_owned())
    );
    assert_eq!(
        refused_of("Pod", "stranger"),
        (
            400,
            "cannot bind token for serviceaccount \"robot\" to pod running with different serviceaccount name."
                .to_owned()
        )
    );
    let wrong =
        "{\"boundObjectRef\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"owner\",\"uid\":\"nope\"}}";
    let (code, message) = refused(wrong);
    assert_eq!(code, 409);
    assert!(message.starts_with(
        "Operation cannot be fulfilled on Pod \"owner\": the UID in the bound object reference (nope) does not match"
    ));
}

#[test]
fn lifetimes_have_limits() {
    let lifetime = |spec: &str| {
        let (claims, ..) = with_spec(spec).unwrap();
        let (_, rest) = claims.split_once("\"exp\":").unwrap();
        rest.split_once(',').unwrap().0.parse::<i64>().unwrap() - NOW
    };
    assert_eq!(lifetime("{\"expirationSeconds\":600}"), 600);
    assert_eq!(lifetime("{\"expirationSeconds\":4294967296}"), 4_294_967_296);
    for (seconds, why) in [
        ("599", "may not specify a duration less than 10 minutes"),
        ("-5", "may not specify a duration less than 10 minutes"),
        ("4294967297", "may not specify a duration larger than 2^32 seconds"),
    ] {
        let expected = format!(
            "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: {seconds}: {why}"
        );
        assert_eq!(refused(&format!("{{\"expirationSeconds\":{seconds}}}")), (422, expected));
    }
    let pod = "\"expirationSeconds\":3607,\"boundObjectRef\":{\"kind\":\"Pod\",\"name\":\"p\"}";
    let (claims, answer, _) = with_spec(&format!("{{{pod}}}")).unwrap();
    assert!(claims.contains(&format!("\"exp\":{}", NOW + EXTENDED_EXPIRATION)), "{claims}");
    assert!(claims.contains(&format!("\"warnafter\":{}", NOW + 3607)), "{claims}");
    let end = answer.dotted("status.expirationTimestamp").and_then(Value::as_str);
    assert_eq!(end, Some("2026-03-01T13:00:07Z"));
    assert_eq!(lifetime("{\"expirationSeconds\":3607}"), 3607);
    assert_eq!(lifetime(&format!("{{\"audiences\":[\"vault\"],{pod}}}")), 3607);
    let (claims, _, effects) = issued("{\"spec\":{\"expirationSeconds\":7200}}", 3600).unwrap();
    assert!(claims.contains(&format!("\"exp\":{}", NOW + 3600)));
    assert_eq!(effects.warnings, ["requested expiration of 7200 seconds shortened to 3600 seconds"]);
}

#[test]
fn requests_agree_with_their_path() {
    let refused = |metadata: &str| {
        let refusal = issued(&format!("{{\"metadata\":{metadata}}}"), 0).unwrap_err();
        (refusal.code, refusal.message)
    };
    assert_eq!(
        refused("{\"name\":\"x\"}"),
        (
            422,
            "TokenRequest.authentication.k8s.io \"robot\" is invalid: metadata.name: Invalid value: \"x\": must \
             match the service account name if specified"
                .to_owned()
        )
    );
    assert_eq!(
        refused("{\"uid\":\"x\"}"),
        (
            409,
            "Operation cannot be fulfilled on TokenRequest.authentication.k8s.io \"robot\": the UID in the token \
             request (x) does not match the UID of the service account (u-sa)"
                .to_owned()
        )
    );
    assert_eq!(refused("{\"name\":1}").0, 400);
    let key = ec();
    let issuer = Issuer {
        issuer: "",
        key: &key,
        api_audiences: &[],
        max_expiration: 0,
        extend_expiration: false,
        extended_expiration: 0,
    };
    let now = Timestamp::from_unix(NOW);
    let refusal = prepare(&Value::Null, "ns", "missing", &issuer, &Nothing, now).unwrap_err();
    let status = refusal.to_value().to_json();
    assert_eq!(status["message"], "serviceaccounts \"missing\" not found");
    assert_eq!(status["details"].to_string(), "{\"kind\":\"serviceaccounts\",\"name\":\"missing\"}");
}
