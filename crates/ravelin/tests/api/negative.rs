//! What an API server must refuse: who is not who they say, messages that can be read in two ways, paths that hide
//! another, and more than there is room for. Nothing is made.
//!
//! Codes of headers, paths and bodies are those that kube-apiserver v1.36.3 gave to the same requests, but for codings of
//! transfer (501 there), folded headers (taken there), `CONNECT` (404 there), versions of HTTP (505 there) and limits of
//! heads and depth. Those of HTTP/2 and of most tokens were not compared with it. Events are checked for identity
//! headers (one each, user and code) and for tokens (one each, 401).

use crate::server::{Answer, Caller, Pair, Server, connect, exchange, read};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

const ROOT: &str = "Authorization: Bearer root-token\r\n";
const ANN: &str = "Authorization: Bearer ann-token\r\n";
const REVIEWS: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const REVIEW: &str = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;

/// An authority of a test.
struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    fn server(&self) -> Pair {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }

    fn client(&self, name: &str, group: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, group);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }
}

/// A server with everything that can say who somebody is, and those who try.
struct Stage {
    server: Server,
    /// `ann`, by the authority of clients.
    ann: Pair,
    /// The proxy that may say who asks.
    proxy: Pair,
    /// One of the same authority that may not.
    other: Pair,
    /// `system:masters`, by an authority that nobody knows.
    stranger: Pair,
    /// The key that tokens are verified with, PEM.
    public_key: String,
    signing_key: KeyPair,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (clients, proxies, strange) =
            (Authority::new("clients"), Authority::new("proxies"), Authority::new("strange"));
        let signing_key = KeyPair::generate().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("clients.crt", &clients.certificate);
        write("proxies.crt", &proxies.certificate);
        write("sa.key", &signing_key.serialize_pem());
        let own = clients.server();
        write("server.crt", &own.certificate);
        write("server.key", &own.key);
        write("tokens.csv", "root-token,root,1,\"system:masters\"\nann-token,ann,2,\"dev\"\n");
        let policy = r#"{"apiVersion":"audit.k8s.io/v1","kind":"Policy","omitStages":["RequestReceived"],"rules":[{"level":"Metadata"}]}"#;
        write("policy.yaml", policy);
        let flags = [
            ("--tls-cert-file", path("server.crt")),
            ("--tls-private-key-file", path("server.key")),
            ("--client-ca-file", path("clients.crt")),
            ("--requestheader-client-ca-file", path("proxies.crt")),
            ("--requestheader-allowed-names", "front-proxy".to_owned()),
            ("--requestheader-username-headers", "X-Remote-User".to_owned()),
            ("--requestheader-group-headers", "X-Remote-Group".to_owned()),
            ("--requestheader-extra-headers-prefix", "X-Remote-Extra-".to_owned()),
            ("--token-auth-file", path("tokens.csv")),
            ("--service-account-signing-key-file", path("sa.key")),
            ("--audit-policy-file", path("policy.yaml")),
            ("--audit-log-path", path("audit.log")),
        ];
        let mut words = vec!["--ephemeral", "--enable-bootstrap-token-auth=true"];
        words.extend(flags.iter().flat_map(|(flag, value)| [*flag, value.as_str()]));
        let server = Server::with_authority(folder, clients.certificate.clone(), &words);
        Self {
            ann: clients.client("ann", "dev"),
            proxy: proxies.client("front-proxy", "x"),
            other: proxies.client("another", "x"),
            stranger: strange.client("bob", "system:masters"),
            public_key: signing_key.public_key_pem(),
            signing_key,
            server,
        }
    }

    fn root(&self) -> Caller<'_> {
        Caller::new(&self.server, ROOT)
    }

    /// Who the server takes somebody for: a name, or the code of the refusal.
    fn who(&self, headers: &str, certificate: Option<&Pair>) -> String {
        let caller = Caller { server: &self.server, headers, certificate };
        name_of(&caller.send("POST", REVIEWS, "", REVIEW))
    }

    /// The events since the last time, without those the server makes itself.
    fn events(&self, seen: &mut usize) -> Vec<Value> {
        let all = events(self.server.folder.path());
        let new = all.get(*seen..).unwrap_or_default().to_vec();
        *seen = all.len();
        new
    }

    /// What a server has of what tests must not be able to make.
    fn state(&self) -> Vec<String> {
        let kinds = [
            "/api/v1/namespaces",
            "/api/v1/secrets",
            "/api/v1/configmaps",
            "/api/v1/pods",
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        ];
        let mut all = Vec::new();
        for kind in kinds {
            let list = self.root().get(kind).ok();
            let names = list["items"].as_array().unwrap().iter();
            // Controllers may make namespaces and what belongs into them at any time.
            let names = names.map(|item| format!("{kind} {}", item["metadata"]["name"].as_str().unwrap()));
            all.extend(names.filter(|name| !["kube-", " default"].iter().any(|own| name.contains(own))));
        }
        all
    }
}

