//! Lists of objects in one document.

use crate::identity::Identity;
use crate::{Map, Value};

/// Whether the value is a list of objects: a `List`, or a typed list such as a `PodList`.
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1/unstructured` (`IsList`: the field `items` is a sequence).
#[must_use]
pub fn is_list(value: &Value) -> bool {
    let named = Identity::of(value).is_some_and(|identity| identity.kind.ends_with("List"));
    named && matches!(value.field("items"), Some(Value::Array(_)))
}

/// Takes the items out of a list. An item of a typed list that does not say what it is takes the list's
/// `apiVersion` and its kind without the `List`, as kubectl gives them to it.
#[must_use]
pub fn into_items(list: Value) -> Vec<Value> {
    let identity = Identity::of(&list).unwrap_or_default();
    let Value::Object(mut map) = list else { return Vec::new() };
    let Some(Value::Array(items)) = map.remove("items") else { return Vec::new() };
    let item_kind = identity.kind.strip_suffix("List").filter(|kind| !kind.is_empty());
    items.into_iter().map(|item| with_type(item, &identity.api_version, item_kind)).collect()
}

fn with_type(item: Value, api_version: &str, kind: Option<&str>) -> Value {
    match (item, kind) {
        (Value::Object(mut map), Some(kind)) if is_untyped(&map) => {
            map.set("apiVersion", api_version.into());
            map.set("kind", kind.into());
            Value::Object(map)
        }
        (item, _) => item,
    }
}

fn is_untyped(map: &Map) -> bool {
    map.get("kind").and_then(Value::as_str).is_none_or(str::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;
    use ravelin_yaml::Limits;

    #[test]
    fn items_of_a_typed_list_learn_their_type() {
        let of = |text: &str| {
            let value = read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap();
            assert!(is_list(&value), "{text}");
            into_items(value).iter().map(|item| Identity::of(item).map(|i| i.to_string())).collect::<Vec<_>>()
        };
        assert_eq!(
            of("{apiVersion: v1, kind: PodList, items: [{metadata: {name: a}}, {metadata: {name: b}}]}"),
            [Some("Pod a".to_owned()), Some("Pod b".to_owned())]
        );
        assert_eq!(
            of("{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Secret}, {x: 1}, 3]}"),
            [Some("Secret".to_owned()), None, None]
        );
    }

    #[test]
    fn a_kind_alone_makes_no_list() {
        let value =
            read::yaml("{apiVersion: v1, kind: AllowList, spec: {}}", &Limits::STANDARD).unwrap().value;
        assert!(!is_list(&value.unwrap()));
    }
}
