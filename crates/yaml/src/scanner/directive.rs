//! Directives: `%YAML 1.1` and `%TAG !handle! prefix`.

use std::borrow::Cow;

use super::Scanner;
use crate::characters::is_word;
use crate::error::Error;
use crate::span::Span;
use crate::token::{TokenData, TokenKind};

impl<'a> Scanner<'a> {
    pub(super) fn fetch_directive(&mut self) -> Result<(), Error> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.pos();
        self.cursor.advance(1);
        let (kind, data) = match self.scan_directive_name()? {
            "YAML" => (TokenKind::VersionDirective, self.scan_version()?),
            "TAG" => (TokenKind::TagDirective, self.scan_tag_directive()?),
            _ => return Err(Error::syntax(start, "found a directive that is neither %YAML nor %TAG")),
        };
        let span = Span::new(start, self.cursor.pos());
        self.skip_directive_blanks()?;
        if self.cursor.peek(0) == b'#' {
            self.skip_comment()?;
        }
        if !self.cursor.is_at_end() && self.cursor.break_width() == 0 {
            return Err(self.error("expected a comment or the end of the line behind a directive"));
        }
        if !self.cursor.is_at_end() {
            self.cursor.demand(2)?;
            self.cursor.skip_break();
        }
        self.push(kind, span, data);
        Ok(())
    }

    fn scan_directive_name(&mut self) -> Result<&'a str, Error> {
        let start = self.cursor.pos();
        self.cursor.demand(1)?;
        while is_word(self.cursor.peek(0)) {
            self.cursor.advance(1);
            self.cursor.demand(1)?;
        }
        let name = self.cursor.slice(start, self.cursor.pos());
        if name.is_empty() || !self.cursor.is_blank_or_end(0) {
            return Err(self.error("expected the name of a directive behind '%'"));
        }
        Ok(name)
    }

    fn skip_directive_blanks(&mut self) -> Result<(), Error> {
        self.cursor.demand(1)?;
        while self.cursor.is_blank() {
            self.cursor.advance(1);
            self.cursor.demand(1)?;
        }
        Ok(())
    }

    fn scan_version(&mut self) -> Result<TokenData<'a>, Error> {
        self.skip_directive_blanks()?;
        let major = self.scan_version_number()?;
        if self.cursor.peek(0) != b'.' {
            return Err(self.error("expected a version such as 1.1 behind %YAML"));
        }
        self.cursor.advance(1);
        let minor = self.scan_version_number()?;
        Ok(TokenData::Version { major, minor })
    }

    /// One or two digits.
    fn scan_version_number(&mut self) -> Result<u8, Error> {
        let start = self.cursor.pos();
        let mut number: u8 = 0;
        self.cursor.demand(1)?;
        while self.cursor.peek(0).is_ascii_digit() {
            if self.cursor.pos() == start + 2 {
                return Err(self.error("found a version number of more than two digits"));
            }
            number = number * 10 + (self.cursor.peek(0) - b'0');
            self.cursor.advance(1);
            self.cursor.demand(1)?;
        }
        if self.cursor.pos() == start {
            return Err(self.error("expected a version such as 1.1 behind %YAML"));
        }
        Ok(number)
    }

    fn scan_tag_directive(&mut self) -> Result<TokenData<'a>, Error> {
        self.skip_directive_blanks()?;
        let handle = self.scan_tag_handle()?;
        if handle != "!" && !(handle.len() > 1 && handle.ends_with('!')) {
            return Err(self.error("expected '!' at the end of the handle of %TAG"));
        }
        self.cursor.demand(1)?;
        if !self.cursor.is_blank() {
            return Err(self.error("expected a blank behind the handle of %TAG"));
        }
        self.skip_directive_blanks()?;
        let prefix = self.scan_tag_uri("")?;
        self.cursor.demand(1)?;
        if !self.cursor.is_blank_or_end(0) {
            return Err(self.error("expected a blank or the end of the line behind the prefix of %TAG"));
        }
        Ok(TokenData::Tag(Box::new((Cow::Borrowed(handle), prefix))))
    }
}
