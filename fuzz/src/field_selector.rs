//! A field selector means the same when its canonical form is read.

use std::collections::BTreeMap;

use ravelin_object::selector::{FieldRequirement, FieldSelector};

/// Reads the first line of the bytes as a selector, and the others as fields `path=value`.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (selector, fields) = text.split_once('\n').unwrap_or((text, ""));
    let fields: BTreeMap<String, String> = fields
        .lines()
        .filter_map(|line| line.split_once('=').map(|(path, value)| (path.to_owned(), value.to_owned())))
        .collect();
    let selector = match FieldSelector::parse(selector) {
        Ok(selector) => selector,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let canonical = selector.to_string();
    let again = FieldSelector::parse(&canonical);
    // Terms are sorted as they are written, so their order may change where `==` became `=`.
    assert_eq!(again.as_ref().map(terms), Ok(terms(&selector)), "{canonical}");
    let Ok(again) = again else { return };
    assert_eq!(selector.matches(&fields), again.matches(&fields), "{canonical}");
    assert_eq!(selector.is_empty(), again.is_empty(), "{canonical}");
    if selector.is_empty() {
        assert!(selector.matches(&fields), "nothing is asked for");
    }
}

fn terms(selector: &FieldSelector) -> Vec<String> {
    let mut terms: Vec<String> = selector.requirements().iter().map(FieldRequirement::to_string).collect();
    terms.sort_unstable();
    terms
}
