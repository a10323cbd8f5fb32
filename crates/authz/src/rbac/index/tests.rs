use super::*;
use crate::rbac::objects::{
    ClusterRole, ClusterRoleBinding, Metadata, Objects, PolicyRule, Role, RoleBinding, Subject,
};
use crate::rbac::{Asked, Grant, Identity, Name, Place, Places, Query, Scope};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const USERS: &[&str] = &["ann", "bob", "system:serviceaccount:n1:s1", "system:serviceaccount:n2:s2"];
const GROUPS: &[&str] = &["g1", "g2", "g3"];
const NAMESPACES: &[&str] = &["n1", "n2", ""];
const VERBS: &[&str] = &["get", "list", "put", "*"];
const API_GROUPS: &[&str] = &["", "apps", "*"];
const RESOURCES: &[&str] = &["pods", "pods/log", "*/log", "nodes", "*", "pods/*", "*/"];
const NAMES: &[&str] = &["a", "b", ""];
const PATHS: &[&str] = &["/x", "/x/*", "*", "/y*"];
const ROLES: &[&str] = &["r1", "r2", "r3", "gone"];

fn some(words: &'static [&'static str]) -> impl Strategy<Value = Vec<CompactString>> {
    subsequence(words, 0..=words.len().min(3))
        .prop_map(|words| words.into_iter().map(CompactString::from).collect())
}

pub(in crate::rbac) fn rule() -> impl Strategy<Value = PolicyRule> {
    let names = prop_oneof![2 => Just(Vec::new()), 1 => some(NAMES)];
    let paths = prop_oneof![2 => Just(Vec::new()), 1 => some(PATHS)];
    (some(VERBS), some(API_GROUPS), some(RESOURCES), names, paths).prop_map(
        |(verbs, api_groups, resources, resource_names, non_resource_urls)| PolicyRule {
            verbs,
            api_groups,
            resources,
            resource_names,
            non_resource_urls,
        },
    )
}

fn metadata(name: &str, namespace: &str) -> Metadata {
    Metadata { name: name.into(), namespace: namespace.into(), ..Metadata::default() }
}

