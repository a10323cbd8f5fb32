//! Bytes of a body to a value, and what they say they are.
//!
//! [`body`] reads JSON as Go does, and remembers which keys were there twice; [`type_meta`] says which kind it is.
//!
//! Source: Go `encoding/json`, `sigs.k8s.io/json`,
//! `k8s.io/apimachinery/pkg/runtime/serializer/json` `SimpleMetaFactory`.

use compact_str::CompactString;
use ravelin_object::{Map, Value, json_syntax};
use std::collections::{BTreeMap, BTreeSet};

/// What a body holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The value. Of equal keys the last one counts, in its place.
    pub value: Value,
    /// The paths of keys that are there again, each once, in order: `spec.containers[0].name`. Those that come when
    /// paths of 64 KiB are listed are not; [`crate::decode::body`] does without the list.
    pub duplicates: Vec<String>,
    /// The value with all keys, where some are there twice. No [`Map`] as others know it.
    pub(crate) whole: Option<Box<Value>>,
}

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is no JSON: Go's words, as `invalid character 'x' looking for beginning of value`.
    #[error("{0}")]
    Syntax(String),
    /// Its mappings and sequences nest deeper than the limit.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// A number that no 64 bits hold.
    #[error("json: cannot unmarshal number {0} into Go value of type float64")]
    Number(String),
}

/// Reads one JSON value, of at most `depth` mappings and sequences within one another. As in Go, bytes that are not
/// UTF-8 and halves of surrogate pairs become U+FFFD.
///
/// # Errors
/// Where the bytes are not exactly one JSON value, or exceed a limit.
pub fn body(bytes: &[u8], depth: usize) -> Result<Body, BodyError> {
    if let Some(fault) = json_syntax::fault(bytes) {
        return Err(BodyError::Syntax(fault));
    }
    let mut reader = Reader {
        rest: bytes,
        depth,
        deepest: depth,
        path: String::new(),
        has_duplicates: false,
        duplicates: Vec::new(),
        seen: BTreeSet::new(),
        room: ROOM,
    };
    let mut value = reader.value()?;
    let whole = reader.has_duplicates.then(|| Box::new(value.clone()));
    if whole.is_some() {
        keep_last_everywhere(&mut value);
    }
    Ok(Body { value, duplicates: reader.duplicates, whole })
}

/// Reads what is known to be JSON; where it is not after all, it comes to an end.
struct Reader<'t> {
    rest: &'t [u8],
    depth: usize,
    deepest: usize,
    path: String,
    has_duplicates: bool,
    duplicates: Vec<String>,
    seen: BTreeSet<String>,
    /// How many bytes of paths may still be listed.
    room: usize,
}

/// How many bytes the listed paths of duplicates may have: with long keys they could be far more than the body.
const ROOM: usize = 64 << 10;

