//! JSON as the texts of patches are read: scalars keep their text, and what stands there twice is noted.
//!
//! The text is looked at by [`ravelin_object::json_syntax`] first; what is here only takes apart what is valid.

use compact_str::CompactString;
use ravelin_object::selector::quoted;
use ravelin_object::{Map, Value, json_syntax};
use std::collections::{BTreeMap, BTreeSet};

/// Whether unknown fields and those that stand there twice are looked for: the query's `fieldValidation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fields {
    /// `Ignore`: they are not, and types of the patch's own fields do not matter until they are used.
    Ignored,
    /// `Warn` (which is also what holds where nothing is said) and `Strict`.
    Checked,
}

/// A JSON value whose scalars are texts. Objects are ordered by key, as Go writes them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Scalar(CompactString),
    Array(Vec<Self>),
    Object(BTreeMap<CompactString, Self>),
}

/// A text as a value.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) node: Node,
    pub(crate) strict: Vec<String>,
    /// What Go says about the first operation of the wrong type, where operations are read.
    pub(crate) fault: Option<String>,
}

/// How deeply values nest at most.
pub(crate) const DEEPEST: usize = 512;
/// How many strange fields are named at most.
const MOST_STRICT: usize = 100;

impl Text {
    /// Reads a text. `known` are the fields of the objects in the outermost array, others are noted; nothing where
    /// all are known.
    ///
    /// # Errors
    /// What Go says about a text that is no JSON value; and one that nests too deeply.
    pub(crate) fn read(text: &[u8], known: Option<&'static [&'static str]>) -> Result<Self, String> {
        if let Some(fault) = json_syntax::fault(text) {
            return Err(fault);
        }
        let text = String::from_utf8_lossy(text);
        let mut reader = Reader {
            rest: text.as_bytes(),
            path: Vec::new(),
            noted: BTreeSet::new(),
            strict: Vec::new(),
            known,
            fault: None,
        };
        let node = reader.value(true)?;
        Ok(Self { node, strict: reader.strict, fault: reader.fault })
    }
}

struct Reader<'t> {
    rest: &'t [u8],
    path: Vec<String>,
    noted: BTreeSet<String>,
    strict: Vec<String>,
    known: Option<&'static [&'static str]>,
    fault: Option<String>,
}

