//! Which affinities, tolerations and topology spread constraints of pods are valid.

use super::options::Options;
use crate::Faults;
use crate::access::{Fields, text_of};
use crate::labels::{SelectorValues, selector};
use crate::names::{decimal_integer, dns_label, dns_subdomain, label_value, qualified_name};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use std::collections::BTreeSet;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `validateAffinity`.
pub(super) fn affinity(affinity: &Value, path: &Path, options: &Options, out: &mut Faults) {
    let node = affinity.get("nodeAffinity");
    let node_path = path / "nodeAffinity";
    if node.has(REQUIRED) {
        node_selector(node.get(REQUIRED), options.node_affinity_values, &(&node_path / REQUIRED), out);
    }
    for (index, term) in node.list(PREFERRED).iter().enumerate() {
        let path = &node_path / PREFERRED / index;
        weight(term, &path, out);
        node_term(term.get("preference"), SelectorValues::Any, &(path / "preference"), out);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let (terms, path) = (affinity.get(kind), path / kind);
        for (index, term) in terms.list(REQUIRED).iter().enumerate() {
            pod_term(term, options.selector_values, &(&path / REQUIRED / index), out);
        }
        for (index, term) in terms.list(PREFERRED).iter().enumerate() {
            let path = &path / PREFERRED / index;
            weight(term, &path, out);
            pod_term(term.get("podAffinityTerm"), options.selector_values, &(path / "podAffinityTerm"), out);
        }
    }
}

fn weight(term: &Value, path: &Path, out: &mut Faults) {
    let weight = term.int("weight");
    if !(1..=100).contains(&weight) {
        out.invalid(path / "weight", weight, "must be in the range 1-100");
    }
}

/// Source: `ValidateNodeSelector`.
pub(crate) fn node_selector(selector: &Value, values: SelectorValues, path: &Path, out: &mut Faults) {
    let terms = selector.list("nodeSelectorTerms");
    let path = path / "nodeSelectorTerms";
    if terms.is_empty() {
        out.required(path, "must have at least one node selector term");
        return;
    }
    for (index, term) in terms.iter().enumerate() {
        node_term(term, values, &(&path / index), out);
    }
}

fn node_term(term: &Value, values: SelectorValues, path: &Path, out: &mut Faults) {
    for (index, requirement) in term.list("matchExpressions").iter().enumerate() {
        node_requirement(requirement, values, &(path / "matchExpressions" / index), out);
    }
    for (index, requirement) in term.list("matchFields").iter().enumerate() {
        node_field(requirement, &(path / "matchFields" / index), out);
    }
}

fn node_requirement(requirement: &Value, values: SelectorValues, path: &Path, out: &mut Faults) {
    let count = requirement.list("values").len();
    match requirement.text("operator") {
        "In" | "NotIn" => {
            if count == 0 {
                out.required(path / "values", "must be specified when `operator` is 'In' or 'NotIn'");
            }
        }
        "Exists" | "DoesNotExist" => {
            if count > 0 {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                out.forbidden(path / "values", why);
            }
        }
        "Gt" | "Lt" => {
            if count != 1 {
                out.required(
                    path / "values",
                    "must be specified single value when `operator` is 'Lt' or 'Gt'",
                );
            }
        }
        other => out.invalid(path / "operator", other, "not a valid selector operator"),
    }
    let key = requirement.text("key");
    out.spelling(path / "key", key, qualified_name(key));
    if values == SelectorValues::Valid {
        for (index, value) in requirement.list("values").iter().enumerate() {
            out.spelling(path / "values" / index, text_of(value), label_value(text_of(value)));
        }
    }
}

fn node_field(requirement: &Value, path: &Path, out: &mut Faults) {
    let values = requirement.list("values");
    match requirement.text("operator") {
        "In" | "NotIn" => {
            if values.len() != 1 {
                let why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
                out.required(path / "values", why);
            }
        }
        other => out.invalid(path / "operator", other, "not a valid selector operator"),
    }
    if requirement.text("key") != "metadata.name" {
        out.invalid(path / "key", requirement.text("key"), "not a valid field selector key");
        return;
    }
    for (index, value) in values.iter().enumerate() {
        out.spelling(path / "values" / index, text_of(value), dns_subdomain(text_of(value)));
    }
}

