//! Numbers, by the rules of Go's `strconv` and those that the reader adds.

use std::borrow::Cow;

use super::Value;

/// The number that a text starting with a digit or a sign is.
///
/// `_` counts nowhere. Integers may have the prefixes `0x`, `0o`, `0b` and `0` for octal; an octal number with
/// an 8 or 9 is a decimal float. Integers that do not fit 64 bits are floats, floats that do not fit are text.
pub(super) fn number(text: &str) -> Option<Value<'static>> {
    if let Some(value) = short_decimal(text) {
        return Some(value);
    }
    let plain = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    integer(&plain).or_else(|| decimal_float(&plain)).or_else(|| signed_binary(&plain))
}

/// The float that a text starting with `.` is. Here `_` must stand between digits.
pub(super) fn fraction(text: &str) -> Option<Value<'static>> {
    if !text.contains('_') {
        return decimal_float(text);
    }
    let bytes = text.as_bytes();
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let between = bytes.iter().enumerate().all(|(at, byte)| {
        *byte != b'_'
            || is_digit(at.checked_sub(1).and_then(|before| bytes.get(before))) && is_digit(bytes.get(at + 1))
    });
    if between { decimal_float(&text.replace('_', "")) } else { None }
}

/// The common case: up to 18 digits without a leading zero, which cannot overflow.
fn short_decimal(text: &str) -> Option<Value<'static>> {
    let bytes = text.as_bytes();
    if bytes.len() > 18 || bytes.first() == Some(&b'0') && bytes.len() > 1 {
        return None;
    }
    let mut value = 0;
    for byte in bytes {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Some(Value::Int(value))
}

/// Go's `ParseInt` and then `ParseUint`, both with the base taken from the prefix.
fn integer(text: &str) -> Option<Value<'static>> {
    let (digits, sign) = split_sign(text);
    let bytes = digits.as_bytes();
    let (base, digits) = match (bytes.first(), bytes.get(1), bytes.len()) {
        (Some(b'0'), _, 1) => return Some(Value::Int(0)),
        (Some(b'0'), Some(b'x' | b'X'), 3..) => (16, digits.get(2..)?),
        (Some(b'0'), Some(b'o' | b'O'), 3..) => (8, digits.get(2..)?),
        (Some(b'0'), Some(b'b' | b'B'), 3..) => (2, digits.get(2..)?),
        (Some(b'0'), ..) => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    let magnitude = magnitude(digits, base)?;
    if let Some(value) = signed(magnitude, sign) {
        return Some(Value::Int(value));
    }
    if sign.is_none() { Some(Value::UInt(magnitude)) } else { None }
}

/// `0b` before a sign, which the reader understands by accident.
fn signed_binary(text: &str) -> Option<Value<'static>> {
    let (digits, sign) = split_sign(text.strip_prefix("0b")?);
    signed(magnitude(digits, 2)?, sign).map(Value::Int)
}

fn split_sign(text: &str) -> (&str, Option<char>) {
    if let Some(rest) = text.strip_prefix('-') {
        (rest, Some('-'))
    } else if let Some(rest) = text.strip_prefix('+') {
        (rest, Some('+'))
    } else {
        (text, None)
    }
}

fn magnitude(digits: &str, base: u32) -> Option<u64> {
    // `from_str_radix` takes a sign, which is not a digit here.
    if digits.starts_with('+') { None } else { u64::from_str_radix(digits, base).ok() }
}

fn signed(magnitude: u64, sign: Option<char>) -> Option<i64> {
    if sign == Some('-') { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// A float in decimal digits, with or without point and exponent, that is finite.
fn decimal_float(text: &str) -> Option<Value<'static>> {
    let (rest, _) = split_sign(text);
    let (whole, rest) = split_digits(rest);
    let rest = match rest.strip_prefix('.') {
        Some(behind) => {
            let (fraction, rest) = split_digits(behind);
            if whole.is_empty() && fraction.is_empty() {
                return None;
            }
            rest
        }
        None if whole.is_empty() => return None,
        None => rest,
    };
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let (digits, rest) = split_digits(split_sign(exponent).0);
        if digits.is_empty() || !rest.is_empty() {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(Value::Float)
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}