fn name_of(answer: &Answer) -> String {
    match answer.body["status"]["userInfo"]["username"].as_str() {
        Some(name) => name.to_owned(),
        None => answer.code.to_string(),
    }
}

/// Events of an audit log that clients caused.
fn events(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("audit.log")).unwrap_or_default();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["userAgent"].as_str().unwrap_or_default().is_empty()).collect()
}

/// Headers that say who asks: what is shown, by which certificate, whom it makes.
#[test]
fn nobody_becomes_somebody_else_by_headers() {
    let stage = Stage::new();
    let root = "X-Remote-User: root\r\nX-Remote-Group: system:masters\r\n";
    let (ann, proxy, other, stranger) =
        (Some(&stage.ann), Some(&stage.proxy), Some(&stage.other), Some(&stage.stranger));
    let impersonating = |more: &str| format!("{ROOT}{more}");
    let long = format!("Authorization: Bearer {}\r\n", "a".repeat(100_000));
    let cases: Vec<(&str, String, Option<&Pair>, &str)> = vec![
        ("anonymous may not ask", String::new(), None, "403"),
        ("without a certificate", root.to_owned(), None, "403"),
        ("with the certificate of a client", root.to_owned(), ann, "ann"),
        ("with another of the authority of proxies", root.to_owned(), other, "401"),
        ("of an unknown authority", root.to_owned(), stranger, "401"),
        ("an unknown authority alone", String::new(), stranger, "401"),
        ("the proxy", "X-Remote-User: carl\r\nX-Remote-Group: g\r\n".to_owned(), proxy, "carl"),
        (
            "the first of two counts",
            "X-Remote-User: carl\r\nX-Remote-User: root\r\n".to_owned(),
            proxy,
            "carl",
        ),
        ("in any case", "x-rEMOTE-uSER: carl\r\n".to_owned(), proxy, "carl"),
        (
            "underscores are no hyphens",
            "X_Remote_User: root\r\nX-Remote_User: root\r\n".to_owned(),
            proxy,
            "401",
        ),
        ("groups without a user", "X-Remote-Group: system:masters\r\n".to_owned(), proxy, "401"),
        ("the proxy goes before a token", format!("X-Remote-User: carl\r\n{ANN}"), proxy, "carl"),
        ("in other letters", "X-Remote-User: jürgen\r\n".to_owned(), proxy, "jürgen"),
        (
            "Connection takes no header away",
            "X-Remote-User: carl\r\nConnection: X-Remote-User\r\n".to_owned(),
            proxy,
            "carl",
        ),
        ("nor this", format!("Connection: Authorization\r\n{ANN}"), None, "ann"),
        ("underscores with a token", format!("X_Remote_User: root\r\n{ANN}"), None, "ann"),
        ("headers of a proxy beside a token", format!("{root}{ANN}"), None, "ann"),
        ("the first of two tokens", format!("{ANN}{ROOT}"), None, "ann"),
        ("even where it is wrong", format!("Authorization: Bearer nope\r\n{ROOT}"), None, "401"),
        ("any case of the scheme", "authorization: bearer ann-token\r\n".to_owned(), None, "ann"),
        ("another scheme", "Authorization: Basic cm9vdDpyb290\r\n".to_owned(), None, "403"),
        ("two spaces make an empty token", "Authorization: Bearer  ann-token\r\n".to_owned(), None, "403"),
        ("an empty token", "Authorization: Bearer \r\n".to_owned(), None, "403"),
        ("a token that is no ASCII", "Authorization: Bearer rööt\r\n".to_owned(), None, "401"),
        ("a long token", long, None, "401"),
        ("impersonation without rights", format!("{ANN}Impersonate-User: root\r\n"), None, "403"),
        ("impersonation by nobody", "Impersonate-User: root\r\n".to_owned(), None, "403"),
        ("with rights", impersonating("Impersonate-User: ann\r\n"), None, "ann"),
        ("in any case", impersonating("impersonate-USER: ann\r\n"), None, "ann"),
        ("in other letters", impersonating("Impersonate-User: jürgen\r\n"), None, "jürgen"),
        (
            "a service account",
            impersonating("Impersonate-User: system:serviceaccount:a:b\r\n"),
            None,
            "system:serviceaccount:a:b",
        ),
        (
            "the first of two",
            impersonating("Impersonate-User: ann\r\nImpersonate-User: bob\r\n"),
            None,
            "ann",
        ),
        ("a group alone", impersonating("Impersonate-Group: system:masters\r\n"), None, "400"),
        ("a uid alone", impersonating("Impersonate-Uid: 7\r\n"), None, "400"),
        ("an extra alone", impersonating("Impersonate-Extra-Foo: 7\r\n"), None, "400"),
        ("as nobody is as oneself", impersonating("Impersonate-User: \r\n"), None, "root"),
        ("underscores", impersonating("Impersonate_User: ann\r\n"), None, "root"),
        (
            "by a proxy for one who may",
            "X-Remote-User: carl\r\nX-Remote-Group: system:masters\r\nImpersonate-User: ann\r\n".to_owned(),
            proxy,
            "ann",
        ),
        (
            "by a proxy for one who may not",
            "X-Remote-User: carl\r\nImpersonate-User: ann\r\n".to_owned(),
            proxy,
            "403",
        ),
    ];
    let mut seen = stage.events(&mut 0).len();
    for (why, headers, certificate, expected) in cases {
        assert_eq!(stage.who(&headers, certificate), expected, "{why}");
        // The answer goes out before its event is complete.
        let mut new = Vec::new();
        for _ in 0..100 {
            new.extend(stage.events(&mut seen));
            if !new.is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert_eq!(new.len(), 1, "{why}: {new:#?}");
        let event = &new[0];
        let code = expected.parse().unwrap_or(201);
        assert_eq!(event["responseStatus"]["code"], json!(code), "{why}: {event:#}");
        if code == 401 {
            assert!(event["user"]["username"].as_str().unwrap_or_default().is_empty(), "{why}: {event:#}");
            assert_eq!(event["stage"], "ResponseStarted", "{why}");
        } else if code == 201 {
            let last = event["impersonatedUser"]["username"].as_str().or(event["user"]["username"].as_str());
            assert_eq!(last, Some(expected), "{why}");
        }
    }
}

/// Messages that two programs can read in two ways are refused, or read as upstream reads them.
#[test]
fn messages_are_read_in_one_way() {
    let stage = Stage::new();
    let server = &stage.server;
    let before = stage.state();
    let get = |head: &str| format!("GET /api/v1/secrets HTTP/1.1\r\n{head}Connection: close\r\n\r\n");
    let made = r#"{"metadata":{"name":"smuggled"}}"#;
    let second = format!(
        "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\n{ROOT}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{made}",
        made.len()
    );
    let post = |head: &str, body: &str| {
        format!("POST {REVIEWS} HTTP/1.1\r\nHost: x\r\n{ROOT}Connection: close\r\n{head}\r\n{body}")
    };
    let cases: Vec<(&str, String, u16)> = vec![
        ("no host", get(ANN), 400),
        ("two hosts", get(&format!("Host: x\r\nHost: y\r\n{ANN}")), 400),
        ("no such host", get(&format!("Host: a b\r\n{ANN}")), 400),
        ("a space before a colon", get(&format!("Host: x\r\nX-Remote-User : root\r\n{ANN}")), 400),
        ("a null byte in a header", get(&format!("Host: x\r\nFoo: a\0b\r\n{ANN}")), 400),
        // Go folds the lines of a header into one; here that is refused.
        ("a folded header", get(&format!("Host: x\r\nFoo: a\r\n b\r\n{ANN}")), 400),
        (
            "two codings",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
            400,
        ),
        ("an unknown coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400),
        ("a coding before the last", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501),
        ("two lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), 400),
        ("a length with a sign", post("Content-Length: +2\r\n", "{}"), 400),
        ("a list of lengths", post("Content-Length: 2, 2\r\n", "{}"), 400),
        ("no version", "GET /api/v1\r\n\r\n".to_owned(), 400),
        // Go: 505.
        ("a version of the future", get("Host: x\r\n").replace("HTTP/1.1", "HTTP/2.5"), 400),
        ("half a body", post("Content-Length: 50\r\n", "{"), 0),
    ];
    for (why, request, code) in cases {
        if code == 0 {
            // It waits for the rest: who goes away gets nothing.
            let mut stream = connect(server, None, b"http/1.1");
            stream.write_all(request.as_bytes()).unwrap();
            drop(stream);
            continue;
        }
        let answer = read(&exchange(server, None, request.as_bytes()));
        assert_eq!(answer.code, code, "{why}: {answer:?}");
    }
    // A length beside chunks does not count, and what follows the chunks is a request of its own: this one is refused
    // as anybody's, for the connection is the client's.
    let length = REVIEW.len();
    let both = format!(
        "Content-Type: application/json\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{REVIEW}\r\n0\r\n\r\n"
    );
    let request = format!("POST {REVIEWS} HTTP/1.1\r\nHost: x\r\n{ANN}{both}");
    let text = String::from_utf8_lossy(&exchange(
        server,
        None,
        format!("{request}GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes(),
    ))
    .into_owned();
    assert!(text.starts_with("HTTP/1.1 201") && text.contains("\"ann\""), "{text}");
    // A body that looks like a request is a body.
    let hidden = format!(
        "POST {REVIEWS} HTTP/1.1\r\nHost: x\r\n{ANN}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{second}",
        second.len()
    );
    assert_eq!(read(&exchange(server, None, hidden.as_bytes())).code, 400);
    // A GET has a body as well, and it is not the next request.
    let hidden = format!(
        "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{second}",
        second.len()
    );
    assert_eq!(read(&exchange(server, None, hidden.as_bytes())).code, 200);
    assert_eq!(stage.state(), before);
}

/// Paths that are written in another way are what they are, and nobody reaches by them what they may not.
#[test]
fn paths_mean_one_thing() {
    let stage = Stage::new();
    let before = stage.state();
    // The path, what `root` gets, what everybody else gets (all are refused by authorization).
    let cases = [
        ("/api/v1/namespaces/%2e%2e/secrets", 500),
        ("/api/v1/namespaces/%2e%2e/secrets/x", 500),
        ("/api/v1/namespaces/..", 400),
        ("/api/v1/namespaces/kube-system/secrets/..", 400),
        ("/api/v1/namespaces/default/../kube-system", 404),
        ("/api/v1/namespaces/../../../healthz", 404),
        ("//api/v1/secrets", 404),
        ("/api/v1//secrets", 404),
        ("/apis//v1/secrets", 404),
        ("/api/v1/namespaces//default", 404),
        ("/api/v1/namespaces/kube-system%2fsecrets%2fx", 404),
        ("/api/v1/namespaces/a%00b", 404),
        ("/api/v1/namespaces/kube-system;x=1", 404),
        ("/api/v1/namespaces/kube-system%3Bx", 404),
        ("/healthz/../api/v1/secrets", 404),
        ("/healthz/%2e%2e/api/v1/secrets", 404),
        ("/healthz;/../api", 404),
        ("/API/v1/namespaces", 404),
        ("/api/v1/secrets%20", 404),
        ("/./api/v1/secrets", 404),
        ("/api/v1/namespaces/kube-system/./secrets", 404),
        ("/api/v1/namespaces?labelSelector=((((((((((", 400),
        ("/api/v1/namespaces?limit=x", 400),
        ("/api/v1/namespaces?continue=Li4vc2VjcmV0cy8", 400),
    ];
    let (root, ann, anybody) =
        (stage.root(), Caller::new(&stage.server, ANN), Caller::new(&stage.server, ""));
    for (path, code) in cases {
        let answer = root.get(path);
        assert_eq!(answer.code, code, "root {path}: {answer:?}");
        for caller in [ann, anybody] {
            let answer = caller.get(path);
            assert_eq!(answer.code, 403, "{path}: {answer:?}");
        }
    }
    for path in ["/api/v1/namespaces/%zz", "/api/v1/namespaces/%", "\\api\\v1"] {
        assert_eq!(root.get(path).code, 400, "{path}");
    }
    // These do the same as without the oddity, for those who may.
    let many = (0..5000).map(|number| format!("&a{number}=1")).collect::<String>();
    for path in [
        "/api/v1/secrets/",
        "/api/v1/namespaces/kube-system%2Fsecrets",
        &format!("/api/v1/secrets?limit=5{many}"),
    ] {
        assert_eq!(root.get(path).code, 200, "{path}");
        assert_eq!(ann.get(path).code, 403, "{path}");
        assert_eq!(anybody.get(path).code, 403, "{path}");
    }
    // Tokens are read from headers alone.
    for path in ["/api/v1/secrets?access_token=root-token", "/api/v1/secrets?token=root-token"] {
        assert_eq!(anybody.get(path).code, 403, "{path}");
    }
    for method in ["OPTIONS", "TRACE", "FROB", "get", "CONNECT"] {
        let answer = root.send(method, "/api/v1/namespaces/kube-system", "", "");
        assert!([400, 405].contains(&answer.code), "{method}: {answer:?}");
    }
    let answer = root.send(
        "GET",
        "/api/v1/secrets",
        "X-HTTP-Method-Override: POST\r\nX-Original-URL: /api/v1/pods\r\n",
        "",
    );
    assert_eq!(answer.ok()["kind"], "SecretList");
    assert_eq!(stage.state(), before);
    assert!(!fs::read_to_string(stage.server.folder.path().join("audit.log")).unwrap().contains("Bearer"));
}

/// A token with any header and claims, signed in any way.
fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(text.as_bytes()));
    format!("{text}.{signature}")
}

#[test]
fn tokens_that_are_none_say_nothing() {
    use aws_lc_rs::{hmac, rand, signature};
    let stage = Stage::new();
    let root = stage.root();
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "clerk"}});
    let uid =
        root.post("/api/v1/namespaces/kube-system/serviceaccounts", &account).ok()["metadata"]["uid"].clone();
    let requests = "/api/v1/namespaces/kube-system/serviceaccounts/clerk/token";
    let made = root
        .post(
            requests,
            &json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}),
        )
        .ok();
    let good = made["status"]["token"].as_str().unwrap().to_owned();
    let who = |token: &str| stage.who(&format!("Authorization: Bearer {token}\r\n"), None);
    assert_eq!(who(&good), "system:serviceaccount:kube-system:clerk");

    let part = |number: usize| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(good.split('.').nth(number).unwrap()).unwrap())
            .unwrap()
    };
    let (header, claims) = (part(0), part(1));
    let pair = |pem: &KeyPair| {
        signature::EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &pem.serialize_der())
            .unwrap()
    };
    let (own, foreign) = (pair(&stage.signing_key), pair(&KeyPair::generate().unwrap()));
    let sign = |pair: &signature::EcdsaKeyPair, text: &[u8]| {
        pair.sign(&rand::SystemRandom::new(), text).unwrap().as_ref().to_vec()
    };
    let by_own = |header: &Value, claims: &Value| token(header, claims, |text| sign(&own, text));
    let with = |value: &Value, key: &str, new: Value| {
        let mut value = value.clone();
        value[key] = new;
        value
    };
    // The test signs as the server does; so what is refused below is refused for what it says.
    assert_eq!(who(&by_own(&header, &claims)), "system:serviceaccount:kube-system:clerk");

    let now = claims["iat"].as_i64().unwrap();
    let mac = |secret: &[u8], text: &[u8]| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text).as_ref().to_vec()
    };
    let pem = stage.public_key.as_bytes();
    let lines: String = stage.public_key.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(lines).unwrap();
    let raw = stage.signing_key.public_key_raw();
    let hs256 = with(&header, "alg", json!("HS256"));
    let claim = |key: &str, new: Value| by_own(&header, &with(&claims, key, new));
    let kubernetes = |pointer: &str, new: Value| {
        let mut changed = claims.clone();
        *changed.pointer_mut(pointer).unwrap() = new;
        by_own(&header, &changed)
    };
    let mut cut = good.clone();
    cut.truncate(good.len() - 4);
    let cases = [
        ("alg none", token(&json!({"alg": "none", "typ": "JWT"}), &claims, |_| Vec::new())),
        ("alg None with a key", token(&with(&header, "alg", json!("None")), &claims, |_| Vec::new())),
        ("no alg", token(&json!({}), &claims, |text| sign(&own, text))),
        ("HS256 with the public key, PEM", token(&hs256, &claims, |text| mac(pem, text))),
        ("HS256 with the public key, DER", token(&hs256, &claims, |text| mac(&der, text))),
        ("HS256 with the public key, raw", token(&hs256, &claims, |text| mac(raw, text))),
        ("HS256 with an empty key", token(&hs256, &claims, |text| mac(b"", text))),
        (
            "RS256 with the signature of ES256",
            token(&with(&header, "alg", json!("RS256")), &claims, |text| sign(&own, text)),
        ),
        ("a foreign key", token(&header, &claims, |text| sign(&foreign, text))),
        (
            "a foreign key under another name",
            token(&with(&header, "kid", json!("../../dev/null")), &claims, |text| sign(&foreign, text)),
        ),
        (
            "a key in the header",
            token(&with(&header, "jwk", json!({"kty": "EC", "crv": "P-256"})), &claims, |text| {
                sign(&foreign, text)
            }),
        ),
        (
            "a list of keys in the header",
            token(&with(&header, "jku", json!("https://example.com")), &claims, |text| sign(&foreign, text)),
        ),
        ("critical and unknown", by_own(&with(&header, "crit", json!(["unknown"])), &claims)),
        ("a signature of zeros", token(&header, &claims, |_| vec![0; 64])),
        ("no signature", token(&header, &claims, |_| Vec::new())),
        ("half a signature", cut),
        ("expired", claim("exp", json!(now - 100_000))),
        ("not yet", claim("nbf", json!(now + 100_000))),
        ("another issuer", claim("iss", json!("https://evil.example"))),
        ("for somebody else", claim("aud", json!(["vault"]))),
        ("an account that is not there", kubernetes("/kubernetes.io/serviceaccount/name", json!("nobody"))),
        ("an account of another uid", kubernetes("/kubernetes.io/serviceaccount/uid", json!("x"))),
        ("another namespace", kubernetes("/kubernetes.io/namespace", json!("default"))),
        ("a pod that is not there", {
            let mut bound = claims.clone();
            bound["kubernetes.io"]["pod"] = json!({"name": "p", "uid": "u"});
            by_own(&header, &bound)
        }),
        ("claims that are no object", token(&header, &json!([]), |text| sign(&own, text))),
        ("more dots", format!("{good}.x")),
        ("a bootstrap token that is not there", "abcdef.0123456789abcdef".to_owned()),
    ];
    let mut seen = stage.events(&mut 0).len();
    for (why, token) in &cases {
        assert_eq!(who(token), "401", "{why}");
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let events = stage.events(&mut seen);
    assert_eq!(events.len(), cases.len());
    assert!(
        events
            .iter()
            .all(|event| event["responseStatus"]["code"] == 401 && event["user"]["username"].is_null())
    );

    // The text of a token is nowhere in the log, and what was good is not for long.
    let log = fs::read_to_string(stage.server.folder.path().join("audit.log")).unwrap();
    assert!(!log.contains(good.rsplit('.').next().unwrap()));
    assert!(uid.is_string());
    assert_eq!(root.send("DELETE", "/api/v1/namespaces/kube-system/serviceaccounts/clerk", "", "").code, 200);
    assert_eq!(who(&good), "401", "revoked");
    root.post("/api/v1/namespaces/kube-system/serviceaccounts", &account).ok();
    assert_eq!(who(&good), "401", "an account of the same name is another one");

    // Bootstrap tokens live as long as their Secret says.
    let secret = |expiration: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
        "metadata": {"name": "bootstrap-token-abcdef"},
        "stringData": {"token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true", "expiration": expiration}})
    };
    let secrets = "/api/v1/namespaces/kube-system/secrets";
    root.post(secrets, &secret("2099-01-01T00:00:00Z")).ok();
    assert_eq!(who("abcdef.0123456789abcdef"), "system:bootstrap:abcdef");
    assert_eq!(who("abcdef.0123456789abcdee"), "401");
    root.send("DELETE", &format!("{secrets}/bootstrap-token-abcdef"), "", "").ok();
    assert_eq!(who("abcdef.0123456789abcdef"), "401");
    // A loop may delete what has expired before it is asked for.
    root.post(secrets, &secret("2020-01-01T00:00:00Z")).ok();
    assert_eq!(who("abcdef.0123456789abcdef"), "401");
}

