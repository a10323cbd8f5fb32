//! Text to values: YAML as Kubernetes reads it, JSON as JSON.

use crate::{Map, Value};
use compact_str::CompactString;
use ravelin_yaml::{Build, Duplicate, Entry, Limits, Scalar, Span};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What a text holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The value; nothing where the text holds none at all.
    pub value: Option<Value>,
    /// How many keys appear again in their mapping. The last one won; strict decoding refuses them.
    pub duplicates: usize,
    /// These keys of a YAML text, in upstream's words: `line 3: key "name" already set in map`.
    pub repeated: Vec<String>,
    /// Where the document ended while content follows that Kubernetes never reads: bytes from the start.
    pub ignored_from: Option<u32>,
}

/// Why a text could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Where: bytes from the start of the text.
    pub offset: u32,
    /// What was found and what was expected, lower-case, without a period.
    pub message: String,
    /// The limit that was exceeded, if that is why.
    pub exceeded: Option<Bound>,
}

/// A limit on a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// How deep mappings and sequences nest.
    Depth,
    /// How many nodes aliases expand to.
    Aliases,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

/// Source: `go.yaml.in/yaml` `decoder.mapping`.
fn repeated(text: &str, duplicate: &Duplicate) -> String {
    let before = text.as_bytes().get(..duplicate.span.start as usize).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line}: key {} already set in map", crate::selector::quoted(&duplicate.key))
}

/// Reads the first document of a YAML text as `sigs.k8s.io/yaml` does: YAML 1.1 scalars, ordered merge
/// keys, the last of equal keys.
///
/// # Errors
/// Where the text is no YAML to Kubernetes, or exceeds the limits.
pub fn yaml(text: &str, limits: &Limits) -> Result<Read, ReadError> {
    let composed =
        ravelin_yaml::compose(text, limits, &mut ValueBuilder).map_err(|error| yaml_error(&error))?;
    Ok(Read {
        value: composed.root,
        duplicates: composed.duplicates.len(),
        repeated: composed.duplicates.iter().map(|duplicate| repeated(text, duplicate)).collect(),
        ignored_from: composed.trailing.then_some(composed.end),
    })
}

fn yaml_error(error: &ravelin_yaml::Error) -> ReadError {
    let exceeded = match error.kind() {
        ravelin_yaml::ErrorKind::DepthExceeded => Some(Bound::Depth),
        ravelin_yaml::ErrorKind::ExcessiveAliasing => Some(Bound::Aliases),
        _ => None,
    };
    ReadError { offset: error.offset(), message: error.to_string(), exceeded }
}

struct ValueBuilder;

impl<'a> Build<'a> for ValueBuilder {
    type Node = Value;

    fn scalar(&mut self, value: Scalar<'a>, _: Span) -> Value {
        match value {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Int(value) => Value::Int(value),
            Scalar::UInt(value) => Value::UInt(value),
            Scalar::Float(value) => Value::Float(value),
            Scalar::String(text) => Value::String(CompactString::from(text)),
        }
    }

    fn sequence(&mut self, mut items: Vec<Value>, _: Span) -> Value {
        items.shrink_to_fit();
        Value::Array(items)
    }

    fn mapping(&mut self, entries: Vec<Entry<'a, Value>>, _: Span) -> Value {
        // Into a vector of its own, of the right size: collecting would reuse the one given, which is
        // twice as large, and values are kept for as long as a scan lasts.
        let mut own = Vec::with_capacity(entries.len());
        own.extend(entries.into_iter().map(|entry| (CompactString::from(entry.key), entry.value)));
        Value::Object(Map::from_unique(own))
    }
}

/// Reads one JSON value; of equal keys the last one wins.
///
/// # Errors
/// Where the text is not exactly one JSON value, or is nested deeper than the limits allow.
pub fn json(text: &str, limits: &Limits) -> Result<Read, ReadError> {
    let mut duplicates = 0;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    let seed = ValueSeed { depth: limits.depth, duplicates: &mut duplicates };
    let value = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    match value {
        Ok(value) => Ok(Read { value: Some(value), duplicates, repeated: Vec::new(), ignored_from: None }),
        Err(error) => Err(json_error(text, &error)),
    }
}

