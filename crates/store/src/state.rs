//! What is kept: every key with its versions, and the writes since the last compaction.
//!
//! INVARIANT: `log` holds the events of the revisions `compacted + 1 ..= revision`, one each.
//! INVARIANT: of each key the versions ascend, and the last one that is not behind `compacted` is there, unless it
//! is a deletion.

use crate::{Condition, Entry, Event, Limits, Page, Range, Revision, StoreError, Timestamp, Write};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

/// What is kept.
#[derive(Default)]
pub(crate) struct State {
    keys: BTreeMap<Arc<str>, Vec<Version>>,
    live: usize,
    log: VecDeque<Arc<Event>>,
    revision: Revision,
    compacted: Revision,
    expiries: BTreeSet<(Timestamp, Arc<str>)>,
}

/// What a key held from a revision on.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) mod_revision: Revision,
    pub(crate) create_revision: Revision,
    pub(crate) expires: Option<Timestamp>,
    /// Nothing if it was deleted.
    pub(crate) value: Option<Bytes>,
}

impl Version {
    fn entry(&self, key: &Arc<str>) -> Option<Entry> {
        Some(Entry {
            key: Arc::clone(key),
            value: self.value.clone()?,
            create_revision: self.create_revision,
            mod_revision: self.mod_revision,
            expires: self.expires,
        })
    }
}

impl State {
    /// A state read from elsewhere, without history: every version is at or before `compacted`.
    pub(crate) fn at(compacted: Revision) -> Self {
        Self { revision: compacted, compacted, ..Self::default() }
    }

    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    pub(crate) fn compacted(&self) -> Revision {
        self.compacted
    }

    pub(crate) fn live(&self) -> usize {
        self.live
    }

    pub(crate) fn history(&self) -> usize {
        self.log.len()
    }

    /// What a key holds now.
    pub(crate) fn get(&self, key: &str) -> Option<Entry> {
        let (key, versions) = self.keys.get_key_value(key)?;
        versions.last()?.entry(key)
    }

    /// All that is current, by key.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.keys.iter().filter_map(|(key, versions)| versions.last()?.entry(key))
    }

    pub(crate) fn range(&self, range: &Range<'_>) -> Result<Page, StoreError> {
        let at = range.at.unwrap_or(self.revision);
        self.check(at)?;
        if at > self.revision {
            return Err(StoreError::Future { requested: at, current: self.revision });
        }
        let mut found = self.under(range.prefix, range.after).filter_map(|(key, versions)| {
            let version = versions.iter().rev().find(|version| version.mod_revision <= at)?;
            version.value.is_some().then_some((key, version))
        });
        let limit = if range.limit == 0 { usize::MAX } else { range.limit };
        let entries = found.by_ref().take(limit).filter_map(|(key, version)| version.entry(key)).collect();
        let remaining = if range.limit == 0 { 0 } else { found.count() };
        Ok(Page { entries, revision: at, remaining: u64::try_from(remaining).unwrap_or(u64::MAX) })
    }

    pub(crate) fn count(&self, prefix: &str) -> u64 {
        let has_value =
            |(_, versions): &(_, &Vec<Version>)| versions.last().is_some_and(|last| last.value.is_some());
        let count =
            if prefix.is_empty() { self.live } else { self.under(prefix, None).filter(has_value).count() };
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// The keys with a prefix behind another key.
    fn under<'s>(
        &'s self,
        prefix: &'s str,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'s Arc<str>, &'s Vec<Version>)> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let from = self.keys.range::<str, _>((start, Bound::Unbounded));
        from.take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// The events behind a revision.
    pub(crate) fn events_after(
        &self,
        after: Revision,
    ) -> Result<impl Iterator<Item = &Arc<Event>>, StoreError> {
        self.check(after)?;
        let skip = usize::try_from(after - self.compacted).unwrap_or(usize::MAX);
        Ok(self.log.iter().skip(skip))
    }

    fn check(&self, requested: Revision) -> Result<(), StoreError> {
        let compacted = self.compacted;
        if requested < compacted { Err(StoreError::Compacted { requested, compacted }) } else { Ok(()) }
    }

    /// The keys that have expired at a time, each with the revision at which it was written.
    pub(crate) fn expired(&self, now: Timestamp) -> Vec<(Arc<str>, Revision)> {
        let due = self.expiries.iter().take_while(|(expires, _)| *expires <= now);
        due.filter_map(|(_, key)| self.get(key).map(|entry| (entry.key, entry.mod_revision))).collect()
    }

    /// Carries a planned write out.
    pub(crate) fn apply(&mut self, event: &Arc<Event>) {
        self.load(Version::of(event), &event.key);
        self.log.push_back(Arc::clone(event));
    }

    /// Takes a version in that has no place in the history.
    pub(crate) fn load(&mut self, version: Version, key: &Arc<str>) {
        self.revision = self.revision.max(version.mod_revision);
        // One text for all versions of a key.
        let own = self.keys.get_key_value(key).map_or(key, |(own, _)| own);
        let key = Arc::clone(own);
        let is_live = version.value.is_some();
        let expires = version.expires;
        let versions = self.keys.entry(Arc::clone(&key)).or_default();
        let before = versions.last().map(|last| (last.value.is_some(), last.expires));
        versions.push(version);
        let (was_live, expired) = before.unwrap_or_default();
        self.live = self.live + usize::from(is_live) - usize::from(was_live);
        if let Some(expired) = expired {
            self.expiries.remove(&(expired, Arc::clone(&key)));
        }
        if let Some(expires) = expires {
            self.expiries.insert((expires, key));
        }
    }

    /// The revisions whose versions nobody can see any more behind a compaction.
    pub(crate) fn forgotten_by(&self, target: Revision) -> Vec<Revision> {
        let mut forgotten = Vec::new();
        for event in self.log.iter().take_while(|event| event.revision <= target) {
            forgotten.extend(event.previous.as_ref().map(|previous| previous.mod_revision));
            if event.current.is_none() {
                forgotten.push(event.revision);
            }
        }
        forgotten
    }

    /// Forgets what was before a revision, which must not be in the future.
    pub(crate) fn compact(&mut self, target: Revision) {
        while let Some(event) = self.log.pop_front_if(|event| event.revision <= target) {
            let Some(versions) = self.keys.get_mut(&event.key) else { continue };
            let behind = versions.iter().take_while(|version| version.mod_revision <= target).count();
            let last_is_deletion = behind
                .checked_sub(1)
                .and_then(|last| versions.get(last))
                .is_some_and(|last| last.value.is_none());
            versions.drain(..if last_is_deletion { behind } else { behind.saturating_sub(1) });
            if versions.is_empty() {
                self.keys.remove(&event.key);
            }
        }
        self.compacted = self.compacted.max(target);
    }
}

