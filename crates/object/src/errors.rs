//! Several errors as one text.

use std::collections::BTreeSet;

/// Several errors as one text, as upstream joins them: each text once, in brackets where there are several.
///
/// Source: `k8s.io/apimachinery/pkg/util/errors` `Aggregate`.
#[must_use]
pub fn aggregated<T: ToString>(errors: impl IntoIterator<Item = T>) -> Option<String> {
    let mut seen = BTreeSet::new();
    let texts = errors.into_iter().map(|error| error.to_string());
    let texts: Vec<String> = texts.filter(|text| seen.insert(text.clone())).collect();
    match texts.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_joined_without_repetition() {
        let joined = |errors: &[&str]| aggregated(errors);
        assert_eq!(joined(&[]), None);
        assert_eq!(joined(&["a", "a"]).as_deref(), Some("a"));
        assert_eq!(joined(&["a", "b", "a"]).as_deref(), Some("[a, b]"));
        assert_eq!(joined(&["b", "a", "b"]).as_deref(), Some("[b, a]"));
    }
}
