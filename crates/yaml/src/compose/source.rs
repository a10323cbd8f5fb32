//! The nodes of a document in the order in which they are composed.
//!
//! An alias is composed by playing the events of its anchor again. For that the events of anchored nodes are
//! recorded while the parser delivers them, each once, however many anchors it is under.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::error::{Error, ErrorKind};
use crate::event::{Event, ScalarStyle};
use crate::parser::Parser;
use crate::span::Span;

/// An event without what only the parser and this module need.
#[derive(Clone, Debug)]
pub(super) enum Step<'a> {
    Scalar(ScalarStep<'a>),
    SequenceStart(Span),
    MappingStart(Span),
    End(Span),
    /// The number of an anchor.
    Alias(usize, Span),
}

/// A scalar that is not resolved yet.
#[derive(Clone, Debug)]
pub(super) struct ScalarStep<'a> {
    pub(super) value: Cow<'a, str>,
    pub(super) tag: Option<Cow<'a, str>>,
    pub(super) implicit: bool,
    pub(super) span: Span,
}

/// A part of the recording.
#[derive(Clone, Copy, Debug)]
struct Range {
    start: usize,
    end: usize,
}

/// A part of the recording that is being played.
#[derive(Debug)]
struct Replay {
    range: Range,
    alias: bool,
}

/// The steps of one document.
#[derive(Debug)]
pub(super) struct Source<'a> {
    parser: Parser<'a>,
    /// Whether the text can have aliases at all: without, nothing is recorded.
    aliases: bool,
    record: Vec<Step<'a>>,
    /// Reasons to record: anchored collections that are open, and a merge list.
    recording: usize,
    /// The open collections, with the number of the anchor if they have one.
    open: Vec<Option<usize>>,
    /// The record of every anchor; None while its node is open.
    anchors: Vec<(usize, Option<Range>)>,
    names: HashMap<&'a str, usize>,
    replays: Vec<Replay>,
    alias_depth: usize,
}

impl<'a> Source<'a> {
    pub(super) fn new(parser: Parser<'a>, text: &str) -> Self {
        Self {
            parser,
            aliases: memchr::memchr(b'*', text.as_bytes()).is_some(),
            record: Vec::new(),
            recording: 0,
            open: Vec::new(),
            anchors: Vec::new(),
            names: HashMap::new(),
            replays: Vec::new(),
            alias_depth: 0,
        }
    }

    /// Aliases that the last step is inside of.
    #[inline]
    pub(super) fn alias_depth(&self) -> usize {
        self.alias_depth
    }