/// Cuts a JSON stream into its values: the offset and text of each. What cannot be read ends it.
pub fn json_stream(text: &str) -> impl Iterator<Item = Result<(usize, &str), ReadError>> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&serde_json::value::RawValue>();
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        match values.next()? {
            Ok(raw) => {
                let raw = raw.get();
                Some(Ok((values.byte_offset().saturating_sub(raw.len()), raw)))
            }
            Err(error) => {
                done = true;
                Some(Err(json_error(text, &error)))
            }
        }
    })
}

fn json_error(text: &str, error: &serde_json::Error) -> ReadError {
    let full = error.to_string();
    let message = full.rsplit_once(" at line ").map_or(full.as_str(), |(message, _)| message).to_owned();
    let lines_before = error.line().saturating_sub(1);
    let line_start = match lines_before {
        0 => 0,
        count => memchr::memchr_iter(b'\n', text.as_bytes()).nth(count - 1).map_or(text.len(), |at| at + 1),
    };
    let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    let exceeded = (message == TOO_DEEP).then_some(Bound::Depth);
    ReadError { offset: u32::try_from(offset).unwrap_or(u32::MAX), message, exceeded }
}

/// What the reader of JSON says of text that is nested too deep.
const TOO_DEEP: &str = "nested deeper than the limit allows";

struct ValueSeed<'d> {
    depth: usize,
    duplicates: &'d mut usize,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl ValueSeed<'_> {
    fn deeper<E: serde::de::Error>(&mut self) -> Result<ValueSeed<'_>, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(ValueSeed { depth, duplicates: self.duplicates }),
            None => Err(E::custom(TOO_DEEP)),
        }
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::UInt(value), Value::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // `-0` arrives as a float; to Kubernetes it is the integer 0.
        Ok(if value == 0.0 && value.is_sign_negative() { Value::Int(0) } else { Value::Float(value) })
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self.deeper()?)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(CompactString, Value)> = Vec::new();
        while let Some(key) = access.next_key_seed(KeySeed)? {
            let value = access.next_value_seed(self.deeper()?)?;
            entries.push((key, value));
        }
        let duplicates = self.duplicates;
        Ok(Value::Object(Map::from_entries(entries, |_, _| *duplicates += 1)))
    }
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = CompactString;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<CompactString, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = CompactString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<CompactString, E> {
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_the_last_of_equal_keys_and_counts_them() {
        let read = json(r#"{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}"#, &Limits::STANDARD).unwrap();
        let value = read.value.unwrap();
        assert_eq!(value.field("a"), Some(&Value::Int(3)));
        assert_eq!(value.dotted("b.c"), Some(&Value::Int(2)));
        assert_eq!(read.duplicates, 2);
    }

    #[test]
    fn numbers_keep_what_decoders_tell_apart() {
        let of = |text| json(text, &Limits::STANDARD).unwrap().value.unwrap();
        assert_eq!(of("1"), Value::Int(1));
        assert_eq!(of("-0"), Value::Int(0));
        assert_eq!(of("1.0"), Value::Float(1.0));
        assert_eq!(of("18446744073709551615"), Value::UInt(u64::MAX));
    }

    #[test]
    fn errors_say_where() {
        let error = json("{\n  \"a\": tru\n}", &Limits::STANDARD).unwrap_err();
        assert_eq!(error.message, "expected ident");
        assert!((9..=13).contains(&error.offset), "{error:?}");
        let limits = Limits { depth: 3, ..Limits::STANDARD };
        assert_eq!(json("[[[[1]]]]", &limits).unwrap_err().message, "nested deeper than the limit allows");
    }

    #[test]
    fn a_stream_is_cut_into_its_values() {
        let parts: Vec<_> = json_stream("{\"a\":1}\n {\"b\":2}{").collect();
        assert_eq!(parts[0], Ok((0, "{\"a\":1}")));
        assert_eq!(parts[1], Ok((9, "{\"b\":2}")));
        assert!(parts[2].is_err());
        assert_eq!(parts.len(), 3);
    }
}
