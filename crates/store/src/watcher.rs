//! A watch, as its owner sees it.

use crate::hub::Hub;
use crate::{Event, Revision};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The writes to keys with a prefix: each exactly once, in the order of revisions. Dropping it ends the watch.
pub struct Watcher {
    id: u64,
    hub: Arc<Hub>,
    channel: Arc<Channel>,
}

/// Why a watch ends. What was written before is still delivered first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// More events waited than [`crate::Limits::watcher`] allows.
    #[error("the watcher is too slow: it missed writes after revision {after}; watch again from there")]
    TooSlow {
        /// The last revision for which it has every event.
        after: Revision,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// What waits for a watcher.
pub(crate) struct Channel {
    pub(crate) prefix: Box<str>,
    limit: usize,
    queue: Mutex<Queue>,
    ready: Condvar,
}

struct Queue {
    /// What was written before the watch began, without limit: it is in the history anyway.
    backlog: VecDeque<Arc<Event>>,
    live: VecDeque<Arc<Event>>,
    /// The revision up to which everything has been looked at.
    seen: Revision,
    end: Option<WatchError>,
    waker: Option<Waker>,
}

impl Channel {
    pub(crate) fn new(prefix: &str, limit: usize, backlog: VecDeque<Arc<Event>>, seen: Revision) -> Self {
        let queue = Queue { backlog, live: VecDeque::new(), seen, end: None, waker: None };
        Self { prefix: prefix.into(), limit, queue: Mutex::new(queue), ready: Condvar::new() }
    }

    /// Takes events in; whether the watch goes on, and who is to be woken.
    ///
    /// To wake is left to the caller, who holds a lock that the one who wakes up may want.
    pub(crate) fn push(&self, events: &[Arc<Event>]) -> (bool, Option<Waker>) {
        let mut queue = self.queue.lock();
        let mut is_news = false;
        for event in events {
            if event.revision <= queue.seen || !event.key.starts_with(&*self.prefix) {
                continue;
            }
            is_news = true;
            if queue.live.len() >= self.limit {
                queue.end = Some(WatchError::TooSlow { after: event.revision - 1 });
                break;
            }
            queue.live.push_back(Arc::clone(event));
        }
        let goes_on = queue.end.is_none();
        if let Some(last) = events.last().filter(|_| goes_on) {
            queue.seen = queue.seen.max(last.revision);
        }
        let waker = if is_news { queue.waker.take() } else { None };
        drop(queue);
        if is_news {
            self.ready.notify_all();
        }
        (goes_on, waker)
    }

    /// Ends the watch; says who is to be woken.
    pub(crate) fn end(&self, error: WatchError) -> Option<Waker> {
        let mut queue = self.queue.lock();
        queue.end.get_or_insert(error);
        let waker = queue.waker.take();
        drop(queue);
        self.ready.notify_all();
        waker
    }
}

impl Queue {
    fn take(&mut self) -> Option<Result<Arc<Event>, WatchError>> {
        let event = self.backlog.pop_front().or_else(|| self.live.pop_front());
        event.map(Ok).or_else(|| self.end.map(Err))
    }
}

impl Watcher {
    pub(crate) fn new(id: u64, hub: Arc<Hub>, channel: Arc<Channel>) -> Self {
        Self { id, hub, channel }
    }

    /// The next event: a future of any runtime. It may be dropped and asked for again without losing any.
    pub fn next_event(&mut self) -> Next<'_> {
        Next(self)
    }

    /// The next event, or why there is none any more; nothing if there is none yet.
    pub fn try_next(&mut self) -> Option<Result<Arc<Event>, WatchError>> {
        self.channel.queue.lock().take()
    }

    /// Blocks until there is an event, at most for a time; nothing if that is over.
    pub fn wait(&mut self, timeout: Duration) -> Option<Result<Arc<Event>, WatchError>> {
        let deadline = Instant::now() + timeout;
        let mut queue = self.channel.queue.lock();
        loop {
            if let Some(event) = queue.take() {
                return Some(event);
            }
            if self.channel.ready.wait_until(&mut queue, deadline).timed_out() {
                return queue.take();
            }
        }
    }

    /// The revision up to which every event has been delivered, if none waits: what a bookmark says.
    #[must_use]
    pub fn progress(&self) -> Option<Revision> {
        let queue = self.channel.queue.lock();
        let is_idle = queue.backlog.is_empty() && queue.live.is_empty() && queue.end.is_none();
        is_idle.then_some(queue.seen)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.hub.remove(self.id);
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watcher({})", self.channel.prefix)
    }
}

/// The next event of a watch.
#[derive(Debug)]
pub struct Next<'w>(&'w mut Watcher);

impl Future for Next<'_> {
    type Output = Result<Arc<Event>, WatchError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut queue = self.0.channel.queue.lock();
        match queue.take() {
            Some(event) => Poll::Ready(event),
            None => {
                queue.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
