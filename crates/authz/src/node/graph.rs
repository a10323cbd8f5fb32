//! What refers to what, up to the nodes.

use super::references::{pod_references, pod_resource_claims, volume_secrets};
use compact_str::CompactString;
use ravelin_object::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a vertex stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// `configmaps`.
    ConfigMap,
    /// `resourceslices`.
    Slice,
    /// `nodes`.
    Node,
    /// `pods`.
    Pod,
    /// `persistentvolumeclaims`.
    Claim,
    /// `persistentvolumes`.
    Volume,
    /// `resourceclaims`.
    ResourceClaim,
    /// `secrets`.
    Secret,
    /// `volumeattachments`.
    Attachment,
    /// `serviceaccounts`.
    ServiceAccount,
    /// `podcertificaterequests`.
    PodCertificate,
}

/// An object, known or only referred to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Vertex {
    pub(super) kind: Kind,
    pub(super) namespace: CompactString,
    pub(super) name: CompactString,
}

impl Vertex {
    pub(super) fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }
}

/// Which objects the pods of a node refer to, directly or through claims and volumes.
///
/// Every edge points towards the nodes: from a secret to the pod that mounts it, from the pod to its node. An
/// object that is added again replaces what it was.
///
/// Source: `k8s.io/kubernetes/plugin/pkg/auth/authorizer/node` `Graph`, `graphPopulator`.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    edges: BTreeMap<Vertex, BTreeSet<Vertex>>,
    /// The edges that stand and fall with an object.
    owned: BTreeMap<Vertex, Vec<(Vertex, Vertex)>>,
}

impl Graph {
    /// A graph without edges.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an object up by its `kind`; says whether it is of a kind the graph is made of.
    pub fn add(&mut self, object: &Value) -> bool {
        match object.field("kind").and_then(Value::as_str) {
            Some("Pod") => self.add_pod(object),
            Some("PersistentVolume") => self.add_persistent_volume(object),
            Some("VolumeAttachment") => self.add_volume_attachment(object),
            Some("ResourceSlice") => self.add_resource_slice(object),
            Some("PodCertificateRequest") => self.add_pod_certificate_request(object),
            _ => return false,
        }
        true
    }

    /// Takes a pod up. One that is on no node refers to nothing, and leaves what was known of its name.
    pub fn add_pod(&mut self, pod: &Value) {
        let node = text(pod, "spec.nodeName");
        if node.is_empty() {
            return;
        }
        let (namespace, name) = (text(pod, "metadata.namespace"), text(pod, "metadata.name"));
        let vertex = Vertex::new(Kind::Pod, namespace, name);
        let mut edges = vec![(vertex.clone(), Vertex::new(Kind::Node, "", node))];
        // A node makes mirror pods itself: they must not open anything to it.
        if !is_mirror(pod) {
            let mut refer = |kind, name: &str| {
                edges.push((Vertex::new(kind, namespace, name), vertex.clone()));
            };
            pod_references(pod, &mut refer);
            pod_resource_claims(pod, &mut |name| refer(Kind::ResourceClaim, name));
        }
        self.replace(vertex, edges);
    }

    /// Takes a pod up that replaces another state of it, if what upstream watches for has changed: node, uid, the
    /// number of ephemeral containers, and the statuses of resource claims.
    pub fn update_pod(&mut self, old: &Value, new: &Value) {
        let same = |key: &str| text(old, key) == text(new, key);
        let ephemeral = |pod: &Value| list(pod, "spec.ephemeralContainers").len();
        let claims = |pod: &Value| -> Vec<(String, Option<String>)> {
            let statuses = list(pod, "status.resourceClaimStatuses").iter();
            statuses
                .map(|status| {
                    let claim = status.field("resourceClaimName").and_then(Value::as_str);
                    (text(status, "name").to_owned(), claim.map(str::to_owned))
                })
                .collect()
        };
        let unchanged = same("spec.nodeName")
            && same("metadata.uid")
            && ephemeral(new) <= ephemeral(old)
            && claims(old) == claims(new);
        if !unchanged {
            self.add_pod(new);
        }
    }