impl Reader<'_> {
    fn value(&mut self, notes: bool) -> Result<Node, String> {
        self.space();
        if self.path.len() > DEEPEST {
            return Err("exceeded max depth".to_owned());
        }
        match self.rest.first() {
            Some(b'{') => self.object(notes),
            Some(b'[') => self.array(notes),
            Some(b'"') => Ok(Node::Scalar(self.string().into())),
            _ => {
                let end = self.rest.iter().position(|byte| b",]} \t\r\n".contains(byte));
                let text = self.take(end.unwrap_or(self.rest.len()));
                Ok(if text == "null" { Node::Null } else { Node::Scalar(text.into()) })
            }
        }
    }

    fn object(&mut self, notes: bool) -> Result<Node, String> {
        let mut map = BTreeMap::new();
        self.take(1);
        loop {
            self.space();
            match self.rest.first() {
                Some(b'"') => {}
                Some(b',') => {
                    self.take(1);
                    continue;
                }
                _ => break,
            }
            let key = CompactString::from(unescaped(&self.string()));
            self.space();
            self.take(1);
            let is_known =
                self.path.len() != 1 || self.known.is_none_or(|known| known.contains(&key.as_str()));
            if notes && !is_known {
                self.note("unknown", &key);
            } else if notes && map.contains_key(&key) {
                self.note("duplicate", &key);
            }
            let separator = if self.path.is_empty() { "" } else { "." };
            self.path.push(format!("{separator}{key}"));
            let value = self.value(notes && is_known)?;
            self.path.pop();
            if self.path.len() == 1 && matches!(key.as_str(), "op" | "path" | "from") {
                self.expect(&value, "string", &|kind| {
                    format!("{kind} into Go struct field jsonPatchOp.{key} of type string")
                });
            }
            map.insert(key, value);
        }
        self.take(1);
        Ok(Node::Object(map))
    }

    fn array(&mut self, notes: bool) -> Result<Node, String> {
        let mut items = Vec::new();
        self.take(1);
        loop {
            self.space();
            match self.rest.first() {
                Some(b',') => {
                    self.take(1);
                }
                None | Some(b']') => break,
                Some(_) => {
                    self.path.push(format!("[{}]", items.len()));
                    let value = self.value(notes)?;
                    self.path.pop();
                    if self.path.is_empty() {
                        self.expect(&value, "object", &|kind| {
                            format!("{kind} into Go value of type handlers.jsonPatchOp")
                        });
                    }
                    items.push(value);
                }
            }
        }
        self.take(1);
        Ok(Node::Array(items))
    }

    /// Remembers the first value of operations that is of the wrong type.
    fn expect(&mut self, value: &Node, wanted: &str, words: &dyn Fn(&str) -> String) {
        let kind = value.kind();
        if self.known.is_some() && self.fault.is_none() && kind != wanted && *value != Node::Null {
            self.fault = Some(format!("json: cannot unmarshal {}", words(kind)));
        }
    }

    fn note(&mut self, what: &str, key: &str) {
        let separator = if self.path.is_empty() { "" } else { "." };
        let note = format!("{what} field {}", quoted(&format!("{}{separator}{key}", self.path.concat())));
        if self.strict.len() < MOST_STRICT && self.noted.insert(note.clone()) {
            self.strict.push(note);
        }
    }

    /// A string as it stands there, quotes included.
    fn string(&mut self) -> String {
        let mut is_escaped = false;
        let end = self.rest.iter().skip(1).position(|byte| {
            let is_end = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            is_end
        });
        self.take(end.map_or(self.rest.len(), |end| end + 2))
    }

    fn take(&mut self, count: usize) -> String {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        String::from_utf8_lossy(taken).into_owned()
    }

    fn space(&mut self) {
        while let Some((b' ' | b'\t' | b'\r' | b'\n', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
    }
}

/// What a string in quotes says. Halves of surrogate pairs are U+FFFD, as to Go.
fn unescaped(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if !inner.contains('\\') {
        return inner.to_owned();
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match rest.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => out.push(unicode(&mut rest)),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// The character of the digits behind `\u`, and of a second half where one follows.
fn unicode(rest: &mut std::str::Chars<'_>) -> char {
    let first = hexadecimal(rest.as_str());
    skip(rest, 4);
    let second = rest.as_str().strip_prefix("\\u").map(hexadecimal);
    if let (0xD800..0xDC00, Some(low @ 0xDC00..0xE000)) = (first, second) {
        skip(rest, 6);
        let code = 0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00);
        return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn hexadecimal(text: &str) -> u32 {
    text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xD800)
}

fn skip(rest: &mut std::str::Chars<'_>, count: usize) {
    for _ in 0..count {
        let _ = rest.next();
    }
}

impl Node {
    /// An object's value as a node, texts written as Go's `encoding/json` writes them.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Array(items) => Self::Array(items.iter().map(Self::of).collect()),
            Value::Object(map) => {
                Self::Object(map.iter().map(|(key, value)| (key.into(), Self::of(value))).collect())
            }
            Value::Float(number) => Self::Scalar(go_number(*number).into()),
            scalar => Self::Scalar(ravelin_object::json_text(scalar).into()),
        }
    }

    /// The value of a node.
    ///
    /// # Errors
    /// A number that no machine number can hold, as Go says it.
    pub(crate) fn to_value(&self) -> Result<Value, String> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Scalar(text) => scalar(text)?,
            Self::Array(items) => {
                Value::Array(items.iter().map(Self::to_value).collect::<Result<_, String>>()?)
            }
            Self::Object(map) => {
                let entries = map.iter().map(|(key, node)| Ok((key.clone(), node.to_value()?)));
                Value::Object(Map::from_unique(entries.collect::<Result<_, String>>()?))
            }
        })
    }

    /// How many bytes it is as Go writes it.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Null => 4,
            Self::Scalar(text) => escaped_size(text),
            Self::Array(items) => {
                items.iter().map(Self::size).sum::<usize>() + items.len().saturating_sub(1) + 2
            }
            Self::Object(map) => {
                let entries = map.iter().map(|(key, node)| {
                    ravelin_object::json_text(&Value::from(key.as_str())).len() + 1 + node.size()
                });
                entries.sum::<usize>() + map.len().saturating_sub(1) + 2
            }
        }
    }

    /// How deeply it nests: 0 for a scalar.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Null | Self::Scalar(_) => 0,
            Self::Array(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(map) => 1 + map.values().map(Self::depth).max().unwrap_or(0),
        }
    }

    /// As Go writes it when it copies: texts of strings with the characters escaped that HTML knows.
    pub(crate) fn escaped(&self) -> Self {
        match self {
            Self::Null => Self::Null,
            Self::Scalar(text) => Self::Scalar(escaped_text(text)),
            Self::Array(items) => Self::Array(items.iter().map(Self::escaped).collect()),
            Self::Object(map) => {
                Self::Object(map.iter().map(|(key, node)| (key.clone(), node.escaped())).collect())
            }
        }
    }

    /// What a string says.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Scalar(text) if text.starts_with('"') => Some(unescaped(text)),
            _ => None,
        }
    }

    /// What it is, as Go names it in its messages: `string`, `number`, `bool`, `array`, `object`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Scalar(text) => match text.as_bytes().first() {
                Some(b'"') => "string",
                Some(b't' | b'f') => "bool",
                _ => "number",
            },
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

