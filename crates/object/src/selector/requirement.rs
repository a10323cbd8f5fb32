//! One condition of a label selector.

use std::collections::BTreeSet;
use std::fmt;

use super::Labels;
use super::names::{label_value_faults, qualified_name_faults};
use super::quoting::{json_list, quoted};

/// How a requirement relates a label to its values.
///
/// Source: `k8s.io/apimachinery/pkg/selection` `Operator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// The label is present with one of the values; written `key in (a,b)`.
    In,
    /// The label is absent, or its value is none of the values; written `key notin (a,b)`.
    NotIn,
    /// The label is present with the value; written `key=a`.
    Equals,
    /// The same as `Equals`; written `key==a`.
    DoubleEquals,
    /// The label is absent, or has another value; written `key!=a`.
    NotEquals,
    /// The label is present; written `key`.
    Exists,
    /// The label is absent; written `!key`.
    DoesNotExist,
    /// The label is an integer greater than the value; written `key>1`.
    GreaterThan,
    /// The label is an integer less than the value; written `key<1`.
    LessThan,
}

impl Operator {
    /// The name that upstream gives the operator, which for some is not the way it is written in a selector.
    ///
    /// Source: `k8s.io/apimachinery/pkg/selection`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::NotIn => "notin",
            Self::Equals => "=",
            Self::DoubleEquals => "==",
            Self::NotEquals => "!=",
            Self::Exists => "exists",
            Self::DoesNotExist => "!",
            Self::GreaterThan => "gt",
            Self::LessThan => "lt",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One condition on one label. Its key and values have been validated.
///
/// Displayed in the syntax of a selector, values sorted.
///
/// Source: `k8s.io/apimachinery/pkg/labels` `Requirement`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

impl Requirement {
    /// Validates the parts of a requirement: the key, the number of values the operator takes, and each value.
    ///
    /// # Errors
    /// Every fault found, in upstream's order and words.
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `NewRequirement`.
    pub fn new(key: &str, operator: Operator, values: Vec<String>) -> Result<Self, InvalidRequirement> {
        let mut faults: Vec<FieldFault> = FieldFault::key("key", key).into_iter().collect();
        if let Some(detail) = count_fault(operator, values.len()) {
            faults.push(FieldFault {
                path: "values".to_owned(),
                value: json_list(&values),
                detail: detail.to_owned(),
            });
        }
        if matches!(operator, Operator::GreaterThan | Operator::LessThan) {
            for (index, value) in values.iter().enumerate() {
                if integer(value).is_none() {
                    let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
                    faults.push(FieldFault::new(format!("values[{index}]"), value, detail.to_owned()));
                }
            }
        }
        for (index, value) in values.iter().enumerate() {
            let details = label_value_faults(value);
            if !details.is_empty() {
                faults.push(FieldFault::new(format!("values[{index}][{key}]"), value, details.join("; ")));
            }
        }
        if faults.is_empty() {
            Ok(Self { key: key.to_owned(), operator, values })
        } else {
            Err(InvalidRequirement { faults })
        }
    }

