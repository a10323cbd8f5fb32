//! JSON as Go's `encoding/json` reads it, with its words about what is none.
//!
//! The whole text is checked first, without recursion; then the outer two levels are taken out.
//!
//! Source: Go `encoding/json`, `scanner.go` and `decode.go`.

use super::shape::Shape;
use ravelin_object::json_syntax;

/// Reads a text that must be one JSON value.
pub(super) fn read(text: &[u8]) -> Result<Shape, String> {
    if let Some(fault) = json_syntax::fault(text) {
        return Err(fault);
    }
    let mut reader = Reader { rest: text };
    reader.skip_space();
    Ok(reader.value(2))
}

fn skip_space(rest: &mut &[u8]) {
    while let Some((b' ' | b'\t' | b'\r' | b'\n', tail)) = rest.split_first() {
        *rest = tail;
    }
}

/// Takes values out of a text that has been checked.
struct Reader<'t> {
    rest: &'t [u8],
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        skip_space(&mut self.rest);
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn value(&mut self, levels: usize) -> Shape {
        self.skip_space();
        match self.rest.first() {
            Some(b'{') if levels > 0 => self.object(levels),
            Some(b'{') => {
                self.skip_nested();
                Shape::Object(Vec::new())
            }
            Some(b'[') => {
                self.skip_nested();
                Shape::Array
            }
            Some(b'"') => Shape::String(self.string()),
            first => {
                let shape = match first {
                    Some(b't') => Shape::Bool(true),
                    Some(b'f') => Shape::Bool(false),
                    Some(b'n') => Shape::Null,
                    _ => Shape::Number,
                };
                let end = |byte: &u8| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
                let length = self.rest.iter().take_while(|byte| end(byte)).count();
                self.rest = self.rest.get(length..).unwrap_or_default();
                shape
            }
        }
    }

    fn object(&mut self, levels: usize) -> Shape {
        let mut entries = Vec::new();
        self.take();
        loop {
            self.skip_space();
            match self.rest.first() {
                Some(b'"') => {
                    let key = self.string();
                    self.skip_space();
                    self.take();
                    let value = self.value(levels - 1);
                    entries.push((key, value));
                }
                Some(b',') => {
                    self.take();
                }
                _ => {
                    self.take();
                    return Shape::Object(entries);
                }
            }
        }
    }

    fn skip_nested(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.rest.first() {
                Some(b'"') => {
                    self.string();
                    continue;
                }
                Some(b'{' | b'[') => depth += 1,
                Some(b'}' | b']') => depth = depth.saturating_sub(1),
                None => return,
                _ => {}
            }
            self.take();
            if depth == 0 {
                return;
            }
        }
    }

    /// A string without its escapes. What is no character becomes U+FFFD, byte by byte.
    fn string(&mut self) -> String {
        let mut bytes = Vec::new();
        self.take();
        while let Some(byte) = self.take() {
            match byte {
                b'"' => break,
                b'\\' => self.escape(&mut bytes),
                byte => bytes.push(byte),
            }
        }
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
        }
        text
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) {
        let character = match self.take() {
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.code_point(),
            other => other.map_or(char::REPLACEMENT_CHARACTER, char::from),
        };
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// The character of a `\u` escape, or of two that are a surrogate pair.
    fn code_point(&mut self) -> char {
        let unit = self.unit();
        if let Some(character) = char::from_u32(unit) {
            return character;
        }
        if let (0xd800..0xdc00, [b'\\', b'u', rest @ ..]) = (unit, self.rest) {
            let mut ahead = Reader { rest };
            let low = ahead.unit();
            if (0xdc00..0xe000).contains(&low) {
                self.rest = ahead.rest;
                let combined = 0x1_0000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
                return char::from_u32(combined).unwrap_or(char::REPLACEMENT_CHARACTER);
            }
        }
        char::REPLACEMENT_CHARACTER
    }

    fn unit(&mut self) -> u32 {
        (0..4).fold(0, |unit, _| {
            let digit = self.take().and_then(|byte| char::from(byte).to_digit(16)).unwrap_or_default();
            unit << 4 | digit
        })
    }
}
