//! The places of YAML: the composer of ravelin-yaml, building spans instead of values.

use super::tree::{Content, Entry, NodeId, Tree, on_first_line};
use super::{DuplicateKey, Places};
use ravelin_yaml::{Build, Limits, Scalar, Span};

pub(super) fn places<'t>(text: &'t str, limits: &Limits) -> Option<Places<'t>> {
    let mut builder = Builder { tree: Tree::new(text) };
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
    tree: Tree<'t>,
}

impl<'t> Build<'t> for Builder<'t> {
    type Node = NodeId;

    fn scalar(&mut self, _: Scalar<'t>, span: Span) -> NodeId {
        self.tree.add(bytes(span), Content::Scalar)
    }

    fn sequence(&mut self, items: Vec<NodeId>, span: Span) -> NodeId {
        self.tree.add(bytes(span), Content::Sequence(items))
    }

    fn mapping(&mut self, entries: Vec<ravelin_yaml::Entry<'t, NodeId>>, span: Span) -> NodeId {
        let entries = entries.into_iter().map(|entry| Entry {
            key: entry.key,
            key_span: bytes(entry.key_span),
            value: entry.value,
        });
        let entries = entries.collect();
        self.tree.add(bytes(span), Content::Mapping(entries))
    }
}

fn bytes(span: Span) -> (u32, u32) {
    (span.start, span.end)
}
