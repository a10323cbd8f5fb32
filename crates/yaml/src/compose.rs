//! From events to the value that Kubernetes sees.
//!
//! The tree belongs to the caller ([`Build`]); this module decides what goes into it: which keys are the same,
//! who wins, what an alias and a merge key stand for, and what JSON cannot hold. Go turns a text into a Go value
//! first and that value into JSON second. An error of the second step, such as a null key, does not count if
//! the value it is in was overwritten in the first, so such errors travel with the values ([`Fault`]).

mod count;
mod mapping;
mod source;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::limits::Limits;
use crate::parser::Parser;
use crate::resolve::{MERGE_TAG, Value, float_key, resolve};
use crate::span::Span;
use count::Count;
use mapping::{Key, KeyKind, Mapping};
use source::{ScalarStep, Source, Step};

/// A tree that [`compose`] builds from the leaves up.
pub trait Build<'a> {
    /// One value of the tree.
    type Node: Clone;

    /// A scalar. `span` is its place as in [`Event::Scalar`]. A [`Scalar::Float`] that is not finite is dropped
    /// again or becomes an error.
    fn scalar(&mut self, value: Scalar<'a>, span: Span) -> Self::Node;

    /// A sequence, from its first item or `[` to its last or `]`.
    fn sequence(&mut self, items: Vec<Self::Node>, span: Span) -> Self::Node;

    /// A mapping, from its first key or `{` to its last value or `}`. The keys are unique and in the order in
    /// which they first appear.
    fn mapping(&mut self, entries: Vec<Entry<'a, Self::Node>>, span: Span) -> Self::Node;
}

/// One key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a, N> {
    /// The key as JSON has it.
    pub key: Cow<'a, str>,
    /// Where the key that gave the value is written.
    pub key_span: Span,
    /// The value.
    pub value: N,
}

/// A scalar as JSON has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number whose JSON text is an integer of 64 bits.
    Int(i64),
    /// A number whose JSON text is an integer above `i64::MAX`.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(Cow<'a, str>),
}

/// A key that is in a mapping already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The key as JSON has it.
    pub key: String,
    /// Where it is written again.
    pub span: Span,
    /// Where it was written before.
    pub earlier: Span,
}

/// What [`compose`] made of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed<N> {
    /// The value of the first document. None if the text has no content and no `---`, which Kubernetes reads as
    /// null too.
    pub root: Option<N>,
    /// Every key that strict decoding refuses, in the order in which they are met. Without strict decoding the
    /// last value counts.
    pub duplicates: Vec<Duplicate>,
    /// Keys that differ in YAML but not in JSON, such as `1` and `"1"`: strict decoding accepts both, and
    /// Kubernetes picks one of the values at random. Here the last one counts.
    pub ambiguous: Vec<Duplicate>,
    /// The offset where the first document ends: behind `...`, before `---`, or before whatever else follows.
    pub end: u32,
    /// Whether content follows that Kubernetes ignores.
    pub trailing: bool,
}

/// Builds the value that `sigs.k8s.io/yaml` makes of the first document of a text.
///
/// # Errors
/// Whenever `YAMLToJSON` fails, and when the text exceeds `limits`. See [`ErrorKind`].
pub fn compose<'a, B: Build<'a>>(
    text: &'a str,
    limits: &Limits,
    builder: &mut B,
) -> Result<Composed<B::Node>, Error> {
    let mut parser = Parser::new(text, limits);
    parser.next_event()?;
    if let Event::StreamEnd { span } = parser.next_event()? {
        return Ok(Composed {
            root: None,
            duplicates: Vec::new(),
            ambiguous: Vec::new(),
            end: span.end,
            trailing: false,
        });
    }
    let mut composer = Composer {
        source: Source::new(parser, text),
        builder,
        frames: Vec::new(),
        mappings: Vec::new(),
        root: None,
        root_end: 0,
        faults: Vec::new(),
        count: Count::new(limits),
        depth_limit: limits.depth,
        duplicates: Reports::default(),
        ambiguous: Reports::default(),
    };
    while composer.root.is_none() {
        let step = composer.source.next()?;
        composer.apply(step)?;
    }
    composer.finish(text)
}

/// The number of an error that only counts if the value it belongs to does, from 1; 0 is none.
type Fault = u32;

