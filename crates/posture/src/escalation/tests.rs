//! Every claim is checked again by the policy itself, which visits binding by binding, and not by the index.

use super::*;
use crate::testing;
use crate::{Picture, judge};
use proptest::prelude::*;
use ravelin_authz::bootstrap::{self, Version};
use ravelin_authz::rbac::{
    ClusterRole, ClusterRoleBinding, GROUP, Metadata, Objects, Policy, Role, RoleBinding, RoleRef, Subject,
};
use ravelin_authz::{Authorizer as _, Decision};
use ravelin_inventory::{Inventory, Object};
use ravelin_object::identity::Identity as ObjectIdentity;

/// Group, resource, verbs.
const RULES: [(&str, &str, &[&str]); 14] = [
    (GROUP, "clusterroles", &["bind"]),
    (GROUP, "clusterroles", &["escalate"]),
    (GROUP, "clusterroles", &["update"]),
    (GROUP, "clusterroles", &["create", "patch"]),
    (GROUP, "clusterrolebindings", &["create"]),
    (GROUP, "clusterrolebindings", &["patch"]),
    (GROUP, "rolebindings", &["create"]),
    (GROUP, "rolebindings", &["update"]),
    (GROUP, "roles", &["bind", "escalate"]),
    (GROUP, "roles", &["create", "update"]),
    ("", "secrets", &["get"]),
    ("", "serviceaccounts/token", &["create"]),
    ("", "pods", &["create", "get"]),
    ("*", "*", &["*"]),
];
const NAMES: [&str; 4] = ["", "r0", "r1", "missing"];
const SUBJECTS: [(&str, &str); 4] = [
    ("ServiceAccount", "s0"),
    ("ServiceAccount", "s1"),
    ("User", "u"),
    ("Group", "system:serviceaccounts:a"),
];

fn rule() -> impl Strategy<Value = PolicyRule> {
    (0..RULES.len(), 0..NAMES.len()).prop_map(|(rule, name)| {
        let (group, resource, verbs) = RULES[rule];
        PolicyRule {
            verbs: verbs.iter().map(|verb| (*verb).into()).collect(),
            api_groups: vec![group.into()],
            resources: vec![resource.into()],
            resource_names: [NAMES[name]]
                .iter()
                .filter(|name| !name.is_empty())
                .map(|name| (*name).into())
                .collect(),
            ..PolicyRule::default()
        }
    })
}

/// Whether it is of the cluster, which role (the last is missing), to whom.
fn binding() -> impl Strategy<Value = (bool, bool, usize, usize)> {
    (any::<bool>(), any::<bool>(), 0..4_usize, 0..SUBJECTS.len())
}

fn objects() -> impl Strategy<Value = Objects> {
    let roles = prop::collection::vec(prop::collection::vec(rule(), 1..3), 3);
    let own = prop::collection::vec(prop::collection::vec(rule(), 1..3), 3);
    (roles, own, prop::collection::vec(binding(), 1..7)).prop_map(|(roles, own, bindings)| {
        let metadata = |name: String, namespace: &str| Metadata {
            name: name.into(),
            namespace: namespace.into(),
            ..Metadata::default()
        };
        let mut objects = Objects::default();
        for (place, rules) in roles.into_iter().enumerate() {
            let metadata = metadata(format!("r{place}"), "");
            objects.cluster_roles.push(ClusterRole { metadata, rules, aggregation: None });
        }
        for (place, rules) in own.into_iter().enumerate() {
            objects.roles.push(Role { metadata: metadata(format!("r{place}"), "a"), rules });
        }
        for (place, (is_cluster, is_role, role, subject)) in bindings.into_iter().enumerate() {
            let (kind, name) = SUBJECTS[subject];
            let namespace = if kind == "ServiceAccount" { "a" } else { "" };
            let api_group = if kind == "ServiceAccount" { "" } else { GROUP };
            let subjects = vec![Subject {
                kind: kind.into(),
                name: name.into(),
                namespace: namespace.into(),
                api_group: api_group.into(),
            }];
            let kind = if is_role && !is_cluster { "Role" } else { "ClusterRole" };
            let name = if role < 3 { format!("r{role}") } else { "missing".to_owned() };
            let role_ref = RoleRef { api_group: GROUP.into(), kind: kind.into(), name: name.into() };
            let name = format!("b{place}");
            if is_cluster {
                let metadata = metadata(name, "");
                objects.cluster_role_bindings.push(ClusterRoleBinding { metadata, subjects, role_ref });
            } else {
                let metadata = metadata(name, "a");
                objects.role_bindings.push(RoleBinding { metadata, subjects, role_ref });
            }
        }
        objects
    })
}

