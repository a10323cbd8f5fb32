//! From tokens to events.
//!
//! The parser is a machine whose state says what may come next; the stack holds the states that come after the
//! open collections, so nothing recurses.

mod block;
mod flow;
mod node;

use std::borrow::Cow;
use std::collections::HashMap;

use crate::error::{Error, ErrorKind};
use crate::event::{Event, ScalarStyle};
use crate::limits::Limits;
use crate::scanner::Scanner;
use crate::span::Span;
use crate::token::{Token, TokenData, TokenKind};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    StreamStart,
    FirstDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirst,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequenceEntry,
    PairKey,
    PairValue,
    PairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// The events of one stream, all its documents.
///
/// An error is final: every further call gives it again.
#[derive(Debug)]
pub struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    states: Vec<State>,
    tag_prefixes: HashMap<Cow<'a, str>, Cow<'a, str>>,
    depth: usize,
    depth_limit: usize,
    failure: Option<Error>,
}

impl<'a> Parser<'a> {
    /// A parser at the start of a text. Only [`Limits::depth`] matters to it.
    #[must_use]
    pub fn new(text: &'a str, limits: &Limits) -> Self {
        let failure = u32::try_from(text.len())
            .err()
            .map(|_| Error::new(ErrorKind::TooLong, 0, "found a text of more than 4 GiB"));
        Self {
            scanner: Scanner::new(if failure.is_some() { "" } else { text }),
            state: State::StreamStart,
            states: Vec::new(),
            tag_prefixes: HashMap::new(),
            depth: 0,
            depth_limit: limits.depth,
            failure,
        }
    }

    /// The next event: [`Event::StreamStart`] first, [`Event::StreamEnd`] last and ever after.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`] and [`ErrorKind::ForbiddenCharacter`] where the text is not YAML as Kubernetes
    /// scans it, [`ErrorKind::DepthExceeded`] above the limit, [`ErrorKind::TooLong`] above 4 GiB.
    pub fn next_event(&mut self) -> Result<Event<'a>, Error> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let result = self.step();
        if let Err(error) = &result {
            self.failure = Some(error.clone());
        }
        result
    }

    fn step(&mut self) -> Result<Event<'a>, Error> {
        match self.state {
            State::StreamStart => {
                self.state = State::FirstDocumentStart;
                Ok(Event::StreamStart)
            }
            State::FirstDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.block_node(),
            State::BlockSequenceFirst => self.block_sequence_first(),
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirst => self.block_mapping_first(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => self.flow_sequence_first(),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => self.pair_end(),
            State::FlowMappingFirst => self.flow_mapping_first(),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => self.flow_mapping_empty_value(),
            State::End => Ok(Event::StreamEnd { span: self.scanner.peek()?.1 }),
        }
    }

    fn document_start(&mut self, first: bool) -> Result<Event<'a>, Error> {
        let (mut kind, mut span) = self.scanner.peek()?;
        while !first && kind == TokenKind::DocumentEnd {
            self.scanner.take();
            (kind, span) = self.scanner.peek()?;
        }
        let explicit =
            matches!(kind, TokenKind::VersionDirective | TokenKind::TagDirective | TokenKind::DocumentStart);
        if kind == TokenKind::StreamEnd {
            self.state = State::End;
            return Ok(Event::StreamEnd { span });
        }
        self.directives()?;
        if first && !explicit {
            self.states.push(State::DocumentEnd);
            self.state = State::BlockNode;
            return Ok(Event::DocumentStart { span: Span::empty(span.start), explicit: false });
        }
        let (kind, marker) = self.scanner.peek()?;
        if kind != TokenKind::DocumentStart {
            return Err(unexpected(marker, "expected '---' before more content"));
        }
        self.scanner.take();
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(Event::DocumentStart { span: Span { start: span.start, end: marker.end }, explicit: true })
    }

    fn document_content(&mut self) -> Result<Event<'a>, Error> {
        let (kind, span) = self.scanner.peek()?;
        match kind {
            TokenKind::VersionDirective
            | TokenKind::TagDirective
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.pop_state();
                Ok(empty_scalar(span.start))
            }
            _ => self.block_node(),
        }
    }

    fn document_end(&mut self) -> Result<Event<'a>, Error> {
        let (kind, span) = self.scanner.peek()?;
        self.tag_prefixes.clear();
        self.state = State::DocumentStart;
        if kind == TokenKind::DocumentEnd {
            self.scanner.take();
            return Ok(Event::DocumentEnd { span, explicit: true });
        }
        Ok(Event::DocumentEnd { span: Span::empty(span.start), explicit: false })
    }

    /// Takes the directives before a document.
    fn directives(&mut self) -> Result<(), Error> {
        let mut versioned = false;
        loop {
            let (kind, span) = self.scanner.peek()?;
            if !matches!(kind, TokenKind::VersionDirective | TokenKind::TagDirective) {
                break;
            }
            match self.scanner.take().data {
                TokenData::Version { major, minor } => {
                    if versioned {
                        return Err(unexpected(span, "found a second %YAML directive"));
                    }
                    if (major, minor) != (1, 1) {
                        return Err(unexpected(
                            span,
                            "found a YAML version other than 1.1, the only one Kubernetes reads",
                        ));
                    }
                    versioned = true;
                }
                TokenData::Tag(definition) => {
                    let (handle, prefix) = *definition;
                    if self.tag_prefixes.insert(handle, prefix).is_some() {
                        return Err(unexpected(span, "found a second %TAG directive for the same handle"));
                    }
                }
                _ => {}
            }
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            self.tag_prefixes.entry(Cow::Borrowed(handle)).or_insert(Cow::Borrowed(prefix));
        }
        Ok(())
    }

    #[inline]
    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// Counts a collection that opens at `span`.
    fn open(&mut self, span: Span) -> Result<(), Error> {
        if self.depth >= self.depth_limit {
            let message = format!("found more than {} open collections", self.depth_limit);
            return Err(Error::new(ErrorKind::DepthExceeded, offset(span), message));
        }
        self.depth += 1;
        Ok(())
    }

    /// Leaves a collection.
    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.pop_state();
    }

    fn skip(&mut self) -> Token<'a> {
        self.scanner.take()
    }
}

/// The scalar of a value that is not written.
fn empty_scalar<'a>(offset: u32) -> Event<'a> {
    Event::Scalar {
        value: Cow::Borrowed(""),
        style: ScalarStyle::Plain,
        tag: None,
        anchor: None,
        span: Span::empty(offset),
    }
}

fn unexpected(span: Span, message: &'static str) -> Error {
    Error::syntax(offset(span), message)
}

fn offset(span: Span) -> usize {
    usize::try_from(span.start).unwrap_or(usize::MAX)
}
