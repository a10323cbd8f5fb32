//! One connection: handshake, protocol, requests, end.

use super::activity::{Activity, Kept};
use super::gather::Gathering;
use super::life::{Life, Phase};
use super::linger::Lingering;
use super::{Handler, Peer, Service, Settings};
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

/// Serves a connection to its end.
pub(super) async fn run<H: Handler>(
    stream: TcpStream,
    address: SocketAddr,
    service: &Service<H>,
    life: Life,
) {
    // Answers are small and whole: waiting for more to send only costs time.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "set_nodelay failed");
    }
    let Some(tls) = &service.tls else {
        let peer = Peer { address, certificates: Vec::new(), is_encrypted: false };
        return speak(stream, false, peer, service, life).await;
    };
    let handshake = tokio_rustls::TlsAcceptor::from(tls.config()).accept(stream);
    let stream = match timeout(service.settings.handshake, handshake).await {
        Ok(Ok(stream)) => stream,
        failed => {
            service.traffic.failed_handshakes.fetch_add(1, Ordering::Relaxed);
            let reason = failed.map_or_else(
                |_| "it took too long".to_owned(),
                |done| match done {
                    Err(error) => error.to_string(),
                    Ok(_) => String::new(),
                },
            );
            tracing::debug!(peer = %address, reason, "TLS handshake failed");
            return;
        }
    };
    let session = stream.get_ref().1;
    let certificates =
        session.peer_certificates().unwrap_or_default().iter().map(|der| der.clone().into_owned()).collect();
    let is_http2 = session.alpn_protocol() == Some(b"h2");
    let peer = Peer { address, certificates, is_encrypted: true };
    speak(stream, is_http2, peer, service, life).await;
}

async fn speak<H: Handler>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    is_http2: bool,
    peer: Peer,
    service: &Service<H>,
    life: Life,
) {
    let activity = Activity::new();
    let peer = Arc::new(peer);
    let answer = service_fn(|request: Request<Incoming>| {
        let in_flight = activity.begin(&service.traffic);
        let (handler, peer, life) = (Arc::clone(&service.handler), Arc::clone(&peer), life.clone());
        async move {
            let version = request.version();
            let mut response: Response<_> = handler.handle(request, peer).await;
            if life.phase() >= Phase::Draining && version <= Version::HTTP_11 {
                // The next request should go elsewhere, and this way the client knows before it sends one.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response.map(|body| Kept::new(body, in_flight)))
        }
    });
    let stream = Lingering::new(stream, life.clone());
    let settings = &service.settings;
    let ended = if is_http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        builder.max_concurrent_streams(settings.streams).max_header_list_size(settings.head_bytes);
        // A peer that went away without a word is found out, and its requests are dropped.
        builder.keep_alive_interval(Duration::from_secs(30)).keep_alive_timeout(Duration::from_secs(15));
        let connection = builder.serve_connection(TokioIo::new(Gathering::new(stream)), answer);
        drive(connection, |connection| connection.graceful_shutdown(), &activity, settings, life.clone())
            .await
    } else {
        let mut builder = http1::Builder::new();
        // The watch over idle connections covers heads as well.
        builder.timer(TokioTimer::new()).header_read_timeout(None);
        // Users can be in many groups, and a proxy in front says each in a header.
        builder.max_headers(HEADERS).max_buf_size(usize::try_from(settings.head_bytes).unwrap_or(usize::MAX));
        let connection = builder.serve_connection(TokioIo::new(stream), answer).with_upgrades();
        drive(connection, |connection| connection.graceful_shutdown(), &activity, settings, life.clone())
            .await
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %peer.address, %error, "connection ended");
    }
}

/// The most headers of a request of HTTP/1.1.
const HEADERS: usize = 1024;

/// How long a connection may take to end after it was asked to, while it has no request.
const FAREWELL: Duration = Duration::from_secs(5);

/// Runs a connection until it ends, is asked to by `end` at the end of life or after idling, or is given up.
async fn drive<C: Future<Output = hyper::Result<()>>>(
    connection: C,
    end: impl Fn(Pin<&mut C>),
    activity: &Activity,
    settings: &Settings,
    mut life: Life,
) -> hyper::Result<()> {
    let mut connection = pin!(connection);
    let mut asked = false;
    let deadline =
        |activity: &Activity, asked: bool| match activity.deadline(settings.first_request, settings.idle) {
            None => Instant::now() + settings.idle,
            Some(deadline) if asked => deadline + FAREWELL,
            Some(deadline) => deadline,
        };
    let mut watchdog = pin!(sleep_until(deadline(activity, asked)));
    loop {
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = life.reached(Phase::Stopping), if !asked => {
                asked = true;
                end(connection.as_mut());
            }
            () = watchdog.as_mut() => {
                let due = activity.deadline(settings.first_request, settings.idle);
                if due.is_some_and(|due| due <= Instant::now()) {
                    // No request has ever come, or the farewell is over: nothing is lost.
                    if asked || !activity.had_requests() {
                        return Ok(());
                    }
                    asked = true;
                    end(connection.as_mut());
                }
                watchdog.as_mut().reset(deadline(activity, asked));
            }
        }
    }
}
