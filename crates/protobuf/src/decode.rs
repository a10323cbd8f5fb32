//! Bytes to objects: what Go writes as JSON of the value that upstream's generated `Unmarshal` reads from the bytes.
//!
//! What no message knows is passed over; of several values of a field the last one counts, and messages are united.

use crate::MAGIC;
use crate::encode::DEPTH;
use crate::messages::{Field, Message, MessageRef, Messages, Struct, Type};
use crate::own::Own;
use crate::wire::{Piece, Reader};
use base64::Engine as _;
use compact_str::CompactString;
use ravelin_object::{Map, Value};
use std::borrow::Cow;

/// How much is read before it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages, and collections of JSON, that may be open inside one another.
    pub depth: usize,
    /// Bytes of an envelope.
    pub bytes: usize,
    /// Values that an object may consist of: two bytes can be a message with many fields that are always written.
    pub values: usize,
}

impl Limits {
    /// Depth 256, three mebibytes as bodies of requests, two million values.
    pub const STANDARD: Self = Self { depth: DEPTH, bytes: 3 << 20, values: 2_000_000 };
}

/// What an object is, where its envelope does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// As `apps/v1`.
    pub api_version: &'a str,
    /// As `Deployment`.
    pub kind: &'a str,
}

/// Why bytes are no object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There is nothing.
    #[error("empty data")]
    EmptyData,
    /// It does not begin as envelopes do.
    #[error("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")]
    NoMagic,
    /// Nothing is behind the magic.
    #[error("empty body")]
    EmptyBody,
    /// The envelope does not say what it holds.
    #[error("Object 'Kind' is missing in protobuf envelope")]
    NoKind,
    /// The envelope does not say of which version what it holds is.
    #[error("Object 'apiVersion' is missing in protobuf envelope")]
    NoVersion,
    /// What it holds has no message.
    #[error("no kind \"{kind}\" is registered for version \"{api_version}\"")]
    UnknownKind {
        /// As the envelope says it.
        api_version: String,
        /// As the envelope says it.
        kind: String,
    },
    /// A field ends behind the message.
    #[error("unexpected EOF")]
    UnexpectedEnd,
    /// A number has more than 64 bits.
    #[error("proto: integer overflow")]
    Overflow,
    /// A length has 64 bits.
    #[error("proto: negative length found during unmarshaling")]
    NegativeLength,
    /// A field has no number.
    #[error("proto: illegal tag 0 (wire type {wire})")]
    IllegalTag {
        /// The type on the wire.
        wire: u8,
    },
    /// There is no such type on the wire.
    #[error("proto: illegal wireType {wire}")]
    IllegalWireType {
        /// The type on the wire.
        wire: u8,
    },
    /// A group ends that did not begin.
    #[error("proto: wiretype end group for non-group")]
    EndOfNoGroup,
    /// A field is written as another type is.
    #[error("proto: wrong wireType = {wire} for field {field}")]
    WrongWireType {
        /// The type on the wire.
        wire: u8,
        /// The field, as JSON names it, with a capital letter.
        field: String,
    },
    /// A quantity, a time or JSON within is none.
    #[error("{0}")]
    Value(String),
    /// It is nested deeper than [`Limits::depth`].
    #[error("protobuf message is nested deeper than {limit}: nest less")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// It has more than [`Limits::bytes`] or [`Limits::values`].
    #[error("protobuf message is larger than {limit} {what}: send less")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// Of what: `bytes`, `values`.
        what: &'static str,
    },
}

impl DecodeError {
    pub(crate) fn wrong(piece: &Piece<'_>, field: &str) -> Self {
        // Go's names begin with a capital letter.
        let mut letters = field.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        Self::WrongWireType { wire: piece.wire(), field: first.into_iter().chain(letters).collect() }
    }
}

/// The object in an envelope: `kind` and `apiVersion` as the envelope says them, and the fields of the message in the
/// shape that Go's `encoding/json` gives them.
///
/// # Errors
/// Where the bytes are no envelope of a built-in kind, or a limit is exceeded.
pub fn decode(messages: &Messages, bytes: &[u8], limits: Limits) -> Result<Value, DecodeError> {
    decode_as(messages, bytes, None, limits)
}

