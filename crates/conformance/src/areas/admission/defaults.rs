//! The defaults of the objects in records, as far as records show them, and the form in which objects are compared.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`.

use ravelin_object::quantity::Quantity;
use ravelin_object::{Map, Value};
use serde_json::Value as Json;

/// Sets the defaults of an object.
pub(super) fn set(object: &mut Value) {
    match object.field("kind").and_then(Value::as_str) {
        Some("Pod") => pod(object),
        Some("LimitRange") => {
            for limit in list(object.field_mut("spec"), "limits") {
                limit_range(limit);
            }
        }
        _ => {}
    }
}

fn list<'v>(holder: Option<&'v mut Value>, key: &str) -> &'v mut [Value] {
    holder.and_then(|holder| holder.field_mut(key)).and_then(Value::as_array_mut).map_or(&mut [], |list| list)
}

fn absent(map: &mut Map, key: &str, value: Value) {
    if matches!(map.get(key), None | Some(Value::Null)) {
        map.set(key, value);
    }
}

fn pod(pod: &mut Value) {
    for key in ["containers", "initContainers", "ephemeralContainers"] {
        for container in list(pod.field_mut("spec"), key).iter_mut().filter_map(Value::as_object_mut) {
            self::container(container);
        }
    }
    for volume in list(pod.field_mut("spec"), "volumes") {
        let reference = volume.dotted("image.reference").and_then(Value::as_str).unwrap_or_default();
        let policy = pull_policy(reference);
        if let Some(image) = volume.field_mut("image").and_then(Value::as_object_mut) {
            absent(image, "pullPolicy", policy.into());
        }
        if let Some(projected) = volume.field_mut("projected").and_then(Value::as_object_mut) {
            absent(projected, "defaultMode", 0o644.into());
        }
        for source in list(volume.field_mut("projected"), "sources") {
            if let Some(token) = source.field_mut("serviceAccountToken").and_then(Value::as_object_mut) {
                absent(token, "expirationSeconds", 3600.into());
            }
        }
    }
    let Some(spec) = pod.object_at("spec") else { return };
    let defaults = [
        ("dnsPolicy", "ClusterFirst".into()),
        ("enableServiceLinks", true.into()),
        ("restartPolicy", "Always".into()),
        ("schedulerName", "default-scheduler".into()),
        ("terminationGracePeriodSeconds", 30.into()),
    ];
    for (key, value) in defaults {
        absent(spec, key, value);
    }
}

fn container(container: &mut Map) {
    let image = container.get("image").and_then(Value::as_str).unwrap_or_default().to_owned();
    absent(container, "imagePullPolicy", pull_policy(&image).into());
    absent(container, "terminationMessagePath", "/dev/termination-log".into());
    absent(container, "terminationMessagePolicy", "File".into());
    let Some(resources) = container.get_mut("resources") else { return };
    fill(resources, "requests", "limits");
}

/// What a mapping does not have is as in another one.
fn fill(holder: &mut Value, key: &str, from: &str) {
    let Some(from) = holder.field(from).and_then(Value::as_object).cloned() else { return };
    if let Some(map) = holder.object_at(key) {
        from.iter().for_each(|(name, value)| absent(map, name, value.clone()));
    }
}

fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit_once('/').map_or(image, |(_, name)| name);
    let is_fixed = name.contains('@') || name.split_once(':').is_some_and(|(_, tag)| tag != "latest");
    if is_fixed { "IfNotPresent" } else { "Always" }
}

fn limit_range(limit: &mut Value) {
    if limit.field("type").and_then(Value::as_str) == Some("Container") {
        fill(limit, "default", "max");
        fill(limit, "defaultRequest", "default");
        fill(limit, "defaultRequest", "min");
    }
}

/// An object without what says nothing, quantities in their canonical form.
pub(super) fn comparable(object: &Value) -> Json {
    let mut json = object.to_json();
    prune(&mut json, false);
    json
}

fn prune(json: &mut Json, quantities: bool) {
    match json {
        Json::Object(map) => {
            for (key, value) in map.iter_mut() {
                prune(value, matches!(key.as_str(), "requests" | "limits"));
            }
            map.retain(|_, value| !is_nothing(value));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| prune(item, false)),
        Json::String(text) if quantities => {
            if let Ok(quantity) = Quantity::parse(text) {
                *text = (&quantity + &Quantity::new(0, quantity.format())).to_string();
            }
        }
        _ => {}
    }
    if let (true, Json::Object(map)) = (quantities, json) {
        map.values_mut().for_each(|value| prune(value, true));
    }
}

fn is_nothing(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        _ => false,
    }
}
