//! Rings: which crate may know which, and that the inner ones do no I/O.

use super::House;
use cargo_metadata::{DependencyKind, Metadata, PackageId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The ring of every crate. Within even rings a crate may know those above it in this table; elsewhere
/// the crates of a ring do not know each other.
const RINGS: &[(&str, u8)] = &[
    ("ravelin-diag", 0),
    ("ravelin-yaml", 0),
    ("ravelin-object", 0),
    ("ravelin-resource", 0),
    ("ravelin-protobuf", 0),
    ("ravelin-patch", 0),
    ("ravelin-inventory", 0),
    ("ravelin-check", 0),
    ("ravelin-admit", 1),
    ("ravelin-auditlog", 1),
    ("ravelin-authn", 1),
    ("ravelin-authz", 1),
    ("ravelin-podsec", 1),
    ("ravelin-strategy", 1),
    ("ravelin-validation", 1),
    ("ravelin-printing", 1),
    ("ravelin-posture", 2),
    ("ravelin-engine", 2),
    ("ravelin-cluster", 3),
    ("ravelin-source", 3),
    ("ravelin-render", 3),
    ("ravelin-store", 3),
    ("ravelin-wire", 3),
    ("ravelin-server", 4),
    ("ravelin-apiserver", 4),
    ("ravelin", 4),
    ("ravelin-conformance", 5),
    ("ravelin-bench", 5),
    ("xtask", 5),
];

/// Crates that read files, sockets, clocks or random numbers, start threads, or run futures.
const DENIED: &[&str] = &[
    "async",
    "axum",
    "chrono",
    "crossbeam",
    "fastrand",
    "fs",
    "futures",
    "getrandom",
    "h2",
    "hyper",
    "ignore",
    "inotify",
    "jiff",
    "kube",
    "mio",
    "notify",
    "polling",
    "quinn",
    "rand",
    "rayon",
    "reqwest",
    "smol",
    "socket2",
    "tempfile",
    "time",
    "tokio",
    "tonic",
    "tower",
    "tracing",
    "ureq",
    "walkdir",
];

/// The ring of a crate.
pub(super) fn ring(name: &str) -> Option<u8> {
    position(name).map(|(_, ring)| ring)
}

fn position(name: &str) -> Option<(usize, u8)> {
    let place = RINGS.iter().position(|(crate_name, _)| *crate_name == name)?;
    RINGS.get(place).map(|(_, ring)| (place, *ring))
}

/// Every crate has a ring, and what it depends on, tests aside, is in a lower one.
pub(super) fn dependencies_point_to_lower_rings(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let packages = house.workspace.packages();
    let names: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut edges = Vec::new();
    for package in &packages {
        for dependency in &package.dependencies {
            let is_of_product = dependency.kind != DependencyKind::Development;
            if is_of_product && names.contains(dependency.name.as_str()) {
                edges.push((package.name.as_str(), dependency.name.as_str()));
            }
        }
    }
    let mut faults = edge_faults(&edges);
    for name in &names {
        if ring(name).is_none() {
            faults.push(format!("{name} is in no ring; crates/xtask/src/tidy/rings.rs lists them"));
        }
    }
    for (name, _) in RINGS {
        if !names.contains(name) {
            faults.push(format!("{name} has a ring but is no crate of the workspace"));
        }
    }
    Ok(faults)
}

fn edge_faults(edges: &[(&str, &str)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (from, to) in edges {
        let (Some((from_place, from_ring)), Some((to_place, to_ring))) = (position(from), position(to))
        else {
            continue;
        };
        let is_layered = from_ring == to_ring && from_ring % 2 == 0;
        let is_allowed = to_ring < from_ring || (is_layered && to_place < from_place);
        if !is_allowed {
            faults.push(format!("{from} (ring {from_ring}) may not depend on {to} (ring {to_ring})"));
        }
    }
    faults
}

/// No crate of rings 0 to 2 depends, however far down, on one that does I/O.
pub(super) fn rings_0_to_2_have_no_io_dependency(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let metadata = &house.workspace.metadata;
    let mut faults = Vec::new();
    for package in house.workspace.packages() {
        if ring(&package.name).is_some_and(|ring| ring <= 2) {
            faults.extend(denied_below(metadata, &package.id));
        }
    }
    Ok(faults)
}

/// The ways from a crate down to those that are denied: `ravelin-podsec > x > tokio`.
fn denied_below(metadata: &Metadata, root: &PackageId) -> Vec<String> {
    let names: BTreeMap<&PackageId, &str> =
        metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let below: BTreeMap<&PackageId, Vec<&PackageId>> = nodes
        .map(|node| {
            let normal = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|info| info.kind == DependencyKind::Normal)
            });
            (&node.id, normal.map(|dependency| &dependency.pkg).collect())
        })
        .collect();
    let mut faults = Vec::new();
    let mut seen = BTreeSet::from([root]);
    let mut queue = VecDeque::from([(root, names.get(root).copied().unwrap_or_default().to_owned())]);
    while let Some((id, way)) = queue.pop_front() {
        for next in below.get(id).into_iter().flatten() {
            let name = names.get(next).copied().unwrap_or_default();
            if !seen.insert(next) {
                continue;
            }
            let way = format!("{way} > {name}");
            if is_denied(name) {
                faults.push(format!("{way}: rings 0 to 2 do no I/O"));
            } else {
                queue.push_back((next, way));
            }
        }
    }
    faults
}

/// Whether a crate is denied, or belongs to a family that is: `tokio`, `tokio-util`.
fn is_denied(name: &str) -> bool {
    DENIED.iter().any(|denied| {
        name.strip_prefix(denied).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_up_or_across_is_a_fault() {
        let allowed = [
            ("ravelin-podsec", "ravelin-object"),
            ("ravelin-object", "ravelin-yaml"),
            ("ravelin", "ravelin-diag"),
            ("xtask", "ravelin"),
        ];
        assert_eq!(edge_faults(&allowed), Vec::<String>::new());
        for edge in [
            ("ravelin-object", "ravelin-podsec"),
            ("ravelin-yaml", "ravelin-object"),
            ("ravelin-source", "ravelin-render"),
            ("ravelin-engine", "ravelin-source"),
            ("xtask", "ravelin-bench"),
        ] {
            assert_eq!(edge_faults(&[edge]).len(), 1, "{edge:?}");
        }
    }

    #[test]
    fn families_are_denied_and_lookalikes_are_not() {
        for name in ["tokio", "tokio-util", "rand_core", "async-trait", "futures-executor", "kube-client"] {
            assert!(is_denied(name), "{name}");
        }
        for name in ["timely", "ignorant", "serde", "randomize", "memchr", "fsevent"] {
            assert!(!is_denied(name), "{name}");
        }
    }

    #[test]
    fn a_crate_that_does_io_is_found_below_others() {
        let workspace = crate::workspace::Workspace::load().unwrap();
        let source =
            workspace.packages().into_iter().find(|package| package.name.as_str() == "ravelin-source");
        let faults = denied_below(&workspace.metadata, &source.unwrap().id);
        assert!(faults.iter().any(|fault| fault.starts_with("ravelin-source > rayon:")), "{faults:?}");
    }
}
