//! The port: what every store does.

use crate::{Ticket, Watcher};
use bytes::Bytes;
use std::io;
use std::sync::Arc;

/// The number of a write. The first one is 1; 0 is the store before any.
pub type Revision = i64;

/// Milliseconds since 1970, as the host tells them.
pub type Timestamp = u64;

/// A place where values are kept under keys such as `/registry/pods/ns/name`.
///
/// Reads see every write that was acknowledged before they began, and never one that is not durable yet. All
/// methods may be called from many threads at once.
pub trait Store: Send + Sync {
    /// Hands a write over. It is carried out when the ticket says so, in the order in which writes were handed over
    /// by one thread; dropping the ticket takes nothing back.
    fn submit(&self, write: Write) -> Ticket<Written>;

    /// What a key holds now.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the store has stopped.
    fn get(&self, key: &str) -> Result<Option<Entry>, StoreError>;

    /// What the keys with a prefix hold, in the order of their bytes, now or at an earlier revision.
    ///
    /// # Errors
    /// [`StoreError::Compacted`] and [`StoreError::Future`] for revisions that are not there.
    fn range(&self, range: &Range<'_>) -> Result<Page, StoreError>;

    /// How many keys with a prefix hold something now.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the store has stopped.
    fn count(&self, prefix: &str) -> Result<u64, StoreError>;

    /// Every write to keys with a prefix from a revision on: each exactly once, in order. Starting behind the
    /// current revision is waiting for it.
    ///
    /// # Errors
    /// [`StoreError::Compacted`] if writes behind the revision are forgotten.
    fn watch(&self, prefix: &str, start: Start) -> Result<Watcher, StoreError>;

    /// The newest revision that readers see.
    fn revision(&self) -> Revision;

    /// Forgets what was before a revision: ranges at earlier ones and watches from earlier ones fail from now on.
    /// What is current at the revision stays. To do it again, or for an earlier revision, does nothing.
    fn compact(&self, revision: Revision) -> Ticket<()>;

    /// Deletes what has expired at a time. Says how many keys that were.
    ///
    /// # Errors
    /// What the first delete that failed says.
    fn expire(&self, now: Timestamp) -> Result<usize, StoreError>;

    /// How much is kept.
    fn statistics(&self) -> Statistics;

    /// Writes what is current as a backup ([`crate::backup`] says how it looks), at one revision, while others read
    /// and write. Says which revision that is.
    ///
    /// # Errors
    /// What writing says.
    fn backup(&self, out: &mut dyn io::Write) -> io::Result<Revision>;

    /// Writes a key that holds nothing, and waits for it.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if it holds something.
    fn create(&self, key: &str, value: Bytes) -> Result<Written, StoreError> {
        self.submit(Write::create(key, value)).wait()
    }

    /// Writes a key whose last write was at `expected`, and waits for it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it was at another revision, [`StoreError::NotFound`] if the key holds nothing.
    fn update(&self, key: &str, expected: Revision, value: Bytes) -> Result<Written, StoreError> {
        self.submit(Write::update(key, expected, value)).wait()
    }

    /// Deletes a key whose last write was at `expected`, and waits for it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it was at another revision, [`StoreError::NotFound`] if the key holds nothing.
    fn delete(&self, key: &str, expected: Revision) -> Result<Written, StoreError> {
        self.submit(Write::delete(key, Condition::At(expected))).wait()
    }
}

/// A write. `Debug` shows its value: log neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: Arc<str>,
    /// The value; nothing to delete the key.
    pub value: Option<Bytes>,
    /// What must hold for the write to happen.
    pub condition: Condition,
    /// When the value expires. A host deletes what has expired with [`Store::expire`]; until then it is there.
    pub expires: Option<Timestamp>,
}

impl Write {
    /// Writes a key that holds nothing.
    #[must_use]
    pub fn create(key: impl Into<Arc<str>>, value: impl Into<Bytes>) -> Self {
        Self { key: key.into(), value: Some(value.into()), condition: Condition::Absent, expires: None }
    }

    /// Writes a key whose last write was at `expected`.
    #[must_use]
    pub fn update(key: impl Into<Arc<str>>, expected: Revision, value: impl Into<Bytes>) -> Self {
        Self { key: key.into(), value: Some(value.into()), condition: Condition::At(expected), expires: None }
    }

    /// Writes a key whatever it holds.
    #[must_use]
    pub fn put(key: impl Into<Arc<str>>, value: impl Into<Bytes>) -> Self {
        Self { key: key.into(), value: Some(value.into()), condition: Condition::Any, expires: None }
    }

    /// Deletes a key.
    #[must_use]
    pub fn delete(key: impl Into<Arc<str>>, condition: Condition) -> Self {
        Self { key: key.into(), value: None, condition, expires: None }
    }

    /// The same write, of a value that expires.
    #[must_use]
    pub fn expiring(self, expires: Timestamp) -> Self {
        Self { expires: Some(expires), ..self }
    }
}

