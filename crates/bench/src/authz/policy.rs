//! The policies that are asked, and the requests: made here, the same ones in every run.

use crate::corpus::Numbers;
use ravelin_authz::rbac::{
    ClusterRole, ClusterRoleBinding, GROUP, Metadata, Objects, PolicyRule, Role, RoleBinding, RoleRef,
    Subject,
};
use ravelin_authz::{Attributes, User, bootstrap};

/// Where the bindings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// Nine of ten in namespaces, nine in each: teams, pipelines, applications; the tenth gives an operator the cluster
    Namespaces,
    /// All of them bind the whole cluster: what the linear visit goes through for every request
    Cluster,
}

/// How many different cluster roles the operators have, at most.
const OPERATOR_ROLES: usize = 200;

/// A policy of so many bindings besides the default ones.
pub(crate) fn objects(shape: Shape, bindings: usize) -> Objects {
    let mut objects = Objects::default();
    for (origin, object) in (0..).zip(bootstrap::objects(bootstrap::Version::LATEST)) {
        // What is built in decodes.
        let _ = objects.add(&object, origin);
    }
    for number in 0..OPERATOR_ROLES {
        objects.cluster_roles.push(operator_role(number));
    }
    let of_cluster = match shape {
        Shape::Namespaces => bindings / 10,
        Shape::Cluster => bindings,
    };
    for number in 0..of_cluster {
        objects.cluster_role_bindings.push(ClusterRoleBinding {
            metadata: metadata("", &format!("operator-{number}")),
            subjects: vec![account(&namespace(number), "operator")],
            role_ref: role_ref("ClusterRole", &format!("operator-{}", number % OPERATOR_ROLES)),
        });
    }
    for number in 0..bindings - of_cluster {
        let (place, which) = (number / PER_NAMESPACE, number % PER_NAMESPACE);
        if which == 0 {
            objects.roles.extend(roles(&namespace(place)));
        }
        objects.role_bindings.push(role_binding(place, which));
    }
    objects
}

/// How many bindings a namespace has.
const PER_NAMESPACE: usize = 9;

/// How many namespaces a team has.
const PER_TEAM: usize = 3;

fn namespace(number: usize) -> String {
    format!("namespace-{number}")
}

fn role_binding(place: usize, which: usize) -> RoleBinding {
    let (here, team) = (namespace(place), place / PER_TEAM);
    let (name, subject, kind, role) = match which {
        0 => ("admins", group(&format!("team-{team}-admins")), "ClusterRole", "admin"),
        1 => ("team", group(&format!("team-{team}")), "ClusterRole", "edit"),
        2 => ("oncall", group("oncall"), "ClusterRole", "view"),
        3 => ("deploy", account("ci", &format!("deployer-{team}")), "ClusterRole", "edit"),
        4 => ("app", account(&here, "app"), "Role", "app"),
        5 => ("election", account(&here, "app"), "Role", "election"),
        6 => ("worker", account(&here, "worker"), "Role", "worker"),
        7 => ("debug", user(&format!("user-{}", place % 997)), "Role", "debug"),
        _ => ("default", account(&here, "default"), "ClusterRole", "view"),
    };
    RoleBinding { metadata: metadata(&here, name), subjects: vec![subject], role_ref: role_ref(kind, role) }
}

/// The roles of a namespace.
fn roles(namespace: &str) -> [Role; 4] {
    let own = |name: &str, rules: Vec<PolicyRule>| Role { metadata: metadata(namespace, name), rules };
    let named = |mut rule: PolicyRule, names: &[&str]| {
        rule.resource_names = names.iter().map(|name| (*name).into()).collect();
        rule
    };
    [
        own(
            "app",
            vec![
                named(rule("", &["secrets"], &["get"]), &["app-tls", "app-database"]),
                named(rule("", &["configmaps"], &["get", "watch"]), &["app-config"]),
                rule("", &["endpoints", "services"], &["get", "list", "watch"]),
            ],
        ),
        own(
            "election",
            vec![
                rule("coordination.k8s.io", &["leases"], &["create"]),
                named(rule("coordination.k8s.io", &["leases"], &["get", "update", "patch"]), &["app-leader"]),
                rule("", &["events"], &["create", "patch"]),
            ],
        ),
        own(
            "worker",
            vec![
                rule("batch", &["jobs", "jobs/status"], &["get", "list", "watch", "create", "delete"]),
                rule("", &["pods", "pods/log"], &["get", "list", "watch"]),
            ],
        ),
        own("debug", vec![rule("", &["pods/exec", "pods/portforward", "pods/ephemeralcontainers"], &["*"])]),
    ]
}

fn operator_role(number: usize) -> ClusterRole {
    let api = format!("operator-{number}.example.com");
    let rules = vec![
        rule(&api, &["clusters", "clusters/status", "backups", "backups/finalizers"], &["*"]),
        rule("apps", &["deployments", "statefulsets"], &["get", "list", "watch", "create", "update"]),
        rule("", &["pods", "services", "configmaps"], &["get", "list", "watch"]),
        rule("", &["events"], &["create", "patch"]),
        rule("apiextensions.k8s.io", &["customresourcedefinitions"], &["get", "list", "watch"]),
    ];
    ClusterRole { metadata: metadata("", &format!("operator-{number}")), rules, aggregation: None }
}

