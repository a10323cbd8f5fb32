use super::super::index::tests::policy as random_policy;
use super::super::objects::Objects;
use super::super::testing::{policy, requests};
use super::*;
use crate::rbac::Index;
use proptest::prelude::*;

fn shown(excess: &Excess<'_>) -> String {
    let names = |bindings: &[AnyBinding<'_>]| {
        bindings.iter().map(|binding| binding.metadata().name.to_string()).collect::<Vec<_>>().join(" ")
    };
    let proof = match &excess.proof {
        Proof::Bindings(bindings) => format!("by {}", names(bindings)),
        Proof::Rules(rules) => format!("by rules {rules:?}"),
        Proof::Item(item) => format!("by item {item}"),
        Proof::Subject(subject) => format!("repeats {subject}"),
        proof => format!("{proof:?}").split('(').next().unwrap().to_owned(),
    };
    let what = match excess.what {
        What::Binding(binding) => format!("binding {}", binding.metadata().name),
        What::Subject(binding, index) => format!("subject {index} of {}", binding.metadata().name),
        What::Role(role) => format!("role {}", role.metadata().name),
        What::Rule(role, rule) => format!("rule {rule} of {}", role.metadata().name),
        What::Item(role, rule, list, item) => {
            format!("item {list:?}[{item}] of rule {rule} of {}", role.metadata().name)
        }
    };
    format!("{what}: {proof}")
}

fn check(text: &str, surroundings: &Surroundings, expected: &[&str]) {
    let policy = policy(text);
    let reduction = reduce(&policy, surroundings);
    assert_eq!(reduction.excess.iter().map(shown).collect::<Vec<_>>(), expected);
}

fn alone(text: &str, expected: &[&str]) {
    check(text, &Surroundings::default(), expected);
}

#[test]
fn of_two_that_give_the_same_the_earlier_stays() {
    alone(
        "ClusterRole r get core pods
         ClusterRoleBinding a ClusterRole/r User:ann
         ClusterRoleBinding b ClusterRole/r User:ann
         RoleBinding n/c ClusterRole/r User:ann,User:bob
         RoleBinding n/d ClusterRole/r User:bob,User:bob",
        &["binding b: by a", "subject 0 of c: by a", "binding d: by c"],
    );
}

#[test]
fn several_together_can_give_what_one_gives() {
    alone(
        "ClusterRole one get core pods
         ClusterRole two list core *
         ClusterRole both get,list core pods
         ClusterRoleBinding one ClusterRole/one User:ann
         RoleBinding n/two ClusterRole/two User:ann
         RoleBinding n/both ClusterRole/both User:ann
         RoleBinding m/both ClusterRole/both User:ann,User:ann",
        &["binding both: by one two", "subject 1 of both: repeats 0"],
    );
}

#[test]
fn groups_of_somebody_do_not_count() {
    alone(
        "ClusterRole r get core pods
         ClusterRoleBinding a ClusterRole/r Group:system:authenticated
         ClusterRoleBinding b ClusterRole/r User:ann",
        &[],
    );
}

#[test]
fn rules_and_items() {
    alone(
        "ClusterRole r get core pods; get,list core pods,secrets; list core secrets a; get x,x,* y,*/z,q/z,pods/*; get /x,/x/*,/x/y
         Role n/r get /x; get core pods,pods/log,*/log
         ClusterRoleBinding b ClusterRole/r User:ann
         RoleBinding n/b Role/r User:ann",
        &[
            "rule 0 of r: by rules [1]",
            "rule 2 of r: by rules [1]",
            "item Groups[0] of rule 3 of r: by item 2",
            "item Groups[1] of rule 3 of r: by item 2",
            "item Resources[2] of rule 3 of r: by item 1",
            "item Resources[3] of rule 3 of r: Nothing",
            "item Paths[2] of rule 4 of r: by item 1",
            "rule 0 of r: Nothing",
            "item Resources[1] of rule 1 of r: by item 2",
        ],
    );
}

