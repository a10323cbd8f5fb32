//! How Go prints lists of strings.

use ravelin_object::selector::quoted;

/// A list of strings as Go's `%q` prints it: `["a" "b"]`.
pub(super) fn quoted_list<S: AsRef<str>>(texts: &[S]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(" "))
}

/// Adds pieces of a text, together in quotes, as Go's `%q` prints them.
pub(super) fn push_quoted(text: &mut String, pieces: &[&str]) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if pieces.iter().all(|piece| piece.bytes().all(is_plain)) {
        text.push('"');
        pieces.iter().for_each(|piece| text.push_str(piece));
        text.push('"');
    } else {
        text.push_str(&quoted(&pieces.concat()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_quoted_as_one() {
        for pieces in [&["a b", "/", "c~"][..], &[], &[""], &["a\"", "b"], &["\\"], &["\u{7f}", "é", "\n"]] {
            let mut text = "x".to_owned();
            push_quoted(&mut text, pieces);
            assert_eq!(text, format!("x{}", quoted(&pieces.concat())));
        }
    }

    #[test]
    fn lists() {
        assert_eq!(quoted_list(&["", "a\"b"]), r#"["" "a\"b"]"#);
        assert_eq!(quoted_list::<&str>(&[]), "[]");
    }
}
