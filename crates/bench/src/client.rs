//! Connections that are kept, over TLS, in either protocol: how every server here is asked.

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The protocol that is spoken over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// JSON; empty for none.
    pub body: Bytes,
}

impl Ask {
    /// Reads.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: Bytes::new() }
    }

    /// Creates.
    pub(crate) fn post(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { method: Method::POST, path: path.into(), body: body.into() }
    }

    /// Replaces.
    pub(crate) fn put(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { method: Method::PUT, path: path.into(), body: body.into() }
    }
}

/// How to reach a server.
#[derive(Clone)]
pub(crate) struct Dial {
    address: SocketAddr,
    protocol: Protocol,
    connector: TlsConnector,
    /// The bearer token that goes with every request.
    token: Option<Arc<str>>,
}

impl Dial {
    /// `authority` is a file with the certificate that has signed the server's.
    pub(crate) fn new(address: SocketAddr, protocol: Protocol, authority: &Path) -> anyhow::Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        for authority in CertificateDer::pem_file_iter(authority)? {
            roots.add(authority?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = if protocol == Protocol::Http2 { "h2" } else { "http/1.1" };
        config.alpn_protocols = vec![name.into()];
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { address, protocol, connector, token: None })
    }

    /// The same, by somebody who has a token.
    pub(crate) fn with_token(self, token: &str) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// Opens a connection.
    pub(crate) async fn open(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let stream = self.connector.connect(ServerName::try_from("localhost")?, stream).await?;
        let io = TokioIo::new(stream);
        let sender = match self.protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::handshake(io).await?;
                tokio::spawn(connection);
                Sender::Http1(sender)
            }
            Protocol::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
                tokio::spawn(connection);
                Sender::Http2(sender)
            }
        };
        Ok(Connection { sender, token: self.token.clone() })
    }
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// A connection that is kept.
pub(crate) struct Connection {
    sender: Sender,
    token: Option<Arc<str>>,
}

impl Connection {
    /// Asks; the status and the whole body.
    pub(crate) async fn ask(&mut self, ask: Ask) -> anyhow::Result<(u16, Bytes)> {
        let response = self.send(ask).await?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Asks; the body comes bit by bit.
    pub(crate) async fn send(&mut self, ask: Ask) -> anyhow::Result<Response<Incoming>> {
        let Ask { method, path, body } = ask;
        let uri =
            if matches!(self.sender, Sender::Http2(_)) { format!("https://localhost{path}") } else { path };
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "localhost")
            .header("content-type", "application/json");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Full::new(body))?;
        Ok(match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        })
    }
}
