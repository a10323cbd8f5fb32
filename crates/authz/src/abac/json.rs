//! JSON as Go's `encoding/json` reads it, with its words about what is none.
//!
//! The whole text is checked first, without recursion; then the outer two levels are taken out.
//!
//! Source: Go `encoding/json`, `scanner.go` and `decode.go`.

use super::shape::Shape;

/// Reads a text that must be one JSON value.
pub(super) fn read(text: &[u8]) -> Result<Shape, String> {
    let mut scanner = Scanner { rest: text, open: Vec::new() };
    scanner.document()?;
    let mut reader = Reader { rest: text };
    reader.skip_space();
    Ok(reader.value(2))
}

/// What is open around the place that is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Object,
    Array,
}

struct Scanner<'t> {
    rest: &'t [u8],
    open: Vec<Open>,
}

impl Scanner<'_> {
    const DEEPEST: usize = 10_000;

    fn document(&mut self) -> Result<(), String> {
        loop {
            self.begin_value()?;
            loop {
                match self.end_value()? {
                    After::Value => break,
                    After::Closed => {}
                    After::End => return Ok(()),
                }
            }
        }
    }

    fn next(&mut self) -> Result<u8, String> {
        let (first, rest) =
            self.rest.split_first().ok_or_else(|| "unexpected end of JSON input".to_owned())?;
        self.rest = rest;
        Ok(*first)
    }

    /// Within a literal, a number or an escape the end of the text counts as a space.
    fn next_or_space(&mut self) -> u8 {
        self.next().unwrap_or(b' ')
    }

    fn next_past_space(&mut self) -> Result<u8, String> {
        skip_space(&mut self.rest);
        self.next()
    }

    /// Reads up to the end of a scalar, or through the opening of what is empty, or up to the first value within.
    fn begin_value(&mut self) -> Result<(), String> {
        loop {
            let byte = self.next_past_space()?;
            match byte {
                b'{' => {
                    self.push(Open::Object)?;
                    skip_space(&mut self.rest);
                    if self.rest.first() == Some(&b'}') {
                        return Ok(());
                    }
                    self.key()?;
                }
                b'[' => {
                    self.push(Open::Array)?;
                    skip_space(&mut self.rest);
                    if self.rest.first() == Some(&b']') {
                        return Ok(());
                    }
                }
                b'"' => return self.string(),
                b't' => return self.literal("true"),
                b'f' => return self.literal("false"),
                b'n' => return self.literal("null"),
                b'-' | b'0'..=b'9' => return self.number(byte),
                other => return Err(invalid(other, "looking for beginning of value")),
            }
        }
    }

    /// What follows a value: another one, the end of what is open, or the end of the text.
    fn end_value(&mut self) -> Result<After, String> {
        skip_space(&mut self.rest);
        let Some(open) = self.open.last().copied() else {
            return match self.rest.first() {
                None => Ok(After::End),
                Some(byte) => Err(invalid(*byte, "after top-level value")),
            };
        };
        match (open, self.next()?) {
            (Open::Object, b',') => self.key().map(|()| After::Value),
            (Open::Array, b',') => Ok(After::Value),
            (Open::Object, b'}') | (Open::Array, b']') => {
                self.open.pop();
                Ok(After::Closed)
            }
            (Open::Object, byte) => Err(invalid(byte, "after object key:value pair")),
            (Open::Array, byte) => Err(invalid(byte, "after array element")),
        }
    }

    fn push(&mut self, open: Open) -> Result<(), String> {
        self.open.push(open);
        if self.open.len() > Self::DEEPEST { Err("exceeded max depth".to_owned()) } else { Ok(()) }
    }

    fn key(&mut self) -> Result<(), String> {
        match self.next_past_space()? {
            b'"' => self.string()?,
            byte => return Err(invalid(byte, "looking for beginning of object key string")),
        }
        match self.next_past_space()? {
            b':' => Ok(()),
            byte => Err(invalid(byte, "after object key")),
        }
    }

    fn string(&mut self) -> Result<(), String> {
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => match self.next_or_space() {
                    b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => {}
                    b'u' => {
                        for _ in 0..4 {
                            let byte = self.next_or_space();
                            if !byte.is_ascii_hexdigit() {
                                return Err(invalid(byte, "in \\u hexadecimal character escape"));
                            }
                        }
                    }
                    byte => return Err(invalid(byte, "in string escape code")),
                },
                byte if byte < 0x20 => return Err(invalid(byte, "in string literal")),
                _ => {}
            }
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), String> {
        for expected in word.bytes().skip(1) {
            let byte = self.next_or_space();
            if byte != expected {
                let context = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(invalid(byte, &context));
            }
        }
        Ok(())
    }

    fn number(&mut self, first: u8) -> Result<(), String> {
        let mut first = first;
        if first == b'-' {
            first = self.next_or_space();
            if !first.is_ascii_digit() {
                return Err(invalid(first, "in numeric literal"));
            }
        }
        if first != b'0' {
            self.digits();
        }
        if self.rest.first() == Some(&b'.') {
            self.next()?;
            self.digit("after decimal point in numeric literal")?;
        }
        if matches!(self.rest.first(), Some(b'e' | b'E')) {
            self.next()?;
            if matches!(self.rest.first(), Some(b'+' | b'-')) {
                self.next()?;
            }
            self.digit("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn digit(&mut self, context: &str) -> Result<(), String> {
        let byte = self.next_or_space();
        if !byte.is_ascii_digit() {
            return Err(invalid(byte, context));
        }
        self.digits();
        Ok(())
    }

    fn digits(&mut self) {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = self.rest.get(count..).unwrap_or_default();
    }
}

enum After {
    Value,
    Closed,
    End,
}

fn skip_space(rest: &mut &[u8]) {
    while let Some((b' ' | b'\t' | b'\r' | b'\n', tail)) = rest.split_first() {
        *rest = tail;
    }
}

/// A byte is shown as the character of its number, as Go converts it.
fn invalid(byte: u8, context: &str) -> String {
    let shown = match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        byte => {
            let quoted = ravelin_object::selector::quoted(&char::from(byte).to_string());
            format!("'{}'", quoted.trim_matches('"'))
        }
    };
    format!("invalid character {shown} {context}")
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
