//! Which objects a selector selects: label selectors in their two forms, and field selectors.
//!
//! [`Selector::parse`] reads the text form (`app=web,tier in (a,b)`), [`LabelSelector::to_selector`] the object form
//! (`matchLabels`, `matchExpressions`), [`FieldSelector::parse`] the text form over fields. The spelling rules that
//! keys, values and names must follow are the `*_faults` functions. All are pure functions of their arguments.

mod field;
mod label_text;
mod names;
mod quoting;
mod requirement;

use std::collections::BTreeMap;
use std::fmt;

pub use field::{FieldOperator, FieldRequirement, FieldSelector, FieldSelectorError};
pub use label_text::{LabelSelectorError, RequirementError};
pub use names::{
    dns1123_label_faults, dns1123_subdomain_faults, label_value_faults, path_segment_faults,
    path_segment_prefix_faults, qualified_name_faults,
};
pub use quoting::quoted;
pub use requirement::{FieldFault, InvalidRequirement, Operator, Requirement};

/// What a selector is matched against: the labels of an object, or its selectable fields.
///
/// Source: `k8s.io/apimachinery/pkg/labels` `Labels`, `pkg/fields` `Fields`.
pub trait Labels {
    /// The value of `key`, or nothing if it is absent.
    fn get(&self, key: &str) -> Option<&str>;
}

impl<L: Labels + ?Sized> Labels for &L {
    fn get(&self, key: &str) -> Option<&str> {
        (**self).get(key)
    }
}

/// Of a key that is repeated the last value counts, as in a map built from the pairs.
impl<K: AsRef<str>, V: AsRef<str>> Labels for [(K, V)] {
    fn get(&self, key: &str) -> Option<&str> {
        self.iter().rev().find(|(name, _)| name.as_ref() == key).map(|(_, value)| value.as_ref())
    }
}

impl<K: AsRef<str>, V: AsRef<str>, const N: usize> Labels for [(K, V); N] {
    fn get(&self, key: &str) -> Option<&str> {
        Labels::get(self.as_slice(), key)
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Labels for Vec<(K, V)> {
    fn get(&self, key: &str) -> Option<&str> {
        Labels::get(self.as_slice(), key)
    }
}

impl Labels for BTreeMap<String, String> {
    fn get(&self, key: &str) -> Option<&str> {
        Self::get(self, key).map(String::as_str)
    }
}

/// A label selector that is ready to match: a conjunction of requirements, ordered by key. Displayed in its
/// canonical form.
///
/// Requirements on the same key stay in the order in which they were given. (Upstream promises this only up to
/// twelve requirements; beyond that its sort is not stable. What matches does not depend on it.)
///
/// Source: `k8s.io/apimachinery/pkg/labels` `Selector`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Nothing is selected if there is no list; everything if it is empty.
    requirements: Option<Vec<Requirement>>,
}

impl Selector {
    /// Selects every object.
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `Everything`.
    #[must_use]
    pub const fn everything() -> Self {
        Self { requirements: Some(Vec::new()) }
    }

    /// Selects no object.
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `Nothing`.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { requirements: None }
    }

    /// Selects what satisfies every requirement.
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `NewSelector().Add`.
    #[must_use]
    pub fn all_of(mut requirements: Vec<Requirement>) -> Self {
        requirements.sort_by(|left, right| left.key().cmp(right.key()));
        Self { requirements: Some(requirements) }
    }

    /// Reads the text form of a selector. The empty text selects everything.
    ///
    /// # Errors
    /// A text that does not follow the grammar, or a key or value that is not valid.
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `Parse`.
    pub fn parse(text: &str) -> Result<Self, LabelSelectorError> {
        label_text::requirements(text).map(Self::all_of)
    }

