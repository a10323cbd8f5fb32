//! Reading and changing fields of values. A field of another type reads as absent.

use ravelin_object::{Map, Value};
use std::collections::BTreeMap;

/// The text behind a dotted list of plain keys; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, keys: &str) -> &'a str {
    value.dotted(keys).and_then(Value::as_str).unwrap_or_default()
}

/// The items behind a dotted list of plain keys.
pub(crate) fn items<'a>(value: &'a Value, keys: &str) -> &'a [Value] {
    value.dotted(keys).and_then(Value::as_array).unwrap_or_default()
}

/// The entries behind a dotted list of plain keys.
pub(crate) fn entries<'a>(value: &'a Value, keys: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    value.dotted(keys).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// The texts behind a dotted list of plain keys, as of labels. A `null` is an empty text.
pub(crate) fn texts<'a>(value: &'a Value, keys: &str) -> BTreeMap<&'a str, &'a str> {
    entries(value, keys).map(|(key, value)| (key, value.as_str().unwrap_or_default())).collect()
}

/// An annotation.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    entry(object, "metadata.annotations", key)
}

/// A label.
pub(crate) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    entry(object, "metadata.labels", key)
}

fn entry<'a>(object: &'a Value, keys: &str, key: &str) -> Option<&'a str> {
    let value = object.dotted(keys)?.as_object()?.get(key)?;
    Some(value.as_str().unwrap_or_default())
}

/// The object of a request, if it is one at all.
pub(crate) fn typed(object: Option<&Value>) -> Option<&Value> {
    object.filter(|object| object.as_object().is_some())
}

/// The mapping at a key of a mapping, made where there is none.
pub(crate) fn object_in<'m>(map: &'m mut Map, key: &str) -> Option<&'m mut Map> {
    if !matches!(map.get(key), Some(Value::Object(_))) {
        map.set(key, Value::Object(Map::new()));
    }
    map.get_mut(key)?.as_object_mut()
}

/// The sequence at a key of a mapping, made where there is none.
pub(crate) fn array_in<'m>(map: &'m mut Map, key: &str) -> Option<&'m mut Vec<Value>> {
    if !matches!(map.get(key), Some(Value::Array(_))) {
        map.set(key, Value::Array(Vec::new()));
    }
    map.get_mut(key)?.as_array_mut()
}

/// The items at a key, to be changed; none where there is no sequence.
pub(crate) fn items_mut<'a>(map: &'a mut Map, key: &str) -> &'a mut [Value] {
    map.get_mut(key).and_then(Value::as_array_mut).map_or(&mut [], |items| items.as_mut_slice())
}

/// A mapping of the entries.
pub(crate) fn mapping<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Object(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

/// Sets an annotation.
pub(crate) fn set_annotation(object: &mut Value, key: &str, text: &str) {
    let annotations = object.object_at("metadata").and_then(|metadata| object_in(metadata, "annotations"));
    if let Some(annotations) = annotations {
        annotations.set(key, text.into());
    }
}

/// Whether two values are the same to Kubernetes: null, an absent field, an empty mapping and an empty sequence are.
///
/// Source: `k8s.io/apimachinery/pkg/api/equality` `Semantic`.
pub(crate) fn equal(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let further = right.iter().filter(|(key, _)| left.get(key).is_none());
            left.iter().all(|(key, value)| equal(Some(value), right.get(key)))
                && further.into_iter().all(|(_, value)| is_empty(Some(value)))
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| equal(Some(left), Some(right)))
        }
        (Some(Value::Object(_) | Value::Array(_)), _) | (_, Some(Value::Object(_) | Value::Array(_))) => {
            is_empty(left) && is_empty(right)
        }
        _ => left.filter(|value| **value != Value::Null) == right.filter(|value| **value != Value::Null),
    }
}

/// Whether a value says nothing: absent, null, or a mapping or sequence of nothing.
fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(map)) => map.iter().all(|(_, value)| is_empty(Some(value))),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::object as read;

    #[test]
    fn what_is_empty_is_absent() {
        for (left, right, same) in [
            ("{a: 1, b: {}, c: []}", "{a: 1}", true),
            ("{a: 1}", "{a: 1, b: null}", true),
            ("{a: 1}", "{a: 2}", false),
            ("{a: [1]}", "{a: []}", false),
            ("{a: {b: x}}", "{}", false),
            ("{a: {b: x}}", "{a: x}", false),
            ("{a: ''}", "{}", false),
        ] {
            assert_eq!(equal(Some(&read(left)), Some(&read(right))), same, "{left} {right}");
            assert_eq!(equal(Some(&read(right)), Some(&read(left))), same, "{right} {left}");
        }
    }
}
