//! Tags: `!local`, `!!short`, `!handle!suffix` and `!<verbatim>`.

use std::borrow::Cow;

use super::Scanner;
use crate::characters::is_word;
use crate::error::Error;
use crate::span::Span;
use crate::token::{TokenData, TokenKind};

impl<'a> Scanner<'a> {
    pub(super) fn fetch_tag(&mut self) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.pos();
        self.cursor.demand(2)?;
        let (handle, suffix) = if self.cursor.peek(1) == b'<' {
            self.cursor.advance(2);
            let suffix = self.scan_tag_uri("")?;
            if self.cursor.peek(0) != b'>' {
                return Err(self.error("expected '>' at the end of a tag that starts with '!<'"));
            }
            self.cursor.advance(1);
            (Cow::Borrowed(""), suffix)
        } else {
            self.scan_shorthand()?
        };
        self.cursor.demand(1)?;
        if !self.cursor.is_blank_or_end(0) {
            return Err(self.error("expected a blank or the end of the line behind a tag"));
        }
        let span = Span::new(start, self.cursor.pos());
        self.push(TokenKind::Tag, span, TokenData::Tag(Box::new((handle, suffix))));
        Ok(())
    }

    /// The handle and the suffix of a tag without `!<`. No handle means that the suffix is the whole tag.
    fn scan_shorthand(&mut self) -> Result<(Cow<'a, str>, Cow<'a, str>), Error> {
        let handle = self.scan_tag_handle()?;
        if handle.len() > 1 && handle.ends_with('!') {
            return Ok((Cow::Borrowed(handle), self.scan_tag_uri("")?));
        }
        let suffix = self.scan_tag_uri(handle)?;
        if suffix.is_empty() {
            Ok((Cow::Borrowed(""), Cow::Borrowed("!")))
        } else {
            Ok((Cow::Borrowed("!"), suffix))
        }
    }

    /// `!`, letters, and `!` if one follows.
    pub(super) fn scan_tag_handle(&mut self) -> Result<&'a str, Error> {
        self.cursor.demand(1)?;
        if self.cursor.peek(0) != b'!' {
            return Err(self.error("expected '!' at the start of a tag handle"));
        }
        let start = self.cursor.pos();
        self.cursor.advance(1);
        self.cursor.demand(1)?;
        while is_word(self.cursor.peek(0)) {
            self.cursor.advance(1);
            self.cursor.demand(1)?;
        }
        if self.cursor.peek(0) == b'!' {
            self.cursor.advance(1);
        }
        Ok(self.cursor.slice(start, self.cursor.pos()))
    }

    /// The characters of a tag from here on, escapes resolved, behind those of `head` (without its `!`) that
    /// were scanned already.
    pub(super) fn scan_tag_uri(&mut self, head: &str) -> Result<Cow<'a, str>, Error> {
        let mut bytes: Vec<u8> = head.bytes().skip(1).collect();
        let start = self.cursor.pos();
        self.cursor.demand(1)?;
        loop {
            let byte = self.cursor.peek(0);
            if byte == b'%' {
                self.scan_uri_escape(&mut bytes)?;
            } else if is_word(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) && byte != 0 {
                bytes.push(byte);
                self.cursor.advance(1);
            } else {
                break;
            }
            self.cursor.demand(1)?;
        }
        if head.is_empty() && self.cursor.pos() == start {
            return Err(self.error("expected the name of a tag"));
        }
        // Escapes can make bytes that are no UTF-8. They differ from every tag that has a meaning, before and
        // after the replacement.
        Ok(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The `%xx` escapes of one character.
    fn scan_uri_escape(&mut self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let mut remaining: Option<usize> = None;
        while remaining != Some(0) {
            self.cursor.demand(3)?;
            let digit = |ahead| char::from(self.cursor.peek(ahead)).to_digit(16);
            let (b'%', Some(high), Some(low)) = (self.cursor.peek(0), digit(1), digit(2)) else {
                return Err(self.error("expected '%' and two hexadecimal digits in a tag"));
            };
            let byte = u8::try_from(high * 16 + low).unwrap_or(u8::MAX);
            let width = match (remaining, byte) {
                (Some(width), 0x80..0xC0) => width,
                (None, 0..0x80) => 1,
                (None, 0xC0..0xE0) => 2,
                (None, 0xE0..0xF0) => 3,
                (None, 0xF0..0xF8) => 4,
                _ => return Err(self.error("found escapes in a tag that are no UTF-8")),
            };
            bytes.push(byte);
            self.cursor.advance(3);
            remaining = Some(width - 1);
        }
        Ok(())
    }
}
