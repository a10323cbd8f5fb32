//! Many keys at once.

use super::{Backend, value};
use crate::{Condition, Limits, Page, Range, Start, StoreError, Write};

fn keys(page: &Page) -> Vec<&str> {
    page.entries.iter().map(|entry| &*entry.key).collect()
}

pub(super) fn prefixes(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    for key in ["/p/b", "/p/a", "/p", "/pa", "/p/a/c", "/q", "/p/é"] {
        store.create(key, value(key)).unwrap();
    }
    let of = |prefix| store.range(&Range::of(prefix)).unwrap();
    assert_eq!(keys(&of("/p/")), ["/p/a", "/p/a/c", "/p/b", "/p/é"]);
    assert_eq!(keys(&of("/p")).len(), 6);
    assert_eq!(keys(&of("")).len(), 7);
    assert_eq!(keys(&of("/z")), [""; 0]);
    assert_eq!(of("/q").entries[0].value, value("/q"));
    assert_eq!((of("/q").revision, of("/q").remaining), (7, 0));
    for (prefix, count) in [("/p/", 4), ("", 7), ("/z", 0)] {
        assert_eq!(store.count(prefix).unwrap(), count);
    }
    store.delete("/p/a", 2).unwrap();
    assert_eq!(keys(&of("/p/")), ["/p/a/c", "/p/b", "/p/é"]);
    assert_eq!((store.count("/p/").unwrap(), store.count("").unwrap()), (3, 6));
    let outside = Range { after: Some("/a"), ..Range::of("/q") };
    assert_eq!(keys(&store.range(&outside).unwrap()), ["/q"], "a start before the prefix is its beginning");
    let behind = Range { after: Some("/r"), ..Range::of("/q") };
    assert_eq!(keys(&store.range(&behind).unwrap()), [""; 0]);
}

pub(super) fn pages(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    for number in 0..10 {
        store.create(&format!("/k/{number}"), value("x")).unwrap();
    }
    let first = store.range(&Range { limit: 4, ..Range::of("/k/") }).unwrap();
    assert_eq!(
        (keys(&first), first.remaining, first.revision),
        (vec!["/k/0", "/k/1", "/k/2", "/k/3"], 6, 10)
    );
    store.delete("/k/5", 6).unwrap();
    store.create("/k/45", value("new")).unwrap();
    store.submit(Write::put("/k/6", "new")).wait().unwrap();
    let go_on = Range { after: Some("/k/3"), limit: 4, at: Some(10), ..Range::of("/k/") };
    let second = store.range(&go_on).unwrap();
    assert_eq!((keys(&second), second.remaining), (vec!["/k/4", "/k/5", "/k/6", "/k/7"], 2));
    assert_eq!(second.entries[2].value, value("x"));
    let third = store.range(&Range { after: Some("/k/7"), ..go_on }).unwrap();
    assert_eq!((keys(&third), third.remaining), (vec!["/k/8", "/k/9"], 0));
    let exact = store.range(&Range { limit: 10, ..Range::of("/k/") }).unwrap();
    assert_eq!((exact.entries.len(), exact.remaining), (10, 0));
}

pub(super) fn past(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    store.create("/a", value("1")).unwrap();
    store.update("/a", 1, value("2")).unwrap();
    store.create("/b", value("3")).unwrap();
    store.delete("/a", 2).unwrap();
    store.create("/a", value("5")).unwrap();
    let seen = |at| {
        let page = store.range(&Range { at: Some(at), ..Range::of("/") })?;
        let text = |entry: &crate::Entry| format!("{}{}", entry.key, String::from_utf8_lossy(&entry.value));
        Ok(page.entries.iter().map(text).collect::<Vec<_>>())
    };
    let all: [&[&str]; 6] = [&[], &["/a1"], &["/a2"], &["/a2", "/b3"], &["/b3"], &["/a5", "/b3"]];
    for (at, expected) in all.iter().enumerate() {
        assert_eq!(seen(i64::try_from(at).unwrap()).unwrap(), *expected, "{at}");
    }
    assert_eq!(seen(6), Err(StoreError::Future { requested: 6, current: 5 }));
    assert_eq!(store.compact(6).wait(), Err(StoreError::Future { requested: 6, current: 5 }));
    for (target, oldest) in [(2, 2), (1, 2), (4, 4), (4, 4), (5, 5)] {
        store.compact(target).wait().unwrap();
        assert_eq!(store.statistics().compacted, oldest);
        for (at, expected) in (0..).zip(all) {
            let compacted = StoreError::Compacted { requested: at, compacted: oldest };
            let expected = if at < oldest { Err(compacted) } else { Ok(expected) };
            assert_eq!(seen(at), expected.map(|list| list.iter().map(|text| (*text).to_owned()).collect()));
        }
    }
    assert_eq!(store.statistics().history, 0);
    assert_eq!(store.create("/c", value("6")).unwrap().revision, 6, "revisions go on");
}

pub(super) fn overflow(backend: &dyn Backend) {
    let store = backend.open(Limits { history: 40, ..Limits::STANDARD });
    for number in 0..200 {
        store.submit(Write::put(format!("/k/{}", number % 7), number.to_string())).wait().unwrap();
    }
    store.submit(Write::delete("/k/0", Condition::Any)).wait().unwrap();
    // A backend may compact a little later than it writes.
    for _ in 0..1000 {
        if store.statistics().history <= 40 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let statistics = store.statistics();
    assert!(statistics.history <= 40 && statistics.compacted >= 150, "{statistics:?}");
    assert_eq!(store.count("/k/").unwrap(), 6);
    assert!(matches!(store.watch("", Start::After(1)), Err(StoreError::Compacted { .. })));
    let page = store.range(&Range { at: Some(statistics.compacted), ..Range::of("") }).unwrap();
    assert_eq!(page.entries.len(), 7);
}
