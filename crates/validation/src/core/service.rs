//! Which services are valid, and how they change.

use super::service_addresses::{addresses, family_changes, is_headless};
use crate::access::{Fields, text_of};
use crate::ip;
use crate::labels::labels;
use crate::names::{dns_label, dns_subdomain, port_number, qualified_name};
use crate::path::Path;
use crate::pod::{number_or_name, protocol};
use crate::report::Report;
use crate::{Faults, Kind, metadata};
use ravelin_object::Value;
use ravelin_object::fault::{Fault, FaultKind};
use std::collections::BTreeSet;

const SERVICE: Kind<'static> = Kind { group: "", version: "v1", kind: "Service" };
const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const MODE: &str = "service.kubernetes.io/topology-mode";
const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateServiceCreate`.
pub(crate) fn create(object: &Value, out: &mut Faults) {
    metadata::of_kind(SERVICE, true, object, out);
    whole(object, None, out);
}

/// Source: `ValidateServiceUpdate`, `ValidateServiceStatusUpdate`.
pub(crate) fn update(subresource: Option<&str>, new: &Value, old: &Value, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    if subresource == Some("status") {
        let path = Path::new("status") / "loadBalancer" / "ingress";
        return load_balancer(new, Some(old), &path, out);
    }
    family_changes(new, old, out);
    let key = "loadBalancerClass";
    let (new_spec, old_spec) = (new.get("spec"), old.get("spec"));
    let are_balanced = [new_spec, old_spec].iter().all(|spec| spec.text("type") == "LoadBalancer");
    if are_balanced && new_spec.text_opt(key) != old_spec.text_opt(key) {
        out.invalid(Path::new("spec") / key, new_spec.get(key), "may not change once set");
    }
    balancer_class(new_spec, out);
    let port = "healthCheckNodePort";
    if needs_health_check(new_spec)
        && needs_health_check(old_spec)
        && new_spec.int(port) != old_spec.int(port)
    {
        out.forbidden("spec.healthCheckNodePort", "field is immutable");
    }
    whole(new, Some(old), out);
}

fn whole(object: &Value, old: Option<&Value>, out: &mut Faults) {
    let (spec, path) = (object.get("spec"), Path::new("spec"));
    let annotations = object.get("metadata").get("annotations");
    if let (Some(hints), Some(mode)) = (annotations.text_opt(HINTS), annotations.text_opt(MODE))
        && hints != mode
    {
        let path = (Path::new("metadata") / "annotations").key(MODE);
        out.invalid(path, mode, format!("must match annotations[{HINTS}] when both are specified"));
    }
    let kind = spec.text("type");
    if spec.list("ports").is_empty() && !is_headless(spec) && kind != "ExternalName" {
        out.required(&path / "ports", "");
    }
    of_type(spec, kind, &path, out);
    let mut names = BTreeSet::new();
    for (index, each) in spec.list("ports").iter().enumerate() {
        port(each, spec.list("ports").len() > 1, &mut names, &(&path / "ports" / index), out);
    }
    labels(&(&path / "selector"), spec, "selector", out);
    affinity(spec, &path, out);
    if kind != "ExternalName" {
        addresses(spec, old.map(|old| old.get("spec")), &path, out);
    }
    external_addresses(spec, old, &path, out);
    let kinds = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    if kind.is_empty() {
        out.required(&path / "type", "");
    } else if !kinds.contains(&kind) {
        out.unsupported(&path / "type", kind, &kinds);
    }
    unique_ports(spec, kind, &path, out);
    source_ranges(object, old, &path, out);
    allocation(spec, kind, &path, out);
    balancer_class(spec, out);
    traffic(spec, kind, &path, out);
}

fn of_type(spec: &Value, kind: &str, path: &Path, out: &mut Faults) {
    match kind {
        "LoadBalancer" | "NodePort" if is_headless(spec) => {
            let why = format!("may not be set to 'None' for {kind} services");
            out.invalid(path / "clusterIPs" / 0, "None", why);
        }
        "ExternalName" => {
            let why = "may not be set for ExternalName services";
            for key in ["clusterIPs", "ipFamilies"].into_iter().filter(|key| !spec.list(key).is_empty()) {
                out.forbidden(path / key, why);
            }
            if spec.has("ipFamilyPolicy") {
                out.forbidden(path / "ipFamilyPolicy", why);
            }
            let name = spec.text("externalName");
            let name = name.strip_suffix('.').unwrap_or(name);
            if name.is_empty() {
                out.required(path / "externalName", "");
            } else {
                out.spelling(path / "externalName", name, dns_subdomain(name));
            }
        }
        _ => {}
    }
}

/// Source: `validateServicePort`.
fn port<'a>(port: &'a Value, needs_name: bool, names: &mut BTreeSet<&'a str>, path: &Path, out: &mut Faults) {
    let name = port.text("name");
    if needs_name && name.is_empty() {
        out.required(path / "name", "");
    } else if !name.is_empty() {
        out.spelling(path / "name", name, dns_label(name));
        if !names.insert(name) {
            out.duplicate(path / "name", name);
        }
    }
    for fault in port_number(port.int("port")) {
        out.invalid(path / "port", port.int("port"), fault);
    }
    protocol(port, path, out);
    number_or_name(port.get("targetPort"), &(path / "targetPort"), out);
    if let Some(name) = port.text_opt("appProtocol") {
        out.spelling(path / "appProtocol", name, qualified_name(name));
    }
}

fn affinity(spec: &Value, path: &Path, out: &mut Faults) {
    let why = "when session affinity type is ClientIP";
    let own = path / "sessionAffinityConfig";
    let config = spec.get("sessionAffinityConfig");
    match spec.text("sessionAffinity") {
        "" => out.required(path / "sessionAffinity", ""),
        "ClientIP" => {
            if !spec.has("sessionAffinityConfig") {
                out.required(own, why);
            } else if !config.has("clientIP") {
                out.required(own / "clientIP", why);
            } else {
                match config.get("clientIP").int_opt("timeoutSeconds") {
                    None => out.required(own / "clientIP" / "timeoutSeconds", why),
                    Some(seconds) if !(1..=86400).contains(&seconds) => {
                        let why = "must be greater than 0 and less than 86400";
                        out.invalid(own / "clientIP" / "timeoutSeconds", seconds, why);
                    }
                    Some(_) => {}
                }
            }
        }
        "None" => {
            if spec.has("sessionAffinityConfig") {
                out.forbidden(own, "must not be set when session affinity is None");
            }
        }
        other => out.unsupported(path / "sessionAffinity", other, &["ClientIP", "None"]),
    }
}

fn external_addresses(spec: &Value, old: Option<&Value>, path: &Path, out: &mut Faults) {
    let kept = old.map(|old| old.get("spec").texts("externalIPs")).unwrap_or_default();
    for (index, address) in spec.list("externalIPs").iter().enumerate() {
        let path = path / "externalIPs" / index;
        let before = out.len();
        ip::legacy(&path, text_of(address), &kept, out);
        if out.len() == before {
            ip::endpoint(&path, text_of(address), out);
        }
    }
}

fn unique_ports(spec: &Value, kind: &str, path: &Path, out: &mut Faults) {
    let ports = spec.list("ports");
    let path = path / "ports";
    if kind == "ClusterIP" {
        for (index, _) in ports.iter().enumerate().filter(|(_, port)| port.int("nodePort") != 0) {
            out.forbidden(&path / index / "nodePort", "may not be used when `type` is 'ClusterIP'");
        }
    }
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let number = port.int("nodePort");
        if number != 0 && !seen.insert((port.text("protocol"), number)) {
            out.duplicate(&path / index / "nodePort", number);
        }
    }
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let key = (port.text("protocol"), port.int("port"));
        if !seen.insert(key) {
            let (protocol, number) = key;
            let value = format!(
                "{{\"Name\":\"\",\"Protocol\":\"{protocol}\",\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}"
            );
            let path = (&path / index).to_string();
            out.push(Fault { path, kind: FaultKind::Duplicate, value, detail: String::new() });
        }
    }
}

fn source_ranges(object: &Value, old: Option<&Value>, path: &Path, out: &mut Faults) {
    let spec = object.get("spec");
    let why = "may only be used when `type` is 'LoadBalancer'";
    let is_balanced = spec.text("type") == "LoadBalancer";
    let ranges = spec.texts("loadBalancerSourceRanges");
    if !ranges.is_empty() {
        let path = path / "LoadBalancerSourceRanges";
        if !is_balanced {
            out.forbidden(&path, why);
        }
        let kept = old.map(|old| old.get("spec").texts("loadBalancerSourceRanges")).unwrap_or_default();
        let kept: Vec<&str> = kept.into_iter().map(str::trim).collect();
        for (index, range) in ranges.iter().enumerate() {
            ip::legacy_range(&(&path / index), range.trim(), &kept, out);
        }
        return;
    }
    let annotation =
        |object: &Value| object.get("metadata").get("annotations").text_opt(RANGES).map(str::to_owned);
    let Some(text) = annotation(object) else {
        return;
    };
    let path = (Path::new("metadata") / "annotations").key(RANGES);
    if !is_balanced {
        out.forbidden(&path, why);
    }
    if old.and_then(annotation).as_ref() != Some(&text) && !text.trim().is_empty() {
        for range in text.trim().split(',') {
            ip::legacy_range(&path, range.trim(), &[], out);
        }
    }
}

fn allocation(spec: &Value, kind: &str, path: &Path, out: &mut Faults) {
    let key = "allocateLoadBalancerNodePorts";
    if spec.has(key) && kind != "LoadBalancer" {
        out.forbidden(path / key, "may only be used when `type` is 'LoadBalancer'");
    }
    if !spec.has(key) && kind == "LoadBalancer" {
        out.required(key, "");
    }
}

fn balancer_class(spec: &Value, out: &mut Faults) {
    let path = Path::new("spec") / "loadBalancerClass";
    if let Some(class) = spec.text_opt("loadBalancerClass") {
        if spec.text("type") == "LoadBalancer" {
            out.spelling(path, class, qualified_name(class));
        } else {
            out.forbidden(path, "may only be used when `type` is 'LoadBalancer'");
        }
    }
}

/// Source: `k8s.io/kubernetes/pkg/api/service` `NeedsHealthCheck`.
fn needs_health_check(spec: &Value) -> bool {
    spec.text("type") == "LoadBalancer" && spec.text("externalTrafficPolicy") == "Local"
}

fn traffic(spec: &Value, kind: &str, path: &Path, out: &mut Faults) {
    let policy = spec.text("externalTrafficPolicy");
    let is_external = matches!(kind, "LoadBalancer" | "NodePort")
        || (kind == "ClusterIP" && !spec.list("externalIPs").is_empty());
    let own = path / "externalTrafficPolicy";
    if !is_external {
        if !policy.is_empty() {
            out.invalid(own, policy, "may only be set for externally-accessible services");
        }
    } else if policy.is_empty() {
        out.required(own, "");
    } else if !matches!(policy, "Cluster" | "Local") {
        out.unsupported(own, policy, &["Cluster", "Local"]);
    }
    let (port, own) = (spec.int("healthCheckNodePort"), path / "healthCheckNodePort");
    if !needs_health_check(spec) {
        if port != 0 {
            let why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            out.invalid(own, port, why);
        }
    } else if port == 0 {
        out.required(own, "");
    } else {
        for fault in port_number(port) {
            out.invalid(&own, port, fault);
        }
    }
    let own = path / "internalTrafficPolicy";
    match spec.text_opt("internalTrafficPolicy") {
        None if matches!(kind, "NodePort" | "LoadBalancer" | "ClusterIP") => out.required(own, ""),
        None | Some("Cluster" | "Local") => {}
        Some(other) => out.unsupported(own, other, &["Cluster", "Local"]),
    }
    let ways = ["PreferClose", "PreferSameZone", "PreferSameNode"];
    if let Some(way) = spec.text_opt("trafficDistribution").filter(|way| !ways.contains(way)) {
        out.unsupported(path / "trafficDistribution", way, &ways);
    }
}

/// Source: `ValidateLoadBalancerStatus`.
fn load_balancer(new: &Value, old: Option<&Value>, path: &Path, out: &mut Faults) {
    let points = |object: &Value| object.get("status").get("loadBalancer").list("ingress").to_vec();
    let ingress = points(new);
    if new.get("spec").text("type") != "LoadBalancer" && !ingress.is_empty() {
        out.forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'");
        return;
    }
    let old = old.map(points).unwrap_or_default();
    let kept: Vec<&str> = old.iter().map(|each| each.text("ip")).filter(|ip| !ip.is_empty()).collect();
    for (index, each) in ingress.iter().enumerate() {
        let path = path / index;
        let address = each.text("ip");
        if !address.is_empty() {
            ip::legacy(&(&path / "ip"), address, &kept, out);
        }
        match each.text_opt("ipMode") {
            None if !address.is_empty() => {
                out.required(&path / "ipMode", "must be specified when `ip` is set")
            }
            Some(_) if address.is_empty() => {
                out.forbidden(&path / "ipMode", "may not be specified when `ip` is not set");
            }
            Some(mode) if !matches!(mode, "VIP" | "Proxy") => {
                out.unsupported(&path / "ipMode", mode, &["Proxy", "VIP"]);
            }
            _ => {}
        }
        let name = each.text("hostname");
        if !name.is_empty() {
            out.spelling(&path / "hostname", name, dns_subdomain(name));
            if ip::sloppy(name).is_some() {
                out.invalid(&path / "hostname", name, "must be a DNS name, not an IP address");
            }
        }
    }
}

/// A list of addresses as a message shows it.
pub(super) fn shown_list(spec: &Value, key: &str) -> Value {
    match spec.get(key) {
        Value::Array(items) => Value::Array(items.clone()),
        _ => Value::Null,
    }
}