/// As [`decode`]; where the envelope does not say kind or version, they are `default`'s.
///
/// # Errors
/// As [`decode`].
pub fn decode_as(
    messages: &Messages,
    bytes: &[u8],
    default: Option<Identity<'_>>,
    limits: Limits,
) -> Result<Value, DecodeError> {
    if bytes.len() > limits.bytes {
        return Err(DecodeError::TooLarge { limit: limits.bytes, what: "bytes" });
    }
    if bytes.is_empty() {
        return Err(DecodeError::EmptyData);
    }
    let body = bytes.strip_prefix(MAGIC).ok_or(DecodeError::NoMagic)?;
    if body.is_empty() {
        return Err(DecodeError::EmptyBody);
    }
    let envelope = Envelope::read(body)?;
    let default = default.unwrap_or(Identity { api_version: "", kind: "" });
    let or = |said: String, default: &str| if said.is_empty() { default.to_owned() } else { said };
    let kind = or(envelope.kind, default.kind);
    let api_version = or(envelope.api_version, default.api_version);
    if kind.is_empty() {
        return Err(DecodeError::NoKind);
    }
    if api_version.is_empty() {
        return Err(DecodeError::NoVersion);
    }
    let Some(message) = messages.of_kind(&api_version, &kind) else {
        return Err(DecodeError::UnknownKind { api_version, kind });
    };
    let mut decoder = Decoder { messages, limits, depth: 0, values: limits.values };
    let fields = match decoder.message(message, &envelope.raw)? {
        Value::Object(map) => map.into_entries(),
        _ => Vec::new(),
    };
    let head = [("kind", kind), ("apiVersion", api_version)];
    let head = head.map(|(key, text)| (CompactString::from(key), Value::from(text)));
    Ok(Value::Object(Map::from_unique(head.into_iter().chain(fields).collect())))
}

/// A `runtime.Unknown`.
struct Envelope {
    api_version: String,
    kind: String,
    raw: Vec<u8>,
}

impl Envelope {
    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut envelope = Self { api_version: String::new(), kind: String::new(), raw: Vec::new() };
        let mut reader = Reader::new(bytes);
        while let Some((number, piece)) = reader.field()? {
            match (number, piece) {
                (1, Piece::Bytes(bytes)) => {
                    let mut reader = Reader::new(bytes);
                    while let Some((number, piece)) = reader.field()? {
                        let slot = match number {
                            1 => &mut envelope.api_version,
                            2 => &mut envelope.kind,
                            _ => continue,
                        };
                        let Piece::Bytes(text) = piece else {
                            return Err(DecodeError::wrong(&piece, "typeMeta"));
                        };
                        *slot = self::text(text).into_owned();
                    }
                }
                (2, Piece::Bytes(bytes)) => envelope.raw = bytes.to_vec(),
                (1, piece) => return Err(DecodeError::wrong(&piece, "typeMeta")),
                (2, piece) => return Err(DecodeError::wrong(&piece, "raw")),
                (3 | 4, Piece::Bytes(_)) => {}
                (3, piece) => return Err(DecodeError::wrong(&piece, "contentEncoding")),
                (4, piece) => return Err(DecodeError::wrong(&piece, "contentType")),
                _ => {}
            }
        }
        Ok(envelope)
    }
}

/// Reads messages.
pub(crate) struct Decoder<'m> {
    pub(crate) messages: &'m Messages,
    limits: Limits,
    depth: usize,
    /// How many values there may still be.
    values: usize,
}

