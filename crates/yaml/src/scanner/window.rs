//! How far Kubernetes' reader has read ahead.
//!
//! It decodes its input in chunks of 512 bytes, on demand. That is visible in two ways: a forbidden character
//! is an error only when the chunk it is in is decoded, and a byte order mark inside the text is skipped only
//! when it is the first character of the buffer, in which case it costs every further line of that buffer its
//! first character. Texts that have such characters are scanned with this window; no others need it.

use crate::characters::byte_at;
use crate::error::Error;
use crate::reader::{MARK, forbidden_error, is_forbidden};

/// Bytes that are read at once.
const CHUNK: usize = 512;

/// The state of the reader's buffers, in offsets of the text.
#[derive(Debug)]
pub(crate) struct Window<'a> {
    text: &'a str,
    /// Where the buffer of decoded characters begins.
    buffer_start: usize,
    /// Where the decoded characters end.
    decoded: usize,
    /// Where the bytes that were read end.
    read: usize,
    /// Whether reading has met the end of the input.
    ended: bool,
    /// End markers in the buffer behind the last character; every refill at the end adds one.
    padding: usize,
}

impl<'a> Window<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let read = text.len().min(CHUNK);
        let decoded = if text.as_bytes().starts_with(MARK) { MARK.len() } else { 0 };
        Self { text, buffer_start: decoded, decoded, read, ended: read < 3, padding: 0 }
    }

    /// Whether the buffer begins with a byte order mark.
    pub(crate) fn starts_with_mark(&self) -> bool {
        self.text.as_bytes().get(self.buffer_start..).is_some_and(|rest| rest.starts_with(MARK))
    }

    /// Takes one end marker out of the buffer.
    pub(crate) fn skip_padding(&mut self) {
        self.padding = self.padding.saturating_sub(1);
    }

    /// Decodes until `count` characters from `at` on are in the buffer, or the input ends.
    ///
    /// # Errors
    /// When a forbidden character is decoded on the way.
    pub(crate) fn demand(&mut self, at: usize, count: usize) -> Result<(), Error> {
        let mut unread = self.unread(at, count);
        if unread >= count {
            return Ok(());
        }
        self.buffer_start = at;
        let mut first = true;
        while unread < count {
            if !first || self.decoded == self.read {
                self.read_chunk();
            }
            first = false;
            self.decode()?;
            if self.ended {
                self.padding += 1;
                break;
            }
            unread = self.unread(at, count);
        }
        Ok(())
    }

    /// Characters in the buffer from `at` on, counted up to `enough`.
    fn unread(&self, at: usize, enough: usize) -> usize {
        let decoded = self.text.get(at..self.decoded).unwrap_or("");
        decoded.chars().take(enough).count() + self.padding
    }

    fn read_chunk(&mut self) {
        if self.read == self.text.len() {
            self.ended = true;
        } else {
            self.read = (self.decoded + CHUNK).min(self.text.len());
        }
    }

    fn decode(&mut self) -> Result<(), Error> {
        let bytes = self.text.as_bytes();
        while self.decoded < self.read {
            let width = match byte_at(bytes, self.decoded) {
                0..0x80 => 1,
                0x80..0xE0 => 2,
                0xE0..0xF0 => 3,
                _ => 4,
            };
            if self.decoded + width > self.read {
                break;
            }
            if is_forbidden(bytes, self.decoded) {
                return Err(forbidden_error(self.text, self.decoded));
            }
            self.decoded += width;
        }
        Ok(())
    }
}