/// A node with what makes it an error.
struct Built<N> {
    node: N,
    fault: Fault,
}

/// A collection that is open.
struct Frame<'a, N> {
    start: u32,
    end: u32,
    content: Content<'a, N>,
}

enum Content<'a, N> {
    Sequence { items: Vec<N>, fault: Fault },
    Mapping { owns: bool, slot: Slot<'a> },
}

/// What the next node of a mapping is.
enum Slot<'a> {
    Key,
    Value(Key<'a>),
    /// This many mappings to merge, and nothing else; `listed` if they are items of a sequence.
    Merge {
        remaining: usize,
        listed: bool,
    },
}

/// What the next node is to its parent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Node,
    Key,
    Merge { listed: bool },
}

struct Composer<'a, 'b, B: Build<'a>> {
    source: Source<'a>,
    builder: &'b mut B,
    frames: Vec<Frame<'a, B::Node>>,
    /// The mappings that are being filled. Merged mappings fill the one that they are merged into.
    mappings: Vec<Mapping<'a, B::Node>>,
    root: Option<Built<B::Node>>,
    root_end: u32,
    faults: Vec<Error>,
    count: Count,
    depth_limit: usize,
    duplicates: Reports,
    ambiguous: Reports,
}

impl<'a, B: Build<'a>> Composer<'a, '_, B> {
    fn apply(&mut self, step: Step<'a>) -> Result<(), Error> {
        match step {
            Step::Scalar(scalar) => self.scalar(scalar),
            Step::SequenceStart(span) => self.sequence_start(span),
            Step::MappingStart(span) => self.mapping_start(span),
            Step::End(span) => self.end(span),
            Step::Alias(target, span) => self.alias(target, span),
        }
    }

    #[inline]
    fn role(&self) -> Role {
        match self.frames.last().map(|frame| &frame.content) {
            Some(Content::Mapping { slot: Slot::Key, .. }) => Role::Key,
            Some(Content::Mapping { slot: Slot::Merge { listed, .. }, .. }) => {
                Role::Merge { listed: *listed }
            }
            _ => Role::Node,
        }
    }

    fn scalar(&mut self, scalar: ScalarStep<'a>) -> Result<(), Error> {
        match self.role() {
            Role::Key if is_merge(&scalar) => {
                self.set_slot(Slot::Merge { remaining: 1, listed: false }, scalar.span.end);
                Ok(())
            }
            Role::Key => self.key(scalar),
            Role::Merge { .. } => Err(not_mergeable(scalar.span)),
            Role::Node => {
                self.count(scalar.value.len(), scalar.span)?;
                let span = scalar.span;
                let (value, fault) = self.value(scalar)?;
                let node = self.builder.scalar(value, span);
                self.attach(Built { node, fault }, span);
                Ok(())
            }
        }
    }

    /// A scalar's value in JSON.
    #[inline]
    fn value(&mut self, scalar: ScalarStep<'a>) -> Result<(Scalar<'a>, Fault), Error> {
        let span = scalar.span;
        let value = match resolve_step(scalar)? {
            Value::Null => Scalar::Null,
            Value::Bool(value) => Scalar::Bool(value),
            Value::Int(value) => Scalar::Int(value),
            Value::UInt(value) => Scalar::UInt(value),
            Value::String(value) => Scalar::String(value),
            Value::Float(value) if value.is_finite() => json_number(value),
            Value::Float(value) => {
                let fault = self.fault(ErrorKind::NotFinite, span, "found a number that JSON cannot hold");
                return Ok((Scalar::Float(value), fault));
            }
        };
        Ok((value, 0))
    }

    /// Takes a scalar as the key of the innermost mapping.
    #[inline]
    fn key(&mut self, scalar: ScalarStep<'a>) -> Result<(), Error> {
        self.count(scalar.value.len(), scalar.span)?;
        let span = scalar.span;
        let (text, kind) = match resolve_step(scalar)? {
            Value::String(text) => (text, KeyKind::String),
            Value::Null => (Cow::Borrowed("null"), KeyKind::Null),
            Value::Bool(value) => (Cow::Borrowed(if value { "true" } else { "false" }), KeyKind::Bool),
            Value::Int(value) => (Cow::Owned(value.to_string()), KeyKind::Int),
            Value::UInt(value) => (Cow::Owned(value.to_string()), KeyKind::UInt),
            Value::Float(value) => (Cow::Owned(float_key(value)), KeyKind::float(value)),
        };
        let fault = match kind {
            KeyKind::Null | KeyKind::UInt => self.fault(
                ErrorKind::InvalidKey,
                span,
                "found a key that is null or too large to be a JSON key",
            ),
            _ => 0,
        };
        self.set_slot(Slot::Value(Key { text, kind, span, fault }), span.end);
        Ok(())
    }

