//! One mapping while it is filled: which keys are the same, and who wins.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Built, Duplicate, Entry, Fault, Reports};
use crate::span::Span;

/// Entries from which on an index is worth its memory.
const INDEXED: usize = 16;

/// What a key is in YAML. Keys of different kinds are different, even if JSON has the same text for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum KeyKind {
    String,
    Bool,
    Int,
    UInt,
    Null,
    /// By its bits, with one zero.
    Float(u64),
    /// Differs from every key, itself too.
    NotANumber,
}

impl KeyKind {
    pub(super) fn float(value: f64) -> Self {
        if value.is_nan() { Self::NotANumber } else { Self::Float((value + 0.0).to_bits()) }
    }
}

/// A key with the text that JSON has for it.
#[derive(Clone, Debug)]
pub(super) struct Key<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) kind: KeyKind,
    pub(super) span: Span,
    pub(super) fault: Fault,
}

impl<'a> Key<'a> {
    fn is(&self, other: &Self) -> bool {
        match (self.kind, other.kind) {
            (KeyKind::Float(one), KeyKind::Float(two)) => one == two,
            (KeyKind::NotANumber, _) => false,
            (one, two) => one == two && self.text == other.text,
        }
    }

    /// Equal for keys that are the same, to look them up.
    fn identity(&self) -> (KeyKind, Cow<'a, str>) {
        match self.kind {
            // The text of a zero has its sign.
            KeyKind::Float(_) => (self.kind, Cow::Borrowed("")),
            _ => (self.kind, self.text.clone()),
        }
    }
}

type Index<'a> = HashMap<(KeyKind, Cow<'a, str>), usize>;

/// The entries so far.
pub(super) struct Mapping<'a, N> {
    entries: Vec<(Key<'a>, Built<N>)>,
    /// Where every key is, once there are many.
    index: Option<Box<Index<'a>>>,
    /// Whether all keys are strings, so that different keys have different texts.
    strings: bool,
}

impl<'a, N> Mapping<'a, N> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), index: None, strings: true }
    }

    /// Sets the value of a key. If it had one, the new one takes its place.
    #[inline]
    pub(super) fn set(&mut self, key: Key<'a>, value: Built<N>) -> Option<Duplicate> {
        self.strings &= key.kind == KeyKind::String;
        if let Some(index) = self.find(&key)
            && let Some(entry) = self.entries.get_mut(index)
        {
            let earlier = entry.0.span;
            let duplicate = Duplicate { key: key.text.clone().into_owned(), span: key.span, earlier };
            *entry = (key, value);
            return Some(duplicate);
        }
        if let Some(index) = &mut self.index {
            index.insert(key.identity(), self.entries.len());
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > INDEXED {
            let keys = self.entries.iter().enumerate();
            self.index = Some(Box::new(keys.map(|(at, (key, _))| (key.identity(), at)).collect()));
        }
        None
    }

    #[inline]
    fn find(&self, key: &Key<'a>) -> Option<usize> {
        match &self.index {
            None => self.entries.iter().position(|(known, _)| known.is(key)),
            Some(_) if key.kind == KeyKind::NotANumber => None,
            Some(index) => index.get(&key.identity()).copied(),
        }
    }

    /// The entries with unique texts, and the first fault among them. Keys that share a text are reported.
    pub(super) fn finish(self, ambiguous: &mut Reports) -> (Vec<Entry<'a, N>>, Fault) {
        let mut fault = 0;
        let mut entry = |(key, value): (Key<'a>, Built<N>)| {
            for found in [key.fault, value.fault] {
                fault = if fault == 0 { found } else { fault };
            }
            Entry { key: key.text, key_span: key.span, value: value.node }
        };
        if self.strings {
            let entries = self.entries.into_iter().map(&mut entry).collect();
            return (entries, fault);
        }
        let mut entries: Vec<Entry<'a, N>> = Vec::with_capacity(self.entries.len());
        let mut places: HashMap<Cow<'a, str>, usize> = HashMap::new();
        for entry in self.entries.into_iter().map(&mut entry) {
            match places.get(&entry.key).and_then(|place| entries.get_mut(*place)) {
                Some(known) => {
                    let (key, span) = (entry.key.clone().into_owned(), entry.key_span);
                    ambiguous.add(Duplicate { key, span, earlier: known.key_span });
                    *known = entry;
                }
                None => {
                    places.insert(entry.key.clone(), entries.len());
                    entries.push(entry);
                }
            }
        }
        (entries, fault)
    }
}
