//! A store that forgets with its process.

use crate::core::Core;
use crate::state::{Plan, State};
use crate::{
    Condition, Entry, Limits, Page, Range, Revision, Start, Statistics, Store, StoreError, Ticket, Timestamp,
    Watcher, Write, Written, backup,
};
use parking_lot::RwLockWriteGuard;
use std::io;

/// A store in memory. Writes are carried out by who submits them; tickets are ready at once.
pub struct Memory {
    core: Core,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { core: Core::new(State::default(), limits) }
    }

    fn write(&self, write: Write) -> Result<Written, StoreError> {
        let mut state = self.core.state.write();
        let event = Plan::new(&state, &self.core.limits).add(write)?;
        let written = Written { revision: event.revision, previous: event.previous.clone() };
        if state.history() >= self.core.limits.history.max(1) {
            let quarter = Revision::try_from(self.core.limits.history / 4).unwrap_or(Revision::MAX);
            let target = state.compacted() + quarter.max(1);
            state.compact(target);
        }
        self.core.apply(state, &[event]);
        Ok(written)
    }
}

/// Compacts, as far as there is anything to.
pub(crate) fn compact(mut state: RwLockWriteGuard<'_, State>, revision: Revision) -> Result<(), StoreError> {
    let current = state.revision();
    if revision > current {
        return Err(StoreError::Future { requested: revision, current });
    }
    state.compact(revision);
    Ok(())
}

impl Store for Memory {
    fn submit(&self, write: Write) -> Ticket<Written> {
        Ticket::ready(self.write(write))
    }

    fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.core.get(key))
    }

    fn range(&self, range: &Range<'_>) -> Result<Page, StoreError> {
        self.core.range(range)
    }

    fn count(&self, prefix: &str) -> Result<u64, StoreError> {
        Ok(self.core.count(prefix))
    }

    fn watch(&self, prefix: &str, start: Start) -> Result<Watcher, StoreError> {
        self.core.watch(prefix, start)
    }

    fn revision(&self) -> Revision {
        self.core.revision()
    }

    fn compact(&self, revision: Revision) -> Ticket<()> {
        Ticket::ready(compact(self.core.state.write(), revision))
    }

    fn expire(&self, now: Timestamp) -> Result<usize, StoreError> {
        expire(self, self.core.expired(now))
    }

    fn statistics(&self) -> Statistics {
        self.core.statistics()
    }

    fn backup(&self, out: &mut dyn io::Write) -> io::Result<Revision> {
        let (revision, entries) = self.core.snapshot();
        backup::write(out, revision, &entries).map(|()| revision)
    }
}

/// Deletes what has expired, unless it was written again meanwhile.
pub(crate) fn expire(
    store: &dyn Store,
    due: Vec<(std::sync::Arc<str>, Revision)>,
) -> Result<usize, StoreError> {
    let delete = |(key, at)| store.submit(Write::delete(key, Condition::At(at)));
    let tickets: Vec<Ticket<Written>> = due.into_iter().map(delete).collect();
    let mut count = 0;
    for ticket in tickets {
        match ticket.wait() {
            Ok(_) => count += 1,
            Err(StoreError::Conflict { .. } | StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.core.close();
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory({:?})", self.core.statistics())
    }
}
