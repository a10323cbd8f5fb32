//! The transport: which connections are taken, for how long, and how they end.
//!
//! One accept loop for every service of Ravelin: TLS whose certificate may change at any moment, HTTP/1.1 and
//! HTTP/2, limits on connections and on the time a peer may take, the certificates of the peer, and an end without a
//! lost request. It knows nothing of what is served: that is a [`Handler`]. Start reading at [`serve`].

mod activity;
pub mod body;
mod connection;
mod gather;
pub mod life;
mod linger;
pub mod tls;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use life::{Life, Phase};
use rustls_pki_types::CertificateDer;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The body of a response: whole, or a stream of any length.
pub type ResponseBody = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. A connection that breaks drops the future.
    fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Arc<Peer>,
    ) -> impl Future<Output = Response<ResponseBody>> + Send;
}

/// Who is at the other end of a connection.
#[derive(Debug)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// The certificates it showed, its own first; none without TLS or without one.
    pub certificates: Vec<CertificateDer<'static>>,
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
}

/// How much is allowed to one listener and each of its connections.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Connections at a time; the kernel keeps the others waiting.
    pub connections: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long the head of the first request may take, from the end of the handshake.
    pub first_request: Duration,
    /// How long a connection may be without a request, the head of the next one included.
    pub idle: Duration,
    /// The size of the head of a request, in bytes.
    pub head_bytes: u32,
    /// Requests at a time in one connection of HTTP/2.
    pub streams: u32,
}

/// Bounds of `k8s.io/apiserver` where it has them: `pkg/server/secure_serving.go` waits 90 s for a next request and
/// 32 s for a head, and allows 250 streams.
impl Settings {
    /// What holds unless somebody says otherwise.
    pub const STANDARD: Self = Self {
        connections: 2_000,
        handshake: Duration::from_secs(10),
        first_request: Duration::from_secs(32),
        idle: Duration::from_secs(90),
        head_bytes: 256 * 1024,
        streams: 250,
    };
}

/// What is going on in a listener, for metrics.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Connections now.
    pub open: AtomicUsize,
    /// Connections ever accepted.
    pub accepted: AtomicU64,
    /// Connections that ended before a request, in their handshake.
    pub failed_handshakes: AtomicU64,
    /// Requests now.
    pub in_flight: AtomicUsize,
}

/// What a listener serves, and how.
#[derive(Debug)]
pub struct Service<H> {
    /// What answers.
    pub handler: Arc<H>,
    /// TLS, or nothing for a plain listener.
    pub tls: Option<Arc<tls::Tls>>,
    /// Limits.
    pub settings: Settings,
    /// Counts.
    pub traffic: Arc<Traffic>,
}

/// Serves until `life` says stop, then until every connection has ended or `life` says that it is enough.
pub async fn serve<H: Handler>(listener: TcpListener, service: Service<H>, mut life: Life) {
    let service = Arc::new(service);
    let room = Arc::new(Semaphore::new(service.settings.connections));
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = life.reached(Phase::Stopping) => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            accepted = accept(&listener, &room) => {
                let Some((stream, address, permit)) = accepted else { continue };
                spawn(&mut tasks, &service, &life, stream, address, permit);
            }
        }
    }
    // What the kernel accepted before the end is served as well.
    while let Some(Some((stream, address, permit))) = accept(&listener, &room).now_or_never() {
        spawn(&mut tasks, &service, &life, stream, address, permit);
    }
    drop(listener);
    loop {
        tokio::select! {
            () = life.reached(Phase::Over) => break,
            ended = tasks.join_next() => if ended.is_none() { break },
        }
    }
    let left = tasks.len();
    if left > 0 {
        tracing::warn!(connections = left, "connections were cut off at the end of the grace period");
    }
    tasks.shutdown().await;
}

type Permit = tokio::sync::OwnedSemaphorePermit;

/// Waits for room, then for a connection; nothing where accepting failed, after a pause.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, Permit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => Some((stream, address, permit)),
        Err(error) => {
            // Out of file descriptors, mostly: trying again at once would be a busy loop.
            tracing::warn!(%error, "accepting a connection failed");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

fn spawn<H: Handler>(
    tasks: &mut JoinSet<()>,
    service: &Arc<Service<H>>,
    life: &Life,
    stream: TcpStream,
    address: SocketAddr,
    permit: Permit,
) {
    service.traffic.accepted.fetch_add(1, Ordering::Relaxed);
    let (service, life) = (Arc::clone(service), life.clone());
    tasks.spawn(async move {
        let _permit = permit;
        let _open = activity::Count::up(&service.traffic, |traffic| &traffic.open);
        connection::run(stream, address, &service, life).await;
    });
}