    fn sequence_start(&mut self, span: Span) -> Result<(), Error> {
        match self.role() {
            Role::Key => Err(collection_key(span)),
            Role::Merge { listed: true } => Err(not_mergeable(span)),
            Role::Merge { listed: false } => {
                let (remaining, end) = self.source.replay_items_backwards()?;
                let slot = if remaining == 0 { Slot::Key } else { Slot::Merge { remaining, listed: true } };
                self.set_slot(slot, end);
                Ok(())
            }
            Role::Node => {
                self.count(0, span)?;
                self.open(span, Content::Sequence { items: Vec::new(), fault: 0 })
            }
        }
    }

    fn mapping_start(&mut self, span: Span) -> Result<(), Error> {
        let role = self.role();
        if role == Role::Key {
            return Err(collection_key(span));
        }
        self.count(0, span)?;
        let owns = role == Role::Node;
        if owns {
            self.mappings.push(Mapping::new());
        }
        self.open(span, Content::Mapping { owns, slot: Slot::Key })
    }

    fn open(&mut self, span: Span, content: Content<'a, B::Node>) -> Result<(), Error> {
        if self.frames.len() >= self.depth_limit {
            let message = format!("found more than {} open collections", self.depth_limit);
            return Err(error(ErrorKind::DepthExceeded, span, message));
        }
        self.frames.push(Frame { start: span.start, end: span.end, content });
        Ok(())
    }

    fn end(&mut self, closing: Span) -> Result<(), Error> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        // A closing bracket is the end; the end of a block is that of its last node.
        let end = if closing.start < closing.end { closing.end } else { frame.end };
        let span = Span { start: frame.start, end };
        match frame.content {
            Content::Sequence { items, fault } => {
                let node = self.builder.sequence(items, span);
                self.attach(Built { node, fault }, span);
            }
            Content::Mapping { owns: true, .. } => {
                if let Some(mapping) = self.mappings.pop() {
                    let (entries, fault) = mapping.finish(&mut self.ambiguous);
                    let node = self.builder.mapping(entries, span);
                    self.attach(Built { node, fault }, span);
                }
            }
            Content::Mapping { owns: false, .. } => self.merged(end),
        }
        Ok(())
    }

    /// Counts down the mappings that the innermost mapping still merges.
    fn merged(&mut self, end: u32) {
        let next = match self.frames.last().map(|frame| &frame.content) {
            Some(Content::Mapping { slot: Slot::Merge { remaining: remaining @ 2.., listed }, .. }) => {
                Slot::Merge { remaining: remaining - 1, listed: *listed }
            }
            _ => Slot::Key,
        };
        self.set_slot(next, end);
    }

    fn alias(&mut self, target: usize, span: Span) -> Result<(), Error> {
        self.count(0, span)?;
        if let Some(frame) = self.frames.last_mut() {
            frame.end = frame.end.max(span.end);
        }
        match self.role() {
            Role::Key => match self.source.anchored_scalar(target) {
                Some(scalar) => {
                    self.count.enter_alias();
                    self.key(scalar)?;
                    self.count.leave_alias();
                }
                None => return Err(collection_key(span)),
            },
            Role::Merge { .. } if !self.source.is_anchored_mapping(target) => {
                return Err(not_mergeable(span));
            }
            _ => self.source.replay_anchored(target),
        }
        Ok(())
    }

    #[inline]
    fn set_slot(&mut self, next: Slot<'a>, end: u32) {
        if let Some(frame) = self.frames.last_mut() {
            frame.end = frame.end.max(end);
            if let Content::Mapping { slot, .. } = &mut frame.content {
                *slot = next;
            }
        }
    }

    /// Gives a finished node to the collection that it is in.
    #[inline]
    fn attach(&mut self, built: Built<B::Node>, span: Span) {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(built);
            self.root_end = span.end;
            return;
        };
        frame.end = frame.end.max(span.end);
        match &mut frame.content {
            Content::Sequence { items, fault } => {
                items.push(built.node);
                *fault = if *fault == 0 { built.fault } else { *fault };
            }
            Content::Mapping { slot, .. } => {
                if let Slot::Value(key) = std::mem::replace(slot, Slot::Key)
                    && let Some(mapping) = self.mappings.last_mut()
                    && let Some(duplicate) = mapping.set(key, built)
                {
                    self.duplicates.add(duplicate);
                }
            }
        }
    }

    #[inline]
    fn count(&mut self, bytes: usize, span: Span) -> Result<(), Error> {
        self.count.add(self.source.alias_depth() > 0, bytes, span)
    }

    fn fault(&mut self, kind: ErrorKind, span: Span, message: &'static str) -> Fault {
        self.faults.push(error(kind, span, message));
        u32::try_from(self.faults.len()).unwrap_or(u32::MAX)
    }

    /// Ends the first document.
    fn finish(mut self, text: &str) -> Result<Composed<B::Node>, Error> {
        let end = match self.source.document_end()? {
            // A misplaced key token may claim a place inside the document.
            Event::DocumentEnd { span, .. } => span.end.max(self.root_end),
            _ => u32::MAX,
        };
        let Some(Built { node, fault }) = self.root.take() else {
            return Err(Error::syntax(0, "found no document"));
        };
        if let Some(error) =
            usize::try_from(fault).ok().and_then(|fault| self.faults.get(fault.checked_sub(1)?))
        {
            return Err(error.clone());
        }
        let trailing = has_content(text.get(usize::try_from(end).unwrap_or(usize::MAX)..).unwrap_or(""));
        Ok(Composed {
            root: Some(node),
            duplicates: self.duplicates.list,
            ambiguous: self.ambiguous.list,
            end,
            trailing,
        })
    }
}

