//! Kinds of the core group that have no family of their own.

use crate::pod::containers;
use crate::time::Clock;
use crate::{Family, field, label};
use ravelin_object::Value;
use std::collections::BTreeSet;

pub(crate) const PRINTERS: Family = &[
    ("", "ComponentStatus", component_status),
    ("", "ConfigMap", config_map),
    ("", "Endpoints", endpoints),
    ("", "Namespace", namespace),
    ("", "ReplicationController", replication_controller),
    ("", "ResourceQuota", resource_quota),
    ("", "Secret", secret),
    ("", "Service", service),
    ("", "ServiceAccount", service_account),
    ("apiregistration.k8s.io", "APIService", api_service),
];

fn component_status(object: &Value, _: &Clock) -> Vec<Value> {
    let conditions = field::list(object, "conditions");
    let healthy = conditions.iter().find(|condition| field::text(condition, "type") == "Healthy");
    let status = match healthy.map(|condition| field::text(condition, "status")) {
        Some("True") => "Healthy",
        Some(_) => "Unhealthy",
        None => "Unknown",
    };
    let said = |key: &str| Value::from(healthy.map_or("", |condition| field::text(condition, key)));
    vec![field::name(object), Value::from(status), said("message"), said("error")]
}

fn config_map(object: &Value, clock: &Clock) -> Vec<Value> {
    let count = field::keys(object, "data") + field::keys(object, "binaryData");
    vec![field::name(object), field::length(count), clock.age(object)]
}

fn namespace(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), field::cell(object, "status.phase"), clock.age(object)]
}

fn secret(object: &Value, clock: &Clock) -> Vec<Value> {
    let count = field::length(field::keys(object, "data"));
    vec![field::name(object), field::cell(object, "type"), count, clock.age(object)]
}

fn service_account(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), clock.age(object)]
}

fn replication_controller(object: &Value, clock: &Clock) -> Vec<Value> {
    let [names, images] = containers(object, "spec.template.spec.containers");
    vec![
        field::name(object),
        field::number(object, "spec.replicas"),
        field::number(object, "status.replicas"),
        field::number(object, "status.readyReplicas"),
        clock.age(object),
        names,
        images,
        Value::from(label::labels(object, "spec.selector")),
    ]
}

/// What is used of what there is, apart for limits and everything else.
fn resource_quota(object: &Value, clock: &Clock) -> Vec<Value> {
    let hard = object.dotted("status.hard").and_then(Value::as_object);
    let mut entries: Vec<(&str, &Value)> = hard.into_iter().flat_map(ravelin_object::Map::iter).collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, hard) in entries {
        let used = object.dotted("status.used").and_then(|used| used.field(name));
        let text = format!("{name}: {}/{}", field::quantity(used), field::quantity(Some(hard)));
        if name.starts_with("limits.") { limits.push(text) } else { requests.push(text) }
    }
    vec![
        field::name(object),
        Value::from(requests.join(", ")),
        Value::from(limits.join(", ")),
        clock.age(object),
    ]
}

fn service(object: &Value, clock: &Clock) -> Vec<Value> {
    let address = field::texts(object, "spec.clusterIPs").first().map_or("<none>", |address| *address);
    let ports: Vec<String> = field::list(object, "spec.ports").iter().map(port).collect();
    let ports = if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") };
    vec![
        field::name(object),
        field::cell(object, "spec.type"),
        Value::from(address),
        Value::from(external_address(object)),
        Value::from(ports),
        clock.age(object),
        Value::from(label::labels(object, "spec.selector")),
    ]
}

fn port(port: &Value) -> String {
    let (number, protocol) = (field::int(port, "port"), field::text(port, "protocol"));
    match field::int(port, "nodePort") {
        node_port @ 1.. => format!("{number}:{node_port}/{protocol}"),
        _ => format!("{number}/{protocol}"),
    }
}

