//! The tables of the file: versions by revision, and a few numbers.

use super::record;
use crate::state::State;
use crate::{Entry, Event, Revision, StoreError};
use redb::backends::FileBackend;
use redb::{
    Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, StorageError, TableDefinition,
};
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;

const VERSIONS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("versions");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
const FORMAT: &str = "format";
/// The newest revision when the store was last compacted.
const REVISION: &str = "revision";
/// The newest revision that is forgotten.
const COMPACTED: &str = "compacted";
/// The format that is written, and the only one that is read.
const THIS_FORMAT: u64 = 1;
/// How much of the file `redb` may keep in memory. All of it is in ours already.
const CACHE: usize = 64 * 1024 * 1024;

/// An open file.
pub(super) struct Table {
    database: Database,
}

/// A transaction: all of it happens, or nothing.
#[derive(Default)]
pub(super) struct Batch<'b> {
    /// Versions that come.
    pub(super) events: &'b [Arc<Event>],
    /// Versions that go.
    pub(super) forgotten: &'b [Revision],
    /// What is forgotten, where that changes. A write needs no numbers: its revision is its key, and pages that are not
    /// written need not reach the disk.
    pub(super) numbers: Option<Numbers>,
}

/// How far a store is.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    /// The newest revision.
    pub(super) revision: Revision,
    /// The newest revision that is forgotten.
    pub(super) compacted: Revision,
}

impl Table {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // It may hold Secrets: a new one is for its owner alone.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| open_error(error.into()))?;
        let file = FileBackend::new(file).map_err(open_error)?;
        Self::new(builder().create_with_backend(file).map_err(open_error)?)
    }

    #[cfg(feature = "conformance")]
    pub(super) fn over(backend: impl redb::StorageBackend) -> Result<Self, StoreError> {
        Self::new(builder().create_with_backend(backend).map_err(open_error)?)
    }

    /// Makes sure the tables are there, and of our format.
    fn new(database: Database) -> Result<Self, StoreError> {
        let transaction = database.begin_write().map_err(failed)?;
        {
            let mut numbers = transaction.open_table(NUMBERS).map_err(failed)?;
            let found = numbers.get(FORMAT).map_err(failed)?.map(|format| format.value());
            match found {
                Some(THIS_FORMAT) => {}
                Some(other) => {
                    return Err(StoreError::Corrupt(format!("format {other} is not known").into()));
                }
                None => {
                    numbers.insert(FORMAT, THIS_FORMAT).map_err(failed)?;
                }
            }
            transaction.open_table(VERSIONS).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        Ok(Self { database })
    }

    /// Everything there is, with its history.
    pub(super) fn load(&self) -> Result<State, StoreError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        let numbers = transaction.open_table(NUMBERS).map_err(failed)?;
        let number = |name: &str| -> Result<Revision, StoreError> {
            let found = numbers.get(name).map_err(failed)?.map_or(0, |number| number.value());
            Revision::try_from(found).map_err(|_| damaged("a revision is negative"))
        };
        let (revision, compacted) = (number(REVISION)?, number(COMPACTED)?);
        let mut state = State::at(compacted);
        for item in transaction.open_table(VERSIONS).map_err(failed)?.iter().map_err(failed)? {
            let (at, record) = item.map_err(failed)?;
            let at = Revision::try_from(at.value()).map_err(|_| damaged("a revision is negative"))?;
            let (key, version) =
                record::decode(at, record.value()).ok_or_else(|| damaged("a record has a wrong checksum"))?;
            if at <= compacted {
                state.load(version, &key);
                continue;
            }
            if at != state.revision() + 1 {
                return Err(damaged("a revision is missing"));
            }
            let previous = state.get(&key);
            let current = version.value.map(|value| Entry {
                key: Arc::clone(&key),
                value,
                create_revision: version.create_revision,
                mod_revision: at,
                expires: version.expires,
            });
            state.apply(&Arc::new(Event { revision: at, key, current, previous }));
        }
        // The number is as old as the last compaction.
        if state.revision() < revision.max(compacted) {
            return Err(damaged("the newest revision is missing"));
        }
        Ok(state)
    }

    /// Carries a transaction out. When it returns, it is on the disk.
    pub(super) fn commit(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(failed)?;
        {
            let mut versions = transaction.open_table(VERSIONS).map_err(failed)?;
            for event in batch.events {
                versions.insert(key(event.revision), record::encode(event).as_slice()).map_err(failed)?;
            }
            for revision in batch.forgotten {
                versions.remove(key(*revision)).map_err(failed)?;
            }
            if let Some(numbers) = batch.numbers {
                let mut table = transaction.open_table(NUMBERS).map_err(failed)?;
                table.insert(REVISION, key(numbers.revision)).map_err(failed)?;
                table.insert(COMPACTED, key(numbers.compacted)).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)
    }
}

/// A new file with entries but without history, in one transaction. The entries are checked by who gives them: an
/// error of theirs undoes everything.
pub(crate) fn fill<E: From<StoreError>>(
    path: &Path,
    revision: Revision,
    entries: &mut dyn Iterator<Item = Result<Entry, E>>,
) -> Result<(), E> {
    let table = Table::open(path)?;
    let transaction = table.database.begin_write().map_err(|error| E::from(failed(error)))?;
    {
        let mut versions = transaction.open_table(VERSIONS).map_err(|error| E::from(failed(error)))?;
        for entry in entries {
            let Entry { key: name, value, create_revision, mod_revision, expires } = entry?;
            let record = record::encode_parts(&name, create_revision, expires.unwrap_or(0), Some(&value));
            versions.insert(key(mod_revision), record.as_slice()).map_err(|error| E::from(failed(error)))?;
        }
        let mut numbers = transaction.open_table(NUMBERS).map_err(|error| E::from(failed(error)))?;
        for name in [REVISION, COMPACTED] {
            numbers.insert(name, key(revision)).map_err(|error| E::from(failed(error)))?;
        }
    }
    transaction.commit().map_err(|error| E::from(failed(error)))
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    builder
}

/// Revisions are never negative.
fn key(revision: Revision) -> u64 {
    u64::try_from(revision).unwrap_or_default()
}

fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt(what.into())
}

fn open_error(error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::InUse,
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() == std::io::ErrorKind::InvalidData =>
        {
            StoreError::Corrupt(error.to_string().into())
        }
        DatabaseError::Storage(StorageError::Io(error)) => StoreError::Failed(error.to_string().into()),
        other => StoreError::Corrupt(other.to_string().into()),
    }
}

fn failed(error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        redb::Error::Corrupted(what) => StoreError::Corrupt(what.into()),
        error @ (redb::Error::TableTypeMismatch { .. } | redb::Error::TypeDefinitionChanged { .. }) => {
            StoreError::Corrupt(error.to_string().into())
        }
        other => StoreError::Failed(other.to_string().into()),
    }
}
