//! The target of a request: path and query, decoded as Go's `net/url` decodes them.

use ravelin_object::selector::quoted;
use std::fmt;

/// The target of a request.
///
/// Bytes that are no UTF-8 once decoded are each U+FFFD here.
///
/// Source: Go `net/url` `ParseRequestURI`, `URL.Query`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Scheme and host, where the target is absolute.
    origin: String,
    path: String,
    /// The path, encoded: as written where that is a valid encoding.
    encoded_path: String,
    /// The query with its question mark, as written.
    raw_query: String,
    parameters: Vec<(String, String)>,
}

/// Why a target is not a URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parse {}: {reason}", quoted(.target))]
pub struct UrlError {
    /// The target.
    target: String,
    /// Why, in Go's words.
    reason: String,
}

impl Url {
    /// How many parameters Go reads from a query; more make it read none.
    const MOST_PARAMETERS: usize = 10_000;

    /// Reads the target of a request: a path with an optional query, or an absolute URL.
    ///
    /// # Errors
    /// A target that a server would answer with 400.
    pub fn parse(target: &str) -> Result<Self, UrlError> {
        Self::read(target).map_err(|reason| UrlError { target: target.to_owned(), reason })
    }

    /// The path, decoded.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The first value of a parameter of the query.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The parameters of the query, in their order.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    fn read(target: &str) -> Result<Self, String> {
        if target.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        if target.is_empty() {
            return Err("empty url".to_owned());
        }
        let (origin, rest) = split_origin(target)?;
        let (raw_path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        if !raw_path.starts_with('/') && raw_path != "*" && origin.is_empty() {
            return Err("invalid URI for request".to_owned());
        }
        let decoded = unescape(raw_path, false)?;
        let encoded_path =
            if raw_path.bytes().all(is_valid_in_path) { raw_path.to_owned() } else { escape_path(&decoded) };
        Ok(Self {
            origin: origin.to_owned(),
            path: text_of(&decoded),
            encoded_path,
            raw_query: query.map(|query| format!("?{query}")).unwrap_or_default(),
            parameters: query.map(parameters).unwrap_or_default(),
        })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.origin, self.encoded_path, self.raw_query)
    }
}

/// Scheme and authority of an absolute target, and what follows them.
fn split_origin(target: &str) -> Result<(&str, &str), String> {
    let scheme_end = target.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')));
    let colon = match scheme_end {
        Some(0) if target.starts_with(':') => return Err("missing protocol scheme".to_owned()),
        Some(end) if target.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            target.get(end..).is_some_and(|rest| rest.starts_with(':')).then_some(end)
        }
        _ => None,
    };
    let Some(after) = colon.and_then(|end| target.get(end + 1..)) else { return Ok(("", target)) };
    let Some(authority) = after.strip_prefix("//") else {
        return Ok(target.split_at(target.len() - after.len()));
    };
    let path = authority.find(['/', '?']).and_then(|at| authority.get(at..)).unwrap_or_default();
    Ok(target.split_at(target.len() - path.len()))
}

fn parameters(query: &str) -> Vec<(String, String)> {
    if query.matches('&').count() >= Url::MOST_PARAMETERS {
        return Vec::new();
    }
    query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')).filter_map(parameter).collect()
}

/// One parameter; nothing where an escape in it is wrong.
fn parameter(pair: &str) -> Option<(String, String)> {
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    let key = unescape(key, true).ok()?;
    let value = unescape(value, true).ok()?;
    Some((text_of(&key), text_of(&value)))
}

/// Decodes percent escapes, and in a query `+` as a space.
fn unescape(text: &str, in_query: bool) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'%' => {
                let [high, low, tail @ ..] = tail else { return Err(invalid_escape(tail)) };
                let (Some(high), Some(low)) = (hexadecimal(*high), hexadecimal(*low)) else {
                    return Err(invalid_escape(rest));
                };
                out.push(high << 4 | low);
                rest = tail;
            }
            b'+' if in_query => out.push(b' '),
            _ => out.push(byte),
        }
    }
    Ok(out)
}

fn invalid_escape(after_percent: &[u8]) -> String {
    let mut shown = String::from("\"%");
    // A character may be cut in two here.
    for chunk in after_percent.get(..2).unwrap_or(after_percent).utf8_chunks() {
        let valid = quoted(chunk.valid());
        shown.push_str(valid.get(1..valid.len() - 1).unwrap_or_default());
        shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    format!("invalid URL escape {shown}\"")
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Bytes as text; every byte that is part of no character is one U+FFFD, as Go ranges over strings.
fn text_of(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}

/// Whether a path that holds the byte may be an encoding already.
fn is_valid_in_path(byte: u8) -> bool {
    is_plain_in_path(byte) || matches!(byte, b'!' | b'\'' | b'(' | b')' | b'*' | b'[' | b']' | b'%')
}

/// Whether Go writes the byte of a path as it is.
fn is_plain_in_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@'
        )
}

fn escape_path(path: &[u8]) -> String {
    if path == b"*" {
        return "*".to_owned();
    }
    let mut out = String::with_capacity(path.len());
    for &byte in path {
        if is_plain_in_path(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
