//! A server that runs in the test, with everything in memory, and clients of it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use ravelin_apiserver::config::{
    Anonymous, Authentication, AuthorizationMode, Config, Controllers, ServiceAccounts,
};
use ravelin_apiserver::{Bound, Cidr};
use ravelin_server::transport::tls::{self, Lowest};
use rustls_pki_types::ServerName;
use serde_json::Value;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

/// Who is known, with their groups. The token of each is `token-of-` and the name.
pub(crate) const IDENTITIES: [(&str, &str); 5] = [
    ("admin", "system:masters"),
    ("alice", "developers"),
    ("bob", ""),
    ("system:node:n1", "system:nodes"),
    ("system:kube-controller-manager", ""),
];

/// A server that runs.
pub(crate) struct Started {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// A client who may do everything.
    pub(crate) client: Client,
    /// Its files; tests may put theirs there.
    pub(crate) folder: TempDir,
    end: Option<oneshot::Sender<()>>,
    task: JoinHandle<anyhow::Result<()>>,
}

/// A server as it is before a test changes it: everything in memory, any port, Node and RBAC, all controllers.
pub(crate) fn config(folder: &Path) -> Config {
    let mut tokens = String::new();
    for (name, groups) in IDENTITIES {
        let groups = if groups.is_empty() { String::new() } else { format!(",\"{groups}\"") };
        writeln!(tokens, "token-of-{name},{name},uid-of-{name}{groups}").unwrap();
    }
    let token_file = folder.join("tokens.csv");
    std::fs::write(&token_file, tokens).unwrap();
    Config {
        address: "127.0.0.1:0".parse().unwrap(),
        external_address: None,
        names: vec!["localhost".to_owned()],
        data: None,
        kubeconfig: Some(folder.join("admin.kubeconfig")),
        certificate: None,
        lowest: Lowest::Tls12,
        authentication: Authentication {
            client_authorities: None,
            token_file: Some(token_file),
            bootstrap_tokens: true,
            request_header: None,
            anonymous: Anonymous::Everywhere,
            audiences: Vec::new(),
        },
        authorization: vec![AuthorizationMode::Node, AuthorizationMode::Rbac],
        service_accounts: ServiceAccounts {
            issuers: vec!["https://kubernetes.default.svc".to_owned()],
            keys: Vec::new(),
            signing_key: None,
            jwks_uri: String::new(),
            max_expiration: Duration::ZERO,
            extend_expiration: true,
            lookup: true,
        },
        enable_plugins: Vec::new(),
        disable_plugins: Vec::new(),
        admission_configuration: None,
        not_ready_toleration_seconds: 300,
        unreachable_toleration_seconds: 300,
        allow_privileged: true,
        audit: None,
        service_range: Cidr::parse("10.0.0.0/24").unwrap(),
        controllers: Controllers::ALL,
        request_timeout: Duration::from_secs(60),
        reads_in_flight: 400,
        writes_in_flight: 200,
        body_limit: 3 * 1024 * 1024,
        drain: Duration::ZERO,
        grace: Duration::from_secs(2),
    }
}

