//! How the API server reads the body of a request into its types, and what it writes of them.
//!
//! A field of another type is an error; what no type knows is dropped and listed; what was absent and is always written
//! gets its zero value, and what is empty and need not be written is dropped. [`decode`] is a function of the type:
//! what a resource defaults and validates is not its business.
//!
//! Source: `sigs.k8s.io/json` (`UnmarshalStrict`), Go `encoding/json` (`Marshal`), and the types of `k8s.io/api`.

mod converted;
mod own;
mod repeated;
mod stored;
#[cfg(test)]
mod tests;
mod zero;

use crate::read::{self, Body};
use crate::schemas::{SchemaRef, Schemas};
use crate::types::{Field, Shape, TypeRef, Types};
use compact_str::CompactString;
use ravelin_object::selector::quoted;
use ravelin_object::{Map, Value};
use std::collections::BTreeSet;
pub use stored::stored;

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The object as the API server writes it.
    pub value: Value,
    /// What strict decoding complains about, in order, at most [`MOST_COMPLAINTS`]: `unknown field "spec.foo"`,
    /// `duplicate field "data.a"`. Each is a warning, or together they are the refusal behind
    /// `strict decoding error: `, joined by `, `.
    pub strict: Vec<String>,
}

/// Why a body could not be read: upstream's words, as
/// `json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// The words.
    pub message: String,
}

/// How many complaints strict decoding collects.
///
/// Source: `sigs.k8s.io/json` `saveStrictError`.
pub const MOST_COMPLAINTS: usize = 100;

/// What the API server makes of a value that is read into the type of a schema and written again.
///
/// `duplicates` are the paths of keys that were there twice, as [`crate::read::body`] finds them; of those that the
/// type knows, strict decoding complains. Metadata, `apiVersion` and `kind` are fields like others. A schema without a
/// type behind it (one of a property, or a patch) keeps the value as it is.
///
/// How a number was written is not in a [`Value`]: `1e3` for an integer is refused as `number 1000.0`, and as a quantity
/// it is `1k`. And of keys that were there twice only the last value is; [`body`] knows all.
///
/// # Errors
/// The first value of another type than its field, or the first that a type of its own refuses.
pub fn decode(
    schemas: &Schemas,
    schema: SchemaRef,
    value: Value,
    duplicates: &[String],
) -> Result<Decoded, DecodeError> {
    let duplicates = duplicates.iter().map(String::as_str).collect();
    run(schemas, schema, value, Decoder::new(&schemas.types, duplicates))
}

/// As [`decode`], of a value that is no text to upstream, but a mapping in memory: what a strategic merge patch gives.
///
/// # Errors
/// As [`decode`], in other words: `cannot restore slice from string`.
pub fn converted(schemas: &Schemas, schema: SchemaRef, value: Value) -> Result<Decoded, DecodeError> {
    let decoder = Decoder { is_converted: true, ..Decoder::new(&schemas.types, BTreeSet::new()) };
    run(schemas, schema, value, decoder)
}

/// As [`decode`], of a body: keys that are there twice are merged and complained of as upstream does.
///
/// # Errors
/// As [`decode`].
///
/// ```
/// use ravelin_object::Value;
/// use ravelin_resource::{Table, decode, read};
///
/// let table = Table::builtin();
/// let schema = table.resource("", "v1", "configmaps").and_then(|resource| resource.schema).unwrap();
/// let body = read::body(br#"{"data": {"a": "1", "a": "2"}, "foo": 1, "data": {"b": "3"}}"#, 100).unwrap();
/// let decoded = decode::body(table.schemas(), schema, body).unwrap();
/// let complaints = [r#"duplicate field "data.a""#, r#"unknown field "foo""#, r#"duplicate field "data""#];
/// assert_eq!(decoded.strict, complaints);
/// assert_eq!(decoded.value.dotted("data.a"), Some(&Value::from("2")));
/// ```
pub fn body(schemas: &Schemas, schema: SchemaRef, body: Body) -> Result<Decoded, DecodeError> {
    let decoder = |keys| Decoder { keys, ..Decoder::new(&schemas.types, BTreeSet::new()) };
    let Some(whole) = body.whole else {
        return run(schemas, schema, body.value, decoder(Keys::Unique));
    };
    if schemas.at(schema).go().is_none() {
        return Ok(Decoded { value: body.value, strict: Vec::new() });
    }
    // Once to see what is wrong, in the order of the text, and once for what comes of it. Neither looks at a value
    // twice, however keys are repeated.
    let looked = run(schemas, schema, (*whole).clone(), decoder(Keys::EachByItself))?;
    let united = run(schemas, schema, *whole, decoder(Keys::United))?;
    Ok(Decoded { value: united.value, strict: looked.strict })
}

