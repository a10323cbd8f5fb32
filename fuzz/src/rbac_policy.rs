//! Roles and bindings answer the same from tables and one by one, and nobody is refused to grant what they hold.

use ravelin_authz::rbac::covers::atom_count;
use ravelin_authz::rbac::escalation::confirm;
use ravelin_authz::rbac::{
    AnyBinding, Asked, Index, Name, Objects, Place, Places, Policy, PolicyRule, Query, Resolver as _,
    aggregation, rule_allows, validation,
};
use ravelin_authz::{Attributes, Authorizer as _, Decision, RuleResolver as _, User};
use ravelin_object::{Value, documents, list, read};

use crate::LIMITS;

/// How many users are asked for, and how many rules they ask for.
const MOST: usize = 8;

/// Into how many permissions rules may break down that are compared.
const ATOMS: u64 = 2_000;

/// Reads the bytes as a stream of objects, and asks for what stands in their rules.
pub fn run(data: &[u8]) {
    let Ok(text) = ravelin_yaml::decode(data) else { return };
    let mut objects = Objects::default();
    for piece in documents::split(&text) {
        let Ok(read) = read::yaml(piece.text, &LIMITS) else { continue };
        let Some(value) = read.value else { continue };
        if list::is_list(&value) {
            list::into_items(value).iter().for_each(|item| add(&mut objects, item));
        } else {
            add(&mut objects, &value);
        }
    }
    let unreadable = aggregation::aggregate(&mut objects.cluster_roles);
    assert!(unreadable.iter().all(|unreadable| !unreadable.error.to_string().is_empty()));
    validate(&objects);
    let index = Index::new(Policy::new(objects));
    let users = users(&index);
    let requests = requests(&index);
    for user in &users {
        held(&index, user);
        for request in &requests {
            decision(&index, &Attributes { user: user.clone(), ..request.clone() });
        }
    }
    requests.iter().for_each(|request| who_can(&index, request));
}

fn add(objects: &mut Objects, value: &Value) {
    if let Err(errors) = objects.add(value, 0) {
        assert!(!errors.is_empty() && errors.iter().all(|error| !error.to_string().is_empty()));
    }
}

fn validate(objects: &Objects) {
    let roles = objects.roles.iter().map(validation::role);
    let of_cluster = objects.cluster_roles.iter();
    let of_cluster = of_cluster.map(|role| validation::cluster_role_update(role, role));
    let bindings =
        objects.role_bindings.iter().map(|binding| validation::role_binding_update(binding, binding));
    let cluster_bindings = objects.cluster_role_bindings.iter();
    let cluster_bindings =
        cluster_bindings.map(|binding| validation::cluster_role_binding_update(binding, binding));
    for fault in roles.chain(of_cluster).chain(bindings).chain(cluster_bindings).flatten() {
        assert!(!fault.to_string().is_empty());
        assert!(!fault.to_string().contains("cannot change roleRef"), "nothing was changed");
    }
}

/// Those whom bindings name.
fn users(index: &Index) -> Vec<User> {
    let mut users = vec![User::default()];
    for binding in index.policy().all_bindings() {
        for subject in binding.subjects() {
            let name = match (subject.kind.as_str(), subject.namespace.as_str()) {
                ("ServiceAccount", "") => {
                    format!("system:serviceaccount:{}:{}", binding.namespace(), subject.name)
                }
                ("ServiceAccount", namespace) => {
                    format!("system:serviceaccount:{namespace}:{}", subject.name)
                }
                _ => subject.name.to_string(),
            };
            let groups = vec![subject.name.to_string(), "system:authenticated".to_owned()];
            users.push(User { name, groups, ..User::default() });
        }
    }
    users.truncate(MOST);
    users
}

/// What the rules allow, in the namespaces of the bindings.
fn requests(index: &Index) -> Vec<Attributes> {
    let objects = index.policy().objects();
    let rules = objects.cluster_roles.iter().flat_map(|role| &role.rules);
    let rules = rules.chain(objects.roles.iter().flat_map(|role| &role.rules)).take(MOST);
    let mut requests = Vec::new();
    for rule in rules {
        let namespace = objects.role_bindings.get(requests.len() % objects.role_bindings.len().max(1));
        let namespace = namespace.map(|binding| binding.metadata.namespace.to_string()).unwrap_or_default();
        requests.extend(of_rule(rule, &namespace));
        requests.extend(of_rule(rule, ""));
    }
    requests
}

fn of_rule(rule: &PolicyRule, namespace: &str) -> Vec<Attributes> {
    let last = |list: &[_]| list.last().map(ToString::to_string);
    let Some(verb) = last(&rule.verbs) else { return Vec::new() };
    let mut requests = Vec::new();
    if let Some(path) = last(&rule.non_resource_urls) {
        requests.push(Attributes { verb: verb.clone(), path, ..Attributes::default() });
    }
    if let Some(whole) = last(&rule.resources) {
        let (resource, subresource) = whole.split_once('/').unwrap_or((&whole, ""));
        requests.push(Attributes {
            verb,
            is_resource: true,
            group: last(&rule.api_groups).unwrap_or_default(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            namespace: namespace.to_owned(),
            name: last(&rule.resource_names).unwrap_or_default(),
            ..Attributes::default()
        });
    }
    requests
}

fn decision(index: &Index, request: &Attributes) {
    let answer = index.authorize(request);
    assert_eq!(answer, index.policy().authorize(request), "{request:?}");
    let allowed = answer.decision == Decision::Allow;
    assert_eq!(allowed, index.allows(request), "{request:?}");
    assert!(!allowed || !answer.reason.is_empty());
    // A namespace without a name is none.
    let namespaces: &[&str] = if request.namespace.is_empty() { &[] } else { &[&request.namespace] };
    let grants = index.what_can(&request.user, Places::These(namespaces));
    let granted = grants.iter().any(|grant| {
        let is_there = request.is_resource || matches!(grant.binding, AnyBinding::Cluster(_));
        (is_there || !request.namespace.is_empty())
            && grant.policy_rule().is_some_and(|rule| rule_allows(rule, request))
    });
    assert_eq!(allowed, granted, "{request:?}");
}

fn held(index: &Index, user: &User) {
    for namespace in ["", "ns", "default"] {
        let held = index.held(user, namespace);
        assert_eq!(held, index.policy().held(user, namespace));
        assert_eq!(index.rules_for(user, namespace), index.policy().rules_for(user, namespace));
        let rules: Vec<PolicyRule> = held.rules.iter().map(|rule| (*rule).clone()).collect();
        // A rule on paths that also limits names covers not even itself; the API server refuses to store one.
        let is_mixed =
            |rule: &PolicyRule| !rule.non_resource_urls.is_empty() && !rule.resource_names.is_empty();
        if atom_count(&rules) <= ATOMS && !rules.iter().any(is_mixed) {
            assert_eq!(confirm(user, &held.rules, None, &rules), Ok(()));
        }
    }
}

fn who_can(index: &Index, request: &Attributes) {
    let asked = if request.is_resource {
        Asked::Resource {
            group: &request.group,
            resource: &request.resource,
            subresource: &request.subresource,
            name: if request.name.is_empty() { Name::None } else { Name::Of(&request.name) },
            place: Place::Anywhere,
        }
    } else {
        Asked::Path(&request.path)
    };
    for grant in index.who_can(&Query { verb: &request.verb, asked }) {
        let rule = grant.policy_rule();
        assert!(rule.is_some_and(|rule| rule_allows(rule, request)), "{request:?}: {grant:?}");
    }
}
