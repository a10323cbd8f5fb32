//! Many at once.

use super::{Backend, next, value};
use crate::{Condition, Limits, Range, Revision, Start, StoreError, Write};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const THREADS: usize = 8;

pub(super) fn races(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    let store = &*store;
    for round in 0..20 {
        let key = format!("/race/{round}");
        let won = |outcome: &Result<_, StoreError>| match outcome {
            Ok(_) => true,
            Err(StoreError::Exists(_) | StoreError::Conflict { .. } | StoreError::NotFound) => false,
            Err(other) => panic!("{other}"),
        };
        let all = |write: &(dyn Fn(usize) -> Write + Sync)| {
            thread::scope(|scope| {
                let submit = |number: usize| store.submit(write(number)).wait();
                let threads: Vec<_> =
                    (0..THREADS).map(|number| scope.spawn(move || submit(number))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).filter(won).count()
            })
        };
        assert_eq!(all(&|number| Write::create(key.as_str(), number.to_string())), 1);
        let at = store.get(&key).unwrap().unwrap().mod_revision;
        assert_eq!(all(&|number| Write::update(key.as_str(), at, number.to_string())), 1);
        let at = store.get(&key).unwrap().unwrap().mod_revision;
        assert_eq!(all(&|_| Write::delete(key.as_str(), Condition::At(at))), 1);
    }
    assert_eq!(store.revision(), 60);
}

pub(super) fn counters(backend: &dyn Backend) {
    const STEPS: u32 = 30;
    let store = backend.open(Limits::STANDARD);
    store.create("/counter", value("0")).unwrap();
    let add = || {
        for _ in 0..STEPS {
            loop {
                let entry = store.get("/counter").unwrap().unwrap();
                let number: u32 = std::str::from_utf8(&entry.value).unwrap().parse().unwrap();
                match store.update("/counter", entry.mod_revision, value((number + 1).to_string())) {
                    Ok(_) => break,
                    Err(StoreError::Conflict { .. }) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(add);
        }
    });
    let total = u32::try_from(THREADS).unwrap() * STEPS;
    assert_eq!(store.get("/counter").unwrap().unwrap().value, value(total.to_string()));
    assert_eq!(store.revision(), Revision::from(total) + 1);
}

pub(super) fn watchers(backend: &dyn Backend) {
    const EACH: usize = 100;
    let store = backend.open(Limits::STANDARD);
    let total = THREADS * EACH;
    let read = |start: Revision, prefix: &'static str, count: usize| {
        let mut watcher = store.watch(prefix, Start::After(start)).unwrap();
        (0..count).map(|_| next(&mut watcher).revision).collect::<Vec<Revision>>()
    };
    let all: Vec<Revision> = (1..).take(total).collect();
    thread::scope(|scope| {
        for writer in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                for number in 0..EACH {
                    store.create(&format!("/{writer}/{number}"), value("x")).unwrap();
                }
            });
        }
        let early = scope.spawn(|| read(0, "", total));
        let one = scope.spawn(|| read(0, "/3/", EACH));
        // Watches begin all the while, each from where the writers happen to be.
        let joined: Vec<_> = (0..20)
            .map(|_| {
                let at = store.revision();
                let left = total - usize::try_from(at).unwrap();
                (at, scope.spawn(move || read(at, "", left)))
            })
            .collect();
        assert_eq!(early.join().unwrap(), all);
        let mine = one.join().unwrap();
        assert!(mine.is_sorted_by(|a, b| a < b) && mine.len() == EACH);
        for (at, seen) in joined {
            assert_eq!(seen.join().unwrap(), all[usize::try_from(at).unwrap()..]);
        }
    });
    assert_eq!(read(0, "", total), all);
}

pub(super) fn reads(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    thread::scope(|scope| {
        for writer in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                let key = format!("/{writer}");
                for number in 0..50 {
                    let written = store.submit(Write::put(key.as_str(), number.to_string())).wait().unwrap();
                    let entry = store.get(&key).unwrap().unwrap();
                    assert_eq!(
                        (entry.mod_revision, &entry.value),
                        (written.revision, &value(number.to_string()))
                    );
                    assert!(store.revision() >= written.revision);
                    let page = store.range(&Range { at: Some(written.revision), ..Range::of(&key) }).unwrap();
                    assert_eq!(page.entries, [entry]);
                }
            });
        }
    });
}

pub(super) fn pages(backend: &dyn Backend) {
    let store = backend.open(Limits::STANDARD);
    for number in 0..50 {
        store.create(&format!("/k/{number:02}"), value("0")).unwrap();
    }
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..200 {
                let key = format!("/k/{:02}", round * 7 % 50);
                if round % 3 == 0 {
                    let _ = store.submit(Write::delete(key, Condition::Any)).wait();
                } else {
                    store.submit(Write::put(key, round.to_string())).wait().unwrap();
                }
            }
            is_over.store(true, Ordering::SeqCst);
        });
        while !is_over.load(Ordering::SeqCst) {
            let whole = store.range(&Range::of("/k/")).unwrap();
            let (mut paged, mut after) = (Vec::new(), None::<String>);
            loop {
                let at = Some(whole.revision);
                let range = Range { after: after.as_deref(), limit: 7, at, ..Range::of("/k/") };
                let page = store.range(&range).unwrap();
                after = page.entries.last().map(|entry| entry.key.to_string());
                paged.extend(page.entries);
                if page.remaining == 0 {
                    break;
                }
            }
            assert_eq!(paged, whole.entries);
            let keys: BTreeSet<_> = paged.iter().map(|entry| &entry.key).collect();
            assert_eq!(keys.len(), paged.len());
        }
    });
}
