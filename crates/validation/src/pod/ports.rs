//! Which ports of containers are valid.

use crate::Faults;
use crate::access::Fields;
use crate::names::{port_name, port_number};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use std::collections::BTreeSet;

/// The protocols of ports.
pub(crate) const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `validateContainerPorts`.
pub(super) fn ports(ports: &[Value], path: &Path, out: &mut Faults) {
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path / index;
        let name = port.text("name");
        if !name.is_empty() {
            let faults = port_name(name);
            if !faults.is_empty() {
                out.spelling(&path / "name", name, faults);
            } else if !names.insert(name) {
                out.duplicate(&path / "name", name);
            }
        }
        match port.int("containerPort") {
            0 => out.required(&path / "containerPort", ""),
            number => number_fault(number, &(&path / "containerPort"), out),
        }
        match port.int("hostPort") {
            0 => {}
            number => number_fault(number, &(&path / "hostPort"), out),
        }
        protocol(port, &path, out);
    }
}

fn number_fault(number: i64, path: &Path, out: &mut Faults) {
    for fault in port_number(number) {
        out.invalid(path, number, fault);
    }
}

/// The protocol of a port.
pub(crate) fn protocol(port: &Value, path: &Path, out: &mut Faults) {
    match port.text("protocol") {
        "" => out.required(path / "protocol", ""),
        name if PROTOCOLS.contains(&name) => {}
        other => out.unsupported(path / "protocol", other, PROTOCOLS),
    }
}

/// A port by number or by name.
///
/// Source: `ValidatePortNumOrName`.
pub(crate) fn number_or_name(port: &Value, path: &Path, out: &mut Faults) {
    match port {
        Value::String(name) => out.spelling(path, name, port_name(name)),
        other => number_fault(other.as_int().unwrap_or_default(), path, out),
    }
}

/// Source: `checkHostPortConflicts`.
pub(super) fn unique(containers: &[Value], path: &Path, out: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = path / index / "ports";
        for (index, port) in container.list("ports").iter().enumerate() {
            let number = port.int("hostPort");
            if number == 0 {
                continue;
            }
            let text = format!("{}/{}/{number}", port.text("protocol"), port.text("hostIP"));
            if !seen.insert(text.clone()) {
                out.duplicate(&path / index / "hostPort", text);
            }
        }
    }
}
