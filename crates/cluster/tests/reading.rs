//! Reading from an API server: pages, refusals, faults, TLS, and what must never come out.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test stops where something is wrong")]

#[path = "support/fake.rs"]
mod fake;

use fake::{Asked, Fake, PLANTED, Reply, list, shop};
use ravelin_cluster::read::{Reason, Secrets};
use ravelin_cluster::snapshot::{self, Record};
use ravelin_cluster::{Cluster, Environment, Error, Limits, Silent, Target, Wanted, kinds};
use ravelin_object::Value;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn read_with(config: &str, folder: &Path, wanted: &Wanted) -> Result<Cluster, Error> {
    let file = folder.join("config");
    std::fs::write(&file, config).unwrap();
    let target = Target {
        kubeconfig: Some(file),
        context: None,
        timeout: Duration::from_secs(2),
        environment: Environment::default(),
    };
    ravelin_cluster::fetch(&target, wanted, &Silent)
}

fn read(fake: &Fake, wanted: &Wanted) -> Cluster {
    read_with(&fake.kubeconfig(), tempfile::tempdir().unwrap().path(), wanted).unwrap()
}

fn of(names: &[&str]) -> Wanted {
    Wanted::of(names.iter().map(|name| kinds::find(name).unwrap()).collect())
}

fn names(cluster: &Cluster) -> Vec<String> {
    let text =
        |object: &Value, key| object.dotted(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    cluster
        .objects
        .iter()
        .map(|object| {
            format!(
                "{} {}/{}",
                text(object, "kind"),
                text(object, "metadata.namespace"),
                text(object, "metadata.name")
            )
        })
        .collect()
}

/// What is not known, but for what was not asked for.
fn unread(cluster: &Cluster) -> Vec<String> {
    let told = cluster.account.unread.iter().filter(|unread| unread.reason != Reason::NotAsked);
    told.map(|unread| unread.doubt().to_string()).collect()
}

fn written(cluster: &Cluster) -> String {
    let mut out = Vec::new();
    snapshot::write(cluster, "2026-01-02T03:04:05Z", &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn everything_is_read_and_accounted_for() {
    let fake = Fake::serve(shop);
    let cluster = read(&fake, &Wanted::of(kinds::ALL.iter().collect()));
    assert_eq!(cluster.version.as_deref(), Some("v1.36.0"));
    assert_eq!(cluster.uid.as_deref(), Some("uid-1"));
    assert_eq!(
        names(&cluster),
        [
            "Namespace /kube-system",
            "Namespace /shop",
            "ConfigMap shop/settings",
            "Secret shop/db",
            "Deployment shop/web",
            "RoleBinding shop/readers",
            "Role shop/reader"
        ]
    );
    let not_served: Vec<&str> =
        cluster.account.unread.iter().map(|unread| unread.resource.as_str()).collect();
    assert_eq!(not_served.len(), 8, "{not_served:?}");
    let of_group = |read: &&ravelin_cluster::read::ReadKind| read.resource == "mutatingadmissionpolicies";
    assert_eq!(cluster.account.read.iter().find(of_group).unwrap().version, "v1beta1", "v1 is not served");
    assert!(cluster.account.unread.iter().all(|unread| !unread.is_doubt()));
    assert!(kinds::ALL.iter().all(|kind| cluster.account.doubts(kind, None).is_empty()));
    assert_eq!(cluster.account.read.len() + not_served.len(), kinds::ALL.len());
    let asked = fake.asked();
    assert!(asked.iter().all(|asked| asked.authorization == "Bearer t0ken-of-the-tester"));
    for asked in &asked {
        let is_secret = asked.path.ends_with("/secrets") || asked.path.ends_with("/configmaps");
        let expected = if is_secret { "identity" } else { "gzip" };
        assert_eq!(asked.accept_encoding, expected, "{}", asked.path);
    }
}

#[test]
fn no_value_of_a_secret_comes_out() {
    let fake = Fake::serve(shop);
    for secrets in [Secrets::Keys, Secrets::Metadata, Secrets::None] {
        let wanted = Wanted { secrets, ..Wanted::of(kinds::ALL.iter().collect()) };
        let cluster = read(&fake, &wanted);
        let text = format!("{}{cluster:?}", written(&cluster));
        for planted in PLANTED {
            assert!(!text.contains(planted), "{secrets:?}: {text}");
        }
        assert_eq!(text.contains("\"password\":\"\""), secrets == Secrets::Keys);
        assert_eq!(names(&cluster).iter().any(|name| name == "Secret shop/db"), secrets != Secrets::None);
    }
    let accepts: Vec<String> = fake
        .asked()
        .into_iter()
        .filter(|asked| asked.path.ends_with("/secrets"))
        .map(|asked| asked.accept)
        .collect();
    assert_eq!(
        accepts,
        ["application/json", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"]
    );
}

#[test]
fn values_of_config_maps_are_kept_where_they_are_wanted() {
    let fake = Fake::serve(shop);
    let keys = read(&fake, &of(&["configmaps"]));
    let values = read(&fake, &Wanted { config_values: true, ..of(&["configmaps"]) });
    let data =
        |cluster: &Cluster| cluster.objects[0].dotted("data.mode").unwrap().as_str().unwrap().to_owned();
    assert_eq!((data(&keys), data(&values)), (String::new(), "fast".to_owned()));
}

#[test]
fn pages_are_joined() {
    let items: Vec<String> =
        (0..1234).map(|n| format!(r#"{{"metadata":{{"name":"p{n:05}"}}}}"#)).rev().collect();
    let fake = Fake::serve(move |asked| match asked.path.as_str() {
        "/api/v1/pods" => list(asked, "Pod", &items),
        _ => shop(asked),
    });
    let cluster = read(&fake, &of(&["pods"]));
    assert_eq!(cluster.objects.len(), 1234);
    assert!(names(&cluster).is_sorted());
    assert_eq!(cluster.account.read[0].resource_version, "77");
    let pages: Vec<String> = fake
        .asked()
        .into_iter()
        .filter(|asked| asked.path == "/api/v1/pods")
        .map(|asked| asked.query)
        .collect();
    assert_eq!(pages, ["limit=500", "limit=500&continue=500", "limit=500&continue=1000"]);
}

#[test]
fn expired_pages_are_read_again_and_at_last_as_a_whole() {
    for (expiries, expected) in [
        (1, vec!["limit=1", "limit=1&continue=1", "limit=1", "limit=1&continue=1", "limit=1&continue=2"]),
        (9, vec!["limit=1", "limit=1&continue=1", "limit=1", "limit=1&continue=1", ""]),
    ] {
        let items: Vec<String> = (0..3).map(|n| format!(r#"{{"metadata":{{"name":"p{n}"}}}}"#)).collect();
        let left = AtomicUsize::new(expiries);
        let fake = Fake::serve(move |asked| {
            if asked.path != "/api/v1/pods" {
                return shop(asked);
            }
            let is_expired = asked.value("continue").is_some() && left.load(Ordering::SeqCst) > 0;
            if is_expired {
                left.fetch_sub(1, Ordering::SeqCst);
                return Reply::refusal(410, "Expired", "The provided continue parameter is too old");
            }
            list(asked, "Pod", &items)
        });
        let mut wanted = of(&["pods"]);
        wanted.limits = Limits { page: 1, ..Limits::STANDARD };
        let cluster = read(&fake, &wanted);
        assert_eq!(names(&cluster), ["Pod /p0", "Pod /p1", "Pod /p2"]);
        let asked: Vec<String> = fake
            .asked()
            .into_iter()
            .filter(|asked| asked.path == "/api/v1/pods")
            .map(|asked| asked.query)
            .collect();
        assert_eq!(asked, expected);
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    const HTML: &str = "<html>log in</html>";
    type Answer = fn(&Asked) -> Reply;
    let cases: [(Answer, &str); 12] = [
        (
            Reply::forbidden,
            "nodes: forbidden: nodes is forbidden: User \"tester\" cannot list resource \"nodes\"",
        ),
        (
            |_| Reply::not_found(),
            "nodes: could not be read: the server does not serve it, although every API server does",
        ),
        (
            |_| Reply::json(HTML),
            "nodes: could not be read: the answer is no list of objects (line 1, column 1)",
        ),
        (
            |_| Reply::json(r#"{"kind":"Status"}"#),
            "nodes: could not be read: the answer is no list of objects",
        ),
        (
            |_| Reply::json(r#"{"kind":"NodeList","items":[{"metadata":{"name":"a"}}"#),
            "nodes: could not be read: the answer is no list of objects (line 1, column 53)",
        ),
        (
            |_| Reply::json(r#"{"kind":"NodeList","items":[3,{"metadata":{"name":"a"}},[]]}"#),
            "nodes: could not be read: 2 objects, the first is no mapping where one is expected",
        ),
        (
            |_| Reply::json(r#"{"kind":"NodeList","metadata":{"continue":"x"},"items":[]}"#),
            "nodes: could not be read: the server repeats a page without end",
        ),
        (|_| Reply::refusal(500, "InternalError", "etcd\nis gone"), "nodes: could not be read: etcd is gone"),
        (
            |_| Reply { status: 302, ..Reply::json("") },
            "nodes: could not be read: the server answers 302 Found",
        ),
        (
            |_| Reply {
                headers: vec![("Retry-After", "0".to_owned())],
                ..Reply::refusal(429, "TooManyRequests", "slow down")
            },
            "nodes: could not be read: slow down",
        ),
        (
            |_| {
                std::thread::sleep(Duration::from_secs(4));
                Reply::json("")
            },
            "nodes: could not be read: no complete answer within 2 s",
        ),
        (
            |_| Reply::json(format!("{{\"kind\":\"NodeList\",\"items\":[\"{}\"]}}", "x".repeat(5000))),
            "nodes: could not be read: the answer is larger than 4000 bytes",
        ),
    ];
    for (answer, expected) in cases {
        let fake = Fake::serve(
            move |asked| if asked.path.ends_with("/nodes") { answer(asked) } else { shop(asked) },
        );
        let mut wanted = of(&["nodes", "roles"]);
        wanted.limits = Limits { answer: 4000, ..Limits::STANDARD };
        let cluster = read(&fake, &wanted);
        assert_eq!(unread(&cluster), [expected]);
        assert!(names(&cluster).contains(&"Role shop/reader".to_owned()), "the rest is read");
        let doubts = cluster.account.doubts(kinds::find("nodes").unwrap(), None);
        assert_eq!((doubts[0].to_string().as_str(), doubts[0].is_chosen), (expected, false));
    }
}

#[test]
fn a_server_that_is_busy_for_a_moment_is_asked_again() {
    let left = AtomicUsize::new(2);
    let fake = Fake::serve(move |asked| {
        let is_busy = asked.path.ends_with("/roles")
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        match is_busy {
            true => Reply {
                headers: vec![("Retry-After", "0".to_owned())],
                ..Reply::refusal(429, "TooManyRequests", "")
            },
            false => shop(asked),
        }
    });
    assert_eq!(names(&read(&fake, &of(&["roles"]))), ["Role shop/reader"]);
}

#[test]
fn where_the_cluster_is_forbidden_namespaces_are_asked_one_by_one() {
    let fake = Fake::serve(|asked| match asked.path.as_str() {
        "/api/v1/secrets" | "/api/v1/namespaces/kube-system/secrets" => Reply::forbidden(asked),
        _ => shop(asked),
    });
    let cluster = read(&fake, &of(&["namespaces", "secrets"]));
    assert!(names(&cluster).contains(&"Secret shop/db".to_owned()));
    assert_eq!(
        unread(&cluster),
        [
            "secrets in namespace kube-system: forbidden: secrets is forbidden: User \"tester\" cannot list resource \"secrets\""
        ]
    );

    // Not even the names of the namespaces may be read: the one of the context is tried.
    let fake = Fake::serve(|asked| match asked.path.as_str() {
        "/api/v1/namespaces" | "/api/v1/secrets" => Reply::forbidden(asked),
        _ => shop(asked),
    });
    let config = fake.kubeconfig().replace("user: tester}", "user: tester, namespace: shop}");
    let folder = tempfile::tempdir().unwrap();
    let cluster = read_with(&config, folder.path(), &of(&["namespaces", "secrets"])).unwrap();
    assert_eq!(names(&cluster), ["Secret shop/db"]);
    let told = unread(&cluster);
    assert!(told[1].starts_with("secrets in namespaces other than shop: forbidden"), "{told:?}");
    let nowhere = read(&fake, &of(&["secrets"]));
    assert!(unread(&nowhere)[0].starts_with("secrets: forbidden"), "{:?}", unread(&nowhere));
}

#[test]
fn a_snapshot_may_be_limited_to_namespaces() {
    let fake = Fake::serve(|asked| match asked.path.as_str() {
        path if path.contains("/kube-system") => {
            Reply::refusal(404, "NotFound", "namespaces \"kube-system\" not found")
        }
        _ => shop(asked),
    });
    let namespaces = vec!["shop".to_owned(), "kube-system".to_owned()];
    let cluster = read(&fake, &Wanted { namespaces, ..of(&["namespaces", "deployments", "httproutes"]) });
    assert_eq!(names(&cluster), ["Namespace /shop", "Deployment shop/web"]);
    let doubts = cluster.account.doubts(kinds::find("deployments").unwrap(), None);
    assert_eq!(
        doubts.last().unwrap().to_string(),
        "deployments.apps in namespaces other than shop, kube-system: not asked for"
    );
    let of_namespace = |name| cluster.account.doubts(kinds::find("deployments").unwrap(), Some(name)).len();
    assert_eq!(["shop", "other", ""].map(of_namespace), [0, 1, 0]);
    assert!(cluster.account.doubts(kinds::find("httproutes").unwrap(), None).is_empty());
    assert!(unread(&cluster)[0].starts_with("namespaces in namespace kube-system: could not be read"));
    assert!(fake.asked().iter().all(|asked| asked.path != "/apis/apps/v1/deployments"));
}

#[test]
fn a_server_that_is_none_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let fails =
        |fake: &Fake| read_with(&fake.kubeconfig(), folder.path(), &of(&["pods"])).unwrap_err().to_string();
    let website = Fake::serve(|_| Reply::json("<html>"));
    assert!(fails(&website).ends_with(": no API server answers there: /version holds no version"));
    let stranger = Fake::serve(|_| Reply::refusal(401, "Unauthorized", "Unauthorized"));
    assert!(fails(&stranger).ends_with(": the credentials are not accepted (401 Unauthorized)"));
    let gone = Fake::serve(shop);
    let config = gone.kubeconfig().replace(&gone.address.to_string(), "127.0.0.1:1");
    let error = read_with(&config, folder.path(), &of(&["pods"])).unwrap_err().to_string();
    assert!(error.starts_with("http://127.0.0.1:1: ") && error.contains("refused"), "{error}");
    assert!(!error.contains("t0ken"), "{error}");
}

#[test]
fn answers_may_be_compressed_and_the_limit_counts_what_comes_of_them() {
    let fake = Fake::serve(|asked| {
        let reply = shop(asked);
        if asked.accept_encoding != "gzip" {
            return reply;
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, &reply.body).unwrap();
        if asked.path.ends_with("/nodes") {
            std::io::Write::write_all(&mut encoder, &vec![b' '; 1 << 20]).unwrap();
        }
        Reply {
            headers: vec![("Content-Encoding", "gzip".to_owned())],
            body: encoder.finish().unwrap(),
            ..reply
        }
    });
    let mut wanted = of(&["roles", "nodes"]);
    wanted.limits = Limits { answer: 100_000, ..Limits::STANDARD };
    let cluster = read(&fake, &wanted);
    assert_eq!(names(&cluster), ["Role shop/reader"]);
    assert_eq!(unread(&cluster), ["nodes: could not be read: the answer is larger than 100000 bytes"]);
}

#[test]
fn client_certificates_are_shown_and_the_server_is_checked() {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = parameters.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::from_params(&parameters, &authority_key);
    let issue = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        (certificate, key)
    };
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
            .build()
            .unwrap();
    let (certificate, key) = issue("127.0.0.1");
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = std::sync::Arc::new(config);
    let encrypted = move |stream| -> Box<dyn fake::Stream> {
        let connection = rustls::ServerConnection::new(config.clone()).unwrap();
        Box::new(rustls::StreamOwned::new(connection, stream))
    };
    let fake = Fake::start(encrypted, shop);

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let (certificate, key) = issue("tester");
    write("ca.crt", &authority.pem());
    write("tester.crt", &certificate.pem());
    write("tester.key", &key.serialize_pem());
    let config = fake
        .kubeconfig()
        .replace("http://", "https://")
        .replace("'}}]\nusers", "', certificate-authority: ca.crt}}]\nusers")
        .replace("token: t0ken-of-the-tester", "client-certificate: tester.crt, client-key: tester.key");
    let wanted = of(&["roles"]);
    let cluster = read_with(&config, folder.path(), &wanted).unwrap();
    assert_eq!((names(&cluster), cluster.warnings.len()), (vec!["Role shop/reader".to_owned()], 0));

    let unchecked = config.replace("certificate-authority: ca.crt", "insecure-skip-tls-verify: true");
    let cluster = read_with(&unchecked, folder.path(), &wanted).unwrap();
    assert!(
        cluster.warnings[0].ends_with("is not checked, as the kubeconfig says (insecure-skip-tls-verify)")
    );

    let other = rcgen::generate_simple_self_signed(vec!["other".to_owned()]).unwrap();
    write("ca.crt", &other.cert.pem());
    let error = read_with(&config, folder.path(), &wanted).unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    write("tester.key", "-----BEGIN PRIVATE KEY-----\nUExBTlRFRC1WQUxVRQ==\n-----END PRIVATE KEY-----\n");
    let error = read_with(&config, folder.path(), &wanted).unwrap_err().to_string();
    assert!(!error.contains("UExBTlRFRC1WQUxVRQ"), "{error}");
}

#[test]
fn a_snapshot_is_the_same_each_time_and_says_what_it_is() {
    let fake =
        Fake::serve(
            |asked| if asked.path.ends_with("/nodes") { Reply::forbidden(asked) } else { shop(asked) },
        );
    let wanted = Wanted::of(kinds::ALL.iter().collect());
    let cluster = read(&fake, &wanted);
    let text = written(&cluster);
    assert_eq!(text, written(&read(&fake, &wanted)));
    assert!(!text.contains("managedFields"));
    assert_eq!(text.lines().count(), cluster.objects.len() + 3, "one object a line");
    let list = ravelin_object::read::json(&text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
    assert!(ravelin_object::list::is_list(&list));
    let items = ravelin_object::list::into_items(list);
    let json = |objects: &[Value]| objects.iter().map(Value::to_json).collect::<Vec<_>>();
    assert_eq!(json(&items[1..]), json(&cluster.objects));
    let record = Record::read(&items[0]).unwrap();
    assert_eq!(record, Record::of(&cluster, "2026-01-02T03:04:05Z"));
    assert_eq!(record.account.doubts(kinds::find("nodes").unwrap(), None).len(), 1);
    assert!(record.account.doubts(kinds::find("roles").unwrap(), None).is_empty());
    let mut other = items[0].clone();
    if let Value::Object(map) = &mut other {
        map.set("apiVersion", Value::from("ravelin.dev/v2"));
    }
    assert_eq!(
        Record::read(&other).unwrap_err(),
        "a snapshot of another format; this version reads ravelin.dev/v1"
    );
}

#[test]
fn the_documented_permissions_are_those_that_are_needed() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cluster.md"));
    let page = std::fs::read_to_string(path).unwrap();
    let start = page.find("```yaml\n").unwrap() + "```yaml\n".len();
    let yaml = &page[start..start + page[start..].find("```").unwrap()];
    let role = ravelin_object::read::yaml(yaml, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
    let texts = |rule: &Value, key: &str| -> Vec<String> {
        rule.field(key)
            .unwrap()
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item.as_str().unwrap().to_owned())
            .collect()
    };
    let mut documented = Vec::new();
    for rule in role.field("rules").unwrap().as_array().unwrap() {
        assert_eq!(texts(rule, "verbs"), ["list"]);
        for group in texts(rule, "apiGroups") {
            documented.extend(texts(rule, "resources").into_iter().map(|resource| (group.clone(), resource)));
        }
    }
    documented.sort();
    let mut needed: Vec<(String, String)> =
        kinds::ALL.iter().map(|kind| (kind.group.to_owned(), kind.resource.to_owned())).collect();
    needed.sort();
    assert_eq!(documented, needed);
}