    /// Whether the selector restricts nothing. A selector that selects nothing is not empty.
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `Selector.Empty`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.as_ref().is_some_and(Vec::is_empty)
    }

    /// The requirements, ordered by key; nothing if the selector does not select (upstream's `selectable`).
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `Selector.Requirements`.
    #[must_use]
    pub fn requirements(&self) -> Option<&[Requirement]> {
        self.requirements.as_deref()
    }

    /// Whether `labels` satisfy every requirement.
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `Selector.Matches`.
    #[must_use]
    pub fn matches<L: Labels + ?Sized>(&self, labels: &L) -> bool {
        self.requirements
            .as_ref()
            .is_some_and(|list| list.iter().all(|requirement| requirement.matches(labels)))
    }

    /// The one value that the label `key` must have, as its first requirement has it.
    ///
    /// Source: `k8s.io/apimachinery/pkg/labels` `Selector.RequiresExactMatch`.
    #[must_use]
    pub fn exact_match(&self, key: &str) -> Option<&str> {
        self.requirements()?.iter().find(|requirement| requirement.key() == key)?.exact_value()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements().unwrap_or_default().iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(f, "{separator}{requirement}")?;
        }
        Ok(())
    }
}

/// A label selector as objects hold it, not validated.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` `LabelSelector`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector {
    /// Labels that must have these values.
    pub match_labels: Vec<(String, String)>,
    /// Further conditions.
    pub match_expressions: Vec<Expression>,
}

/// One of the `matchExpressions`.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` `LabelSelectorRequirement`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expression {
    /// The label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values that the operator wants; none for `Exists` and `DoesNotExist`.
    pub values: Vec<String>,
}

impl LabelSelector {
    /// The selector of a field of an object whose types are known to be right; what has another type is passed over.
    #[must_use]
    pub fn of_value(value: &crate::Value) -> Self {
        use crate::Value;
        let text = |holder: &Value, key: &str| {
            holder.field(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let labels = value.field("matchLabels").and_then(Value::as_object);
        let labels = labels.into_iter().flat_map(crate::Map::iter);
        let labels = labels.filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned())));
        let expressions = value.field("matchExpressions").and_then(Value::as_array).unwrap_or_default();
        let expressions = expressions.iter().map(|expression| {
            let values = expression.field("values").and_then(Value::as_array).unwrap_or_default();
            Expression {
                key: text(expression, "key"),
                operator: text(expression, "operator"),
                values: values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            }
        });
        Self { match_labels: labels.collect(), match_expressions: expressions.collect() }
    }

    /// The selector that the object stands for. One without conditions selects everything.
    ///
    /// The first condition that is not valid decides the error, labels before expressions. Upstream visits the
    /// labels in no order; here it is the order in which they are listed.
    ///
    /// # Errors
    /// A key, operator or value that is not valid.
    ///
    /// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` `LabelSelectorAsSelector`.
    pub fn to_selector(&self) -> Result<Selector, LabelSelectorObjectError> {
        let mut requirements = Vec::with_capacity(self.match_labels.len() + self.match_expressions.len());
        for (key, value) in &self.match_labels {
            requirements.push(Requirement::new(key, Operator::Equals, vec![value.clone()])?);
        }
        for expression in &self.match_expressions {
            let operator = match expression.operator.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(LabelSelectorObjectError::Operator { operator: other.to_owned() }),
            };
            requirements.push(Requirement::new(&expression.key, operator, expression.values.clone())?);
        }
        Ok(Selector::all_of(requirements))
    }

    /// The selector of a field that may be absent or null: without an object, nothing is selected.
    ///
    /// # Errors
    /// As [`LabelSelector::to_selector`].
    ///
    /// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` `LabelSelectorAsSelector`.
    pub fn selector_of(object: Option<&Self>) -> Result<Selector, LabelSelectorObjectError> {
        object.map_or_else(|| Ok(Selector::nothing()), Self::to_selector)
    }
}

