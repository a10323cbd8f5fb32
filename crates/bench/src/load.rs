//! A bounded load: so many connections, one review at a time on each, as fast as answers come or at a steady rate.

use anyhow::Context as _;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

/// The protocol that is spoken over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// How to reach a webhook.
#[derive(Clone)]
pub(crate) struct Dial {
    pub address: SocketAddr,
    pub protocol: Protocol,
    connector: TlsConnector,
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
        Ok(Self { address, protocol, connector: TlsConnector::from(Arc::new(config)) })
    }

    /// Opens a connection.
    pub(crate) async fn open(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let stream = self.connector.connect(ServerName::try_from("localhost")?, stream).await?;
        let io = TokioIo::new(stream);
        Ok(match self.protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::handshake(io).await?;
                tokio::spawn(connection);
                Connection::Http1(sender)
            }
            Protocol::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
                tokio::spawn(connection);
                Connection::Http2(sender)
            }
        })
    }
}

/// A connection that is kept.
pub(crate) enum Connection {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    /// Asks; the status and the body.
    pub(crate) async fn ask(&mut self, path: &str, body: Bytes) -> anyhow::Result<(u16, Bytes)> {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let uri =
            if matches!(self, Self::Http2(_)) { format!("https://localhost{path}") } else { path.to_owned() };
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Full::new(body))?;
        let response = match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Self::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}

/// What a load is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub connections: usize,
    pub time: Duration,
    /// Reviews a second in all; as many as are answered where there is no rate.
    pub rate: Option<f64>,
}

/// What came of a load.
pub(crate) struct Outcome {
    /// From the moment a review was due to its answer, sorted.
    pub times: Vec<Duration>,
    /// How long the load took.
    pub wall: Duration,
}

impl Outcome {
    /// The time that this part of the reviews did not exceed, in milliseconds.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the length"
        )]
        let index = (part * self.times.len() as f64) as usize;
        self.times
            .get(index.min(self.times.len().saturating_sub(1)))
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

/// Puts a load on a webhook. Every review has to be answered.
pub(crate) async fn run(dial: &Dial, load: Load, reviews: &Arc<Vec<Bytes>>) -> anyhow::Result<Outcome> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = Vec::new();
    for _ in 0..load.connections {
        connections.push(dial.open().await.context("cannot connect")?);
    }
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for connection in connections {
        tasks.spawn(one(connection, load, begin, Arc::clone(&next), Arc::clone(reviews)));
    }
    let mut times = Vec::new();
    while let Some(own) = tasks.join_next().await {
        times.append(&mut own??);
    }
    let wall = begin.elapsed();
    times.sort_unstable();
    Ok(Outcome { times, wall })
}

async fn one(
    mut connection: Connection,
    load: Load,
    begin: Instant,
    next: Arc<AtomicUsize>,
    reviews: Arc<Vec<Bytes>>,
) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due = match load.rate {
            None => Instant::now(),
            // What is late counts from when it was due, so that a server that stops is not spared.
            Some(rate) => begin + Duration::from_secs_f64(number as f64 / rate),
        };
        if due >= begin + load.time {
            return Ok(times);
        }
        tokio::time::sleep_until(due).await;
        let due = if load.rate.is_some() { due } else { Instant::now() };
        let review = reviews.get(number % reviews.len()).cloned().unwrap_or_default();
        let (status, _) = connection.ask("/?timeout=5s", review).await?;
        anyhow::ensure!(status == 200, "a review was answered with status {status}");
        times.push(due.elapsed());
    }
}
