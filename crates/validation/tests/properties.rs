//! No object panics the validation, whatever it holds.

use proptest::prelude::*;
use ravelin_object::{Map, Value};
use ravelin_validation::{
    Kind, Settings, create, csr_parse, metadata, metadata_common, metadata_update, metadata_update_of_kind,
    update,
};

const KINDS: &[(&str, &str)] = &[
    ("", "Pod"),
    ("", "Secret"),
    ("", "ConfigMap"),
    ("", "Namespace"),
    ("", "Service"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("", "LimitRange"),
    ("", "ResourceQuota"),
    ("", "ReplicationController"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("batch", "Job"),
    ("batch", "CronJob"),
    ("events.k8s.io", "Event"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("networking.k8s.io", "Ingress"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "StorageClass"),
];
const SUBRESOURCES: &[&str] = &["", "status", "resize", "ephemeralcontainers", "approval", "finalize"];
const KEYS: &[&str] = &[
    "metadata",
    "spec",
    "status",
    "name",
    "template",
    "containers",
    "initContainers",
    "volumes",
    "resources",
    "limits",
    "requests",
    "cpu",
    "hugepages-0",
    "selector",
    "matchLabels",
    "schedule",
    "data",
    "type",
    "items",
    "path",
    "affinity",
    "nodeAffinity",
    "securityContext",
    "tolerations",
    "ports",
    "port",
    "clusterIPs",
    "completions",
    "hostUsers",
    "annotations",
    "finalizers",
    "jobTemplate",
    "schedulingGates",
    "request",
    "usages",
    "capacity",
];
const TEXTS: &[&str] =
    &["", "é", "-", "a-", "é-", "1Gi", "9e999", "..", "1-2-3", "@every é", "TZ=", "::", "1.1.1.1/99", "iqné"];

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(Value::UInt),
        any::<f64>().prop_map(Value::Float),
        prop::sample::select(TEXTS).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 96, 6, |inner| {
        let keys = prop::sample::select(KEYS);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((keys, inner), 0..6).prop_map(|entries| {
                Value::Object(entries.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map>())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_object_panics(
        new in values(),
        old in values(),
        kind in prop::sample::select(KINDS),
        sub in prop::sample::select(SUBRESOURCES),
    ) {
        let kind = Kind { group: kind.0, version: "v1", kind: kind.1 };
        let settings = Settings { allow_privileged: false };
        let _ = create(kind, &new, &settings);
        let _ = update(kind, Some(sub).filter(|sub| !sub.is_empty()), &new, &old, &settings);
        let _ = metadata(kind, true, &new);
        let _ = metadata_common(true, &new);
        let _ = (metadata_update(&new, &old), metadata_update_of_kind(kind, &new, &old));
    }

    #[test]
    fn no_request_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = csr_parse(&bytes);
    }
}