#[test]
fn there_is_room_for_so_much_and_no_more() {
    let stage = Stage::new();
    let root = stage.root();
    let before = stage.state();
    let spaces = "/api/v1/namespaces";
    // It is refused for what is announced, and a client that goes on sending still gets to read the answer.
    let big =
        format!("POST {spaces} HTTP/1.1\r\nHost: x\r\n{ROOT}Content-Length: {}\r\n\r\n", 3 * 1024 * 1024 + 1);
    let mut stream = connect(&stage.server, None, b"http/1.1");
    stream.write_all(big.as_bytes()).unwrap();
    let mut first = [0; 64];
    let length = stream.read(&mut first).unwrap();
    assert_eq!(read(&first[..length]).code, 413);
    assert_eq!(root.send("POST", spaces, "", &"a".repeat(3 * 1024 * 1024 + 1)).code, 413);
    let deep = |depth: usize| {
        format!(r#"{{"metadata":{{"name":"deep","x":{}{}}}}}"#, "[".repeat(depth), "]".repeat(depth))
    };
    let bomb = (1..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        let one = format!("*a{}", level - 1);
        format!("{text}a{level}: &a{level} [{}]\n", vec![one; 9].join(", "))
    });
    let yaml = "Content-Type: application/yaml\r\n";
    let cases: Vec<(&str, &str, String, u16)> = vec![
        // Upstream's limit is 10,000 levels; here it is 512.
        ("10,000 lists", "", "[".repeat(10_000) + &"]".repeat(10_000), 400),
        ("10,050 lists in an object", "", deep(10_050), 400),
        ("a million brackets", "", "[".repeat(1_000_000), 400),
        (
            "10,050 lists in YAML",
            yaml,
            format!("metadata: {{name: deep, x: {}{}}}", "[".repeat(10_050), "]".repeat(10_050)),
            400,
        ),
        ("aliases of aliases", yaml, bomb, 400),
        ("nothing", "", String::new(), 400),
        ("half an object", "", "{".to_owned(), 400),
        ("null", "", "null".to_owned(), 422),
        ("a field in another case", "", r#"{"Metadata":{"name":"case"}}"#.to_owned(), 422),
        ("plain text", "Content-Type: text/plain\r\n", "{}".to_owned(), 415),
        ("a form", "Content-Type: application/x-www-form-urlencoded\r\n", "a=b".to_owned(), 415),
    ];
    for (why, more, body, code) in cases {
        let answer = root.send("POST", spaces, more, &body);
        assert_eq!(answer.code, code, "{why}: {}", answer.message());
    }
    let twice = root.send(
        "POST",
        "/api/v1/namespaces?fieldValidation=Strict",
        "",
        r#"{"metadata":{"name":"a","name":"b"}}"#,
    );
    assert_eq!(twice.code, 400, "{twice:?}");
    // Nobody else gets as far as the body.
    let ann = Caller::new(&stage.server, ANN);
    assert_eq!(ann.send("POST", spaces, "", "[").code, 403);
    // Heads have a limit.
    let huge = format!("Big: {}\r\n", "a".repeat(1_200_000));
    assert_eq!(root.send("GET", "/healthz", &huge, "").code, 431);
    let some: String = (0..60).map(|number| format!("H{number}: v\r\n")).collect();
    assert_eq!(root.send("GET", "/healthz", &some, "").code, 200);
    assert_eq!(stage.state(), before);
}

/// A header of HPACK as it is, without a table and without compression.
fn field(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 127);
        bytes.push(length);
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// What becomes of a request over HTTP/2.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// The stream or the connection is reset.
    Reset,
    /// An answer of success.
    Served,
    /// A refusal.
    Refused,
}

