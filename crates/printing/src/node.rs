//! Nodes, and classes of runtimes.

use crate::time::Clock;
use crate::{Family, field};
use ravelin_object::{Map, Value};
use std::collections::BTreeSet;

pub(crate) const PRINTERS: Family = &[("", "Node", node), ("node.k8s.io", "RuntimeClass", runtime_class)];

fn node(object: &Value, clock: &Clock) -> Vec<Value> {
    let info =
        |key: &str| Value::from(field::text_or(object, &format!("status.nodeInfo.{key}"), "<unknown>"));
    let mut kernel = field::text_or(object, "status.nodeInfo.kernelVersion", "<unknown>").to_owned();
    let architecture = field::text(object, "status.nodeInfo.architecture");
    if !architecture.is_empty() {
        kernel = format!("{kernel} ({architecture})");
    }
    vec![
        field::name(object),
        Value::from(status(object)),
        Value::from(roles(object)),
        clock.age(object),
        field::cell(object, "status.nodeInfo.kubeletVersion"),
        address(object, "InternalIP"),
        address(object, "ExternalIP"),
        info("osImage"),
        Value::from(kernel),
        info("containerRuntimeVersion"),
    ]
}

fn status(object: &Value) -> String {
    let conditions = field::list(object, "status.conditions");
    let ready = conditions.iter().rev().find(|condition| field::text(condition, "type") == "Ready");
    let mut status = match ready.map(|condition| field::text(condition, "status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if field::flag(object, "spec.unschedulable") {
        status.push_str(",SchedulingDisabled");
    }
    status
}

/// The roles that labels name: `node-role.kubernetes.io/<role>` and `kubernetes.io/role: <role>`.
fn roles(object: &Value) -> String {
    let labels = object.dotted("metadata.labels").and_then(Value::as_object);
    let roles: BTreeSet<&str> = labels
        .into_iter()
        .flat_map(Map::iter)
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None if key == "kubernetes.io/role" => value.as_str(),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    if roles.is_empty() { "<none>".to_owned() } else { roles.into_iter().collect::<Vec<_>>().join(",") }
}

fn address(object: &Value, kind: &str) -> Value {
    let addresses = field::list(object, "status.addresses");
    let address = addresses.iter().find(|address| field::text(address, "type") == kind);
    Value::from(address.map_or("<none>", |address| field::text(address, "address")))
}

fn runtime_class(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), field::cell(object, "handler"), clock.age(object)]
}
