//! How Go prints lists of strings.

use ravelin_object::selector::quoted;

/// A list of strings as Go's `%q` prints it: `["a" "b"]`.
pub(super) fn quoted_list<S: AsRef<str>>(texts: &[S]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!(quoted_list(&["", "a\"b"]), r#"["" "a\"b"]"#);
        assert_eq!(quoted_list::<&str>(&[]), "[]");
    }
}