impl Reader<'_> {
    fn value(&mut self) -> Result<Value, BodyError> {
        self.pass_over_space();
        match self.rest.first() {
            Some(b'{') => self.within(Self::mapping),
            Some(b'[') => self.within(Self::sequence),
            Some(b'"') => Ok(Value::String(self.string())),
            Some(b't') => Ok(self.word(4, Value::Bool(true))),
            Some(b'f') => Ok(self.word(5, Value::Bool(false))),
            Some(b'n') => Ok(self.word(4, Value::Null)),
            _ => self.number(),
        }
    }

    fn within(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Value, BodyError>,
    ) -> Result<Value, BodyError> {
        self.depth = self.depth.checked_sub(1).ok_or(BodyError::TooDeep(self.deepest))?;
        self.skip(1);
        let value = read(self)?;
        self.depth += 1;
        Ok(value)
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn word(&mut self, length: usize, value: Value) -> Value {
        self.skip(length);
        value
    }

    fn pass_over_space(&mut self) {
        let space = self.rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.skip(space);
    }

    /// Passes over a mark, if it is the next one.
    fn mark(&mut self, mark: u8) -> bool {
        self.pass_over_space();
        let is_next = self.rest.first() == Some(&mark);
        if is_next {
            self.skip(1);
        }
        is_next
    }

    fn sequence(&mut self) -> Result<Value, BodyError> {
        let mut items = Vec::new();
        while !self.mark(b']') && !self.rest.is_empty() {
            let length = self.path.len();
            self.path.push_str(&format!("[{}]", items.len()));
            items.push(self.value()?);
            self.path.truncate(length);
            self.mark(b',');
        }
        Ok(Value::Array(items))
    }

    fn mapping(&mut self) -> Result<Value, BodyError> {
        let mut entries: Vec<(CompactString, Value)> = Vec::new();
        let mut known: BTreeSet<CompactString> = BTreeSet::new();
        while !self.mark(b'}') && !self.rest.is_empty() {
            let key = self.string();
            self.mark(b':');
            let length = self.path.len();
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&key);
            if !known.insert(key.clone()) {
                self.list_duplicate();
            }
            let value = self.value()?;
            self.path.truncate(length);
            entries.push((key, value));
            self.mark(b',');
        }
        Ok(Value::Object(Map::from_unique(entries)))
    }

    /// Lists the path where the reader is, as one that is there again.
    fn list_duplicate(&mut self) {
        self.has_duplicates = true;
        match self.room.checked_sub(self.path.len()) {
            Some(room) if !self.seen.contains(&self.path) => {
                self.room = room;
                self.seen.insert(self.path.clone());
                self.duplicates.push(self.path.clone());
            }
            _ => {}
        }
    }

    fn number(&mut self) -> Result<Value, BodyError> {
        let is_of_number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = self.rest.iter().take_while(is_of_number).count();
        let text = String::from_utf8_lossy(self.rest.get(..length).unwrap_or_default()).into_owned();
        // INVARIANT: what is JSON has a number here; something is passed over in any case.
        self.skip(length.max(1));
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Value::Int(number));
        }
        if let Ok(number) = text.parse::<u64>() {
            return Ok(Value::UInt(number));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(BodyError::Number(text)),
        }
    }

    fn string(&mut self) -> CompactString {
        self.pass_over_space();
        self.skip(1);
        let mut bytes: Vec<u8> = Vec::new();
        loop {
            let plain = self.rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\')).count();
            bytes.extend_from_slice(self.rest.get(..plain).unwrap_or_default());
            let mark = self.rest.get(plain).copied();
            self.skip(plain + 1);
            if mark != Some(b'\\') {
                break;
            }
            let character = self.escape();
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        String::from_utf8_lossy(&bytes).into()
    }

    /// What is behind a backslash.
    fn escape(&mut self) -> char {
        let mark = self.rest.first().copied().unwrap_or_default();
        self.skip(1);
        match mark {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode(),
            other => char::from(other),
        }
    }

    fn unicode(&mut self) -> char {
        let Some(first) = self.hexadecimal(0) else { return char::REPLACEMENT_CHARACTER };
        self.skip(4);
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        let second = if self.rest.starts_with(b"\\u") { self.hexadecimal(2) } else { None };
        match second {
            Some(second) if first < 0xdc00 && (0xdc00..0xe000).contains(&second) => {
                self.skip(6);
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => char::REPLACEMENT_CHARACTER,
        }
    }

    /// The four hexadecimal digits so many bytes on.
    fn hexadecimal(&self, from: usize) -> Option<u32> {
        let digits = self.rest.get(from..from + 4)?;
        digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
    }
}

/// Keeps of equal keys the last, where it is.
pub(crate) fn keep_last(map: &mut Map) {
    let mut left: BTreeMap<CompactString, usize> = BTreeMap::new();
    for (key, _) in map.iter() {
        *left.entry(key.into()).or_default() += 1;
    }
    if left.len() == map.len() {
        return;
    }
    map.retain(|key, _| {
        left.get_mut(key).is_none_or(|count| {
            *count -= 1;
            *count == 0
        })
    });
}

/// Keeps of equal keys the last, in all mappings.
pub(crate) fn keep_last_everywhere(value: &mut Value) {
    match value {
        Value::Object(map) => {
            keep_last(map);
            map.iter_mut().for_each(|(_, value)| keep_last_everywhere(value));
        }
        Value::Array(items) => items.iter_mut().for_each(keep_last_everywhere),
        _ => {}
    }
}

/// What an object says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeMeta {
    /// The group of `apiVersion`; empty for the core, and where there is none.
    pub group: CompactString,
    /// The version of `apiVersion`; empty where there is none.
    pub version: CompactString,
    /// The kind; empty where there is none.
    pub kind: CompactString,
}