    /// The label that the requirement is about.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How the label relates to the values.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    /// The values, sorted by bytes and without repetition.
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `Requirement.Values`.
    #[must_use]
    pub fn values(&self) -> Vec<&str> {
        self.values.iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The one value that the label must have, if the requirement is of that kind.
    pub(super) fn exact_value(&self) -> Option<&str> {
        match (self.operator, self.values.as_slice()) {
            (Operator::Equals | Operator::DoubleEquals | Operator::In, [value]) => Some(value),
            _ => None,
        }
    }

    /// Whether `labels` satisfy the requirement.
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `Requirement.Matches`.
    #[must_use]
    pub fn matches<L: Labels + ?Sized>(&self, labels: &L) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => {
                value.is_some_and(|value| self.has_value(value))
            }
            Operator::NotIn | Operator::NotEquals => value.is_none_or(|value| !self.has_value(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => self.integers(value).is_some_and(|(label, bound)| label > bound),
            Operator::LessThan => self.integers(value).is_some_and(|(label, bound)| label < bound),
        }
    }

    fn has_value(&self, value: &str) -> bool {
        self.values.iter().any(|candidate| candidate == value)
    }

    fn integers(&self, value: Option<&str>) -> Option<(i64, i64)> {
        match self.values.as_slice() {
            [bound] => Some((integer(value?)?, integer(bound)?)),
            _ => None,
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        values.sort_unstable();
        let (key, values) = (&self.key, values.join(","));
        match self.operator {
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

/// Why a key, operator and values do not make a requirement. Displayed as upstream's aggregate: one fault bare,
/// several in brackets, repetitions dropped.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation/field` `ErrorList.ToAggregate`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", aggregate(.faults))]
pub struct InvalidRequirement {
    faults: Vec<FieldFault>,
}

impl InvalidRequirement {
    /// The faults, in the order in which they were found.
    #[must_use]
    pub fn faults(&self) -> &[FieldFault] {
        &self.faults
    }
}

/// A value that is not allowed at its place.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation/field` `Invalid`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: Invalid value: {value}: {detail}")]
pub struct FieldFault {
    path: String,
    value: String,
    detail: String,
}

impl FieldFault {
    fn new(path: String, value: &str, detail: String) -> Self {
        Self { path, value: quoted(value), detail }
    }

    /// The fault of a label key that stands at `path`, if it has one.
    pub(super) fn key(path: &str, key: &str) -> Option<Self> {
        let details = qualified_name_faults(key);
        (!details.is_empty()).then(|| Self::new(path.to_owned(), key, details.join("; ")))
    }

    /// Where the value stands, e.g. `values[0][app]`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong with the value.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

const fn count_fault(operator: Operator, count: usize) -> Option<&'static str> {
    match (operator, count) {
        (Operator::In | Operator::NotIn, 0) => Some("for 'in', 'notin' operators, values set can't be empty"),
        (Operator::Equals | Operator::DoubleEquals | Operator::NotEquals, 0 | 2..) => {
            Some("exact-match compatibility requires one single value")
        }
        (Operator::Exists | Operator::DoesNotExist, 1..) => {
            Some("values set must be empty for exists and does not exist")
        }
        (Operator::GreaterThan | Operator::LessThan, 0 | 2..) => {
            Some("for 'Gt', 'Lt' operators, exactly one value is required")
        }
        _ => None,
    }
}

fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn aggregate(faults: &[FieldFault]) -> String {
    let mut seen = BTreeSet::new();
    let mut texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    texts.retain(|text| seen.insert(text.clone()));
    match texts.as_slice() {
        [text] => text.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(key: &str, operator: Operator, values: &[&str]) -> Result<Requirement, String> {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Requirement::new(key, operator, values).map_err(|error| error.to_string())
    }

    #[test]
    fn canonical_text_sorts_but_keeps_repetitions() {
        let requirement = requirement("app", Operator::In, &["b", "a", "b"]).unwrap();
        assert_eq!(requirement.to_string(), "app in (a,b,b)");
        assert_eq!(requirement.values(), ["a", "b"]);
        assert_eq!(requirement.exact_value(), None);
    }

    #[test]
    fn operators_take_a_number_of_values() {
        let cases: [(Operator, &[&str], &str); 5] = [
            (
                Operator::In,
                &[],
                "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
            ),
            (
                Operator::Equals,
                &["a", "b"],
                "values: Invalid value: [\"a\",\"b\"]: exact-match compatibility requires one single value",
            ),
            (
                Operator::Exists,
                &["a"],
                "values: Invalid value: [\"a\"]: values set must be empty for exists and does not exist",
            ),
            (
                Operator::LessThan,
                &["1", "2"],
                "values: Invalid value: [\"1\",\"2\"]: for 'Gt', 'Lt' operators, exactly one value is required",
            ),
            (
                Operator::GreaterThan,
                &["x"],
                "values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
            ),
        ];
        for (operator, values, expected) in cases {
            assert_eq!(requirement("k", operator, values).unwrap_err(), expected);
        }
    }

    #[test]
    fn several_faults_are_listed_in_brackets() {
        let long = "v".repeat(64);
        let error = requirement("k", Operator::Exists, &["ok", &long]).unwrap_err();
        assert_eq!(
            error,
            format!(
                "[values: Invalid value: [\"ok\",\"{long}\"]: values set must be empty for exists and does not \
                 exist, values[1][k]: Invalid value: \"{long}\": must be no more than 63 bytes]"
            )
        );
    }

    #[test]
    fn integers_compare_as_integers() {
        let above = requirement("n", Operator::GreaterThan, &["9"]).unwrap();
        for (value, expected) in
            [("10", true), ("9", false), ("-10", false), ("+10", true), ("ten", false), ("", false)]
        {
            assert_eq!(above.matches(&[("n", value)]), expected, "{value}");
        }
        assert!(!above.matches(&[("m", "10")]));
    }
}