impl Decoder<'_> {
    pub(crate) fn message(&mut self, at: MessageRef, bytes: &[u8]) -> Result<Value, DecodeError> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(DecodeError::TooDeep { limit: self.limits.depth });
        }
        let messages = self.messages;
        let value = match messages.at(at) {
            Message::Struct(known) => {
                let mut entries = Vec::new();
                self.structure(known, bytes, &mut entries)?;
                Value::Object(Map::from_unique(entries))
            }
            Message::List(item) => self.named_list(item, bytes)?,
            Message::Own(own) => self.own(*own, bytes)?,
        };
        self.count()?;
        self.depth -= 1;
        Ok(value)
    }

    /// Counts a value.
    pub(crate) fn count(&mut self) -> Result<(), DecodeError> {
        let limit = self.limits.values;
        self.values = self.values.checked_sub(1).ok_or(DecodeError::TooLarge { limit, what: "values" })?;
        Ok(())
    }

    /// JSON within.
    pub(crate) fn json(&self, bytes: &[u8]) -> Result<Value, DecodeError> {
        let text = std::str::from_utf8(bytes).map_err(|_| not_json())?;
        let depth = self.limits.depth.saturating_sub(self.depth);
        let limits = ravelin_yaml::Limits { depth, ..ravelin_yaml::Limits::STANDARD };
        let read = ravelin_object::read::json(text, &limits).map_err(|_| not_json())?;
        read.value.ok_or_else(not_json)
    }

    fn structure(
        &mut self,
        known: &Struct,
        bytes: &[u8],
        entries: &mut Vec<(CompactString, Value)>,
    ) -> Result<(), DecodeError> {
        let mut found: Vec<Vec<Piece<'_>>> = vec![Vec::new(); known.fields.len()];
        let mut reader = Reader::new(bytes);
        while let Some((number, piece)) = reader.field()? {
            let place = known.order.binary_search_by_key(&number, |(number, _)| *number);
            let place = place.ok().and_then(|at| known.order.get(at));
            let Some((_, place)) = place else { continue };
            if let (Some(field), Some(pieces)) = (known.fields.get(*place), found.get_mut(*place)) {
                if !is_written_as(&field.of, &piece) {
                    return Err(DecodeError::wrong(&piece, field.key));
                }
                pieces.push(piece);
            }
        }
        for (field, pieces) in known.fields.iter().zip(found) {
            if field.key.is_empty() {
                if let Type::Message(at) = field.of
                    && let Message::Struct(inner) = self.messages.at(at)
                {
                    let bytes = united(&pieces, field.key)?;
                    self.structure(inner, &bytes, entries)?;
                }
                continue;
            }
            if let Some(value) = self.field(field, &pieces)? {
                self.count()?;
                entries.push((field.key.into(), value));
            }
        }
        Ok(())
    }

    /// What Go writes of a field; nothing where it is left out.
    fn field(&mut self, field: &Field, pieces: &[Piece<'_>]) -> Result<Option<Value>, DecodeError> {
        let value = match &field.of {
            Type::Pointer(_) | Type::Bytes if pieces.is_empty() => Value::Null,
            Type::Pointer(inner) => {
                let value = self.one(inner, pieces, field.key)?;
                return Ok(Some(value));
            }
            Type::List(item) => self.list(item, pieces, field.key)?,
            Type::Map(values) => self.map(values, pieces, field.key)?,
            Type::Message(at) if matches!(self.messages.at(*at), Message::List(_)) => match pieces {
                [] => Value::Null,
                pieces => self.one(&field.of, pieces, field.key)?,
            },
            Type::Message(_) => {
                let value = self.one(&field.of, pieces, field.key)?;
                return Ok(Some(value).filter(|value| !(field.omit_zero && *value == Value::Null)));
            }
            other => self.one(other, pieces, field.key)?,
        };
        let is_left_out = field.omit_empty && is_empty(&value) || field.omit_zero && value == Value::Null;
        Ok((!is_left_out).then_some(value))
    }

    /// One value; of no pieces, the zero value.
    fn one(&mut self, of: &Type, pieces: &[Piece<'_>], key: &str) -> Result<Value, DecodeError> {
        if let Type::Message(at) = of {
            // A time replaces the one before; all others are united.
            let is_time = matches!(self.messages.at(*at), Message::Own(Own::Time | Own::MicroTime));
            let last = pieces.get(pieces.len().saturating_sub(1)..).unwrap_or_default();
            let pieces = if is_time { last } else { pieces };
            let bytes = united(pieces, key)?;
            return self.message(*at, &bytes);
        }
        if let Type::Pointer(inner) = of {
            return self.one(inner, pieces, key);
        }
        let last = pieces.last().copied();
        let number = match last {
            None => Some(0),
            Some(Piece::Varint(number)) => Some(number),
            Some(_) => None,
        };
        let bytes = match last {
            None => Some(&[][..]),
            Some(Piece::Bytes(bytes)) => Some(bytes),
            Some(_) => None,
        };
        let double = match last {
            None => Some(0),
            Some(Piece::Fixed(bits)) => Some(bits),
            Some(_) => None,
        };
        let wrong = || last.map_or(DecodeError::UnexpectedEnd, |piece| DecodeError::wrong(&piece, key));
        Ok(match of {
            Type::Text => Value::from(&*text(bytes.ok_or_else(wrong)?)),
            Type::Bytes => {
                Value::from(base64::engine::general_purpose::STANDARD.encode(bytes.ok_or_else(wrong)?))
            }
            Type::Double => float(f64::from_bits(double.ok_or_else(wrong)?))?,
            other => integer(other, number.ok_or_else(wrong)?),
        })
    }

    /// A list; null where there is no item.
    fn list(&mut self, of: &Type, pieces: &[Piece<'_>], key: &str) -> Result<Value, DecodeError> {
        let mut items = Vec::new();
        let is_number = matches!(of, Type::Bool | Type::Int32 | Type::Int64);
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) if is_number => {
                    let mut reader = Reader::new(bytes);
                    while let Some(number) = reader.packed()? {
                        self.count()?;
                        items.push(integer(of, number));
                    }
                }
                piece => {
                    self.count()?;
                    items.push(self.one(of, std::slice::from_ref(piece), key)?);
                }
            }
        }
        Ok(if items.is_empty() { Value::Null } else { Value::Array(items) })
    }

    /// The list that is a message.
    fn named_list(&mut self, of: &Type, bytes: &[u8]) -> Result<Value, DecodeError> {
        let mut items = Vec::new();
        let mut reader = Reader::new(bytes);
        while let Some((number, piece)) = reader.field()? {
            if number == 1 {
                self.count()?;
                items.push(self.one(of, &[piece], "items")?);
            }
        }
        Ok(Value::Array(items))
    }

    /// A mapping; null where there is no entry.
    fn map(&mut self, of: &Type, pieces: &[Piece<'_>], key: &str) -> Result<Value, DecodeError> {
        let mut entries = Vec::new();
        for piece in pieces {
            let Piece::Bytes(bytes) = piece else { return Err(DecodeError::wrong(piece, key)) };
            let (mut name, mut value) = (Cow::Borrowed(""), Vec::new());
            let mut reader = Reader::new(bytes);
            while let Some((number, piece)) = reader.field()? {
                match (number, piece) {
                    (1, Piece::Bytes(bytes)) => name = text(bytes),
                    (1, piece) => return Err(DecodeError::wrong(&piece, key)),
                    (2, piece) => value.push(piece),
                    _ => {}
                }
            }
            self.count()?;
            entries.push((CompactString::from(name), self.one(of, &value, key)?));
        }
        if entries.is_empty() {
            return Ok(Value::Null);
        }
        Ok(Value::Object(Map::from_entries(entries, |_, _| {})))
    }
}