fn run(
    schemas: &Schemas,
    schema: SchemaRef,
    value: Value,
    mut decoder: Decoder<'_>,
) -> Result<Decoded, DecodeError> {
    let Some(of) = schemas.at(schema).go() else {
        return Ok(Decoded { value, strict: Vec::new() });
    };
    let read = decoder.value(of, value).map_err(|fault| fault.with(&decoder.context()));
    let message = match (read, decoder.first) {
        (Err(message), _) => message,
        (Ok(_), Some((fault, context))) => fault.with(&context),
        (Ok(value), None) => {
            let value = value.unwrap_or_else(|| zero::of(&schemas.types, of));
            return Ok(Decoded { value, strict: decoder.strict });
        }
    };
    Err(DecodeError { message })
}

/// What to do about keys that are in a mapping twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// There are none.
    Unique,
    /// Read each value by itself, and complain.
    EachByItself,
    /// Read the values as one.
    United,
}

/// What a value is refused for.
#[derive(Debug)]
enum Fault {
    /// It is of another type: what it is, what it should be, and the fields that lead to it within a type that reads
    /// itself.
    Type { found: String, wanted: String, within: String },
    /// Words that need no context.
    Words(String),
}

/// Where a fault is, as Go says it: the struct, and the names of the fields that lead there.
#[derive(Debug)]
struct Context {
    of: Option<String>,
    fields: String,
}

impl Fault {
    fn with(self, context: &Context) -> String {
        match self {
            Self::Words(words) => words,
            Self::Type { found, wanted, within } => match &context.of {
                Some(of) => format!(
                    "json: cannot unmarshal {found} into Go struct field {of}.{} of type {wanted}",
                    joined(&context.fields, &within)
                ),
                None => format!("json: cannot unmarshal {found} into Go value of type {wanted}"),
            },
        }
    }

    /// The fault of a value that was read for itself, to be said of where it is.
    fn placed_within(self, context: &Context) -> Self {
        match self {
            Self::Type { found, wanted, within } => {
                Self::Type { found, wanted, within: joined(&context.fields, &within) }
            }
            Self::Words(words) => Self::Words(words),
        }
    }
}

fn joined(fields: &str, within: &str) -> String {
    if fields.is_empty() || within.is_empty() {
        return format!("{fields}{within}");
    }
    format!("{fields}.{within}")
}

/// Reads a value into types, and writes what comes of it in the same go.
///
/// A result of nothing is Go's zero value, or a pointer to nothing. An `Err` ends the reading, as that of a type that
/// reads itself does; a value of another type is remembered, if it is the first, and reading goes on.
struct Decoder<'s> {
    types: &'s Types,
    duplicates: BTreeSet<&'s str>,
    /// How long the paths of duplicates are: most keys need not be compared with them.
    lengths: BTreeSet<usize>,
    keys: Keys,
    /// What the first value of another type is refused for, and where it is.
    first: Option<(Fault, Context)>,
    strict: Vec<String>,
    complained: BTreeSet<String>,
    /// The path for complaints: `spec.containers[0]`.
    path: String,
    /// The struct and fields for errors.
    within: Option<&'s str>,
    fields: Vec<&'s str>,
    /// Whether the value is a mapping in memory to upstream, and no text.
    is_converted: bool,
    /// Whether to complain; within types that read themselves nobody does.
    is_strict: bool,
}

impl<'s> Decoder<'s> {
    fn new(types: &'s Types, duplicates: BTreeSet<&'s str>) -> Self {
        Self {
            types,
            lengths: duplicates.iter().map(|path| path.len()).collect(),
            duplicates,
            keys: Keys::Unique,
            first: None,
            strict: Vec::new(),
            complained: BTreeSet::new(),
            path: String::new(),
            within: None,
            fields: Vec::new(),
            is_converted: false,
            is_strict: true,
        }
    }

    fn context(&self) -> Context {
        Context { of: self.within.map(str::to_owned), fields: self.fields.join(".") }
    }

    /// Remembers that a value is of another type, unless another was before.
    fn refuse(&mut self, value: &Value, of: TypeRef) {
        if self.is_converted {
            let fault = self.unconverted(value, of);
            return self.remember(fault);
        }
        let types = self.types.at(of);
        let is_number = matches!(value, Value::Int(_) | Value::UInt(_) | Value::Float(_));
        let found = match types.shape {
            Shape::Int(_) | Shape::UInt(_) if is_number => format!("number {}", number(value)),
            _ => word(value).to_owned(),
        };
        self.remember(Fault::Type { found, wanted: types.text.clone(), within: String::new() });
    }