impl Version {
    fn of(event: &Event) -> Self {
        let current = event.current.as_ref();
        Self {
            mod_revision: event.revision,
            create_revision: current.map_or(0, |entry| entry.create_revision),
            expires: current.and_then(|entry| entry.expires),
            value: current.map(|entry| entry.value.clone()),
        }
    }
}

/// Writes that are decided but not carried out: later ones see what earlier ones will have done.
pub(crate) struct Plan<'s> {
    state: &'s State,
    limits: &'s Limits,
    staged: BTreeMap<Arc<str>, Option<Entry>>,
    revision: Revision,
}

impl<'s> Plan<'s> {
    pub(crate) fn new(state: &'s State, limits: &'s Limits) -> Self {
        Self { state, limits, staged: BTreeMap::new(), revision: state.revision }
    }

    /// Decides about a write, and gives it its revision.
    pub(crate) fn add(&mut self, write: Write) -> Result<Arc<Event>, StoreError> {
        let Write { key, value, condition, expires } = write;
        self.check_size("key", key.len(), self.limits.key)?;
        self.check_size("value", value.as_ref().map_or(0, Bytes::len), self.limits.value)?;
        let previous = match self.staged.get(&key) {
            Some(staged) => staged.clone(),
            None => self.state.get(&key),
        };
        match (condition, &previous) {
            (Condition::Absent, Some(entry)) => return Err(StoreError::Exists(entry.clone())),
            (Condition::Present | Condition::At(_), None) => return Err(StoreError::NotFound),
            (Condition::At(expected), Some(entry)) if entry.mod_revision != expected => {
                return Err(StoreError::Conflict { expected, current: entry.clone() });
            }
            (_, None) if value.is_none() => return Err(StoreError::NotFound),
            _ => {}
        }
        self.revision += 1;
        let revision = self.revision;
        let create_revision = previous.as_ref().map_or(revision, |entry| entry.create_revision);
        let current = value.map(|value| Entry {
            key: Arc::clone(&key),
            value,
            create_revision,
            mod_revision: revision,
            expires,
        });
        self.staged.insert(Arc::clone(&key), current.clone());
        Ok(Arc::new(Event { revision, key, current, previous }))
    }

    fn check_size(&self, what: &'static str, size: usize, limit: usize) -> Result<(), StoreError> {
        if size > limit { Err(StoreError::TooLarge { what, size, limit }) } else { Ok(()) }
    }
}
