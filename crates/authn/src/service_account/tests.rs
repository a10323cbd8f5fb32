use super::*;
use crate::Timestamp;
use crate::encoding::encode_url;
use crate::jws::sign;
use crate::keys::SigningKey;
use crate::keys::testing::{ec, rsa};
use crate::objects::{LookupError, Node, Objects, Pod, Secret, ServiceAccount};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const NOW: i64 = 1_772_366_400;
const ISSUER: &str = "https://kubernetes.default.svc";

/// An account `ns/sa`, a pod `p`, a node `n` and a secret `s` that holds a token.
#[derive(Default)]
struct Cluster {
    token: String,
    labels: BTreeMap<String, String>,
    deletion: Option<Timestamp>,
    pod_deletion: Option<Timestamp>,
    auto_generated: bool,
}

impl Objects for Cluster {
    fn service_account(&self, namespace: &str, name: &str) -> Result<Option<ServiceAccount>, LookupError> {
        let secrets = if self.auto_generated { vec!["s".to_owned()] } else { Vec::new() };
        let account = ServiceAccount { uid: "u-sa".to_owned(), deletion: self.deletion, secrets };
        Ok((namespace == "ns" && name == "sa").then_some(account))
    }
    fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, LookupError> {
        let token = Zeroizing::new(self.token.clone().into_bytes());
        let secret = Secret {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            uid: "u-s".to_owned(),
            labels: self.labels.clone(),
            data: Some(BTreeMap::from([("token".to_owned(), token)])),
            ..Secret::default()
        };
        Ok((namespace == "ns" && name == "s").then_some(secret))
    }
    fn pod(&self, _: &str, name: &str) -> Result<Option<Pod>, LookupError> {
        let pod = Pod { uid: "u-p".to_owned(), deletion: self.pod_deletion, ..Pod::default() };
        Ok((name == "p").then_some(pod))
    }
    fn node(&self, name: &str) -> Result<Option<Node>, LookupError> {
        Ok((name == "n").then(|| Node { uid: "u-n".to_owned(), deletion: None }))
    }
}

fn claims(changes: &str) -> String {
    format!(
        "{{\"iss\":\"{ISSUER}\",\"aud\":[\"api\"],\"exp\":{},\"iat\":{NOW},\"nbf\":{NOW},\"jti\":\"j\",\
         \"sub\":\"anything\",\"kubernetes.io\":{{\"namespace\":\"ns\",\"serviceaccount\":{{\"name\":\"sa\",\
         \"uid\":\"u-sa\"}}{changes}}}}}",
        NOW + 3600
    )
}

fn ask(tokens: &ServiceAccountTokens, token: &str, cluster: &Cluster, now: i64) -> (Outcome, crate::Effects) {
    let mut context = Context::new(Timestamp::from_unix(now), None, cluster);
    let answer = tokens.authenticate_token(token, &mut context);
    (answer, context.effects)
}

fn bound(key: &SigningKey) -> ServiceAccountTokens {
    ServiceAccountTokens::bound(vec![ISSUER.to_owned()], vec![key.public().clone()], vec!["api".to_owned()])
}

fn said(key: &SigningKey, claims: &str, now: i64) -> String {
    let token = sign(key, claims).unwrap();
    let (answer, _) = ask(&bound(key), &token, &Cluster::default(), now);
    match answer {
        Outcome::Authenticated(_) => "yes".to_owned(),
        Outcome::NotMine => "not mine".to_owned(),
        Outcome::Failed(_) => answer.error().unwrap(),
    }
}

#[test]
fn bound_tokens_name_their_account_and_objects() {
    let key = ec();
    let node = ",\"pod\":{\"name\":\"p\",\"uid\":\"u-p\"},\"node\":{\"name\":\"gone\",\"uid\":\"u\"}";
    let token = sign(&key, &claims(node)).unwrap();
    let (answer, effects) = ask(&bound(&key), &token, &Cluster::default(), NOW);
    let response = answer.response().unwrap();
    assert_eq!(response.audiences, ["api"]);
    assert_eq!(response.user.name, "system:serviceaccount:ns:sa");
    assert_eq!(response.user.groups, ["system:serviceaccounts", "system:serviceaccounts:ns"]);
    let extra: Vec<String> =
        response.user.extra.iter().map(|(key, values)| format!("{}={}", key, values.join(","))).collect();
    assert_eq!(
        extra,
        [
            "authentication.kubernetes.io/credential-id=JTI=j",
            "authentication.kubernetes.io/node-name=gone",
            "authentication.kubernetes.io/node-uid=u",
            "authentication.kubernetes.io/pod-name=p",
            "authentication.kubernetes.io/pod-uid=u-p",
        ]
    );
    assert_eq!(effects, crate::Effects::default());
}

#[test]
fn times_have_a_minute_of_leeway() {
    let key = ec();
    let at = |seconds| said(&key, &claims(""), NOW + seconds);
    assert_eq!(at(0), "yes");
    assert_eq!(at(-60), "yes");
    assert_eq!(at(-61), "service account token is not valid yet");
    assert_eq!(at(3660), "yes");
    assert_eq!(at(3661), "service account token has expired");
    let issued = claims("").replace(&format!("\"iat\":{NOW}"), &format!("\"iat\":{}", NOW + 61));
    assert_eq!(said(&key, &issued, NOW), "service account token is issued in the future");
}

