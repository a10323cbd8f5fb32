//! A place in the text, its line and its column.

use super::window::Window;
use crate::characters::{break_width, byte_at, continuation_bytes, is_blank_or_end};
use crate::error::Error;
use crate::reader::{MARK, Notable, find_notable};

/// The place that is scanned next.
///
/// Columns count characters, so the number of bytes that make no column of their own is kept up to date by
/// [`move_to`](Self::move_to).
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    line_start: usize,
    /// `pos` less the column.
    column_base: usize,
    window: Option<Box<Window<'a>>>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let pos = if text.as_bytes().starts_with(MARK) { MARK.len() } else { 0 };
        let notable = find_notable(text.as_bytes(), pos);
        // INVARIANT: what is scanned holds no forbidden character, so 0 can stand for the end of it.
        let scanned = match notable {
            Some(Notable::Forbidden(at)) => text.get(..at).unwrap_or(""),
            _ => text,
        };
        let window = notable.map(|_| Box::new(Window::new(text)));
        Self { text: scanned, bytes: scanned.as_bytes(), pos, line_start: pos, column_base: pos, window }
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    /// Tells lines apart: two places are on the same line if and only if this is the same.
    #[inline]
    pub(crate) fn line(&self) -> usize {
        self.line_start
    }

    #[inline]
    pub(crate) fn column(&self) -> usize {
        self.pos - self.column_base
    }

    /// The byte `ahead` of the cursor, 0 behind the end.
    #[inline]
    pub(crate) fn peek(&self, ahead: usize) -> u8 {
        byte_at(self.bytes, self.pos + ahead)
    }

    #[inline]
    pub(crate) fn is_at_end(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    #[inline]
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.peek(0), b' ' | b'\t')
    }

    #[inline]
    pub(crate) fn is_blank_or_end(&self, ahead: usize) -> bool {
        is_blank_or_end(self.bytes, self.pos + ahead)
    }

    #[inline]
    pub(crate) fn break_width(&self) -> usize {
        break_width(self.bytes, self.pos)
    }

    /// Whether `---` or `...` begins the line here.
    #[inline]
    pub(crate) fn is_at_document_indicator(&self) -> bool {
        self.column() == 0
            && matches!((self.peek(0), self.peek(1), self.peek(2)), (b'-', b'-', b'-') | (b'.', b'.', b'.'))
            && self.is_blank_or_end(3)
    }

    #[inline]
    pub(crate) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or("")
    }

    /// Moves over bytes that are one character each.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        self.pos += count;
    }

    /// Moves to a place further on in the same line.
    #[inline]
    pub(crate) fn move_to(&mut self, pos: usize) {
        self.column_base += continuation_bytes(self.bytes.get(self.pos..pos).unwrap_or(&[]));
        self.pos = pos;
    }

    /// Moves over the line break here, if there is one.
    #[inline]
    pub(crate) fn skip_break(&mut self) {
        let width = self.break_width();
        if width > 0 {
            self.start_line(self.pos + width);
        }
    }

    /// Begins a line at an offset.
    #[inline]
    pub(crate) fn start_line(&mut self, pos: usize) {
        self.pos = pos;
        self.line_start = pos;
        self.column_base = pos;
    }

    /// Where the line that goes on at `from` ends.
    pub(crate) fn line_end(&self, from: usize) -> usize {
        let mut at = from;
        while let Some(byte) = self.bytes.get(at) {
            if matches!(*byte, b'\n' | b'\r' | 0xC2 | 0xE2) && break_width(self.bytes, at) > 0 {
                break;
            }
            at += 1;
        }
        at
    }

    /// Whether the text needs the slow, exact way.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.window.is_some()
    }

    /// Asks the reader for `count` characters from here on.
    #[inline]
    pub(crate) fn demand(&mut self, count: usize) -> Result<(), Error> {
        match &mut self.window {
            None => Ok(()),
            Some(window) => window.demand(self.pos, count),
        }
    }

    /// Moves to a place in the same line, asking for `count` characters behind every one that is passed.
    #[inline]
    pub(crate) fn walk_to(&mut self, pos: usize, count: usize) -> Result<(), Error> {
        if let Some(window) = &mut self.window {
            for (at, character) in self.text.get(self.pos..pos).unwrap_or("").char_indices() {
                window.demand(self.pos + at + character.len_utf8(), count)?;
            }
        }
        self.move_to(pos);
        Ok(())
    }

    /// [`walk_to`](Self::walk_to) for a caller that knows whether it passes only ASCII.
    #[inline]
    pub(crate) fn pass(&mut self, pos: usize, ascii: bool, count: usize) -> Result<(), Error> {
        if ascii && self.window.is_none() {
            self.pos = pos;
            return Ok(());
        }
        self.walk_to(pos, count)
    }

    /// Loses the first character of a line if the reader's buffer begins with a byte order mark.
    pub(crate) fn skip_mark(&mut self) {
        let Some(window) = self.window.as_mut().filter(|window| window.starts_with_mark()) else { return };
        match self.text.get(self.pos..).and_then(|rest| rest.chars().next()) {
            Some(character) => {
                self.pos += character.len_utf8();
                self.column_base += character.len_utf8() - 1;
            }
            None => {
                window.skip_padding();
                self.column_base = self.column_base.saturating_sub(1);
            }
        }
    }
}
