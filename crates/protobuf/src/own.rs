//! The messages whose JSON is not that of their fields: times, quantities, integers or strings, JSON within protobuf.
//!
//! Source: `k8s.io/apimachinery` (`apis/meta/v1` `time_proto.go`, `micro_time_proto.go`; `api/resource`; `util/intstr`;
//! `runtime`), `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1`.

use crate::decode::{DecodeError, Decoder};
use crate::encode::{Encoder, integer};
use crate::messages::MessageRef;
use crate::wire::{Piece, Reader, write_bytes, write_number, write_within};
use ravelin_object::Value;
use ravelin_object::json_text;
use ravelin_object::quantity::Quantity;
use ravelin_resource::time::{self, Layout};

/// The messages with JSON of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    Quantity,
    Time,
    MicroTime,
    IntOrString,
    /// `RawExtension`, `FieldsV1` and `JSON`: JSON as bytes.
    Raw,
    SchemaOrBool,
    SchemaOrArray,
    SchemaOrStrings,
}

impl Own {
    /// The message of a name, if it is one of these.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.rsplit_once('.')?.1 {
            "Quantity" => Self::Quantity,
            "Time" => Self::Time,
            "MicroTime" => Self::MicroTime,
            "IntOrString" => Self::IntOrString,
            "RawExtension" | "FieldsV1" | "JSON" => Self::Raw,
            "JSONSchemaPropsOrBool" => Self::SchemaOrBool,
            "JSONSchemaPropsOrArray" => Self::SchemaOrArray,
            "JSONSchemaPropsOrStringArray" => Self::SchemaOrStrings,
            _ => return None,
        })
    }
}

impl Encoder<'_> {
    pub(crate) fn own(&mut self, own: Own, value: Option<&Value>, out: &mut Vec<u8>) -> Option<()> {
        match own {
            Own::Quantity => write_quantity(value, out),
            Own::Time => write_time(value, Layout::Seconds, out),
            Own::MicroTime => write_time(value, Layout::Micros, out),
            Own::IntOrString => write_int_or_string(value, out),
            Own::Raw => {
                if let Some(value) = value {
                    write_bytes(out, 1, json_text(value).as_bytes());
                }
                Some(())
            }
            Own::SchemaOrBool => {
                let is_allowed = match value {
                    None | Some(Value::Bool(false)) => false,
                    Some(Value::Bool(true) | Value::Object(_)) => true,
                    Some(_) => return None,
                };
                write_number(out, 1, u64::from(is_allowed));
                self.schema(2, value.filter(|value| value.as_object().is_some()), out)
            }
            Own::SchemaOrArray => match value {
                Some(Value::Array(items)) => {
                    items.iter().try_for_each(|item| self.schema(2, Some(item), out))
                }
                value => self.schema(1, value, out),
            },
            Own::SchemaOrStrings => match value {
                Some(Value::Array(items)) => items.iter().try_for_each(|item| {
                    write_bytes(out, 2, item.as_str()?.as_bytes());
                    Some(())
                }),
                value => self.schema(1, value, out),
            },
        }
    }

    fn schema(&mut self, number: u32, value: Option<&Value>, out: &mut Vec<u8>) -> Option<()> {
        let (Some(value), Some(schema)) = (value, self.messages.schema()) else { return Some(()) };
        write_within(out, number, |out| self.message(schema, Some(value), out))
    }
}

fn write_quantity(value: Option<&Value>, out: &mut Vec<u8>) -> Option<()> {
    let text = match value {
        None => "0".to_owned(),
        Some(Value::String(text)) => Quantity::parse_field(text).ok()?.to_string(),
        Some(value @ Value::Int(_)) => Quantity::parse_field(&json_text(value)).ok()?.to_string(),
        Some(_) => return None,
    };
    write_bytes(out, 1, text.as_bytes());
    Some(())
}

/// Seconds and nanoseconds; nothing of the zero time.
fn write_time(value: Option<&Value>, layout: Layout, out: &mut Vec<u8>) -> Option<()> {
    let Some(value) = value else { return Some(()) };
    let (seconds, nanos) = time::unix(value.as_str()?, layout).ok()?;
    if time::written(seconds, nanos, layout).is_none() {
        return Some(());
    }
    let nanos = match layout {
        Layout::Seconds => 0,
        Layout::Micros => nanos,
    };
    write_number(out, 1, seconds.cast_unsigned());
    write_number(out, 2, nanos.cast_unsigned());
    Some(())
}

fn write_int_or_string(value: Option<&Value>, out: &mut Vec<u8>) -> Option<()> {
    let (kind, number, text) = match value {
        None => (0, 0, ""),
        Some(Value::String(text)) => (1, 0, text.as_str()),
        Some(value) => (0, i32::try_from(integer(value)?).ok()?, ""),
    };
    write_number(out, 1, kind);
    write_number(out, 2, i64::from(number).cast_unsigned());
    write_bytes(out, 3, text.as_bytes());
    Some(())
}

