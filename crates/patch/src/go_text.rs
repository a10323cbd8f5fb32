//! Values as Go prints them.

use ravelin_object::Value;
use std::fmt::Write as _;

/// A value as Go's `%v` prints a decoded JSON value: `map[a:1 b:[x y]]`, keys in their order of bytes.
///
/// The API server shows patches so: `patch: Invalid value: "map[spec:map[x:1]]"`.
#[must_use]
pub fn go_text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        // What 64 signed bits cannot hold is a float to the server.
        Value::UInt(value) => write_float(float_of(*value), out),
        Value::Float(value) => write_float(*value, out),
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push_str("map[");
            let mut entries: Vec<(&str, &Value)> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write(item, out);
            }
            out.push(']');
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "the server rounds in the same way")]
fn float_of(value: u64) -> f64 {
    value as f64
}

/// The shortest digits that read back, with an exponent below 1e-4 and from 1e6 on.
fn write_float(value: f64, out: &mut String) {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        out.push_str(&scientific);
        return;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        out.push_str(&value.to_string());
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "{digits}e{sign}{:02}", exponent.abs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    #[test]
    fn values_print_as_go_prints_them() {
        let cases = [
            (r#"{"b":1,"a":[true,null,"x y"],"c":{}}"#, "map[a:[true <nil> x y] b:1 c:map[]]"),
            ("1.5", "1.5"),
            ("999999.0", "999999"),
            ("1e6", "1e+06"),
            ("123456789.5", "1.234567895e+08"),
            ("1e21", "1e+21"),
            ("-0.00001", "-1e-05"),
            ("0.0001", "0.0001"),
            ("18446744073709551615", "1.8446744073709552e+19"),
        ];
        for (text, expected) in cases {
            let value = read::json(text, &Limits::STANDARD).unwrap().value.unwrap();
            assert_eq!(go_text(&value), expected);
        }
    }
}