    fn remember(&mut self, fault: Fault) {
        if self.first.is_none() {
            self.first = Some((fault, self.context()));
        }
    }

    fn complain(&mut self, what: &str, key: &str) {
        if !self.is_strict || self.strict.len() >= MOST_COMPLAINTS {
            return;
        }
        let complaint = format!("{what} {}", quoted(&self.path_to(key)));
        if self.complained.insert(complaint.clone()) {
            self.strict.push(complaint);
        }
    }

    fn path_to(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Complains if a key that the type knows was there twice.
    fn look_for_duplicate(&mut self, key: &str, is_twice: bool) {
        let length = self.path.len() + usize::from(!self.path.is_empty()) + key.len();
        let is_listed =
            || self.lengths.contains(&length) && self.duplicates.contains(self.path_to(key).as_str());
        if is_twice || is_listed() {
            self.complain("duplicate field", key);
        }
    }

    /// Goes down a key for as long as `read` takes.
    fn below<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        let result = read(self)?;
        self.path.truncate(length);
        Ok(result)
    }

    fn value(&mut self, of: TypeRef, value: Value) -> Result<Option<Value>, Fault> {
        let types = self.types;
        match &types.at(of).shape {
            Shape::Own(own) => return self.own(*own, value),
            // Null is the zero value of every other type.
            _ if value == Value::Null => return Ok(None),
            Shape::Pointer(target) => {
                let target = *target;
                let read = self.value(target, value)?;
                return Ok(Some(read.unwrap_or_else(|| zero::of(types, target))));
            }
            Shape::Any => return Ok(Some(self.kept(value))),
            Shape::List(item) => return self.list(of, *item, value),
            Shape::Map(values) => return self.map(of, *values, value),
            Shape::Struct(fields) => return self.structure(of, fields, value),
            Shape::Bool | Shape::Int(_) | Shape::UInt(_) | Shape::Float | Shape::Text | Shape::Bytes => {}
        }
        Ok(self.scalar(of, value))
    }

    /// A value that no type looks into.
    fn kept(&self, mut value: Value) -> Value {
        if self.keys == Keys::United {
            read::keep_last_everywhere(&mut value);
        }
        value
    }

    fn scalar(&mut self, of: TypeRef, value: Value) -> Option<Value> {
        match (&self.types.at(of).shape, value) {
            (Shape::Bool, value @ Value::Bool(_)) | (Shape::Text, value @ Value::String(_)) => {
                return Some(value);
            }
            (Shape::Bytes, Value::String(text)) => return self.bytes(&text),
            (Shape::Bytes, Value::Array(items)) if !self.is_converted => return Some(self.numbers(&items)),
            (Shape::Int(bits), Value::Int(number)) if fits(number, *bits) => return Some(Value::Int(number)),
            (Shape::UInt(bits), Value::Int(number))
                if number >= 0 && (*bits == 64 || number >> bits == 0) =>
            {
                return Some(Value::Int(number));
            }
            (Shape::UInt(64), value @ Value::UInt(_)) => return Some(value),
            (Shape::Float, value @ (Value::Int(_) | Value::UInt(_) | Value::Float(_))) => {
                return Some(as_float(value));
            }
            (Shape::Int(bits), value) if self.is_converted => match converted::integer(&value, *bits) {
                Some(number) => return Some(Value::Int(number)),
                None => self.refuse(&value, of),
            },
            (_, value) => self.refuse(&value, of),
        }
        None
    }

    fn bytes(&mut self, text: &str) -> Option<Value> {
        match crate::base64::canonical(text) {
            Ok(text) => Some(Value::from(text)),
            Err(offset) => {
                let from = if self.is_converted { "error decoding from json: " } else { "" };
                self.remember(Fault::Words(format!("{from}illegal base64 data at input byte {offset}")));
                None
            }
        }
    }

    /// Go takes bytes as a list of numbers, too.
    fn numbers(&mut self, items: &[Value]) -> Value {
        let mut bytes = Vec::with_capacity(items.len());
        for item in items {
            let byte = match item {
                Value::Int(byte) => u8::try_from(*byte).ok(),
                Value::Null => Some(0),
                _ => None,
            };
            let found = || match item {
                Value::Int(_) | Value::UInt(_) | Value::Float(_) => format!("number {}", number(item)),
                other => word(other).to_owned(),
            };
            match byte {
                Some(byte) => bytes.push(byte),
                None => {
                    let (wanted, within) = ("uint8".to_owned(), String::new());
                    self.remember(Fault::Type { found: found(), wanted, within });
                }
            }
        }
        Value::from(crate::base64::encoded(&bytes))
    }

