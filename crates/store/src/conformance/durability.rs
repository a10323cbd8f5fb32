//! What outlives a process.

use super::{Backend, take, value};
use crate::{Condition, Limits, Range, RestoreError, Start, Store, StoreError, Write, backup};
use std::io::Cursor;

fn fill(store: &dyn Store) {
    store.create("/a", value("1")).unwrap();
    store.submit(Write::create("/b", "2").expiring(7)).wait().unwrap();
    store.update("/a", 1, value("3")).unwrap();
    store.create("/c", value("4")).unwrap();
    store.delete("/c", 4).unwrap();
    store.create("/c", value("6")).unwrap();
    store.delete("/b", 2).unwrap();
    store.submit(Write::create("/b", "8").expiring(9)).wait().unwrap();
    store.submit(Write::create("/z", "9")).wait().unwrap();
    store.submit(Write::delete("/z", Condition::Any)).wait().unwrap();
}

pub(super) fn restart(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    fill(&*store);
    let before: Vec<_> = (0..=10).map(|at| store.range(&Range { at: Some(at), ..Range::of("") })).collect();
    let statistics = store.statistics();
    let Some(store) = backend.reopen(store, Limits::STANDARD) else { return };
    assert_eq!(store.statistics(), statistics);
    for (at, before) in (0..).zip(before) {
        assert_eq!(store.range(&Range { at: Some(at), ..Range::of("") }), before);
    }
    let mut watcher = store.watch("", Start::After(3)).unwrap();
    assert_eq!(take(&mut watcher, 3), ["+/c=4", "-/c", "+/c=6"]);
    assert_eq!(store.create("/d", value("x")).unwrap().revision, 11, "no revision is used twice");
    assert_eq!(store.expire(9).unwrap(), 1, "what expires is known again");
}

pub(super) fn compaction(backend: &dyn Backend) {
    let mut store = backend.open(Limits::STANDARD);
    fill(&*store);
    for (target, expected) in [(5, vec!["+/c=6", "-/b", "+/b=8", "+/z=9", "-/z"]), (10, vec![])] {
        store.compact(target).wait().unwrap();
        let whole = store.range(&Range::of("")).unwrap();
        let Some(again) = backend.reopen(store, Limits::STANDARD) else { return };
        store = again;
        assert_eq!(store.range(&Range::of("")).unwrap(), whole);
        assert_eq!(store.revision(), 10, "though the last write is forgotten");
        let old = store.range(&Range { at: Some(target - 1), ..Range::of("") });
        assert_eq!(old, Err(StoreError::Compacted { requested: target - 1, compacted: target }));
        let mut watcher = store.watch("", Start::After(target)).unwrap();
        assert_eq!(take(&mut watcher, expected.len()), expected);
    }
    let entry = store.get("/a").unwrap().unwrap();
    assert_eq!((entry.create_revision, entry.mod_revision), (1, 3));
}

pub(super) fn backup(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    fill(&*store);
    let mut bytes = Vec::new();
    assert_eq!(store.backup(&mut bytes).unwrap(), 10);
    let folder =
        std::env::temp_dir().join(format!("ravelin-store-{}-{:p}", std::process::id(), bytes.as_ptr()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("restored");
    let restored = |bytes: &[u8]| backup::restore(&mut Cursor::new(bytes), &path);
    for length in (0..bytes.len()).step_by(11) {
        assert!(restored(&bytes[..length]).is_err(), "cut to {length}");
    }
    for place in (0..bytes.len()).step_by(13) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        assert!(restored(&damaged).is_err(), "changed at {place}");
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(matches!(restored(&longer), Err(RestoreError::Damaged("something follows its end"))));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "an attempt leaves nothing behind");
    assert_eq!(restored(&bytes).unwrap(), 10);
    assert!(matches!(restored(&bytes), Err(RestoreError::Exists(_))));
    let copy = crate::Embedded::open(&path, Limits::STANDARD).unwrap();
    assert_eq!(copy.range(&Range::of("")).unwrap(), store.range(&Range::of("")).unwrap());
    assert!(matches!(copy.watch("", Start::After(9)), Err(StoreError::Compacted { .. })));
    assert_eq!(copy.create("/new", value("x")).unwrap().revision, 11);
    drop(copy);
    std::fs::remove_dir_all(&folder).unwrap();
}
