//! Which resources and claims a whole pod may have.

use super::annotations::MIRROR;
use super::options::Options;
use super::requirements;
use crate::Faults;
use crate::access::Fields;
use crate::internal::shown;
use crate::names::{dns_label, dns_subdomain};
use crate::path::Path;
use crate::quantities::{amount, is_huge_pages};
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::quantity::Quantity;
use std::collections::{BTreeMap, BTreeSet};

/// The names of the claims of a pod.
pub(super) fn claim_names(spec: &Value) -> BTreeSet<&str> {
    spec.list("resourceClaims")
        .iter()
        .map(|claim| claim.text("name"))
        .filter(|name| !name.is_empty())
        .collect()
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `validatePodResourceClaims`.
pub(super) fn claims(spec: &Value, meta: Option<&Value>, path: &Path, out: &mut Faults) {
    let is_mirror = meta.is_some_and(|meta| meta.get("annotations").has(MIRROR));
    let mut names = BTreeSet::new();
    for (index, claim) in spec.list("resourceClaims").iter().enumerate() {
        if is_mirror {
            out.forbidden("[]", "static pods do not support resource claims");
            continue;
        }
        let path = path / index;
        let name = claim.text("name");
        if name.is_empty() {
            out.required(&path / "name", "");
        } else if !names.insert(name) {
            out.duplicate(&path / "name", name);
        } else {
            out.spelling(&path / "name", name, dns_label(name));
        }
        let keys = ["resourceClaimName", "resourceClaimTemplateName"];
        match keys.into_iter().filter(|key| claim.has(key)).count() {
            1 => {}
            0 => {
                let why = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
                out.invalid_shown(&path, shown("PodResourceClaim", claim), why);
            }
            _ => {
                let why =
                    "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
                out.invalid_shown(&path, shown("PodResourceClaim", claim), why);
            }
        }
        for key in keys {
            if let Some(name) = claim.text_opt(key) {
                out.spelling(&path / key, name, dns_subdomain(name));
            }
        }
    }
}

/// Source: `validatePodResources`.
pub(super) fn resources(spec: &Value, path: &Path, options: &Options, out: &mut Faults) {
    if !spec.has("resources") {
        return;
    }
    let path = path / "resources";
    if spec.get("os").text("name") == "windows" {
        out.forbidden(&path, "may not be set for a windows pod");
        return;
    }
    let resources = spec.get("resources");
    if resources.has("claims") {
        out.forbidden(&path / "claims", "claims may not be set for Resources at pod-level");
    }
    requirements::of_pod(resources, &claim_names(spec), &path, options, out);
    consistency(spec, &path, out);
}

/// Source: `validatePodResourceConsistency`.
fn consistency(spec: &Value, path: &Path, out: &mut Faults) {
    let resources = spec.get("resources");
    for (name, total) in aggregated(spec, "requests") {
        if let Some(of_pod) = resources.get("requests").field(name).map(amount)
            && total > of_pod
        {
            let why = format!("must be greater than or equal to aggregate container requests of {total}");
            out.invalid((path / "requests").key(name), of_pod.to_string(), why);
        }
    }
    for (name, total) in aggregated(spec, "limits").into_iter().filter(|(name, _)| is_huge_pages(name)) {
        if let Some(of_pod) = resources.get("limits").field(name).map(amount)
            && total > of_pod
        {
            let why = format!("must be greater than or equal to aggregate container limits of {total}");
            out.invalid((path / "limits").key(name), of_pod.to_string(), why);
        }
    }
    for (index, container) in spec.list("containers").iter().enumerate() {
        for (name, value) in container.get("resources").entries("limits") {
            let limit = amount(value);
            if let Some(of_pod) = resources.get("limits").field(name).map(amount)
                && limit > of_pod
            {
                let path = (path / "containers" / index).key(name) / "limits";
                let why = format!("must be less than or equal to pod limits of {of_pod}");
                out.invalid(path, limit.to_string(), why);
            }
        }
    }
}

type Amounts<'a> = BTreeMap<&'a str, Quantity>;

/// What the containers of a pod come to: init containers run before the others, sidecars beside them.
///
/// Source: `k8s.io/component-helpers/resource` `AggregateContainerRequests`, `AggregateContainerLimits`.
fn aggregated<'a>(spec: &'a Value, key: &str) -> Amounts<'a> {
    let mut total = Amounts::new();
    for container in spec.list("containers") {
        add(&mut total, &of(container, key));
    }
    let mut sidecars = Amounts::new();
    let mut most = Amounts::new();
    for container in spec.list("initContainers") {
        let own = of(container, key);
        let during = if container.text("restartPolicy") == "Always" {
            add(&mut total, &own);
            add(&mut sidecars, &own);
            sidecars.clone()
        } else {
            let mut during = own;
            add(&mut during, &sidecars);
            during
        };
        raise(&mut most, during);
    }
    raise(&mut total, most);
    total
}

fn of<'a>(container: &'a Value, key: &str) -> Amounts<'a> {
    container.get("resources").entries(key).into_iter().map(|(name, value)| (name, amount(value))).collect()
}

fn add<'a>(total: &mut Amounts<'a>, own: &Amounts<'a>) {
    for (name, value) in own {
        let sum = match total.get(name) {
            Some(present) => present + value,
            None => value.clone(),
        };
        total.insert(name, sum);
    }
}

fn raise<'a>(most: &mut Amounts<'a>, own: Amounts<'a>) {
    for (name, value) in own {
        if most.get(name).is_none_or(|present| value > *present) {
            most.insert(name, value);
        }
    }
}