    /// The next step, from the innermost replay or from the parser.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Step<'a>, Error> {
        while let Some(replay) = self.replays.last_mut() {
            if replay.range.start < replay.range.end
                && let Some(step) = self.record.get(replay.range.start)
            {
                replay.range.start += 1;
                return Ok(step.clone());
            }
            self.alias_depth -= usize::from(replay.alias);
            self.replays.pop();
        }
        self.parse()
    }

    /// The event that ends the document.
    pub(super) fn document_end(&mut self) -> Result<Event<'a>, Error> {
        self.parser.next_event()
    }

    /// Plays an anchored node next.
    pub(super) fn replay_anchored(&mut self, anchor: usize) {
        if let Some(range) = self.range(anchor) {
            self.replays.push(Replay { range, alias: true });
            self.alias_depth += 1;
        }
    }

    /// The anchored node if it is a scalar.
    pub(super) fn anchored_scalar(&self, anchor: usize) -> Option<ScalarStep<'a>> {
        match self.record.get(self.range(anchor)?.start) {
            Some(Step::Scalar(scalar)) => Some(scalar.clone()),
            _ => None,
        }
    }

    pub(super) fn is_anchored_mapping(&self, anchor: usize) -> bool {
        let first = self.range(anchor).and_then(|range| self.record.get(range.start));
        matches!(first, Some(Step::MappingStart(_)))
    }

    /// Takes the items of the sequence that has just started, and plays them next, the last one first. Answers
    /// how many they are and where the sequence ends.
    pub(super) fn replay_items_backwards(&mut self) -> Result<(usize, u32), Error> {
        let mut depth = 0_usize;
        let mut items = Vec::new();
        let mut item_start = None;
        if self.replays.is_empty() {
            self.recording += 1;
        }
        loop {
            let at = self.position();
            let step = self.next_recorded()?;
            let start = *item_start.get_or_insert(at);
            match step {
                Step::SequenceStart(_) | Step::MappingStart(_) => depth += 1,
                Step::End(span) if depth == 0 => {
                    if self.replays.is_empty() {
                        self.recording -= 1;
                    }
                    let count = items.len();
                    self.replays.extend(items.into_iter().map(|range| Replay { range, alias: false }));
                    return Ok((count, span.end));
                }
                Step::End(_) => depth -= 1,
                Step::Scalar(_) | Step::Alias(..) => {}
            }
            if depth == 0 {
                items.push(Range { start, end: at + 1 });
                item_start = None;
            }
        }
    }

    /// Where in the recording the next step is or will be.
    fn position(&self) -> usize {
        self.replays.last().map_or(self.record.len(), |replay| replay.range.start)
    }

    /// The next step of the innermost replay, which has not ended, or of the parser.
    fn next_recorded(&mut self) -> Result<Step<'a>, Error> {
        match self.replays.last_mut() {
            Some(replay) => {
                let step = self.record.get(replay.range.start).cloned();
                replay.range.start += 1;
                step.ok_or_else(|| Error::syntax(0, "found the end of an anchored node inside it"))
            }
            None => self.parse(),
        }
    }

    fn range(&self, anchor: usize) -> Option<Range> {
        self.anchors.get(anchor).and_then(|(_, range)| *range)
    }

    /// The next step of the text, recorded if needed.
    #[inline]
    fn parse(&mut self) -> Result<Step<'a>, Error> {
        let (step, anchor) = match self.parser.next_event()? {
            Event::Scalar { value, style, tag, anchor, span } => {
                let implicit = match tag.as_deref() {
                    None => style == ScalarStyle::Plain,
                    Some(tag) => tag == "!",
                };
                (Step::Scalar(ScalarStep { value, tag, implicit, span }), anchor)
            }
            Event::SequenceStart { anchor, span, .. } => (Step::SequenceStart(span), anchor),
            Event::MappingStart { anchor, span, .. } => (Step::MappingStart(span), anchor),
            Event::SequenceEnd { span } | Event::MappingEnd { span } => (Step::End(span), None),
            Event::Alias { name, span } => (self.alias(name, span)?, None),
            Event::StreamStart
            | Event::StreamEnd { .. }
            | Event::DocumentStart { .. }
            | Event::DocumentEnd { .. } => {
                return Err(Error::syntax(0, "found the end of the document inside it"));
            }
        };
        if self.aliases || self.recording > 0 {
            self.remember(&step, anchor);
        }
        Ok(step)
    }

    /// What an alias stands for. Names are bound in the order of the text, not when the alias is played again.
    fn alias(&self, name: &'a str, span: Span) -> Result<Step<'a>, Error> {
        let offset = usize::try_from(span.start).unwrap_or(usize::MAX);
        let Some(anchor) = self.names.get(name) else {
            let message = format!("found an alias of the anchor '{name}', which is not defined before it");
            return Err(Error::new(ErrorKind::UnknownAnchor, offset, message));
        };
        if self.range(*anchor).is_none() {
            let message = format!("found an alias of the anchor '{name}' inside its own node");
            return Err(Error::new(ErrorKind::SelfReference, offset, message));
        }
        Ok(Step::Alias(*anchor, span))
    }

    fn remember(&mut self, step: &Step<'a>, anchor: Option<&'a str>) {
        let start = self.record.len();
        let number = anchor.map(|name| {
            let number = self.anchors.len();
            self.anchors.push((start, None));
            self.names.insert(name, number);
            number
        });
        let mut closed = None;
        match step {
            Step::SequenceStart(_) | Step::MappingStart(_) => {
                self.open.push(number);
                self.recording += usize::from(number.is_some());
            }
            Step::End(_) => closed = self.open.pop().flatten(),
            Step::Scalar(_) | Step::Alias(..) => closed = number,
        }
        if self.recording > 0 || closed.is_some() {
            self.record.push(step.clone());
        }
        if let Some(closed) = closed {
            if matches!(step, Step::End(_)) {
                self.recording -= 1;
            }
            let end = self.record.len();
            if let Some((start, range)) = self.anchors.get_mut(closed) {
                *range = Some(Range { start: *start, end });
            }
        }
    }
}
