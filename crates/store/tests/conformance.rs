//! Both backends are put through the suite.
#![expect(clippy::unwrap_used, reason = "a test may stop the process")]

use ravelin_store::conformance::{self, Backend};
use ravelin_store::{Embedded, Limits, Memory, Store};
use std::path::PathBuf;
use std::sync::Mutex;
use tempfile::TempDir;

struct InMemory;

impl Backend for InMemory {
    fn open(&self, limits: Limits) -> Box<dyn Store> {
        Box::new(Memory::new(limits))
    }

    fn reopen(&self, _: Box<dyn Store>, _: Limits) -> Option<Box<dyn Store>> {
        None
    }
}

/// Files in a folder, the last one the one that is opened again.
struct InFiles {
    folder: TempDir,
    count: Mutex<usize>,
}

impl InFiles {
    fn path(&self) -> PathBuf {
        self.folder.path().join(self.count.lock().unwrap().to_string())
    }
}

impl Backend for InFiles {
    fn open(&self, limits: Limits) -> Box<dyn Store> {
        *self.count.lock().unwrap() += 1;
        Box::new(Embedded::open(&self.path(), limits).unwrap())
    }

    fn reopen(&self, store: Box<dyn Store>, limits: Limits) -> Option<Box<dyn Store>> {
        drop(store);
        Some(Box::new(Embedded::open(&self.path(), limits).unwrap()))
    }
}

#[test]
fn memory_does_what_a_store_does() {
    conformance::run_all(&InMemory);
}

#[test]
fn embedded_does_what_a_store_does() {
    conformance::run_all(&InFiles { folder: tempfile::tempdir().unwrap(), count: Mutex::new(0) });
}
