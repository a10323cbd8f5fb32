//! Collections in brackets.

use super::node::Context;
use super::{Parser, State, empty_scalar, unexpected};
use crate::error::Error;
use crate::event::{CollectionStyle, Event};
use crate::span::Span;
use crate::token::TokenKind;

impl<'a> Parser<'a> {
    pub(super) fn flow_sequence_first(&mut self) -> Result<Event<'a>, Error> {
        self.skip();
        self.flow_sequence_entry(true)
    }

    pub(super) fn flow_sequence_entry(&mut self, first: bool) -> Result<Event<'a>, Error> {
        let (mut kind, mut span) = self.scanner.peek()?;
        if kind != TokenKind::FlowSequenceEnd && !first {
            if kind != TokenKind::FlowEntry {
                return Err(unexpected(span, "expected ',' or ']' behind an item of a sequence"));
            }
            self.skip();
            (kind, span) = self.scanner.peek()?;
        }
        match kind {
            TokenKind::FlowSequenceEnd => {
                self.skip();
                self.close();
                Ok(Event::SequenceEnd { span })
            }
            TokenKind::Key => {
                self.open(span)?;
                self.skip();
                self.state = State::PairKey;
                let style = CollectionStyle::Flow;
                Ok(Event::MappingStart { style, tag: None, anchor: None, span: Span::empty(span.start) })
            }
            _ => {
                self.states.push(State::FlowSequenceEntry);
                self.node(Context::Flow)
            }
        }
    }

    /// The key of a pair that is an item of a sequence. Kubernetes' parser swallows the token behind an empty
    /// one, whichever it is.
    pub(super) fn pair_key(&mut self) -> Result<Event<'a>, Error> {
        let (kind, span) = self.scanner.peek()?;
        if matches!(kind, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
            self.skip();
            self.state = State::PairValue;
            return Ok(empty_scalar(span.end));
        }
        self.states.push(State::PairValue);
        self.node(Context::Flow)
    }

    pub(super) fn pair_value(&mut self) -> Result<Event<'a>, Error> {
        let (kind, mut span) = self.scanner.peek()?;
        if kind == TokenKind::Value {
            self.skip();
            let next;
            (next, span) = self.scanner.peek()?;
            if !matches!(next, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                self.states.push(State::PairEnd);
                return self.node(Context::Flow);
            }
        }
        self.state = State::PairEnd;
        Ok(empty_scalar(span.start))
    }

    pub(super) fn pair_end(&mut self) -> Result<Event<'a>, Error> {
        let span = self.scanner.peek()?.1;
        self.depth = self.depth.saturating_sub(1);
        self.state = State::FlowSequenceEntry;
        Ok(Event::MappingEnd { span: Span::empty(span.start) })
    }

    pub(super) fn flow_mapping_first(&mut self) -> Result<Event<'a>, Error> {
        self.skip();
        self.flow_mapping_key(true)
    }

    pub(super) fn flow_mapping_key(&mut self, first: bool) -> Result<Event<'a>, Error> {
        let (mut kind, mut span) = self.scanner.peek()?;
        if kind != TokenKind::FlowMappingEnd && !first {
            if kind != TokenKind::FlowEntry {
                return Err(unexpected(span, "expected ',' or '}' behind an entry of a mapping"));
            }
            self.skip();
            (kind, span) = self.scanner.peek()?;
        }
        match kind {
            TokenKind::FlowMappingEnd => {
                self.skip();
                self.close();
                Ok(Event::MappingEnd { span })
            }
            TokenKind::Key => {
                self.skip();
                self.flow_mapping_node(State::FlowMappingValue)
            }
            _ => {
                self.states.push(State::FlowMappingEmptyValue);
                self.node(Context::Flow)
            }
        }
    }

    pub(super) fn flow_mapping_value(&mut self) -> Result<Event<'a>, Error> {
        let (kind, span) = self.scanner.peek()?;
        if kind != TokenKind::Value {
            self.state = State::FlowMappingKey;
            return Ok(empty_scalar(span.start));
        }
        self.skip();
        let (next, span) = self.scanner.peek()?;
        if matches!(next, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
            self.state = State::FlowMappingKey;
            return Ok(empty_scalar(span.start));
        }
        self.states.push(State::FlowMappingKey);
        self.node(Context::Flow)
    }

    pub(super) fn flow_mapping_empty_value(&mut self) -> Result<Event<'a>, Error> {
        let span = self.scanner.peek()?.1;
        self.state = State::FlowMappingKey;
        Ok(empty_scalar(span.start))
    }

    /// The key behind its `?`, or the one that a `:` made a key.
    fn flow_mapping_node(&mut self, after: State) -> Result<Event<'a>, Error> {
        let (next, span) = self.scanner.peek()?;
        if matches!(next, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
            self.state = after;
            return Ok(empty_scalar(span.start));
        }
        self.states.push(after);
        self.node(Context::Flow)
    }
}