/// Why a label selector object is not valid.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` `LabelSelectorAsSelector`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelSelectorObjectError {
    /// An expression names an operator that does not exist.
    #[error("{} is not a valid label selector operator", quoting::quoted(.operator))]
    Operator {
        /// The operator.
        operator: String,
    },
    /// A key or value is not valid, or the operator does not take that many values.
    #[error(transparent)]
    Requirement(#[from] InvalidRequirement),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expression(key: &str, operator: &str, values: &[&str]) -> Expression {
        Expression {
            key: key.to_owned(),
            operator: operator.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    #[test]
    fn requirements_are_ordered_by_key() {
        let selector = Selector::parse("z=1,a!=2,m,a in (y,x)").unwrap();
        assert_eq!(selector.to_string(), "a!=2,a in (x,y),m,z=1");
        let keys: Vec<&str> = selector.requirements().unwrap().iter().map(Requirement::key).collect();
        assert_eq!(keys, ["a", "a", "m", "z"]);
        assert_eq!(selector.exact_match("z"), Some("1"));
        assert_eq!(selector.exact_match("a"), None);
    }

    #[test]
    fn every_requirement_must_match() {
        let selector = Selector::parse("app=web,!debug,tier notin (db)").unwrap();
        assert!(selector.matches(&[("app", "web")]));
        assert!(
            selector
                .matches(&vec![("app".to_owned(), "web".to_owned()), ("tier".to_owned(), "x".to_owned())])
        );
        assert!(!selector.matches(&BTreeMap::from([("app".to_owned(), "api".to_owned())])));
        assert!(!selector.matches(&[("app", "web"), ("debug", "")]));
        assert!(!selector.matches(&[("app", "web"), ("tier", "db")]));
    }

    #[test]
    fn the_last_of_repeated_labels_counts() {
        assert!(Selector::parse("a=2").unwrap().matches(&[("a", "1"), ("a", "2")]));
    }

    #[test]
    fn null_selects_nothing_and_empty_everything() {
        let nothing = LabelSelector::selector_of(None).unwrap();
        assert!(!nothing.is_empty());
        assert_eq!(nothing.requirements(), None);
        assert_eq!(nothing.to_string(), "");
        assert!(!nothing.matches(&[("a", "b")]));

        let everything = LabelSelector::selector_of(Some(&LabelSelector::default())).unwrap();
        assert!(everything.is_empty());
        assert_eq!(everything, Selector::everything());
        assert!(everything.matches(&[("a", "b")]));
    }

    #[test]
    fn objects_become_selectors() {
        let object = LabelSelector {
            match_labels: vec![("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())],
            match_expressions: vec![
                expression("c", "Exists", &[]),
                expression("a", "NotIn", &["y", "x", "y"]),
                expression("d", "DoesNotExist", &[]),
            ],
        };
        assert_eq!(object.to_selector().unwrap().to_string(), "a=1,a notin (x,y,y),b=2,c,!d");
    }

    #[test]
    fn objects_are_validated() {
        let error = |expression: Expression| {
            LabelSelector { match_expressions: vec![expression], ..LabelSelector::default() }
                .to_selector()
                .unwrap_err()
                .to_string()
        };
        assert_eq!(error(expression("a", "Gt", &["1"])), "\"Gt\" is not a valid label selector operator");
        assert_eq!(
            error(expression("a", "In", &[])),
            "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty"
        );
        assert_eq!(
            error(expression("a", "Exists", &["1", "<"])),
            "[values: Invalid value: [\"1\",\"\\u003c\"]: values set must be empty for exists and does not exist, values[1][a]: Invalid value: \"<\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')]"
        );
    }

    proptest! {
        #[test]
        fn canonical_text_reads_back(
            text in "(!?[a-c]|[a-c](=|==|!=)[xy]{0,2}|[a-c] (in|notin) \\([xy,]{0,4}\\)|[a-c][<>][0-9]{1,3})(,!?[a-d]|,[a-d]!=x){0,3}"
        ) {
            let selector = Selector::parse(&text).unwrap();
            prop_assert_eq!(Selector::parse(&selector.to_string()).unwrap(), selector);
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = Selector::parse(&text);
        }

        #[test]
        fn a_requirement_and_its_negation_disagree(value in "[xyz]?", label in "[xyz]?") {
            let labels = [("a", label)];
            let positive = Selector::parse(&format!("a={value}")).unwrap();
            let negative = Selector::parse(&format!("a!={value}")).unwrap();
            prop_assert_ne!(positive.matches(&labels), negative.matches(&labels));
        }
    }
}