fn holders() -> [Identity<'static>; 4] {
    [
        Identity::ServiceAccount { namespace: "a", name: "s0" },
        Identity::ServiceAccount { namespace: "a", name: "s1" },
        Identity::User("u"),
        Identity::Group("system:serviceaccounts:a"),
    ]
}

fn allows(policy: &Policy, request: &Attributes) -> bool {
    policy.authorize(request).decision == Decision::Allow
}

/// The objects after a write: what was written takes the place of what has its name.
fn after(base: &Objects, added: &Objects) -> Policy {
    let mut all = base.clone();
    for role in &added.cluster_roles {
        all.cluster_roles.retain(|old| old.metadata.name != role.metadata.name);
        all.cluster_roles.push(role.clone());
    }
    for role in &added.roles {
        all.roles.retain(|old| {
            old.metadata.name != role.metadata.name || old.metadata.namespace != role.metadata.namespace
        });
        all.roles.push(role.clone());
    }
    for binding in &added.cluster_role_bindings {
        all.cluster_role_bindings.retain(|old| old.metadata.name != binding.metadata.name);
        all.cluster_role_bindings.push(binding.clone());
    }
    for binding in &added.role_bindings {
        all.role_bindings.retain(|old| old.metadata.name != binding.metadata.name);
        all.role_bindings.push(binding.clone());
    }
    Policy::new(all)
}