    /// Takes a volume up, with its claim and the secrets that kubelets need for it.
    pub fn add_persistent_volume(&mut self, volume: &Value) {
        let vertex = Vertex::new(Kind::Volume, "", text(volume, "metadata.name"));
        let mut edges = Vec::new();
        if let Some(claim) = volume.dotted("spec.claimRef") {
            let namespace = text(claim, "namespace");
            edges.push((vertex.clone(), Vertex::new(Kind::Claim, namespace, text(claim, "name"))));
            volume_secrets(volume, namespace, &mut |namespace, name| {
                edges.push((Vertex::new(Kind::Secret, namespace, name), vertex.clone()));
            });
        }
        self.replace(vertex, edges);
    }

    /// Takes the attachment of a volume to a node up.
    pub fn add_volume_attachment(&mut self, attachment: &Value) {
        self.add_of_node(Vertex::new(Kind::Attachment, "", text(attachment, "metadata.name")), attachment);
    }

    /// Takes a resource slice up.
    pub fn add_resource_slice(&mut self, slice: &Value) {
        self.add_of_node(Vertex::new(Kind::Slice, "", text(slice, "metadata.name")), slice);
    }

    /// Takes the request for a pod's certificate up.
    pub fn add_pod_certificate_request(&mut self, request: &Value) {
        let namespace = text(request, "metadata.namespace");
        self.add_of_node(
            Vertex::new(Kind::PodCertificate, namespace, text(request, "metadata.name")),
            request,
        );
    }

    /// Forgets an object by its `kind`; says whether it is of a kind the graph is made of.
    pub fn remove(&mut self, object: &Value) -> bool {
        let (namespace, name) = (text(object, "metadata.namespace"), text(object, "metadata.name"));
        let vertex = match object.field("kind").and_then(Value::as_str) {
            Some("Pod") => Vertex::new(Kind::Pod, namespace, name),
            Some("PersistentVolume") => Vertex::new(Kind::Volume, "", name),
            Some("VolumeAttachment") => Vertex::new(Kind::Attachment, "", name),
            Some("ResourceSlice") => Vertex::new(Kind::Slice, "", name),
            Some("PodCertificateRequest") => Vertex::new(Kind::PodCertificate, namespace, name),
            _ => return false,
        };
        self.replace(vertex, Vec::new());
        true
    }

    /// Whether a path leads from an object to a node.
    pub(super) fn reaches(&self, kind: Kind, namespace: &str, name: &str, node: &str) -> bool {
        let mut seen = BTreeSet::new();
        let start = Vertex::new(kind, namespace, name);
        let mut open = vec![&start];
        while let Some(vertex) = open.pop() {
            for next in self.edges.get(vertex).into_iter().flatten() {
                if next.kind == Kind::Node {
                    if next.name == node {
                        return true;
                    }
                } else if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }

    fn add_of_node(&mut self, vertex: Vertex, object: &Value) {
        let node = text(object, "spec.nodeName");
        let edges = if node.is_empty() {
            Vec::new()
        } else {
            vec![(vertex.clone(), Vertex::new(Kind::Node, "", node))]
        };
        self.replace(vertex, edges);
    }

    fn replace(&mut self, owner: Vertex, edges: Vec<(Vertex, Vertex)>) {
        for (from, to) in self.owned.remove(&owner).unwrap_or_default() {
            if let Some(targets) = self.edges.get_mut(&from) {
                targets.remove(&to);
                if targets.is_empty() {
                    self.edges.remove(&from);
                }
            }
        }
        for (from, to) in &edges {
            self.edges.entry(from.clone()).or_default().insert(to.clone());
        }
        if !edges.is_empty() {
            self.owned.insert(owner, edges);
        }
    }
}

/// The text behind a dotted list of keys; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, keys: &str) -> &'v str {
    value.dotted(keys).and_then(Value::as_str).unwrap_or_default()
}

/// The items behind a dotted list of keys.
pub(super) fn list<'v>(value: &'v Value, keys: &str) -> &'v [Value] {
    value.dotted(keys).and_then(Value::as_array).unwrap_or_default()
}

fn is_mirror(pod: &Value) -> bool {
    let annotations = pod.dotted("metadata.annotations").and_then(Value::as_object);
    annotations.is_some_and(|annotations| annotations.get("kubernetes.io/config.mirror").is_some())
}
