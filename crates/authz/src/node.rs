//! The Node authorizer: a kubelet reaches what the pods on its node refer to, and no more.
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/auth/authorizer/node`, its gates at their defaults of 1.36.

mod graph;
mod references;

use crate::rbac::{PolicyRule, rule_allows};
use crate::{Answer, Attributes, Authorizer, Decision, RuleResolver, Rules, User};
use graph::Kind;
use ravelin_object::selector::{FieldOperator, quoted};

pub use graph::Graph;

/// The namespace of the leases by which nodes show that they live.
const LEASES: &str = "kube-node-lease";

/// Which of its gates that are not settled are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gates {
    /// Nodes may ask for certificates of pods.
    pub pod_certificate_request: bool,
}

impl Gates {
    /// What 1.36 has without further configuration.
    pub const STANDARD: Self = Self { pod_certificate_request: false };
}

/// Decides about requests of nodes.
#[derive(Clone, Debug)]
pub struct NodeAuthorizer {
    /// What refers to what.
    pub graph: Graph,
    /// What every node may do: the rules of the cluster role `system:node`.
    pub rules: Vec<PolicyRule>,
    /// The gates.
    pub gates: Gates,
}

/// The node that a user is; nothing where it is none. The name may be empty.
///
/// Source: `k8s.io/kubernetes/pkg/auth/nodeidentifier`.
#[must_use]
pub fn node_of(user: &User) -> Option<&str> {
    user.name.strip_prefix("system:node:").filter(|_| user.is_in("system:nodes"))
}

impl Authorizer for NodeAuthorizer {
    fn authorize(&self, attributes: &Attributes) -> Answer {
        let verdict = match node_of(&attributes.user) {
            None => Err(String::new()),
            Some("") => Err(format!("unknown node for user {}", quoted(&attributes.user.name))),
            Some(node) => self.judge(node, attributes),
        };
        match verdict {
            Ok(()) => Answer { decision: Decision::Allow, reason: String::new(), error: None },
            Err(reason) => Answer { decision: Decision::NoOpinion, reason, error: None },
        }
    }
}

impl RuleResolver for NodeAuthorizer {
    fn rules_for(&self, user: &User, _: &str) -> Rules {
        match node_of(user) {
            None => Rules::default(),
            Some(_) => Rules {
                incomplete: true,
                error: Some("node authorizer does not support user rule resolution".to_owned()),
                ..Rules::default()
            },
        }
    }
}

/// Allowed, or why there is no opinion.
type Verdict = Result<(), String>;

fn because(reason: &str) -> Verdict {
    Err(reason.to_owned())
}

impl NodeAuthorizer {
    fn judge(&self, node: &str, request: &Attributes) -> Verdict {
        if request.is_resource {
            match (request.group.as_str(), request.resource.as_str()) {
                ("", "secrets") => return self.read_namespaced(node, Kind::Secret, request),
                ("", "configmaps") => return self.read_namespaced(node, Kind::ConfigMap, request),
                ("", "persistentvolumeclaims") if request.subresource == "status" => {
                    return self.update_status(node, Kind::Claim, request);
                }
                ("", "persistentvolumeclaims") => return self.get(node, Kind::Claim, request),
                ("", "persistentvolumes") => return self.get(node, Kind::Volume, request),
                ("resource.k8s.io", "resourceclaims") => return self.get(node, Kind::ResourceClaim, request),
                ("storage.k8s.io", "volumeattachments") => return self.get(node, Kind::Attachment, request),
                ("", "serviceaccounts") => return self.service_account(node, request),
                ("coordination.k8s.io", "leases") => return lease(node, request),
                ("storage.k8s.io", "csinodes") => return csi_node(node, request),
                ("resource.k8s.io", "resourceslices") => return self.resource_slice(node, request),
                ("", "nodes") => return own_node(node, request),
                ("", "pods") => return self.pod(node, request),
                ("certificates.k8s.io", "podcertificaterequests") => {
                    return self.pod_certificate(node, request);
                }
                _ => {}
            }
        }
        if self.rules.iter().any(|rule| rule_allows(rule, request)) { Ok(()) } else { Err(String::new()) }
    }

    fn update_status(&self, node: &str, kind: Kind, request: &Attributes) -> Verdict {
        if !matches!(request.verb.as_str(), "update" | "patch") {
            return because("can only get/update/patch this type");
        }
        self.related(node, kind, request)
    }

    fn get(&self, node: &str, kind: Kind, request: &Attributes) -> Verdict {
        if request.verb != "get" {
            return because("can only get individual resources of this type");
        }
        if !request.subresource.is_empty() {
            return because("cannot get subresource");
        }
        self.related(node, kind, request)
    }

    fn read_namespaced(&self, node: &str, kind: Kind, request: &Attributes) -> Verdict {
        if !matches!(request.verb.as_str(), "get" | "list" | "watch") {
            return because("can only read resources of this type");
        }
        if !request.subresource.is_empty() {
            return because("cannot read subresource");
        }
        if request.namespace.is_empty() {
            return because("can only read namespaced object of this type");
        }
        self.related(node, kind, request)
    }

    fn related(&self, node: &str, kind: Kind, request: &Attributes) -> Verdict {
        if request.name.is_empty() {
            return because("No Object name found");
        }
        if self.graph.reaches(kind, &request.namespace, &request.name, node) {
            Ok(())
        } else {
            Err(format!("no relationship found between node '{node}' and this object"))
        }
    }

    fn service_account(&self, node: &str, request: &Attributes) -> Verdict {
        if request.verb == "get" && request.subresource.is_empty() {
            return self.read_namespaced(node, Kind::ServiceAccount, request);
        }
        if request.verb != "create" || request.name.is_empty() {
            return because("can only create tokens for individual service accounts");
        }
        if request.subresource != "token" {
            return because("can only create token subresource of serviceaccount");
        }
        self.related(node, Kind::ServiceAccount, request)
    }

    fn resource_slice(&self, node: &str, request: &Attributes) -> Verdict {
        if !request.subresource.is_empty() {
            return because("cannot authorize ResourceSlice subresources");
        }
        match request.verb.as_str() {
            "create" => Ok(()),
            "get" | "update" | "patch" | "delete" => self.related(node, Kind::Slice, request),
            "watch" | "list" | "deletecollection" if selects_node(node, request) => Ok(()),
            "watch" | "list" | "deletecollection" => {
                because("can only list/watch/deletecollection resourceslices with nodeName field selector")
            }
            _ => because(
                "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection",
            ),
        }
    }

    fn pod(&self, node: &str, request: &Attributes) -> Verdict {
        match (request.subresource.as_str(), request.verb.as_str()) {
            ("", "get") => self.get(node, Kind::Pod, request),
            ("", "list" | "watch") if selects_node(node, request) => Ok(()),
            ("", "list" | "watch") if !request.name.is_empty() => self.related(node, Kind::Pod, request),
            ("", "list" | "watch") => because("can only list/watch pods with spec.nodeName field selector"),
            ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create") => Ok(()),
            _ => because(""),
        }
    }

    fn pod_certificate(&self, node: &str, request: &Attributes) -> Verdict {
        if !self.gates.pod_certificate_request {
            return because("");
        }
        if !request.subresource.is_empty() {
            return because("nodes may not access the status subresource of PodCertificateRequests");
        }
        match request.verb.as_str() {
            "create" => Ok(()),
            "get" => self.related(node, Kind::PodCertificate, request),
            "list" | "watch" if selects_node(node, request) => Ok(()),
            "list" | "watch" => {
                because("can only list/watch podcertificaterequests with nodeName field selector")
            }
            verb => Err(format!("nodes may not {verb} podcertificaterequests")),
        }
    }
}

/// Whether the field selector lets nothing through but what is on the node.
fn selects_node(node: &str, request: &Attributes) -> bool {
    request.field_requirements.iter().any(|requirement| {
        requirement.field == "spec.nodeName"
            && requirement.operator == FieldOperator::Equals
            && requirement.value == node
    })
}

fn lease(node: &str, request: &Attributes) -> Verdict {
    if !writes_or_gets(request) {
        return because("can only get, create, update, patch, or delete a node lease");
    }
    if request.namespace != LEASES {
        return Err(format!("can only access leases in the {} system namespace", quoted(LEASES)));
    }
    // Who creates need not name the object; admission compares the name then.
    if request.verb != "create" && request.name != node {
        return because("can only access node lease with the same name as the requesting node");
    }
    Ok(())
}

fn csi_node(node: &str, request: &Attributes) -> Verdict {
    if !writes_or_gets(request) {
        return because("can only get, create, update, patch, or delete a CSINode");
    }
    if !request.subresource.is_empty() {
        return because("cannot authorize CSINode subresources");
    }
    if request.verb != "create" && request.name != node {
        return because("can only access CSINode with the same name as the requesting node");
    }
    Ok(())
}

fn writes_or_gets(request: &Attributes) -> bool {
    matches!(request.verb.as_str(), "get" | "create" | "update" | "patch" | "delete")
}

fn own_node(node: &str, request: &Attributes) -> Verdict {
    match (request.subresource.as_str(), request.verb.as_str()) {
        ("", "create" | "update" | "patch") | ("status", "update" | "patch") => Ok(()),
        ("", "get" | "list" | "watch") => match request.name.as_str() {
            name if name == node => Ok(()),
            "" => Err(format!("node '{node}' cannot read all nodes, only its own Node object")),
            name => Err(format!("node '{node}' cannot read '{name}', only its own Node object")),
        },
        _ => because(""),
    }
}

#[cfg(test)]
mod tests;
