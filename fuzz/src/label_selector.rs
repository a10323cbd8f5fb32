//! A label selector means the same when its canonical form is read.

use std::collections::BTreeMap;

use ravelin_object::selector::Selector;

/// Reads the first line of the bytes as a selector, and the others as labels `key=value`.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (selector, labels) = text.split_once('\n').unwrap_or((text, ""));
    let labels: BTreeMap<String, String> = labels
        .lines()
        .filter_map(|line| line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect();
    let selector = match Selector::parse(selector) {
        Ok(selector) => selector,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let canonical = selector.to_string();
    let again = Selector::parse(&canonical);
    assert_eq!(again.as_ref().map(ToString::to_string), Ok(canonical.clone()), "{canonical}");
    let Ok(again) = again else { return };
    assert_eq!(selector.matches(&labels), again.matches(&labels), "{canonical}");
    assert_eq!(selector.is_empty(), again.is_empty(), "{canonical}");
    if selector.is_empty() {
        assert!(selector.matches(&labels), "nothing is asked for");
    }
    for requirement in selector.requirements().unwrap_or_default() {
        assert!(!selector.matches(&labels) || requirement.matches(&labels), "{requirement}");
        assert_eq!(selector.exact_match(requirement.key()), again.exact_match(requirement.key()));
    }
}
