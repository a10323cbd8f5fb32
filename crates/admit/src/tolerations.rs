//! Tolerations: which covers which, and how two lists become one.

use crate::fields::text;
use ravelin_object::{Map, Value};

/// A toleration.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core` `Toleration`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Toleration {
    /// The taint; all where it is empty.
    pub(crate) key: String,
    /// `Exists`, `Equal`, or empty.
    pub(crate) operator: String,
    /// The value of the taint.
    pub(crate) value: String,
    /// The effect of the taint; all where it is empty.
    pub(crate) effect: String,
    /// For how long it is tolerated; forever where nothing is said.
    pub(crate) seconds: Option<i64>,
}

impl Toleration {
    /// The toleration that a value says.
    pub(crate) fn of(value: &Value) -> Self {
        let text = |key| text(value, key).to_owned();
        Self {
            key: text("key"),
            operator: text("operator"),
            value: text("value"),
            effect: text("effect"),
            seconds: value.field("tolerationSeconds").and_then(Value::as_int),
        }
    }

    /// A toleration of every value of a taint of one effect.
    pub(crate) fn exists(key: &str, effect: &str) -> Self {
        Self {
            key: key.to_owned(),
            operator: "Exists".to_owned(),
            effect: effect.to_owned(),
            ..Self::default()
        }
    }

    /// The toleration as the API writes it.
    pub(crate) fn to_value(&self) -> Value {
        let mut map = Map::new();
        let texts = [
            ("key", &self.key),
            ("operator", &self.operator),
            ("value", &self.value),
            ("effect", &self.effect),
        ];
        for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            map.set(key, text.as_str().into());
        }
        if let Some(seconds) = self.seconds {
            map.set("tolerationSeconds", seconds.into());
        }
        Value::Object(map)
    }

    /// Whether it tolerates all that the other does.
    ///
    /// Source: `k8s.io/kubernetes/pkg/util/tolerations` `isSuperset`.
    fn covers(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        let is_key = other.key == self.key || (self.key.is_empty() && self.operator == "Exists");
        let is_effect = other.effect == self.effect || self.effect.is_empty();
        let is_as_long = match self.seconds {
            Some(most) if self.effect == "NoExecute" => other.seconds.is_some_and(|seconds| seconds <= most),
            _ => true,
        };
        let is_value = match self.operator.as_str() {
            "Equal" | "" => other.operator == "Equal" && other.value == self.value,
            operator => operator == "Exists",
        };
        is_key && is_effect && is_as_long && is_value
    }
}

/// Both lists as one, without what something else in it covers. Of equal ones the first stays.
///
/// Source: `k8s.io/kubernetes/pkg/util/tolerations` `MergeTolerations`.
pub(crate) fn merged(first: &[Toleration], second: &[Toleration]) -> Vec<Toleration> {
    let all: Vec<&Toleration> = first.iter().chain(second).collect();
    let mut merged: Vec<Toleration> = Vec::new();
    for (index, one) in all.iter().copied().enumerate() {
        let mut later = all.iter().copied().skip(index + 1);
        let is_covered = merged.iter().any(|other| other.covers(one))
            || later.any(|other| other != one && other.covers(one));
        if !is_covered {
            merged.push(one.clone());
        }
    }
    merged
}

/// Whether each is covered by one of the permitted ones. Where none are listed, all are permitted.
///
/// Source: `k8s.io/kubernetes/pkg/util/tolerations` `VerifyAgainstWhitelist`.
pub(crate) fn are_permitted(tolerations: &[Toleration], permitted: &[Toleration]) -> bool {
    permitted.is_empty() || tolerations.iter().all(|one| permitted.iter().any(|other| other.covers(one)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::object;
    use std::slice::from_ref;

    fn one(text: &str) -> Toleration {
        Toleration::of(&object(text))
    }

    #[test]
    fn a_wider_toleration_covers_a_narrower_one() {
        let cases = [
            ("{operator: Exists}", "{key: a, operator: Equal, value: b, effect: NoSchedule}", true),
            ("{key: a, operator: Exists}", "{key: a, value: b}", true),
            ("{key: a, operator: Exists}", "{key: b, operator: Exists}", false),
            ("{key: a, operator: Equal, value: b}", "{key: a, value: b, effect: NoExecute}", false),
            ("{key: a, value: b}", "{key: a, operator: Equal, value: b}", true),
            ("{key: a, operator: Exists, effect: NoExecute}", "{key: a, operator: Exists}", false),
            (
                "{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}",
                "{key: a, operator: Exists, effect: NoExecute}",
                false,
            ),
            (
                "{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}",
                "{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 4}",
                true,
            ),
            ("{key: a, operator: Gt, value: '1'}", "{key: a, operator: Equal, value: '1'}", false),
        ];
        for (wide, narrow, expected) in cases {
            assert_eq!(one(wide).covers(&one(narrow)), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn what_is_covered_goes() {
        let a = one("{key: a, operator: Equal, value: b}");
        let all_a = Toleration::exists("a", "");
        let b = Toleration::exists("b", "NoSchedule");
        assert_eq!(merged(&[a.clone(), b.clone()], &[all_a.clone(), b.clone()]), [b.clone(), all_a.clone()]);
        assert_eq!(merged(&[], &[]), []);
        assert!(are_permitted(from_ref(&a), &[]) && are_permitted(from_ref(&a), from_ref(&all_a)));
        assert!(!are_permitted(&[a, b], &[all_a]));
    }
}