#[test]
fn objects_that_are_gone_or_others_end_a_token() {
    let key = ec();
    let with = |changes: &str| said(&key, &claims(changes), NOW);
    let gone = "service account token has been invalidated";
    assert_eq!(with(",\"pod\":{\"name\":\"q\",\"uid\":\"u-p\"}"), gone);
    assert_eq!(with(",\"secret\":{\"name\":\"q\"}"), gone);
    assert_eq!(with(",\"node\":{\"name\":\"q\"}"), gone);
    assert_eq!(
        with(",\"pod\":{\"name\":\"p\",\"uid\":\"x\"}"),
        "pod UID (u-p) does not match service account pod ref claim (x)"
    );
    assert_eq!(
        with(",\"node\":{\"name\":\"n\"}"),
        "node UID (u-n) does not match service account node ref claim ()"
    );
    let other = claims("").replace("\"u-sa\"", "\"x\"");
    assert_eq!(said(&key, &other, NOW), "service account UID (u-sa) does not match claim (x)");
    let missing = claims("").replace("\"name\":\"sa\"", "\"name\":\"q\"");
    assert_eq!(said(&key, &missing, NOW), "serviceaccounts \"q\" not found");
    let token = sign(&key, &claims(",\"pod\":{\"name\":\"p\",\"uid\":\"u-p\"}")).unwrap();
    for (ago, is_good) in [(60, true), (61, false)] {
        let pod_deletion = Some(Timestamp::from_unix(NOW - ago));
        let cluster = Cluster { pod_deletion, ..Cluster::default() };
        assert_eq!(ask(&bound(&key), &token, &cluster, NOW).0.response().is_some(), is_good);
    }
}

/// Forged, mutilated and foreign tokens: none is accepted.
#[test]
fn no_forged_token_is_accepted() {
    let (key, other) = (rsa(), ec());
    let good = sign(&key, &claims("")).unwrap();
    let tokens = bound(&key);
    let cluster = Cluster::default();
    assert!(ask(&tokens, &good, &cluster, NOW).0.response().is_some());
    let parts: Vec<&str> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let with_header =
        |text: &str, signature: &str| format!("{}.{payload}.{signature}", encode_url(text.as_bytes()));
    let hmac = |secret: &[u8]| {
        let header = encode_url(b"{\"alg\":\"HS256\"}");
        let input = format!("{header}.{payload}");
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let tag = aws_lc_rs::hmac::sign(&key, input.as_bytes());
        format!("{input}.{}", encode_url(tag.as_ref()))
    };
    let spki = key.public().to_spki();
    let pem = crate::keys::testing::pem("PUBLIC KEY", &spki);
    let id = key.public().id();
    let mut forged = vec![
        with_header("{\"alg\":\"none\"}", ""),
        with_header("{\"alg\":\"none\"}", signature),
        with_header("{\"alg\":\"None\"}", ""),
        with_header("{}", signature),
        hmac(&spki),
        hmac(pem.as_bytes()),
        hmac(b""),
        with_header("{\"alg\":\"RS256\",\"kid\":\"unknown\"}", signature),
        with_header(&format!("{{\"alg\":\"RS256\",\"kid\":\"{id}\",\"crit\":[\"x\"]}}"), signature),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}.x"),
        format!("{header}.{}.{signature}", encode_url(claims(",\"x\":1").as_bytes())),
        format!("{}.{payload}.{signature}", encode_url(b"{\"alg\":\"RS512\"}")),
        format!("{}.{payload}.{signature}", encode_url(b"{\"alg\":\"ES256\"}")),
        format!("{{\"payload\":\"{payload}\",\"protected\":\"{header}\",\"signature\":\"{signature}\"}}"),
        "a".repeat(2 << 20),
        String::new(),
    ];
    let deep = claims(&format!(",\"x\":{}{}", "[".repeat(50_000), "]".repeat(50_000)));
    let twice = format!("{{\"iss\":\"{ISSUER}\",{}", claims("").trim_start_matches('{'));
    let foreign = claims("").replace(ISSUER, "https://evil.example.com");
    let audience = claims("").replace("\"api\"", "\"vault\"");
    let no_list = claims("").replace("[\"api\"]", "[\"api\",1]");
    for signed_well in [&deep, &twice, &foreign, &audience, &no_list] {
        forged.push(sign(&key, signed_well).unwrap());
    }
    forged.push(sign(&other, &claims("")).unwrap());
    for token in &forged {
        let (answer, _) = ask(&tokens, token, &cluster, NOW);
        assert!(answer.response().is_none(), "{}", token.chars().take(200).collect::<String>());
    }
    for index in (0..signature.len()).step_by(17) {
        let mut bytes = good.clone().into_bytes();
        let at = good.len() - 1 - index;
        bytes[at] = if bytes[at] == b'A' { b'Q' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        let is_same = changed.rsplit('.').next().and_then(crate::encoding::decode_url)
            == crate::encoding::decode_url(signature);
        assert!(is_same || ask(&tokens, &changed, &cluster, NOW).0.response().is_none(), "{index}");
    }
}

