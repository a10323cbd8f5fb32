use super::*;
use crate::testing;

/// A cluster role `a` with a rule, bound by `binding` (its kind and metadata) to `subject`.
fn policy(rule: &str, binding: &str, subject: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: a}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
{binding}
roleRef: {{kind: ClusterRole, name: a}}
subjects: [{subject}]
"
    )
}

const WHOLE: &str = "kind: ClusterRoleBinding\nmetadata: {name: b}";
const ONE: &str = "kind: RoleBinding\nmetadata: {name: b, namespace: x}";
const JANE: &str = "{kind: User, name: jane}";
const ACCOUNT: &str = "{kind: ServiceAccount, name: s, namespace: x}";

/// Who holds the rights, and where.
fn holders(text: &str, needs: &[&[Right]]) -> Vec<String> {
    let (inventory, settings) = (testing::inventory(text), testing::settings());
    let picture = Picture::new(&inventory, &settings);
    let text = |held: Held<'_>| format!("{} {}", words::subject(&held.identity), words::places(&held.scopes));
    held(&picture, needs).into_iter().map(text).collect()
}

#[test]
fn names_never_limit_what_has_no_name_yet() {
    let pods = |verbs: &str, names: &str| {
        policy(
            &format!(
                "{{apiGroups: [''], resources: [pods, pods/exec], verbs: [{verbs}], resourceNames: [{names}]}}"
            ),
            WHOLE,
            JANE,
        )
    };
    let create: &[&[Right]] = &[&[namespaced(&["create"], "", "pods")]];
    let delete: &[&[Right]] = &[&[namespaced(&["deletecollection"], "", "pods")]];
    let exec: &[&[Right]] = &[&[namespaced(&["create"], "", "pods/exec")]];
    let get: &[&[Right]] = &[&[namespaced(&["get"], "", "pods")]];
    assert_eq!(holders(&pods("create", "p"), create), [""; 0]);
    assert_eq!(holders(&pods("deletecollection", "p"), delete), [""; 0]);
    assert_eq!(holders(&pods("create", "p"), exec), ["user:jane in the whole cluster"]);
    assert_eq!(holders(&pods("get", "p"), get), ["user:jane in the whole cluster"]);
    assert_eq!(holders(&pods("create", ""), create), ["user:jane in the whole cluster"]);
}

#[test]
fn what_is_of_the_cluster_is_not_granted_in_a_namespace() {
    let rule = "{apiGroups: ['*'], resources: [nodes/proxy, secrets], verbs: [get]}";
    let nodes: &[&[Right]] = &[&[cluster(&["get"], "", "nodes/proxy")]];
    let secrets: &[&[Right]] = &[&[namespaced(READ, "", "secrets")]];
    assert_eq!(holders(&policy(rule, ONE, JANE), nodes), [""; 0]);
    assert_eq!(holders(&policy(rule, ONE, JANE), secrets), ["user:jane in namespace `x`"]);
    assert_eq!(holders(&policy(rule, WHOLE, JANE), nodes), ["user:jane in the whole cluster"]);
    let other = "{apiGroups: [example.com], resources: [secrets], verbs: [get]}";
    assert_eq!(holders(&policy(other, WHOLE, JANE), secrets), [""; 0]);
    let pattern = "{apiGroups: [''], resources: ['nodes/*', '*/proxy'], verbs: [get]}";
    assert_eq!(holders(&policy(pattern, WHOLE, JANE), nodes), ["user:jane in the whole cluster"]);
    let pattern = "{apiGroups: [''], resources: ['nodes/*'], verbs: [get]}";
    assert_eq!(holders(&policy(pattern, WHOLE, JANE), nodes), [""; 0]);
}

#[test]
fn who_holds_no_more_than_a_group_is_reported_as_the_group() {
    let rule = "{apiGroups: [''], resources: [secrets], verbs: [get]}";
    let group = "{kind: Group, name: 'system:serviceaccounts:x'}";
    let secrets: &[&[Right]] = &[&[namespaced(READ, "", "secrets")]];
    assert_eq!(
        holders(&policy(rule, WHOLE, &format!("{ACCOUNT}, {group}")), secrets),
        ["group:system:serviceaccounts:x in the whole cluster"]
    );
    assert_eq!(
        holders(&policy(rule, WHOLE, &format!("{JANE}, {group}")), secrets),
        ["user:jane in the whole cluster", "group:system:serviceaccounts:x in the whole cluster"]
    );
}

#[test]
fn who_may_do_everything_is_not_reported_again() {
    let rule = "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}";
    let secrets: &[&[Right]] = &[&[namespaced(READ, "", "secrets")]];
    assert_eq!(holders(&policy(rule, WHOLE, JANE), secrets), [""; 0]);
    // Everything in one namespace does not hide what is held in others.
    let text = policy(rule, ONE, JANE);
    let more = policy("{apiGroups: [''], resources: [secrets], verbs: [get]}", WHOLE, JANE)
        .replace("name: a", "name: c")
        .replace("name: b", "name: d");
    assert_eq!(holders(&format!("{text}---\n{more}"), secrets), ["user:jane in the whole cluster"]);
}

#[test]
fn admin_and_edit_in_a_namespace_are_what_they_are_for() {
    let text = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: x}
roleRef: {kind: ClusterRole, name: edit}
subjects: [{kind: User, name: jane}]
";
    assert_eq!(testing::all(text).len(), 0);
    let strong = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: s}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: s, namespace: x}]
";
    let found = testing::all(&format!("{text}\n---\n{strong}"));
    let ids: Vec<&str> = found.iter().map(|found| found.check.id).collect();
    assert_eq!(ids, ["rbac/admin-binding", "rbac/cluster-admin-binding"]);
    assert_eq!(found[0].severity, Severity::Critical);
}

#[test]
fn users_are_in_the_groups_that_kubernetes_puts_them_in() {
    for (identity, groups) in [
        (Identity::User("jane"), vec![AUTHENTICATED]),
        (Identity::User("system:anonymous"), vec![UNAUTHENTICATED]),
        (Identity::User("system:node:n"), vec!["system:nodes", AUTHENTICATED]),
        (Identity::Group(UNAUTHENTICATED), vec![UNAUTHENTICATED]),
        (Identity::Group("ops"), vec!["ops", AUTHENTICATED]),
        (
            Identity::Group("system:serviceaccounts:x"),
            vec!["system:serviceaccounts:x", ACCOUNTS, AUTHENTICATED],
        ),
        (
            Identity::ServiceAccount { namespace: "x", name: "s" },
            vec![ACCOUNTS, "system:serviceaccounts:x", AUTHENTICATED],
        ),
        (
            Identity::User("system:serviceaccount:x:s"),
            vec![ACCOUNTS, "system:serviceaccounts:x", AUTHENTICATED],
        ),
    ] {
        assert_eq!(user_of(&identity).groups, groups);
    }
}
