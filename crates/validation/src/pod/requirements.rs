//! Which resources containers may ask for.

use super::options::Options;
use super::visited;
use crate::Faults;
use crate::access::Fields;
use crate::names::dns_label;
use crate::path::Path;
use crate::quantities::{
    amount, container_resource_name, is_huge_pages, may_overcommit, pod_resource_name, resource_amount,
};
use crate::report::Report;
use ravelin_object::fault::{Fault, FaultKind};
use ravelin_object::quantity::Quantity;
use ravelin_object::{Map, Value};
use std::collections::BTreeSet;

type Names = fn(&str, &Path, &mut Faults);

/// Limits and requests of a container.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateContainerResourceRequirements`.
pub(crate) fn requirements(
    requirements: &Value,
    claims: &BTreeSet<&str>,
    path: &Path,
    options: &Options,
    out: &mut Faults,
) {
    judged(requirements, container_resource_name, claims, path, options, out);
}

/// Limits and requests of a whole pod.
pub(super) fn of_pod(
    requirements: &Value,
    claims: &BTreeSet<&str>,
    path: &Path,
    options: &Options,
    out: &mut Faults,
) {
    judged(requirements, pod_resource_name, claims, path, options, out);
}

/// Amounts that are looked at as limits are.
pub(crate) fn limits_only(amounts: &Value, path: &Path, options: &Options, out: &mut Faults) {
    let mut map = Map::new();
    map.set("limits", amounts.clone());
    judged(&Value::Object(map), container_resource_name, &BTreeSet::new(), path, options, out);
}

fn judged(
    requirements: &Value,
    names: Names,
    claims: &BTreeSet<&str>,
    path: &Path,
    options: &Options,
    out: &mut Faults,
) {
    let mut has_compute = false;
    let mut has_pages = false;
    for (name, value) in requirements.entries("limits") {
        let path = (path / "limits").key(name);
        names(name, &path, out);
        resource_amount(name, value, &path, out);
        pages(name, value, &path, options, out);
        has_pages |= is_huge_pages(name);
        has_compute |= matches!(name, "cpu" | "memory");
    }
    for (name, value) in requirements.entries("requests") {
        let own = (path / "requests").key(name);
        names(name, &own, out);
        resource_amount(name, value, &own, out);
        within_limit(name, value, requirements, path, out);
        pages(name, value, &own, options, out);
        has_pages |= is_huge_pages(name);
        has_compute |= matches!(name, "cpu" | "memory");
    }
    if has_pages && !has_compute {
        out.forbidden(path, "HugePages require cpu or memory");
    }
    claim_names(requirements.list("claims"), claims, &(path / "claims"), out);
}

fn within_limit(name: &str, value: &Value, requirements: &Value, path: &Path, out: &mut Faults) {
    let requests = path / "requests";
    let Some(limit) = requirements.get("limits").field(name) else {
        if !may_overcommit(name) {
            out.required(path / "limits", "Limit must be set for non overcommitable resources");
        }
        return;
    };
    let (request, limit) = (amount(value), amount(limit));
    if request != limit && !may_overcommit(name) {
        out.invalid(requests, request.to_string(), format!("must be equal to {name} limit of {limit}"));
    } else if request > limit {
        let why = format!("must be less than or equal to {name} limit of {limit}");
        out.invalid(requests, request.to_string(), why);
    }
}

fn pages(name: &str, value: &Value, path: &Path, options: &Options, out: &mut Faults) {
    if is_huge_pages(name) && !options.huge_pages.is_kept() && !is_divisible(name, value) {
        let amount = amount(value);
        let why = format!("{amount} is not positive integer multiple of {name}");
        out.invalid(path, amount.to_string(), why);
    }
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/helper` `IsHugePageResourceValueDivisible`.
fn is_divisible(name: &str, value: &Value) -> bool {
    let size = name.strip_prefix("hugepages-").and_then(|size| Quantity::parse(size).ok());
    let Some(size) = size.filter(|size| size.sign() > 0 && size.milli_value() % 1000 == 0) else {
        return false;
    };
    amount(value).value().checked_rem(size.value()) == Some(0)
}

/// Whether a pod asks for huge pages that are no multiple of their size.
pub(super) fn has_indivisible_pages(spec: &Value) -> bool {
    let is_odd = |entries: Vec<(&str, &Value)>| {
        entries.into_iter().any(|(name, value)| is_huge_pages(name) && !is_divisible(name, value))
    };
    let of_containers = visited(spec, &Path::new("")).iter().any(|(container, _)| {
        let resources = container.get("resources");
        is_odd(resources.entries("limits")) || is_odd(resources.entries("requests"))
    });
    of_containers || is_odd(spec.entries("overhead"))
}

/// Source: `validateResourceClaimNames`.
fn claim_names(claims: &[Value], of_pod: &BTreeSet<&str>, path: &Path, out: &mut Faults) {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (index, claim) in claims.iter().enumerate() {
        let path = path / index;
        let (name, request) = (claim.text("name"), claim.text("request"));
        if name.is_empty() {
            out.required(&path, "");
            continue;
        }
        if names.contains(name) {
            out.duplicate(&path, name);
        } else {
            let mut key = name.to_owned();
            if !request.is_empty() {
                out.spelling(&path / "request", request, dns_label(request));
                key = format!("{name}/{request}");
            }
            if names.contains(&key) {
                out.duplicate(&path, key.as_str());
            } else if request.is_empty() {
                let parts =
                    names.iter().filter(|key| key.split_once('/').is_some_and(|(start, _)| start == name));
                for _ in parts {
                    out.duplicate(&path, name);
                }
            }
            names.insert(key);
        }
        if !of_pod.contains(name) {
            let listed = of_pod.iter().copied().collect::<Vec<_>>().join(", ");
            let rest = if of_pod.is_empty() { " which is empty".to_owned() } else { format!(": {listed}") };
            let mut fault = Fault::not_found(&path, name);
            fault.kind = FaultKind::NotFound;
            fault.detail = format!("must be one of the names in pod.spec.resourceClaims{rest}");
            out.push(fault);
        }
    }
}
