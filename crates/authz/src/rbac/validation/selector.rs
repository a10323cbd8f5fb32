//! Which label selectors the API server accepts.

use super::{FaultKind, Faults, SelectorValues};
use ravelin_diag::FieldPath;
use ravelin_object::selector::{Expression, LabelSelector, label_value_faults, qualified_name_faults};

impl Faults {
    /// A selector of an aggregated role.
    pub(super) fn selector(&mut self, selector: &LabelSelector, values: SelectorValues, path: &FieldPath) {
        self.label_selector(selector, values, path);
        if selector.to_selector().is_err() {
            self.add(path.clone(), FaultKind::Invalid, "null", "invalid label selector.");
        }
    }

    /// Source: `k8s.io/apimachinery/pkg/apis/meta/v1/validation` `ValidateLabelSelector`.
    pub(super) fn label_selector(
        &mut self,
        selector: &LabelSelector,
        values: SelectorValues,
        path: &FieldPath,
    ) {
        self.labels(&selector.match_labels, &path.clone().key("matchLabels"));
        for (index, expression) in selector.match_expressions.iter().enumerate() {
            self.expression(expression, values, &path.clone().key("matchExpressions").index(index));
        }
    }

    fn expression(&mut self, expression: &Expression, values: SelectorValues, path: &FieldPath) {
        let Expression { key, operator, values: list } = expression;
        match operator.as_str() {
            "In" | "NotIn" => {
                if list.is_empty() {
                    self.required(path, "values", "must be specified when `operator` is 'In' or 'NotIn'");
                }
            }
            "Exists" | "DoesNotExist" => {
                if !list.is_empty() {
                    let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                    self.add(path.clone().key("values"), FaultKind::Forbidden, "", detail);
                }
            }
            // Upstream's operator is a type of its own, which the message shows as JSON.
            _ => {
                let (value, detail) = (super::json(operator), "not a valid selector operator");
                self.add(path.clone().key("operator"), FaultKind::Invalid, &value, detail);
            }
        }
        self.invalid(&path.clone().key("key"), key, &qualified_name_faults(key));
        if values == SelectorValues::Valid {
            for (index, value) in list.iter().enumerate() {
                let path = path.clone().key("values").index(index);
                self.invalid(&path, value, &label_value_faults(value));
            }
        }
    }

    /// Source: `k8s.io/apimachinery/pkg/apis/meta/v1/validation` `ValidateLabels`.
    pub(super) fn labels<S: AsRef<str>>(&mut self, labels: &[(S, S)], path: &FieldPath) {
        for (key, value) in labels {
            self.invalid(path, key.as_ref(), &qualified_name_faults(key.as_ref()));
            self.invalid(path, value.as_ref(), &label_value_faults(value.as_ref()));
        }
    }
}
