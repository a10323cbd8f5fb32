//! Horizontal pod autoscalers, in both versions.

pub(crate) mod convert;

use crate::fields::{copy, default, empty, list, object, set, struct_at};
use crate::kind::{Context, Kind};
use crate::rules::{Rules, keep_spec, keep_status_only, zeros};
use ravelin_object::Value;

/// Both versions of `HorizontalPodAutoscaler`.
///
/// Source: `k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go`.
pub(crate) const RULES: &[Rules] = &[
    Rules {
        version: "v2",
        defaults: default_v2,
        normalize: convert::drop_annotations,
        create: |autoscaler, _| {
            set(
                autoscaler,
                "status",
                object([("desiredReplicas", Value::Int(0)), ("currentMetrics", Value::Null)]),
            );
        },
        update: keep_status_only,
        subresources: &[("status", keep_spec)],
        ..Rules::new("autoscaling", "HorizontalPodAutoscaler").namespaced()
    },
    Rules {
        defaults: |autoscaler| {
            if let Some(spec) = struct_at(autoscaler, "spec") {
                default(spec, "minReplicas", 1);
            }
        },
        normalize: convert::there_and_back,
        create: create_v1,
        update: |autoscaler, old, context| update_v1(None, autoscaler, old, context),
        subresources: &[("status", |autoscaler, old, context| {
            update_v1(Some("status"), autoscaler, old, context);
        })],
        ..Rules::new("autoscaling", "HorizontalPodAutoscaler").namespaced()
    },
];

const V2: Kind<'_> = Kind { group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscaler" };

/// Annotations of `v1` hold parts of the spec and the status, so both are told apart in `v2`.
fn create_v1(autoscaler: &mut Value, _: &mut Context<'_>) {
    let mut other = convert::to_v2(autoscaler.clone());
    set(&mut other, "status", zeros(&["desiredReplicas"]));
    *autoscaler = convert::to_v1(other);
}

fn update_v1(subresource: Option<&str>, autoscaler: &mut Value, old: &Value, context: &mut Context<'_>) {
    let (mut other, old) = (convert::to_v2(autoscaler.clone()), convert::to_v2(old.clone()));
    crate::rules::prepare_for_update(V2, subresource, &mut other, &old, context);
    *autoscaler = convert::to_v1(other);
}

/// Source: `k8s.io/kubernetes/pkg/apis/autoscaling/v2/defaults.go`.
fn default_v2(autoscaler: &mut Value) {
    let Some(spec) = struct_at(autoscaler, "spec") else { return };
    default(spec, "minReplicas", 1);
    if list(spec, "metrics").is_empty() {
        set(spec, "metrics", vec![convert::processor_metric(80)]);
    }
    let Some(behavior) = spec.field_mut("behavior") else { return };
    let policy = |kind: &str, number: i64| {
        object([
            ("type", Value::from(kind)),
            ("value", Value::Int(number)),
            ("periodSeconds", Value::Int(15)),
        ])
    };
    fill_rules(behavior, "scaleUp", Some(0), vec![policy("Pods", 4), policy("Percent", 100)]);
    fill_rules(behavior, "scaleDown", None, vec![policy("Percent", 100)]);
}

fn fill_rules(behavior: &mut Value, key: &str, window: Option<i64>, policies: Vec<Value>) {
    let given = behavior.field(key).cloned().unwrap_or_else(empty);
    let Some(rules) = struct_at(behavior, key) else { return };
    if let Some(window) = window {
        default(rules, "stabilizationWindowSeconds", window);
    }
    default(rules, "selectPolicy", "Max");
    default(rules, "policies", policies);
    if given.field("tolerance").is_some() {
        copy(rules, &given, "tolerance");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;
    use crate::rules::testing::{created, defaulted};

    const V1: Kind<'_> = Kind { version: "v1", ..V2 };

    #[test]
    fn an_autoscaler_looks_at_the_processor() {
        let made = created(V2, r#"{"spec":{"maxReplicas":3,"behavior":{"scaleUp":{"selectPolicy":"Min"}}}}"#);
        assert_eq!(
            made.to_json(),
            value(
                r#"{"spec":{"maxReplicas":3,"minReplicas":1,"metrics":[{"type":"Resource","resource":{"name":"cpu",
                "target":{"type":"Utilization","averageUtilization":80}}}],
                "behavior":{"scaleUp":{"selectPolicy":"Min","stabilizationWindowSeconds":0,"policies":
                [{"type":"Pods","value":4,"periodSeconds":15},{"type":"Percent","value":100,"periodSeconds":15}]},
                "scaleDown":{"selectPolicy":"Max","policies":[{"type":"Percent","value":100,"periodSeconds":15}]}}},
                "status":{"desiredReplicas":0,"currentMetrics":null}}"#
            )
            .to_json()
        );
        assert_eq!(
            defaulted(V1, r#"{"metadata":{},"spec":{"maxReplicas":3,"scaleTargetRef":{"kind":"K","name":"n"}},"status":{"currentReplicas":0,"desiredReplicas":0}}"#).to_json(),
            value(
                r#"{"metadata":{},"spec":{"maxReplicas":3,"minReplicas":1,"scaleTargetRef":{"kind":"K","name":"n"},
                "targetCPUUtilizationPercentage":80},"status":{"currentReplicas":0,"desiredReplicas":0}}"#
            )
            .to_json()
        );
    }
}
