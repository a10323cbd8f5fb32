//! Horizontal pod autoscalers in one version, said in the other: what `v1` has no fields for stands in annotations.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/autoscaling/{v1,v2}/conversion.go`.

mod metrics;

use crate::fields::{
    annotation, copy, empty, int, is_nil, list, object, set, set_annotation, set_int_or_omit, struct_at, text,
};
use metrics::{source_to_v1, source_to_v2, status_to_v1, status_to_v2};
use ravelin_object::json_text;
use ravelin_object::{Map, Value};
use ravelin_yaml::Limits;

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// No version keeps what the annotations of another have said.
pub(crate) fn drop_annotations(autoscaler: &mut Value) {
    crate::fields::drop_annotations(
        autoscaler,
        &[
            METRICS,
            CURRENT_METRICS,
            CONDITIONS,
            BEHAVIOR,
            "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
            "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
        ],
    );
}

/// What conversion to the internal version and back does with `v1`.
pub(crate) fn there_and_back(autoscaler: &mut Value) {
    if autoscaler.field("spec").is_some_and(|spec| spec.as_object().is_some()) {
        *autoscaler = to_v1(to_v2(std::mem::replace(autoscaler, Value::Null)));
    }
}

/// A metric that asks for a share of the processor time.
pub(crate) fn processor_metric(percent: i64) -> Value {
    let target = object([("type", Value::from("Utilization")), ("averageUtilization", Value::Int(percent))]);
    object([
        ("type", Value::from("Resource")),
        ("resource", object([("name", Value::from("cpu")), ("target", target)])),
    ])
}

fn is_processor_metric(metric: &Value) -> bool {
    text(metric, "type") == "Resource"
        && text(metric, "resource.name") == "cpu"
        && !is_nil(metric, "resource.target.averageUtilization")
}

/// What an annotation says in JSON; nothing where it cannot be read.
fn read(autoscaler: &Value, key: &str) -> Option<Value> {
    ravelin_object::read::json(annotation(autoscaler, key)?, &Limits::STANDARD).ok()?.value
}

/// `v1`, said in `v2`.
pub(crate) fn to_v2(mut autoscaler: Value) -> Value {
    let mut spec = Map::new();
    for key in ["scaleTargetRef", "minReplicas", "maxReplicas"] {
        if let Some(value) = autoscaler.field("spec").and_then(|spec| spec.field(key)) {
            spec.set(key, value.clone());
        }
    }
    let mut metrics = Vec::new();
    if let Some(Value::Array(others)) = read(&autoscaler, METRICS) {
        metrics.extend(others.iter().map(source_to_v2));
    }
    if let Some(percent) = autoscaler.dotted("spec.targetCPUUtilizationPercentage").and_then(Value::as_int) {
        metrics.push(processor_metric(percent));
    }
    if metrics.is_empty() {
        metrics.push(processor_metric(80));
    }
    spec.set("metrics", metrics.into());
    if let Some(behavior) = read(&autoscaler, BEHAVIOR).as_ref().and_then(behavior_from_text) {
        spec.set("behavior", behavior);
    }
    let status = status_in_v2(&autoscaler);
    drop_annotations(&mut autoscaler);
    set(&mut autoscaler, "spec", spec);
    set(&mut autoscaler, "status", status);
    rename(&mut autoscaler, "autoscaling/v2");
    autoscaler
}

fn status_in_v2(autoscaler: &Value) -> Value {
    let nothing = empty();
    let old = autoscaler.field("status").unwrap_or(&nothing);
    let mut status = empty();
    for key in ["observedGeneration", "lastScaleTime"] {
        if !is_nil(old, key) {
            copy(&mut status, old, key);
        }
    }
    set_int_or_omit(&mut status, "currentReplicas", int(old, "currentReplicas"));
    set(&mut status, "desiredReplicas", int(old, "desiredReplicas"));
    set(&mut status, "currentMetrics", Value::Null);
    if let Some(percent) = old.field("currentCPUUtilizationPercentage").and_then(Value::as_int) {
        let current = object([("averageUtilization", Value::Int(percent))]);
        let resource = object([("name", Value::from("cpu")), ("current", current)]);
        set(
            &mut status,
            "currentMetrics",
            vec![object([("type", Value::from("Resource")), ("resource", resource)])],
        );
    }
    if let Some(Value::Array(metrics)) = read(autoscaler, CURRENT_METRICS) {
        set(&mut status, "currentMetrics", metrics.iter().map(status_to_v2).collect::<Vec<_>>());
    }
    if let Some(Value::Array(conditions)) = read(autoscaler, CONDITIONS) {
        set(&mut status, "conditions", conditions.iter().map(condition).collect::<Vec<_>>());
    }
    status
}

/// `v2`, said in `v1`.
pub(crate) fn to_v1(mut autoscaler: Value) -> Value {
    let nothing = empty();
    let old = autoscaler.clone();
    let old_spec = old.field("spec").unwrap_or(&nothing);
    let old_status = old.field("status").unwrap_or(&nothing);
    drop_annotations(&mut autoscaler);
    let mut spec = Map::new();
    for key in ["scaleTargetRef", "minReplicas", "maxReplicas"] {
        if let Some(value) = old_spec.field(key) {
            spec.set(key, value.clone());
        }
    }
    let metrics = list(old_spec, "metrics");
    if let Some(metric) = metrics.iter().find(|metric| is_processor_metric(metric)) {
        let percent = int(metric, "resource.target.averageUtilization");
        spec.set("targetCPUUtilizationPercentage", Value::Int(percent));
    }
    set(&mut autoscaler, "spec", spec);
    let others: Vec<Value> =
        metrics.iter().filter(|metric| !is_processor_metric(metric)).map(source_to_v1).collect();
    annotate(&mut autoscaler, METRICS, others);
    let current = list(old_status, "currentMetrics").iter().map(status_to_v1).collect();
    annotate(&mut autoscaler, CURRENT_METRICS, current);
    if let Some(behavior) = old_spec.field("behavior") {
        set_annotation(&mut autoscaler, BEHAVIOR, json_text(&behavior_to_text(behavior)));
    }
    let conditions = list(old_status, "conditions").iter().map(condition).collect();
    annotate(&mut autoscaler, CONDITIONS, conditions);
    set(&mut autoscaler, "status", status_in_v1(old_status));
    rename(&mut autoscaler, "autoscaling/v1");
    autoscaler
}