fn external_address(object: &Value) -> String {
    let external = field::texts(object, "spec.externalIPs");
    match field::text(object, "spec.type") {
        "ClusterIP" | "NodePort" if external.is_empty() => "<none>".to_owned(),
        "ClusterIP" | "NodePort" => external.join(","),
        "LoadBalancer" => {
            let balancer = load_balancer(object);
            let addresses: Vec<&str> = balancer.iter().map(String::as_str).chain(external).collect();
            if addresses.is_empty() { "<pending>".to_owned() } else { addresses.join(",") }
        }
        "ExternalName" => field::text(object, "spec.externalName").to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

/// Addresses and names of the load balancers of a service or an ingress, in order, each once.
pub(crate) fn load_balancer(object: &Value) -> BTreeSet<String> {
    let ingress = field::list(object, "status.loadBalancer.ingress").iter();
    let addresses = ingress.map(|ingress| match field::text(ingress, "ip") {
        "" => field::text(ingress, "hostname"),
        address => address,
    });
    addresses.filter(|address| !address.is_empty()).map(str::to_owned).collect()
}

/// The first three addresses with their ports, of all subsets.
fn endpoints(object: &Value, clock: &Clock) -> Vec<Value> {
    const MOST: usize = 3;
    let subsets = field::list(object, "subsets");
    let mut addresses = Vec::new();
    let mut count = 0;
    let mut has_more = false;
    for subset in subsets {
        let hosts = field::list(subset, "addresses");
        let ports = field::list(subset, "ports");
        let ports: Vec<Option<i64>> = if ports.is_empty() {
            vec![None]
        } else {
            ports.iter().map(|port| Some(field::int(port, "port"))).collect()
        };
        for port in ports {
            count += hosts.len();
            let room = MOST.saturating_sub(addresses.len());
            has_more |= hosts.len() > room;
            addresses.extend(hosts.iter().take(room).map(|host| joined(field::text(host, "ip"), port)));
        }
    }
    let mut shown = addresses.join(",");
    if has_more {
        shown = format!("{shown} + {} more...", count.saturating_sub(MOST));
    }
    if subsets.is_empty() {
        "<none>".clone_into(&mut shown);
    }
    vec![field::name(object), Value::from(shown), clock.age(object)]
}

fn joined(host: &str, port: Option<i64>) -> String {
    match port {
        None => host.to_owned(),
        Some(port) if host.contains(':') => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
    }
}

/// Source: `k8s.io/kube-aggregator/pkg/registry/apiservice/etcd` `ConvertToTable`.
fn api_service(object: &Value, clock: &Clock) -> Vec<Value> {
    let service = object.dotted("spec.service").map_or_else(
        || "Local".to_owned(),
        |service| format!("{}/{}", field::text(service, "namespace"), field::text(service, "name")),
    );
    let conditions = field::list(object, "status.conditions");
    let available = conditions.iter().find(|condition| field::text(condition, "type") == "Available");
    let status = available.map_or_else(
        || "Unknown".to_owned(),
        |condition| match (field::text(condition, "status"), field::text(condition, "reason")) {
            (status @ "True", _) | (status, "") => status.to_owned(),
            (status, reason) => format!("{status} ({reason})"),
        },
    );
    vec![field::name(object), Value::from(service), Value::from(status), clock.age(object)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnixMicros;
    use ravelin_object::read;

    #[test]
    fn api_services_say_whether_they_are_there() {
        let cases = [
            (r#"{"metadata":{"name":"v1."},"spec":{}}"#, ["v1.", "Local", "Unknown", "<unknown>"]),
            (
                r#"{"metadata":{"name":"a"},"spec":{"service":{"namespace":"n","name":"s"}},"status":{"conditions":[{"type":"Available","status":"True","reason":"x"}]}}"#,
                ["a", "n/s", "True", "<unknown>"],
            ),
            (
                r#"{"metadata":{"name":"a"},"status":{"conditions":[{"type":"Available","status":"False","reason":"Gone"}]}}"#,
                ["a", "Local", "False (Gone)", "<unknown>"],
            ),
        ];
        for (text, expected) in cases {
            let object = read::json(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
            let cells = crate::cells("apiregistration.k8s.io", "APIService", &object, UnixMicros(0)).unwrap();
            assert_eq!(cells, expected.map(Value::from), "{text}");
        }
    }
}