fn subject() -> impl Strategy<Value = Subject> {
    let of =
        |kind: &'static str, names: &'static [&'static str]| (Just(kind), select(names), select(NAMESPACES));
    prop_oneof![
        of("User", USERS),
        of("Group", GROUPS),
        of("ServiceAccount", &["s1", "s2"]),
        of("Robot", USERS)
    ]
    .prop_map(|(kind, name, namespace)| Subject {
        kind: kind.into(),
        name: name.into(),
        namespace: namespace.into(),
        ..Subject::default()
    })
}

fn role_ref() -> impl Strategy<Value = RoleRef> {
    let kind = prop_oneof![4 => Just("ClusterRole"), 4 => Just("Role"), 1 => Just("Robot")];
    (kind, select(ROLES)).prop_map(|(kind, name)| RoleRef {
        kind: kind.into(),
        name: name.into(),
        ..RoleRef::default()
    })
}

prop_compose! {
    /// `repeat` makes lists long enough to be looked up.
    pub(in crate::rbac) fn policy()(
        cluster in prop::collection::vec((select(&ROLES[..3]), prop::collection::vec(rule(), 0..6)), 0..4),
        roles in prop::collection::vec(
            (select(&ROLES[..3]), select(NAMESPACES), prop::collection::vec(rule(), 0..6)), 0..5),
        cluster_bindings in prop::collection::vec((prop::collection::vec(subject(), 0..4), role_ref()), 0..6),
        bindings in prop::collection::vec(
            (select(NAMESPACES), prop::collection::vec(subject(), 0..4), role_ref()), 0..8),
        repeat in prop_oneof![Just(1_usize), Just(1), Just(30)],
    ) -> Policy {
        let name = |index: usize, round: usize| format!("b{index}-{round}");
        let mut objects = Objects::default();
        for (name, rules) in cluster {
            objects.cluster_roles.push(ClusterRole { metadata: metadata(name, ""), rules, aggregation: None });
        }
        for (name, namespace, rules) in roles {
            objects.roles.push(Role { metadata: metadata(name, namespace), rules });
        }
        for round in 0..repeat {
            for (index, (subjects, role_ref)) in cluster_bindings.iter().cloned().enumerate() {
                let metadata = metadata(&name(index, round), "");
                objects.cluster_role_bindings.push(ClusterRoleBinding { metadata, subjects, role_ref });
            }
            for (index, (namespace, subjects, role_ref)) in bindings.iter().cloned().enumerate() {
                let metadata = metadata(&name(index, round), namespace);
                objects.role_bindings.push(RoleBinding { metadata, subjects, role_ref });
            }
        }
        Policy::new(objects)
    }
}

prop_compose! {
    fn user()(name in select(USERS), groups in subsequence(GROUPS, 0..=3)) -> User {
        let groups = groups.into_iter().map(str::to_owned).collect();
        User { name: name.to_owned(), groups, ..User::default() }
    }
}

prop_compose! {
    pub(in crate::rbac) fn attributes()(
        user in user(),
        is_resource in prop::bool::weighted(0.8),
        verb in select(&["get", "list", "put", "*", "new"][..]),
        group in select(&["", "apps", "other", "*"][..]),
        resource in select(&["pods", "nodes", "*", "other"][..]),
        subresource in select(&["", "log", "*", "x"][..]),
        name in select(&["", "a", "b", "c"][..]),
        namespace in select(&["n1", "n2", "", "n3"][..]),
        path in select(&["/x", "/x/", "/yy", "/", "*"][..]),
    ) -> Attributes {
        let text = str::to_owned;
        Attributes {
            user, is_resource, verb: text(verb), group: text(group), resource: text(resource),
            subresource: text(subresource), name: text(name), namespace: text(namespace), path: text(path),
            ..Attributes::default()
        }
    }
}

/// What is asked in a request, as a question.
fn query(request: &Attributes) -> Query<'_> {
    let asked = if request.is_resource {
        Asked::Resource {
            group: &request.group,
            resource: &request.resource,
            subresource: &request.subresource,
            name: if request.name.is_empty() { Name::None } else { Name::Of(&request.name) },
            place: match request.namespace.as_str() {
                "" => Place::Cluster,
                namespace => Place::Namespace(namespace),
            },
        }
    } else {
        Asked::Path(&request.path)
    };
    Query { verb: &request.verb, asked }
}

