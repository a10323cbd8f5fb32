//! When two objects say the same, as Kubernetes compares them before it counts a new generation.

use crate::quantities::parse;
use ravelin_object::{Map, Value};

/// Whether two values say the same: absent, null and empty lists are alike, and quantities and times are compared
/// by what they come to.
///
/// Source: `k8s.io/apimachinery/pkg/api/equality` `Semantic.DeepEqual`.
#[must_use]
pub fn semantically_equal(left: &Value, right: &Value) -> bool {
    equal(left, right, Place::Plain)
}

/// Whether a field says the same in two objects.
pub(crate) fn same(left: &Value, right: &Value, path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or_default();
    equal(
        left.dotted(path).unwrap_or(&Value::Null),
        right.dotted(path).unwrap_or(&Value::Null),
        Place::of(last, Place::Plain),
    )
}

/// What stands at a place, as far as comparing goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Anything.
    Plain,
    /// A quantity, or a mapping of quantities.
    Quantity,
    /// Texts under keys that are the user's.
    Text,
}

impl Place {
    fn of(key: &str, parent: Self) -> Self {
        match key {
            _ if parent != Self::Plain => parent,
            "limits"
            | "requests"
            | "hard"
            | "used"
            | "capacity"
            | "allocatable"
            | "overhead"
            | "max"
            | "min"
            | "default"
            | "defaultRequest"
            | "maxLimitRequestRatio"
            | "allocatedResources"
            | "consumedCapacity"
            | "sizeLimit"
            | "divisor"
            | "averageValue"
            | "maximumVolumeSize"
            | "tolerance"
            | "podFixed" => Self::Quantity,
            "matchLabels" | "nodeSelector" | "labels" | "annotations" | "data" => Self::Text,
            _ => Self::Plain,
        }
    }
}

fn equal(left: &Value, right: &Value, place: Place) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => objects_equal(left, right, place),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right, place))
        }
        (Value::Array(items), Value::Null) | (Value::Null, Value::Array(items)) => items.is_empty(),
        (Value::Object(map), Value::Null) | (Value::Null, Value::Object(map)) => {
            place != Place::Plain && map.is_empty()
        }
        (left, right) if left == right => true,
        _ if place == Place::Quantity => match (parse(left), parse(right)) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        },
        _ => false,
    }
}

fn objects_equal(left: &Map, right: &Map, place: Place) -> bool {
    let null = Value::Null;
    left.iter().all(|(key, value)| equal(value, right.get(key).unwrap_or(&null), Place::of(key, place)))
        && right
            .iter()
            .filter(|(key, _)| left.get(key).is_none())
            .all(|(key, value)| equal(&null, value, Place::of(key, place)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    #[test]
    fn what_says_the_same_is_equal() {
        for (left, right, is_equal) in [
            (r#"{"a":[]}"#, "{}", true),
            (r#"{"a":null}"#, "{}", true),
            (r#"{"a":{}}"#, "{}", false),
            (r#"{"matchLabels":{}}"#, "{}", true),
            (r#"{"limits":{"cpu":"1"}}"#, r#"{"limits":{"cpu":"1000m"}}"#, true),
            (r#"{"limits":{"cpu":"1"}}"#, r#"{"limits":{"cpu":"2"}}"#, false),
            (r#"{"name":"1"}"#, r#"{"name":"1000m"}"#, false),
            (r#"{"a":1}"#, r#"{"a":"1"}"#, false),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false),
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, true),
        ] {
            assert_eq!(semantically_equal(&value(left), &value(right)), is_equal, "{left} {right}");
            assert_eq!(semantically_equal(&value(right), &value(left)), is_equal, "{right} {left}");
        }
    }
}
