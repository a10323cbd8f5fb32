//! Whether a text is one JSON value to Go's `encoding/json`, and its words about what is none.
//!
//! Source: Go `encoding/json`, `scanner.go`.

/// What Go says about a text that is not exactly one JSON value: `invalid character 'x' looking for beginning of
/// value`. Nothing where it is one. Bytes within strings need not be UTF-8. Works without recursion; more than
/// 10,000 open objects and arrays are refused, as by Go.
#[must_use]
pub fn fault(text: &[u8]) -> Option<String> {
    Scanner { rest: text, open: Vec::new() }.document().err()
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
            let quoted = crate::selector::quoted(&char::from(byte).to_string());
            format!("'{}'", quoted.trim_matches('"'))
        }
    };
    format!("invalid character {shown} {context}")
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn faults_read_as_go_writes_them() {
        for text in ["{}", " [1, -0.5e+3, \"\\u00e9\\n\", null, true]\n", "\"\\ud800\""] {
            assert_eq!(fault(text.as_bytes()), None, "{text}");
        }
        let cases = [
            ("", "unexpected end of JSON input"),
            ("{\"a\"", "unexpected end of JSON input"),
            ("{a}", "invalid character 'a' looking for beginning of object key string"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("nul", "invalid character ' ' in literal null (expecting 'l')"),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(text.as_bytes()).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(fault(&[b'['].repeat(10_001)).as_deref(), Some("exceeded max depth"));
    }
}
