//! The turns of phrase that upstream's details are made of.

use ravelin_object::pod::Container;
use std::collections::BTreeSet;

/// `"a", "b"`: each quoted, as upstream's `joinQuote` does it (no escaping).
pub(crate) fn join_quoted<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    items.into_iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", ")
}

/// The singular for exactly one, the plural otherwise.
pub(crate) fn pluralize<'a>(singular: &'a str, plural: &'a str, count: usize) -> &'a str {
    if count == 1 { singular } else { plural }
}

/// `container "a"` or `containers "a", "b"`.
pub(crate) fn containers(names: &[&str]) -> String {
    format!("{} {}", pluralize("container", "containers", names.len()), join_quoted(names.iter().copied()))
}

/// The subjects of a detail: `pod` if the pod's own setting is bad, then the containers, joined by
/// `conjunction` (` and ` or ` or `).
pub(crate) fn subjects(pod: bool, names: &[&str], conjunction: &str) -> String {
    match (pod, names.is_empty()) {
        (true, true) => "pod".to_owned(),
        (true, false) => format!("pod{conjunction}{}", containers(names)),
        (false, _) => containers(names),
    }
}

/// The items without repeats, sorted bytewise.
pub(crate) fn sorted_set<'a>(items: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    items.into_iter().collect()
}

/// A text in double quotes, escaped as Go's `%q` does it: `"a\"b\n"`.
///
/// Go leaves a character as it is if its Unicode category is one of letters, marks, numbers, punctuation
/// and symbols, and Rust has the same notion of what is printable (their versions of Unicode may differ).
/// Source: Go's `strconv.Quote`.
pub(crate) fn go_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            '\0'..='\x7f' => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            _ if is_printable(c) => quoted.push(c),
            '\u{80}'..='\u{ffff}' => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character that is not ASCII is printable.
fn is_printable(c: char) -> bool {
    // Rust escapes what is not printable and, at the start of a text only, what joins to its left.
    format!("a{c}").escape_debug().count() == 2
}

/// How messages for people name a container: its name, or its place where it has none.
pub(crate) fn container_name(container: &Container<'_>) -> String {
    if container.name.is_empty() {
        format!("container {}[{}]", container.kind.field(), container.index)
    } else {
        format!("container `{}`", container.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases() {
        assert_eq!(containers(&["a"]), "container \"a\"");
        assert_eq!(containers(&["a", "b"]), "containers \"a\", \"b\"");
        assert_eq!(subjects(true, &["a", "b"], " or "), "pod or containers \"a\", \"b\"");
        assert_eq!(subjects(true, &[], " and "), "pod");
    }

    #[test]
    fn quotes_as_go_does() {
        assert_eq!(go_quoted("a b/c"), r#""a b/c""#);
        assert_eq!(go_quoted("\"\\`'"), r#""\"\\`'""#);
        assert_eq!(go_quoted("\x07\x08\x0c\n\r\t\x0b\0\x1f\x7f"), r#""\a\b\f\n\r\t\v\x00\x1f\x7f""#);
        assert_eq!(go_quoted("ä\u{301}\u{fffd}😀"), "\"ä\u{301}\u{fffd}😀\"");
        assert_eq!(go_quoted("\u{80}\u{a0}\u{200b}\u{feff}"), r#""\u0080\u00a0\u200b\ufeff""#);
        assert_eq!(go_quoted("\u{e000}\u{10ffff}"), r#""\ue000\U0010ffff""#);
    }
}
