//! Scalars without quotes.

use std::borrow::Cow;

use super::Scanner;
use super::fold::Fold;
use crate::characters::{BLANK, BREAK, COLON, FLOW, break_text, break_width, class, is_blank_or_end};
use crate::error::Error;
use crate::event::ScalarStyle;
use crate::span::Span;
use crate::token::{TokenData, TokenKind};

impl<'a> Scanner<'a> {
    pub(super) fn fetch_plain(&mut self) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.pos();
        let (value, end) = self.scan_plain(start)?;
        self.push(TokenKind::Scalar, Span::new(start, end), TokenData::Scalar(value, ScalarStyle::Plain));
        Ok(())
    }

    /// The text of the scalar that starts here, and where its last character ends.
    fn scan_plain(&mut self, start: usize) -> Result<(Cow<'a, str>, usize), Error> {
        let mut end = start;
        // The text from here to `end` is a verbatim part of the value; `joined` is what comes before it.
        let mut segment = start;
        let mut joined: Option<String> = None;
        let mut fold = Fold::default();
        let mut broken = false;
        loop {
            self.cursor.demand(4)?;
            if self.cursor.is_at_document_indicator() || self.cursor.peek(0) == b'#' {
                break;
            }
            let from = self.cursor.pos();
            let (to, ascii) = self.plain_run_end(from);
            if to > from {
                if broken {
                    let text = joined.get_or_insert_default();
                    text.push_str(self.cursor.slice(segment, end));
                    fold.write(text);
                    segment = from;
                    broken = false;
                }
                self.cursor.pass(to, ascii, 2)?;
                end = to;
            }
            if !self.cursor.is_blank() && self.cursor.break_width() == 0 {
                break;
            }
            self.cursor.demand(1)?;
            self.skip_plain_blanks(&mut broken, &mut fold)?;
            if self.flow_level == 0 && self.column() <= self.indent {
                break;
            }
        }
        if broken {
            self.simple_key_allowed = true;
        }
        let rest = self.cursor.slice(segment, end);
        let value = match joined {
            None => Cow::Borrowed(rest),
            Some(mut text) => {
                text.push_str(rest);
                Cow::Owned(text)
            }
        };
        Ok((value, end))
    }

    /// Where the word of a plain scalar that starts at `from` ends, and whether it is ASCII.
    #[inline]
    fn plain_run_end(&self, from: usize) -> (usize, bool) {
        let bytes = self.cursor.bytes();
        let stop = if self.flow_level > 0 { BLANK | BREAK | COLON | FLOW } else { BLANK | BREAK | COLON };
        let mut at = from;
        let mut seen = 0;
        while let Some(byte) = bytes.get(at) {
            match class(*byte) & stop {
                0 => {}
                COLON if !is_blank_or_end(bytes, at + 1) => {}
                BREAK if break_width(bytes, at) == 0 => {}
                _ => break,
            }
            seen |= *byte;
            at += 1;
        }
        (at, seen.is_ascii())
    }

    /// Moves over blanks and line breaks behind a word.
    fn skip_plain_blanks(&mut self, broken: &mut bool, fold: &mut Fold) -> Result<(), Error> {
        loop {
            let byte = self.cursor.peek(0);
            if byte == b' ' || byte == b'\t' {
                if *broken && byte == b'\t' && self.column() <= self.indent {
                    return Err(self.error("found a tab where only spaces may indent what follows a value"));
                }
                self.cursor.advance(1);
            } else {
                let width = self.cursor.break_width();
                if width == 0 {
                    return Ok(());
                }
                self.cursor.demand(2)?;
                let line_break = break_text(self.cursor.bytes(), self.cursor.pos());
                if *broken {
                    fold.trail(line_break);
                } else {
                    fold.lead(line_break);
                    *broken = true;
                }
                self.cursor.start_line(self.cursor.pos() + width);
            }
            self.cursor.demand(1)?;
        }
    }
}
