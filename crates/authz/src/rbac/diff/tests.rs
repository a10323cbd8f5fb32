use super::*;
use crate::rbac::covers::atoms;
use crate::rbac::index::tests::policy as random_policy;
use crate::rbac::testing::{policy, requests};
use crate::rbac::{Index, escalation::described};
use crate::{Attributes, User};
use proptest::prelude::*;

fn lines(changes: &[Change<'_>]) -> Vec<String> {
    let line = |change: &Change<'_>| {
        let place = change.namespace.as_deref().unwrap_or("*");
        let by: Vec<String> = change
            .by
            .iter()
            .map(|grant| format!("{}#{}", grant.binding.metadata().name, grant.rule))
            .collect();
        let elsewhere = change.elsewhere.join(",");
        format!("{} {place} {} by {} [{elsewhere}]", change.who, described(&change.rule), by.join(" "))
    };
    changes.iter().map(line).collect()
}

fn check(base: &str, head: &str, granted: &[&str], taken: &[&str]) {
    let (base, head) = (policy(base), policy(head));
    let diff = diff(&base, &head);
    assert_eq!(lines(&diff.granted), granted);
    assert_eq!(lines(&diff.taken), taken);
}

#[test]
fn what_is_the_same_in_other_words_is_no_change() {
    let base = "Role n/r get,list core pods,secrets
        RoleBinding n/b Role/r User:ann,ServiceAccount:n:sa";
    let head = "ClusterRole one list core secrets,pods; get core pods
        Role n/two get,get core secrets
        RoleBinding n/x ClusterRole/one ServiceAccount::sa,User:ann
        RoleBinding n/y Role/two User:system:serviceaccount:n:sa
        RoleBinding n/z Role/two User:ann";
    check(base, head, &[], &[]);
    check(head, base, &[], &[]);
}

