//! Warnings of ports that are in each other's way.

use super::paths::containers;
use crate::fields::{int, list, text};
use ravelin_object::Value;
use ravelin_object::selector::quoted;
use std::collections::BTreeMap;

/// Ports of all containers of a pod.
///
/// Source: `warningsForPodSpecAndMeta` in `k8s.io/kubernetes/pkg/api/pod/warnings.go`.
pub(super) fn port_warnings(spec: &Value, prefix: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut by_number: BTreeMap<String, Vec<(String, &Value)>> = BTreeMap::new();
    for (path, port) in ports(spec, prefix) {
        let (host_ip, host_port) = (text(port, "hostIP"), int(port, "hostPort"));
        if !host_ip.is_empty() && host_port == 0 {
            warnings.push(format!(
                "{path}: hostIP set without hostPort: {{Name:{} HostPort:{host_port} ContainerPort:{} Protocol:{} HostIP:{host_ip}}}",
                text(port, "name"),
                int(port, "containerPort"),
                text(port, "protocol"),
            ));
        }
        let key = format!("{}/{}", int(port, "containerPort"), text(port, "protocol"));
        let others = by_number.entry(key).or_default();
        for (other_path, other) in others.iter() {
            if let Some(how) = conflict(port, other) {
                warnings.push(format!("{path}: {how} port definition with {other_path}"));
            }
        }
        others.push((path, port));
    }
    let mut by_name: BTreeMap<&str, String> = BTreeMap::new();
    for (path, port) in ports(spec, prefix) {
        let name = text(port, "name");
        if name.is_empty() {
            continue;
        }
        match by_name.get(name) {
            Some(other) => warnings.push(format!(
                "{path}: duplicate port name {} with {other}, services and probes that select ports by name will use {other}",
                quoted(name)
            )),
            None => {
                by_name.insert(name, path);
            }
        }
    }
    warnings
}

fn ports<'a>(spec: &'a Value, prefix: &'a str) -> impl Iterator<Item = (String, &'a Value)> {
    containers(spec, prefix).flat_map(|(path, container)| {
        list(container, "ports")
            .iter()
            .enumerate()
            .map(move |(index, port)| (format!("{path}.ports[{index}]"), port))
    })
}

fn conflict(port: &Value, other: &Value) -> Option<&'static str> {
    let (ip, other_ip) = (text(port, "hostIP"), text(other, "hostIP"));
    let (host, other_host) = (int(port, "hostPort"), int(other, "hostPort"));
    if ip == other_ip && host == other_host {
        Some("duplicate")
    } else if host == 0 || other_host == 0 {
        Some("overlapping")
    } else if host == other_host && ip.is_empty() != other_ip.is_empty() {
        Some("dangerously ambiguous")
    } else {
        None
    }
}
