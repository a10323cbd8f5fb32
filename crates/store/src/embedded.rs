//! A store in a file: what it has acknowledged is on the disk.

mod record;
mod table;
mod writer;

use crate::core::Core;
use crate::memory::expire;
use crate::{
    Entry, Limits, Page, Range, Revision, Start, Statistics, Store, StoreError, Ticket, Timestamp, Watcher,
    Write, Written, backup,
};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use table::Table;
use writer::Queue;

pub(crate) use table::fill;

/// A store in a file of the embedded database `redb`.
///
/// Dropping it carries out what was submitted, and closes the file.
pub struct Embedded {
    core: Arc<Core>,
    queue: Arc<Queue>,
    writer: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Opens a file, or creates it. Everything in it is checked and read into memory.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if it is open already, [`StoreError::Corrupt`] if it is no store or damaged,
    /// [`StoreError::Failed`] if it cannot be read or written.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, StoreError> {
        Self::start(Table::open(path)?, limits)
    }

    /// Opens a store over something else than a file; for tests of what happens when a disk fails.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    #[cfg(feature = "conformance")]
    pub fn over(backend: impl redb::StorageBackend, limits: Limits) -> Result<Self, StoreError> {
        Self::start(Table::over(backend)?, limits)
    }

    fn start(table: Table, limits: Limits) -> Result<Self, StoreError> {
        let core = Arc::new(Core::new(table.load()?, limits));
        let queue = Arc::new(Queue::new(limits.waiting));
        let (its_core, its_queue) = (Arc::clone(&core), Arc::clone(&queue));
        let thread = std::thread::Builder::new().name("store-writer".to_owned());
        let writer = thread
            .spawn(move || writer::run(&table, &its_core, &its_queue))
            .map_err(|error| StoreError::Failed(format!("cannot start a thread: {error}").into()))?;
        Ok(Self { core, queue, writer: Some(writer) })
    }
}

impl Store for Embedded {
    fn submit(&self, write: Write) -> Ticket<Written> {
        self.queue.write(write)
    }

    fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.queue.check()?;
        Ok(self.core.get(key))
    }

    fn range(&self, range: &Range<'_>) -> Result<Page, StoreError> {
        self.queue.check()?;
        self.core.range(range)
    }

    fn count(&self, prefix: &str) -> Result<u64, StoreError> {
        self.queue.check()?;
        Ok(self.core.count(prefix))
    }

    fn watch(&self, prefix: &str, start: Start) -> Result<Watcher, StoreError> {
        self.queue.check()?;
        self.core.watch(prefix, start)
    }

    fn revision(&self) -> Revision {
        self.core.revision()
    }

    fn compact(&self, revision: Revision) -> Ticket<()> {
        self.queue.compact(revision)
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

impl Drop for Embedded {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has given up its tickets; there is nobody else to tell.
            let _ = writer.join();
        }
        self.core.close();
    }
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Embedded({:?})", self.core.statistics())
    }
}
