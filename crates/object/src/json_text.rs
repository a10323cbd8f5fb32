//! Values as JSON, to the byte as Go's `encoding/json` writes them.
//!
//! Source: Go `encoding/json` `Marshal`: escapes for what would be markup in HTML, floats with an exponent only where
//! they are very small or very large.

use crate::Value;
use std::fmt::Write as _;

/// A value as JSON on one line, keys in the order they have.
#[must_use]
pub fn json_text(value: &Value) -> String {
    let mut out = String::new();
    append_json(&mut out, value);
    out
}

/// A text as JSON.
#[must_use]
pub fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    append_json_string(&mut out, text);
    out
}

/// Appends what [`json_text`] gives.
pub fn append_json(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        // Writing to a `String` cannot fail, here and below.
        Value::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Value::UInt(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Float(value) => append_float(out, *value),
        Value::String(text) => append_json_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                append_json(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                append_member(out, index == 0, key, item);
            }
            out.push('}');
        }
    }
}

/// Appends a member of a mapping, with a comma before it unless it is the first.
pub fn append_member(out: &mut String, is_first: bool, key: &str, value: &Value) {
    if !is_first {
        out.push(',');
    }
    append_json_string(out, key);
    out.push(':');
    append_json(out, value);
}

/// What is neither here nor there is no JSON: Go refuses it, and it cannot come from JSON.
fn append_float(out: &mut String, value: f64) {
    let size = value.abs();
    let _ = match value.is_finite() {
        false => write!(out, "null"),
        true if size == 0.0 || (1e-6..1e21).contains(&size) => write!(out, "{value}"),
        true if size < 1.0 => write!(out, "{value:e}"),
        true => write!(out, "{}", format!("{value:e}").replace('e', "e+")),
    };
}

fn append_json_string(out: &mut String, text: &str) {
    out.push('"');
    // Most texts have nothing to escape; `0xe2` begins the two separators of lines that Go escapes, among others.
    let is_plain = |byte: u8| byte >= 0x20 && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&' | 0xe2);
    if text.bytes().all(is_plain) {
        out.push_str(text);
        out.push('"');
        return;
    }
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_go_writes_them() {
        assert_eq!(json_text(&Value::from("<\"\u{1}é")), "\"\\u003c\\\"\\u0001é\"");
        assert_eq!(json_text(&Value::from("…\u{2028}")), "\"…\\u2028\"");
        assert_eq!(json_text(&Value::Array(vec![Value::Int(1), Value::Null])), "[1,null]");
        let text = r#"{"b":{"&":[]},"a":[true,"x",18446744073709551615]}"#;
        let value = crate::read::json(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
        assert_eq!(json_text(&value), text.replace('&', "\\u0026"));
    }

    #[test]
    fn floats_read_as_go_writes_them() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (1e6, "1000000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.25e300, "-1.25e+300"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (5e-324, "5e-324"),
        ];
        for (value, expected) in cases {
            assert_eq!(json_text(&Value::Float(value)), expected);
        }
    }
}
