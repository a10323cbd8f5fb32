//! Single writes.

use super::{Backend, value};
use crate::{Condition, Limits, Range, StoreError, Write};

pub(super) fn revisions(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    assert_eq!((store.revision(), store.get("/a").unwrap()), (0, None));
    let first = store.create("/a", value("1")).unwrap();
    assert_eq!((first.revision, first.previous), (1, None));
    let second = store.update("/a", 1, value("2")).unwrap();
    assert_eq!((second.revision, second.previous.unwrap().value), (2, value("1")));
    assert_eq!(store.create("/b", value("x")).unwrap().revision, 3);
    let entry = store.get("/a").unwrap().unwrap();
    assert_eq!((entry.create_revision, entry.mod_revision, entry.value), (1, 2, value("2")));
    assert_eq!(store.delete("/a", 2).unwrap().revision, 4);
    assert_eq!(store.get("/a").unwrap(), None);
    let again = store.create("/a", value("3")).unwrap();
    assert_eq!(again.revision, 5);
    assert_eq!(store.get("/a").unwrap().unwrap().create_revision, 5);
    assert_eq!(store.revision(), 5);
}

pub(super) fn conditions(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    let submit = |write: Write| store.submit(write).wait();
    assert_eq!(store.update("/a", 1, value("x")), Err(StoreError::NotFound));
    assert_eq!(store.delete("/a", 1), Err(StoreError::NotFound));
    assert_eq!(submit(Write::delete("/a", Condition::Any)), Err(StoreError::NotFound));
    assert_eq!(submit(Write::delete("/a", Condition::Absent)), Err(StoreError::NotFound));
    let present = Write { condition: Condition::Present, ..Write::put("/a", "x") };
    assert_eq!(submit(present.clone()), Err(StoreError::NotFound));
    assert_eq!(store.revision(), 0, "what fails has no revision");
    store.create("/a", value("1")).unwrap();
    let entry = store.get("/a").unwrap().unwrap();
    assert_eq!(store.create("/a", value("2")), Err(StoreError::Exists(entry.clone())));
    let conflict = StoreError::Conflict { expected: 7, current: entry.clone() };
    assert_eq!(store.update("/a", 7, value("2")), Err(conflict.clone()));
    assert_eq!(store.delete("/a", 7), Err(conflict));
    assert_eq!(store.get("/a").unwrap(), Some(entry));
    assert_eq!(submit(present).unwrap().revision, 2);
    assert_eq!(submit(Write::put("/b", "y")).unwrap().revision, 3);
    assert_eq!(submit(Write::put("/b", "")).unwrap().revision, 4);
    assert_eq!(store.get("/b").unwrap().unwrap().value, value(""), "an empty value is a value");
    assert_eq!(submit(Write::delete("/b", Condition::Any)).unwrap().revision, 5);
    assert_eq!(store.update("/b", 4, value("z")), Err(StoreError::NotFound));
}

pub(super) fn sizes(backend: &dyn Backend) {
    let limits = Limits { key: 4, value: 3, ..Limits::STANDARD };
    let store = backend.open(limits);
    let too_large = |what, size, limit| Err(StoreError::TooLarge { what, size, limit });
    assert_eq!(store.create("/abcd", value("")), too_large("key", 5, 4));
    assert_eq!(store.create("/abc", value("1234")), too_large("value", 4, 3));
    assert_eq!(store.create("/abc", value("123")).unwrap().revision, 1);
}

pub(super) fn expiry(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    for (key, expires) in [("/a", 10), ("/b", 20), ("/c", 10), ("/d", 5)] {
        store.submit(Write::create(key, "x").expiring(expires)).wait().unwrap();
    }
    assert_eq!(store.get("/a").unwrap().unwrap().expires, Some(10));
    store.submit(Write::put("/c", "y").expiring(30)).wait().unwrap();
    store.submit(Write::put("/d", "y")).wait().unwrap();
    assert_eq!(store.expire(9).unwrap(), 0);
    assert_eq!(store.expire(10).unwrap(), 1, "only what still expires then");
    assert_eq!(store.get("/a").unwrap(), None);
    assert_eq!(store.revision(), 7, "an expiry is a delete");
    assert_eq!(store.expire(10).unwrap(), 0);
    assert_eq!(store.expire(100).unwrap(), 2);
    let left = store.range(&Range::of("/")).unwrap().entries;
    assert_eq!(left.iter().map(|entry| &*entry.key).collect::<Vec<_>>(), ["/d"]);
}
