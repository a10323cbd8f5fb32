//! What holds of the cells of any object.

use proptest::prelude::*;
use ravelin_object::{Map, Value};
use ravelin_printing::{UnixMicros, cells, conditions, human, partial_metadata};

fn values() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        prop::sample::select(vec!["", "True", "2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1Gi", "é"])
            .prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "metadata",
        "name",
        "creationTimestamp",
        "spec",
        "status",
        "conditions",
        "type",
        "containers",
        "initContainers",
        "initContainerStatuses",
        "containerStatuses",
        "state",
        "terminated",
        "metrics",
        "ports",
        "subsets",
        "addresses",
        "hard",
        "used",
        "rules",
        "pools",
        "restartCount",
        "totalDevices",
        "startTime",
    ]);
    scalar.prop_recursive(4, 40, 6, move |inner| {
        let entries = prop::collection::vec((keys.clone().prop_map(Into::into), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::Array),
            entries.prop_map(|entries| Value::Object(entries.into_iter().collect::<Map>())),
        ]
    })
}

proptest! {
    #[test]
    fn any_object_has_the_cells_of_its_kind(object in values(), now in any::<i64>()) {
        let kinds = [
            ("", "Pod", 9), ("", "Node", 10), ("", "Service", 7), ("", "Event", 10), ("", "ResourceQuota", 4),
            ("", "Endpoints", 3), ("apps", "Deployment", 8), ("batch", "Job", 8), ("batch", "CronJob", 10),
            ("autoscaling", "HorizontalPodAutoscaler", 7), ("networking.k8s.io", "Ingress", 6),
            ("resource.k8s.io", "ResourcePoolStatusRequest", 10), ("", "PersistentVolume", 11),
        ];
        for (group, kind, count) in kinds {
            let cells = cells(group, kind, &object, UnixMicros(now));
            prop_assert_eq!(cells.map(|cells| cells.len()), Some(count), "{}", kind);
            let _ = conditions(group, kind, &object);
        }
        prop_assert!(partial_metadata("v1", &object).field("metadata").is_some());
    }

    #[test]
    fn any_duration_is_said_briefly(micros in any::<i64>()) {
        prop_assert!((2..=9).contains(&human(micros).len()), "{}", human(micros));
    }
}
