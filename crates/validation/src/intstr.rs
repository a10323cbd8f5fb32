//! Which numbers that may be percentages are valid.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/apps/validation` `ValidatePositiveIntOrPercent` and its like.

use crate::Faults;
use crate::names::percent;
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;

/// A number that is not negative, or a percentage.
pub(crate) fn positive(value: &Value, path: &Path, out: &mut Faults) {
    match value {
        Value::String(text) => out.spelling(path, text, percent(text)),
        other => out.negative(path, other.as_int().unwrap_or_default()),
    }
}

fn of_percent(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    percent(text).is_empty().then(|| text.strip_suffix('%').unwrap_or_default().parse().unwrap_or(i64::MAX))
}

/// The number, of a percentage too; zero where the text is none.
pub(crate) fn number(value: &Value) -> i64 {
    let plain = value.as_int().or_else(|| value.as_str()?.parse().ok());
    of_percent(value).or(plain).unwrap_or_default()
}

/// A percentage is at most 100.
pub(crate) fn at_most_all(value: &Value, path: &Path, out: &mut Faults) {
    if of_percent(value).is_some_and(|percent| percent > 100) {
        out.invalid(path, value, "must not be greater than 100%");
    }
}
