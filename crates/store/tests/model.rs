//! Whatever is done in whatever order, a store answers as a list of all its pasts would.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop the process")]

use proptest::prelude::*;
use ravelin_store::{
    Condition, Embedded, Entry, Limits, Memory, Range, Revision, Start, Store, StoreError, Write,
};
use std::collections::BTreeMap;

/// Something that is done.
#[derive(Clone, Debug)]
enum Step {
    Write { key: u8, value: Option<u8>, condition: Wanted, expires: Option<u64> },
    Compact(u8),
    Expire(u64),
    Reopen,
}

/// A condition, where the revision is relative to the one the key has.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Any,
    Absent,
    Present,
    Current,
    Stale,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wanted = prop_oneof![
        Just(Wanted::Any),
        Just(Wanted::Absent),
        Just(Wanted::Present),
        Just(Wanted::Current),
        Just(Wanted::Stale)
    ];
    let write =
        (0..6_u8, prop::option::weighted(0.7, 0..4_u8), wanted, prop::option::weighted(0.2, 1..10_u64))
            .prop_map(|(key, value, condition, expires)| Step::Write { key, value, condition, expires });
    let step = prop_oneof![
        12 => write,
        1 => (0..40_u8).prop_map(Step::Compact),
        1 => (1..10_u64).prop_map(Step::Expire),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 0..40)
}

const KEYS: [&str; 6] = ["/a", "/a/b", "/a/c", "/b", "/", "/a0"];

/// Every past, by revision.
struct Model {
    pasts: Vec<BTreeMap<String, Entry>>,
    changes: Vec<(String, Option<Entry>, Option<Entry>)>,
    compacted: usize,
}

impl Model {
    fn now(&self) -> &BTreeMap<String, Entry> {
        self.pasts.last().unwrap()
    }

    fn revision(&self) -> Revision {
        Revision::try_from(self.pasts.len() - 1).unwrap()
    }

    fn write(&mut self, write: &Write) -> Result<Revision, StoreError> {
        let key = write.key.to_string();
        let previous = self.now().get(&key).cloned();
        match (write.condition, &previous) {
            (Condition::Absent, Some(entry)) => return Err(StoreError::Exists(entry.clone())),
            (Condition::At(expected), Some(entry)) if expected != entry.mod_revision => {
                return Err(StoreError::Conflict { expected, current: entry.clone() });
            }
            (Condition::At(_) | Condition::Present, None) => return Err(StoreError::NotFound),
            (_, None) if write.value.is_none() => return Err(StoreError::NotFound),
            _ => {}
        }
        let revision = self.revision() + 1;
        let current = write.value.clone().map(|value| Entry {
            key: write.key.clone(),
            value,
            create_revision: previous.as_ref().map_or(revision, |entry| entry.create_revision),
            mod_revision: revision,
            expires: write.expires,
        });
        let mut now = self.now().clone();
        match &current {
            Some(entry) => now.insert(key.clone(), entry.clone()),
            None => now.remove(&key),
        };
        self.pasts.push(now);
        self.changes.push((key, current, previous));
        Ok(revision)
    }
}

fn condition(wanted: Wanted, model: &Model, key: &str) -> Condition {
    let at = model.now().get(key).map_or(1, |entry| entry.mod_revision);
    match wanted {
        Wanted::Any => Condition::Any,
        Wanted::Absent => Condition::Absent,
        Wanted::Present => Condition::Present,
        Wanted::Current => Condition::At(at),
        Wanted::Stale => Condition::At(at - 1),
    }
}

fn check(store: &dyn Store, model: &Model) -> Result<(), TestCaseError> {
    let statistics = store.statistics();
    prop_assert_eq!(statistics.revision, model.revision());
    prop_assert_eq!(statistics.keys, model.now().len());
    for (at, past) in model.pasts.iter().enumerate() {
        let revision = Revision::try_from(at).unwrap();
        for prefix in ["", "/a", "/a/"] {
            let range = Range { at: Some(revision), ..Range::of(prefix) };
            let page = store.range(&range);
            if at < model.compacted {
                prop_assert!(matches!(page, Err(StoreError::Compacted { .. })), "{page:?}");
                continue;
            }
            let expected: Vec<Entry> = past
                .iter()
                .filter(|(key, _)| key.starts_with(prefix))
                .map(|(_, entry)| entry.clone())
                .collect();
            prop_assert_eq!(page.unwrap().entries, expected.clone());
            let first = store.range(&Range { limit: 2, ..range }).unwrap();
            prop_assert_eq!(&first.entries, &expected[..expected.len().min(2)]);
            prop_assert_eq!(first.remaining, expected.len().saturating_sub(2) as u64);
        }
        let watcher = store.watch("", Start::After(revision));
        if at < model.compacted {
            let is_compacted = matches!(watcher, Err(StoreError::Compacted { .. }));
            prop_assert!(is_compacted);
            continue;
        }
        let mut watcher = watcher.unwrap();
        for (index, (key, current, previous)) in model.changes.iter().enumerate().skip(at) {
            let event = watcher.try_next().unwrap().unwrap();
            prop_assert_eq!(event.revision, Revision::try_from(index + 1).unwrap());
            prop_assert_eq!(
                (&*event.key, &event.current, &event.previous),
                (key.as_str(), current, previous)
            );
        }
        prop_assert!(watcher.try_next().is_none());
    }
    Ok(())
}

fn play(
    mut store: Box<dyn Store>,
    reopen: &dyn Fn(Box<dyn Store>) -> Box<dyn Store>,
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let mut model = Model { pasts: vec![BTreeMap::new()], changes: Vec::new(), compacted: 0 };
    for step in steps {
        match step {
            Step::Write { key, value, condition: wanted, expires } => {
                let key = KEYS[usize::from(*key)];
                let value = value.map(|value| vec![value; usize::from(value)].into());
                let condition = condition(*wanted, &model, key);
                let write = Write { key: key.into(), value, condition, expires: *expires };
                let written = store.submit(write.clone()).wait().map(|written| written.revision);
                prop_assert_eq!(written, model.write(&write));
            }
            Step::Compact(target) => {
                let outcome = store.compact(Revision::from(*target)).wait();
                prop_assert_eq!(outcome.is_ok(), Revision::from(*target) <= model.revision());
                if outcome.is_ok() {
                    model.compacted = model.compacted.max(usize::from(*target));
                }
            }
            Step::Expire(now) => {
                let mut due: Vec<Entry> = model
                    .now()
                    .values()
                    .filter(|entry| entry.expires.is_some_and(|at| at <= *now))
                    .cloned()
                    .collect();
                due.sort_by_key(|entry| (entry.expires, entry.key.clone()));
                prop_assert_eq!(store.expire(*now), Ok(due.len()));
                for entry in due {
                    model.write(&Write::delete(entry.key, Condition::Any)).unwrap();
                }
            }
            Step::Reopen => store = reopen(store),
        }
    }
    check(&*store, &model)?;
    check(&*reopen(store), &model)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn memory_answers_as_the_model(steps in steps()) {
        play(Box::new(Memory::new(Limits::STANDARD)), &|store| store, &steps)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn embedded_answers_as_the_model(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let open = || Box::new(Embedded::open(&path, Limits::STANDARD).unwrap()) as Box<dyn Store>;
        let reopen = |store| {
            drop(store);
            open()
        };
        play(open(), &reopen, &steps)?;
    }
}