/// So many requests about a policy: most come from those who hold something, about half of them ask for it.
pub(crate) fn requests(shape: Shape, bindings: usize, count: usize) -> Vec<Attributes> {
    let mut numbers = Numbers::new(bindings as u64 + 1);
    let (places, operators) = match shape {
        Shape::Namespaces => ((bindings - bindings / 10) / PER_NAMESPACE, bindings / 10),
        Shape::Cluster => (1, bindings),
    };
    let each = |_| match (shape, numbers.place(10)) {
        (Shape::Namespaces, 0..8) => of_namespace(&mut numbers, places.max(1)),
        (_, 8) => of_path(&mut numbers),
        _ => of_operator(&mut numbers, operators.max(1)),
    };
    (0..count).map(each).collect()
}

fn of_namespace(numbers: &mut Numbers, places: usize) -> Attributes {
    let place = numbers.place(places);
    let (here, team) = (namespace(place), place / PER_TEAM);
    let service_account = |namespace: &str, name: &str| User {
        name: format!("system:serviceaccount:{namespace}:{name}"),
        groups: vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated".to_owned(),
        ],
        ..User::default()
    };
    let person = |groups: &[String]| User {
        name: format!("user-{}", place % 997),
        groups: groups.iter().cloned().chain(["system:authenticated".to_owned()]).collect(),
        ..User::default()
    };
    let (user, (verb, group, resource, subresource, name)) = match numbers.place(9) {
        0 => (service_account(&here, "app"), ("get", "", "secrets", "", "app-database")),
        1 => (service_account(&here, "app"), ("update", "coordination.k8s.io", "leases", "", "app-leader")),
        2 => (service_account(&here, "app"), ("get", "", "secrets", "", "others")),
        3 => (service_account(&here, "worker"), ("list", "batch", "jobs", "", "")),
        4 => (service_account(&here, "worker"), ("delete", "", "pods", "", "worker-1")),
        5 => {
            (service_account("ci", &format!("deployer-{team}")), ("patch", "apps", "deployments", "", "web"))
        }
        6 => {
            (person(&[format!("team-{team}"), "oncall".to_owned()]), ("create", "", "pods", "exec", "web-1"))
        }
        7 => (person(&["oncall".to_owned()]), ("get", "", "secrets", "", "app-tls")),
        _ => (person(&[format!("team-{team}-admins")]), ("list", "", "configmaps", "", "")),
    };
    // One in four asks for a namespace that is not its own.
    let there = if numbers.place(4) == 0 { namespace(numbers.place(places)) } else { here };
    resource_request(user, verb, group, (resource, subresource), &there, name)
}

fn of_operator(numbers: &mut Numbers, operators: usize) -> Attributes {
    let number = numbers.place(operators);
    let here = namespace(number);
    let user = User {
        name: format!("system:serviceaccount:{here}:operator"),
        groups: vec!["system:serviceaccounts".to_owned(), "system:authenticated".to_owned()],
        ..User::default()
    };
    let api = format!("operator-{}.example.com", number % OPERATOR_ROLES);
    let (verb, group, resource, subresource) = match numbers.place(4) {
        0 => ("update", api.as_str(), "clusters", "status"),
        1 => ("list", "", "pods", ""),
        2 => ("get", "", "secrets", ""),
        _ => ("delete", "apps", "deployments", ""),
    };
    resource_request(user, verb, group, (resource, subresource), &here, "one")
}

fn of_path(numbers: &mut Numbers) -> Attributes {
    let paths = ["/healthz", "/version", "/metrics", "/apis/apps/v1", "/debug/pprof/profile"];
    let path = paths.get(numbers.place(paths.len())).copied().unwrap_or_default();
    let user = User {
        name: format!("user-{}", numbers.place(997)),
        groups: vec!["system:authenticated".to_owned()],
        ..User::default()
    };
    Attributes { user, verb: "get".to_owned(), path: path.to_owned(), ..Attributes::default() }
}

fn resource_request(
    user: User,
    verb: &str,
    group: &str,
    (resource, subresource): (&str, &str),
    namespace: &str,
    name: &str,
) -> Attributes {
    Attributes {
        user,
        verb: verb.to_owned(),
        is_resource: true,
        group: group.to_owned(),
        version: "v1".to_owned(),
        namespace: namespace.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    }
}

fn metadata(namespace: &str, name: &str) -> Metadata {
    Metadata { name: name.into(), namespace: namespace.into(), ..Metadata::default() }
}

fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> PolicyRule {
    PolicyRule {
        verbs: verbs.iter().map(|verb| (*verb).into()).collect(),
        api_groups: vec![group.into()],
        resources: resources.iter().map(|resource| (*resource).into()).collect(),
        ..PolicyRule::default()
    }
}

fn subject(kind: &str, api_group: &str, namespace: &str, name: &str) -> Subject {
    Subject { kind: kind.into(), api_group: api_group.into(), name: name.into(), namespace: namespace.into() }
}

fn account(namespace: &str, name: &str) -> Subject {
    subject("ServiceAccount", "", namespace, name)
}

fn group(name: &str) -> Subject {
    subject("Group", GROUP, "", name)
}

fn user(name: &str) -> Subject {
    subject("User", GROUP, "", name)
}

fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef { api_group: GROUP.into(), kind: kind.into(), name: name.into() }
}