impl Started {
    /// Starts a server whose configuration is changed first; the folder is for files of the test.
    pub(crate) async fn new(change: impl FnOnce(&mut Config, &Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(&mut config, folder.path());
        let (end, ended) = oneshot::channel();
        let (bound, here) = oneshot::channel();
        let task = tokio::spawn(ravelin_apiserver::run(config, async { drop(ended.await) }, bound));
        let Ok(Bound { address, kubeconfig, .. }) = here.await else {
            panic!("it did not begin: {:?}", task.await);
        };
        let authorities = authorities(&kubeconfig.unwrap());
        let sender = connect(address, &authorities).await;
        let client = Client { sender, headers: HeaderMap::new() }.with_token("token-of-admin");
        Self { address, client, folder, end: Some(end), task }
    }

    /// A server as it is.
    pub(crate) async fn plain() -> Self {
        Self::new(|_, _| {}).await
    }

    /// A client by name: one of [`IDENTITIES`].
    pub(crate) fn client_of(&self, name: &str) -> Client {
        assert!(IDENTITIES.iter().any(|(known, _)| *known == name), "there is no identity {name}");
        self.client.with_token(&format!("token-of-{name}"))
    }

    /// Ends it, and waits until it has.
    pub(crate) async fn end(mut self) {
        let _ = self.end.take().unwrap().send(());
        self.task.await.unwrap().unwrap();
    }
}

/// The authority of the server, out of a kubeconfig.
fn authorities(kubeconfig: &Path) -> Vec<u8> {
    let text = std::fs::read_to_string(kubeconfig).unwrap();
    let (_, rest) = text.split_once("certificate-authority-data:").unwrap();
    let encoded = rest.lines().next().unwrap().trim().trim_matches('"');
    base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()
}

async fn connect(address: SocketAddr, authorities: &[u8]) -> http2::SendRequest<Full<Bytes>> {
    let mut roots = rustls::RootCertStore::empty();
    for authority in tls::certificates(authorities).unwrap() {
        roots.add(authority).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Somebody who speaks to a server. Clones share a connection.
#[derive(Clone)]
pub(crate) struct Client {
    sender: http2::SendRequest<Full<Bytes>>,
    headers: HeaderMap,
}

/// The type of merge patches.
pub(crate) const MERGE: &str = "application/merge-patch+json";
/// The type of strategic merge patches.
pub(crate) const STRATEGIC: &str = "application/strategic-merge-patch+json";
/// The type of JSON patches.
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";

impl Client {
    /// The same client with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// The same client without credentials.
    pub(crate) fn anonymous(&self) -> Self {
        let mut client = self.clone();
        client.headers.remove("authorization");
        client
    }

    /// The same client as somebody else, by impersonation.
    pub(crate) fn impersonating(&self, name: &str) -> Self {
        self.with_header("impersonate-user", name)
    }

    /// The same client with a header in all requests.
    pub(crate) fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(name, value.parse().unwrap());
        client
    }

    /// Sends a request. A body has a type.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> http::Response<Incoming> {
        let mut request = Request::builder().method(method).uri(format!("https://localhost{path}"));
        *request.headers_mut().unwrap() = self.headers.clone();
        let mut bytes = Vec::new();
        if let Some((media, body)) = body {
            request = request.header("content-type", media);
            bytes = body;
        }
        let mut sender = self.sender.clone();
        sender.ready().await.unwrap();
        sender.send_request(request.body(Full::new(Bytes::from(bytes))).unwrap()).await.unwrap()
    }

    async fn json(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> (u16, Value) {
        let response = self.send(method, path, body).await;
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        (code, value)
    }

    /// Reads; what is no JSON comes as a text.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.json(Method::GET, path, None).await
    }

    /// Creates.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.json(Method::POST, path, Some(("application/json", body.to_string().into_bytes()))).await
    }

    /// Replaces.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        self.json(Method::PUT, path, Some(("application/json", body.to_string().into_bytes()))).await
    }

    /// Patches; the type is one of those above.
    pub(crate) async fn patch(&self, path: &str, media: &str, body: &Value) -> (u16, Value) {
        self.json(Method::PATCH, path, Some((media, body.to_string().into_bytes()))).await
    }

    /// Deletes, with options where there are some.
    pub(crate) async fn delete(&self, path: &str, options: &Value) -> (u16, Value) {
        let body = (!options.is_null()).then(|| ("application/json", options.to_string().into_bytes()));
        self.json(Method::DELETE, path, body).await
    }

    /// Reads until what is there is as wanted, at most ten seconds.
    pub(crate) async fn until(&self, path: &str, mut is_wanted: impl FnMut(u16, &Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let (code, value) = self.get(path).await;
            if is_wanted(code, &value) {
                return value;
            }
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "{path} did not become what is wanted: {code} {value:#}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