fn over_http2(server: &Server, fields: &[(&str, &str)], more: &[u8]) -> Fate {
    let mut stream = connect(server, None, b"h2");
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &[]));
    let mut block: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
    block.extend(more);
    let mut pieces = block.chunks(16_000).peekable();
    let mut kind = 1;
    while let Some(piece) = pieces.next() {
        let last = if pieces.peek().is_none() { 4 } else { 0 };
        let ends = u8::from(kind == 1);
        bytes.extend(frame(kind, last | ends, 1, piece));
        kind = 9;
    }
    let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).is_err() {
            return Fate::Reset;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        if stream.read_exact(&mut payload).is_err() {
            return Fate::Reset;
        }
        match head[3] {
            3 | 7 => return Fate::Reset,
            // The status comes first; 0x88 is `:status: 200`.
            1 => return if payload.first() == Some(&0x88) { Fate::Served } else { Fate::Refused },
            _ => {}
        }
    }
}

#[test]
fn http2_is_no_way_around() {
    let stage = Stage::new();
    let server = &stage.server;
    let usual =
        [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/api/v1/secrets")];
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&'static str, &'static str)> {
        usual.iter().chain(more).copied().collect()
    };
    let bearer = ("authorization", "Bearer root-token");
    assert_eq!(over_http2(server, &with(&[bearer]), &[]), Fate::Served);
    assert_eq!(over_http2(server, &with(&[("authorization", "Bearer ann-token")]), &[]), Fate::Refused);
    assert_eq!(
        over_http2(server, &with(&[("x-remote-user", "root"), ("x-remote-group", "system:masters")]), &[]),
        Fate::Refused
    );
    let resets: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("two authorities", with(&[(":authority", "other"), bearer])),
        ("two paths", with(&[(":path", "/healthz"), bearer])),
        ("a name in upper case", with(&[("Authorization", "Bearer root-token")])),
        ("a pseudo header behind others", vec![usual[0], usual[1], bearer, usual[2], usual[3]]),
        ("an unknown pseudo header", with(&[(":user", "root"), bearer])),
        ("headers of a connection", with(&[("connection", "authorization"), bearer])),
        ("a coding of transfer", with(&[("transfer-encoding", "chunked"), bearer])),
        ("no path", vec![usual[0], usual[1], usual[2], bearer]),
        ("no method", vec![usual[1], usual[2], usual[3], bearer]),
        ("a line break in a value", with(&[("x", "a\r\nx-remote-user: root"), bearer])),
    ];
    for (why, fields) in resets {
        let fate = over_http2(server, &fields, &[]);
        assert_ne!(fate, Fate::Served, "{why}");
    }
    let connect = [(":method", "CONNECT"), (":authority", "localhost:443"), bearer];
    assert_ne!(over_http2(server, &connect, &[]), Fate::Served, "CONNECT");
    let many: Vec<u8> =
        (0..20_000).flat_map(|number| field(&format!("h{number}"), "value of a header")).collect();
    assert_ne!(
        over_http2(server, &with(&[bearer]), &many),
        Fate::Served,
        "a list of headers that is too long"
    );
    // The server goes on.
    assert_eq!(over_http2(server, &with(&[bearer]), &[]), Fate::Served);
}
