//! Pods, wherever they are in an object.

use crate::identity::Identity;
use crate::{Map, Value};
use ravelin_diag::{FieldPath, Segment};

/// What a pod was found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// The object is a Pod.
    Pod,
    /// The object is of a kind whose pod template has a known place.
    Kind,
    /// The object is of another kind; something in it has the shape of a pod template.
    Shape,
}

/// A pod or pod template in an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Template<'a> {
    /// Where it stands: the mapping that holds `metadata` and `spec`.
    pub path: FieldPath,
    /// That mapping.
    pub value: &'a Value,
    /// What it was found by.
    pub found_by: FoundBy,
}

/// The built-in kinds with a pod template, by group and kind, and its place.
/// Source: `k8s.io/pod-security-admission/admission` (`DefaultPodSpecExtractor`).
pub const WORKLOADS: [(&str, &str, &str); 13] = [
    ("", "PodTemplate", "template"),
    ("", "ReplicationController", "spec.template"),
    ("apps", "ReplicaSet", "spec.template"),
    ("apps", "Deployment", "spec.template"),
    ("apps", "StatefulSet", "spec.template"),
    ("apps", "DaemonSet", "spec.template"),
    ("batch", "Job", "spec.template"),
    ("batch", "CronJob", "spec.jobTemplate.spec.template"),
    // Removed from Kubernetes 1.16, still in many repositories.
    ("extensions", "Deployment", "spec.template"),
    ("extensions", "DaemonSet", "spec.template"),
    ("extensions", "ReplicaSet", "spec.template"),
    ("batch", "ScheduledJob", "spec.jobTemplate.spec.template"),
    ("batch", "JobTemplate", "template.spec.template"),
];

/// The place of the pod template in objects of a built-in kind; empty for a Pod itself.
#[must_use]
pub fn place(identity: &Identity) -> Option<&'static str> {
    if identity.is("", "Pod") {
        return Some("");
    }
    let known = WORKLOADS.iter().find(|(group, kind, _)| identity.is(group, kind));
    known.map(|(_, _, place)| *place)
}

/// The pods and pod templates of an object, in the order of the text.
///
/// Objects of a built-in kind have at most one, at its place. In others everything with the shape of a
/// PodTemplateSpec counts: a mapping whose `spec.containers` is a sequence of mappings with a `name` or
/// an `image`. Definitions of custom resources are schemas and examples, not pods, and have none.
#[must_use]
pub fn find<'a>(identity: &Identity, value: &'a Value) -> Vec<Template<'a>> {
    if let Some(place) = place(identity) {
        let (template, found_by) = match place {
            "" => (Some(value).filter(|value| value.field("spec").is_some()), FoundBy::Pod),
            place => (value.dotted(place).filter(|value| value.field("spec").is_some()), FoundBy::Kind),
        };
        let path = FieldPath::root().dotted(place);
        return template.map(|value| Template { path, value, found_by }).into_iter().collect();
    }
    let mut found = Vec::new();
    if !identity.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        find_by_shape(value, &mut FieldPath::root(), &mut found);
    }
    found
}

/// Nests as deep as the value does, which whoever read it has bounded.
fn find_by_shape<'a>(value: &'a Value, path: &mut FieldPath, found: &mut Vec<Template<'a>>) {
    if has_shape(value) {
        found.push(Template { path: path.clone(), value, found_by: FoundBy::Shape });
        return;
    }
    let mut within = |segment: Segment, value: &'a Value| {
        if matches!(value, Value::Object(_) | Value::Array(_)) {
            path.push(segment);
            find_by_shape(value, path, found);
            path.pop();
        }
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| within(Segment::Key(key.into()), value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| within(Segment::Index(index), item));
        }
        _ => {}
    }
}

fn has_shape(value: &Value) -> bool {
    let containers = value.field("spec").and_then(|spec| spec.field("containers")).and_then(Value::as_array);
    containers.is_some_and(|containers| {
        let named = |map: &Map| {
            ["name", "image"].iter().any(|key| map.get(key).is_some_and(|v| v.as_str().is_some()))
        };
        !containers.is_empty() && containers.iter().all(|item| item.as_object().is_some_and(named))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;
    use ravelin_yaml::Limits;

    fn paths(text: &str) -> Vec<String> {
        let value = read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap();
        let identity = Identity::of(&value).unwrap();
        find(&identity, &value).iter().map(|template| template.path.to_string()).collect()
    }

    #[test]
    fn built_in_kinds_have_their_template_at_its_place() {
        assert_eq!(paths("{apiVersion: v1, kind: Pod, spec: {}}"), [""]);
        assert_eq!(paths("{apiVersion: v1, kind: PodTemplate, template: {spec: {}}}"), ["template"]);
        assert_eq!(
            paths("{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {}}}}"),
            ["spec.template"]
        );
        let cron =
            "{apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: {}}}}}}";
        assert_eq!(paths(cron), ["spec.jobTemplate.spec.template"]);
        assert_eq!(
            paths("{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}}"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn other_kinds_are_searched_for_the_shape() {
        let rollout = "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, spec: {template: {spec: {containers: [{name: a}]}}}}";
        assert_eq!(paths(rollout), ["spec.template"]);
        let job = "{apiVersion: keda.sh/v1, kind: ScaledJob, spec: {jobTargetRef: {template: {spec: {containers: [{image: a}]}}}}}";
        assert_eq!(paths(job), ["spec.jobTargetRef.template"]);
        let several = "{apiVersion: x/v1, kind: RayCluster, spec: {workers: [{template: {spec: {containers: [{name: a}]}}}, {template: {spec: {containers: [{name: b}]}}}]}}";
        assert_eq!(paths(several), ["spec.workers[0].template", "spec.workers[1].template"]);
    }

    #[test]
    fn what_only_resembles_a_template_is_none() {
        let empty = Vec::<String>::new();
        assert_eq!(paths("{apiVersion: x/v1, kind: Other, spec: {containers: [a, b]}}"), empty);
        assert_eq!(paths("{apiVersion: x/v1, kind: Other, spec: {containers: []}}"), empty);
        let schema = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, spec: {x: {spec: {containers: [{name: a}]}}}}";
        assert_eq!(paths(schema), empty);
    }
}