#[test]
fn errors_of_forged_tokens_are_those_of_upstream() {
    let key = ec();
    let twice = format!("{{\"aud\":\"x\",{}", claims("").trim_start_matches('{'));
    assert_eq!(said(&key, &twice, NOW), "json: duplicate key 'aud' in object");
    let wrong = claims("").replace("\"namespace\":\"ns\"", "\"namespace\":1");
    assert_eq!(said(&key, &wrong, NOW), "json: cannot unmarshal number into Go value of type string");
    let wrong = claims(",\"pod\":true");
    assert_eq!(
        said(&key, &wrong, NOW),
        "json: cannot unmarshal bool into Go value of type serviceaccount.ref"
    );
    let folded = claims("").replace("\"iss\"", "\"ISS\"");
    assert_eq!(said(&key, &folded, NOW), "token issuer \"\" is invalid");
    assert_eq!(said(&key, &claims("").replace(ISSUER, "x"), NOW), "not mine");
    assert_eq!(
        said(&key, &claims("").replace("\"api\"", "\"a\",\"b\""), NOW),
        "token audiences [\"a\" \"b\"] is invalid for the target audiences [\"api\"]"
    );
    let unknown =
        ServiceAccountTokens::bound(vec![ISSUER.to_owned()], vec![ec().public().clone()], Vec::new());
    let token = sign(&key, &claims("")).unwrap();
    let answer = ask(&unknown, &token, &Cluster::default(), NOW).0;
    assert_eq!(answer.error().as_deref(), Some("invalid signature, no keys found"));
}

#[test]
fn stale_tokens_are_accepted_and_told() {
    let key = ec();
    let token = sign(&key, &claims(&format!(",\"warnafter\":{}", NOW - 5))).unwrap();
    let (answer, effects) = ask(&bound(&key), &token, &Cluster::default(), NOW);
    assert!(answer.response().is_some());
    assert_eq!(
        effects.audit_annotations["authentication.k8s.io/stale-token"],
        "subject: anything, seconds after warning threshold: 5"
    );
}

fn legacy_claims(sub: &str) -> String {
    format!(
        "{{\"iss\":\"{LEGACY_ISSUER}\",\"sub\":\"{sub}\",\"exp\":1,\"kubernetes.io/serviceaccount/namespace\":\"ns\",\
         \"kubernetes.io/serviceaccount/secret.name\":\"s\",\
         \"kubernetes.io/serviceaccount/service-account.name\":\"sa\",\
         \"kubernetes.io/serviceaccount/service-account.uid\":\"u-sa\"}}"
    )
}

#[test]
fn legacy_tokens_must_be_in_their_secret() {
    let key = ec();
    let tokens = ServiceAccountTokens::legacy(vec![key.public().clone()], vec!["api".to_owned()], true);
    let token = sign(&key, &legacy_claims("system:serviceaccount:ns:sa")).unwrap();
    let cluster = |labels: &[(&str, &str)]| Cluster {
        token: token.clone(),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Cluster::default()
    };
    let (answer, effects) = ask(&tokens, &token, &cluster(&[]), NOW);
    assert_eq!(answer.response().unwrap().user.uid, "u-sa");
    assert_eq!(effects.audit_annotations["authentication.k8s.io/legacy-token-manual-secret"], "s");
    assert_eq!(effects.last_used[0].date, "2026-03-01");
    for known in ["2026-03-01", "2026-03-02"] {
        let labels = [("kubernetes.io/legacy-token-last-used", known)];
        assert_eq!(ask(&tokens, &token, &cluster(&labels), NOW).1.last_used, []);
    }
    let auto = Cluster { auto_generated: true, ..cluster(&[]) };
    assert_eq!(ask(&tokens, &token, &auto, NOW).1.warnings.len(), 1);
    let error = |cluster: &Cluster| ask(&tokens, &token, cluster, NOW).0.error().unwrap();
    assert_eq!(error(&Cluster::default()), "Token does not match server's copy");
    let deleting = Cluster { deletion: Some(Timestamp::from_unix(NOW)), ..cluster(&[]) };
    assert_eq!(error(&deleting), "ServiceAccount ns/sa has been deleted");
    let invalid = cluster(&[("kubernetes.io/legacy-token-invalid-since", "2025-01-01")]);
    assert!(
        error(&invalid).starts_with("the token in secret ns/s for service account ns/sa has been marked")
    );
    assert_eq!(ask(&tokens, &token, &invalid, NOW).1.last_used.len(), 1);
    let other = sign(&key, &legacy_claims("system:serviceaccount:ns:other")).unwrap();
    let answer = ask(&tokens, &other, &cluster(&[]), NOW).0;
    assert_eq!(answer.error().as_deref(), Some("sub claim is invalid"));
}