/// By hand, as the documentation has it: whether somebody may make everybody cluster-admin by binding `r0`..`r2`.
fn may_bind_all(policy: &Policy, holder: &User) -> bool {
    let ask = |verb: &str, resource: &str, name: &str| {
        let right = cluster(&[], GROUP, "");
        let mut request = right.request(holder, verb, "", name);
        resource.clone_into(&mut request.resource);
        allows(policy, &request)
    };
    let mut roles = policy.objects().cluster_roles.iter();
    let is_all = |role: &&ClusterRole| {
        role.rules.iter().any(|rule| rule.verbs == ["*"] && rule.resource_names.is_empty())
    };
    roles.any(|role| {
        is_all(&role)
            && ask("bind", "clusterroles", &role.metadata.name)
            && ask("create", "clusterrolebindings", "")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_write_passes_and_gains(objects in objects()) {
        let policy = Policy::new(objects.clone());
        let index = Index::new(policy.clone());
        for identity in holders() {
            let user = user_of(&identity);
            let names = ["r0", "r1", "r2", "missing"];
            let found = [by_binding(&index, &user, &identity, "", &names),
                by_binding(&index, &user, &identity, "a", &names), by_role(&index, &user)];
            for write in found.iter().flatten() {
                prop_assert!(!allows(&policy, &write.witness), "{}", write.step);
                prop_assert!(allows(&after(&objects, &write.added), &write.witness), "{}", write.step);
            }
            if may_bind_all(&policy, &user) && !allows(&policy, &everything(&user)) {
                prop_assert!(found[0].as_ref().is_some_and(|write| write.worth == Worth::Everything));
            }
        }
    }

    #[test]
    fn who_may_neither_bind_nor_escalate_gains_nothing(objects in objects()) {
        let mut objects = objects;
        let roles = objects.cluster_roles.iter_mut().map(|role| &mut role.rules);
        for rules in roles.chain(objects.roles.iter_mut().map(|role| &mut role.rules)) {
            rules.retain(|rule| !rule.verbs.iter().any(|verb| ["bind", "escalate"].contains(&verb.as_str())));
        }
        let index = Index::new(Policy::new(objects));
        for identity in holders() {
            let user = user_of(&identity);
            let names = ["r0", "r1", "r2", "missing"];
            // Who holds `*` on roles holds these verbs too.
            if ["bind", "escalate"].iter().any(|verb| may_anywhere(&index, &user, verb)) {
                continue;
            }
            for namespace in ["", "a"] {
                prop_assert!(by_binding(&index, &user, &identity, namespace, &names).is_none());
            }
            prop_assert!(by_role(&index, &user).is_none());
        }
    }

    #[test]
    fn every_other_identity_is_a_gain(objects in objects()) {
        let policy = Policy::new(objects);
        let index = Index::new(policy.clone());
        let targets = Targets::of(&index);
        for identity in holders() {
            let user = user_of(&identity);
            if let Some(gain) = gain(&index, &user, targets.everybody(), &|_| true) {
                let before = Attributes { user: user.clone(), ..gain.witness.clone() };
                prop_assert!(!allows(&policy, &before));
                prop_assert!(allows(&policy, gain.witness));
                prop_assert_eq!(&gain.witness.user, &gain.target.user);
            }
        }
    }
}

fn may_anywhere(index: &Index, user: &User, verb: &str) -> bool {
    let has = |rule: &PolicyRule| rule.verbs.iter().any(|held| held == verb || held == "*");
    index.what_can(user, Places::All).iter().any(|grant| grant.policy_rule().is_some_and(has))
}

fn everything(user: &User) -> Attributes {
    let mut request = cluster(&[], "*", "*").request(user, "*", "", "");
    request.resource = "*".to_owned();
    request
}

#[test]
fn what_kubernetes_grants_itself_is_no_fault() {
    for version in Version::ALL {
        let object = |value| {
            let identity = ObjectIdentity::of(&value).unwrap();
            Object { identity, value, origin: 0 }
        };
        let inventory = Inventory::new(bootstrap::objects(version).into_iter().map(object).collect());
        for is_complete in [false, true] {
            let settings = crate::Settings { defaults: version, is_complete, ..testing::settings() };
            let notes = judge(&Picture::new(&inventory, &settings), &|_| true);
            let found: Vec<&str> = notes.found.iter().map(|found| found.message.as_str()).collect();
            assert_eq!(found, Vec::<&str>::new(), "{version}");
        }
    }
}

#[test]
fn an_attempt_without_the_guard_would_be_wrong() {
    // Who may write bindings but not bind gains nothing, whatever the roles.
    let text = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: a}
rules:
  - {apiGroups: [rbac.authorization.k8s.io], resources: ['*'], verbs: [get, create, update, patch, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {kind: ClusterRole, name: a}
subjects: [{kind: User, name: jane}]
";
    let (inventory, settings) = (testing::inventory(text), testing::settings());
    let picture = Picture::new(&inventory, &settings);
    let identity = Identity::User("jane");
    let user = user_of(&identity);
    assert!(by_binding(picture.index(), &user, &identity, "", &["cluster-admin", "a"]).is_none());
    assert!(by_role(picture.index(), &user).is_none());
}

#[test]
fn pod_security_levels_admit_or_refuse_the_takeover() {
    let admits = |text: &str| {
        let namespace =
            format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: x, labels: {{{text}}}}}\n");
        let (inventory, settings) = (testing::inventory(&namespace), testing::settings());
        let picture = Picture::new(&inventory, &settings);
        (hosts_in(&picture, &[Scope::Namespace("x")]), lowers(&picture, &[Scope::Namespace("x")]).is_some())
    };
    let level = |level: &str| admits(&format!("pod-security.kubernetes.io/enforce: {level}"));
    assert_eq!(level("privileged"), (Hosts::Admitted("x".to_owned()), false));
    assert_eq!(level("baseline"), (Hosts::Refused, true));
    assert_eq!(level("restricted"), (Hosts::Refused, true));
    assert_eq!(admits(""), (Hosts::Admitted("x".to_owned()), false));
}

#[test]
fn worth_depends_on_the_right_its_names_and_where_it_is_held() {
    let atom = |group: &str, resource: &str, verb: &str, name: &str| PolicyRule {
        verbs: vec![verb.into()],
        api_groups: vec![group.into()],
        resources: vec![resource.into()],
        resource_names: [name].iter().filter(|name| !name.is_empty()).map(|name| (*name).into()).collect(),
        ..PolicyRule::default()
    };
    for (group, resource, verb, name, in_cluster, in_namespace) in [
        ("*", "*", "*", "", Worth::Everything, Worth::Dangerous),
        ("example.com", "*", "*", "", Worth::Little, Worth::Little),
        (GROUP, "clusterroles", "escalate", "", Worth::Everything, Worth::Dangerous),
        (GROUP, "clusterroles", "bind", "view", Worth::Dangerous, Worth::Dangerous),
        ("", "secrets", "list", "", Worth::Dangerous, Worth::Notable),
        ("", "secrets", "get", "own", Worth::Notable, Worth::Notable),
        ("", "secrets", "create", "", Worth::Little, Worth::Little),
        ("example.com", "secrets", "get", "", Worth::Little, Worth::Little),
        ("", "pods", "get", "", Worth::Little, Worth::Little),
        ("apps", "deployments", "patch", "", Worth::Dangerous, Worth::Notable),
    ] {
        let atom = atom(group, resource, verb, name);
        assert_eq!((worth(&atom, true), worth(&atom, false)), (in_cluster, in_namespace), "{atom:?}");
    }
}
