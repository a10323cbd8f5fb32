//! Which reviews the API server accepts.

use super::spec::{PathAttributes, RequirementAttributes, SelectorAttributes, Spec};
use ravelin_object::fault::Fault;
use ravelin_object::json_text;
use ravelin_object::selector::{label_value_faults, qualified_name_faults};
use ravelin_object::{Map, Value};

/// The faults of a SubjectAccessReview.
pub(super) fn subject(spec: &Spec, review: &Value) -> Vec<Fault> {
    let mut faults = of_subject(spec);
    if !is_empty(review, &[]) {
        faults.push(Fault::invalid_shown("metadata", metadata_text(review), "must be empty"));
    }
    faults
}

/// The faults of a SelfSubjectAccessReview.
pub(super) fn self_subject(spec: &Spec, review: &Value) -> Vec<Fault> {
    let mut faults = exactly_one(spec);
    faults.extend(of_resource(spec));
    if !is_empty(review, &[]) {
        faults.push(Fault::invalid_shown("metadata", metadata_text(review), "must be empty"));
    }
    faults
}

/// The faults of a LocalSubjectAccessReview.
pub(super) fn local(spec: &Spec, review: &Value) -> Vec<Fault> {
    let mut faults = of_subject(spec);
    if !is_empty(review, &["namespace"]) {
        let detail = "must be empty except for namespace";
        faults.push(Fault::invalid_shown("metadata", metadata_text(review), detail));
    }
    if let Some(resource) = &spec.resource
        && resource.namespace != namespace_of(review)
    {
        let path = "spec.resourceAttributes.namespace";
        faults.push(Fault::invalid(path, resource.namespace.as_str(), "must match metadata.namespace"));
    }
    if let Some(path) = &spec.path {
        let detail = "disallowed on this kind of request";
        faults.push(Fault::invalid_shown("spec.nonResourceAttributes", path_text(path), detail));
    }
    faults
}

/// The namespace that the metadata of a review names.
pub(super) fn namespace_of(review: &Value) -> &str {
    review.dotted("metadata.namespace").and_then(Value::as_str).unwrap_or_default()
}

fn of_subject(spec: &Spec) -> Vec<Fault> {
    let mut faults = exactly_one(spec);
    if spec.user.is_empty() && spec.groups.is_empty() {
        faults.push(Fault::invalid("spec.user", "", "at least one of user or group must be specified"));
    }
    faults.extend(of_resource(spec));
    faults
}

fn exactly_one(spec: &Spec) -> Vec<Fault> {
    match (&spec.resource, &spec.path) {
        (Some(_), Some(path)) => vec![Fault::invalid_shown(
            "spec.nonResourceAttributes",
            path_text(path),
            "cannot be specified in combination with resourceAttributes",
        )],
        (None, None) => vec![Fault::invalid_shown(
            "spec.resourceAttributes",
            "null",
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )],
        _ => Vec::new(),
    }
}

fn of_resource(spec: &Spec) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(resource) = &spec.resource else { return faults };
    if let Some(fields) = &resource.fields {
        of_selector(fields, "spec.resourceAttributes.fieldSelector", &mut faults, of_field_requirement);
    }
    if let Some(labels) = &resource.labels {
        of_selector(labels, "spec.resourceAttributes.labelSelector", &mut faults, of_label_requirement);
    }
    faults
}

fn of_selector(
    selector: &SelectorAttributes,
    path: &str,
    faults: &mut Vec<Fault>,
    of_requirement: fn(&RequirementAttributes, &str, &mut Vec<Fault>),
) {
    match (selector.raw.is_empty(), selector.requirements.is_empty()) {
        (false, false) => {
            let detail = "may not specified at the same time as requirements";
            faults.push(Fault::invalid(format!("{path}.rawSelector"), selector.raw.as_str(), detail));
        }
        (true, true) => {
            let detail = format!("when {path} is specified, requirements or rawSelector is required");
            faults.push(Fault::required(format!("{path}.requirements"), &detail));
        }
        _ => {}
    }
    for (index, requirement) in selector.requirements.iter().enumerate() {
        of_requirement(requirement, &format!("{path}.requirements[{index}]"), faults);
    }
}

fn of_field_requirement(requirement: &RequirementAttributes, path: &str, faults: &mut Vec<Fault>) {
    if requirement.key.is_empty() {
        faults.push(Fault::required(format!("{path}.key"), "must be specified"));
    }
    of_values(requirement, path, faults);
}

fn of_label_requirement(requirement: &RequirementAttributes, path: &str, faults: &mut Vec<Fault>) {
    of_values(requirement, path, faults);
    for detail in qualified_name_faults(&requirement.key) {
        faults.push(Fault::invalid(format!("{path}.key"), requirement.key.as_str(), &detail));
    }
    for (index, value) in requirement.values.iter().enumerate() {
        for detail in label_value_faults(value) {
            faults.push(Fault::invalid(format!("{path}.values[{index}]"), value.as_str(), &detail));
        }
    }
}

/// Operators that are not known are let through: a newer client may know them.
fn of_values(requirement: &RequirementAttributes, path: &str, faults: &mut Vec<Fault>) {
    let path = format!("{path}.values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if requirement.values.is_empty() => {
            faults.push(Fault::required(path, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "Exists" | "DoesNotExist" if !requirement.values.is_empty() => {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            faults.push(Fault::forbidden(path, detail));
        }
        _ => {}
    }
}

fn path_text(path: &PathAttributes) -> String {
    let mut map = Map::new();
    map.set("Path", path.path.as_str().into());
    map.set("Verb", path.verb.as_str().into());
    json_text(&Value::Object(map))
}

/// Whether the metadata hold nothing but managed fields and some keys that may be there.
fn is_empty(review: &Value, except: &[&str]) -> bool {
    let metadata = review.field("metadata").and_then(Value::as_object);
    metadata.into_iter().flat_map(Map::iter).all(|(key, value)| {
        key == "managedFields" || except.contains(&key) || !METADATA.contains(&key) || is_zero(value)
    })
}

/// The fields of metadata in the order in which Go writes them.
const METADATA: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Int(number) => *number == 0,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn metadata_text(review: &Value) -> String {
    let mut map = Map::new();
    for key in METADATA {
        let value = review.field("metadata").and_then(|metadata| metadata.field(key));
        if let Some(value) = value.filter(|value| !is_zero(value)) {
            map.set(key, if matches!(key, "labels" | "annotations") { sorted(value) } else { value.clone() });
        }
    }
    json_text(&Value::Object(map))
}

fn sorted(value: &Value) -> Value {
    let mut entries: Vec<_> = value.as_object().into_iter().flat_map(Map::iter).collect();
    entries.sort_by_key(|(key, _)| *key);
    Value::Object(Map::from_unique(
        entries.into_iter().map(|(key, value)| (key.into(), value.clone())).collect(),
    ))
}
