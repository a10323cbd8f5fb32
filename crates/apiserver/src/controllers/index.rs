//! Who refers to whom as an owner, by hashes of uids: where to look, never what to do.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

/// A reference to an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// The hash of its uid.
    pub(super) owner: u64,
    /// Whether the owner has to wait for the one that refers to it.
    pub(super) blocks: bool,
}

/// What is known of references. It holds what refers to owners, and nothing of all else.
#[derive(Default)]
pub(super) struct Index {
    hasher: RandomState,
    dependents: BTreeSet<(u64, Arc<str>)>,
    edges: BTreeMap<Arc<str>, Box<[Edge]>>,
    /// Those who wait until their dependents have gone.
    waiting: BTreeMap<u64, Arc<str>>,
}

impl Index {
    /// The hash of a uid.
    pub(super) fn hash(&self, uid: &str) -> u64 {
        self.hasher.hash_one(uid)
    }

    /// Whether nothing refers to anything.
    pub(super) fn is_empty(&self) -> bool {
        self.dependents.is_empty()
    }

    /// Whether nobody waits.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Says to whom an object refers from now on; what it said before comes back.
    pub(super) fn set(&mut self, key: &Arc<str>, edges: &[Edge]) -> Box<[Edge]> {
        let before = self.edges.remove(key).unwrap_or_default();
        for edge in &before {
            self.dependents.remove(&(edge.owner, Arc::clone(key)));
        }
        if !edges.is_empty() {
            self.edges.insert(Arc::clone(key), edges.into());
        }
        for edge in edges {
            self.dependents.insert((edge.owner, Arc::clone(key)));
        }
        before
    }

    /// The keys of those who refer to an owner.
    pub(super) fn dependents(&self, owner: u64) -> impl Iterator<Item = &Arc<str>> {
        let from = (owner, Arc::from(""));
        self.dependents.range(from..).take_while(move |(of, _)| *of == owner).map(|(_, key)| key)
    }

    /// Whether an owner has to wait for somebody.
    pub(super) fn is_blocked(&self, owner: u64) -> bool {
        self.dependents(owner).any(|key| {
            let edges = self.edges.get(key).map(|edges| &**edges).unwrap_or_default();
            edges.iter().any(|edge| edge.owner == owner && edge.blocks)
        })
    }

    /// An owner begins to wait.
    pub(super) fn wait(&mut self, owner: u64, key: &Arc<str>) {
        self.waiting.insert(owner, Arc::clone(key));
    }

    /// Nobody waits under a key any more.
    pub(super) fn wait_no_more(&mut self, key: &str) {
        self.waiting.retain(|_, waiting| **waiting != *key);
    }

    /// The key of an owner that waits.
    pub(super) fn waiting(&self, owner: u64) -> Option<&Arc<str>> {
        self.waiting.get(&owner)
    }

    /// Whether one of those who refer to an owner waits itself.
    pub(super) fn has_waiting_dependent(&self, owner: u64) -> bool {
        self.waiting.values().any(|key| self.dependents.contains(&(owner, Arc::clone(key))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_come_and_go() {
        let mut index = Index::default();
        let (owner, other) = (index.hash("owner"), index.hash("other"));
        let edge = |owner, blocks| Edge { owner, blocks };
        let (a, b): (Arc<str>, Arc<str>) = (Arc::from("a"), Arc::from("b"));
        assert!(index.set(&a, &[edge(owner, false), edge(other, true)]).is_empty());
        index.set(&b, &[edge(owner, true)]);
        assert_eq!(index.dependents(owner).map(|key| &**key).collect::<Vec<_>>(), ["a", "b"]);
        assert!(index.is_blocked(owner) && index.is_blocked(other));
        assert_eq!(&*index.set(&b, &[]), [edge(owner, true)]);
        assert!(!index.is_blocked(owner));
        index.wait(other, &b);
        assert_eq!((index.waiting(other), index.has_waiting_dependent(owner)), (Some(&b), false));
        index.wait(other, &a);
        assert!(index.has_waiting_dependent(owner));
        index.wait_no_more("a");
        index.set(&a, &[]);
        assert!(index.is_empty() && index.is_idle() && index.edges.is_empty());
    }
}
