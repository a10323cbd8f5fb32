//! What a connection is at: how many requests, and since when none.

use super::Traffic;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// One more in a gauge, until dropped.
pub(super) struct Count {
    traffic: Arc<Traffic>,
    gauge: fn(&Traffic) -> &AtomicUsize,
}

impl Count {
    pub(super) fn up(traffic: &Arc<Traffic>, gauge: fn(&Traffic) -> &AtomicUsize) -> Self {
        gauge(traffic).fetch_add(1, Ordering::Relaxed);
        Self { traffic: Arc::clone(traffic), gauge }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        (self.gauge)(&self.traffic).fetch_sub(1, Ordering::Relaxed);
    }
}

/// What one connection is at.
#[derive(Debug)]
pub(super) struct Activity {
    born: Instant,
    in_flight: AtomicUsize,
    had_requests: AtomicBool,
    /// When the last request began or ended, in milliseconds since birth.
    last: AtomicU64,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            in_flight: AtomicUsize::new(0),
            had_requests: AtomicBool::new(false),
            last: AtomicU64::new(0),
        })
    }

    fn touch(&self) {
        let millis = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(millis, Ordering::Relaxed);
    }

    /// A request begins; it ends when what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>, traffic: &Arc<Traffic>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.had_requests.store(true, Ordering::Relaxed);
        self.touch();
        InFlight { activity: Arc::clone(self), _count: Count::up(traffic, |traffic| &traffic.in_flight) }
    }

    /// Whether there has been a request.
    pub(super) fn had_requests(&self) -> bool {
        self.had_requests.load(Ordering::Relaxed)
    }

    /// When the connection will have been without a request for too long, as things stand; nothing while there is one.
    pub(super) fn deadline(&self, first: Duration, idle: Duration) -> Option<Instant> {
        if self.in_flight.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let allowed = if self.had_requests() { idle } else { first };
        Some(self.born + Duration::from_millis(self.last.load(Ordering::Relaxed)) + allowed)
    }
}

/// A request that has not been answered to its end.
#[derive(Debug)]
pub(super) struct InFlight {
    activity: Arc<Activity>,
    _count: Count,
}

impl std::fmt::Debug for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Count").finish_non_exhaustive()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.activity.touch();
        self.activity.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that keeps its request in flight until it has been sent.
#[derive(Debug)]
pub(super) struct Kept<B> {
    body: B,
    in_flight: Option<InFlight>,
}

impl<B> Kept<B> {
    pub(super) fn new(body: B, in_flight: InFlight) -> Self {
        Self { body, in_flight: Some(in_flight) }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Kept<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.in_flight = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
