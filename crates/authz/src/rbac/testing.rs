//! Policies as texts, and requests, for the tests of what compares policies.

use super::Who;
use super::aggregation::aggregate;
use super::index::tests::attributes;
use super::objects::Objects;
use super::policy::Policy;
use crate::Attributes;
use proptest::prelude::*;
use ravelin_object::read;
use ravelin_yaml::Limits;

/// A policy of lines: `ClusterRole NAME RULE; RULE`, `Role NS/NAME RULE`, `ClusterRoleBinding NAME ROLE SUBJECT,...`,
/// `RoleBinding NS/NAME ROLE SUBJECT,...`. Rules are `verbs groups resources [names]` or `verbs /path`, with `core`
/// for the core group; roles `Role/x` or `ClusterRole/x`; subjects `User:x`, `Group:x`, `ServiceAccount:ns:x`.
/// Labels stand behind the name of a cluster role: `NAME{label}`, and `NAME<label>` aggregates.
pub(super) fn policy(text: &str) -> Policy {
    let mut objects = Objects::default();
    for (origin, line) in (0..).zip(text.lines().map(str::trim).filter(|line| !line.is_empty())) {
        let (kind, rest) = line.split_once(' ').unwrap();
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let (name, extra) = named(name);
        let (namespace, name) = name.split_once('/').unwrap_or(("", name));
        let body = if kind.ends_with("Binding") { binding(rest) } else { rules(rest) };
        let json = format!(
            r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "{kind}",
            "metadata": {{"name": "{name}", "namespace": "{namespace}"{}}}{}, {body}}}"#,
            extra.0, extra.1
        );
        let value = read::json(&json, &Limits::STANDARD).unwrap().value.unwrap();
        assert!(objects.add(&value, origin).unwrap());
    }
    aggregate(&mut objects.cluster_roles);
    Policy::new(objects)
}

fn named(name: &str) -> (&str, (String, String)) {
    if let Some((name, label)) = name.split_once('{') {
        let label = label.trim_end_matches('}');
        return (name, (format!(r#", "labels": {{"{label}": "true"}}"#), String::new()));
    }
    if let Some((name, label)) = name.split_once('<') {
        let label = label.trim_end_matches('>');
        let rule = format!(
            r#", "aggregationRule": {{"clusterRoleSelectors": [{{"matchLabels": {{"{label}": "true"}}}}]}}"#
        );
        return (name, (String::new(), rule));
    }
    (name, (String::new(), String::new()))
}

fn list(words: &str) -> String {
    let words = words.split(',').map(|word| if word == "core" { "" } else { word });
    format!("[{}]", words.map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(","))
}

fn rules(text: &str) -> String {
    let rules = text.split(';').map(str::trim).filter(|rule| !rule.is_empty()).map(|rule| {
        let words: Vec<&str> = rule.split_whitespace().collect();
        match words.as_slice() {
            [verbs, paths] => format!(r#"{{"verbs": {}, "nonResourceURLs": {}}}"#, list(verbs), list(paths)),
            [verbs, groups, resources, names @ ..] => format!(
                r#"{{"verbs": {}, "apiGroups": {}, "resources": {}, "resourceNames": {}}}"#,
                list(verbs),
                list(groups),
                list(resources),
                names.first().map_or("[]".to_owned(), |names| list(names))
            ),
            _ => panic!("{rule}"),
        }
    });
    format!("\"rules\": [{}]", rules.collect::<Vec<_>>().join(","))
}

fn binding(text: &str) -> String {
    let (role, subjects) = text.split_once(' ').unwrap_or((text, ""));
    let (kind, name) = role.split_once('/').unwrap();
    let subjects = subjects.split(',').filter(|subject| !subject.is_empty()).map(|subject| {
        let (kind, name) = subject.split_once(':').unwrap();
        let (namespace, name) = match kind {
            "ServiceAccount" => name.split_once(':').unwrap_or(("", name)),
            _ => ("", name),
        };
        format!(r#"{{"kind": "{kind}", "name": "{name}", "namespace": "{namespace}"}}"#)
    });
    let subjects = subjects.collect::<Vec<_>>().join(",");
    format!(r#""roleRef": {{"kind": "{kind}", "name": "{name}"}}, "subjects": [{subjects}]"#)
}

/// Requests as clients can make them, by users who are in the groups that they cannot but be in.
pub(super) fn requests() -> impl Strategy<Value = Vec<Attributes>> {
    prop::collection::vec(attributes().prop_map(possible), 60)
}

/// The request as it can be made: there is no subresource `*`, paths have no namespace.
pub(super) fn possible(mut request: Attributes) -> Attributes {
    if request.subresource == "*" {
        request.subresource.clear();
    }
    if !request.is_resource {
        request.namespace.clear();
    }
    let implied = Who::User(request.user.name.as_str().into()).groups();
    let groups = request.user.groups.clone().into_iter().flat_map(|group| Who::Group(group.into()).groups());
    request.user.groups.extend(implied.into_iter().map(String::from));
    request.user.groups.extend(groups.map(String::from).collect::<Vec<_>>());
    request
}
