//! What a scalar means: YAML 1.1 as Kubernetes' reader has it.

mod binary;
mod number;
mod timestamp;

use std::borrow::Cow;

const PREFIX: &str = "tag:yaml.org,2002:";

/// The tag of a merge key.
pub(crate) const MERGE_TAG: &str = "tag:yaml.org,2002:merge";

/// The value of a scalar before JSON has its say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Always above `i64::MAX`.
    UInt(u64),
    Float(f64),
    String(Cow<'a, str>),
}

/// The tags that change what a scalar means. All others make a string of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    String,
    Bool,
    Int,
    Float,
    Null,
    Timestamp,
    Binary,
    Other,
}

/// Resolves a scalar. `implicit` is whether it is plain or has the tag `!`.
///
/// # Errors
/// A message when the text is not what the tag says.
#[inline]
pub(crate) fn resolve<'a>(
    value: Cow<'a, str>,
    tag: Option<&str>,
    implicit: bool,
) -> Result<Value<'a>, String> {
    match tag {
        None if !implicit => Ok(Value::String(value)),
        None => Ok(guess(&value).unwrap_or(Value::String(value))),
        Some(tag) => resolve_tagged(value, tag),
    }
}

fn resolve_tagged<'a>(value: Cow<'a, str>, name: &str) -> Result<Value<'a>, String> {
    let tag = read_tag(name);
    match tag {
        Tag::String | Tag::Other => return Ok(Value::String(value)),
        Tag::Binary => return binary::decode(&value).map(|text| Value::String(Cow::Owned(text))),
        Tag::Timestamp if timestamp::is_timestamp(&value) => return Ok(Value::String(value)),
        Tag::Bool | Tag::Int | Tag::Float | Tag::Null | Tag::Timestamp => {}
    }
    match (tag, guess(&value)) {
        (Tag::Bool, Some(found @ Value::Bool(_)))
        | (Tag::Int, Some(found @ (Value::Int(_) | Value::UInt(_))))
        | (Tag::Float, Some(found @ Value::Float(_)))
        | (Tag::Null, Some(found @ Value::Null)) => Ok(found),
        #[expect(
            clippy::cast_precision_loss,
            reason = "an integer that is tagged as a float becomes the nearest one"
        )]
        (Tag::Float, Some(Value::Int(integer))) => Ok(Value::Float(integer as f64)),
        _ => Err(format!(
            "found a value that is no '!!{}', which its tag says",
            name.trim_start_matches(PREFIX)
        )),
    }
}

fn read_tag(name: &str) -> Tag {
    match name.strip_prefix(PREFIX) {
        Some("str") => Tag::String,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("null") => Tag::Null,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        _ => Tag::Other,
    }
}

/// What a plain scalar is if it is not a string. The first character decides what it can be.
#[inline]
fn guess(text: &str) -> Option<Value<'static>> {
    match text.as_bytes().first() {
        None => Some(Value::Null),
        Some(b'0'..=b'9') => number::number(text),
        Some(b'+' | b'-') => word(text).or_else(|| number::number(text)),
        Some(b'.') => word(text).or_else(|| number::fraction(text)),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(text),
        Some(_) => None,
    }
}

fn word(text: &str) -> Option<Value<'static>> {
    if text.len() > 5 {
        return None;
    }
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Value::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Value::Bool(false))
        }
        "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        ".nan" | ".NaN" | ".NAN" => Some(Value::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(Value::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => Some(Value::Float(f64::NEG_INFINITY)),
        _ => None,
    }
}

/// The text a float has as a key: the shortest that gives the same 32-bit float, in C's `%g` format.
pub(crate) fn float_key(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "Kubernetes makes keys of floats with 32 bits of precision"
    )]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
    } else {
        format!("{value}")
    }
}
