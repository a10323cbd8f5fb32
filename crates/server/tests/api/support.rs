//! A webhook that runs in the test, and a client of it.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use ravelin_object::{Value, read};
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::exemption::Extension;
use ravelin_server::certificates::Plan;
use ravelin_server::transport;
use ravelin_server::transport::tls::{self, Lowest};
use ravelin_server::webhook::Settings;
use ravelin_server::webhook::host::{self, Bound, Certificates, Cluster, Config};
use ravelin_yaml::Limits;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A webhook that runs.
pub(crate) struct Running {
    pub(crate) bound: Bound,
    end: Option<oneshot::Sender<()>>,
    pub(crate) task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Asks it to end; it goes on until its requests have ended.
    pub(crate) fn end(&mut self) {
        let _ = self.end.take().unwrap().send(());
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.bound.address
    }
}

pub(crate) async fn start(config: Config) -> Running {
    let (end, ended) = oneshot::channel();
    let (bound, here) = oneshot::channel();
    let task = tokio::spawn(host::run(config, async { drop(ended.await) }, bound));
    match here.await {
        Ok(bound) => Running { bound, end: Some(end), task },
        Err(_) => panic!("it did not begin: {:?}", task.await),
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        validity: 24 * 3600,
        renew_before: 8 * 3600,
        overlap: 600,
    }
}

pub(crate) fn values(text: &str) -> Vec<Value> {
    text.split("\n---\n").map(|text| read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap()).collect()
}

/// A webhook without a cluster: certificates in a folder, three namespaces, one with a pod.
pub(crate) fn config(folder: &Path) -> Config {
    let objects = "\
{apiVersion: v1, kind: Namespace, metadata: {name: restricted, labels: {pod-security.kubernetes.io/enforce: restricted}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: plain}}
---
{apiVersion: v1, kind: Pod, metadata: {name: old, namespace: plain}, spec: {hostNetwork: true, containers: [{name: c, image: i}]}}";
    Config {
        address: "127.0.0.1:0".parse().unwrap(),
        plain_address: None,
        certificates: Certificates::Folder { folder: folder.to_owned(), plan: plan() },
        refresh: Duration::from_millis(200),
        client_authorities: None,
        lowest: Lowest::Tls12,
        with_http2: true,
        transport: transport::Settings::STANDARD,
        reviews: Settings::STANDARD,
        configuration: PodSecurityConfiguration::unconfigured(),
        extension: Extension::default(),
        cluster: Cluster::Given(values(objects)),
        oldest: Duration::from_secs(60),
        existing_pods: Duration::ZERO,
        drain: Duration::from_millis(50),
        grace: Duration::from_secs(10),
    }
}

/// How to speak to a webhook.
#[derive(Clone)]
pub(crate) struct Dial {
    pub(crate) address: SocketAddr,
    pub(crate) authorities: PathBuf,
    pub(crate) is_http2: bool,
    /// Certificate and key, PEM.
    pub(crate) identity: Option<(String, String)>,
}

impl Dial {
    pub(crate) fn new(running: &Running, folder: &Path) -> Self {
        Self {
            address: running.address(),
            authorities: folder.join("ca.crt"),
            is_http2: false,
            identity: None,
        }
    }

    pub(crate) fn http2(self) -> Self {
        Self { is_http2: true, ..self }
    }

    /// Opens a connection, with its TLS.
    pub(crate) async fn tls(&self) -> anyhow::Result<TlsStream<TcpStream>> {
        use rustls_pki_types::pem::PemObject as _;
        let mut roots = rustls::RootCertStore::empty();
        for authority in tls::certificates(&std::fs::read(&self.authorities)?)? {
            roots.add(authority)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder.with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(chain.as_bytes())?],
                PrivateKeyDer::from_pem_slice(key.as_bytes())?,
            )?,
        };
        config.alpn_protocols = vec![if self.is_http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost")?, stream).await?)
    }

    pub(crate) async fn open(&self) -> anyhow::Result<Client> {
        let stream = self.tls().await?;
        let served = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
        let io = TokioIo::new(stream);
        let sender = if self.is_http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            tokio::spawn(connection);
            Sender::Http2(sender)
        } else {
            let (sender, connection) = http1::handshake(io).await?;
            tokio::spawn(connection);
            Sender::Http1(sender)
        };
        Ok(Client { sender, served })
    }
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// A connection to a webhook.
pub(crate) struct Client {
    sender: Sender,
    /// The certificate that was shown.
    pub(crate) served: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

impl Client {
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let response = match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let (head, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await?.to_bytes().to_vec())?;
        Ok(Answer { status: head.status, headers: head.headers, text })
    }

    pub(crate) async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.send(request(Method::GET, path, None, "")).await
    }

    pub(crate) async fn review(&mut self, body: &str) -> anyhow::Result<Answer> {
        self.send(request(Method::POST, "/?timeout=10s", Some("application/json"), body)).await
    }
}

pub(crate) fn request(
    method: Method,
    path: &str,
    content_type: Option<&str>,
    body: &str,
) -> Request<Full<Bytes>> {
    let mut request =
        Request::builder().method(method).uri(format!("https://localhost{path}")).header("host", "localhost");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()
}

/// The review of a pod that breaks the restricted level.
pub(crate) fn pod_review(uid: &str, namespace: &str) -> String {
    serde_json::json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": uid, "operation": "CREATE", "namespace": namespace, "name": "p",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "userInfo": {"username": "alice"},
            "object": {
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": namespace},
                "spec": {"hostNetwork": true, "containers": [{"name": "c", "image": "i"}]},
            },
        },
    })
    .to_string()
}

/// The review of a namespace that begins to enforce a level.
pub(crate) fn namespace_review(name: &str, level: &str) -> String {
    let object = |labels: serde_json::Value| serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
    serde_json::json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "n", "operation": "UPDATE", "namespace": name, "name": name,
            "kind": {"group": "", "version": "v1", "kind": "Namespace"},
            "resource": {"group": "", "version": "v1", "resource": "namespaces"},
            "userInfo": {"username": "alice"},
            "object": object(serde_json::json!({"pod-security.kubernetes.io/enforce": level})),
            "oldObject": object(serde_json::json!({})),
        },
    })
    .to_string()
}
