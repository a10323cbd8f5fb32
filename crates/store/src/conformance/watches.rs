//! Watching.

use super::{Backend, PATIENCE, next, take, value};
use crate::{Limits, Start, StoreError, WatchError, Write};
use std::time::Duration;

pub(super) fn starts(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    let mut from_zero = store.watch("/k/", Start::After(0)).unwrap();
    store.create("/k/a", value("1")).unwrap();
    store.create("/x", value("2")).unwrap();
    store.create("/k/b", value("3")).unwrap();
    let mut from_past = store.watch("/k/", Start::After(1)).unwrap();
    let mut from_now = store.watch("/k/", Start::Now).unwrap();
    let mut from_current = store.watch("", Start::After(3)).unwrap();
    let mut from_future = store.watch("/k/", Start::After(5)).unwrap();
    store.update("/k/a", 1, value("4")).unwrap();
    store.delete("/k/b", 3).unwrap();
    store.create("/k/c", value("6")).unwrap();
    assert_eq!(take(&mut from_zero, 5), ["+/k/a=1", "+/k/b=3", "+/k/a=4", "-/k/b", "+/k/c=6"]);
    assert_eq!(take(&mut from_past, 4), ["+/k/b=3", "+/k/a=4", "-/k/b", "+/k/c=6"]);
    assert_eq!(take(&mut from_now, 3), ["+/k/a=4", "-/k/b", "+/k/c=6"]);
    assert_eq!(take(&mut from_current, 3), ["+/k/a=4", "-/k/b", "+/k/c=6"]);
    assert_eq!(take(&mut from_future, 1), ["+/k/c=6"]);
    for watcher in [&mut from_zero, &mut from_past, &mut from_now, &mut from_current, &mut from_future] {
        assert!(watcher.try_next().is_none() && watcher.wait(Duration::from_millis(1)).is_none());
    }
}

pub(super) fn contents(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    let mut watcher = store.watch("/a", Start::Now).unwrap();
    store.create("/a", value("1")).unwrap();
    store.submit(Write::update("/a", 1, "2").expiring(9)).wait().unwrap();
    store.delete("/a", 2).unwrap();
    let [created, updated, deleted] = [next(&mut watcher), next(&mut watcher), next(&mut watcher)];
    assert_eq!((created.revision, created.previous.is_none()), (1, true));
    let entry = updated.current.clone().unwrap();
    assert_eq!((entry.create_revision, entry.mod_revision, entry.expires), (1, 2, Some(9)));
    assert_eq!(updated.previous, created.current);
    assert_eq!((deleted.revision, deleted.current.is_none()), (3, true));
    assert_eq!(deleted.previous, updated.current);
    let mut again = store.watch("/a", Start::After(0)).unwrap();
    for event in [created, updated, deleted] {
        assert_eq!(next(&mut again), event, "from the history as it was live");
    }
}

pub(super) fn compacted(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    for number in 0..5 {
        store.create(&format!("/{number}"), value("x")).unwrap();
    }
    let mut early = store.watch("", Start::After(1)).unwrap();
    store.compact(3).wait().unwrap();
    let refused = store.watch("", Start::After(2)).err();
    assert_eq!(refused, Some(StoreError::Compacted { requested: 2, compacted: 3 }));
    let mut from_oldest = store.watch("", Start::After(3)).unwrap();
    assert_eq!(take(&mut from_oldest, 2), ["+/3=x", "+/4=x"]);
    assert_eq!(take(&mut early, 4).len(), 4, "who watched before keeps what it has");
}

pub(super) fn slow(backend: &dyn Backend) {
    let store = backend.open(Limits { watcher: 3, ..Limits::STANDARD });
    for number in 0..10 {
        store.create(&format!("/before/{number}"), value("x")).unwrap();
    }
    let mut slow = store.watch("/", Start::After(0)).unwrap();
    let mut elsewhere = store.watch("/elsewhere", Start::Now).unwrap();
    for number in 0..10 {
        store.create(&format!("/after/{number}"), value("x")).unwrap();
    }
    let got: Vec<i64> = (0..13).map(|_| next(&mut slow).revision).collect();
    assert_eq!(got, (1..=13).collect::<Vec<_>>(), "the history does not count as waiting");
    for _ in 0..2 {
        assert_eq!(slow.wait(PATIENCE), Some(Err(WatchError::TooSlow { after: 13 })));
    }
    let mut again = store.watch("/", Start::After(13)).unwrap();
    let rest: Vec<i64> = (0..7).map(|_| next(&mut again).revision).collect();
    assert_eq!(rest, (14..=20).collect::<Vec<_>>());
    store.create("/elsewhere", value("x")).unwrap();
    assert_eq!(next(&mut elsewhere).revision, 21, "who is not concerned is not slow");
}

pub(super) fn dropped(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    let watchers: Vec<_> = (0..10).map(|_| store.watch("", Start::Now).unwrap()).collect();
    assert_eq!(store.statistics().watchers, 10);
    drop(watchers);
    assert_eq!(store.statistics().watchers, 0);
    store.create("/a", value("x")).unwrap();
}

pub(super) fn closed(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    let mut watcher = store.watch("", Start::Now).unwrap();
    store.create("/a", value("x")).unwrap();
    drop(store);
    assert_eq!(take(&mut watcher, 1), ["+/a=x"]);
    assert_eq!(watcher.wait(PATIENCE), Some(Err(WatchError::Closed)));
}

pub(super) fn progress(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    let mut watcher = store.watch("/k/", Start::After(0)).unwrap();
    assert_eq!(watcher.progress(), Some(0));
    store.create("/x", value("1")).unwrap();
    assert_eq!(watcher.progress(), Some(1), "what does not concern it is behind it");
    store.create("/k/a", value("1")).unwrap();
    assert_eq!(watcher.progress(), None, "an event waits");
    next(&mut watcher);
    assert_eq!(watcher.progress(), Some(2));
}
