//! Labels and label selectors as cells.

use crate::field;
use ravelin_object::Value;
use ravelin_object::selector::{Expression, LabelSelector};
use std::fmt::Write as _;

/// Labels as `a=b,c=d`, by key; `<none>` where there are none.
///
/// Source: `k8s.io/apimachinery/pkg/labels` `FormatLabels`.
pub(crate) fn labels(object: &Value, path: &str) -> String {
    let pairs: Vec<String> =
        pairs(object.dotted(path)).iter().map(|(key, value)| format!("{key}={value}")).collect();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

/// A label selector; `<none>` where it is absent or selects everything, `<error>` where it is not valid.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` `FormatLabelSelector`.
pub(crate) fn selector(object: &Value, path: &str) -> String {
    match plain_selector(object, path) {
        None => "<error>".to_owned(),
        Some(text) if text.is_empty() => "<none>".to_owned(),
        Some(text) => text,
    }
}

/// A label selector as text, which is empty where it selects everything or is absent; nothing where it is not valid.
pub(crate) fn plain_selector(object: &Value, path: &str) -> Option<String> {
    let selector = object.dotted(path).map(parsed);
    LabelSelector::selector_of(selector.as_ref()).ok().map(|selector| selector.to_string())
}

/// A label selector as Go's generated code writes the structure: `&LabelSelector{MatchLabels:map[string]string{…`.
pub(crate) fn debugged(selector: &Value) -> String {
    let selector = parsed(selector);
    let mut out = "&LabelSelector{MatchLabels:map[string]string{".to_owned();
    for (key, value) in &selector.match_labels {
        let _ = write!(out, "{key}: {value},");
    }
    out.push_str("},MatchExpressions:[]LabelSelectorRequirement{");
    for expression in &selector.match_expressions {
        let values = expression.values.join(" ");
        let Expression { key, operator, .. } = expression;
        let _ = write!(out, "LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}},");
    }
    out.push_str("},}");
    out
}

fn parsed(selector: &Value) -> LabelSelector {
    let expressions = field::list(selector, "matchExpressions").iter().map(|expression| Expression {
        key: field::text(expression, "key").to_owned(),
        operator: field::text(expression, "operator").to_owned(),
        values: field::texts(expression, "values").into_iter().map(str::to_owned).collect(),
    });
    LabelSelector {
        match_labels: pairs(selector.field("matchLabels")),
        match_expressions: expressions.collect(),
    }
}

fn pairs(map: Option<&Value>) -> Vec<(String, String)> {
    let entries = map.and_then(Value::as_object).into_iter().flat_map(ravelin_object::Map::iter);
    let mut pairs: Vec<(String, String)> =
        entries.map(|(key, value)| (key.to_owned(), value.as_str().unwrap_or_default().to_owned())).collect();
    pairs.sort_unstable();
    pairs
}
