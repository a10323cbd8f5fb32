//! Requests of kubelets, and what is said of them.

use super::*;
use crate::plugins::testing::{Records, attributes, object, plugin, with_context};
use crate::signers::tests::request as signing_request;
use ravelin_object::user::UserInfo;

/// What is said of a request of the node `n1`.
fn said(records: &Records, operation: Operation, resource: &'static str, new: &str, old: &str) -> String {
    said_in(records, "ns", operation, resource, new, old)
}

fn said_in(
    records: &Records,
    namespace: &str,
    operation: Operation,
    resource: &'static str,
    new: &str,
    old: &str,
) -> String {
    let user = UserInfo {
        name: "system:node:n1".to_owned(),
        groups: vec!["system:nodes".to_owned()],
        ..UserInfo::default()
    };
    let attributes = Attributes { user: &user, namespace, ..attributes(operation, resource) };
    let (mut new, old) = (object(new), object(old));
    with_context(records, |context| {
        let new = (new != Value::Null).then_some(&mut new);
        let old = (old != Value::Null).then_some(&old);
        let said = plugin(ENTRY.name).admit(&attributes, new, old, context);
        said.map_or_else(|status| format!("{} {}", status.code, status.message), |()| String::new())
    })
}

fn records() -> Records {
    let mut records = Records::of(&[
        ("/nodes", "{metadata: {name: n1, uid: u1}}"),
        (
            "/pods",
            "{metadata: {name: x, namespace: ns, uid: up}, spec: {nodeName: n1, volumes: [{projected: {sources: \
             [{serviceAccountToken: {audience: in-pod}}]}}, {name: v, ephemeral: {volumeClaimTemplate: {}}}, {csi: \
             {driver: d}}]}}",
        ),
        ("/pods", "{metadata: {name: other, namespace: ns, uid: uo}, spec: {nodeName: n2}}"),
        ("/persistentvolumeclaims", "{metadata: {name: x-v, namespace: ns}, spec: {volumeName: pv}}"),
        ("/persistentvolumes", "{metadata: {name: pv}, spec: {awsElasticBlockStore: {}}}"),
        ("storage.k8s.io/csidrivers", "{metadata: {name: d}, spec: {tokenRequests: [{audience: driver}]}}"),
        (
            "storage.k8s.io/csidrivers",
            "{metadata: {name: ebs.csi.aws.com}, spec: {tokenRequests: [{audience: aws}]}}",
        ),
    ]);
    records.allowed = vec!["request-serviceaccounts-token-audience  vault/ ns x".to_owned()];
    records
}

#[test]
fn static_pods_are_created_for_the_own_node_only() {
    let create = |metadata: &str, spec: &str| {
        let pod = format!("{{metadata: {{{metadata}}}, spec: {spec}}}");
        said(&records(), Operation::Create, "pods", &pod, "null")
    };
    let start = "403 pods \"x\" is forbidden: ";
    let mirror = "annotations: {kubernetes.io/config.mirror: h}";
    let owner = "apiVersion: v1, kind: Node, name: n1";
    let full = format!("{mirror}, ownerReferences: [{{{owner}, uid: u1, controller: true}}]");
    assert_eq!(create(&full, "{nodeName: n1}"), "");
    let cases = [
        (
            String::new(),
            "{}",
            "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"n1\" can only create mirror pods",
        ),
        (
            mirror.to_owned(),
            "{nodeName: n2}",
            "node \"n1\" can only create pods with spec.nodeName set to itself",
        ),
        (
            mirror.to_owned(),
            "{nodeName: n1}",
            "node \"n1\" can only create pods with an owner reference set to itself",
        ),
        (
            format!("{mirror}, ownerReferences: [{{}}, {{}}]"),
            "{nodeName: n1}",
            "node \"n1\" can only create pods with a single owner reference set to itself",
        ),
        (
            format!("{mirror}, ownerReferences: [{{apiVersion: v1, kind: Node, name: n2}}]"),
            "{nodeName: n1}",
            "node \"n1\" can only create pods with an owner reference set to itself",
        ),
        (
            format!("{mirror}, ownerReferences: [{{{owner}}}]"),
            "{nodeName: n1}",
            "node \"n1\" can only create pods with a controller owner reference set to itself",
        ),
        (
            format!("{mirror}, ownerReferences: [{{{owner}, controller: true, blockOwnerDeletion: true}}]"),
            "{nodeName: n1}",
            "node \"n1\" must not set blockOwnerDeletion on an owner reference",
        ),
        (
            format!("{mirror}, ownerReferences: [{{{owner}, controller: true, uid: u2}}]"),
            "{nodeName: n1}",
            "node n1 UID mismatch: expected u2 got u1",
        ),
        (
            full,
            "{nodeName: n1, volumes: [{persistentVolumeClaim: {}}]}",
            "node \"n1\" can not create pods that reference persistentvolumeclaims",
        ),
    ];
    for (metadata, spec, why) in cases {
        assert_eq!(create(&metadata, spec), format!("{start}{why}"));
    }
}

