//! JSON as the tokens' library reads it: exact names, no name twice, the last errors first.
//!
//! `gopkg.in/go-jose/go-jose.v2/json` is a fork of Go's `encoding/json`; names are compared exactly, and an object
//! that is decoded may not hold a name twice. Here a text is checked once, without recursion, and then looked
//! into where something is wanted, so that nesting costs no stack.

use std::collections::BTreeSet;

/// How deep a text may nest, as in `encoding/json`.
const DEPTH: usize = 10_000;

/// A JSON value whose syntax was checked.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a> {
    raw: &'a [u8],
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// The word in `json: cannot unmarshal ... into Go value of type ...`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

impl<'a> Json<'a> {
    /// Checks a text: exactly one value, no deeper than Go's decoder goes.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let mut scanner = Scanner::new(text);
        let value = scanner.value()?;
        scanner.space();
        scanner.rest().is_empty().then_some(value)
    }

    pub(crate) fn kind(self) -> Kind {
        match self.raw.first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// The text of a string.
    pub(crate) fn text(self) -> Option<String> {
        (self.kind() == Kind::String).then(|| unquoted(self.raw))
    }

    /// The number, if it is one that a float can hold.
    pub(crate) fn number(self) -> Option<f64> {
        if self.kind() != Kind::Number {
            return None;
        }
        let number: f64 = std::str::from_utf8(self.raw).ok()?.parse().ok()?;
        number.is_finite().then_some(number)
    }

    /// Whether it is `true`.
    pub(crate) fn is_true(self) -> bool {
        self.raw == b"true"
    }

    /// The names and values of an object, in their order, names that are there twice included.
    pub(crate) fn entries(self) -> Vec<(String, Json<'a>)> {
        let mut entries = Vec::new();
        if self.kind() == Kind::Object {
            let mut scanner = Scanner::new(self.raw);
            scanner.skip(1);
            while let Some(entry) = scanner.entry() {
                entries.push(entry);
            }
        }
        entries
    }

    /// The values of an array.
    pub(crate) fn items(self) -> Vec<Json<'a>> {
        let mut items = Vec::new();
        if self.kind() == Kind::Array {
            let mut scanner = Scanner::new(self.raw);
            scanner.skip(1);
            while let Some(item) = scanner.item() {
                items.push(item);
            }
        }
        items
    }

    /// What keeps the value from being decoded into anything at all: a name that is there twice, or a number
    /// that no float holds.
    pub(crate) fn fault(self) -> Option<String> {
        let mut scanner = Scanner::new(self.raw);
        scanner.names = Some(Vec::new());
        scanner.value();
        scanner.duplicate.map(|name| duplicate(&name)).or_else(|| {
            let number = scanner.overflow?;
            Some(format!("json: cannot unmarshal number {number} into Go value of type float64"))
        })
    }
}

/// The error about a name that is there twice.
pub(crate) fn duplicate(name: &str) -> String {
    format!("json: duplicate key '{name}' in object")
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// The names of each open object, where they are looked at.
    names: Option<Vec<BTreeSet<String>>>,
    duplicate: Option<String>,
    overflow: Option<String>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, names: None, duplicate: None, overflow: None }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// One value, with everything in it.
    fn value(&mut self) -> Option<Json<'a>> {
        self.space();
        let start = self.at;
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.space();
            let is_open = match self.peek()? {
                first @ (b'{' | b'[') => self.begin(first, &mut open)?,
                b'"' => self.string().map(|_| false)?,
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => self.number()?,
            };
            if !is_open && !self.after_value(&mut open)? {
                return Some(Json { raw: self.text.get(start..self.at)? });
            }
        }
    }

    /// Opens an object or array; whether there is something in it.
    fn begin(&mut self, first: u8, open: &mut Vec<u8>) -> Option<bool> {
        if open.len() >= DEPTH {
            return None;
        }
        self.at += 1;
        self.space();
        let closing = if first == b'{' { b'}' } else { b']' };
        if self.peek()? == closing {
            self.at += 1;
            return Some(false);
        }
        open.push(closing);
        if first == b'{' {
            if let Some(names) = &mut self.names {
                names.push(BTreeSet::new());
            }
            self.name()?;
        }
        Some(true)
    }

    /// Goes on behind a value; whether another one follows.
    fn after_value(&mut self, open: &mut Vec<u8>) -> Option<bool> {
        while let Some(closing) = open.last().copied() {
            self.space();
            let found = self.peek()?;
            self.at += 1;
            if found == b',' {
                if closing == b'}' {
                    self.name()?;
                }
                return Some(true);
            }
            if found != closing {
                return None;
            }
            open.pop();
            if let (b'}', Some(names)) = (closing, &mut self.names) {
                names.pop();
            }
        }
        Some(false)
    }

    /// A name and its colon.
    fn name(&mut self) -> Option<()> {
        self.space();
        let raw = self.string()?;
        if let Some(names) = self.names.as_mut().and_then(|names| names.last_mut()) {
            let name = unquoted(raw);
            if self.duplicate.is_none() && !names.insert(name.clone()) {
                self.duplicate = Some(name);
            }
        }
        self.space();
        self.expect(b':')
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return self.text.get(start..self.at),
                b'\\' => {
                    let escape = self.peek()?;
                    self.at += 1;
                    match escape {
                        b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => {}
                        b'u' => {
                            let digits = self.text.get(self.at..self.at + 4)?;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return None;
                            }
                            self.at += 4;
                        }
                        _ => return None,
                    }
                }
                0..0x20 => return None,
                _ => {}
            }
        }
    }

    fn literal(&mut self, word: &[u8]) -> Option<bool> {
        self.rest().starts_with(word).then(|| {
            self.at += word.len();
            false
        })
    }

    fn number(&mut self) -> Option<bool> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits()?,
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if self.names.is_some() && self.overflow.is_none() {
            let raw = self.text.get(start..self.at)?;
            if (Json { raw }).number().is_none() {
                self.overflow = Some(String::from_utf8_lossy(raw).into_owned());
            }
        }
        Some(false)
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// The next entry of an object that was opened.
    fn entry(&mut self) -> Option<(String, Json<'a>)> {
        self.space();
        if self.peek()? == b',' {
            self.at += 1;
            self.space();
        }
        let name = unquoted(self.string()?);
        self.space();
        self.expect(b':')?;
        Some((name, self.value()?))
    }

    /// The next item of an array that was opened.
    fn item(&mut self) -> Option<Json<'a>> {
        self.space();
        match self.peek()? {
            b',' => self.at += 1,
            b']' => return None,
            _ => {}
        }
        self.value()
    }
}