fn scalar(text: &str) -> Result<Value, String> {
    match text {
        "true" => return Ok(Value::Bool(true)),
        "false" => return Ok(Value::Bool(false)),
        _ if text.starts_with('"') => return Ok(Value::from(unescaped(text))),
        _ => {}
    }
    let is_integer = !text.contains(['.', 'e', 'E']);
    if is_integer && let Ok(value) = text.parse::<i64>() {
        return Ok(Value::Int(value));
    }
    if is_integer && let Ok(value) = text.parse::<u64>() {
        return Ok(Value::UInt(value));
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Value::Float(value)),
        _ => Err(format!("json: cannot unmarshal number {text} into Go value of type float64")),
    }
}

/// A number as Go's `encoding/json` writes it: with an exponent below 1e-6 and from 1e21 on.
fn go_number(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    if text.contains("e-") { text } else { text.replace('e', "e+") }
}

const HTML: [char; 5] = ['<', '>', '&', '\u{2028}', '\u{2029}'];

fn escaped_text(text: &CompactString) -> CompactString {
    if !text.contains(HTML) {
        return text.clone();
    }
    let mut out = CompactString::default();
    for character in text.chars() {
        match character {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

fn escaped_size(text: &CompactString) -> usize {
    text.len() + text.chars().filter(|c| HTML.contains(c)).map(|c| 6 - c.len_utf8()).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(text: &str, known: Option<&'static [&'static str]>) -> Vec<String> {
        Text::read(text.as_bytes(), known).unwrap().strict
    }

    #[test]
    fn texts_are_taken_apart() {
        let cases = [
            (
                r#" {"a" : [ 1 , {} , [ ] , "x\"y]" , null ] , "b\u00e9\ud83d\ude00\ud800":true } "#,
                r#"{"a":[1,{},[],"x\"y]",null],"bé😀�":true}"#,
            ),
            ("1e2", "100"),
            ("-0", "0"),
            (r#""\b\f\n\r\t\/\\""#, r#""\b\f\n\r\t/\\""#),
        ];
        for (text, expected) in cases {
            let value = Text::read(text.as_bytes(), None).unwrap().node.to_value().unwrap();
            assert_eq!(ravelin_object::json_text(&value), expected, "{text}");
        }
        assert_eq!(Text::read(b"{", None).unwrap_err(), "unexpected end of JSON input");
        assert!(Text::read("[".repeat(600).as_bytes(), None).is_err());
        let deep = format!("{}{}", "[".repeat(600), "]".repeat(600));
        assert_eq!(Text::read(deep.as_bytes(), None).unwrap_err(), "exceeded max depth");
    }

    #[test]
    fn strange_fields_are_noted() {
        assert_eq!(
            strict(r#"{"data":{"a":1,"a":2,"a":3},"l":[{"x":1,"x":2}],"data":{}}"#, None),
            ["duplicate field \"data.a\"", "duplicate field \"l[0].x\"", "duplicate field \"data\""]
        );
        assert_eq!(
            strict(
                r#"[{"op":"","op":"","x":{"y":1,"y":1},"value":{"x":1,"z":1,"z":2}}]"#,
                Some(&["op", "value"])
            ),
            ["duplicate field \"[0].op\"", "unknown field \"[0].x\"", "duplicate field \"[0].value.z\""]
        );
    }

    #[test]
    fn sizes_are_those_of_the_text() {
        for (text, size) in [(r#"{"a":"<b>","c":[1,null]}"#, 34), ("[]", 2), ("{}", 2)] {
            let node = Text::read(text.as_bytes(), None).unwrap().node;
            assert_eq!(node.size(), size, "{text}");
            assert_eq!(node.escaped().size(), size, "{text}");
        }
    }
}