#[test]
fn pods_of_other_nodes_are_left_alone() {
    let start = "403 pods \"x\" is forbidden: ";
    let own = "{spec: {nodeName: n1}}";
    let say = |operation, resource, new: &str, old: &str| said(&records(), operation, resource, new, old);
    assert_eq!(say(Operation::Delete, "pods", "null", own), "");
    assert_eq!(said(&Records::default(), Operation::Delete, "pods", "null", own), "404 pod \"x\" not found");
    assert_eq!(
        say(Operation::Update, "pods", own, own),
        format!("{start}unexpected operation \"UPDATE\", node \"n1\" can only create and delete mirror pods")
    );
    assert_eq!(
        say(Operation::Create, "pods/exec", own, "null"),
        format!("{start}unexpected pod subresource \"exec\", only 'status' and 'eviction' are allowed")
    );
    assert_eq!(say(Operation::Create, "pods/eviction", "{}", "null"), "");
    assert_eq!(say(Operation::Update, "pods/status", own, own), "");
    let labelled = "{metadata: {labels: {a: b}}, spec: {nodeName: n1}}";
    assert_eq!(
        say(Operation::Update, "pods/status", labelled, own),
        format!("{start}node \"n1\" cannot update labels through pod status")
    );
    let claims = "{spec: {nodeName: n1}, status: {resourceClaimStatuses: [{name: a}]}}";
    assert_eq!(
        say(Operation::Update, "pods/status", claims, own),
        format!("{start}node \"n1\" cannot update resource claim statues")
    );
    let extended = "{spec: {nodeName: n1}, status: {extendedResourceClaimStatus: {}}}";
    assert_eq!(
        say(Operation::Update, "pods/status", extended, own),
        format!("{start}node \"n1\" cannot update extended resource claim status")
    );
    assert_eq!(
        say(Operation::Update, "pods/status", own, "{spec: {nodeName: n2}}"),
        format!("{start}node \"n1\" can only update pod status for pods with spec.nodeName set to itself")
    );
}

#[test]
fn a_node_changes_itself_only_and_not_where_it_counts() {
    let other = said(&records(), Operation::Update, "nodes", "{}", "{}");
    assert_eq!(other, "403 nodes \"x\" is forbidden: node \"n1\" is not allowed to modify node \"x\"");
    let own = |operation, new: &str, old: &str| {
        let mut about = attributes(operation, "nodes");
        about.name = "n1";
        let (new, old) = (object(new), object(old));
        let records = records();
        with_context(&records, |context| {
            let request = Request {
                attributes: &about,
                node: "n1",
                object: Some(&new),
                old: Some(&old),
                cluster: context.cluster,
            };
            node::judge(&request).map_or_else(|status| status.message, |()| String::new())
        })
    };
    let start = "nodes \"n1\" is forbidden: ";
    let labels = "{metadata: {labels: {z.k8s.io/b: '1', k8s.io/a: '1', mine: x}}}";
    let cases = [
        (Operation::Create, "{metadata: {labels: {mine: x}}}", "{}", ""),
        (
            Operation::Create,
            labels,
            "{}",
            "node \"n1\" is not allowed to set the following labels: k8s.io/a, z.k8s.io/b",
        ),
        (
            Operation::Create,
            "{spec: {configSource: {}}}",
            "{}",
            "node \"n1\" is not allowed to create pods with a non-nil configSource",
        ),
        (Operation::Update, labels, labels, ""),
        (Operation::Update, "{}", labels, "is not allowed to modify labels: k8s.io/a, z.k8s.io/b"),
        (
            Operation::Update,
            "{spec: {taints: [{key: a}]}}",
            "{}",
            "node \"n1\" is not allowed to modify taints",
        ),
        (
            Operation::Update,
            "{metadata: {ownerReferences: [{uid: a}]}}",
            "{}",
            "node \"n1\" is not allowed to modify ownerReferences",
        ),
        (
            Operation::Update,
            "{spec: {configSource: {configMap: {name: a}}}}",
            "{}",
            "node \"n1\" is not allowed to update configSource to a new non-nil configSource",
        ),
    ];
    for (operation, new, old, why) in cases {
        let expected = if why.is_empty() { String::new() } else { format!("{start}{why}") };
        assert_eq!(own(operation, new, old), expected);
    }
}

