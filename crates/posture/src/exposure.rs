//! Which workloads can be reached from outside the cluster.

use crate::{Picture, Workload};
use ravelin_object::Value;

/// A way from outside to a workload, in words: `Service shop/web of type LoadBalancer`. Nothing where none is in the
/// inventory.
pub(crate) fn of(picture: &Picture<'_>, workload: &Workload<'_>) -> Option<String> {
    let labels = workload.template.dotted("metadata.labels");
    for (_, object) in picture.objects().filter(|(_, object)| object.identity.is("", "Service")) {
        let namespace = picture.namespace_of(&object.identity);
        if namespace != workload.namespace || !selects(object.value.dotted("spec.selector"), labels) {
            continue;
        }
        let name = &object.identity.name;
        let kind = object.value.dotted("spec.type").and_then(Value::as_str).unwrap_or("ClusterIP");
        if matches!(kind, "LoadBalancer" | "NodePort") {
            return Some(format!("Service {namespace}/{name} of type {kind}"));
        }
        let has_address = |key: &str| {
            object.value.dotted(key).and_then(Value::as_array).is_some_and(|items| !items.is_empty())
        };
        if has_address("spec.externalIPs") {
            return Some(format!("Service {namespace}/{name} with external addresses"));
        }
        if let Some(ingress) = ingress_to(picture, namespace, name) {
            return Some(format!("Ingress {namespace}/{ingress} to Service {name}"));
        }
    }
    None
}

/// Whether a selector of a Service names these labels; an empty one selects nothing.
fn selects(selector: Option<&Value>, labels: Option<&Value>) -> bool {
    let Some(selector) = selector.and_then(Value::as_object).filter(|map| !map.is_empty()) else {
        return false;
    };
    selector.iter().all(|(key, value)| labels.and_then(|labels| labels.field(key)) == Some(value))
}

/// The Ingress that sends requests to a Service.
fn ingress_to<'i>(picture: &Picture<'i>, namespace: &str, service: &str) -> Option<&'i str> {
    let mut ingresses = picture.objects().filter(|(_, object)| object.identity.kind == "Ingress");
    let found = ingresses.find(|(_, object)| {
        picture.namespace_of(&object.identity) == namespace && names_service(&object.value, service)
    });
    found.map(|(_, object)| object.identity.name.as_str())
}

fn names_service(ingress: &Value, service: &str) -> bool {
    let Some(spec) = ingress.field("spec") else { return false };
    let is_backend = |backend: &Value| {
        let name = backend.dotted("service.name").or_else(|| backend.field("serviceName"));
        name.and_then(Value::as_str) == Some(service)
    };
    let default = ["defaultBackend", "backend"].iter().filter_map(|key| spec.field(key)).any(is_backend);
    let rules = spec.field("rules").and_then(Value::as_array).unwrap_or_default();
    let paths = rules.iter().filter_map(|rule| rule.dotted("http.paths")?.as_array()).flatten();
    default || paths.filter_map(|path| path.field("backend")).any(is_backend)
}