/// What an object says it is. As upstream, whose reader of these two fields does not tell capital letters from small
/// ones, `Kind` counts too.
///
/// # Errors
/// Upstream's words: `couldn't get version/kind; json parse error: ...`, `unexpected GroupVersion string: ...`.
///
/// Source: `k8s.io/apimachinery/pkg/runtime/serializer/json` `SimpleMetaFactory.Interpret`.
pub fn type_meta(value: &Value) -> Result<TypeMeta, String> {
    let map = match value {
        Value::Object(map) => map,
        Value::Null => return Ok(TypeMeta::default()),
        other => return Err(unreadable(other, &format!("value of type {META}"))),
    };
    let (mut api_version, mut kind, mut fault) = (CompactString::default(), CompactString::default(), None);
    for (key, value) in map.iter() {
        let (name, field) = match () {
            () if is_alike(key, "apiVersion") => ("apiVersion", &mut api_version),
            () if is_alike(key, "kind") => ("kind", &mut kind),
            () => continue,
        };
        match value {
            Value::String(text) => field.clone_from(text),
            Value::Null => {}
            other if fault.is_none() => {
                fault = Some(unreadable(other, &format!("struct field .{name} of type string")));
            }
            _ => {}
        }
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    let (group, version) = group_version(&api_version)?;
    Ok(TypeMeta { group, version, kind })
}

/// How Go prints the type that it reads the two fields into.
const META: &str =
    r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;

fn unreadable(value: &Value, into: &str) -> String {
    let found = match value {
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null | Value::Int(_) | Value::UInt(_) | Value::Float(_) => "number",
    };
    format!("couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go {into}")
}

/// A group and a version of `apiVersion`: `apps/v1`, `v1`; both are empty where it is.
///
/// # Errors
/// `unexpected GroupVersion string: ...` for more than one slash.
///
/// Source: `k8s.io/apimachinery/pkg/runtime/schema` `ParseGroupVersion`.
pub fn group_version(text: &str) -> Result<(CompactString, CompactString), String> {
    if text.is_empty() || text == "/" {
        return Ok(Default::default());
    }
    match text.split_once('/') {
        None => Ok((CompactString::default(), text.into())),
        Some((group, version)) if !version.contains('/') => Ok((group.into(), version.into())),
        Some(_) => Err(format!("unexpected GroupVersion string: {text}")),
    }
}

/// Whether two keys are one to Go's `encoding/json`, which folds letters.
fn is_alike(key: &str, name: &str) -> bool {
    let folded = key.chars().map(|letter| match letter {
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        other => other.to_ascii_lowercase(),
    });
    folded.eq(name.chars().map(|letter| letter.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Body {
        body(text.as_bytes(), 100).unwrap()
    }

    #[test]
    fn duplicates_are_named_as_strict_decoding_names_them() {
        let text = r#"{"a": 1, "b": [{"c": 1, "c": 2, "c": 3}], "d": {"e": {"f": 1, "f": 1}}, "a": 2}"#;
        let read = read(text);
        assert_eq!(read.duplicates, ["b[0].c", "d.e.f", "a"]);
        assert_eq!(read.value.field("a"), Some(&Value::Int(2)));
        let keys: Vec<&str> = read.value.as_object().unwrap().iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["b", "d", "a"]);
    }

    #[test]
    fn long_paths_of_duplicates_are_not_listed_without_end() {
        let key = "k".repeat(1 << 16);
        let text = format!("{{\"a\":1,\"a\":2,\"{key}\":{{\"b\":1,\"b\":2}}}}");
        let read = read(&text);
        assert_eq!((&read.duplicates[..], read.whole.is_some()), (&["a".to_owned()][..], true));
        assert_eq!(read.value.field(&key).and_then(|inner| inner.field("b")), Some(&Value::Int(2)));
    }

    #[test]
    fn scalars_are_what_go_makes_of_them() {
        let text = r#"[ "\ud83d\ude00\ud83d\u0041\n\/", -0, 1.0, 18446744073709551615, 1e400 , true, null]"#;
        assert_eq!(body(text.as_bytes(), 9), Err(BodyError::Number("1e400".to_owned())));
        let read = read(&text.replace("1e400", "1e3"));
        let items = read.value.as_array().unwrap();
        assert_eq!(items[0], Value::from("😀\u{fffd}A\n/"));
        assert_eq!(items[1], Value::Int(0));
        assert_eq!(items[2], Value::Float(1.0));
        assert_eq!(items[3], Value::UInt(u64::MAX));
        assert_eq!(items[4], Value::Float(1000.0));
        assert_eq!(body(b"\"a\xffb\"", 1).unwrap().value, Value::from("a\u{fffd}b"));
    }

    #[test]
    fn what_is_no_json_is_refused_in_the_words_of_go() {
        for (text, words) in [
            ("", "unexpected end of JSON input"),
            ("{\"a\": x}", "invalid character 'x' looking for beginning of value"),
            ("1 2", "invalid character '2' after top-level value"),
        ] {
            assert_eq!(body(text.as_bytes(), 9), Err(BodyError::Syntax(words.to_owned())), "{text}");
        }
        assert_eq!(body(b"[[[1]]]", 2), Err(BodyError::TooDeep(2)));
        assert!(body(b"[[],[[]]]", 3).is_ok());
    }

    #[test]
    fn an_object_says_what_it_is() {
        let of = |text: &str| type_meta(&read(text).value);
        let deployment = TypeMeta { group: "apps".into(), version: "v1".into(), kind: "Deployment".into() };
        assert_eq!(of(r#"{"apiVersion": "apps/v1", "Kind": "Deployment"}"#), Ok(deployment));
        assert_eq!(of("{}"), Ok(TypeMeta::default()));
        assert_eq!(
            of(r#"{"apiVersion": 1}"#).unwrap_err(),
            "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .apiVersion of type string"
        );
        assert_eq!(of(r#"{"apiVersion": "a/b/c"}"#).unwrap_err(), "unexpected GroupVersion string: a/b/c");
    }
}
