//! `ravelin webhook` without a cluster.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A program that is ended where the test ends.
struct Server {
    child: Child,
    address: SocketAddr,
    lines: std::thread::JoinHandle<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn start(folder: &Path, more: &[&str]) -> Server {
    let namespaces = folder.join("ns.yaml");
    let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}\n";
    std::fs::write(&namespaces, text).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ravelin"))
        .args([
            "webhook",
            "--bind-address",
            "127.0.0.1",
            "--secure-port",
            "0",
            "--shutdown-delay-duration",
            "100ms",
        ])
        .args(["--namespaces-from", namespaces.to_str().unwrap(), "--self-signed", folder.to_str().unwrap()])
        .args(more)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    let address = loop {
        let mut line = String::new();
        assert!(errors.read_line(&mut line).unwrap() > 0, "it ended: {text}");
        text.push_str(&line);
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        if event["message"] == "serving" {
            break event["address"].as_str().unwrap().parse().unwrap();
        }
    };
    let lines = std::thread::spawn(move || {
        let _ = errors.read_to_string(&mut text);
        text
    });
    Server { child, address, lines }
}

/// Sends a request in HTTP/1.1 over TLS and reads the answer to its end.
fn ask(address: SocketAddr, folder: &Path, request: &str) -> String {
    use rustls::pki_types::pem::PemObject as _;
    let mut roots = rustls::RootCertStore::empty();
    let authority = rustls::pki_types::CertificateDer::from_pem_file(folder.join("ca.crt")).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection =
        rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /?timeout=5s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn it_serves_until_it_is_asked_to_end_and_logs_no_object() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(folder.path(), &[]);
    let review = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-9","operation":"CREATE",
        "namespace":"shop","name":"p","kind":{"version":"v1","kind":"Pod"},"resource":{"version":"v1","resource":"pods"},
        "object":{"spec":{"containers":[{"name":"c","image":"i","env":[{"name":"A","value":"hunter2"}]}]}}}}"#;
    let answer = ask(server.address, folder.path(), &post(review));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"uid\":\"u-9\",\"allowed\":false"), "{answer}");
    let ready =
        ask(server.address, folder.path(), "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(ready.ends_with("\r\n\r\nok"), "{ready}");

    let ended = Command::new("kill").arg(server.child.id().to_string()).status().unwrap();
    assert!(ended.success());
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "it goes on");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(0));
    let text = std::mem::replace(&mut server.lines, std::thread::spawn(String::new)).join().unwrap();
    let decided = text.lines().find(|line| line.contains("\"decided\"")).unwrap();
    let decided: serde_json::Value = serde_json::from_str(decided).unwrap();
    assert_eq!(
        (&decided["uid"], &decided["object"], &decided["code"]),
        (&"u-9".into(), &"shop/p".into(), &403.into())
    );
    assert!(!text.contains("hunter2") && text.contains("\"ended\""), "{text}");
}

#[test]
fn what_cannot_be_served_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_ravelin")).arg("webhook").args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let namespaces = folder.path().join("ns.yaml");
    std::fs::write(&namespaces, "kind: [").unwrap();
    let namespaces = namespaces.to_str().unwrap();
    let folder = folder.path().to_str().unwrap();
    let (status, words) = run(&["--namespaces-from", namespaces, "--self-signed", folder]);
    assert!(status == Some(2) && words.contains("ns.yaml"), "{status:?} {words}");
    std::fs::write(namespaces, "{apiVersion: v1, kind: Namespace, metadata: {name: a}}").unwrap();
    let (status, words) = run(&["--namespaces-from", namespaces]);
    assert!(status == Some(64) && words.contains("--self-signed"), "{status:?} {words}");
    let (status, words) = run(&[
        "--namespaces-from",
        namespaces,
        "--tls-cert-file",
        "/nowhere",
        "--tls-private-key-file",
        "/nowhere",
    ]);
    assert!(status == Some(2) && words.contains("/nowhere"), "{status:?} {words}");
}