/// What must hold of a key for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing. Yet to delete a key that holds nothing is [`StoreError::NotFound`].
    Any,
    /// It holds nothing.
    Absent,
    /// It holds something.
    Present,
    /// It holds what was written at this revision.
    At(Revision),
}

/// What a write did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its revision.
    pub revision: Revision,
    /// What the key held before.
    pub previous: Option<Entry>,
}

/// What a key holds. To clone it copies no value.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Arc<str>,
    /// The value.
    pub value: Bytes,
    /// When the key was written first, after it held nothing.
    pub create_revision: Revision,
    /// When it was written last.
    pub mod_revision: Revision,
    /// When it expires.
    pub expires: Option<Timestamp>,
}

/// A write as watchers see it. To clone it copies no value.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Its revision.
    pub revision: Revision,
    /// The key.
    pub key: Arc<str>,
    /// What it holds from now on; nothing if it was deleted.
    pub current: Option<Entry>,
    /// What it held before.
    pub previous: Option<Entry>,
}

/// Which keys to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range<'a> {
    /// What keys begin with; all where it is empty.
    pub prefix: &'a str,
    /// Only keys behind this one: the last of the page before.
    pub after: Option<&'a str>,
    /// The most entries of a page; all where it is 0.
    pub limit: usize,
    /// At which revision; now where it is nothing. A page that goes on is read at the revision of the first.
    pub at: Option<Revision>,
}

impl<'a> Range<'a> {
    /// All keys with a prefix, now.
    #[must_use]
    pub fn of(prefix: &'a str) -> Self {
        Self { prefix, ..Self::default() }
    }
}

/// Some entries of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The entries, by key.
    pub entries: Vec<Entry>,
    /// The revision at which they were read.
    pub revision: Revision,
    /// How many follow.
    pub remaining: u64,
}

/// Where a watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first write from now on.
    Now,
    /// With the first write after this revision.
    After(Revision),
}

/// How much a store takes and keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a key.
    pub key: usize,
    /// The most bytes of a value.
    pub value: usize,
    /// How many writes may wait for the disk.
    pub waiting: usize,
    /// How many events may wait for a watcher that has caught up. One that is slower is told so and ends.
    pub watcher: usize,
    /// How many writes are remembered for watches and ranges of the past. Where there are more, the oldest quarter
    /// is compacted, whether the host asks for it or not.
    pub history: usize,
}

impl Limits {
    /// Values as large as etcd takes them, and a history of 100,000 writes.
    pub const STANDARD: Self =
        Self { key: 4096, value: 1_572_864, waiting: 65_536, watcher: 10_000, history: 100_000 };
}

/// How much is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// The newest revision.
    pub revision: Revision,
    /// What is forgotten: the revision of the last compaction.
    pub compacted: Revision,
    /// How many keys hold something.
    pub keys: usize,
    /// How many writes are remembered.
    pub history: usize,
    /// How many watchers there are.
    pub watchers: usize,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The key holds nothing.
    #[error("key not found")]
    NotFound,
    /// The key holds something.
    #[error("key exists, written at revision {}", .0.mod_revision)]
    Exists(Entry),
    /// The key was written at another revision than expected.
    #[error("expected the key to be at revision {expected}, it is at {}", .current.mod_revision)]
    Conflict {
        /// The revision that was expected.
        expected: Revision,
        /// What the key holds.
        current: Entry,
    },
    /// The revision is forgotten.
    #[error("revision {requested} has been compacted, the oldest one is {compacted}")]
    Compacted {
        /// The revision that was asked for.
        requested: Revision,
        /// The oldest one that can be.
        compacted: Revision,
    },
    /// The revision does not exist yet.
    #[error("revision {requested} is in the future, the newest one is {current}")]
    Future {
        /// The revision that was asked for.
        requested: Revision,
        /// The newest one.
        current: Revision,
    },
    /// The key or the value is larger than [`Limits`] allow.
    #[error("{what} of {size} bytes is larger than {limit}")]
    TooLarge {
        /// `key` or `value`.
        what: &'static str,
        /// How large it is.
        size: usize,
        /// How large it may be.
        limit: usize,
    },
    /// Too many writes wait for the disk; nothing was written, try again later.
    #[error("too many writes are waiting, try again later")]
    Busy,
    /// The store was closed before this was done.
    #[error("the store is closed")]
    Closed,
    /// Another process, or this one, has the file open.
    #[error("the file is open elsewhere")]
    InUse,
    /// The file is not one of ours, or damaged.
    #[error("the file is damaged or no store: {0}; restore a backup")]
    Corrupt(Arc<str>),
    /// The disk failed. After a write whose outcome is not known, the store takes no more until it is opened again.
    #[error("storage failed: {0}")]
    Failed(Arc<str>),
}

/// Values may be secrets: they are told by their size.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key)
            .field("size", &self.value.len())
            .field("create_revision", &self.create_revision)
            .field("mod_revision", &self.mod_revision)
            .field("expires", &self.expires)
            .finish()
    }
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event")
            .field("revision", &self.revision)
            .field("current", &self.current)
            .field("previous", &self.previous)
            .field("key", &self.key)
            .finish()
    }
}
