//! Objects to bytes: what upstream's generated `Marshal` writes of the value that Go reads from the same JSON.
//!
//! Fields come in the order of their numbers; a value that is no pointer is written even if it is zero; the keys of
//! mappings are sorted.

use crate::MAGIC;
use crate::messages::{Field, Message, MessageRef, Messages, Struct, Type, api_version};
use crate::wire::{write_bytes, write_fixed, write_number, write_within};
use base64::Engine as _;
use ravelin_object::{Map, Value};

/// How deep messages may be nested.
pub(crate) const DEPTH: usize = 256;

/// The envelope of an object or a list: magic, `apiVersion` and `kind` (as given here, not as the object says), and the
/// message. Nothing where the kind has no message, or the object is not of the kind's type (a string where a number
/// belongs), or is nested deeper than 256 messages. Fields that the type does not know are left out.
#[must_use]
pub fn encode(
    messages: &Messages,
    group: &str,
    version: &str,
    kind: &str,
    object: &Value,
) -> Option<Vec<u8>> {
    let api_version = api_version(group, version);
    // Types that every group has are those of `v1`, even where nobody says so.
    let of = if api_version.is_empty() { "v1" } else { api_version.as_str() };
    let message = messages.of_kind(of, kind)?;
    let mut out = Vec::with_capacity(1024);
    out.extend_from_slice(MAGIC);
    write_within(&mut out, 1, |out| {
        write_bytes(out, 1, api_version.as_bytes());
        write_bytes(out, 2, kind.as_bytes());
        Some(())
    })?;
    write_within(&mut out, 2, |out| Encoder { messages, depth: 0 }.message(message, Some(object), out))?;
    // No encoding and no content type: what is within is protobuf.
    write_bytes(&mut out, 3, b"");
    write_bytes(&mut out, 4, b"");
    Some(out)
}

/// A frame of a watch: four bytes of length, and an event (`ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK`, `ERROR`) that holds
/// an envelope as [`encode`] makes them; of `ERROR`, that of a `Status`.
///
/// Source: `k8s.io/apimachinery/pkg/util/framer`, `k8s.io/apiserver/pkg/endpoints/handlers/response.go` `watchEncoder`.
#[must_use]
pub fn encode_watch_event(kind: &str, envelope: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 4];
    write_bytes(&mut out, 1, kind.as_bytes());
    let object = write_within(&mut out, 2, |out| {
        write_bytes(out, 1, envelope);
        Some(())
    });
    debug_assert!(object.is_some());
    // INVARIANT: objects are limited to some megabytes.
    let length = u32::try_from(out.len() - 4).unwrap_or(u32::MAX);
    for (slot, byte) in out.iter_mut().zip(length.to_be_bytes()) {
        *slot = byte;
    }
    out
}

/// Writes messages.
pub(crate) struct Encoder<'m> {
    pub(crate) messages: &'m Messages,
    depth: usize,
}

impl Encoder<'_> {
    /// What a message is; of nothing, what Go writes of the zero value. Nothing where the value is of another type.
    pub(crate) fn message(&mut self, at: MessageRef, value: Option<&Value>, out: &mut Vec<u8>) -> Option<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let messages = self.messages;
        match messages.at(at) {
            Message::Struct(known) => self.structure(known, value, out)?,
            Message::List(item) => self.list(1, item, value, out)?,
            Message::Own(own) => self.own(*own, value, out)?,
        }
        self.depth -= 1;
        Some(())
    }

    fn structure(&mut self, known: &Struct, value: Option<&Value>, out: &mut Vec<u8>) -> Option<()> {
        let map = match value {
            None => None,
            Some(Value::Object(map)) => Some(map),
            Some(_) => return None,
        };
        for (_, place) in &known.order {
            let field = known.fields.get(*place)?;
            if field.key.is_empty() {
                let Type::Message(inner) = field.of else { return None };
                write_within(out, field.number, |out| self.message(inner, value, out))?;
                continue;
            }
            let slot = map.and_then(|map| map.get(field.key)).filter(|value| **value != Value::Null);
            self.field(field, slot, out)?;
        }
        Some(())
    }

    fn field(&mut self, field: &Field, value: Option<&Value>, out: &mut Vec<u8>) -> Option<()> {
        let number = field.number;
        match &field.of {
            Type::Pointer(inner) => match value {
                None => Some(()),
                value => self.one(number, inner, value, out),
            },
            Type::List(item) => self.list(number, item, value, out),
            Type::Map(values) => self.map(number, values, value, out),
            Type::Bytes if value.is_none() => Some(()),
            Type::Message(at) if value.is_none() && matches!(self.messages.at(*at), Message::List(_)) => {
                Some(())
            }
            other => self.one(number, other, value, out),
        }
    }

    /// A field that holds one value; of nothing, the zero value.
    fn one(&mut self, number: u32, of: &Type, value: Option<&Value>, out: &mut Vec<u8>) -> Option<()> {
        match of {
            Type::Bool => write_number(out, number, u64::from(value.map_or(Some(false), Value::as_bool)?)),
            Type::Int32 => {
                let value = i32::try_from(value.map_or(Some(0), integer)?).ok()?;
                write_number(out, number, i64::from(value).cast_unsigned());
            }
            Type::Int64 => write_number(out, number, value.map_or(Some(0), integer)?.cast_unsigned()),
            Type::Double => write_fixed(out, number, value.map_or(Some(0.0), double)?.to_bits()),
            Type::Text => write_bytes(out, number, value.map_or(Some(""), Value::as_str)?.as_bytes()),
            Type::Bytes => {
                let text = value.map_or(Some(""), Value::as_str)?;
                let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
                write_bytes(out, number, &bytes);
            }
            Type::Message(at) => write_within(out, number, |out| self.message(*at, value, out))?,
            Type::Pointer(inner) => self.one(number, inner, value, out)?,
            Type::List(_) | Type::Map(_) => return None,
        }
        Some(())
    }

    fn list(&mut self, number: u32, of: &Type, value: Option<&Value>, out: &mut Vec<u8>) -> Option<()> {
        let Some(value) = value else { return Some(()) };
        for item in value.as_array()? {
            self.one(number, of, Some(item).filter(|item| **item != Value::Null), out)?;
        }
        Some(())
    }

    fn map(&mut self, number: u32, of: &Type, value: Option<&Value>, out: &mut Vec<u8>) -> Option<()> {
        let Some(value) = value else { return Some(()) };
        for (key, value) in sorted(value.as_object()?) {
            let value = Some(value).filter(|value| **value != Value::Null);
            write_within(out, number, |out| {
                write_bytes(out, 1, key.as_bytes());
                if value.is_none() && matches!(of, Type::Bytes | Type::Pointer(_)) {
                    return Some(());
                }
                self.one(2, of, value, out)
            })?;
        }
        Some(())
    }
}

fn sorted(map: &Map) -> Vec<(&str, &Value)> {
    let mut entries: Vec<(&str, &Value)> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

pub(crate) const fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "Go's float64 loses the same")]
const fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::UInt(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_its_length_and_an_event() {
        assert_eq!(encode_watch_event("ADDED", b"k8s\0"), b"\0\0\0\x0f\x0a\x05ADDED\x12\x06\x0a\x04k8s\0");
    }
}
