//! Collections by indentation.

use super::node::Context;
use super::{Parser, State, empty_scalar, unexpected};
use crate::error::Error;
use crate::event::Event;
use crate::token::TokenKind;

impl<'a> Parser<'a> {
    pub(super) fn block_sequence_first(&mut self) -> Result<Event<'a>, Error> {
        self.skip();
        self.block_sequence_entry()
    }

    pub(super) fn block_sequence_entry(&mut self) -> Result<Event<'a>, Error> {
        let (kind, span) = self.scanner.peek()?;
        match kind {
            TokenKind::BlockEntry => {
                self.skip();
                let next = self.scanner.peek()?.0;
                if matches!(next, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    self.state = State::BlockSequenceEntry;
                    return Ok(empty_scalar(span.end));
                }
                self.states.push(State::BlockSequenceEntry);
                self.node(Context::Block)
            }
            TokenKind::BlockEnd => {
                self.skip();
                self.close();
                Ok(Event::SequenceEnd { span })
            }
            _ => Err(unexpected(span, "expected '-' in the column of the other items of the sequence")),
        }
    }

    pub(super) fn indentless_sequence_entry(&mut self) -> Result<Event<'a>, Error> {
        let (kind, span) = self.scanner.peek()?;
        if kind != TokenKind::BlockEntry {
            self.close();
            return Ok(Event::SequenceEnd { span: crate::Span::empty(span.start) });
        }
        self.skip();
        let next = self.scanner.peek()?.0;
        if matches!(next, TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
            self.state = State::IndentlessSequenceEntry;
            return Ok(empty_scalar(span.end));
        }
        self.states.push(State::IndentlessSequenceEntry);
        self.node(Context::Block)
    }

    pub(super) fn block_mapping_first(&mut self) -> Result<Event<'a>, Error> {
        self.skip();
        self.block_mapping_key()
    }

    pub(super) fn block_mapping_key(&mut self) -> Result<Event<'a>, Error> {
        let (kind, span) = self.scanner.peek()?;
        match kind {
            TokenKind::Key => {
                self.skip();
                self.block_mapping_node(span.end, State::BlockMappingValue)
            }
            TokenKind::BlockEnd => {
                self.skip();
                self.close();
                Ok(Event::MappingEnd { span })
            }
            _ => Err(unexpected(span, "expected a key in the column of the other keys of the mapping")),
        }
    }

    pub(super) fn block_mapping_value(&mut self) -> Result<Event<'a>, Error> {
        let (kind, span) = self.scanner.peek()?;
        if kind != TokenKind::Value {
            self.state = State::BlockMappingKey;
            return Ok(empty_scalar(span.start));
        }
        self.skip();
        self.block_mapping_node(span.end, State::BlockMappingKey)
    }

    /// The key or value behind its indicator.
    #[inline]
    fn block_mapping_node(&mut self, indicator_end: u32, after: State) -> Result<Event<'a>, Error> {
        let next = self.scanner.peek()?.0;
        if matches!(next, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
            self.state = after;
            return Ok(empty_scalar(indicator_end));
        }
        self.states.push(after);
        self.node(Context::BlockValue)
    }
}
