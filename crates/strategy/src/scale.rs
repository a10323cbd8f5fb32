//! How many replicas a workload has, as the subresource `scale` shows and sets it.

use crate::fields::{entries, int, list, object, set, struct_at, text};
use crate::kind::Kind;
use ravelin_object::{Map, Value};
use std::collections::BTreeSet;

/// Why a scale was not set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScaleFault {
    /// The kind has no subresource `scale`.
    NoScale,
    /// The scale is about another object; the message is that of upstream's conflict.
    Precondition(String),
}

/// The scale of a workload, as `autoscaling/v1` `Scale`; nothing for kinds that have none, or where the selector
/// cannot be read.
///
/// Source: `scaleFromDeployment` and its like in `k8s.io/kubernetes/pkg/registry`.
#[must_use]
pub fn scale(kind: Kind<'_>, workload: &Value) -> Option<Value> {
    let selector = match (kind.group, kind.kind) {
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet") => label_selector(workload)?,
        ("", "ReplicationController") => exact_selector(workload),
        _ => return None,
    };
    let mut metadata = Map::new();
    for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = workload.field("metadata").and_then(|metadata| metadata.field(key)) {
            metadata.set(key, value.clone());
        }
    }
    let mut spec = Map::new();
    let replicas = int(workload, "spec.replicas");
    if replicas != 0 {
        spec.set("replicas", Value::Int(replicas));
    }
    let mut status = Map::new();
    status.set("replicas", Value::Int(int(workload, "status.replicas")));
    if !selector.is_empty() {
        status.set("selector", Value::from(selector));
    }
    Some(object([
        ("kind", Value::from("Scale")),
        ("apiVersion", Value::from("autoscaling/v1")),
        ("metadata", metadata.into()),
        ("spec", spec.into()),
        ("status", status.into()),
    ]))
}

/// Sets the replicas of a workload, and the resource version that the update is held to. What changes the spec is
/// then an update like any other: [`crate::prepare_for_update`].
///
/// # Errors
///
/// Where the kind has no scale, or the scale names another uid.
///
/// Source: `scaleUpdatedObjectInfo.UpdatedObject` in `k8s.io/kubernetes/pkg/registry`.
pub fn apply_scale(kind: Kind<'_>, workload: &mut Value, scale: &Value) -> Result<(), ScaleFault> {
    if !matches!(
        (kind.group, kind.kind),
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet") | ("", "ReplicationController")
    ) {
        return Err(ScaleFault::NoScale);
    }
    let (wanted, present) = (text(scale, "metadata.uid"), text(workload, "metadata.uid"));
    if !wanted.is_empty() && wanted != present {
        return Err(ScaleFault::Precondition(format!(
            "Precondition failed: UID in precondition: {wanted}, UID in object meta: {present}"
        )));
    }
    if let Some(spec) = struct_at(workload, "spec") {
        set(spec, "replicas", int(scale, "spec.replicas"));
    }
    if let Some(metadata) = struct_at(workload, "metadata") {
        match text(scale, "metadata.resourceVersion") {
            "" => crate::fields::remove(metadata, "resourceVersion"),
            version => set(metadata, "resourceVersion", version),
        }
    }
    Ok(())
}

/// `app=web,tier in (a,b)`, in the order of keys; nothing where an operator is unknown or lacks its values.
///
/// Source: `metav1.LabelSelectorAsSelector`, `labels.Requirement.String`.
fn label_selector(workload: &Value) -> Option<String> {
    let mut requirements: Vec<(String, String)> = entries(workload, "spec.selector.matchLabels")
        .map(|(key, value)| (key.to_owned(), format!("{key}={}", value.as_str().unwrap_or_default())))
        .collect();
    requirements.sort();
    for expression in list(workload, "spec.selector.matchExpressions") {
        let key = text(expression, "key");
        let values: BTreeSet<&str> = list(expression, "values").iter().filter_map(Value::as_str).collect();
        let values: Vec<&str> = values.into_iter().collect();
        let shown = match (text(expression, "operator"), values.is_empty()) {
            ("In", false) => format!("{key} in ({})", values.join(",")),
            ("NotIn", false) => format!("{key} notin ({})", values.join(",")),
            ("Exists", true) => key.to_owned(),
            ("DoesNotExist", true) => format!("!{key}"),
            _ => return None,
        };
        requirements.push((key.to_owned(), shown));
    }
    requirements.sort_by(|left, right| left.0.cmp(&right.0));
    Some(requirements.into_iter().map(|(_, shown)| shown).collect::<Vec<_>>().join(","))
}

fn exact_selector(workload: &Value) -> String {
    let mut pairs: Vec<String> = entries(workload, "spec.selector")
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort();
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::{sorted, value};

    const DEPLOYMENT: Kind<'_> = Kind { group: "apps", version: "v1", kind: "Deployment" };

    #[test]
    fn a_scale_shows_the_replicas_and_the_selector() {
        let deployment = value(
            r#"{"metadata":{"name":"d","namespace":"n","uid":"u","labels":{"x":"y"}},"spec":{"replicas":3,"selector":
            {"matchLabels":{"b":"1","a":"2"},"matchExpressions":[{"key":"c","operator":"In","values":["z","y"]},
            {"key":"aa","operator":"DoesNotExist"}]}},"status":{"replicas":2}}"#,
        );
        assert_eq!(
            scale(DEPLOYMENT, &deployment).map(sorted),
            Some(value(
                r#"{"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"d","namespace":"n","uid":"u"},
                "spec":{"replicas":3},"status":{"replicas":2,"selector":"a=2,!aa,b=1,c in (y,z)"}}"#
            ))
        );
        assert_eq!(scale(Kind { kind: "DaemonSet", ..DEPLOYMENT }, &deployment), None);
    }

    #[test]
    fn a_scale_for_another_object_is_refused() {
        let mut deployment = value(r#"{"metadata":{"uid":"u"},"spec":{"replicas":1}}"#);
        let other = value(r#"{"metadata":{"uid":"v"},"spec":{"replicas":2}}"#);
        assert_eq!(
            apply_scale(DEPLOYMENT, &mut deployment, &other),
            Err(ScaleFault::Precondition(
                "Precondition failed: UID in precondition: v, UID in object meta: u".to_owned()
            ))
        );
        let same = value(r#"{"metadata":{"uid":"u","resourceVersion":"7"},"spec":{}}"#);
        assert_eq!(apply_scale(DEPLOYMENT, &mut deployment, &same), Ok(()));
        assert_eq!(
            sorted(deployment),
            value(r#"{"metadata":{"uid":"u","resourceVersion":"7"},"spec":{"replicas":0}}"#)
        );
    }
}
