//! What a kubelet does with its node.

use super::{Request, owners};
use crate::Operation;
use crate::fields::{equal, items, text, texts};
use ravelin_object::Value;
use ravelin_object::selector::quoted;
use ravelin_object::status::Status;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn judge(request: &Request<'_>) -> Result<(), Status> {
    let (node, name) = (quoted(request.node), request.attributes.name);
    if name != request.node {
        let why = format!("node {node} is not allowed to modify node {}", quoted(name));
        return Err(request.refused(&why));
    }
    match request.attributes.operation {
        Operation::Create => creation(request, &node),
        Operation::Update => update(request, &node),
        _ => Ok(()),
    }
}

fn creation(request: &Request<'_>, node: &str) -> Result<(), Status> {
    let new = request.new_object()?;
    if new.dotted("spec.configSource").is_some() {
        let why = format!("node {node} is not allowed to create pods with a non-nil configSource");
        return Err(request.refused(&why));
    }
    let forbidden = forbidden_labels(&texts(new, "metadata.labels"), &BTreeMap::new());
    if forbidden.is_empty() {
        return Ok(());
    }
    let why = format!("node {node} is not allowed to set the following labels: {}", forbidden.join(", "));
    Err(request.refused(&why))
}

fn update(request: &Request<'_>, node: &str) -> Result<(), Status> {
    let (new, old) = (request.new_object()?, request.old_object()?);
    let source = new.dotted("spec.configSource");
    if source.is_some() && !equal(source, old.dotted("spec.configSource")) {
        let why = format!("node {node} is not allowed to update configSource to a new non-nil configSource");
        return Err(request.refused(&why));
    }
    if taints(new) != taints(old) {
        return Err(request.refused(&format!("node {node} is not allowed to modify taints")));
    }
    if owners(new) != owners(old) {
        return Err(request.refused(&format!("node {node} is not allowed to modify ownerReferences")));
    }
    let forbidden = forbidden_labels(&texts(new, "metadata.labels"), &texts(old, "metadata.labels"));
    if forbidden.is_empty() {
        return Ok(());
    }
    Err(request.refused(&format!("is not allowed to modify labels: {}", forbidden.join(", "))))
}

fn taints(node: &Value) -> Vec<[&str; 4]> {
    let taint = |taint| ["key", "value", "effect", "timeAdded"].map(|key| text(taint, key));
    items(node, "spec.taints").iter().map(taint).collect()
}

/// Labels of Kubernetes that a kubelet sets on its node.
///
/// Source: `k8s.io/kubelet/pkg/apis/well_known_labels.go`.
const OWN_LABELS: [&str; 11] = [
    "kubernetes.io/hostname",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "beta.kubernetes.io/instance-type",
    "node.kubernetes.io/instance-type",
    "kubernetes.io/os",
    "kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/arch",
];

/// The labels that differ and that a kubelet must not change, sorted.
fn forbidden_labels<'l>(new: &BTreeMap<&'l str, &'l str>, old: &BTreeMap<&'l str, &'l str>) -> Vec<&'l str> {
    let all: BTreeSet<&str> = new.keys().chain(old.keys()).copied().collect();
    all.into_iter().filter(|key| new.get(key) != old.get(key) && is_forbidden(key)).collect()
}

fn is_forbidden(key: &str) -> bool {
    let namespace = key.split_once('/').map_or("", |(namespace, _)| namespace);
    let is_in = |parent: &str| {
        namespace.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let is_own = OWN_LABELS.contains(&key) || is_in("kubelet.kubernetes.io") || is_in("node.kubernetes.io");
    is_in("node-restriction.kubernetes.io") || ((is_in("kubernetes.io") || is_in("k8s.io")) && !is_own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_kubernetes_are_not_for_kubelets_to_choose() {
        let cases = [
            ("kubernetes.io/hostname", false),
            ("kubernetes.io/other", true),
            ("a.kubernetes.io/other", true),
            ("akubernetes.io/other", false),
            ("k8s.io/x", true),
            ("x.k8s.io/x", true),
            ("a.node.kubernetes.io/x", false),
            ("kubelet.kubernetes.io/x", false),
            ("node-restriction.kubernetes.io/x", true),
            ("a.node-restriction.kubernetes.io/x", true),
            ("plain", false),
            ("example.com/x", false),
        ];
        for (key, forbidden) in cases {
            assert_eq!(is_forbidden(key), forbidden, "{key}");
        }
    }
}