fn is(user: &User, grant: &Grant<'_>) -> bool {
    match grant.identity {
        Identity::User(name) => user.name == name,
        Identity::Group(name) => user.is_in(name),
        Identity::ServiceAccount { namespace, name } => {
            user.name == format!("system:serviceaccount:{namespace}:{name}")
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_index_answers_as_the_policy_does(policy in policy(), requests in prop::collection::vec(attributes(), 40)) {
        let index = Index::new(policy.clone());
        for request in &requests {
            let answer = policy.authorize(request);
            prop_assert_eq!(&index.authorize(request), &answer, "{:?}", request);
            prop_assert_eq!(index.allows(request), answer.decision == crate::Decision::Allow);
            prop_assert_eq!(
                index.held(&request.user, &request.namespace),
                policy.held(&request.user, &request.namespace)
            );
        }
    }

    #[test]
    fn questions_agree_with_decisions(policy in policy(), requests in prop::collection::vec(attributes(), 40)) {
        let index = Index::new(policy);
        for request in requests.iter().filter(|request| request.is_resource || request.namespace.is_empty()) {
            let allowed = index.allows(request);
            let who = index.who_can(&query(request));
            prop_assert_eq!(who.iter().any(|grant| is(&request.user, grant)), allowed, "{:?}", request);
            let places = [request.namespace.as_str()];
            let places = if request.namespace.is_empty() { Places::These(&[]) } else { Places::These(&places) };
            let what = index.what_can(&request.user, places);
            let allows = |grant: &Grant<'_>| {
                crate::rbac::rule_allows(grant.policy_rule().unwrap(), request)
            };
            prop_assert_eq!(what.iter().any(allows), allowed);
            prop_assert!(what.iter().all(|grant| is(&request.user, grant)));
            let everywhere = index.what_can(&request.user, Places::All);
            prop_assert!(what.iter().all(|grant| everywhere.contains(grant)));
        }
    }
}

#[test]
fn verbs_beyond_those_with_a_bit() {
    let verbs: Vec<CompactString> = (0..200).map(|n| CompactString::from(format!("v{n}"))).collect();
    let rule = |verbs: &[CompactString]| PolicyRule {
        verbs: verbs.to_vec(),
        api_groups: vec!["".into()],
        resources: vec!["pods".into()],
        ..PolicyRule::default()
    };
    let rules = verbs.chunks(7).map(rule).collect();
    let mut objects = Objects::default();
    objects.cluster_roles.push(ClusterRole { metadata: metadata("r", ""), rules, aggregation: None });
    objects.cluster_role_bindings.push(ClusterRoleBinding {
        metadata: metadata("b", ""),
        subjects: vec![Subject { kind: "User".into(), name: "ann".into(), ..Subject::default() }],
        role_ref: RoleRef { kind: "ClusterRole".into(), name: "r".into(), ..RoleRef::default() },
    });
    let index = Index::new(Policy::new(objects));
    let asked = |verb: &str| Attributes {
        user: User { name: "ann".to_owned(), ..User::default() },
        is_resource: true,
        verb: verb.to_owned(),
        resource: "pods".to_owned(),
        ..Attributes::default()
    };
    for verb in &verbs {
        assert!(index.allows(&asked(verb)), "{verb}");
        let asked = Asked::Resource {
            group: "",
            resource: "pods",
            subresource: "",
            name: Name::None,
            place: Place::Anywhere,
        };
        let who = index.who_can(&Query { verb, asked });
        assert_eq!(who.len(), 1);
        assert!(who[0].policy_rule().unwrap().verbs.contains(verb));
        assert_eq!(who[0].scope, Scope::Cluster);
    }
    assert!(!index.allows(&asked("v200")) && !index.allows(&asked("*")));
}

#[test]
fn names_are_asked_for_in_three_ways() {
    let rule = |names: &[&str]| PolicyRule {
        verbs: vec!["get".into()],
        api_groups: vec!["".into()],
        resources: vec!["secrets".into()],
        resource_names: names.iter().map(|name| CompactString::from(*name)).collect(),
        ..PolicyRule::default()
    };
    let mut objects = Objects::default();
    let rules = vec![rule(&["a", "b"]), rule(&[])];
    objects.cluster_roles.push(ClusterRole { metadata: metadata("r", ""), rules, aggregation: None });
    objects.role_bindings.push(RoleBinding {
        metadata: metadata("b", "n1"),
        subjects: vec![Subject { kind: "ServiceAccount".into(), name: "s".into(), ..Subject::default() }],
        role_ref: RoleRef { kind: "ClusterRole".into(), name: "r".into(), ..RoleRef::default() },
    });
    let index = Index::new(Policy::new(objects));
    let rules = |name, place| {
        let asked = Asked::Resource { group: "", resource: "secrets", subresource: "", name, place };
        let grants = index.who_can(&Query { verb: "get", asked });
        grants.iter().map(|grant| grant.rule).collect::<Vec<_>>()
    };
    assert_eq!(rules(Name::None, Place::Anywhere), [1]);
    assert_eq!(rules(Name::Of("b"), Place::Namespace("n1")), [0, 1]);
    assert_eq!(rules(Name::Of("c"), Place::Anywhere), [1]);
    assert_eq!(rules(Name::Some, Place::Anywhere), [0, 1]);
    assert_eq!(rules(Name::Some, Place::Cluster), [0; 0]);
    assert_eq!(rules(Name::Some, Place::Namespace("n2")), [0; 0]);
}