/// Whether values of a type are written like that.
fn is_written_as(of: &Type, piece: &Piece<'_>) -> bool {
    match of {
        Type::Bool | Type::Int32 | Type::Int64 => matches!(piece, Piece::Varint(_)),
        Type::Double => matches!(piece, Piece::Fixed(_)),
        Type::Text | Type::Bytes | Type::Message(_) | Type::Map(_) => matches!(piece, Piece::Bytes(_)),
        Type::Pointer(inner) => is_written_as(inner, piece),
        // Numbers may be packed.
        Type::List(item) => is_written_as(item, piece) || matches!(piece, Piece::Bytes(_)),
    }
}

/// Text as Go writes it: each byte that is of no character is written as one that says so.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(out)
}

/// The bytes of a message that came in pieces.
fn united<'b>(pieces: &[Piece<'b>], key: &str) -> Result<Cow<'b, [u8]>, DecodeError> {
    let mut all: Cow<'b, [u8]> = Cow::Borrowed(&[]);
    for (place, piece) in pieces.iter().enumerate() {
        let Piece::Bytes(bytes) = piece else { return Err(DecodeError::wrong(piece, key)) };
        if place == 0 {
            all = Cow::Borrowed(bytes);
        } else {
            all.to_mut().extend_from_slice(bytes);
        }
    }
    Ok(all)
}

#[expect(clippy::cast_possible_truncation, reason = "upstream cuts it the same way")]
fn integer(of: &Type, number: u64) -> Value {
    match of {
        Type::Bool => Value::Bool(number != 0),
        Type::Int32 => Value::Int(i64::from(number as i32)),
        _ => Value::Int(number.cast_signed()),
    }
}

/// A number as `Value`s have it: whole ones as integers.
fn float(number: f64) -> Result<Value, DecodeError> {
    /// Integers up to here are exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_finite() {
        return Err(DecodeError::Value(format!("json: unsupported value: {number}")));
    }
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
        return Ok(Value::Int(number as i64));
    }
    Ok(Value::Float(number))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(number) => *number == 0,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn not_json() -> DecodeError {
    DecodeError::Value("bytes of an object within are no JSON".to_owned())
}
