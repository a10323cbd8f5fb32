//! The one watch that all loops share.

use super::places::parts;
use super::{Change, Observer};
use crate::registry::ROOT;
use ravelin_store::{Entry, Range, Revision, Start, Store, StoreError, WatchError, Watcher};
use std::sync::Arc;
use std::time::Duration;

/// How many objects are told at once.
const PAGE: usize = 1000;
/// After how many writes others get their turn.
const TURN: usize = 64;
/// How long it waits where the store fails.
const PAUSE: Duration = Duration::from_secs(1);

/// What tells the loops of all writes.
pub(super) struct Feed {
    store: Arc<dyn Store>,
    observers: Vec<Arc<dyn Observer>>,
}

impl Feed {
    pub(super) fn new(store: &Arc<dyn Store>, observers: Vec<Arc<dyn Observer>>) -> Self {
        Self { store: Arc::clone(store), observers }
    }

    /// Tells everything that is there, and at which revision that was; nothing where the store fails.
    pub(super) fn tell(&self) -> Option<Revision> {
        self.told()
            .inspect_err(|error| tracing::warn!(%error, "controllers: the store cannot be listed"))
            .ok()
    }

    fn told(&self) -> Result<Revision, StoreError> {
        self.observers.iter().for_each(|observer| observer.begin());
        let mut page = self.store.range(&Range { limit: PAGE, ..Range::of(ROOT) })?;
        let revision = page.revision;
        loop {
            for entry in &page.entries {
                self.observe(&entry.key, Some(entry), None);
            }
            let Some(last) = page.entries.pop().filter(|_| page.remaining > 0) else { break };
            let next = Range { prefix: ROOT, after: Some(&last.key), limit: PAGE, at: Some(revision) };
            page = self.store.range(&next)?;
        }
        self.observers.iter().for_each(|observer| observer.is_complete());
        Ok(revision)
    }

    fn observe(&self, key: &Arc<str>, current: Option<&Entry>, previous: Option<&Entry>) {
        let Some(parts) = parts(key) else { return };
        let change = Change {
            key,
            folder: parts.folder,
            namespace: parts.namespace,
            name: parts.name,
            current,
            previous,
        };
        self.observers.iter().for_each(|observer| observer.observe(&change));
    }

    /// Tells of every write after a revision. Where that is forgotten, or there is none, everything is told again.
    pub(super) async fn run(self, mut told: Option<Revision>) {
        loop {
            let watcher = told.map(|revision| self.store.watch(ROOT, Start::After(revision)));
            match watcher {
                Some(Ok(watcher)) => match self.follow(watcher).await {
                    WatchError::TooSlow { after } => {
                        tracing::debug!(after, "controllers: behind");
                        told = Some(after);
                    }
                    _ => return,
                },
                Some(Err(StoreError::Closed)) => return,
                Some(Err(StoreError::Compacted { .. })) => told = self.tell(),
                Some(Err(error)) => {
                    tracing::warn!(%error, "controllers: the store cannot be watched");
                    tokio::time::sleep(PAUSE).await;
                }
                None => {
                    tokio::time::sleep(PAUSE).await;
                    told = self.tell();
                }
            }
        }
    }

    /// Tells of writes until the watch ends.
    async fn follow(&self, mut watcher: Watcher) -> WatchError {
        loop {
            for _ in 0..TURN {
                match watcher.next_event().await {
                    Ok(event) => self.observe(&event.key, event.current.as_ref(), event.previous.as_ref()),
                    Err(error) => return error,
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use ravelin_store::{Limits, Memory};

    /// What was told, and how often from the beginning.
    #[derive(Default)]
    struct Told(Mutex<(Vec<String>, usize)>);

    impl Observer for Told {
        fn begin(&self) {
            self.0.lock().1 += 1;
        }

        fn observe(&self, change: &Change<'_>) {
            let sign = if change.current.is_some() { "+" } else { "-" };
            self.0.lock().0.push(format!("{sign}{}/{}", change.namespace, change.name));
        }
    }

    impl Told {
        fn take(&self) -> (Vec<String>, usize) {
            std::mem::take(&mut *self.0.lock())
        }
    }

    async fn turns() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    fn fed(history: usize) -> (Arc<dyn Store>, Arc<Told>, Feed) {
        let limits = Limits { watcher: 4, history, ..Limits::STANDARD };
        let store: Arc<dyn Store> = Arc::new(Memory::new(limits));
        let told = Arc::new(Told::default());
        let feed = Feed::new(&store, vec![Arc::clone(&told) as Arc<dyn Observer>]);
        (store, told, feed)
    }

    #[tokio::test]
    async fn each_write_is_told_once_and_who_is_behind_catches_up() {
        let (store, told, feed) = fed(100_000);
        let all: Vec<String> = (0..2500).map(|number| format!("+n/{number:04}")).collect();
        for number in 0..2500 {
            store.create(&format!("/registry/pods/n/{number:04}"), "{}".into()).unwrap();
        }
        let revision = feed.tell();
        assert_eq!(told.take(), (all, 1));
        store.create("/registry/nodes", "{}".into()).unwrap();
        let task = tokio::spawn(feed.run(revision));
        turns().await;
        // More than may wait: nobody takes them before this is done.
        let last = store.get("/registry/pods/n/0000").unwrap().unwrap().mod_revision;
        store.delete("/registry/pods/n/0000", last).unwrap();
        for number in 0..20 {
            store.create(&format!("/registry/pods/m/{number}"), "{}".into()).unwrap();
        }
        turns().await;
        let mut expected = vec!["-n/0000".to_owned()];
        expected.extend((0..20).map(|number| format!("+m/{number}")));
        assert_eq!(told.take(), (expected, 0));
        task.abort();
    }

    #[tokio::test]
    async fn where_the_past_is_forgotten_everything_is_told_again() {
        let (store, told, feed) = fed(8);
        store.create("/registry/pods/n/a", "{}".into()).unwrap();
        let task = tokio::spawn(feed.run(None));
        tokio::time::pause();
        tokio::time::sleep(PAUSE * 2).await;
        assert_eq!(told.take(), (vec!["+n/a".to_owned()], 1));
        for number in 0..40 {
            store.create(&format!("/registry/pods/m/{number:02}"), "{}".into()).unwrap();
        }
        turns().await;
        let (seen, times) = told.take();
        assert!(times == 1 && seen.len() >= 41 && seen.iter().any(|name| name == "+n/a"), "{times} {seen:?}");
        task.abort();
    }
}
