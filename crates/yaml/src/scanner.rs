//! From characters to tokens.
//!
//! The scanner keeps the queue of tokens short: it scans on only while the first token may still turn out to be
//! a key, which puts tokens in front of it.

mod block_scalar;
mod cursor;
mod directive;
mod fold;
mod plain;
mod quoted;
mod simple_key;
mod tag;
mod window;

use std::collections::VecDeque;

use crate::characters::is_word;
use crate::error::Error;
use crate::span::Span;
use crate::token::{Token, TokenData, TokenKind};
use cursor::Cursor;
use simple_key::SimpleKey;

/// Open flow collections, and open indentations, that Kubernetes gives up at.
const DEEPEST: usize = 10_000;

/// An offset with its line and column.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: usize,
    line: usize,
    column: usize,
}

/// The scanner of one stream.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    cursor: Cursor<'a>,
    queue: VecDeque<Token<'a>>,
    /// Tokens that have left the queue.
    tokens_taken: usize,
    /// Whether the first token of the queue is known to be final.
    head_ready: bool,
    /// Column of the innermost block collection, -1 outside all.
    indent: i64,
    indents: Vec<i64>,
    flow_level: usize,
    simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let cursor = Cursor::new(text);
        let place = Place { offset: cursor.pos(), line: cursor.line(), column: 0 };
        Self {
            cursor,
            queue: VecDeque::with_capacity(16),
            tokens_taken: 0,
            head_ready: false,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::impossible(0, place)],
        }
    }

    /// The kind and place of the next token.
    #[inline]
    pub(crate) fn peek(&mut self) -> Result<(TokenKind, Span), Error> {
        if !self.head_ready {
            while self.queue.is_empty() || self.head_may_be_key()? {
                self.fetch()?;
            }
            self.head_ready = true;
        }
        Ok(self
            .queue
            .front()
            .map_or_else(|| (TokenKind::StreamEnd, self.here()), |token| (token.kind, token.span)))
    }

    /// The next token, taken off the queue. To be called after [`peek`](Self::peek).
    #[inline]
    pub(crate) fn take(&mut self) -> Token<'a> {
        self.head_ready = false;
        self.tokens_taken += 1;
        match self.queue.pop_front() {
            Some(token) => token,
            None => Token { kind: TokenKind::StreamEnd, span: self.here(), data: TokenData::Nothing },
        }
    }

    /// Scans at least one token to the end of the queue.
    fn fetch(&mut self) -> Result<(), Error> {
        self.skip_to_token()?;
        self.unroll_indent(self.column());
        self.cursor.demand(4)?;
        if self.cursor.is_at_end() {
            return self.fetch_stream_end();
        }
        let first = self.cursor.peek(0);
        if self.cursor.column() == 0 && matches!(first, b'%' | b'-' | b'.') {
            if first == b'%' {
                return self.fetch_directive();
            }
            if self.cursor.is_at_document_indicator() {
                return self.fetch_document_indicator();
            }
        }
        let in_block = self.flow_level == 0;
        match first {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if self.cursor.is_blank_or_end(1) => self.fetch_block_entry(),
            b'?' if !in_block || self.cursor.is_blank_or_end(1) => self.fetch_key(),
            b':' if !in_block || self.cursor.is_blank_or_end(1) => self.fetch_value(),
            b'*' => self.fetch_name(TokenKind::Alias),
            b'&' => self.fetch_name(TokenKind::Anchor),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if in_block => self.fetch_block_scalar(first == b'|'),
            b'\'' | b'"' => self.fetch_quoted(first == b'\''),
            b'|' | b'>' | b'%' | b'@' | b'`' => Err(Error::syntax(
                self.cursor.pos(),
                format!("found '{}', which cannot start a value; it needs quotes", char::from(first)),
            )),
            b'\t' => Err(Error::syntax(self.cursor.pos(), "found a tab where only spaces may indent")),
            _ => self.fetch_plain(),
        }
    }

    /// Moves over blanks, comments and line breaks.
    fn skip_to_token(&mut self) -> Result<(), Error> {
        loop {
            if self.cursor.is_watched() {
                self.cursor.demand(1)?;
                if self.cursor.column() == 0 {
                    self.cursor.skip_mark();
                }
                self.cursor.demand(1)?;
            }
            // Behind '-', '?' and at the start of a line a tab would be indentation.
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.cursor.peek(0) == b' ' || tabs && self.cursor.peek(0) == b'\t' {
                self.cursor.advance(1);
                self.cursor.demand(1)?;
            }
            if self.cursor.peek(0) == b'#' {
                self.skip_comment()?;
            }
            let width = self.cursor.break_width();
            if width == 0 {
                return Ok(());
            }
            self.cursor.demand(2)?;
            self.cursor.start_line(self.cursor.pos() + width);
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// Moves over a comment up to the end of its line.
    fn skip_comment(&mut self) -> Result<(), Error> {
        let end = self.cursor.line_end(self.cursor.pos());
        self.cursor.walk_to(end, 1)
    }

    fn fetch_stream_end(&mut self) -> Result<(), Error> {
        self.cursor.start_line(self.cursor.pos());
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(TokenKind::StreamEnd, self.here(), TokenData::Nothing);
        Ok(())
    }

    fn fetch_document_indicator(&mut self) -> Result<(), Error> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let kind =
            if self.cursor.peek(0) == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
        self.push_indicator(kind, 3);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.save_simple_key()?;
        let place = self.place();
        let token = self.next_token_number();
        self.simple_keys.push(SimpleKey::impossible(token, place));
        self.flow_level += 1;
        if self.flow_level > DEEPEST {
            return Err(too_deep(place.offset));
        }
        self.simple_key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            self.pop_simple_key();
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), Error> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Error> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(
                    self.error("found '-' on the line of another value; a sequence starts on its own line")
                );
            }
            self.roll_indent(self.place(), None, TokenKind::BlockSequenceStart)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Error> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(
                    self.error("found '?' on the line of another value; a key starts on its own line")
                );
            }
            self.roll_indent(self.place(), None, TokenKind::BlockMappingStart)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Error> {
        if let Some(key) = self.take_simple_key()? {
            let span = Span::new(key.place.offset, key.place.offset);
            self.insert(key.token, Token { kind: TokenKind::Key, span, data: TokenData::Nothing });
            self.roll_indent(key.place, Some(key.token), TokenKind::BlockMappingStart)?;
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(self.error("found ': ' inside a value; a mapping starts on its own line"));
                }
                self.roll_indent(self.place(), None, TokenKind::BlockMappingStart)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value, 1);
        Ok(())
    }

    /// Scans `*name` or `&name`.
    fn fetch_name(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.pos();
        self.cursor.advance(1);
        self.cursor.demand(1)?;
        while is_word(self.cursor.peek(0)) {
            self.cursor.advance(1);
            self.cursor.demand(1)?;
        }
        let end = self.cursor.pos();
        let ends = matches!(self.cursor.peek(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`')
            || self.cursor.is_blank_or_end(0);
        if end == start + 1 || !ends {
            return Err(self.error("expected a name of letters, digits, '-' and '_' behind '&' or '*'"));
        }
        let name = self.cursor.slice(start + 1, end);
        self.push(kind, Span::new(start, end), TokenData::Name(name));
        Ok(())
    }

    /// Opens a block collection if this column is further to the right than the open ones. `before` is the
    /// number of the token that is its first, if that is in the queue already.
    fn roll_indent(&mut self, place: Place, before: Option<usize>, kind: TokenKind) -> Result<(), Error> {
        let column = i64::try_from(place.column).unwrap_or(i64::MAX);
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > DEEPEST {
            return Err(too_deep(place.offset));
        }
        let token = Token { kind, span: Span::new(place.offset, place.offset), data: TokenData::Nothing };
        match before {
            Some(number) => self.insert(number, token),
            None => self.queue.push_back(token),
        }
        Ok(())
    }

    /// Closes the block collections that are further to the right than a column.
    #[inline]
    fn unroll_indent(&mut self, column: i64) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(TokenKind::BlockEnd, self.here(), TokenData::Nothing);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Puts a token in front of the one with a number; behind all others if that one was taken already.
    fn insert(&mut self, number: usize, token: Token<'a>) {
        match number.checked_sub(self.tokens_taken) {
            Some(index) if index < self.queue.len() => self.queue.insert(index, token),
            _ => self.queue.push_back(token),
        }
    }

    /// Makes a token of the next few characters.
    fn push_indicator(&mut self, kind: TokenKind, length: usize) {
        let start = self.cursor.pos();
        self.cursor.advance(length);
        self.push(kind, Span::new(start, start + length), TokenData::Nothing);
    }

    #[inline]
    fn push(&mut self, kind: TokenKind, span: Span, data: TokenData<'a>) {
        self.queue.push_back(Token { kind, span, data });
    }

    #[inline]
    fn place(&self) -> Place {
        Place { offset: self.cursor.pos(), line: self.cursor.line(), column: self.cursor.column() }
    }

    #[inline]
    fn column(&self) -> i64 {
        i64::try_from(self.cursor.column()).unwrap_or(i64::MAX)
    }

    fn here(&self) -> Span {
        Span::new(self.cursor.pos(), self.cursor.pos())
    }

    #[inline]
    fn next_token_number(&self) -> usize {
        self.tokens_taken + self.queue.len()
    }

    fn error(&self, message: &'static str) -> Error {
        Error::syntax(self.cursor.pos(), message)
    }
}

fn too_deep(offset: usize) -> Error {
    Error::new(crate::ErrorKind::DepthExceeded, offset, format!("found more than {DEEPEST} open collections"))
}
