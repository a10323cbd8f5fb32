//! What holds of every kind and every value: nothing panics, and twice is as once.

use crate::fields::generation;
use crate::rules::{kinds, testing::with_context};
use crate::{
    apply_scale, convert, field_label, graceful_delete, keep_metadata, normalize, pod_qos_class,
    prepare_for_create, prepare_for_update, scale, selectable_fields, set_defaults, traits,
    warnings_on_create, warnings_on_update,
};
use proptest::collection::vec;
use proptest::prelude::*;
use ravelin_object::{Map, Value};

/// Keys that the rules look at, so that values reach them.
const KEYS: &[&str] = &[
    "metadata",
    "spec",
    "status",
    "name",
    "namespace",
    "labels",
    "annotations",
    "generation",
    "template",
    "containers",
    "initContainers",
    "image",
    "resources",
    "limits",
    "requests",
    "cpu",
    "memory",
    "ports",
    "volumes",
    "projected",
    "sources",
    "env",
    "selector",
    "matchLabels",
    "matchExpressions",
    "key",
    "operator",
    "values",
    "metrics",
    "behavior",
    "scaleUp",
    "policies",
    "conditions",
    "type",
    "strategy",
    "updateStrategy",
    "rollingUpdate",
    "replicas",
    "limits",
    "max",
    "default",
    "podIPs",
    "podIP",
    "ip",
    "webhooks",
    "rules",
    "endpoints",
    "deprecatedTopology",
    "affinity",
    "podAffinity",
    "serviceAccount",
    "lifecycle",
    "stopSignal",
    "devices",
    "attributes",
    "taints",
    "versions",
    "schema",
    "openAPIV3Schema",
    "data",
    "stringData",
    "subjects",
    "series",
    "deprecated.daemonset.template.generation",
    "autoscaling.alpha.kubernetes.io/metrics",
    "autoscaling.alpha.kubernetes.io/behavior",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "jobTemplate",
    "schedulingGates",
    "securityContext",
    "finalizers",
    "clusterIP",
    "addresses",
    "allocation",
    "results",
];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        prop_oneof![Just(0), Just(1), Just(i64::MAX), Just(i64::MIN), any::<i64>()].prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        prop_oneof![
            Just(String::new()),
            "[a-z.:/@0-9-]{1,12}",
            "[0-9]{1,20}(m|Gi|u|E)?",
            Just("[{\"type\":\"Pods\",\"pods\":{}}]".to_owned()),
            Just("Container".to_owned()),
            any::<String>(),
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 96, 6, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..3).prop_map(Value::Array),
            4 => vec((proptest::sample::select(KEYS), inner), 0..7)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map>().into()),
        ]
    })
}

/// Any value with the parts of an object in their places.
fn any_object() -> impl Strategy<Value = Value> {
    let part = prop_oneof![1 => Just(Value::Null), 6 => any_value()];
    vec(
        (prop_oneof![Just("metadata"), Just("spec"), Just("status"), proptest::sample::select(KEYS)], part),
        1..6,
    )
    .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map>().into())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_panics(object in any_object(), old in any_object(), plain in any_value(), label in any::<String>()) {
        let later = |_: Option<&str>, seconds: i64| Some(seconds.to_string());
        for kind in kinds() {
            for value in [&object, &plain] {
                let mut changed = value.clone();
                set_defaults(kind, &mut changed);
                normalize(kind, &mut changed);
                let _ = (warnings_on_create(kind, &changed), selectable_fields(kind, &changed), scale(kind, &changed));
                let mut created = changed.clone();
                with_context(|context| prepare_for_create(kind, None, &mut created, context));
                for subresource in
                    [None, Some("status"), Some("approval"), Some("ephemeralcontainers"), Some("resize"), Some("finalize"), Some("x")]
                {
                    let mut updated = changed.clone();
                    with_context(|context| prepare_for_update(kind, subresource, &mut updated, &old, context));
                    let _ = warnings_on_update(kind, subresource, &updated, &old);
                }
                crate::as_stored(kind, &mut created);
                keep_metadata(&mut changed, &old);
                let _ = (apply_scale(kind, &mut changed, &old), graceful_delete(kind, &mut changed, Some(-1), &later));
                let _ = (field_label(kind, &label), traits(kind), pod_qos_class(&changed));
                for to in [("autoscaling", "v1"), ("autoscaling", "v2"), ("", "v1"), ("events.k8s.io", "v1")] {
                    let _ = convert(kind, to, changed.clone());
                }
            }
        }
    }

    #[test]
    fn defaults_twice_are_as_once(object in any_object()) {
        for kind in kinds() {
            let mut once = object.clone();
            set_defaults(kind, &mut once);
            let mut twice = once.clone();
            set_defaults(kind, &mut twice);
            prop_assert_eq!(once.to_json(), twice.to_json(), "{:?}", kind);
        }
    }

    #[test]
    fn an_update_without_a_change_is_not_counted(object in any_object()) {
        for kind in kinds() {
            let mut old = object.clone();
            set_defaults(kind, &mut old);
            with_context(|context| prepare_for_create(kind, None, &mut old, context));
            set_defaults(kind, &mut old);
            for subresource in [None, Some("status")] {
                let mut new = old.clone();
                with_context(|context| prepare_for_update(kind, subresource, &mut new, &old, context));
                prop_assert_eq!(generation(&new), generation(&old), "{:?} {:?}", kind, subresource);
            }
        }
    }
}
