//! Random roles, bindings, subjects and questions, of every form that RBAC knows.

use super::random::Random;
use serde_json::{Value, json};

/// The namespaces of the roles.
pub(crate) const NAMESPACES: [&str; 4] = ["team-a", "team-b", "team-c", "shared"];

const USERS: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "system:odd:name"];
const GROUPS: [&str; 5] = ["devs", "ops", "qa", "writers", "auditors"];
const ACCOUNTS: [&str; 3] = ["default", "builder", "operator"];
const VERBS: [&str; 10] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "approve", "use"];
const API_GROUPS: [&str; 5] = ["", "apps", "batch", "example.com", "rbac.authorization.k8s.io"];
const RESOURCES: [&str; 14] = [
    "pods",
    "pods/log",
    "pods/exec",
    "pods/*",
    "*/status",
    "*/scale",
    "secrets",
    "configmaps",
    "deployments",
    "deployments/scale",
    "jobs",
    "widgets",
    "widgets/status",
    "nodes",
];
const NAMES: [&str; 4] = ["a", "b", "c", "web-1"];
const PATHS: [&str; 8] =
    ["/healthz", "/healthz/*", "/metrics", "/logs/*", "/api*", "*", "/apis/example.com", "/debug/pprof/*"];
const API: &str = "rbac.authorization.k8s.io";

/// Somebody: a user name, and groups without `system:authenticated`.
#[derive(Clone)]
pub(crate) struct Somebody {
    pub name: String,
    pub groups: Vec<String>,
}

/// An object with the collection to which it is posted.
pub(crate) struct Made {
    pub collection: String,
    pub object: Value,
}

/// The collection of a resource, in a namespace if it has one.
pub(crate) fn collection(resource: &str, namespace: &str) -> String {
    match namespace {
        "" => format!("/apis/{API}/v1/{resource}"),
        namespace => format!("/apis/{API}/v1/namespaces/{namespace}/{resource}"),
    }
}

fn object(kind: &str, namespace: &str, name: &str) -> Value {
    let mut object = json!({"apiVersion": format!("{API}/v1"), "kind": kind, "metadata": {"name": name}});
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = namespace.into();
    }
    object
}

/// Two hundred of them, and those that let the group `writers` write.
pub(crate) fn policy(random: &mut Random) -> Vec<Made> {
    let mut made = writers();
    for number in 0..40 {
        let mut role = cluster_role(random, &format!("role-{number}"));
        if number % 8 == 7 {
            role["rules"] = json!([]);
            role["aggregationRule"] = json!({"clusterRoleSelectors": [
                {"matchLabels": {"example.com/part": random.of(&["x", "y", "z"])}},
                {"matchExpressions": [{"key": "example.com/more", "operator": "In", "values": ["1", "2"]}]},
            ]});
        } else if random.once_in(3) {
            role["metadata"]["labels"] = json!({
                "example.com/part": random.of(&["x", "y", "z"]), "example.com/more": random.of(&["1", "2", "3"]),
            });
        }
        made.push(Made { collection: collection("clusterroles", ""), object: role });
    }
    for number in 0..50 {
        let namespace = random.of(&NAMESPACES);
        let object = role(random, namespace, &format!("role-{number}"));
        made.push(Made { collection: collection("roles", namespace), object });
    }
    for number in 0..45 {
        let object = cluster_role_binding(random, &format!("binding-{number}"));
        made.push(Made { collection: collection("clusterrolebindings", ""), object });
    }
    for number in 0..65 {
        let namespace = random.of(&NAMESPACES);
        let object = role_binding(random, namespace, &format!("binding-{number}"));
        made.push(Made { collection: collection("rolebindings", namespace), object });
    }
    made
}

/// The group `writers` may write everything of RBAC as far as it holds it, `ops` may escalate, `qa` may bind.
fn writers() -> Vec<Made> {
    let grants = [
        ("writers", json!(["create", "update", "get"]), json!([])),
        ("ops", json!(["escalate"]), json!([])),
        ("qa", json!(["bind"]), json!(["role-1", "role-2", "role-3", "view"])),
    ];
    let mut made = Vec::new();
    for (group, verbs, names) in grants {
        let name = format!("of-{group}");
        let mut role = object("ClusterRole", "", &name);
        let resources = match group {
            "writers" => json!(["roles", "clusterroles", "rolebindings", "clusterrolebindings"]),
            _ => json!(["roles", "clusterroles"]),
        };
        role["rules"] =
            json!([{"verbs": verbs, "apiGroups": [API], "resources": resources, "resourceNames": names}]);
        let mut binding = object("ClusterRoleBinding", "", &name);
        binding["roleRef"] = json!({"apiGroup": API, "kind": "ClusterRole", "name": name});
        binding["subjects"] = json!([{"apiGroup": API, "kind": "Group", "name": group}]);
        made.push(Made { collection: collection("clusterroles", ""), object: role });
        made.push(Made { collection: collection("clusterrolebindings", ""), object: binding });
    }
    made
}

/// A role with one to three rules.
pub(crate) fn role(random: &mut Random, namespace: &str, name: &str) -> Value {
    let mut role = object("Role", namespace, name);
    role["rules"] = (0..=random.below(3)).map(|_| resource_rule(random)).collect();
    role
}

/// A cluster role with one to three rules.
pub(crate) fn cluster_role(random: &mut Random, name: &str) -> Value {
    let mut role = object("ClusterRole", "", name);
    let rule = |random: &mut Random| match random.below(4) {
        0 => json!({"verbs": verbs(random), "nonResourceURLs": random.some(&PATHS, 2)}),
        _ => resource_rule(random),
    };
    role["rules"] = (0..=random.below(3)).map(|_| rule(random)).collect();
    role
}

