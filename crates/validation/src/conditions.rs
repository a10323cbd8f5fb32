//! Which conditions of statuses are valid.

use crate::Faults;
use crate::access::Fields;
use crate::names::{is_spelled, pattern, qualified_name};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use std::collections::BTreeSet;

/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1/validation` `ValidateConditions`.
pub(crate) fn conditions(conditions: &[Value], path: &Path, out: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (index, condition) in conditions.iter().enumerate() {
        let path = path / index;
        let kind = condition.text("type");
        if !seen.insert(kind) {
            out.duplicate(&path / "type", kind);
        }
        out.spelling(&path / "type", kind, qualified_name(kind));
        let status = condition.text("status");
        if !matches!(status, "False" | "True" | "Unknown") {
            out.unsupported(&path / "status", status, &["False", "True", "Unknown"]);
        }
        let generation = condition.int("observedGeneration");
        if generation < 0 {
            out.invalid(&path / "observedGeneration", generation, "must be greater than or equal to zero");
        }
        if !condition.has("lastTransitionTime") {
            out.required(&path / "lastTransitionTime", "");
        }
        reason(condition.text("reason"), &(&path / "reason"), out);
        if condition.text("message").len() > 32 * 1024 {
            out.push(Fault::too_long(&path / "message", 32 * 1024));
        }
    }
}

fn reason(reason: &str, path: &Path, out: &mut Faults) {
    if reason.is_empty() {
        out.required(path, "");
        return;
    }
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b',' | b':');
    let end = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !is_spelled(reason, |byte| byte.is_ascii_alphabetic(), inner, end) {
        let rule = "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
        let examples = ["my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"];
        out.invalid(path, reason, pattern(rule, "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?", &examples));
    }
    if reason.len() > 1024 {
        out.push(Fault::too_long(path, 1024));
    }
}
