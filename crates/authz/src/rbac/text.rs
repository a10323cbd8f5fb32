//! How Go prints lists of errors and of strings.

use ravelin_object::selector::quoted;

/// Errors as one: one bare, several in brackets, each text once.
///
/// Source: `k8s.io/apimachinery/pkg/util/errors` `Aggregate.Error`.
pub(super) fn aggregate<T: ToString>(errors: impl IntoIterator<Item = T>) -> Option<String> {
    let mut seen = std::collections::BTreeSet::new();
    let texts = errors.into_iter().map(|error| error.to_string());
    let texts: Vec<String> = texts.filter(|text| seen.insert(text.clone())).collect();
    match texts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}

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
        assert_eq!(aggregate([""; 0]), None);
        assert_eq!(aggregate(["a", "a"]).as_deref(), Some("a"));
        assert_eq!(aggregate(["b", "a", "b"]).as_deref(), Some("[b, a]"));
        assert_eq!(quoted_list(&["", "a\"b"]), r#"["" "a\"b"]"#);
        assert_eq!(quoted_list::<&str>(&[]), "[]");
    }
}
