//! The spans of a document as a flat tree, filled from the leaves up. Nothing is worked out before it is asked for:
//! of a document with a thousand nodes, findings point at ten.

use std::borrow::Cow;

/// A range of bytes: start, and the offset behind the last byte.
pub(super) type Bytes = (u32, u32);

/// A node of a [`Tree`]. Copying one is free, which keeps aliases cheap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(usize);

/// All nodes of a document, those that lost to a duplicate key included.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tree<'t> {
    text: &'t str,
    nodes: Vec<Node<'t>>,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node<'t> {
    /// All of it.
    pub(super) span: Bytes,
    /// What is in it.
    pub(super) content: Content<'t>,
}

/// What is in a node.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content<'t> {
    Scalar,
    Sequence(Vec<NodeId>),
    Mapping(Vec<Entry<'t>>),
}

/// An entry of a mapping. Keys are unique.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry<'t> {
    pub(super) key: Cow<'t, str>,
    /// All of the key, however many lines it takes.
    pub(super) key_span: Bytes,
    pub(super) value: NodeId,
}

impl<'t> Tree<'t> {
    /// How many bytes of a mapping or sequence a finding underlines at most.
    const LONGEST_HEAD: usize = 120;

    /// The tree of a text, still without a node.
    pub(super) fn new(text: &'t str) -> Self {
        // Documents have about a node for each twenty bytes.
        Self { text, nodes: Vec::with_capacity(text.len() / 20) }
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&Node<'t>> {
        self.nodes.get(id.0)
    }

    pub(super) fn is_scalar(&self, id: NodeId) -> bool {
        self.node(id).is_some_and(|node| matches!(node.content, Content::Scalar))
    }

    pub(super) fn entries(&self, id: NodeId) -> Option<&[Entry<'t>]> {
        match &self.node(id)?.content {
            Content::Mapping(entries) => Some(entries),
            Content::Scalar | Content::Sequence(_) => None,
        }
    }

    /// Adds a node.
    pub(super) fn add(&mut self, span: Bytes, content: Content<'t>) -> NodeId {
        self.nodes.push(Node { span, content });
        NodeId(self.nodes.len() - 1)
    }

    /// The part of a key to point at: its first line.
    pub(super) fn key_head(&self, entry: &Entry<'_>) -> Bytes {
        on_first_line(self.text, entry.key_span)
    }

    /// The part of a value to point at: its first line, or less of it.
    pub(super) fn head(&self, id: NodeId) -> Bytes {
        let Some(node) = self.node(id) else { return (0, 0) };
        match &node.content {
            Content::Scalar => self.scalar_head(node.span),
            Content::Sequence(items) => {
                let first: Vec<Bytes> = items.first().map(|item| self.head(*item)).into_iter().collect();
                collection_head(self.text, node.span, &first)
            }
            Content::Mapping(entries) => {
                // A merge key may have put entries first that are written elsewhere.
                let first = entries.iter().find(|entry| contains(node.span, entry.key_span)).map(|entry| {
                    let value = Some(entry.value).filter(|value| self.is_scalar(*value));
                    let value = value.map(|value| self.head(value));
                    [self.key_head(entry)].into_iter().chain(value).collect::<Vec<Bytes>>()
                });
                collection_head(self.text, node.span, &first.unwrap_or_default())
            }
        }
    }

    /// The first line of a scalar, or the `-` that promises it where it is not written.
    fn scalar_head(&self, span: Bytes) -> Bytes {
        if span.0 < span.1 {
            return on_first_line(self.text, span);
        }
        let before = slice(self.text, (0, span.0));
        let promises = before
            .strip_suffix('-')
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(char::is_whitespace));
        (span.0 - u32::from(promises), span.0)
    }
}

/// What to underline of a collection: all of it if it is short and in brackets on one line; otherwise its
/// start with the parts of the first thing in it, as far as they are on the same line.
fn collection_head(text: &str, span: Bytes, first: &[Bytes]) -> Bytes {
    let whole = slice(text, span);
    let near = whole.get(..whole.floor_char_boundary(Tree::LONGEST_HEAD)).unwrap_or(whole);
    let line = first_line(near);
    let in_brackets = line.starts_with(['{', '[']);
    if in_brackets && line.len() == whole.len() {
        return span;
    }
    let line = (span.0, span.0 + offset(line.len()));
    match first.iter().take_while(|part| contains(line, **part)).last() {
        Some(part) => (span.0, part.1),
        None if in_brackets => (span.0, span.0 + 1),
        None => {
            let line = slice(text, line);
            let words = line.split_once(" #").map_or(line, |(words, _)| words);
            (span.0, span.0 + offset(words.trim_end().len()))
        }
    }
}

/// The part of a token that is on its first line.
pub(super) fn on_first_line(text: &str, span: Bytes) -> Bytes {
    (span.0, span.0 + offset(first_line(slice(text, span)).trim_end().len()))
}

fn contains(outer: Bytes, inner: Bytes) -> bool {
    outer.0 <= inner.0 && inner.1 <= outer.1
}

fn slice(text: &str, (start, end): Bytes) -> &str {
    let range = usize::try_from(start).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(usize::MAX);
    text.get(range).unwrap_or_default()
}

fn first_line(text: &str) -> &str {
    let end = memchr::memchr2(b'\n', b'\r', text.as_bytes()).unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

/// A length as the width of a span.
pub(super) fn offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
