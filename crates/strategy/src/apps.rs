//! The kinds of `apps`.

mod daemon_set;
mod deployment;
mod replica_set;
mod stateful_set;

use crate::core::name_warning;
use crate::fields::{at_mut, default, generation};
use crate::pods::{drop_disabled, normalize_template, template_warnings};
use crate::rules::{Rules, count_spec, keep_status};
use ravelin_object::Value;

/// The kinds of `apps`; revisions of controllers do nothing on their way.
pub(crate) const RULES: &[Rules] = &[
    deployment::RULES,
    replica_set::RULES,
    stateful_set::RULES,
    daemon_set::RULES,
    Rules::new("apps", "ControllerRevision").namespaced(),
];

/// Conversion of the template.
fn normalize(workload: &mut Value) {
    normalize_template(at_mut(workload, "spec.template"));
}

/// Numbers of a rolling update are no pointers in the internal version, so none is absent after conversion, whatever
/// the type of the strategy.
fn zero_rolling(workload: &mut Value, path: &str, keys: &[&str]) {
    if let Some(rolling) = at_mut(workload, path) {
        for key in keys {
            default(rolling, key, 0);
        }
    }
}

/// Fields of the template that are off go.
fn drop_of_template(workload: &mut Value, old: Option<&Value>) {
    let old = old.and_then(|old| old.dotted("spec.template.spec"));
    drop_disabled(at_mut(workload, "spec.template.spec"), old);
}

/// The status is the old one, fields that are off go, and a changed spec is counted.
fn update(workload: &mut Value, old: &Value, _: &mut crate::kind::Context<'_>) {
    keep_status(workload, old);
    drop_of_template(workload, Some(old));
    count_spec(workload, old);
}

/// Warnings of a workload that names its pods after itself.
pub(crate) fn warn_of_name_and_template(workload: &Value) -> Vec<String> {
    let mut warnings = name_warning_of_pods(workload);
    warnings.extend(template_warnings(workload.dotted("spec.template"), "spec.template"));
    warnings
}

/// Warnings of a template that has changed.
fn warn_on_update(subresource: &str, workload: &Value, old: &Value) -> Vec<String> {
    if !subresource.is_empty() || generation(workload) == generation(old) {
        return Vec::new();
    }
    template_warnings(workload.dotted("spec.template"), "spec.template")
}

/// The warning of a name that pods will bear and that is no DNS label.
pub(crate) fn name_warning_of_pods(workload: &Value) -> Vec<String> {
    name_warning(
        workload,
        "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended",
    )
}
