//! Peers that are slow, loud, or strangers.

use crate::support::{Dial, config, pod_review, start};
use ravelin_server::transport;
use ravelin_server::webhook::ClientRule;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};

/// How long anything may take that has to end by itself.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn slow_peers_are_cut_off_and_others_are_served_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let short = Duration::from_millis(700);
    config.transport = transport::Settings {
        handshake: short,
        first_request: short,
        idle: short,
        ..transport::Settings::STANDARD
    };
    config.reviews.body_time = short;
    let running = start(config).await;
    let dial = Dial::new(&running, folder.path());

    let mut silent = tokio::net::TcpStream::connect(running.address()).await.unwrap();
    let mut headless = dial.tls().await.unwrap();
    headless.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await.unwrap();
    let mut no_preface = dial.clone().http2().tls().await.unwrap();
    let mut bodyless = dial.tls().await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    bodyless.write_all(head.as_bytes()).await.unwrap();
    let trickle = tokio::spawn(async move {
        // One byte at a time does not help.
        let begin = Instant::now();
        while headless.write_all(b"x").await.is_ok()
            && headless.flush().await.is_ok()
            && begin.elapsed() < PATIENCE
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        begin.elapsed()
    });

    let mut client = dial.open().await.unwrap();
    assert_eq!(client.review(&pod_review("u", "plain")).await.unwrap().status, 200);

    let mut text = Vec::new();
    timeout(PATIENCE, silent.read_to_end(&mut text)).await.unwrap().ok();
    timeout(PATIENCE, no_preface.read_to_end(&mut text)).await.unwrap().ok();
    text.clear();
    timeout(PATIENCE, bodyless.read_to_end(&mut text)).await.unwrap().ok();
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("HTTP/1.1 400"), "{text}");
    assert!(text.ends_with("unable to read the body from the incoming request\n"), "{text}");
    assert!(trickle.await.unwrap() < PATIENCE);
}

#[tokio::test]
async fn a_body_that_reaches_the_limit_is_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(config(folder.path())).await;
    let dial = Dial::new(&running, folder.path());
    let review = pod_review("u", "plain");
    let sized = |size: usize| format!("{}{review}", " ".repeat(size - review.len()));
    for dial in [dial.clone(), dial.clone().http2()] {
        let below = dial.open().await.unwrap().review(&sized(3 * 1024 * 1024 - 1)).await.unwrap();
        assert_eq!(below.json()["response"]["allowed"], true);
        let at = dial.open().await.unwrap().review(&sized(3 * 1024 * 1024)).await;
        // The server answers before all is sent, so that a client may see the connection end first.
        if let Ok(at) = at {
            assert_eq!(
                (at.status.as_u16(), at.text.as_str()),
                (413, "request entity is too large; limit is 3145728 bytes\n")
            );
        } else {
            assert!(!dial.is_http2, "{at:?}");
        }
    }
    let mut chunked = dial.tls().await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    chunked.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
    for _ in 0..3 {
        chunked.write_all(chunk.as_bytes()).await.unwrap();
    }
    let mut answer = vec![0; 12];
    timeout(PATIENCE, chunked.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn more_reviews_than_allowed_wait_for_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.reviews.in_flight = 1;
    config.reviews.body_time = Duration::from_secs(3);
    let running = start(config).await;
    let dial = Dial::new(&running, folder.path());
    let mut slow = dial.tls().await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut client = dial.open().await.unwrap();
    let body = pod_review("u", "plain");
    let impatient =
        crate::support::request(http::Method::POST, "/?timeout=200ms", Some("application/json"), &body);
    let refused = client.send(impatient).await.unwrap();
    assert_eq!(
        (refused.status.as_u16(), refused.text.as_str()),
        (429, "too many requests in flight, please try again later\n")
    );
    let waited = client.review(&body).await.unwrap();
    assert_eq!(waited.status, 200);
}

#[tokio::test]
async fn reviews_are_for_clients_with_a_certificate_where_one_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, signer) = authority("clients");
    let authorities = folder.path().join("clients.pem");
    std::fs::write(&authorities, authority).unwrap();
    let mut config = config(folder.path());
    config.client_authorities = Some(authorities);
    config.reviews.clients = ClientRule::Verified { names: vec!["kube-apiserver".to_owned()] };
    let running = start(config).await;
    let dial = Dial::new(&running, folder.path());
    let body = pod_review("u", "plain");

    let mut nobody = dial.open().await.unwrap();
    let refused = nobody.review(&body).await.unwrap();
    assert_eq!(
        (refused.status.as_u16(), refused.text.as_str()),
        (403, "a client certificate that this webhook trusts is required\n")
    );
    assert_eq!(nobody.get("/healthz").await.unwrap().status, 200, "probes have no certificate");

    for (name, status) in [("kube-apiserver", 200), ("someone", 403)] {
        let dial = Dial { identity: Some(signed(name, &signer)), ..dial.clone() };
        assert_eq!(dial.open().await.unwrap().review(&body).await.unwrap().status.as_u16(), status, "{name}");
    }
    let (_, stranger) = self::authority("strangers");
    let dial = Dial { identity: Some(signed("kube-apiserver", &stranger)), ..dial };
    let answer = match dial.open().await {
        Ok(mut client) => client.review(&body).await.map(|answer| answer.status),
        Err(error) => Err(error),
    };
    assert!(answer.is_err(), "{answer:?}");
}

type Signer = (rcgen::CertificateParams, rcgen::KeyPair);

fn authority(name: &str) -> (String, Signer) {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = rcgen::KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), (params, key))
}

fn signed(name: &str, (authority, authority_key): &Signer) -> (String, String) {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &rcgen::Issuer::from_params(authority, authority_key)).unwrap();
    (certificate.pem(), key.serialize_pem())
}
