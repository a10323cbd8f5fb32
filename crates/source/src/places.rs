//! Field paths become places: which bytes of a document a finding points at.
//!
//! A [`Places`] is the tree of spans of one document. [`Lines`] makes lines and columns of byte offsets.

mod json;
mod lines;
mod plain;
mod tree;
mod yaml;

pub use lines::Lines;

use ravelin_diag::{Anchor, FieldPath, Segment};
use ravelin_yaml::Limits;
use tree::{Bytes, Content, NodeId, Tree};

/// Where everything in one document is written. All offsets are bytes from the start of its text.
///
/// What an alias or a merge key brings in is placed where it is written: at the anchor.
#[derive(Clone, Debug, PartialEq)]
pub struct Places<'t> {
    tree: Tree<'t>,
    root: NodeId,
    duplicates: Vec<DuplicateKey>,
}

/// A key that appears again in its mapping. The last one wins; strict decoding refuses the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The key, unquoted.
    pub key: String,
    /// The later key.
    pub span: (u32, u32),
    /// The earlier one.
    pub first: (u32, u32),
}

impl<'t> Places<'t> {
    /// The places of the first document of a YAML text; nothing where the text holds none, or none that
    /// Kubernetes reads.
    #[must_use]
    pub fn of_yaml(text: &'t str, limits: &Limits) -> Option<Self> {
        plain::places(text, limits).or_else(|| yaml::places(text, limits))
    }

    /// The places of a JSON value; nothing where the text starts with none, or with one that has more than
    /// `depth` collections open around another.
    #[must_use]
    pub fn of_json(text: &'t str, depth: usize) -> Option<Self> {
        json::places(text, depth)
    }

    /// The bytes that a finding about the field at `path` points at. They lie on one line.
    ///
    /// [`Anchor::Key`] is the key of the field. [`Anchor::Value`] is a scalar, and for a mapping or sequence
    /// the key that introduces it. [`Anchor::Missing`], and every path that leads out of the document, is the
    /// key of the deepest field on the path that is there. An item of a sequence has no key: findings point at
    /// its first line, and at its `name` for what is missing in it. The root has none either: its
    /// `metadata.name` stands for it, or its first key.
    #[must_use]
    pub fn resolve(&self, path: &FieldPath, anchor: Anchor) -> (u32, u32) {
        let root = Stop { node: self.root, reached: Reached::AsRoot };
        let mut stop = root;
        // The deepest range that is not empty, for values that nobody has written.
        let mut visible = self.introducer(root);
        for segment in path.segments() {
            let Some(next) = self.step(stop, segment) else { return or_else(self.introducer(stop), visible) };
            stop = next;
            visible = or_else(self.introducer(stop), visible);
        }
        let bytes = match (anchor, stop.reached) {
            (Anchor::Value, _) if self.tree.is_scalar(stop.node) => self.tree.head(stop.node),
            (Anchor::Value | Anchor::Key, Reached::ByIndex) => self.tree.head(stop.node),
            _ => self.introducer(stop),
        };
        or_else(bytes, visible)
    }

    /// The keys that appear again in their mapping, in the order of the text.
    #[must_use]
    pub fn duplicates(&self) -> &[DuplicateKey] {
        &self.duplicates
    }

    fn new(tree: Tree<'t>, root: NodeId, mut duplicates: Vec<DuplicateKey>) -> Self {
        duplicates.sort_by_key(|duplicate| (duplicate.span, duplicate.first));
        // An anchor whose mapping has some is composed again for every alias.
        duplicates.dedup();
        Self { tree, root, duplicates }
    }

    fn step(&self, from: Stop, segment: &Segment) -> Option<Stop> {
        match (&self.tree.node(from.node)?.content, segment) {
            (Content::Mapping(entries), Segment::Key(key)) => {
                let entry = entries.iter().find(|entry| entry.key == *key)?;
                Some(Stop { node: entry.value, reached: Reached::ByKey(self.tree.key_head(entry)) })
            }
            (Content::Sequence(items), Segment::Index(index)) => {
                Some(Stop { node: *items.get(*index)?, reached: Reached::ByIndex })
            }
            _ => None,
        }
    }

    /// What stands for a value as a whole.
    fn introducer(&self, stop: Stop) -> Bytes {
        let landmark = match stop.reached {
            Reached::ByKey(key) => return key,
            Reached::ByIndex => {
                self.named(stop.node, &["name"]).or_else(|| self.named(stop.node, &["metadata", "name"]))
            }
            Reached::AsRoot => {
                self.named(stop.node, &["metadata", "name"]).or_else(|| self.first_key(stop.node))
            }
        };
        landmark.unwrap_or_else(|| self.tree.head(stop.node))
    }

    /// The scalar behind some keys, where it is written inside the node itself; its key where it came by alias.
    fn named(&self, node: NodeId, keys: &[&str]) -> Option<Bytes> {
        let whole = self.tree.node(node)?.span;
        let mut value = node;
        let mut key_span = whole;
        for key in keys {
            let entry = self.tree.entries(value)?.iter().find(|entry| entry.key == *key)?;
            (value, key_span) = (entry.value, self.tree.key_head(entry));
        }
        let is_written_here = |bytes: Bytes| whole.0 <= bytes.0 && bytes.1 <= whole.1 && bytes.0 < bytes.1;
        let name =
            Some(value).filter(|value| self.tree.is_scalar(*value)).map(|value| self.tree.head(value))?;
        [name, key_span].into_iter().find(|bytes| is_written_here(*bytes))
    }

    fn first_key(&self, node: NodeId) -> Option<Bytes> {
        self.tree.entries(node)?.iter().map(|entry| self.tree.key_head(entry)).min()
    }
}

/// A node on the way along a path, and how the way came to it.
#[derive(Clone, Copy)]
struct Stop {
    node: NodeId,
    reached: Reached,
}

#[derive(Clone, Copy)]
enum Reached {
    AsRoot,
    ByKey(Bytes),
    ByIndex,
}

fn or_else(bytes: Bytes, fallback: Bytes) -> Bytes {
    if bytes.0 < bytes.1 { bytes } else { fallback }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
