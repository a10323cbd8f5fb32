//! The places of plain YAML: most documents have no anchor, tag, merge or duplicate key, and their keys are words.
//! The spans of such a document can be read off the events, without composing it a second time.

use super::Places;
use super::tree::{Bytes, Content, Entry, NodeId, Tree};
use ravelin_yaml::{Event, Limits, Parser, ScalarStyle, Span};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The places of a document that is plain; nothing where the composer has to decide.
pub(super) fn places<'t>(text: &'t str, limits: &Limits) -> Option<Places<'t>> {
    let mut parser = Parser::new(text, limits);
    let mut builder = Builder { tree: Tree::new(text), open: Vec::new(), depth: limits.depth };
    loop {
        match parser.next_event().ok()? {
            Event::StreamStart | Event::DocumentStart { .. } => {}
            Event::StreamEnd { .. } | Event::DocumentEnd { .. } | Event::Alias { .. } => return None,
            Event::Scalar { value, style, tag: None, anchor: None, span } => {
                builder.scalar(value, style, bytes(span))?;
            }
            Event::SequenceStart { tag: None, anchor: None, span, .. } => builder.open(false, bytes(span))?,
            Event::MappingStart { tag: None, anchor: None, span, .. } => builder.open(true, bytes(span))?,
            Event::SequenceEnd { span } | Event::MappingEnd { span } => {
                if let Some(root) = builder.close(bytes(span))? {
                    // What follows on the line of a closing bracket may still make it no document.
                    parser.next_event().ok()?;
                    return Some(Places::new(builder.tree, root, Vec::new()));
                }
            }
            _ => return None,
        }
    }
}

struct Builder<'t> {
    tree: Tree<'t>,
    open: Vec<Open<'t>>,
    depth: usize,
}

/// A collection that has begun.
struct Open<'t> {
    span: Bytes,
    content: Content<'t>,
    /// The key whose value comes next.
    key: Option<(Cow<'t, str>, Bytes)>,
}

impl<'t> Builder<'t> {
    fn scalar(&mut self, value: Cow<'t, str>, style: ScalarStyle, span: Bytes) -> Option<()> {
        let collection = self.open.last_mut()?;
        if matches!(collection.content, Content::Mapping(_)) && collection.key.is_none() {
            if style == ScalarStyle::Plain && !is_word(&value) {
                return None;
            }
            collection.span.1 = collection.span.1.max(span.1);
            collection.key = Some((value, span));
            return Some(());
        }
        if style == ScalarStyle::Plain && may_be_infinite(&value) {
            return None;
        }
        let node = self.tree.add(span, Content::Scalar);
        self.attach(node, span)
    }

    fn open(&mut self, is_mapping: bool, span: Bytes) -> Option<()> {
        let expects_key = self
            .open
            .last()
            .is_some_and(|open| matches!(open.content, Content::Mapping(_)) && open.key.is_none());
        if expects_key || self.open.len() >= self.depth {
            return None;
        }
        let content = if is_mapping { Content::Mapping(Vec::new()) } else { Content::Sequence(Vec::new()) };
        self.open.push(Open { span, content, key: None });
        Some(())
    }

    /// Ends a collection; gives the root if that was it.
    fn close(&mut self, closing: Bytes) -> Option<Option<NodeId>> {
        let Open { span, content, .. } = self.open.pop()?;
        if matches!(&content, Content::Mapping(entries) if has_equal_keys(entries)) {
            return None;
        }
        // A closing bracket is the end; the end of a block is that of its last node.
        let end = if closing.0 < closing.1 { closing.1 } else { span.1 };
        let span = (span.0, end);
        let node = self.tree.add(span, content);
        if self.open.is_empty() {
            return Some(Some(node));
        }
        self.attach(node, span).map(|()| None)
    }

    fn attach(&mut self, node: NodeId, span: Bytes) -> Option<()> {
        let collection = self.open.last_mut()?;
        collection.span.1 = collection.span.1.max(span.1);
        match &mut collection.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping(entries) => {
                let (key, key_span) = collection.key.take()?;
                entries.push(Entry { key, key_span, value: node });
            }
            Content::Scalar => return None,
        }
        Some(())
    }
}

/// Whether a plain key is a string to every reader: it begins with a letter, holds nothing but letters, digits
/// and `-_./`, and is none of YAML's words for booleans and null.
fn is_word(key: &str) -> bool {
    const WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
        && !WORDS.iter().any(|word| key.eq_ignore_ascii_case(word))
        && !key.eq_ignore_ascii_case("null")
}

/// Whether a value may be a number that JSON cannot hold, for which the text is not read at all.
fn may_be_infinite(value: &str) -> bool {
    let ends = |end: &str| {
        value.len() >= end.len()
            && value.get(value.len() - end.len()..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    value.len() <= 5 && (ends(".inf") || ends(".nan"))
}

fn has_equal_keys(entries: &[Entry<'_>]) -> bool {
    if entries.len() > 24 {
        let keys: BTreeSet<&str> = entries.iter().map(|entry| &*entry.key).collect();
        return keys.len() < entries.len();
    }
    entries
        .iter()
        .enumerate()
        .any(|(index, entry)| entries.iter().take(index).any(|other| other.key == entry.key))
}

fn bytes(span: Span) -> Bytes {
    (span.start, span.end)
}
