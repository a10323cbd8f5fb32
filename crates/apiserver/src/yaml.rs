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
            scalar(&mut out, other);
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
                scalar(out, other);
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
            scalar(out, other);
            out.push('\n');
        }
    }
}

fn scalar(out: &mut String, value: &Value) {
    match value {
        Value::String(string) => text(out, string),
        other => out.push_str(&json_text(other)),
    }
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
}