fn resource_rule(random: &mut Random) -> Value {
    let all = |random: &mut Random, times, some: Vec<String>| {
        if random.once_in(times) { vec!["*".to_owned()] } else { some }
    };
    let (groups, resources) = (random.some(&API_GROUPS, 3), random.some(&RESOURCES, 4));
    let mut rule = json!({
        "verbs": verbs(random), "apiGroups": all(random, 6, groups), "resources": all(random, 10, resources),
    });
    if random.once_in(4) {
        rule["resourceNames"] = json!(random.some(&NAMES, 2));
    }
    rule
}

fn verbs(random: &mut Random) -> Vec<String> {
    if random.once_in(8) { vec!["*".to_owned()] } else { random.some(&VERBS, 4) }
}

/// A binding of the cluster, its role not always there.
pub(crate) fn cluster_role_binding(random: &mut Random, name: &str) -> Value {
    let mut binding = object("ClusterRoleBinding", "", name);
    binding["roleRef"] = json!({"apiGroup": API, "kind": "ClusterRole", "name": any_role(random)});
    binding["subjects"] = subjects(random, false);
    binding
}

/// A binding of a namespace, its role not always there.
pub(crate) fn role_binding(random: &mut Random, namespace: &str, name: &str) -> Value {
    let mut binding = object("RoleBinding", namespace, name);
    let kind = random.of(&["Role", "ClusterRole"]);
    let role = if kind == "Role" { format!("role-{}", random.below(55)) } else { any_role(random) };
    binding["roleRef"] = json!({"apiGroup": API, "kind": kind, "name": role});
    binding["subjects"] = subjects(random, true);
    binding
}

fn any_role(random: &mut Random) -> String {
    match random.below(12) {
        0 => random.of(&["view", "edit", "admin", "system:basic-user", "system:discovery"]).to_owned(),
        // Some of them there are not.
        _ => format!("role-{}", random.below(44)),
    }
}

fn subjects(random: &mut Random, namespaced: bool) -> Value {
    let subject = |random: &mut Random| match random.below(3) {
        0 => json!({"apiGroup": API, "kind": "User", "name": random.of(&USERS)}),
        1 => json!({"apiGroup": API, "kind": "Group", "name": group(random)}),
        _ => {
            let mut subject = json!({"kind": "ServiceAccount", "name": random.of(&ACCOUNTS)});
            if !namespaced || random.once_in(2) {
                subject["namespace"] = random.of(&NAMESPACES).into();
            }
            subject
        }
    };
    (0..random.below(4)).map(|_| subject(random)).collect()
}

fn group(random: &mut Random) -> String {
    match random.below(12) {
        0 => "system:authenticated".to_owned(),
        1 => "system:serviceaccounts".to_owned(),
        2 => format!("system:serviceaccounts:{}", random.of(&NAMESPACES)),
        _ => random.of(&GROUPS).to_owned(),
    }
}

/// A user with up to two groups, or a service account.
pub(crate) fn somebody(random: &mut Random) -> Somebody {
    if random.once_in(3) {
        let namespace = random.of(&NAMESPACES);
        let name = format!("system:serviceaccount:{namespace}:{}", random.of(&ACCOUNTS));
        let groups = vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
        return Somebody { name, groups };
    }
    let groups = if random.once_in(3) { Vec::new() } else { random.some(&GROUPS, 2) };
    Somebody { name: random.of(&USERS).to_owned(), groups }
}

/// A question, sometimes an odd one.
pub(crate) fn review(random: &mut Random) -> Value {
    let mut asker = somebody(random);
    asker.groups.push("system:authenticated".to_owned());
    if random.once_in(40) {
        asker.groups.push("system:masters".to_owned());
    }
    let mut spec = json!({"user": asker.name, "groups": asker.groups});
    if random.once_in(6) {
        spec["nonResourceAttributes"] = json!({
            "path": random.of(&["/healthz", "/healthz/etcd", "/metrics", "/logs/x", "/api", "/apis/example.com", "/", ""]),
            "verb": random.of(&["get", "post", "list"]),
        });
    } else {
        spec["resourceAttributes"] = resource_attributes(random);
    }
    match random.below(100) {
        0 => spec["user"] = "".into(),
        1 => spec["nonResourceAttributes"] = json!({"path": "/x", "verb": "get"}),
        2 => spec["resourceAttributes"] = Value::Null,
        3 => spec["extra"] = json!({"example.com/a": ["1", "2"]}),
        _ => {}
    }
    json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec})
}

fn resource_attributes(random: &mut Random) -> Value {
    let whole = random.of(&RESOURCES).replace('*', "x");
    let (resource, subresource) = whole.split_once('/').unwrap_or((&whole, ""));
    let mut attributes = json!({
        "verb": random.of(&VERBS), "group": random.of(&API_GROUPS), "resource": resource,
        "subresource": subresource,
    });
    if !random.once_in(3) {
        attributes["namespace"] = random.of(&NAMESPACES).into();
    }
    if random.once_in(2) {
        attributes["name"] = random.of(&NAMES).into();
    }
    if random.once_in(20) {
        attributes[random.of(&["verb", "group", "resource"])] = "*".into();
    }
    if random.once_in(20) {
        let selector =
            random.of(&["metadata.name=a", "spec.nodeName=n,metadata.name!=b", "a in (b)", "=", ""]);
        attributes["fieldSelector"] = json!({"rawSelector": selector});
    }
    if random.once_in(20) {
        let operator = random.of(&["In", "NotIn", "Exists", "DoesNotExist", "Gt"]);
        let requirement = json!({"key": random.of(&["app", "a b"]), "operator": operator, "values": ["x"]});
        attributes["labelSelector"] = json!({"requirements": [requirement]});
    }
    attributes
}
