//! Objects as YAML, for those who ask for it.

use ravelin_object::json_string;
use ravelin_object::{Map, Value, json_text};

/// A value as a YAML document, keys in order: block style, texts quoted wherever a reader of any version could take them for something
/// else.
pub(crate) fn write(value: &Value) -> String {
    let mut out = String::new();
    let value = &crate::codec::sorted(value.clone());
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut out, map, 0),
        Value::Array(items) if !items.is_empty() => sequence(&mut out, items, 0),
        other => {
            scalar(&mut out, other, 1);
            out.push('\n');
        }
    }
    out
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn mapping(out: &mut String, map: &Map, depth: usize) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 || depth == 0 || out.ends_with('\n') {
            indent(out, depth);
        }
        text(out, key);
        out.push(':');
        child(out, value, depth);
    }
}

fn sequence(out: &mut String, items: &[Value], depth: usize) {
    for item in items {
        indent(out, depth);
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => mapping(out, map, depth + 1),
            Value::Array(inner) if !inner.is_empty() => {
                out.push('\n');
                sequence(out, inner, depth + 1);
            }
            other => {
                scalar(out, other, depth + 1);
                out.push('\n');
            }
        }
    }
}

fn child(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            mapping(out, map, depth + 1);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            sequence(out, items, depth);
        }
        other => {
            out.push(' ');
            scalar(out, other, depth + 1);
            out.push('\n');
        }
    }
}

fn scalar(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::String(string) if is_block(string) => block(out, string, depth),
        Value::String(string) => text(out, string),
        other => out.push_str(&json_text(other)),
    }
}

/// Whether a text of several lines can stand as it is.
fn is_block(string: &str) -> bool {
    let is_shown = |character: char| !character.is_control() || matches!(character, '\n' | '\t');
    string.contains('\n')
        && !string.starts_with([' ', '\n', '\t'])
        && !string.ends_with(' ')
        && !string.contains(" \n")
        && string.chars().all(|character| is_shown(character) && character != '\u{feff}')
}

/// A text of several lines, each below the other. What ends it says how many ends of lines follow.
fn block(out: &mut String, string: &str, depth: usize) {
    let lines = string.trim_end_matches('\n');
    let ends = string.len() - lines.len();
    out.push_str(match ends {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    for line in lines.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(out, depth);
            out.push_str(line);
        }
    }
    // The last end of a line is that of whoever goes on.
    out.extend(std::iter::repeat_n('\n', ends.saturating_sub(1)));
}

/// A text, plain where every reader takes it for this text.
fn text(out: &mut String, string: &str) {
    let is_simple = string.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        && !string.contains(": ")
        && !string.contains(" #")
        && !string.ends_with([':', ' '])
        && !string.starts_with([
            ' ', '-', '?', ':', '"', '\'', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '%', '@', '`',
            ',', '=',
        ])
        && !string.is_empty();
    let looks_like_a_date =
        string.as_bytes().get(4) == Some(&b'-') && string.bytes().take(4).all(|b| b.is_ascii_digit());
    let stays = || {
        let read = ravelin_object::read::yaml(string, &ravelin_yaml::Limits::STANDARD);
        read.is_ok_and(|read| read.value.as_ref().and_then(Value::as_str) == Some(string))
    };
    let means_more = matches!(string, "y" | "n" | "Y" | "N" | "<<" | "~");
    if is_simple && !looks_like_a_date && !means_more && stays() {
        out.push_str(string);
    } else {
        out.push_str(&json_string(string));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_as_it_was() {
        let text = r#"{"kind":"ConfigMap","data":{"a":"yes","b":"x: y\n","c":"","0x1":"1.5"},"empty":{},"list":[1,{"a":[{"b":null}],"c":true},[],["x",["y"]]]}"#;
        let limits = ravelin_yaml::Limits::STANDARD;
        let value = ravelin_object::read::json(text, &limits).unwrap().value.unwrap();
        let yaml = write(&value);
        let again = ravelin_object::read::yaml(&yaml, &limits).unwrap().value.unwrap();
        assert_eq!(again.to_json(), value.to_json(), "{yaml}");
    }

    #[test]
    fn texts_of_several_lines_stand_below_each_other() {
        let cases = [
            ("a\nb", "a: |-\n  a\n  b\n"),
            ("a\n b\n", "a: |\n  a\n   b\n"),
            ("a\n\nb\n\n", "a: |+\n  a\n\n  b\n\n"),
            (" a\nb", "a: \" a\\nb\"\n"),
            ("a \nb", "a: \"a \\nb\"\n"),
        ];
        for (text, expected) in cases {
            let mut map = Map::new();
            map.set("a", text.into());
            let yaml = write(&map.clone().into());
            assert_eq!(yaml, expected);
            let read = ravelin_object::read::yaml(&yaml, &ravelin_yaml::Limits::STANDARD).unwrap().value;
            assert_eq!(read, Some(map.into()), "{yaml}");
        }
    }
}
