//! `NodeRestriction`: a kubelet changes its own node, and the pods that run there.

mod audience;
mod node;
mod pods;

use super::owner_references_permission_enforcement::owners;
use super::prelude::*;
use crate::fields::equal;
use crate::signers::subject;
use ravelin_object::selector::quoted;

pub(super) const ENTRY: Entry = Entry {
    name: "NodeRestriction",
    about: "Refuses requests of a kubelet about other nodes and about pods that do not run on its own.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/noderestriction",
    build: plain!(NodeRestriction),
};

/// Gates are as they are by default in v1.36: `PodCertificateRequest` off, `ServiceAccountNodeAudienceRestriction` and
/// `RecoverVolumeExpansionFailure` on.
struct NodeRestriction;

/// A request of a kubelet.
struct Request<'r> {
    attributes: &'r Attributes<'r>,
    /// The node that asks.
    node: &'r str,
    object: Option<&'r Value>,
    old: Option<&'r Value>,
    cluster: &'r dyn crate::Cluster,
}

impl Plugin for NodeRestriction {
    identity!([Create, Update, Delete], mutates: true, validates: false);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let user = attributes.user;
        let node = user.name.strip_prefix("system:node:").filter(|_| user.is_in("system:nodes"));
        let Some(node) = node else { return Ok(()) };
        let object = object.map(|object| &*object);
        let request =
            Request { attributes, node, object: typed(object), old: typed(old), cluster: context.cluster };
        if node.is_empty() {
            let why = format!("could not determine node from user {}", quoted(&user.name));
            return Err(request.refused(&why));
        }
        request.judge()
    }
}

impl Request<'_> {
    fn refused(&self, why: &str) -> Status {
        self.attributes.forbidden(self.object, why)
    }

    /// The new object, or the refusal where there is none.
    fn new_object(&self) -> Result<&Value, Status> {
        self.object.ok_or_else(|| self.refused("unexpected type <nil>"))
    }

    /// The old object, or the refusal where there is none.
    fn old_object(&self) -> Result<&Value, Status> {
        self.old.ok_or_else(|| self.refused("unexpected type <nil>"))
    }

    fn judge(&self) -> Result<(), Status> {
        let Attributes { group, resource, subresource, operation, .. } = *self.attributes;
        match (group, resource) {
            ("", "pods") => pods::judge(self),
            ("", "nodes") => node::judge(self),
            ("", "persistentvolumeclaims") if subresource == "status" => self.claim_status(),
            ("", "persistentvolumeclaims") => Err(self.refused("may only update PVC status")),
            ("", "serviceaccounts") if operation == Operation::Create && subresource == "token" => {
                audience::judge(self)
            }
            ("certificates.k8s.io", "podcertificaterequests") => {
                Err(self.refused("PodCertificateRequest feature gate is disabled"))
            }
            ("certificates.k8s.io", "certificatesigningrequests") => self.signing_request(),
            ("coordination.k8s.io", "leases") => self.lease(),
            ("storage.k8s.io", "csinodes") => {
                self.own_name("can only access CSINode with the same name as the requesting node")
            }
            ("resource.k8s.io", "resourceslices") => self.slice(),
            _ => Ok(()),
        }
    }

    fn claim_status(&self) -> Result<(), Status> {
        if self.attributes.operation != Operation::Update {
            let operation = quoted(self.attributes.operation.as_str());
            return Err(self.refused(&format!("unexpected operation {operation}")));
        }
        let (old, new) = (claim_rest(self.old_object()?), claim_rest(self.new_object()?));
        if equal(Some(&old), Some(&new)) {
            return Ok(());
        }
        let changed = changed_fields(&old, &new).join(", ");
        let node = quoted(self.node);
        let why = format!(
            "node {node} is not allowed to update fields other than status.quantity and status.conditions: {changed}"
        );
        Err(self.refused(&why))
    }

    fn signing_request(&self) -> Result<(), Status> {
        if self.attributes.operation != Operation::Create {
            return Ok(());
        }
        let request = self.new_object()?;
        let signer = text(request, "spec.signerName");
        let of_kubelets = ["kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet"];
        if !of_kubelets.contains(&signer) {
            return Ok(());
        }
        let subject = subject(request).map_err(|why| self.refused(&format!("unable to parse csr: {why}")))?;
        let own = format!("system:node:{}", self.node);
        if subject.common_name == own {
            return Ok(());
        }
        Err(self.refused(&format!("can only create a node CSR with CN={own}")))
    }

    fn lease(&self) -> Result<(), Status> {
        if self.attributes.namespace != "kube-node-lease" {
            let why = "can only access leases in the \"kube-node-lease\" system namespace";
            return Err(self.refused(why));
        }
        self.own_name("can only access node lease with the same name as the requesting node")
    }

    /// Refuses an object that is not named after the node. The name of a new one is its own.
    fn own_name(&self, why: &str) -> Result<(), Status> {
        let name = match self.attributes.operation {
            Operation::Create => text(self.new_object()?, "metadata.name"),
            _ => self.attributes.name,
        };
        if name == self.node { Ok(()) } else { Err(self.refused(why)) }
    }

    fn slice(&self) -> Result<(), Status> {
        let (slice, verb) = match self.attributes.operation {
            Operation::Create => (self.new_object()?, "create"),
            Operation::Delete => (self.old_object()?, "delete"),
            _ => return Ok(()),
        };
        let node = slice.dotted("spec.nodeName").and_then(Value::as_str);
        if node == Some(self.node) {
            return Ok(());
        }
        Err(self
            .refused(&format!("can only {verb} ResourceSlice with the same NodeName as the requesting node")))
    }
}

/// A claim without what a kubelet may change, and what says nothing.
fn claim_rest(claim: &Value) -> Value {
    let mut claim = claim.clone();
    if let Some(metadata) = claim.field_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !matches!(key, "resourceVersion" | "managedFields"));
    }
    if let Some(status) = claim.field_mut("status").and_then(Value::as_object_mut) {
        let free = ["capacity", "conditions", "allocatedResourceStatuses", "allocatedResources"];
        status.retain(|key, _| !free.contains(&key));
    }
    claim
}

/// The fields in which two objects differ, two levels deep.
fn changed_fields(old: &Value, new: &Value) -> Vec<String> {
    let keys = |left: Option<&Value>, right: Option<&Value>| {
        let maps = [left, right].into_iter().flatten().filter_map(Value::as_object);
        let keys: std::collections::BTreeSet<String> =
            maps.flat_map(|map| map.iter().map(|(key, _)| key.to_owned())).collect();
        keys
    };
    let mut changed = Vec::new();
    for outer in keys(Some(old), Some(new)) {
        let (left, right) = (old.field(&outer), new.field(&outer));
        for inner in keys(left, right) {
            let at = |value: Option<&Value>| value.and_then(|value| value.field(&inner)).cloned();
            if !equal(at(left).as_ref(), at(right).as_ref()) {
                changed.push(format!("{outer}.{inner}"));
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests;
