//! Scalars that start with `|` or `>` and go on by indentation.

use std::borrow::Cow;

use super::Scanner;
use crate::characters::{break_text, byte_at};
use crate::error::Error;
use crate::event::ScalarStyle;
use crate::span::Span;
use crate::token::{TokenData, TokenKind};

/// What happens to the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl<'a> Scanner<'a> {
    pub(super) fn fetch_block_scalar(&mut self, literal: bool) -> Result<(), Error> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let start = self.cursor.pos();
        self.cursor.advance(1);
        self.cursor.demand(1)?;
        let (chomping, increment) = self.scan_block_indicators()?;
        let header_end = self.cursor.pos();
        self.skip_block_header()?;
        let indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let (value, end) = self.scan_block_lines(literal, chomping, indent)?;
        let style = if literal { ScalarStyle::Literal } else { ScalarStyle::Folded };
        let span = Span::new(start, end.unwrap_or(header_end));
        self.push(TokenKind::Scalar, span, TokenData::Scalar(Cow::Owned(value), style));
        Ok(())
    }

    /// `+`, `-` and the indentation, in any order.
    fn scan_block_indicators(&mut self) -> Result<(Chomping, i64), Error> {
        let mut chomping = self.scan_chomping();
        if chomping.is_some() {
            self.cursor.demand(1)?;
        }
        let digit = self.cursor.peek(0);
        let mut increment = 0;
        if digit.is_ascii_digit() {
            if digit == b'0' {
                return Err(self.error("found a block text with an indentation of 0; it starts at 1"));
            }
            increment = i64::from(digit - b'0');
            self.cursor.advance(1);
            if chomping.is_none() {
                self.cursor.demand(1)?;
                chomping = self.scan_chomping();
            }
        }
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn scan_chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.cursor.peek(0) {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return None,
        };
        self.cursor.advance(1);
        Some(chomping)
    }

    /// The rest of the line of the indicators: blanks and a comment.
    fn skip_block_header(&mut self) -> Result<(), Error> {
        self.cursor.demand(1)?;
        while self.cursor.is_blank() {
            self.cursor.advance(1);
            self.cursor.demand(1)?;
        }
        if self.cursor.peek(0) == b'#' {
            self.skip_comment()?;
        }
        if self.cursor.is_at_end() {
            return Ok(());
        }
        if self.cursor.break_width() == 0 {
            return Err(self.error("expected a comment or the end of the line behind '|' or '>'"));
        }
        self.cursor.demand(2)?;
        self.cursor.skip_break();
        Ok(())
    }

    /// The text of the lines, and where the last one that is not blank ends. An `indent` of 0 means: find out.
    fn scan_block_lines(
        &mut self,
        literal: bool,
        chomping: Chomping,
        indent: i64,
    ) -> Result<(String, Option<usize>), Error> {
        let mut text = String::new();
        let mut end = None;
        let mut leading = "";
        let mut trailing = String::new();
        let indent = self.scan_block_breaks(indent, &mut trailing)?;
        self.cursor.demand(1)?;
        let mut indented = false;
        while self.column() == indent && !self.cursor.is_at_end() {
            let blank = self.cursor.is_blank();
            if !literal && !indented && !blank && leading == "\n" {
                if trailing.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(leading);
            }
            text.push_str(&trailing);
            trailing.clear();
            indented = blank;
            let from = self.cursor.pos();
            let to = self.cursor.line_end(from);
            let line = self.cursor.slice(from, to);
            text.push_str(line);
            if line.bytes().any(|byte| !matches!(byte, b' ' | b'\t')) {
                end = Some(to);
            }
            self.cursor.walk_to(to, 1)?;
            self.cursor.demand(2)?;
            leading = "";
            if self.cursor.break_width() > 0 {
                leading = break_text(self.cursor.bytes(), to);
                self.cursor.skip_break();
            }
            self.scan_block_breaks(indent, &mut trailing)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(leading);
        }
        if chomping == Chomping::Keep {
            text.push_str(&trailing);
        }
        Ok((text, end))
    }

    /// Moves over blank lines and the indentation of the next line. Answers the indentation of the block, which
    /// is that of the deepest blank or first other line if it is not known yet.
    fn scan_block_breaks(&mut self, indent: i64, breaks: &mut String) -> Result<i64, Error> {
        let mut deepest = 0;
        loop {
            self.cursor.demand(1)?;
            while (indent == 0 || self.column() < indent) && self.cursor.peek(0) == b' ' {
                self.cursor.advance(1);
                self.cursor.demand(1)?;
            }
            deepest = deepest.max(self.column());
            let byte = byte_at(self.cursor.bytes(), self.cursor.pos());
            if (indent == 0 || self.column() < indent) && byte == b'\t' {
                return Err(self.error("found a tab where only spaces may indent a block text"));
            }
            if self.cursor.break_width() == 0 {
                break;
            }
            self.cursor.demand(2)?;
            breaks.push_str(break_text(self.cursor.bytes(), self.cursor.pos()));
            self.cursor.skip_break();
        }
        Ok(if indent == 0 { deepest.max(self.indent + 1).max(1) } else { indent })
    }
}