    fn list(&mut self, of: TypeRef, item: TypeRef, value: Value) -> Result<Option<Value>, Fault> {
        let Value::Array(mut items) = value else {
            self.refuse(&value, of);
            return Ok(None);
        };
        let length = self.path.len();
        for (index, slot) in items.iter_mut().enumerate() {
            self.path.push_str(&format!("[{index}]"));
            let read = self.value(item, std::mem::replace(slot, Value::Null))?;
            *slot = read.unwrap_or_else(|| zero::of(self.types, item));
            self.path.truncate(length);
        }
        Ok(Some(Value::Array(items)))
    }

    fn map(&mut self, of: TypeRef, values: TypeRef, value: Value) -> Result<Option<Value>, Fault> {
        let Value::Object(mut map) = value else {
            self.refuse(&value, of);
            return Ok(None);
        };
        if self.keys == Keys::United {
            read::keep_last(&mut map);
        }
        let mut seen: BTreeSet<CompactString> = BTreeSet::new();
        for (key, slot) in map.iter_mut() {
            let is_twice = self.keys == Keys::EachByItself && !seen.insert(key.into());
            self.look_for_duplicate(key, is_twice);
            let item = std::mem::replace(slot, Value::Null);
            let read = self.below(key, |decoder| decoder.value(values, item))?;
            *slot = read.unwrap_or_else(|| zero::of(self.types, values));
        }
        Ok(Some(Value::Object(map)))
    }

    fn structure(&mut self, of: TypeRef, fields: &'s [Field], value: Value) -> Result<Option<Value>, Fault> {
        let Value::Object(mut map) = value else {
            self.refuse(&value, of);
            return Ok(None);
        };
        let name = self.types.at(of).text.as_str();
        let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
        if self.keys == Keys::United {
            map = repeated::united(self.types, fields, map);
        }
        let mut found: Vec<Option<Value>> = vec![None; fields.len()];
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        for (key, slot) in map.iter_mut() {
            let place = fields.iter().position(|field| field.key == key);
            let Some((field, result)) = place.and_then(|at| Some((fields.get(at)?, found.get_mut(at)?)))
            else {
                self.complain("unknown field", key);
                continue;
            };
            let is_twice = self.keys == Keys::EachByItself && place.is_some_and(|at| !seen.insert(at));
            self.look_for_duplicate(key, is_twice);
            let (outer, depth) = (self.within.replace(name), self.fields.len());
            self.fields.extend_from_slice(&field.through);
            self.fields.push(field.key);
            let item = std::mem::replace(slot, Value::Null);
            *result = self.below(key, |decoder| decoder.value(field.of, item))?;
            self.fields.truncate(depth);
            self.within = outer;
        }
        Ok(Some(self.written(fields, found)))
    }

    /// What Go writes of a struct.
    fn written(&self, fields: &[Field], found: Vec<Option<Value>>) -> Value {
        let mut entries: Vec<(CompactString, Value)> = Vec::new();
        for (field, value) in fields.iter().zip(found) {
            if zero::is_left_out(self.types, field, value.as_ref()) {
                continue;
            }
            let value = value.unwrap_or_else(|| zero::of(self.types, field.of));
            entries.push((field.key.into(), value));
        }
        Value::Object(Map::from_unique(entries))
    }
}

fn fits(number: i64, bits: u32) -> bool {
    match bits {
        32 => i32::try_from(number).is_ok(),
        16 => i16::try_from(number).is_ok(),
        8 => i8::try_from(number).is_ok(),
        _ => true,
    }
}

/// A number as one of 64 bits of floating point.
fn as_float(value: Value) -> Value {
    /// Integers up to here are exact.
    const EXACT: i64 = 1 << 53;
    match value {
        Value::Int(number) if (-EXACT..=EXACT).contains(&number) => Value::Int(number),
        #[expect(clippy::cast_precision_loss, reason = "Go's float64 loses the same")]
        Value::Int(number) => Value::Float(number as f64),
        #[expect(clippy::cast_precision_loss, reason = "Go's float64 loses the same")]
        Value::UInt(number) => Value::Float(number as f64),
        other => other,
    }
}

/// A number as it was most likely written.
fn number(value: &Value) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        _ => String::new(),
    }
}

/// What a value is, to Go.
const fn word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
