//! Kinds that are served in more than one version, and the version that is stored.

use crate::autoscaling::convert::{to_v1, to_v2};
use crate::fields::{copy, empty, int, remove, set, text};
use crate::kind::Kind;
use ravelin_object::Value;

/// An object of one version, said in another: `HorizontalPodAutoscaler` v1 and v2, `Event` of core and of
/// `events.k8s.io`. To the same version nothing changes; to any other, nothing.
///
/// `apiVersion` follows, if there is one.
#[must_use]
pub fn convert(from: Kind<'_>, to_version: (&str, &str), mut object: Value) -> Option<Value> {
    if (from.group, from.version) == to_version {
        return Some(object);
    }
    match (from.kind, from.group, from.version, to_version) {
        ("HorizontalPodAutoscaler", "autoscaling", "v1", ("autoscaling", "v2")) => Some(to_v2(object)),
        ("HorizontalPodAutoscaler", "autoscaling", "v2", ("autoscaling", "v1")) => Some(to_v1(object)),
        ("Event", "", "v1", ("events.k8s.io", "v1")) => {
            rename(&mut object, FROM_CORE);
            reshape_for_events(&mut object);
            Some(object)
        }
        ("Event", "events.k8s.io", "v1", ("", "v1")) => {
            let back: Vec<(&str, &str)> = FROM_CORE.iter().map(|(from, to)| (*to, *from)).collect();
            rename(&mut object, &back);
            reshape_for_core(&mut object);
            Some(object)
        }
        _ => None,
    }
}

/// Fields of events in core, and in `events.k8s.io`.
const FROM_CORE: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

fn rename(event: &mut Value, names: &[(&str, &str)]) {
    let Some(map) = event.as_object_mut() else { return };
    for (from, to) in names {
        if let Some(value) = map.remove(from) {
            map.set(*to, value);
        }
    }
}

/// What one group omits where it is empty, the other writes.
fn reshape_for_events(event: &mut Value) {
    for key in ["reportingController", "reportingInstance"] {
        if text(event, key).is_empty() {
            remove(event, key);
        }
    }
    if event.field("apiVersion").is_some() {
        set(event, "apiVersion", "events.k8s.io/v1");
    }
    if let Some(series) = event.field("series") {
        let series = series_with(series, int(series, "count"));
        set(event, "series", series);
    }
}

fn reshape_for_core(event: &mut Value) {
    for key in ["reportingComponent", "reportingInstance"] {
        crate::fields::default(event, key, "");
    }
    if event.field("apiVersion").is_some() {
        set(event, "apiVersion", "v1");
    }
    if let Some(series) = event.field("series") {
        let count = int(series, "count");
        let mut series = series_with(series, count);
        if count == 0 {
            remove(&mut series, "count");
        }
        set(event, "series", series);
    }
}

fn series_with(old: &Value, count: i64) -> Value {
    let mut series = empty();
    set(&mut series, "count", count);
    set(&mut series, "lastObservedTime", Value::Null);
    if old.field("lastObservedTime").is_some() {
        copy(&mut series, old, "lastObservedTime");
    }
    series
}

/// The group and version in which a resource is stored, if it is built in. Events have one place for both groups.
///
/// Source: `k8s.io/kubernetes/pkg/apis/*/install`, `pkg/kubeapiserver/default_storage_factory_builder.go`.
#[must_use]
pub fn storage_version(group: &str, resource: &str) -> Option<(&'static str, &'static str)> {
    Some(match (group, resource) {
        ("events.k8s.io", "events") | ("", _) => ("", "v1"),
        ("autoscaling", "horizontalpodautoscalers") => ("autoscaling", "v2"),
        _ => (GROUPS.iter().find(|known| **known == group)?, "v1"),
    })
}

const GROUPS: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    const CORE: Kind<'_> = Kind { group: "", version: "v1", kind: "Event" };
    const EVENTS: Kind<'_> = Kind { group: "events.k8s.io", ..CORE };

    #[test]
    fn events_are_said_both_ways() {
        let core = value(
            r#"{"apiVersion":"v1","kind":"Event","metadata":{"name":"e"},"involvedObject":{"kind":"Pod"},"reason":"r",
            "message":"m","source":{"component":"c"},"firstTimestamp":null,"lastTimestamp":null,"count":2,"type":"Normal",
            "eventTime":null,"reportingComponent":"","reportingInstance":""}"#,
        );
        let other = convert(CORE, ("events.k8s.io", "v1"), core.clone()).unwrap();
        assert_eq!(
            other.to_json(),
            value(
                r#"{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"e"},"regarding":{"kind":"Pod"},
                "reason":"r","note":"m","deprecatedSource":{"component":"c"},"deprecatedFirstTimestamp":null,
                "deprecatedLastTimestamp":null,"deprecatedCount":2,"type":"Normal","eventTime":null}"#
            )
            .to_json()
        );
        assert_eq!(convert(EVENTS, ("", "v1"), other).unwrap().to_json(), core.to_json());
        assert_eq!(convert(CORE, ("apps", "v1"), core.clone()), None);
        assert_eq!(convert(CORE, ("", "v1"), core.clone()), Some(core));
    }

    #[test]
    fn every_kind_has_a_place() {
        for kind in crate::rules::kinds() {
            assert!(
                storage_version(kind.group, "horizontalpodautoscalers").is_some()
                    || kind.group == "events.k8s.io",
                "{kind:?}"
            );
        }
        assert_eq!(storage_version("autoscaling", "horizontalpodautoscalers"), Some(("autoscaling", "v2")));
        assert_eq!(storage_version("events.k8s.io", "events"), Some(("", "v1")));
        assert_eq!(storage_version("example.com", "widgets"), None);
    }
}
