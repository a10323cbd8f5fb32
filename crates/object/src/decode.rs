//! Untyped to typed, with the types Kubernetes' decoder insists on.

use crate::Value;
use ravelin_diag::{FieldPath, Segment};
use std::fmt;

/// A field whose value has a type that Kubernetes' decoder refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The field, from the root of the object.
    pub path: FieldPath,
    /// What was expected, in words: `a boolean`.
    pub expected: &'static str,
    /// What was found, in words: `the string "yes"`.
    pub found: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.path, self.expected, self.found)
    }
}

impl std::error::Error for DecodeError {}

/// Reads typed fields off untyped values, remembering where it is and what did not fit.
///
/// An absent field and a `null` one read as nothing, as in Kubernetes; a value of the wrong type reads
/// as nothing too and is kept as an error. Whoever decodes looks at [`Decoder::finish`] before it trusts
/// what it got.
#[derive(Debug)]
pub struct Decoder {
    path: FieldPath,
    errors: Vec<DecodeError>,
}

impl Decoder {
    /// A decoder whose paths start at `base`.
    #[must_use]
    pub fn new(base: FieldPath) -> Self {
        Self { path: base, errors: Vec::new() }
    }

    /// What was decoded, or everything that did not fit.
    ///
    /// # Errors
    /// If any field had a wrong type.
    pub fn finish<T>(self, decoded: T) -> Result<T, Vec<DecodeError>> {
        if self.errors.is_empty() { Ok(decoded) } else { Err(self.errors) }
    }

    /// The path the decoder is at.
    #[must_use]
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// A boolean field.
    pub fn boolean(&mut self, holder: Option<&Value>, key: &str) -> Option<bool> {
        self.scalar(holder, key, "a boolean", Value::as_bool)
    }

    /// A string field.
    pub fn string<'a>(&mut self, holder: Option<&'a Value>, key: &str) -> Option<&'a str> {
        self.scalar(holder, key, "a string", Value::as_str)
    }

    /// An integer field of 64 bits.
    pub fn integer(&mut self, holder: Option<&Value>, key: &str) -> Option<i64> {
        self.scalar(holder, key, "an integer of 64 bits", |value| match value {
            Value::Int(value) => Some(*value),
            _ => None,
        })
    }

    /// An integer field of 32 bits.
    pub fn integer32(&mut self, holder: Option<&Value>, key: &str) -> Option<i32> {
        self.scalar(holder, key, "an integer of 32 bits", |value| match value {
            Value::Int(value) => i32::try_from(*value).ok(),
            _ => None,
        })
    }

    /// A mapping field, decoded by `decode` with its value.
    pub fn mapping<'a, T>(
        &mut self,
        holder: Option<&'a Value>,
        key: &str,
        decode: impl FnOnce(&mut Self, &'a Value) -> T,
    ) -> Option<T> {
        let value = holder?.field(key)?;
        self.within(Segment::Key(key.into()), |decoder| {
            decoder.expect(value, "a mapping", value.as_object().is_some()).then(|| decode(decoder, value))
        })
    }

    /// A sequence field, each item decoded by `decode` with its index; an item that is `null` decodes as
    /// nothing given, which Kubernetes reads as a zero value.
    pub fn sequence<'a, T>(
        &mut self,
        holder: Option<&'a Value>,
        key: &str,
        mut decode: impl FnMut(&mut Self, usize, Option<&'a Value>) -> T,
    ) -> Vec<T> {
        let Some(value) = holder.and_then(|holder| holder.field(key)) else { return Vec::new() };
        self.within(Segment::Key(key.into()), |decoder| {
            decoder.expect(value, "a sequence", value.as_array().is_some());
            let items = value.as_array().unwrap_or_default().iter().enumerate();
            items
                .map(|(index, item)| {
                    let item = Some(item).filter(|item| **item != Value::Null);
                    decoder.within(Segment::Index(index), |decoder| decode(decoder, index, item))
                })
                .collect()
        })
    }

    /// A sequence of mappings.
    pub fn mappings<'a, T>(
        &mut self,
        holder: Option<&'a Value>,
        key: &str,
        mut decode: impl FnMut(&mut Self, usize, Option<&'a Value>) -> T,
    ) -> Vec<T> {
        self.sequence(holder, key, |decoder, index, item| {
            let fits = item.filter(|item| decoder.expect(item, "a mapping", item.as_object().is_some()));
            decode(decoder, index, fits)
        })
    }

    /// A sequence of strings.
    pub fn strings<'a>(&mut self, holder: Option<&'a Value>, key: &str) -> Vec<&'a str> {
        self.sequence(holder, key, |decoder, _, item| {
            let Some(item) = item else { return "" };
            decoder.expect(item, "a string", item.as_str().is_some());
            item.as_str().unwrap_or_default()
        })
    }

    /// A mapping of strings to strings, in the order of the text.
    pub fn string_map<'a>(&mut self, holder: Option<&'a Value>, key: &str) -> Vec<(&'a str, &'a str)> {
        let entries = self.mapping(holder, key, |decoder, value| {
            let map = value.as_object().into_iter().flat_map(crate::Map::iter);
            map.map(|(key, value)| {
                decoder.within(Segment::Key(key.into()), |decoder| {
                    let fits = matches!(value, Value::Null | Value::String(_));
                    decoder.expect(value, "a string", fits);
                });
                (key, value.as_str().unwrap_or_default())
            })
            .collect()
        });
        entries.unwrap_or_default()
    }

    fn scalar<'a, T>(
        &mut self,
        holder: Option<&'a Value>,
        key: &str,
        expected: &'static str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = holder?.field(key)?;
        let scalar = read(value);
        if scalar.is_none() {
            self.within(Segment::Key(key.into()), |decoder| decoder.expect(value, expected, false));
        }
        scalar
    }

    fn expect(&mut self, value: &Value, expected: &'static str, fits: bool) -> bool {
        if !fits {
            self.errors.push(DecodeError { path: self.path.clone(), expected, found: value.describe() });
        }
        fits
    }

    fn within<T>(&mut self, segment: Segment, decode: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(segment);
        let decoded = decode(self);
        self.path.pop();
        decoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;
    use ravelin_yaml::Limits;

    #[test]
    fn wrong_types_are_errors_with_their_path() {
        let value = read::yaml("a: {b: 'yes', c: [1, x]}\nd: {e: 1}", &Limits::STANDARD).unwrap().value;
        let mut decoder = Decoder::new(FieldPath::root().key("root"));
        let root = value.as_ref();
        decoder.mapping(root, "a", |decoder, a| {
            assert_eq!(decoder.boolean(Some(a), "b"), None);
            assert_eq!(decoder.strings(Some(a), "c"), ["", "x"]);
        });
        assert_eq!(decoder.string_map(root, "d"), [("e", "")]);
        let errors: Vec<String> = decoder.finish(()).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                "root.a.b: expected a boolean, found the string \"yes\"",
                "root.a.c[0]: expected a string, found the integer 1",
                "root.d.e: expected a string, found the integer 1",
            ]
        );
    }
}
