//! Which labels, annotations and label selectors are valid.

use crate::Faults;
use crate::access::{Fields, text_of};
use crate::names::{add, label_value, qualified_name};
use crate::path::Path;
use ravelin_object::Value;
use ravelin_object::fault::Fault;

/// The most bytes that the keys and values of annotations may have.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// Whether values of label selectors have to be label values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SelectorValues {
    /// They have to.
    Valid,
    /// They need not: the object had invalid ones already.
    Any,
}

/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1/validation` `ValidateLabels`.
pub(crate) fn labels(path: &Path, object: &Value, key: &str, out: &mut Faults) {
    for (label, value) in object.entries(key) {
        add(out, path, label, qualified_name(label));
        add(out, path, text_of(value), label_value(text_of(value)));
    }
}

/// Source: `k8s.io/apimachinery/pkg/api/validation` `ValidateAnnotations`.
pub(crate) fn annotations(path: &Path, object: &Value, out: &mut Faults) {
    let mut size = 0_usize;
    for (key, value) in object.entries("annotations") {
        add(out, path, key, qualified_name(&key.to_lowercase()));
        size = size.saturating_add(key.len()).saturating_add(text_of(value).len());
    }
    if size > ANNOTATIONS_LIMIT {
        out.push(Fault::too_long(path, ANNOTATIONS_LIMIT));
    }
}

/// A label selector; one that is absent is valid.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1/validation` `ValidateLabelSelector`.
pub(crate) fn selector(path: &Path, selector: &Value, values: SelectorValues, out: &mut Faults) {
    labels(&path.child("matchLabels"), selector, "matchLabels", out);
    for (index, expression) in selector.list("matchExpressions").iter().enumerate() {
        requirement(&path.child("matchExpressions").index(index), expression, values, out);
    }
}

fn requirement(path: &Path, expression: &Value, values: SelectorValues, out: &mut Faults) {
    let has_values = !expression.list("values").is_empty();
    match expression.text("operator") {
        "In" | "NotIn" if !has_values => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            out.push(Fault::required(path.child("values"), why));
        }
        "Exists" | "DoesNotExist" if has_values => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            out.push(Fault::forbidden(path.child("values"), why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => out.push(Fault::invalid(path.child("operator"), other, "not a valid selector operator")),
    }
    add(out, &path.child("key"), expression.text("key"), qualified_name(expression.text("key")));
    if values == SelectorValues::Valid {
        for (index, value) in expression.texts("values").into_iter().enumerate() {
            add(out, &path.child("values").index(index), value, label_value(value));
        }
    }
}

/// Whether a selector selects everything that is an object: it is there and has no conditions.
pub(crate) fn is_empty(selector: &Value) -> bool {
    selector.map("matchLabels").is_empty() && selector.list("matchExpressions").is_empty()
}
