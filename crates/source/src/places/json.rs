//! The places of JSON: a scanner of spans for texts that the reader of values has accepted already.
//!
//! It does not judge numbers and words, and stops at the first thing that cannot be JSON. Open collections are
//! kept on a stack of its own, so that no text can exhaust that of the process.

use super::tree::{Bytes, Content, Entry, NodeId, Tree, offset};
use super::{DuplicateKey, Places};
use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) fn places(text: &str, depth: usize) -> Option<Places<'_>> {
    u32::try_from(text.len()).ok()?;
    let scanner =
        Scanner { text, at: 0, depth, tree: Tree::new(text), open: Vec::new(), duplicates: Vec::new() };
    scanner.run()
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    tree: Tree<'t>,
    open: Vec<Open<'t>>,
    duplicates: Vec<DuplicateKey>,
}

/// A collection whose closing bracket has not come yet.
enum Open<'t> {
    Sequence { start: usize, items: Vec<NodeId> },
    Mapping { start: usize, entries: Vec<Entry<'t>>, key: Key<'t> },
}

/// The key whose value comes next.
struct Key<'t> {
    text: Cow<'t, str>,
    span: Bytes,
}

/// What a bracket or comma leads to.
enum Next {
    /// Another value is to come.
    Value,
    /// This one is complete.
    Done(NodeId),
}

impl<'t> Scanner<'t> {
    fn run(mut self) -> Option<Places<'t>> {
        loop {
            let mut next = self.begin_value()?;
            while let Next::Done(node) = next {
                match self.open.pop() {
                    None => return Some(Places::new(self.tree, node, self.duplicates)),
                    Some(open) => next = self.end_value(open, node)?,
                }
            }
        }
    }

    /// Reads a scalar or an empty collection, or opens a collection.
    fn begin_value(&mut self) -> Option<Next> {
        let start = self.skip_blanks();
        match self.peek()? {
            b'{' => {
                self.at += 1;
                if self.take(b'}') {
                    let span = self.span_from(start);
                    return Some(Next::Done(self.tree.add(span, Content::Mapping(Vec::new()))));
                }
                let key = self.key()?;
                self.open(Open::Mapping { start, entries: Vec::new(), key })
            }
            b'[' => {
                self.at += 1;
                if self.take(b']') {
                    let span = self.span_from(start);
                    return Some(Next::Done(self.tree.add(span, Content::Sequence(Vec::new()))));
                }
                self.open(Open::Sequence { start, items: Vec::new() })
            }
            b'"' => {
                self.skip_string()?;
                let span = self.span_from(start);
                Some(Next::Done(self.tree.add(span, Content::Scalar)))
            }
            _ => {
                self.skip_word()?;
                let span = self.span_from(start);
                Some(Next::Done(self.tree.add(span, Content::Scalar)))
            }
        }
    }

    /// Puts a complete value into the collection around it, and reads on to the next value or its end.
    fn end_value(&mut self, open: Open<'t>, node: NodeId) -> Option<Next> {
        match open {
            Open::Sequence { start, mut items } => {
                items.push(node);
                if self.take(b',') {
                    return self.open(Open::Sequence { start, items });
                }
                self.take(b']').then_some(())?;
                let span = self.span_from(start);
                Some(Next::Done(self.tree.add(span, Content::Sequence(items))))
            }
            Open::Mapping { start, mut entries, key } => {
                entries.push(Entry { key: key.text, key_span: key.span, value: node });
                if self.take(b',') {
                    let key = self.key()?;
                    return self.open(Open::Mapping { start, entries, key });
                }
                self.take(b'}').then_some(())?;
                let entries = self.without_duplicates(entries);
                let span = self.span_from(start);
                Some(Next::Done(self.tree.add(span, Content::Mapping(entries))))
            }
        }
    }

    fn open(&mut self, open: Open<'t>) -> Option<Next> {
        self.open.push(open);
        (self.open.len() <= self.depth).then_some(Next::Value)
    }

    /// Reads a key with its colon.
    fn key(&mut self) -> Option<Key<'t>> {
        let start = self.skip_blanks();
        (self.peek()? == b'"').then_some(())?;
        self.skip_string()?;
        let span = self.span_from(start);
        let quoted = self.text.get(start..self.at)?;
        let text = if quoted.contains('\\') {
            Cow::Owned(serde_json::from_str::<String>(quoted).ok()?)
        } else {
            Cow::Borrowed(quoted.get(1..quoted.len() - 1)?)
        };
        self.take(b':').then_some(Key { text, span })
    }

    /// Lets the last of equal keys win, in the place of the first.
    fn without_duplicates(&mut self, entries: Vec<Entry<'t>>) -> Vec<Entry<'t>> {
        let mut places: BTreeMap<Cow<'t, str>, (usize, Bytes)> = BTreeMap::new();
        let mut unique: Vec<Entry<'t>> = Vec::with_capacity(entries.len());
        for entry in entries {
            let (place, first) = *places.entry(entry.key.clone()).or_insert((unique.len(), entry.key_span));
            match unique.get_mut(place) {
                Some(loser) => {
                    self.duplicates.push(DuplicateKey {
                        key: entry.key.to_string(),
                        span: entry.key_span,
                        first,
                    });
                    *loser = entry;
                }
                None => unique.push(entry),
            }
        }
        unique
    }

    /// Moves behind a string whose opening quote is next.
    fn skip_string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            let length = memchr::memchr2(b'"', b'\\', rest)?;
            let is_quote = rest.get(length) == Some(&b'"');
            self.at += length + if is_quote { 1 } else { 2 };
            if is_quote {
                return Some(());
            }
        }
    }

    /// Moves behind a number, `true`, `false` or `null`.
    fn skip_word(&mut self) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let ends = |byte: &u8| {
            matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'[' | b']' | b'{' | b'}' | b'"')
        };
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        self.at += length;
        (length > 0).then_some(())
    }

    fn skip_blanks(&mut self) -> usize {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.at
    }

    /// Moves behind the next character that is no blank, if it is this one.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn span_from(&self, start: usize) -> Bytes {
        (offset(start), offset(self.at))
    }
}
