//! Values as JSON text, and whether two are the same. Written here so that no reader is judged by a writer of its own crate.

use std::fmt::Write as _;

use ravelin_object::Value;

/// The JSON text of a value, on one line.
pub(crate) fn json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// Whether two values are the same.
pub(crate) fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let mut entries = left.iter().zip(right.iter());
            left.len() == right.len()
                && entries.all(|(left, right)| left.0 == right.0 && is_same(left.1, right.1))
        }
        _ => left == right,
    }
}

fn write(value: &Value, out: &mut String) {
    // Writing into a string never fails.
    let _ = match value {
        Value::Null => write!(out, "null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Int(value) => write!(out, "{value}"),
        Value::UInt(value) => write!(out, "{value}"),
        Value::Float(value) => write!(out, "{value:?}"),
        Value::String(text) => {
            quote(text, out);
            Ok(())
        }
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write(item, out);
            }
            out.push(']');
            Ok(())
        }
        Value::Object(map) => {
            out.push('{');
            for (place, (key, value)) in map.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                quote(key, out);
                out.push_str(": ");
                write(value, out);
            }
            out.push('}');
            Ok(())
        }
    };
}

/// Escapes everything that is not plain ASCII and has an escape that YAML understands as JSON does.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(character),
            '\u{10000}'.. => out.push(character),
            _ => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
        }
    }
    out.push('"');
}
