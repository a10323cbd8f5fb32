//! Reading the same YAML again, or the same value written as JSON, gives the same value.

use ravelin_object::Value;
use ravelin_object::read::{self, Read, ReadError};
use ravelin_yaml::Limits;

use crate::{LIMITS, dump};

/// Reads the bytes in several ways.
pub fn run(data: &[u8]) {
    let Ok(text) = ravelin_yaml::decode(data) else { return };
    let first = read::yaml(&text, &LIMITS);
    assert_eq!(first, read::yaml(&text, &LIMITS), "reading twice");
    let Ok(first) = first else { return };

    // Tighter limits may refuse the text, but never change what it says.
    let tight = Limits { depth: 8, alias_nodes: 64 };
    if let Ok(tight) = read::yaml(&text, &tight) {
        assert_eq!(first, tight, "with tighter limits");
    }

    // What was left out behind the document changes nothing.
    let end = first.ignored_from.map_or(text.len(), crate::index);
    if let Some(Ok(alone)) = text.get(..end).map(|document| read::yaml(document, &LIMITS)) {
        assert_eq!(first.value, alone.value, "without what follows the document");
    }

    let Some(value) = first.value else { return };
    let json = dump::json(&value);
    let is_same = |read: &Result<Read, ReadError>| {
        read.as_ref().is_ok_and(|read| read.value.as_ref().is_some_and(|again| dump::is_same(again, &value)))
    };
    let as_json = read::json(&json, &Limits { depth: LIMITS.depth + 1, ..LIMITS });
    assert!(is_same(&as_json), "as JSON: {json}: {as_json:?}");
    if !has_long_key(&value) {
        let as_yaml = read::yaml(&json, &LIMITS);
        assert!(is_same(&as_yaml), "as YAML: {json}: {as_yaml:?}");
    }
}

/// A key that is written in more than 1024 characters is none to YAML; escapes are six.
fn has_long_key(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_long_key),
        Value::Object(map) => map.iter().any(|(key, value)| key.chars().count() > 160 || has_long_key(value)),
        _ => false,
    }
}