fn pod_term(term: &Value, values: SelectorValues, path: &Path, out: &mut Faults) {
    term_selectors(term, values, path, out);
    for name in term.texts("namespaces") {
        out.spelling(path / "namespace", name, dns_label(name));
    }
    label_keys(term, path, out);
    let key = term.text("topologyKey");
    if key.is_empty() {
        out.required(path / "topologyKey", "can not be empty");
    }
    out.spelling(path / "topologyKey", key, qualified_name(key));
}

fn term_selectors(term: &Value, values: SelectorValues, path: &Path, out: &mut Faults) {
    for key in ["labelSelector", "namespaceSelector"] {
        selector(&(path / key), term.get(key), values, out);
    }
}

/// Source: `ValidateMatchLabelKeysAndMismatchLabelKeys`.
fn label_keys(term: &Value, path: &Path, out: &mut Faults) {
    for kind in ["matchLabelKeys", "mismatchLabelKeys"] {
        let keys = term.texts(kind);
        if !keys.is_empty() && !term.has("labelSelector") {
            out.forbidden(path / kind, "must not be specified when labelSelector is not set");
            continue;
        }
        for (index, key) in keys.into_iter().enumerate() {
            out.spelling(path / kind / index, key, qualified_name(key));
        }
    }
    let matching = term.texts("matchLabelKeys");
    let labels = term.get("labelSelector");
    let mut selected: BTreeSet<&str> = labels.map("matchLabels").iter().map(|(key, _)| key).collect();
    for expression in labels.list("matchExpressions") {
        let key = expression.text("key");
        if let Some(index) = matching.iter().rposition(|each| *each == key)
            && selected.contains(key)
        {
            out.invalid(path / index, key, "exists in both matchLabelKeys and labelSelector");
        }
        selected.insert(key);
    }
    let mismatching = term.texts("mismatchLabelKeys");
    for (index, key) in matching.into_iter().enumerate().filter(|(_, key)| mismatching.contains(key)) {
        let why = "exists in both matchLabelKeys and mismatchLabelKeys";
        out.invalid(path / "matchLabelKeys" / index, key, why);
    }
}

/// Whether the selectors of pod affinity are invalid.
pub(super) fn has_invalid_selectors(spec: &Value) -> bool {
    let mut found = Vec::new();
    for kind in ["podAffinity", "podAntiAffinity"] {
        let terms = spec.get("affinity").get(kind);
        let preferred = terms.list(PREFERRED).iter().map(|term| term.get("podAffinityTerm"));
        for term in terms.list(REQUIRED).iter().chain(preferred) {
            term_selectors(term, SelectorValues::Valid, &Path::new(""), &mut found);
        }
    }
    !found.is_empty()
}

/// Whether values of required node affinity are no label values.
pub(super) fn has_invalid_required_values(spec: &Value) -> bool {
    has_invalid_values(spec.get("affinity").get("nodeAffinity").get(REQUIRED))
}

/// Whether values of a node selector are no label values.
pub(crate) fn has_invalid_values(selector: &Value) -> bool {
    let expressions =
        selector.list("nodeSelectorTerms").iter().flat_map(|term| term.list("matchExpressions"));
    expressions
        .flat_map(|expression| expression.list("values"))
        .any(|value| !label_value(text_of(value)).is_empty())
}

/// Whether the label keys of topology spread constraints are invalid.
pub(super) fn has_invalid_spread_keys(spec: &Value) -> bool {
    let mut found = Vec::new();
    for constraint in spec.list("topologySpreadConstraints") {
        label_keys(constraint, &Path::new(""), &mut found);
    }
    !found.is_empty()
}

/// Source: `validateTopologySpreadConstraints`.
pub(super) fn spread_constraints(spec: &Value, path: &Path, options: &Options, out: &mut Faults) {
    let constraints = spec.list("topologySpreadConstraints");
    for (index, constraint) in constraints.iter().enumerate() {
        let path = path / index;
        let (key, action) = (constraint.text("topologyKey"), constraint.text("whenUnsatisfiable"));
        if constraint.int("maxSkew") <= 0 {
            out.invalid(&path / "maxSkew", constraint.int("maxSkew"), "must be greater than zero");
        }
        if key.is_empty() {
            out.required(&path / "topologyKey", "can not be empty");
        }
        if !matches!(action, "DoNotSchedule" | "ScheduleAnyway") {
            out.unsupported(&path / "whenUnsatisfiable", action, &["DoNotSchedule", "ScheduleAnyway"]);
        }
        let is_repeated = constraints
            .iter()
            .skip(index.saturating_add(1))
            .any(|other| other.text("topologyKey") == key && other.text("whenUnsatisfiable") == action);
        if is_repeated {
            out.duplicate(&path / "{topologyKey, whenUnsatisfiable}", format!("{{{key}, {action}}}"));
        }
        spread_details(constraint, action, &path, options, out);
    }
}

