//! Which specifications of pods are valid.

use super::affinity::{affinity, spread_constraints, tolerations};
use super::level;
use super::options::Options;
use super::security::{linux, of_pod, user_namespace, windows, windows_host_process};
use super::{containers, environment, ports, requirements, volumes};
use crate::Faults;
use crate::access::{Fields, list_of, text_of};
use crate::ip;
use crate::labels::labels;
use crate::names::{
    Spelling, between, dns_label, dns_subdomain, dns_subdomain_with_underscore, qualified_name,
};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use std::collections::BTreeSet;

/// The service account of a pod, by its present or its old field.
pub(super) fn service_account(spec: &Value) -> &str {
    let name = spec.text("serviceAccountName");
    if name.is_empty() { spec.text("serviceAccount") } else { name }
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidatePodSpec`.
pub(super) fn spec(spec: &Value, meta: Option<&Value>, path: &Path, options: &Options, out: &mut Faults) {
    if !spec.has("terminationGracePeriodSeconds") {
        out.required(path / "terminationGracePeriodSeconds", "");
    }
    let volumes = volumes::volumes(spec, meta, &(path / "volumes"), options, out);
    level::claims(spec, meta, &(path / "resourceClaims"), out);
    containers::all(&containers::Pod { spec, volumes: &volumes, options }, path, out);
    level::resources(spec, path, options, out);
    host_network_ports(spec, path, options, out);
    restart_policy(spec, path, out);
    dns_policy(spec, path, out);
    labels(&(path / "nodeSelector"), spec, "nodeSelector", out);
    of_pod(spec, &(path / "securityContext"), options, out);
    affinity(spec.get("affinity"), &(path / "affinity"), options, out);
    dns_config(spec, &(path / "dnsConfig"), out);
    gates(spec, path, out);
    spread_constraints(spec, &(path / "topologySpreadConstraints"), options, out);
    windows_host_process(spec, path, options, out);
    user_namespace(spec, path, options, out);
    host_name_override(spec, path, out);
    names(spec, path, out);
    rest(spec, path, options, out);
    os(spec, path, out);
    scheduling_group(spec, path, out);
    environment::file_volumes(spec, path, out);
}

/// Source: `validatePodHostNetworkDeps`.
fn host_network_ports(spec: &Value, path: &Path, options: &Options, out: &mut Faults) {
    if !spec.flag("hostNetwork") {
        return;
    }
    for (index, container) in spec.list("containers").iter().enumerate() {
        let path = path / "containers" / index / "ports";
        for (index, port) in container.list("ports").iter().enumerate() {
            let (host, own) = (port.int("hostPort"), port.int("containerPort"));
            if (options.is_pod || host != 0) && host != own {
                let why = "must match `containerPort` when `hostNetwork` is true";
                out.invalid(&path / index / "hostPort", host, why);
            }
        }
    }
}

fn restart_policy(spec: &Value, path: &Path, out: &mut Faults) {
    match spec.text("restartPolicy") {
        "Always" | "OnFailure" | "Never" => {}
        "" => out.required(path / "restartPolicy", ""),
        other => out.unsupported(path / "restartPolicy", other, &["Always", "OnFailure", "Never"]),
    }
}

fn dns_policy(spec: &Value, path: &Path, out: &mut Faults) {
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    match spec.text("dnsPolicy") {
        "" => out.required(path / "dnsPolicy", ""),
        policy if policies.contains(&policy) => {}
        other => out.unsupported(path / "dnsPolicy", other, &policies),
    }
}

/// Source: `validatePodDNSConfig`.
fn dns_config(spec: &Value, path: &Path, out: &mut Faults) {
    let config = spec.get("dnsConfig");
    let servers = config.texts("nameservers");
    if spec.text("dnsPolicy") == "None" {
        if !spec.has("dnsConfig") {
            out.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
            return;
        }
        if servers.is_empty() {
            let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            out.required(path / "nameservers", why);
            return;
        }
    }
    if servers.len() > 3 {
        out.invalid(path / "nameservers", list_of(&servers), "must not have more than 3 nameservers");
    }
    for (index, server) in servers.iter().enumerate() {
        ip::legacy(&(path / "nameservers" / index), server, &[], out);
    }
    let searches = config.texts("searches");
    let path_of = path / "searches";
    if searches.len() > 32 {
        out.invalid(&path_of, list_of(&searches), "must not have more than 32 search paths");
    }
    if searches.join(" ").len() > 2048 {
        let why = "must not have more than 2048 characters (including spaces) in the search list";
        out.invalid(&path_of, list_of(&searches), why);
    }
    for (index, search) in searches.into_iter().enumerate().filter(|(_, search)| *search != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        out.spelling(&path_of / index, search, dns_subdomain_with_underscore(search));
    }
    for (index, option) in config.list("options").iter().enumerate() {
        if option.text("name").is_empty() {
            out.required(path / "options" / index, "must not be empty");
        }
    }
}

fn gates(spec: &Value, path: &Path, out: &mut Faults) {
    for (index, gate) in spec.list("readinessGates").iter().enumerate() {
        let name = gate.text("conditionType");
        out.spelling(path / "readinessGates" / index / "conditionType", name, qualified_name(name));
    }
    let mut seen = BTreeSet::new();
    for (index, gate) in spec.list("schedulingGates").iter().enumerate() {
        let name = gate.text("name");
        out.spelling(path / "schedulingGates" / index, name, qualified_name(name));
        if !seen.insert(name) {
            out.duplicate(path / "schedulingGates" / index, name);
        }
    }
}

fn host_name_override(spec: &Value, path: &Path, out: &mut Faults) {
    let Some(name) = spec.text_opt("hostnameOverride") else {
        return;
    };
    let path = path / "hostnameOverride";
    if spec.flag("setHostnameAsFQDN") {
        out.forbidden(&path, "may not be specified when setHostnameAsFQDN is true");
    }
    if spec.flag("hostNetwork") {
        out.forbidden(&path, "may not be specified when hostNetwork is true");
    }
    if name.len() > 64 {
        out.push(Fault::too_long(&path, 64));
    }
    out.spelling(&path, name, dns_subdomain(name));
}

fn names(spec: &Value, path: &Path, out: &mut Faults) {
    let account = service_account(spec);
    if !account.is_empty() {
        out.spelling(path / "serviceAccountName", account, dns_subdomain(account));
    }
    let node = spec.text("nodeName");
    if !node.is_empty() {
        out.spelling(path / "nodeName", node, dns_subdomain(node));
    }
    if let Some(deadline) = spec.int_opt("activeDeadlineSeconds")
        && !(1..=i64::from(i32::MAX)).contains(&deadline)
    {
        out.invalid(path / "activeDeadlineSeconds", deadline, between(1, i32::MAX.into()));
    }
    for key in ["hostname", "subdomain"] {
        let name = spec.text(key);
        if !name.is_empty() {
            out.spelling(path / key, name, dns_label(name));
        }
    }
}

fn rest(spec: &Value, path: &Path, options: &Options, out: &mut Faults) {
    tolerations(spec.list("tolerations"), &(path / "tolerations"), options, out);
    for (index, alias) in spec.list("hostAliases").iter().enumerate() {
        let path = path / "hostAliases" / index;
        ip::legacy(&(&path / "ip"), alias.text("ip"), &[], out);
        for (index, name) in alias.list("hostnames").iter().enumerate() {
            out.spelling(&path / "hostnames" / index, text_of(name), dns_subdomain(text_of(name)));
        }
    }
    let priority = spec.text("priorityClassName");
    if !priority.is_empty() {
        out.spelling(path / "priorityClassName", priority, dns_subdomain(priority));
    }
    if let Some(class) = spec.text_opt("runtimeClassName") {
        out.spelling(path / "runtimeClassName", class, Spelling::Subdomain.faults(class, false));
    }
    preemption_policy(spec, path, out);
    if spec.has("overhead") {
        let overhead = spec.get("overhead");
        requirements::limits_only(overhead, &(path / "overhead"), options, out);
    }
}

/// Source: `ValidatePreemptionPolicy`.
pub(crate) fn preemption_policy(object: &Value, path: &Path, out: &mut Faults) {
    match object.text_opt("preemptionPolicy") {
        None | Some("PreemptLowerPriority" | "Never") => {}
        Some("") => out.required(path / "preemptionPolicy", ""),
        Some(other) => out.unsupported(path / "preemptionPolicy", other, &["PreemptLowerPriority", "Never"]),
    }
}

fn os(spec: &Value, path: &Path, out: &mut Faults) {
    if !spec.has("os") {
        return;
    }
    match spec.get("os").text("name") {
        "" => out.required(path / "os" / "name", ""),
        "linux" => linux(spec, path, out),
        "windows" => windows(spec, path, out),
        other => out.unsupported(path / "os", other, &["linux", "windows"]),
    }
}

fn scheduling_group(spec: &Value, path: &Path, out: &mut Faults) {
    if !spec.has("schedulingGroup") {
        return;
    }
    let path = path / "schedulingGroup" / "podGroupName";
    match spec.get("schedulingGroup").text_opt("podGroupName") {
        None => out.invalid(&path, Value::Null, "must specify one of: `podGroupName`"),
        Some(name) => out.spelling(&path, name, dns_subdomain(name)),
    }
}

/// Ports of the host that containers share.
pub(super) fn host_ports(containers: &[Value], path: &Path, out: &mut Faults) {
    ports::unique(containers, path, out);
}
