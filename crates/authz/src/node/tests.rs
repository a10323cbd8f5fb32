use super::*;
use ravelin_object::{Value, read};
use ravelin_yaml::Limits;

fn value(text: &str) -> Value {
    read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap()
}

fn authorizer(objects: &[&str]) -> NodeAuthorizer {
    let mut graph = Graph::new();
    for object in objects {
        assert!(graph.add(&value(object)));
    }
    NodeAuthorizer { graph, rules: Vec::new(), gates: Gates::STANDARD }
}

/// `verb group/resource/subresource namespace/name`, by the node `n`.
fn asks(text: &str) -> Attributes {
    let mut words = text.split(' ');
    let verb = words.next().unwrap().to_owned();
    let mut what = words.next().unwrap().split('/').map(str::to_owned);
    let mut whom = words.next().unwrap().split('/').map(str::to_owned);
    Attributes {
        user: User {
            name: "system:node:n".to_owned(),
            groups: vec!["system:nodes".to_owned()],
            ..User::default()
        },
        verb,
        is_resource: true,
        group: what.next().unwrap(),
        resource: what.next().unwrap(),
        subresource: what.next().unwrap_or_default(),
        namespace: whom.next().unwrap(),
        name: whom.next().unwrap_or_default(),
        ..Attributes::default()
    }
}

/// `allow`, or the reason.
fn answer(authorizer: &NodeAuthorizer, attributes: &Attributes) -> String {
    let answer = authorizer.authorize(attributes);
    if answer.decision == Decision::Allow { "allow".to_owned() } else { answer.reason }
}

const POD: &str = "{kind: Pod, metadata: {name: p, namespace: a}, spec: {nodeName: 'n', serviceAccountName: s, \
    imagePullSecrets: [{name: pull}], containers: [{envFrom: [{configMapRef: {name: env}}]}], \
    volumes: [{name: v, persistentVolumeClaim: {claimName: c}}, {name: w, ephemeral: {}}, \
    {projected: {sources: [{secret: {name: token}}]}, secret: {secretName: hidden}}], \
    resourceClaims: [{name: r, resourceClaimTemplateName: t}]}, \
    status: {resourceClaimStatuses: [{name: r, resourceClaimName: made}]}}";
const VOLUME: &str = "{kind: PersistentVolume, metadata: {name: pv}, spec: {claimRef: {namespace: a, name: c}, \
    csi: {controllerExpandSecretRef: {namespace: a, name: other}, nodeStageSecretRef: {namespace: b, name: stage}}}}";

#[test]
fn nodes_reach_what_their_pods_refer_to() {
    let authorizer = authorizer(&[POD, VOLUME]);
    for allowed in [
        "get /secrets a/pull",
        "list /secrets a/token",
        "get /secrets b/stage",
        "watch /configmaps a/env",
        "get /persistentvolumeclaims a/c",
        "patch /persistentvolumeclaims/status a/p-w",
        "get /persistentvolumes /pv",
        "get resource.k8s.io/resourceclaims a/made",
        "create /serviceaccounts/token a/s",
        "get /serviceaccounts a/s",
        "get /pods a/p",
    ] {
        assert_eq!(answer(&authorizer, &asks(allowed)), "allow", "{allowed}");
    }
    let unrelated = "no relationship found between node 'n' and this object";
    for refused in ["get /secrets a/hidden", "get /secrets a/other", "get /secrets b/pull", "get /pods a/q"] {
        assert_eq!(answer(&authorizer, &asks(refused)), unrelated, "{refused}");
    }
}

#[test]
fn other_nodes_and_users_reach_nothing() {
    let authorizer = authorizer(&[POD, VOLUME]);
    let mut other = asks("get /secrets a/pull");
    other.user.name = "system:node:m".to_owned();
    assert_eq!(answer(&authorizer, &other), "no relationship found between node 'm' and this object");
    other.user.name = "system:node:".to_owned();
    assert_eq!(answer(&authorizer, &other), "unknown node for user \"system:node:\"");
    other.user.groups.clear();
    assert_eq!(answer(&authorizer, &other), "");
    assert!(!authorizer.rules_for(&other.user, "a").incomplete);
}

#[test]
fn mirror_pods_open_nothing() {
    let mirror = POD.replace("namespace: a}", "namespace: a, annotations: {kubernetes.io/config.mirror: x}}");
    let authorizer = authorizer(&[&mirror]);
    assert_eq!(answer(&authorizer, &asks("get /pods a/p")), "allow");
    assert_ne!(answer(&authorizer, &asks("get /secrets a/pull")), "allow");
}

#[test]
fn objects_are_replaced_and_removed() {
    let mut authorizer = authorizer(&[POD]);
    let moved = value(&POD.replace("nodeName: 'n'", "nodeName: m"));
    authorizer.graph.update_pod(&value(POD), &value(&POD.replace("name: pull", "name: new")));
    assert_eq!(answer(&authorizer, &asks("get /secrets a/pull")), "allow");
    authorizer.graph.update_pod(&value(POD), &moved);
    assert_ne!(answer(&authorizer, &asks("get /secrets a/pull")), "allow");
    authorizer.graph.add(&value(POD));
    assert!(authorizer.graph.remove(&value(POD)));
    assert_ne!(answer(&authorizer, &asks("get /pods a/p")), "allow");
}

#[test]
fn nodes_have_a_name_and_a_lease() {
    let authorizer = authorizer(&[]);
    for (request, expected) in [
        ("update coordination.k8s.io/leases kube-node-lease/n", "allow"),
        (
            "update coordination.k8s.io/leases kube-node-lease/m",
            "can only access node lease with the same name as the requesting node",
        ),
        (
            "get coordination.k8s.io/leases a/n",
            "can only access leases in the \"kube-node-lease\" system namespace",
        ),
        ("get /nodes /n", "allow"),
        ("list /nodes /", "node 'n' cannot read all nodes, only its own Node object"),
        ("delete storage.k8s.io/csinodes /n", "allow"),
        ("create /pods/eviction a/p", "allow"),
        ("create certificates.k8s.io/podcertificaterequests a/", ""),
        ("get /secrets /x", "can only read namespaced object of this type"),
    ] {
        assert_eq!(answer(&authorizer, &asks(request)), expected, "{request}");
    }
    let mut own = asks("list /pods /");
    own.field_requirements =
        ravelin_object::selector::FieldSelector::parse("spec.nodeName=n").unwrap().requirements().to_vec();
    assert_eq!(answer(&authorizer, &own), "allow");
}
