//! Which statuses of pods are valid, and how they may change.

use super::annotations;
use super::options::Options;
use crate::access::{Fields, text_of};
use crate::internal::converted;
use crate::ip;
use crate::names::{dns_label, dns_subdomain, identity_number, qualified_name};
use crate::path::Path;
use crate::quantities::{amount, is_native};
use crate::report::Report;
use crate::{Faults, metadata};
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use std::collections::BTreeSet;

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidatePodStatusUpdate`.
pub(super) fn update(new: &Value, old: &Value, options: &Options, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    annotations::update(new, old, options, out);
    let path = Path::new("status");
    let (new_spec, old_spec) = (new.get("spec"), old.get("spec"));
    let (new, old) = (new.get("status"), old.get("status"));
    conditions(new, &(&path / "conditions"), out);
    if new_spec.text("nodeName") != old_spec.text("nodeName") {
        out.forbidden(&path / "nodeName", "may not be changed directly");
    }
    nominated(new, old, old_spec, &(&path / "nominatedNodeName"), out);
    if new.int("observedGeneration") < 0 {
        let why = "must be a non-negative integer";
        out.invalid(&path / "observedGeneration", new.int("observedGeneration"), why);
    }
    if new.text("qosClass") != old.text("qosClass") {
        out.invalid(&path / "qosClass", new.text("qosClass"), metadata::IMMUTABLE);
    }
    transitions(new, old, old_spec, &path, out);
    claims(new, new_spec, &path, out);
    extended_claim(new, new_spec, &(&path / "extendedResourceClaimStatus"), out);
    allocatable_claims(new, new_spec, &(&path / "nodeAllocatableResourceClaimStatuses"), out);
    addresses(new, old, "podIPs", &path, out);
    if !new.list("hostIPs").is_empty() {
        let first = new.list("hostIPs").first().map_or("", |address| address.text("ip"));
        if new.text("hostIP") != first {
            out.invalid(&path / "hostIPs" / 0 / "ip", first, "must be equal to `hostIP`");
        }
        addresses(new, old, "hostIPs", &path, out);
    }
    for list in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
        users(new.list(list), new_spec, &(&path / list), out);
    }
    for (list, containers) in
        [("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")]
    {
        allocated(new.list(list), new_spec.list(containers), &(&path / list), out);
    }
    for (index, status) in new.list("ephemeralContainerStatuses").iter().enumerate() {
        if !status.list("allocatedResourcesStatus").is_empty() {
            let path = &path / "ephemeralContainerStatuses" / index / "allocatedResourcesStatus";
            out.forbidden(path, "must not be specified in container status");
        }
    }
}

fn conditions(status: &Value, path: &Path, out: &mut Faults) {
    for (index, condition) in status.list("conditions").iter().enumerate() {
        let generation = condition.int("observedGeneration");
        if generation < 0 {
            out.invalid(path / index / "observedGeneration", generation, "must be a non-negative integer");
        }
        let kind = condition.text("type");
        if !matches!(kind, "PodScheduled" | "Ready" | "Initialized") {
            out.spelling(path / index / "Type", kind, qualified_name(kind));
        }
    }
}

fn nominated(new: &Value, old: &Value, old_spec: &Value, path: &Path, out: &mut Faults) {
    let name = new.text("nominatedNodeName");
    if name.is_empty() || name == old.text("nominatedNodeName") {
        return;
    }
    out.spelling(path, name, dns_subdomain(name));
    if !old_spec.text("nodeName").is_empty() {
        out.forbidden(path, "may not be set on pods that are already bound to a node");
    }
}

/// Source: `ValidateContainerStateTransition` and those of other containers.
fn transitions(new: &Value, old: &Value, spec: &Value, path: &Path, out: &mut Faults) {
    let lists = [
        ("containerStatuses", "containers"),
        ("initContainerStatuses", "initContainers"),
        ("ephemeralContainerStatuses", ""),
    ];
    let all = spec.list("initContainers").iter().chain(spec.list("containers"));
    let all_may_restart = all
        .flat_map(|container| container.list("restartPolicyRules"))
        .any(|rule| rule.text("action") == "RestartAllContainers");
    for (list, containers) in lists {
        if all_may_restart && !containers.is_empty() {
            continue;
        }
        for (index, was) in old.list(list).iter().enumerate() {
            let name = was.text("name");
            let terminated = was.get("state").get("terminated");
            let is_back = new
                .list(list)
                .iter()
                .any(|each| each.text("name") == name && !each.get("state").has("terminated"));
            if !was.get("state").has("terminated") || !is_back {
                continue;
            }
            let container = spec.list(containers).iter().find(|each| each.text("name") == name);
            let may = container.is_some_and(|each| may_restart(each, spec, terminated.int("exitCode")));
            if !may {
                out.forbidden(
                    path / list / index / "state",
                    "may not be transitioned to non-terminated state",
                );
            }
        }
    }
}

/// Source: `k8s.io/kubernetes/pkg/api/v1/pod` `ContainerShouldRestart`.
fn may_restart(container: &Value, spec: &Value, code: i64) -> bool {
    if container.has("restartPolicy") {
        let rule = container.list("restartPolicyRules").iter().find(|rule| {
            let codes = rule.get("exitCodes");
            let is_listed = codes.list("values").iter().any(|value| value.as_int() == Some(code));
            match codes.text("operator") {
                "In" => is_listed,
                "NotIn" => rule.has("exitCodes") && !is_listed,
                _ => false,
            }
        });
        if rule.is_some_and(|rule| matches!(rule.text("action"), "Restart" | "RestartAllContainers")) {
            return true;
        }
    }
    let policies = [container.text("restartPolicy"), spec.text("restartPolicy")];
    let policy = policies.into_iter().find(|policy| matches!(*policy, "Always" | "OnFailure" | "Never"));
    match policy {
        Some("OnFailure") => code != 0,
        Some("Never") => false,
        _ => true,
    }
}

fn claims(status: &Value, spec: &Value, path: &Path, out: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (index, claim) in status.list("resourceClaimStatuses").iter().enumerate() {
        let path = path / "resourceClaimStatuses" / index;
        let name = claim.text("name");
        if !spec.list("resourceClaims").iter().any(|each| each.text("name") == name) {
            let why = "must match the name of an entry in `spec.resourceClaims`";
            out.invalid(&path / "name", name, why);
        }
        if !seen.insert(name) {
            out.duplicate(&path / "name", name);
        }
        if let Some(name) = claim.text_opt("resourceClaimName") {
            out.spelling(&path / "resourceClaimName", name, dns_subdomain(name));
        }
    }
}

/// Source: `validatePodExtendedResourceClaimStatus`.
fn extended_claim(status: &Value, spec: &Value, path: &Path, out: &mut Faults) {
    if !status.has("extendedResourceClaimStatus") {
        return;
    }
    let status = status.get("extendedResourceClaimStatus");
    let mappings = status.list("requestMappings");
    if mappings.is_empty() {
        out.required(path / "requestMappings", "at least one request mapping is required");
    }
    let mut seen = BTreeSet::new();
    for (index, mapping) in mappings.iter().enumerate() {
        let own = path / "requestMappings" / index;
        let keys = ["containerName", "resourceName", "requestName"].map(|key| (key, mapping.text(key)));
        let [(_, name), (_, resource), (_, request)] = keys;
        let lists = spec.list("containers").iter().rev().chain(spec.list("initContainers").iter().rev());
        match lists.into_iter().find(|container| container.text("name") == name) {
            None => {
                let why =
                    "must match the name of an entry in spec.initContainers.name or spec.containers.name";
                out.invalid(&own / "containerName", name, why);
            }
            Some(container) if !container.get("resources").get("requests").has(resource) => {
                let why = "must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests";
                out.invalid(&own / "resourceName", resource, why);
            }
            Some(_) => {}
        }
        out.spelling(path / "requestName", request, dns_label(request));
        if !seen.insert(keys) {
            for (key, value) in keys {
                out.duplicate(&own / key, value);
            }
        }
    }
    let name = status.text("resourceClaimName");
    if name.is_empty() {
        out.required(path / "resourceClaimName", "");
    } else {
        out.spelling(path / "resourceClaimName", name, dns_subdomain(name));
    }
}

/// Source: `validateNodeAllocatableResourceClaimStatus`.
fn allocatable_claims(status: &Value, spec: &Value, path: &Path, out: &mut Faults) {
    for (index, claim) in status.list("nodeAllocatableResourceClaimStatuses").iter().enumerate() {
        let path = path / index;
        let name = claim.text("resourceClaimName");
        if name.is_empty() {
            out.required(&path / "resourceClaimName", "must not be empty");
        }
        let mut references = spec.list("resourceClaims").iter().chain(status.list("resourceClaimStatuses"));
        if !references.any(|each| each.text_opt("resourceClaimName") == Some(name)) {
            out.invalid(&path / "resourceClaimName", name, "no mapping found in pod reference");
        }
        if claim.list("containers").is_empty() {
            out.required(&path / "containers", "must not be empty");
        }
        if claim.map("resources").is_empty() {
            out.required(&path / "resources", "must not be empty");
        }
        for (resource, value) in claim.entries("resources") {
            let path = (&path / "resources").key(resource);
            if !is_native(resource) {
                out.invalid(&path, resource, "must be a node allocatable resource name");
            }
            if amount(value).sign() < 0 {
                out.invalid(&path, amount(value).to_string(), "must be non-negative");
            }
        }
    }
}

fn addresses(new: &Value, old: &Value, key: &str, path: &Path, out: &mut Faults) {
    let path = path / key;
    let kept: Vec<&str> = old.list(key).iter().map(|address| address.text("ip")).collect();
    let texts: Vec<&str> = new.list(key).iter().map(|address| address.text("ip")).collect();
    for (index, text) in texts.iter().enumerate() {
        ip::legacy(&(&path / index), text, &kept, out);
    }
    if texts.len() < 2 {
        return;
    }
    let is_dual = ip::is_dual_stack(&texts);
    if let Err(why) = &is_dual {
        out.push(Fault::internal(&path, format!("failed to check for dual stack with error:{why}")));
    }
    if is_dual != Ok(true) || texts.len() > 2 {
        let kind = if key == "podIPs" { "PodIP" } else { "HostIP" };
        let shown = new.list(key).iter().map(|address| converted(kind, address)).collect();
        out.invalid(&path, Value::Array(shown), "may specify no more than one IP for each IP family");
    }
}

fn users(statuses: &[Value], spec: &Value, path: &Path, out: &mut Faults) {
    for (index, status) in statuses.iter().enumerate() {
        let user = status.get("user").get("linux");
        let path = path / index / "user" / "linux";
        if !status.get("user").has("linux") {
            continue;
        }
        if spec.get("os").text("name") == "windows" {
            out.forbidden(path, "cannot be set for a windows pod");
            continue;
        }
        for key in ["uid", "gid"] {
            for fault in identity_number(user.int(key)) {
                out.invalid(&path / key, user.int(key), fault);
            }
        }
        for (index, group) in user.list("supplementalGroups").iter().enumerate() {
            let group = group.as_int().unwrap_or_default();
            for fault in identity_number(group) {
                out.invalid(&path / "supplementalGroups" / index, group, fault);
            }
        }
    }
}

/// Source: `validateContainerStatusAllocatedResourcesStatus`.
fn allocated(statuses: &[Value], containers: &[Value], path: &Path, out: &mut Faults) {
    for (index, status) in statuses.iter().enumerate() {
        let container = containers.iter().find(|each| each.text("name") == status.text("name"));
        for (at, resource) in status.list("allocatedResourcesStatus").iter().enumerate() {
            let path = path / index / "allocatedResourcesStatus" / at;
            let name = resource.text("name");
            if let Some(why) =
                container.and_then(|container| allocated_fault(name, container.get("resources")))
            {
                out.invalid(&path / "name", name, why);
            }
            health(resource, &path, out);
        }
    }
}

fn allocated_fault(name: &str, resources: &Value) -> Option<&'static str> {
    if !name.starts_with("claim:") {
        let is_asked = resources.get("requests").has(name);
        return (!is_asked).then_some("must match one of the container's resource requests");
    }
    let is_claimed = resources.list("claims").iter().any(|claim| {
        let request = claim.text("request");
        let rest = if request.is_empty() { String::new() } else { format!("/{request}") };
        name == format!("claim:{}{rest}", claim.text("name"))
    });
    (!is_claimed).then_some("must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty")
}

fn health(resource: &Value, path: &Path, out: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (index, each) in resource.list("resources").iter().enumerate() {
        let path = path / "resources" / index;
        let state = each.text("health");
        if !matches!(state, "Healthy" | "Unhealthy" | "Unknown") {
            out.unsupported(&path / "health", state, &["Healthy", "Unhealthy", "Unknown"]);
        }
        if let Some(message) = each.field("message").map(text_of) {
            if message.is_empty() {
                out.required(&path / "message", "must be non-empty if specified");
            } else if message.len() > 1024 {
                out.push(Fault::too_long(&path / "message", 1024));
            }
        }
        if !seen.insert(each.text("resourceID")) {
            out.duplicate(&path / "resourceID", each.text("resourceID"));
        }
    }
}