#[test]
fn tokens_are_for_pods_of_the_node_and_audiences_they_ask_for() {
    let token = |reference: &str, audiences: &str| {
        let request = format!("{{spec: {{boundObjectRef: {reference}, audiences: {audiences}}}}}");
        said(&records(), Operation::Create, "serviceaccounts/token", &request, "null")
    };
    let own = "{apiVersion: v1, kind: Pod, name: x, uid: up}";
    for audience in ["in-pod", "driver", "aws", "vault"] {
        assert_eq!(token(own, &format!("[{audience}]")), "", "{audience}");
    }
    let start = "403 serviceaccounts \"x\" is forbidden: ";
    let cases = [
        ("null", "[]", "node requested token not bound to a pod"),
        (
            "{apiVersion: v1, kind: Pod, name: x}",
            "[]",
            "node requested token with a pod binding without a uid",
        ),
        (
            "{apiVersion: v1, kind: Pod, name: x, uid: z}",
            "[]",
            "the UID in the bound object reference (z) does not match the UID in record. The object might have been \
             deleted and then recreated",
        ),
        (
            "{apiVersion: v1, kind: Pod, name: other, uid: uo}",
            "[]",
            "node requested token bound to a pod scheduled on a different node",
        ),
        (own, "[a, b]", "node may only request 0 or 1 audiences"),
        (
            own,
            "[else]",
            "audience \"else\" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this \
             audience",
        ),
    ];
    for (reference, audiences, why) in cases {
        assert_eq!(token(reference, audiences), format!("{start}{why}"));
    }
    let mut broken = records();
    broken.objects.remove("storage.k8s.io/csidrivers//d");
    let request = format!("{{spec: {{boundObjectRef: {own}, audiences: [else]}}}}");
    let why = "error validating audience \"else\": csidriver.storage.k8s.io \"d\" not found";
    assert_eq!(
        said(&broken, Operation::Create, "serviceaccounts/token", &request, "null"),
        format!("{start}{why}")
    );
}

#[test]
fn other_objects_are_those_of_the_node() {
    let say = |namespace, operation, resource, new: &str, old: &str| {
        said_in(&records(), namespace, operation, resource, new, old)
    };
    let named = "{metadata: {name: n1}}";
    let leases = "leases.coordination.k8s.io";
    assert_eq!(say("kube-node-lease", Operation::Create, leases, named, "null"), "");
    assert!(
        say("ns", Operation::Create, leases, named, "null").ends_with("\"kube-node-lease\" system namespace")
    );
    let why = "can only access node lease with the same name as the requesting node";
    assert!(say("kube-node-lease", Operation::Update, leases, named, named).ends_with(why));
    assert_eq!(say("", Operation::Create, "csinodes.storage.k8s.io", named, "null"), "");
    assert!(
        say("", Operation::Delete, "csinodes.storage.k8s.io", "null", named).contains("only access CSINode")
    );
    let (slices, slice) = ("resourceslices.resource.k8s.io", "{spec: {nodeName: n1}}");
    assert_eq!(say("", Operation::Create, slices, slice, "null"), "");
    assert!(say("", Operation::Delete, slices, "null", "{}").contains("can only delete ResourceSlice"));
    let requests = "certificatesigningrequests.certificates.k8s.io";
    let signing = |signer: &str, name: &str| {
        let request = signing_request(&[(3, name)]);
        let object = format!("{{spec: {{signerName: {signer}, request: '{request}'}}}}");
        say("", Operation::Create, requests, &object, "null")
    };
    assert_eq!(signing("kubernetes.io/kubelet-serving", "system:node:n1"), "");
    assert_eq!(signing("example.com/x", "system:node:n2"), "");
    let why = "can only create a node CSR with CN=system:node:n1";
    assert!(signing("kubernetes.io/kubelet-serving", "system:node:n2").ends_with(why));
    let gate = say("ns", Operation::Create, "podcertificaterequests.certificates.k8s.io", "{}", "null");
    assert!(gate.ends_with("PodCertificateRequest feature gate is disabled"));
}

#[test]
fn of_claims_only_the_status_of_a_resize_changes() {
    let claims = "persistentvolumeclaims/status";
    let old = "{metadata: {resourceVersion: '1'}, status: {capacity: {storage: 1Gi}}}";
    let say = |new: &str| said(&records(), Operation::Update, claims, new, old);
    assert_eq!(say("{status: {capacity: {storage: 2Gi}, conditions: [{type: Resizing}]}}"), "");
    let why = "403 persistentvolumeclaims \"x\" is forbidden: node \"n1\" is not allowed to update fields other than \
               status.quantity and status.conditions: metadata.labels, status.phase";
    assert_eq!(say("{metadata: {labels: {a: b}}, status: {phase: Bound}}"), why);
    let whole = said(&records(), Operation::Update, "persistentvolumeclaims", "{}", "{}");
    assert!(whole.ends_with("may only update PVC status"));
}

#[test]
fn who_is_no_node_is_not_restricted() {
    let judge = |name: &str, groups: &[&str]| {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let user = UserInfo { name: name.to_owned(), groups, ..UserInfo::default() };
        let about = Attributes { user: &user, ..attributes(Operation::Create, "pods") };
        let records = Records::default();
        with_context(&records, |context| {
            let mut pod = object("{}");
            let said = plugin(ENTRY.name).admit(&about, Some(&mut pod), None, context);
            said.map_or_else(|status| status.message, |()| String::new())
        })
    };
    assert_eq!(judge("system:node:n1", &["devs"]), "");
    assert_eq!(judge("alice", &["system:nodes"]), "");
    assert!(judge("system:node:n1", &["system:nodes"]).contains("can only create mirror pods"));
    assert!(
        judge("system:node:", &["system:nodes"])
            .contains("could not determine node from user \"system:node:\"")
    );
}
