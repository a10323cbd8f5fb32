//! The places of YAML: the composer of ravelin-yaml, building spans instead of values.

use super::tree::{Entry, NodeId, Tree, on_first_line};
use super::{DuplicateKey, Places};
use compact_str::CompactString;
use ravelin_yaml::{Build, Limits, Scalar, Span};

pub(super) fn places(text: &str, limits: &Limits) -> Option<Places> {
    let mut builder = Builder { text, tree: Tree::default() };
    let composed = ravelin_yaml::compose(text, limits, &mut builder).ok()?;
    let root = composed.root?;
    let duplicates = composed.duplicates.into_iter().map(|duplicate| DuplicateKey {
        key: duplicate.key,
        span: on_first_line(text, bytes(duplicate.span)),
        first: on_first_line(text, bytes(duplicate.earlier)),
    });
    let duplicates = duplicates.collect();
    Some(Places::new(builder.tree, root, duplicates))
}

struct Builder<'t> {
    text: &'t str,
    tree: Tree,
}

impl<'a> Build<'a> for Builder<'_> {
    type Node = NodeId;

    fn scalar(&mut self, _: Scalar<'a>, span: Span) -> NodeId {
        self.tree.scalar(self.text, bytes(span))
    }

    fn sequence(&mut self, items: Vec<NodeId>, span: Span) -> NodeId {
        self.tree.sequence(self.text, items, bytes(span))
    }

    fn mapping(&mut self, entries: Vec<ravelin_yaml::Entry<'a, NodeId>>, span: Span) -> NodeId {
        let entries = entries.into_iter().map(|entry| Entry {
            key: CompactString::from(entry.key),
            key_span: on_first_line(self.text, bytes(entry.key_span)),
            value: entry.value,
        });
        let entries = entries.collect();
        self.tree.mapping(self.text, entries, bytes(span))
    }
}

fn bytes(span: Span) -> (u32, u32) {
    (span.start, span.end)
}
