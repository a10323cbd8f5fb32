//! What every backend has to do, as cases that any of them can be put through.
//!
//! A case stops the process where something does not hold: it is a test. [`ALL`] lists them; a backend is ready when
//! it passes every one.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "these are tests")]

mod concurrency;
mod durability;
mod ranges;
mod watches;
mod writes;

use crate::{Event, Limits, Store, Watcher};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// A backend that is put to the test.
pub trait Backend: Sync {
    /// A store with nothing in it.
    fn open(&self, limits: Limits) -> Box<dyn Store>;

    /// The same store again after it was dropped; nothing where it does not outlive its process.
    fn reopen(&self, store: Box<dyn Store>, limits: Limits) -> Option<Box<dyn Store>>;
}

/// A case.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What holds, in words.
    pub name: &'static str,
    /// Stops the process if it does not.
    pub run: fn(&dyn Backend),
}

/// Every case.
pub const ALL: &[Case] = &[
    Case { name: "every write has a revision of its own", run: writes::revisions },
    Case { name: "conditions are kept", run: writes::conditions },
    Case { name: "what is too large is refused and leaves no trace", run: writes::sizes },
    Case { name: "what has expired is deleted when it is time", run: writes::expiry },
    Case { name: "a range holds what has its prefix, in order", run: ranges::prefixes },
    Case { name: "pages are those of one revision", run: ranges::pages },
    Case { name: "the past can be read until it is compacted", run: ranges::past },
    Case { name: "too much history is compacted unasked", run: ranges::overflow },
    Case { name: "a watch gives everything from where it starts", run: watches::starts },
    Case { name: "an event tells what was and what is", run: watches::contents },
    Case { name: "a watch from a forgotten revision fails", run: watches::compacted },
    Case { name: "a slow watcher is told so and skips nothing", run: watches::slow },
    Case { name: "a watch that is dropped is gone", run: watches::dropped },
    Case { name: "closing the store ends watches", run: watches::closed },
    Case { name: "progress is told when all is delivered", run: watches::progress },
    Case { name: "of many writers one wins", run: concurrency::races },
    Case { name: "no count is lost", run: concurrency::counters },
    Case { name: "watchers miss nothing and hear nothing twice", run: concurrency::watchers },
    Case { name: "a reader sees what was acknowledged", run: concurrency::reads },
    Case { name: "pages agree while others write", run: concurrency::pages },
    Case { name: "all is there after a restart", run: durability::restart },
    Case { name: "compaction survives a restart", run: durability::compaction },
    Case { name: "a backup is restored as it was", run: durability::backup },
];

/// Puts a backend through every case.
pub fn run_all(backend: &dyn Backend) {
    for case in ALL {
        // Where a case fails, what it says is preceded by which one it is.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (case.run)(backend)));
        assert!(outcome.is_ok(), "does not hold: {}", case.name);
    }
}

/// How long an event may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

fn value(text: impl Into<String>) -> Bytes {
    Bytes::from(text.into())
}

/// The next event, which must come.
fn next(watcher: &mut Watcher) -> Arc<Event> {
    watcher.wait(PATIENCE).unwrap().unwrap()
}

/// An event in short: `+key=value` or `-key`.
fn short(event: &Event) -> String {
    match &event.current {
        Some(entry) => format!("+{}={}", event.key, String::from_utf8_lossy(&entry.value)),
        None => format!("-{}", event.key),
    }
}

/// So many events in short.
fn take(watcher: &mut Watcher, count: usize) -> Vec<String> {
    (0..count).map(|_| short(&next(watcher))).collect()
}