/// The text of a string in quotes whose syntax was checked. What is no UTF-8, or half a pair of surrogates,
/// becomes U+FFFD, as in Go.
fn unquoted(raw: &[u8]) -> String {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((first, after)) = rest.split_first() {
        if *first != b'\\' {
            let end = rest.iter().position(|byte| *byte == b'\\').unwrap_or(rest.len());
            let (plain, next) = rest.split_at(end);
            push_utf8(plain, &mut out);
            rest = next;
            continue;
        }
        let Some((escape, after)) = after.split_first() else { break };
        rest = after;
        match escape {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => rest = push_escape(after, &mut out),
            other => out.push(char::from(*other)),
        }
    }
    out
}

fn push_utf8(mut bytes: &[u8], out: &mut String) {
    loop {
        match std::str::from_utf8(bytes) {
            Ok(text) => return out.push_str(text),
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                out.push_str(&String::from_utf8_lossy(valid));
                out.push(char::REPLACEMENT_CHARACTER);
                bytes = rest.get(1..).unwrap_or_default();
            }
        }
    }
}

/// Decodes what follows `\u`; what is left behind it.
fn push_escape<'a>(after: &'a [u8], out: &mut String) -> &'a [u8] {
    let (Some(first), Some(rest)) = (unit(after), after.get(4..)) else { return &[] };
    let second = rest.strip_prefix(b"\\u").and_then(unit);
    if let (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) = (first, second) {
        let code = 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00);
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        return rest.get(6..).unwrap_or_default();
    }
    out.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
    rest
}

fn unit(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits.get(..4)?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_is_that_of_json() {
        for good in ["null", " {\"a\" : [1, -0.5e+3, true] , \"b\":{}}\n", "[]", "\"\\ud83d\\ude00\"", "0"] {
            assert!(Json::parse(good.as_bytes()).is_some(), "{good}");
        }
        for bad in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "01",
            "1.",
            "1e",
            "-",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\n\"",
            "1 2",
            "tru",
            "[1}",
            "{\"a\" 1}",
            "'a'",
            "nullx",
            "\"a",
            "\"\\",
        ] {
            assert!(Json::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn nesting_ends_where_go_ends_it() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(nested(10_000).as_bytes()).is_some());
        assert!(Json::parse(nested(10_001).as_bytes()).is_none());
        assert!(Json::parse("[".repeat(1_000_000).as_bytes()).is_none());
    }

    #[test]
    fn strings_are_decoded_as_go_does() {
        let cases: [(&[u8], &str); 6] = [
            (b"\"a\\n\\/\\u0041\"", "a\n/A"),
            (b"\"\\ud83d\\ude00\"", "\u{1f600}"),
            (b"\"\\ud83dx\"", "\u{fffd}x"),
            (b"\"\\ude00\\ud83d\"", "\u{fffd}\u{fffd}"),
            (b"\"\xff\xe2\x82\"", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\"\"", ""),
        ];
        for (raw, expected) in cases {
            assert_eq!(Json::parse(raw).unwrap().text().unwrap(), expected);
        }
    }

    #[test]
    fn parts_are_found() {
        let json = Json::parse(b" {\"a\": [1 ,{\"b\":2}] , \"a\":null}").unwrap();
        let entries = json.entries();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].1.items().len(), 2);
        assert_eq!(entries[0].1.items()[1].kind(), Kind::Object);
        assert_eq!(json.fault().as_deref(), Some("json: duplicate key 'a' in object"));
        assert_eq!(entries[0].1.fault(), None);
        let number = Json::parse(b"[{\"a\":1,\"b\":{\"a\":1e999}}]").unwrap();
        assert_eq!(
            number.fault().as_deref(),
            Some("json: cannot unmarshal number 1e999 into Go value of type float64")
        );
    }
}
