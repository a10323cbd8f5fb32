//! How Go prints a rejected value inside an error.

use crate::json_string;
use std::fmt::Write as _;

/// `text` as Go's `%q` prints it: double quotes, and escapes for what is not printable.
///
/// Source: Go `strconv.Quote`.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            _ if is_printable(character) => out.push(character),
            _ => push_code_point(&mut out, u32::from(character)),
        }
    }
    out.push('"');
    out
}

/// `values` as Go's `encoding/json` prints a list of strings; an absent or empty list is `null`.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation/field` `Error.ErrorBody`, which marshals what is not a scalar.
pub(super) fn json_list(values: &[String]) -> String {
    if values.is_empty() {
        return "null".to_owned();
    }
    let values: Vec<String> = values.iter().map(|value| json_string(value)).collect();
    format!("[{}]", values.join(","))
}

fn push_code_point(out: &mut String, code_point: u32) {
    // Writing to a `String` cannot fail.
    let _ = match code_point {
        0..=0x1f | 0x7f => write!(out, "\\x{code_point:02x}"),
        0x80..=0xffff => write!(out, "\\u{code_point:04x}"),
        _ => write!(out, "\\U{code_point:08x}"),
    };
}

/// Go prints letters, marks, numbers, punctuation, symbols and the ASCII space. Rust's `escape_debug` leaves the
/// same characters alone, except that it escapes a combining mark at the start of a string and both quotes, and that
/// it knows a newer Unicode: characters assigned after version 15 are printed here and escaped by Go 1.26.
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return matches!(character, ' '..='~');
    }
    let mut after_letter = String::from("a");
    after_letter.push(character);
    after_letter.escape_debug().nth(1) == Some(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        let cases = [
            ("", r#""""#),
            ("it's \"x\" \\", r#""it's \"x\" \\""#),
            ("a\u{0}\u{7}\u{8}\t\n\u{b}\u{c}\r\u{1b}\u{7f}", r#""a\x00\a\b\t\n\v\f\r\x1b\x7f""#),
            ("é\u{301}\u{a0}\u{200b}\u{feff}", "\"é\u{301}\\u00a0\\u200b\\ufeff\""),
            ("😀\u{e0001}", "\"😀\\U000e0001\""),
        ];
        for (text, expected) in cases {
            assert_eq!(quoted(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lists_are_json_with_html_escapes() {
        assert_eq!(json_list(&[]), "null");
        let values = ["a<b>&\"\\", "\u{1}\n\u{2028}é\u{7f}"].map(str::to_owned);
        assert_eq!(json_list(&values), "[\"a\\u003cb\\u003e\\u0026\\\"\\\\\",\"\\u0001\\n\\u2028é\u{7f}\"]");
    }
}
