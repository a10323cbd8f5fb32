//! The one watch that all loops share.

use super::places::parts;
use super::{Change, Observer};
use crate::api::Api;
use crate::registry::ROOT;
use ravelin_store::{Entry, Range, Revision, Start, StoreError, WatchError, Watcher};
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
    api: Arc<Api>,
    observers: Vec<Arc<dyn Observer>>,
}

impl Feed {
    pub(super) fn new(api: &Arc<Api>, observers: Vec<Arc<dyn Observer>>) -> Self {
        Self { api: Arc::clone(api), observers }
    }

    /// Tells everything that is there, and at which revision that was; nothing where the store fails.
    pub(super) fn tell(&self) -> Option<Revision> {
        self.told()
            .inspect_err(|error| tracing::warn!(%error, "controllers: the store cannot be listed"))
            .ok()
    }

    fn told(&self) -> Result<Revision, StoreError> {
        self.observers.iter().for_each(|observer| observer.begin());
        let mut page = self.api.registry.store.range(&Range { limit: PAGE, ..Range::of(ROOT) })?;
        let revision = page.revision;
        loop {
            for entry in &page.entries {
                self.observe(&entry.key, Some(entry), None);
            }
            let Some(last) = page.entries.pop().filter(|_| page.remaining > 0) else { break };
            let next = Range { prefix: ROOT, after: Some(&last.key), limit: PAGE, at: Some(revision) };
            page = self.api.registry.store.range(&next)?;
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
            let watcher = told.map(|revision| self.api.registry.store.watch(ROOT, Start::After(revision)));
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