impl<'b> Decoder<'_> {
    pub(crate) fn own(&mut self, own: Own, bytes: &'b [u8]) -> Result<Value, DecodeError> {
        match own {
            Own::Quantity => quantity(bytes),
            Own::Time => moment(bytes, Layout::Seconds),
            Own::MicroTime => moment(bytes, Layout::Micros),
            Own::IntOrString => int_or_string(bytes),
            Own::Raw => self.raw(bytes),
            Own::SchemaOrBool | Own::SchemaOrArray | Own::SchemaOrStrings => self.schema_or(own, bytes),
        }
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<Value, DecodeError> {
        let Some(raw) = last(bytes, 1)? else { return Ok(Value::Null) };
        let Piece::Bytes(raw) = raw else { return Err(DecodeError::wrong(&raw, "raw")) };
        if raw.is_empty() {
            return Ok(Value::Null);
        }
        self.json(raw)
    }

    fn schema_or(&mut self, own: Own, bytes: &'b [u8]) -> Result<Value, DecodeError> {
        // The schema is the field 1, but of those with a boolean, where that is.
        let (schema_at, other_at) = if own == Own::SchemaOrBool { (2, 1) } else { (1, 2) };
        let (mut schema, mut is_allowed, mut items): (Option<Vec<u8>>, bool, Vec<Value>) =
            (None, false, Vec::new());
        let mut reader = Reader::new(bytes);
        while let Some((number, piece)) = reader.field()? {
            match (own, piece) {
                (_, Piece::Bytes(bytes)) if number == schema_at => {
                    schema.get_or_insert_default().extend_from_slice(bytes);
                }
                (Own::SchemaOrBool, Piece::Varint(value)) if number == other_at => is_allowed = value != 0,
                (Own::SchemaOrArray, Piece::Bytes(bytes)) if number == other_at => {
                    items.push(self.schema(bytes)?);
                }
                (Own::SchemaOrStrings, Piece::Bytes(bytes)) if number == other_at => {
                    self.count()?;
                    items.push(Value::from(&*crate::decode::text(bytes)));
                }
                (_, piece) if number == schema_at || number == other_at => {
                    return Err(DecodeError::wrong(&piece, "schema"));
                }
                _ => {}
            }
        }
        if !items.is_empty() {
            return Ok(Value::Array(items));
        }
        match schema {
            Some(schema) => self.schema(&schema),
            None if own == Own::SchemaOrBool => Ok(Value::Bool(is_allowed)),
            None => Ok(Value::Null),
        }
    }

    fn schema(&mut self, bytes: &[u8]) -> Result<Value, DecodeError> {
        let schema: Option<MessageRef> = self.messages.schema();
        schema.map_or(Ok(Value::Null), |schema| self.message(schema, bytes))
    }
}

/// The last of the fields of a number.
fn last(bytes: &[u8], wanted: u32) -> Result<Option<Piece<'_>>, DecodeError> {
    let mut found = None;
    let mut reader = Reader::new(bytes);
    while let Some((number, piece)) = reader.field()? {
        if number == wanted {
            found = Some(piece);
        }
    }
    Ok(found)
}

fn quantity(bytes: &[u8]) -> Result<Value, DecodeError> {
    match last(bytes, 1)? {
        None => Ok(Value::from("0")),
        Some(Piece::Bytes(text)) => {
            let text = crate::decode::text(text);
            let quantity = Quantity::parse(&text).map_err(|error| DecodeError::Value(error.to_string()))?;
            Ok(Value::from(quantity.to_string()))
        }
        Some(piece) => Err(DecodeError::wrong(&piece, "String_")),
    }
}

/// Two numbers, the fields 1 and 2, and a text, the field 3.
fn numbers(bytes: &[u8]) -> Result<(u64, u64, &[u8]), DecodeError> {
    let (mut first, mut second, mut text): (u64, u64, &[u8]) = (0, 0, &[]);
    let mut reader = Reader::new(bytes);
    while let Some((number, piece)) = reader.field()? {
        match (number, piece) {
            (1, Piece::Varint(value)) => first = value,
            (2, Piece::Varint(value)) => second = value,
            (3, Piece::Bytes(bytes)) => text = bytes,
            (1..=2, piece) => return Err(DecodeError::wrong(&piece, "number")),
            _ => {}
        }
    }
    Ok((first, second, text))
}

fn moment(bytes: &[u8], layout: Layout) -> Result<Value, DecodeError> {
    /// Go's times wrap around beyond these.
    const FARTHEST: std::ops::RangeInclusive<i64> = -1_000_000_000_000_000..=1_000_000_000_000_000;
    const SECOND: i64 = 1_000_000_000;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let (seconds, nanos, _) = numbers(bytes)?;
    let seconds = seconds.cast_signed();
    if !FARTHEST.contains(&seconds) {
        return Err(DecodeError::Value(format!("time of {seconds} seconds since 1970 is out of range")));
    }
    let nanos = match layout {
        Layout::Seconds => 0,
        #[expect(clippy::cast_possible_truncation, reason = "upstream's field has 32 bits")]
        Layout::Micros => i64::from(nanos as i32) / 1000 * 1000,
    };
    let written = time::written(seconds + nanos.div_euclid(SECOND), nanos.rem_euclid(SECOND), layout);
    Ok(written.map_or(Value::Null, Value::from))
}

#[expect(clippy::cast_possible_truncation, reason = "upstream's fields have 32 or 64 bits")]
fn int_or_string(bytes: &[u8]) -> Result<Value, DecodeError> {
    let (kind, number, text) = numbers(bytes)?;
    match kind {
        0 => Ok(Value::Int(i64::from(number as i32))),
        1 => Ok(Value::from(&*crate::decode::text(text))),
        _ => Err(DecodeError::Value("impossible IntOrString.Type".to_owned())),
    }
}