#[test]
fn a_wildcard_shows_what_is_new() {
    check(
        "ClusterRole r get,list core pods
         ClusterRoleBinding b ClusterRole/r User:ann",
        "ClusterRole r * core pods,pods/*
         ClusterRoleBinding b ClusterRole/r User:ann",
        &[r#"user:ann * {APIGroups:[""], Resources:["pods"], Verbs:["*"]} by b#0 []"#],
        &[],
    );
}

#[test]
fn places_that_are_gained() {
    let role = "ClusterRole r get core pods; get /x";
    check(
        &format!("{role}\nRoleBinding n/b ClusterRole/r User:ann"),
        &format!("{role}\nClusterRoleBinding b ClusterRole/r User:ann"),
        &[
            r#"user:ann * {NonResourceURLs:["/x"], Verbs:["get"]} by b#1 []"#,
            r#"user:ann * {APIGroups:[""], Resources:["pods"], Verbs:["get"]} by b#0 [n]"#,
        ],
        &[],
    );
    check(
        &format!("{role}\nClusterRoleBinding b ClusterRole/r User:ann"),
        &format!("{role}\nRoleBinding n/b ClusterRole/r User:ann\nRoleBinding m/b ClusterRole/r User:bob"),
        &[r#"user:bob m {APIGroups:[""], Resources:["pods"], Verbs:["get"]} by b#0 []"#],
        &[
            r#"user:ann * {NonResourceURLs:["/x"], Verbs:["get"]} by b#1 []"#,
            r#"user:ann * {APIGroups:[""], Resources:["pods"], Verbs:["get"]} by b#0 [n]"#,
        ],
    );
}

#[test]
fn what_everybody_has_is_not_new_to_anybody() {
    let role = "ClusterRole r get core pods";
    let all = "ClusterRoleBinding b ClusterRole/r Group:system:authenticated";
    check(
        &format!("{role}\n{all}"),
        &format!(
            "{role}\nClusterRoleBinding c ClusterRole/r User:ann,Group:devs,ServiceAccount:n:s,Group:system:masters\n{all}"
        ),
        &[],
        &[],
    );
    check(
        &format!("{role}\n{all}"),
        &format!("{role}\nClusterRoleBinding c ClusterRole/r User:system:anonymous"),
        &[r#"user:system:anonymous * {APIGroups:[""], Resources:["pods"], Verbs:["get"]} by c#0 []"#],
        &[r#"group:system:authenticated * {APIGroups:[""], Resources:["pods"], Verbs:["get"]} by b#0 []"#],
    );
}

#[test]
fn aggregation_is_followed() {
    check(
        "ClusterRole all<to-all>
         ClusterRole part{to-all} get core pods
         ClusterRoleBinding b ClusterRole/all Group:g",
        "ClusterRole all<to-all>
         ClusterRole part{to-all} get core pods
         ClusterRole more{to-all} get core secrets a,b
         ClusterRoleBinding b ClusterRole/all Group:g",
        &[
            r#"group:g * {APIGroups:[""], Resources:["secrets"], ResourceNames:["a" "b"], Verbs:["get"]} by b#0 []"#,
        ],
        &[],
    );
}

#[test]
fn what_is_not_known_is_said() {
    let unknown = |base: &str, head: &str| {
        let (base, head) = (policy(base), policy(head));
        diff(&base, &head).unknown.len()
    };
    let gone = "ClusterRoleBinding b ClusterRole/gone User:ann";
    assert_eq!(unknown("", gone), 1);
    assert_eq!(unknown(gone, gone), 0);
    assert_eq!(unknown(gone, "ClusterRoleBinding c ClusterRole/gone User:ann"), 0);
    assert_eq!(unknown(gone, "ClusterRoleBinding c ClusterRole/gone User:ann,User:bob"), 1);
    assert_eq!(unknown("", "RoleBinding b ClusterRole/r User:ann\nClusterRole r get core pods"), 1);
    let label = "rbac.authorization.k8s.io/aggregate-to-view";
    let part = format!("ClusterRole part{{{label}}} get core pods");
    assert_eq!(unknown("", &part), 1);
    assert_eq!(unknown(&part, &part), 0);
    assert_eq!(unknown("", &format!("ClusterRole view<{label}>\n{part}")), 0);
}

/// A request that an atom of a change allows: by somebody who is nothing but the subject.
fn request_for(change: &Change<'_>, atom: &PolicyRule) -> Attributes {
    let word = |list: &[CompactString], any: &str| match list.first().map(CompactString::as_str) {
        Some("*") => any.to_owned(),
        word => word.unwrap_or_default().to_owned(),
    };
    let (name, mut groups) = match &change.who {
        Who::User(name) => (name.to_string(), Vec::new()),
        Who::Group(name) => ("somebody".to_owned(), vec![name.to_string()]),
    };
    groups.extend(change.who.groups().into_iter().map(String::from));
    let resource = word(&atom.resources, "other");
    let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
    let path = word(&atom.non_resource_urls, "/other");
    let path = path.strip_suffix('*').map_or(path.clone(), |path| format!("{path}other"));
    Attributes {
        user: User { name, groups, ..User::default() },
        verb: word(&atom.verbs, "other"),
        is_resource: atom.non_resource_urls.is_empty(),
        group: word(&atom.api_groups, "other"),
        namespace: change.namespace.clone().unwrap_or_default().to_string(),
        resource: if resource == "*" { "other".to_owned() } else { resource.to_owned() },
        subresource: subresource.to_owned(),
        name: atom.resource_names.first().map_or("other", CompactString::as_str).to_owned(),
        path,
        ..Attributes::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_differs_from_itself(policy in random_policy()) {
        let diff = diff(&policy, &policy);
        prop_assert!(diff.granted.is_empty() && diff.taken.is_empty());
    }

    #[test]
    fn what_is_reported_is_granted_and_was_not(base in random_policy(), head in random_policy()) {
        let (old, new) = (Index::new(base.clone()), Index::new(head.clone()));
        let diff = diff(&base, &head);
        for (changes, with, without) in [(&diff.granted, &new, &old), (&diff.taken, &old, &new)] {
            for change in changes {
                prop_assert!(!change.by.is_empty());
                for atom in atoms(&change.rule) {
                    let request = request_for(change, &atom);
                    prop_assert!(with.allows(&request), "{:?} {:?}", change, request);
                    prop_assert!(!without.allows(&request), "{:?} {:?}", change, request);
                    for grant in &change.by {
                        prop_assert_eq!(grant.binding.namespace(), change.namespace.as_deref().unwrap_or_default());
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_allowed_newly_is_reported(base in random_policy(), head in random_policy(), requests in requests()) {
        let (old, new) = (Index::new(base.clone()), Index::new(head.clone()));
        let diff = diff(&base, &head);
        for request in requests.iter().filter(|request| new.allows(request) && !old.allows(request)) {
            let reported = diff.granted.iter().any(|change| {
                let who = match &change.who {
                    Who::User(name) => *name == request.user.name,
                    Who::Group(name) => request.user.is_in(name),
                };
                let place = change.namespace.as_ref().is_none_or(|namespace| *namespace == request.namespace);
                who && place && crate::rbac::rule_allows(&change.rule, request)
            });
            prop_assert!(reported, "{:?}\n{:?}", request, diff.granted);
        }
    }
}