fn rename(autoscaler: &mut Value, version: &str) {
    if autoscaler.field("apiVersion").is_some() {
        set(autoscaler, "apiVersion", version);
    }
}

fn annotate(autoscaler: &mut Value, key: &str, items: Vec<Value>) {
    if !items.is_empty() {
        set_annotation(autoscaler, key, json_text(&items.into()));
    }
}

fn status_in_v1(old: &Value) -> Value {
    let mut status = empty();
    for key in ["observedGeneration", "lastScaleTime"] {
        if !is_nil(old, key) {
            copy(&mut status, old, key);
        }
    }
    for key in ["currentReplicas", "desiredReplicas"] {
        set(&mut status, key, int(old, key));
    }
    for metric in list(old, "currentMetrics") {
        let percent = metric.dotted("resource.current.averageUtilization").and_then(Value::as_int);
        if let Some(percent) = percent
            && text(metric, "type") == "Resource"
            && text(metric, "resource.name") == "cpu"
        {
            set(&mut status, "currentCPUUtilizationPercentage", percent);
        }
    }
    status
}

/// A condition in the order of its fields.
fn condition(old: &Value) -> Value {
    let mut condition = object([
        ("type", Value::from(text(old, "type"))),
        ("status", Value::from(text(old, "status"))),
        ("lastTransitionTime", old.field("lastTransitionTime").cloned().unwrap_or(Value::Null)),
    ]);
    for key in ["reason", "message"] {
        if !text(old, key).is_empty() {
            copy(&mut condition, old, key);
        }
    }
    condition
}

/// Behavior is written as the internal type is, which has no names of its own for JSON: `ScaleUp` for `scaleUp`.
fn behavior_to_text(behavior: &Value) -> Value {
    let rules = |key: &str| {
        let Some(rules) = behavior.field(key) else { return Value::Null };
        let policies = rules.field("policies").map_or(Value::Null, |_| {
            let policies = list(rules, "policies").iter().map(|policy| {
                object([
                    ("Type", Value::from(text(policy, "type"))),
                    ("Value", Value::Int(int(policy, "value"))),
                    ("PeriodSeconds", Value::Int(int(policy, "periodSeconds"))),
                ])
            });
            policies.collect::<Vec<_>>().into()
        });
        let pointer = |key: &str| rules.field(key).cloned().unwrap_or(Value::Null);
        object([
            ("StabilizationWindowSeconds", pointer("stabilizationWindowSeconds")),
            ("SelectPolicy", pointer("selectPolicy")),
            ("Policies", policies),
            ("Tolerance", pointer("tolerance")),
        ])
    };
    object([("ScaleUp", rules("scaleUp")), ("ScaleDown", rules("scaleDown"))])
}

/// Names are read whatever their case, as Go reads JSON.
fn behavior_from_text(read: &Value) -> Option<Value> {
    let mut behavior = empty();
    for key in ["scaleUp", "scaleDown"] {
        let Some(rules) = any_case(read, key) else { continue };
        let made = struct_at(&mut behavior, key)?;
        for key in ["stabilizationWindowSeconds", "selectPolicy", "tolerance"] {
            if let Some(value) = any_case(rules, key) {
                set(made, key, value.clone());
            }
        }
        if let Some(Value::Array(policies)) = any_case(rules, "policies") {
            let policies = policies.iter().map(|policy| {
                let part = |key: &str, zero: Value| any_case(policy, key).cloned().unwrap_or(zero);
                object([
                    ("type", part("type", "".into())),
                    ("value", part("value", Value::Int(0))),
                    ("periodSeconds", part("periodSeconds", Value::Int(0))),
                ])
            });
            set(made, "policies", policies.collect::<Vec<_>>());
        }
    }
    (behavior != empty()).then_some(behavior)
}

fn any_case<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let (_, value) = value.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    (*value != Value::Null).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    #[test]
    fn what_v1_has_no_field_for_comes_back() {
        let v2 = value(
            r#"{"apiVersion":"autoscaling/v2","metadata":{"name":"h"},"spec":{"scaleTargetRef":{"kind":"K","name":"n"},
            "maxReplicas":3,"minReplicas":1,"metrics":[
            {"type":"Pods","pods":{"metric":{"name":"m"},"target":{"type":"AverageValue","averageValue":"1"}}},
            {"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}],
            "behavior":{"scaleDown":{"selectPolicy":"Max","policies":[{"type":"Pods","value":1,"periodSeconds":2}]}}},
            "status":{"desiredReplicas":2,"currentReplicas":1,"currentMetrics":null}}"#,
        );
        let v1 = to_v1(v2.clone());
        assert_eq!(
            annotation(&v1, METRICS),
            Some(r#"[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"1"}}]"#)
        );
        assert_eq!(
            annotation(&v1, BEHAVIOR),
            Some(
                r#"{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":2}],"Tolerance":null}}"#
            )
        );
        assert_eq!(int(&v1, "spec.targetCPUUtilizationPercentage"), 50);
        assert_eq!(to_v2(v1).to_json(), v2.to_json());
    }
}
