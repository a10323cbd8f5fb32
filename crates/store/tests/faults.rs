//! A disk that fails, and a file that is not what it should be, are errors.

use bytes::Bytes;
use ravelin_store::{Embedded, Limits, Start, Store, StoreError, WatchError, Write};
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A disk that can be told to fail.
#[derive(Debug)]
struct Disk {
    inner: InMemoryBackend,
    fails: Arc<AtomicBool>,
}

impl Disk {
    fn check(&self) -> io::Result<()> {
        if self.fails.load(Ordering::SeqCst) { Err(io::Error::other("no space left")) } else { Ok(()) }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.check()?;
        self.inner.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.inner.write(offset, data)
    }
}

#[test]
fn when_the_disk_fails_nothing_is_acknowledged_any_more() {
    let fails = Arc::new(AtomicBool::new(false));
    let disk = Disk { inner: InMemoryBackend::new(), fails: Arc::clone(&fails) };
    let store = Embedded::over(disk, Limits::STANDARD).unwrap();
    store.create("/a", Bytes::from("1")).unwrap();
    let mut watcher = store.watch("", Start::Now).unwrap();
    fails.store(true, Ordering::SeqCst);
    let is_failure = |error: StoreError| matches!(&error, StoreError::Failed(text) if !text.is_empty());
    assert!(store.create("/b", Bytes::from("2")).is_err_and(is_failure));
    fails.store(false, Ordering::SeqCst);
    assert!(store.create("/c", Bytes::from("3")).is_err_and(is_failure), "whether /b is there is not known");
    assert!(store.get("/a").is_err_and(is_failure));
    assert!(store.compact(1).wait().is_err_and(is_failure));
    assert_eq!(store.revision(), 1, "what is not on the disk is not seen");
    let end = watcher.wait(Duration::from_secs(20));
    assert_eq!(end, Some(Err(WatchError::Closed)), "no event of what is not on the disk");
}

#[test]
fn a_file_that_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    std::fs::write(&path, b"this is no database, and longer than any magic number would be").unwrap();
    let refused = Embedded::open(&path, Limits::STANDARD);
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    let missing = Embedded::open(&folder.path().join("no/such/folder"), Limits::STANDARD);
    assert!(matches!(missing, Err(StoreError::Failed(_))), "{missing:?}");
}

#[test]
fn a_file_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Embedded::open(&path, Limits::STANDARD).unwrap();
    assert_eq!(Embedded::open(&path, Limits::STANDARD).err(), Some(StoreError::InUse));
    drop(store);
    assert!(Embedded::open(&path, Limits::STANDARD).is_ok());
}

#[cfg(unix)]
#[test]
fn a_new_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let [path, restored] = ["store", "restored"].map(|name| folder.path().join(name));
    let store = Embedded::open(&path, Limits::STANDARD).unwrap();
    let mut backup = Vec::new();
    store.backup(&mut backup).unwrap();
    ravelin_store::restore(&mut backup.as_slice(), &restored).unwrap();
    for path in [path, restored] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn a_damaged_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Embedded::open(&path, Limits::STANDARD).unwrap();
    for number in 0..50 {
        store
            .create(&format!("/k/{number}"), Bytes::from(format!("MARK{number}-{}", "v".repeat(300))))
            .unwrap();
    }
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    // Of a database that copies what it changes most pages are of the past. Only the last copy of a value matters.
    let places: Vec<usize> =
        whole.windows(7).enumerate().filter(|(_, bytes)| *bytes == b"MARK49-").map(|at| at.0).collect();
    let mut damaged = whole.clone();
    for place in &places {
        damaged[place + 20] ^= 1;
    }
    std::fs::write(&path, &damaged).unwrap();
    let refused = Embedded::open(&path, Limits::STANDARD);
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(Embedded::open(&path, Limits::STANDARD).is_err(), "half of a file");
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(Embedded::open(&path, Limits::STANDARD).unwrap().count("/k/"), Ok(50));
}

#[test]
fn more_than_may_wait_is_refused_and_nothing_else_happens() {
    let store = Embedded::over(InMemoryBackend::new(), Limits { waiting: 0, ..Limits::STANDARD }).unwrap();
    assert_eq!(store.submit(Write::put("/a", "x")).wait(), Err(StoreError::Busy));
    assert_eq!((store.revision(), store.get("/a")), (0, Ok(None)));
}

#[test]
fn what_was_submitted_is_carried_out_before_the_file_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Embedded::open(&path, Limits::STANDARD).unwrap();
    let tickets: Vec<_> =
        (0..500).map(|number| store.submit(Write::create(format!("/{number}"), "x"))).collect();
    drop(store);
    let mut revisions: Vec<_> = tickets.into_iter().map(|ticket| ticket.wait().unwrap().revision).collect();
    assert!(revisions.is_sorted(), "in the order in which they were submitted");
    revisions.dedup();
    assert_eq!(revisions.len(), 500);
    assert_eq!(Embedded::open(&path, Limits::STANDARD).unwrap().count("/"), Ok(500));
}
