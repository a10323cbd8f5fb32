//! What a plugin remembers between requests.

#![expect(
    clippy::disallowed_types,
    reason = "rate limits and recent deletions outlive a request; what is remembered has a bound, and time is an argument"
)]

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Entries by key, of which the least recently used are forgotten.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    most: usize,
    entries: Mutex<Entries<T>>,
}

#[derive(Debug)]
struct Entries<T> {
    uses: u64,
    by_key: BTreeMap<String, (u64, T)>,
    by_use: BTreeMap<u64, String>,
}

impl<T> Recent<T> {
    /// Nothing yet, and never more than `most` entries.
    pub(crate) fn new(most: usize) -> Self {
        let entries = Entries { uses: 0, by_key: BTreeMap::new(), by_use: BTreeMap::new() };
        Self { most, entries: Mutex::new(entries) }
    }

    /// What `change` says of the entry of a key, which is made by `start` where there is none.
    pub(crate) fn with<R>(
        &self,
        key: &str,
        start: impl FnOnce() -> T,
        change: impl FnOnce(&mut T) -> R,
    ) -> R {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.uses += 1;
        let now = entries.uses;
        let mut value = match entries.by_key.remove(key) {
            Some((used, value)) => {
                entries.by_use.remove(&used);
                value
            }
            None => start(),
        };
        let said = change(&mut value);
        entries.by_key.insert(key.to_owned(), (now, value));
        entries.by_use.insert(now, key.to_owned());
        while entries.by_key.len() > self.most {
            let Some((_, oldest)) = entries.by_use.pop_first() else { break };
            entries.by_key.remove(&oldest);
        }
        said
    }

    /// What `look` says of the entry of a key, if there is one. It does not count as a use.
    pub(crate) fn look<R>(&self, key: &str, look: impl FnOnce(&T) -> R) -> Option<R> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.by_key.get(key).map(|(_, value)| look(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_is_forgotten() {
        let recent = Recent::new(2);
        let count = |key: &str| {
            recent.with(
                key,
                || 0,
                |count| {
                    *count += 1;
                    *count
                },
            )
        };
        assert_eq!([count("a"), count("b"), count("a"), count("c")], [1, 1, 2, 1]);
        assert_eq!((recent.look("b", |count| *count), recent.look("a", |count| *count)), (None, Some(2)));
        assert_eq!([count("b"), count("c"), count("a")], [1, 2, 1]);
    }
}
