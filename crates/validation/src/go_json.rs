//! What Go's decoder says of a text that is no JSON.
//!
//! Source: `encoding/json` `scanner`, whose texts are reproduced.

/// Where the scanner is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Object,
    Array,
}

/// What is wrong with a text, in the words of `encoding/json`; nothing where it is JSON.
pub(crate) fn error(text: &str) -> Option<String> {
    let mut scanner = Scanner { rest: text.as_bytes(), inside: Vec::new() };
    scanner.document().err()
}

struct Scanner<'a> {
    rest: &'a [u8],
    inside: Vec<Inside>,
}

const END: &str = "unexpected end of JSON input";

impl Scanner<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.next();
        }
    }

    fn token(&mut self) -> Result<u8, String> {
        self.skip_space();
        self.next().ok_or_else(|| END.to_owned())
    }

    fn document(&mut self) -> Result<(), String> {
        let first = self.token()?;
        self.value(first, "looking for beginning of value")?;
        while let Some(inside) = self.inside.last().copied() {
            let byte = self.token()?;
            match (inside, byte) {
                (Inside::Object, b'}') | (Inside::Array, b']') => {
                    self.inside.pop();
                }
                (Inside::Object, b',') => self.key("looking for beginning of object key string")?,
                (Inside::Array, b',') => {
                    let byte = self.token()?;
                    self.value(byte, "looking for beginning of value")?;
                }
                (Inside::Object, other) => return Err(bad(other, "after object key:value pair")),
                (Inside::Array, other) => return Err(bad(other, "after array element")),
            }
        }
        self.skip_space();
        self.next().map_or(Ok(()), |byte| Err(bad(byte, "after top-level value")))
    }

    fn key(&mut self, context: &str) -> Result<(), String> {
        let byte = self.token()?;
        if byte != b'"' {
            return Err(bad(byte, context));
        }
        self.key_rest()
    }

    fn key_rest(&mut self) -> Result<(), String> {
        self.string()?;
        let colon = self.token()?;
        if colon != b':' {
            return Err(bad(colon, "after object key"));
        }
        let byte = self.token()?;
        self.value(byte, "looking for beginning of value")
    }

    /// A value whose first byte was read. Of a container only what comes before its first separator is read.
    fn value(&mut self, first: u8, context: &str) -> Result<(), String> {
        match first {
            b'{' => {
                self.inside.push(Inside::Object);
                match self.token()? {
                    b'}' => {
                        self.inside.pop();
                        Ok(())
                    }
                    b'"' => self.key_rest(),
                    other => Err(bad(other, "looking for beginning of object key string")),
                }
            }
            b'[' => {
                self.inside.push(Inside::Array);
                match self.token()? {
                    b']' => {
                        self.inside.pop();
                        Ok(())
                    }
                    other => self.value(other, "looking for beginning of value"),
                }
            }
            b'"' => self.string(),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            b'-' | b'0'..=b'9' => self.number(first),
            other => Err(bad(other, context)),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), String> {
        for expected in word.iter().skip(1) {
            let byte = self.next().ok_or_else(|| END.to_owned())?;
            if byte != *expected {
                let name = String::from_utf8_lossy(word).into_owned();
                return Err(bad(byte, &format!("in literal {name} (expecting {})", quoted(*expected))));
            }
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), String> {
        loop {
            match self.next().ok_or_else(|| END.to_owned())? {
                b'"' => return Ok(()),
                b'\\' => match self.next().ok_or_else(|| END.to_owned())? {
                    b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => {}
                    b'u' => {
                        for _ in 0..4 {
                            let byte = self.next().ok_or_else(|| END.to_owned())?;
                            if !byte.is_ascii_hexdigit() {
                                return Err(bad(byte, "in \\u hexadecimal character escape"));
                            }
                        }
                    }
                    other => return Err(bad(other, "in string escape code")),
                },
                byte if byte < 0x20 => return Err(bad(byte, "in string literal")),
                _ => {}
            }
        }
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.next();
        }
    }

    fn some_digits(&mut self, context: &str) -> Result<(), String> {
        let byte = self.next().ok_or_else(|| END.to_owned())?;
        if !byte.is_ascii_digit() {
            return Err(bad(byte, context));
        }
        self.digits();
        Ok(())
    }

    fn number(&mut self, first: u8) -> Result<(), String> {
        let mut lead = first;
        if first == b'-' {
            lead = self.next().ok_or_else(|| END.to_owned())?;
            if !lead.is_ascii_digit() {
                return Err(bad(lead, "in numeric literal"));
            }
        }
        if lead != b'0' {
            self.digits();
        }
        if self.peek() == Some(b'.') {
            self.next();
            self.some_digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.next();
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.next();
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        Ok(())
    }
}

fn bad(byte: u8, context: &str) -> String {
    format!("invalid character {} {context}", quoted(byte))
}

/// A byte as Go's scanner quotes it.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => "'\\\\'".to_owned(),
        b'\n' => "'\\n'".to_owned(),
        b'\r' => "'\\r'".to_owned(),
        b'\t' => "'\\t'".to_owned(),
        7 => "'\\a'".to_owned(),
        8 => "'\\b'".to_owned(),
        11 => "'\\v'".to_owned(),
        12 => "'\\f'".to_owned(),
        0..=0x1f | 0x7f => format!("'\\x{byte:02x}'"),
        // Go takes the byte for a character: beyond ASCII it is one of Latin-1.
        0x80..=0xa0 | 0xad => format!("'\\u{:04x}'", u32::from(byte)),
        other => format!("'{}'", char::from(other)),
    }
}
