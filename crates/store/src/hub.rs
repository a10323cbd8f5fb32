//! Everyone who watches.

use crate::watcher::{Channel, WatchError, Watcher};
use crate::{Event, Revision};
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;

/// The watchers of a store.
#[derive(Default)]
pub(crate) struct Hub(Mutex<Watchers>);

/// The watchers, while nobody else may change them.
#[derive(Default)]
pub(crate) struct Watchers {
    channels: BTreeMap<u64, Arc<Channel>>,
    next: u64,
    is_closed: bool,
}

impl Hub {
    /// Taken while the state is locked, so that what is published comes in the order of what is applied.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Watchers> {
        self.0.lock()
    }

    pub(crate) fn remove(&self, id: u64) {
        self.0.lock().channels.remove(&id);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().channels.len()
    }

    /// A watcher of everything behind `seen`, of which `backlog` is there already.
    pub(crate) fn watch(
        self: &Arc<Self>,
        prefix: &str,
        limit: usize,
        backlog: VecDeque<Arc<Event>>,
        seen: Revision,
    ) -> Watcher {
        let channel = Arc::new(Channel::new(prefix, limit, backlog, seen));
        let mut watchers = self.0.lock();
        if watchers.is_closed {
            // Nobody waits for it yet.
            channel.end(WatchError::Closed);
        }
        let id = watchers.next;
        watchers.next += 1;
        watchers.channels.insert(id, Arc::clone(&channel));
        drop(watchers);
        Watcher::new(id, Arc::clone(self), channel)
    }

    pub(crate) fn close(&self) {
        let channels = {
            let mut watchers = self.0.lock();
            watchers.is_closed = true;
            std::mem::take(&mut watchers.channels)
        };
        for waker in channels.values().filter_map(|channel| channel.end(WatchError::Closed)) {
            waker.wake();
        }
    }
}

impl Watchers {
    /// Gives events to everyone they concern; who is too slow is no watcher any more. Says who is to be woken.
    pub(crate) fn publish(&mut self, events: &[Arc<Event>]) -> Vec<Waker> {
        let mut wakers = Vec::new();
        self.channels.retain(|_, channel| {
            let (goes_on, waker) = channel.push(events);
            wakers.extend(waker);
            goes_on
        });
        wakers
    }
}