fn spread_details(constraint: &Value, action: &str, path: &Path, options: &Options, out: &mut Faults) {
    if let Some(domains) = constraint.int_opt("minDomains") {
        if domains <= 0 {
            out.invalid(path / "minDomains", domains, "must be greater than zero");
        }
        if action != "DoNotSchedule" {
            let why = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
            out.invalid(path / "minDomains", domains, why);
        }
    }
    for key in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
        if let Some(policy) = constraint.text_opt(key).filter(|policy| !matches!(*policy, "Honor" | "Ignore"))
        {
            out.unsupported(path / key, policy, &["Honor", "Ignore"]);
        }
    }
    if options.spread_keys.is_kept() {
        old_spread_keys(constraint, &(path / "matchLabelKeys"), out);
    } else {
        label_keys(constraint, path, out);
    }
    if !options.spread_selectors.is_kept() {
        selector(&(path / "labelSelector"), constraint.get("labelSelector"), SelectorValues::Valid, out);
    }
}

/// Source: `ValidateMatchLabelKeysInTopologySpread`.
fn old_spread_keys(constraint: &Value, path: &Path, out: &mut Faults) {
    let keys = constraint.texts("matchLabelKeys");
    if keys.is_empty() {
        return;
    }
    let labels = constraint.get("labelSelector");
    if !constraint.has("labelSelector") {
        out.forbidden(path, "must not be specified when labelSelector is not set");
    }
    for (index, key) in keys.into_iter().enumerate() {
        out.spelling(path / index, key, qualified_name(key));
        let is_selected = labels.map("matchLabels").get(key).is_some()
            || labels.list("matchExpressions").iter().any(|each| each.text("key") == key);
        if is_selected {
            out.invalid(path / index, key, "exists in both matchLabelKeys and labelSelector");
        }
    }
}

/// Source: `ValidateTolerations`.
pub(crate) fn tolerations(tolerations: &[Value], path: &Path, options: &Options, out: &mut Faults) {
    for (index, toleration) in tolerations.iter().enumerate() {
        let path = path / index;
        let (key, operator) = (toleration.text("key"), toleration.text("operator"));
        let effect = toleration.text("effect");
        if !key.is_empty() {
            out.spelling(&path / "key", key, qualified_name(key));
        } else if operator != "Exists" {
            let why =
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            out.invalid(&path / "operator", operator, why);
        }
        if toleration.has("tolerationSeconds") && effect != "NoExecute" {
            out.invalid(
                &path / "effect",
                effect,
                "effect must be 'NoExecute' when `tolerationSeconds` is set",
            );
        }
        toleration_value(toleration, operator, &path, options, out);
        if !effect.is_empty() {
            taint_effect(effect, &(path / "effect"), out);
        }
    }
}

fn toleration_value(toleration: &Value, operator: &str, path: &Path, options: &Options, out: &mut Faults) {
    let value = toleration.text("value");
    match operator {
        "Equal" | "" => {
            let faults = label_value(value);
            if !faults.is_empty() {
                out.invalid(path / "operator", value, faults.join(";"));
            }
        }
        "Exists" => {
            if !value.is_empty() {
                out.invalid(path / "operator", value, "value must be empty when `operator` is 'Exists'");
            }
        }
        "Lt" | "Gt" if options.comparing_tolerations.is_kept() => {
            out.spelling(path / "value", value, decimal_integer(value));
            if value.parse::<i64>().is_err() {
                let why =
                    if decimal_integer(value).is_empty() { "value out of range" } else { "invalid syntax" };
                let text = ravelin_object::selector::quoted(value);
                out.invalid(path / "value", value, format!("strconv.ParseInt: parsing {text}: {why}"));
            }
        }
        "Lt" | "Gt" => out.unsupported(path / "operator", operator, &["Equal", "Exists", "Lt", "Gt"]),
        other => out.unsupported(path / "operator", other, &["Equal", "Exists"]),
    }
}

/// Source: `validateTaintEffect`.
pub(crate) fn taint_effect(effect: &str, path: &Path, out: &mut Faults) {
    let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if !effects.contains(&effect) {
        out.unsupported(path, effect, &effects);
    }
}
