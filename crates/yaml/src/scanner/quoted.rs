//! Scalars in quotes.

use std::borrow::Cow;

use super::Scanner;
use super::fold::Fold;
use crate::characters::{BLANK, BREAK, DOUBLE, SINGLE, break_text, break_width, class};
use crate::error::Error;
use crate::event::ScalarStyle;
use crate::span::Span;
use crate::token::{TokenData, TokenKind};

impl<'a> Scanner<'a> {
    pub(super) fn fetch_quoted(&mut self, single: bool) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.pos();
        self.cursor.advance(1);
        let value = match self.scan_one_line(single) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.scan_quoted(start, single)?),
        };
        self.cursor.advance(1);
        let style = if single { ScalarStyle::SingleQuoted } else { ScalarStyle::DoubleQuoted };
        let span = Span::new(start, self.cursor.pos());
        self.push(TokenKind::Scalar, span, TokenData::Scalar(value, style));
        Ok(())
    }

    /// Moves to the closing quote if neither an escape nor a line break comes before it: then the value is the
    /// text between the quotes as it is.
    fn scan_one_line(&mut self, single: bool) -> Option<&'a str> {
        if self.cursor.is_watched() {
            return None;
        }
        let bytes = self.cursor.bytes();
        let start = self.cursor.pos();
        let stop = if single { SINGLE | BREAK } else { DOUBLE | BREAK };
        let mut at = start;
        loop {
            match class(*bytes.get(at)?) & stop {
                0 => {}
                BREAK if break_width(bytes, at) == 0 => {}
                BREAK => return None,
                _ => break,
            }
            at += 1;
        }
        let closes = match bytes.get(at) {
            Some(b'\'') => bytes.get(at + 1) != Some(&b'\''),
            Some(b'"') => true,
            _ => false,
        };
        if !closes {
            return None;
        }
        self.cursor.move_to(at);
        Some(self.cursor.slice(start, at))
    }

    /// The value up to the closing quote, any of them.
    fn scan_quoted(&mut self, start: usize, single: bool) -> Result<String, Error> {
        let quote = if single { b'\'' } else { b'"' };
        let mut text = String::new();
        loop {
            self.cursor.demand(4)?;
            if self.cursor.is_at_document_indicator() {
                return Err(self.error("found a document marker inside a quoted text"));
            }
            if self.cursor.is_at_end() {
                return Err(Error::syntax(
                    start,
                    "found the end of the text inside a quoted text that starts here",
                ));
            }
            let broken = self.scan_quoted_words(&mut text, single)?;
            self.cursor.demand(1)?;
            if self.cursor.peek(0) == quote {
                return Ok(text);
            }
            self.scan_quoted_blanks(&mut text, broken)?;
        }
    }

    /// Moves to the next blank, line break or closing quote. Answers whether an escaped line break was passed.
    fn scan_quoted_words(&mut self, text: &mut String, single: bool) -> Result<bool, Error> {
        let stop = if single { SINGLE | BREAK | BLANK } else { DOUBLE | BREAK | BLANK };
        loop {
            let from = self.cursor.pos();
            let bytes = self.cursor.bytes();
            let mut to = from;
            while let Some(byte) = bytes.get(to) {
                match class(*byte) & stop {
                    0 => {}
                    BREAK if break_width(bytes, to) == 0 => {}
                    _ => break,
                }
                to += 1;
            }
            text.push_str(self.cursor.slice(from, to));
            self.cursor.walk_to(to, 2)?;
            match (self.cursor.peek(0), self.cursor.peek(1)) {
                (b'\'', b'\'') if single => {
                    text.push('\'');
                    self.cursor.advance(2);
                }
                (b'\\', _) if break_width(bytes, to + 1) > 0 => {
                    self.cursor.demand(3)?;
                    self.cursor.advance(1);
                    self.cursor.skip_break();
                    return Ok(true);
                }
                (b'\\', _) => self.scan_escape(text)?,
                _ => return Ok(false),
            }
            self.cursor.demand(2)?;
        }
    }

    /// Moves over blanks and line breaks, and writes what they become.
    fn scan_quoted_blanks(&mut self, text: &mut String, mut broken: bool) -> Result<(), Error> {
        let start = self.cursor.pos();
        let mut fold = Fold::default();
        loop {
            if self.cursor.is_blank() {
                self.cursor.advance(1);
            } else {
                let width = self.cursor.break_width();
                if width == 0 {
                    break;
                }
                self.cursor.demand(2)?;
                let line_break = break_text(self.cursor.bytes(), self.cursor.pos());
                if broken {
                    fold.trail(line_break);
                } else {
                    fold.lead(line_break);
                    broken = true;
                }
                self.cursor.start_line(self.cursor.pos() + width);
            }
            self.cursor.demand(1)?;
        }
        if broken {
            fold.write(text);
        } else {
            text.push_str(self.cursor.slice(start, self.cursor.pos()));
        }
        Ok(())
    }

    /// Moves over a backslash and what it stands for.
    fn scan_escape(&mut self, text: &mut String) -> Result<(), Error> {
        let mut digits = 0;
        match self.cursor.peek(1) {
            b'0' => text.push('\0'),
            b'a' => text.push('\x07'),
            b'b' => text.push('\x08'),
            b't' | b'\t' => text.push('\t'),
            b'n' => text.push('\n'),
            b'v' => text.push('\x0B'),
            b'f' => text.push('\x0C'),
            b'r' => text.push('\r'),
            b'e' => text.push('\x1B'),
            byte @ (b' ' | b'"' | b'\'' | b'\\') => text.push(char::from(byte)),
            b'N' => text.push('\u{85}'),
            b'_' => text.push('\u{A0}'),
            b'L' => text.push('\u{2028}'),
            b'P' => text.push('\u{2029}'),
            b'x' => digits = 2,
            b'u' => digits = 4,
            b'U' => digits = 8,
            _ => {
                return Err(
                    self.error("found a backslash before a character that it does not escape in YAML 1.1")
                );
            }
        }
        self.cursor.advance(2);
        if digits > 0 {
            self.cursor.demand(digits)?;
            let mut code: u32 = 0;
            for index in 0..digits {
                let Some(digit) = char::from(self.cursor.peek(index)).to_digit(16) else {
                    return Err(self.error("expected hexadecimal digits in an escaped character"));
                };
                code = (code << 4) | digit;
            }
            let Some(character) = char::from_u32(code) else {
                return Err(self.error("found an escaped number that is no Unicode character"));
            };
            text.push(character);
            self.cursor.advance(digits);
        }
        Ok(())
    }
}
