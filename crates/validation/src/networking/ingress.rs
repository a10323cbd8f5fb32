//! Which ingresses are valid.

use super::reference;
use crate::Faults;
use crate::access::Fields;
use crate::ip;
use crate::names::{dns_label, dns_subdomain, port_name, port_number, wildcard_dns_subdomain};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;

const CLASS: &str = "kubernetes.io/ingress.class";

/// All but the metadata of an ingress.
///
/// Source: `k8s.io/kubernetes/pkg/apis/networking/validation` `ValidateIngressSpec`.
pub(crate) fn ingress(object: &Value, old: Option<&Value>, out: &mut Faults) {
    let (spec, path) = (object.get("spec"), Path::new("spec"));
    let rules_list = spec.list("rules");
    if rules_list.is_empty() && !spec.has("defaultBackend") {
        let value = match spec.get("rules") {
            Value::Array(items) => Value::Array(items.clone()),
            _ => Value::Null,
        };
        out.invalid(&path, value, "either `defaultBackend` or `rules` must be specified");
    }
    if spec.has("defaultBackend") {
        backend(spec.get("defaultBackend"), &(&path / "defaultBackend"), out);
    }
    rules(rules_list, old, &(&path / "rules"), out);
    let is_secret_kept = old.is_some_and(|old| {
        old.get("spec").list("tls").iter().any(|tls| !secret_faults(tls.text("secretName")).is_empty())
    });
    for (index, tls) in spec.list("tls").iter().enumerate() {
        let path = &path / "tls" / index;
        for (index, host) in tls.texts("hosts").into_iter().enumerate() {
            out.spelling(&path / "hosts" / index, host, host_faults(host));
        }
        if !is_secret_kept {
            out.spelling(&path / "secretName", tls.text("secretName"), secret_faults(tls.text("secretName")));
        }
    }
    if let Some(class) = spec.text_opt("ingressClassName") {
        out.spelling(path / "ingressClassName", class, dns_subdomain(class));
    }
}

fn secret_faults(name: &str) -> Vec<String> {
    if name.is_empty() { Vec::new() } else { dns_subdomain(name) }
}

fn host_faults(host: &str) -> Vec<String> {
    if host.contains('*') { wildcard_dns_subdomain(host) } else { dns_subdomain(host) }
}

/// Whether the annotation of the class says what the field says.
pub(crate) fn annotation_agrees(object: &Value, out: &mut Faults) {
    let annotation = object.get("metadata").get("annotations").text_opt(CLASS);
    let class = object.get("spec").text_opt("ingressClassName");
    if let (Some(annotation), Some(class)) = (annotation, class)
        && annotation != class
    {
        let path = Path::new("annotations") / CLASS;
        out.invalid(path, annotation, "must match `ingressClassName` when both are specified");
    }
}

fn rules(rules: &[Value], old: Option<&Value>, path: &Path, out: &mut Faults) {
    let is_wildcard_kept = old.is_some_and(|old| {
        old.get("spec").list("rules").iter().any(|rule| {
            let mut found = Vec::new();
            paths(rule, path, &mut found);
            rule.text("host").contains('*') && !found.is_empty()
        })
    });
    for (index, rule) in rules.iter().enumerate() {
        let path = path / index;
        let host = rule.text("host");
        if !host.is_empty() {
            if ip::sloppy(host).is_some() {
                out.invalid(&path / "host", host, "must be a DNS name, not an IP address");
            }
            out.spelling(&path / "host", host, host_faults(host));
        }
        if !host.contains('*') || !is_wildcard_kept {
            paths(rule, &path, out);
        }
    }
}

fn paths(rule: &Value, path: &Path, out: &mut Faults) {
    if !rule.has("http") {
        return;
    }
    let path = path / "http" / "paths";
    let list = rule.get("http").list("paths");
    if list.is_empty() {
        out.required(&path, "");
    }
    for (index, each) in list.iter().enumerate() {
        one_path(each, &(&path / index), out);
    }
}

fn one_path(each: &Value, path: &Path, out: &mut Faults) {
    let text = each.text("path");
    let own = path / "path";
    match each.text_opt("pathType") {
        None => {
            out.required(path / "pathType", "pathType must be specified");
            return;
        }
        Some("Exact" | "Prefix") => {
            if !text.starts_with('/') {
                out.invalid(&own, text, "must be an absolute path");
            }
            for part in ["//", "/./", "/../", "%2f", "%2F"].into_iter().filter(|part| text.contains(part)) {
                out.invalid(&own, text, format!("must not contain '{part}'"));
            }
            for end in ["/..", "/."].into_iter().filter(|end| text.ends_with(end)) {
                out.invalid(&own, text, format!("cannot end with '{end}'"));
            }
        }
        Some("ImplementationSpecific") => {
            if !text.is_empty() && !text.starts_with('/') {
                out.invalid(&own, text, "must be an absolute path");
            }
        }
        Some(other) => {
            out.unsupported(path / "pathType", other, &["Exact", "ImplementationSpecific", "Prefix"]);
        }
    }
    backend(each.get("backend"), &(path / "backend"), out);
}

/// Source: `validateIngressBackend`.
fn backend(backend: &Value, path: &Path, out: &mut Faults) {
    match (backend.has("resource"), backend.has("service")) {
        (true, true) => out.invalid(path, "", "cannot set both resource and service backends"),
        (true, false) => reference::local(backend.get("resource"), &(path / "resource"), out),
        (false, true) => service(backend.get("service"), path, out),
        (false, false) => out.invalid(path, "", "resource or service backend is required"),
    }
}

fn service(service: &Value, path: &Path, out: &mut Faults) {
    let name = service.text("name");
    let own = path / "service";
    if name.is_empty() {
        out.required(&own / "name", "");
    } else {
        out.spelling(&own / "name", name, dns_label(name));
    }
    let (name, number) = (service.get("port").text("name"), service.get("port").int("number"));
    match (name.is_empty(), number) {
        (false, 0) => out.spelling(own / "port" / "name", name, port_name(name)),
        (false, _) => out.invalid(path, "", "cannot set both port name & port number"),
        (true, 0) => out.required(path, "port name or number is required"),
        (true, number) => {
            for fault in port_number(number) {
                out.invalid(&own / "port" / "number", number, fault);
            }
        }
    }
}

/// Source: `ValidateIngressLoadBalancerStatus`.
pub(crate) fn status(new: &Value, old: &Value, out: &mut Faults) {
    let points = |object: &Value| object.get("status").get("loadBalancer").list("ingress").to_vec();
    let was = points(old);
    let kept: Vec<&str> = was.iter().map(|each| each.text("ip")).filter(|ip| !ip.is_empty()).collect();
    for (index, each) in points(new).iter().enumerate() {
        let path = Path::new("status") / "loadBalancer" / "ingress" / index;
        let (address, name) = (each.text("ip"), each.text("hostname"));
        if !address.is_empty() {
            ip::legacy(&(&path / "ip"), address, &kept, out);
        }
        if !name.is_empty() {
            out.spelling(&path / "hostname", name, dns_subdomain(name));
            if ip::sloppy(name).is_some() {
                out.invalid(path / "hostname", name, "must be a DNS name, not an IP address");
            }
        }
    }
}