#[test]
fn what_is_unbound_or_dangling() {
    let text = "ClusterRole top<to-top>
         ClusterRole part{to-top} get core pods
         ClusterRole lonely{to-none} get core pods
         ClusterRole for-view{rbac.authorization.k8s.io/aggregate-to-view} get core pods
         ClusterRole once get core pods
         Role n/r get core pods
         ClusterRoleBinding top ClusterRole/top Group:g
         ClusterRoleBinding again ClusterRole/once Group:g
         RoleBinding n/gone Role/gone Group:g
         RoleBinding n/empty ClusterRole/top
         RoleBinding n/nobody ClusterRole/top Robot:x
         RoleBinding m/r ClusterRole/part ServiceAccount::a,ServiceAccount::default,ServiceAccount:n:b,Group:h";
    alone(
        text,
        &[
            "binding again: by top",
            "binding gone: NoRole",
            "binding empty: NoSubjects",
            "binding nobody: Nobody",
            "role lonely: Unbound",
            "role once: Unbound",
            "role r: Unbound",
        ],
    );
    let policy = policy(text);
    let reduction = reduce(&policy, &Surroundings::default());
    assert_eq!(reduction.accounts_not_known.len(), 3);
    assert_eq!(reduction.namespaces_not_known.len(), 2);
    let seen =
        Surroundings { accounts: BTreeSet::from([("n".into(), "b".into())]), ..Surroundings::default() };
    assert_eq!(reduce(&policy, &seen).accounts_not_known.len(), 2);
    let known = Surroundings {
        accounts: BTreeSet::from([("n".into(), "b".into())]),
        all_accounts: true,
        namespaces: BTreeSet::from(["n".into(), "m".into()]),
        all_namespaces: true,
        defaults: BTreeSet::from([2, 4, 5]),
    };
    let reduction = reduce(&policy, &known);
    assert_eq!(
        reduction.excess.iter().map(shown).collect::<Vec<_>>(),
        [
            "binding again: by top",
            "binding gone: NoRole",
            "binding empty: NoSubjects",
            "binding nobody: Nobody",
            "subject 0 of r: NoAccount",
        ]
    );
    assert!(reduction.accounts_not_known.is_empty() && reduction.namespaces_not_known.is_empty());
    let elsewhere = Surroundings { namespaces: BTreeSet::from(["m".into()]), ..known };
    let reduction = reduce(&policy, &elsewhere);
    let found = reduction.excess.iter().filter(|excess| excess.proof == Proof::NoNamespace).map(shown);
    assert_eq!(
        found.collect::<Vec<_>>(),
        ["binding gone: NoNamespace", "binding empty: NoNamespace", "binding nobody: NoNamespace"]
    );
}

/// The objects without what could be left out.
fn without(policy: &Policy, excess: &[Excess<'_>]) -> Objects {
    let mut objects = policy.objects().clone();
    let cluster_bindings = objects.cluster_role_bindings.len();
    let cluster_roles = objects.cluster_roles.len();
    let place_of =
        |binding: AnyBinding<'_>| policy.all_bindings().position(|other| same(other, binding)).unwrap();
    let number_of = |role: AnyRole<'_>| {
        let is = |number: &usize| match (policy.role_at(*number).unwrap(), role) {
            (AnyRole::Cluster(left), AnyRole::Cluster(right)) => std::ptr::eq(left, right),
            (AnyRole::Namespaced(left), AnyRole::Namespaced(right)) => std::ptr::eq(left, right),
            _ => false,
        };
        (0..cluster_roles + policy.objects().roles.len()).find(is).unwrap()
    };
    let mut gone: Vec<(u8, usize, usize, u8, usize)> = Vec::new();
    for excess in excess {
        gone.push(match excess.what {
            What::Binding(binding) => (3, place_of(binding), 0, 0, 0),
            What::Subject(binding, index) => (1, place_of(binding), index, 0, 0),
            What::Role(role) => (4, number_of(role), 0, 0, 0),
            What::Rule(role, rule) => (2, number_of(role), rule, 1, 0),
            What::Item(role, rule, list, item) => (0, number_of(role), rule, list as u8, item),
        });
    }
    // Small things first, and the last of their kind before the first, so that no index moves.
    gone.sort_by(|left, right| {
        (left.0, right.1, right.2, right.3, right.4).cmp(&(right.0, left.1, left.2, left.3, left.4))
    });
    for (size, place, index, list, item) in gone {
        match size {
            4 => match place.checked_sub(cluster_roles) {
                None => drop(objects.cluster_roles.remove(place)),
                Some(place) => drop(objects.roles.remove(place)),
            },
            3 => match place.checked_sub(cluster_bindings) {
                None => drop(objects.cluster_role_bindings.remove(place)),
                Some(place) => drop(objects.role_bindings.remove(place)),
            },
            1 => drop(match place.checked_sub(cluster_bindings) {
                None => objects.cluster_role_bindings[place].subjects.remove(index),
                Some(place) => objects.role_bindings[place].subjects.remove(index),
            }),
            _ => {
                let rules = match place.checked_sub(cluster_roles) {
                    None => &mut objects.cluster_roles[place].rules,
                    Some(place) => &mut objects.roles[place].rules,
                };
                if size == 2 {
                    rules.remove(index);
                    continue;
                }
                let rule = &mut rules[index];
                let list = match list {
                    0 => &mut rule.verbs,
                    1 => &mut rule.api_groups,
                    2 => &mut rule.resources,
                    3 => &mut rule.resource_names,
                    _ => &mut rule.non_resource_urls,
                };
                list.remove(item);
            }
        }
    }
    objects
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn leaving_it_all_out_changes_no_decision(policy in random_policy(), requests in requests()) {
        let reduction = reduce(&policy, &Surroundings::default());
        let left = Policy::new(without(&policy, &reduction.excess));
        let (before, after) = (Index::new(policy.clone()), Index::new(left.clone()));
        for request in &requests {
            prop_assert_eq!(before.allows(request), after.allows(request), "{:?} {:?}", request, &reduction.excess);
        }
        let diff = super::super::diff::diff(&policy, &left);
        prop_assert!(diff.granted.is_empty() && diff.taken.is_empty(), "{:?}", diff);
        // Nothing is left to leave out.
        let again = reduce(&left, &Surroundings::default());
        prop_assert!(again.excess.is_empty(), "{:?}", again.excess.iter().map(shown).collect::<Vec<_>>());
    }
}