/// Keys that were met twice. What aliases bring up again and again is told once.
#[derive(Default)]
struct Reports {
    list: Vec<Duplicate>,
    seen: HashSet<(Span, Span)>,
}

impl Reports {
    fn add(&mut self, duplicate: Duplicate) {
        if self.seen.insert((duplicate.span, duplicate.earlier)) {
            self.list.push(duplicate);
        }
    }
}

/// Whether a key means "merge" and not the text `<<`.
fn is_merge(scalar: &ScalarStep<'_>) -> bool {
    scalar.value == "<<" && (scalar.implicit || scalar.tag.as_deref() == Some(MERGE_TAG))
}

fn resolve_step(scalar: ScalarStep<'_>) -> Result<Value<'_>, Error> {
    let ScalarStep { value, tag, implicit, span } = scalar;
    resolve(value, tag.as_deref(), implicit)
        .map_err(|message| error(ErrorKind::InvalidTaggedValue, span, message))
}

/// A finite float as its JSON text has it: an integer, if that is how it is written and 64 bits are enough.
fn json_number<'a>(value: f64) -> Scalar<'a> {
    if value.fract() != 0.0 || value.abs() >= 1e21 {
        return Scalar::Float(value);
    }
    let text = value.to_string();
    if let Ok(integer) = text.parse() {
        Scalar::Int(integer)
    } else if let Ok(integer) = text.parse() {
        Scalar::UInt(integer)
    } else {
        Scalar::Float(value)
    }
}

/// Whether more than blanks, comments and document markers is in the rest of a text.
fn has_content(rest: &str) -> bool {
    rest.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).any(|line| {
        let marker =
            |name| line.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
        let content = marker("---").or_else(|| marker("...")).unwrap_or(line);
        let content = content.trim_matches([' ', '\t', '\u{feff}']);
        !content.is_empty() && !content.starts_with('#')
    })
}

fn error(kind: ErrorKind, span: Span, message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(kind, usize::try_from(span.start).unwrap_or(usize::MAX), message)
}

fn collection_key(span: Span) -> Error {
    error(ErrorKind::InvalidKey, span, "found a sequence or mapping as a key, which JSON cannot hold")
}

fn not_mergeable(span: Span) -> Error {
    error(
        ErrorKind::InvalidMerge,
        span,
        "expected a mapping, or a sequence of mappings, behind the merge key '<<'",
    )
}
