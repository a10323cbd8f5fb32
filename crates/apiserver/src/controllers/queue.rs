//! What a loop has still to look at: each thing once, some later, what failed later and later.

use futures_util::future::join_all;
use parking_lot::Mutex;
use ravelin_object::status::Status;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long something waits that failed for the first time; then twice as long each time.
const FIRST: Duration = Duration::from_millis(5);
/// How long it waits at most.
const LONGEST: Duration = Duration::from_secs(60);

/// What became of an item.
pub(super) enum Outcome {
    /// It is done with.
    Done,
    /// It is to be looked at again after a time.
    Again(Duration),
    /// It has to be tried again.
    Failed(Status),
}

/// Items that wait.
pub(super) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    news: Notify,
}

struct Waiting<T> {
    ready: VecDeque<T>,
    /// What is in `ready`.
    queued: BTreeSet<T>,
    /// What is not ready before a time; the number tells items of one time apart.
    later: BTreeMap<(Instant, u64), T>,
    /// Where in `later` an item is.
    due: BTreeMap<T, (Instant, u64)>,
    failures: BTreeMap<T, u32>,
    number: u64,
}

impl<T: Ord + Clone + Debug> Queue<T> {
    pub(super) fn new() -> Self {
        let waiting = Waiting {
            ready: VecDeque::new(),
            queued: BTreeSet::new(),
            later: BTreeMap::new(),
            due: BTreeMap::new(),
            failures: BTreeMap::new(),
            number: 0,
        };
        Self { waiting: Mutex::new(waiting), news: Notify::new() }
    }

    /// Adds an item, unless it waits already.
    pub(super) fn add(&self, item: T) {
        let mut waiting = self.waiting.lock();
        waiting.forget_time(&item);
        if waiting.queued.insert(item.clone()) {
            waiting.ready.push_back(item);
            drop(waiting);
            self.news.notify_one();
        }
    }

    /// Adds an item that is ready after a time, unless it is ready sooner.
    pub(super) fn add_after(&self, item: T, delay: Duration) {
        let at = Instant::now() + delay;
        let mut waiting = self.waiting.lock();
        if waiting.queued.contains(&item) || waiting.due.get(&item).is_some_and(|(sooner, _)| *sooner <= at) {
            return;
        }
        waiting.forget_time(&item);
        waiting.number += 1;
        let slot = (at, waiting.number);
        waiting.later.insert(slot, item.clone());
        waiting.due.insert(item, slot);
        drop(waiting);
        self.news.notify_one();
    }

    /// Up to a number of items that are ready, now.
    pub(super) fn take(&self, most: usize) -> Vec<T> {
        let mut waiting = self.waiting.lock();
        let now = Instant::now();
        while let Some(first) = waiting.later.first_entry().filter(|first| first.key().0 <= now) {
            let item = first.remove();
            waiting.due.remove(&item);
            if waiting.queued.insert(item.clone()) {
                waiting.ready.push_back(item);
            }
        }
        let count = waiting.ready.len().min(most);
        let items: Vec<T> = waiting.ready.drain(..count).collect();
        for item in &items {
            waiting.queued.remove(item);
        }
        items
    }

    /// Up to a number of items, as soon as there is one.
    async fn next(&self, most: usize) -> Vec<T> {
        loop {
            let items = self.take(most);
            if !items.is_empty() {
                return items;
            }
            let due = self.waiting.lock().later.first_key_value().map(|((at, _), _)| *at);
            match due {
                None => self.news.notified().await,
                Some(at) => tokio::select! {
                    () = self.news.notified() => {}
                    () = tokio::time::sleep_until(at) => {}
                },
            }
        }
    }

    fn settle(&self, name: &str, item: T, outcome: Outcome) {
        let mut waiting = self.waiting.lock();
        let Outcome::Failed(status) = outcome else {
            waiting.failures.remove(&item);
            drop(waiting);
            if let Outcome::Again(delay) = outcome {
                self.add_after(item, delay);
            }
            return;
        };
        let failures = waiting.failures.entry(item.clone()).or_default();
        let delay = FIRST.saturating_mul(1 << (*failures).min(16)).min(LONGEST);
        *failures += 1;
        drop(waiting);
        if status.reason == "Conflict" {
            tracing::debug!(controller = name, ?item, %status, "again");
        } else {
            tracing::warn!(controller = name, ?item, %status, "failed, again in {delay:?}");
        }
        self.add_after(item, delay);
    }

    /// Works on items that are ready, several at a time, until there are none.
    pub(super) async fn work_off<F: Future<Output = Outcome>>(
        &self,
        name: &str,
        most: usize,
        work: impl Fn(T) -> F,
    ) {
        loop {
            let items = self.take(most);
            if items.is_empty() {
                return;
            }
            self.work_on(name, items, &work).await;
        }
    }

    /// Works on items for ever, several at a time. `rest` says how many times as long as work took it then rests, so
    /// that what is costly takes no more than a part of the machine.
    pub(super) async fn work<F: Future<Output = Outcome>>(
        &self,
        name: &str,
        most: usize,
        rest: u32,
        work: impl Fn(T) -> F,
    ) {
        loop {
            let items = self.next(most).await;
            let start = Instant::now();
            self.work_on(name, items, &work).await;
            if rest > 0 {
                let pause = start.elapsed().saturating_mul(rest).min(Duration::from_secs(2));
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn work_on<F: Future<Output = Outcome>>(&self, name: &str, items: Vec<T>, work: &impl Fn(T) -> F) {
        join_all(items.into_iter().map(|item| async {
            let outcome = work(item.clone()).await;
            self.settle(name, item, outcome);
        }))
        .await;
    }
}

impl<T: Ord> Waiting<T> {
    fn forget_time(&mut self, item: &T) {
        if let Some(slot) = self.due.remove(item) {
            self.later.remove(&slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn items_wait_once_and_come_in_their_time() {
        let queue = Queue::new();
        queue.add("a");
        queue.add("a");
        queue.add_after("a", Duration::from_secs(1));
        queue.add_after("later", Duration::from_secs(9));
        queue.add_after("soon", Duration::from_secs(5));
        queue.add_after("soon", Duration::from_secs(7));
        assert_eq!(queue.take(9), ["a"]);
        let start = Instant::now();
        assert_eq!(queue.next(9).await, ["soon"]);
        assert_eq!(start.elapsed().as_secs(), 5);
        queue.add("later");
        assert_eq!(queue.next(9).await, ["later"]);
        assert_eq!(start.elapsed().as_secs(), 5);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(queue.take(9).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_comes_again_later_each_time() {
        let queue = Queue::new();
        queue.add(1);
        let tries = AtomicU32::new(0);
        let start = Instant::now();
        let work = queue.work("test", 4, 0, |_| async {
            if tries.fetch_add(1, Ordering::Relaxed) < 3 {
                Outcome::Failed(Status::internal("no"))
            } else {
                Outcome::Done
            }
        });
        // 5, 10 and 20 ms.
        assert!(tokio::time::timeout(Duration::from_millis(34), work).await.is_err());
        assert_eq!((tries.load(Ordering::Relaxed), start.elapsed().as_millis()), (3, 34));
        queue.work_off("test", 4, |_| async { Outcome::Done }).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(queue.take(1), [1]);
    }
}
