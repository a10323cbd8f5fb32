//! What both backends share: the state, and those who watch it.

use crate::hub::Hub;
use crate::state::State;
use crate::{Entry, Event, Limits, Page, Range, Revision, Start, Statistics, StoreError, Timestamp, Watcher};
use parking_lot::{RwLock, RwLockWriteGuard};
use std::collections::VecDeque;
use std::sync::Arc;

/// The state of a store with its watchers. Locks are taken in that order.
pub(crate) struct Core {
    pub(crate) state: RwLock<State>,
    hub: Arc<Hub>,
    pub(crate) limits: Limits,
}

impl Core {
    pub(crate) fn new(state: State, limits: Limits) -> Self {
        Self { state: RwLock::new(state), hub: Arc::new(Hub::default()), limits }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Entry> {
        self.state.read().get(key)
    }

    pub(crate) fn range(&self, range: &Range<'_>) -> Result<Page, StoreError> {
        self.state.read().range(range)
    }

    pub(crate) fn count(&self, prefix: &str) -> u64 {
        self.state.read().count(prefix)
    }

    pub(crate) fn revision(&self) -> Revision {
        self.state.read().revision()
    }

    pub(crate) fn expired(&self, now: Timestamp) -> Vec<(Arc<str>, Revision)> {
        self.state.read().expired(now)
    }

    pub(crate) fn statistics(&self) -> Statistics {
        let state = self.state.read();
        Statistics {
            revision: state.revision(),
            compacted: state.compacted(),
            keys: state.live(),
            history: state.history(),
            watchers: self.hub.count(),
        }
    }

    /// What is current, and when. The lock is held no longer than it takes to count references.
    pub(crate) fn snapshot(&self) -> (Revision, Vec<Entry>) {
        let state = self.state.read();
        (state.revision(), state.entries().collect())
    }

    pub(crate) fn watch(&self, prefix: &str, start: Start) -> Result<Watcher, StoreError> {
        // The watcher is entered before the state is let go: what is applied next, it is given.
        let state = self.state.read();
        let after = match start {
            Start::Now => state.revision(),
            Start::After(revision) => revision,
        };
        let events = state.events_after(after)?.filter(|event| event.key.starts_with(prefix));
        let backlog: VecDeque<Arc<Event>> = events.map(Arc::clone).collect();
        let seen = state.revision().max(after);
        Ok(self.hub.watch(prefix, self.limits.watcher, backlog, seen))
    }

    /// Carries planned writes out and tells those who watch.
    pub(crate) fn apply(&self, mut state: RwLockWriteGuard<'_, State>, events: &[Arc<Event>]) {
        for event in events {
            state.apply(event);
        }
        let mut watchers = self.hub.lock();
        drop(state);
        let wakers = watchers.publish(events);
        drop(watchers);
        for waker in wakers {
            waker.wake();
        }
    }

    /// How far to compact because too much is remembered.
    pub(crate) fn overflow(&self) -> Option<Revision> {
        let state = self.state.read();
        let quarter = Revision::try_from(self.limits.history / 4).unwrap_or(Revision::MAX);
        (state.history() > self.limits.history).then(|| state.compacted() + quarter.max(1))
    }

    pub(crate) fn close(&self) {
        self.hub.close();
    }
}
