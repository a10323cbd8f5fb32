//! What is dangerous to hold.

use super::atoms::{Atom, Catalogue, Spelled};
use super::objects::PolicyRule;

/// Why something is dangerous to hold.
///
/// Source: <https://kubernetes.io/docs/concepts/security/rbac-good-practices/>, "Privilege escalation risks".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Danger {
    /// Every verb on every resource: as much as `cluster-admin`.
    Everything,
    /// A wildcard: it holds for what is added later too.
    Wildcard,
    /// The verbs `escalate` and `bind`.
    Escalates,
    /// The verb `impersonate`.
    Impersonates,
    /// Reading secrets.
    ReadsSecrets,
    /// Tokens of service accounts, certificates of clients.
    MakesCredentials,
    /// Commands in pods, the kubelet's API.
    EntersPods,
    /// Workloads run as any service account of the namespace, with any of its secrets.
    RunsPods,
    /// Persistent volumes reach files of nodes.
    MakesVolumes,
    /// Webhooks see and change whatever is written.
    ChangesAdmission,
    /// Labels of namespaces say which policies hold.
    ChangesNamespaces,
}

impl Danger {
    /// The danger in a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything, as cluster-admin",
            Self::Wildcard => "wildcard",
            Self::Escalates => "may grant more than it holds",
            Self::Impersonates => "acts as others",
            Self::ReadsSecrets => "reads secrets",
            Self::MakesCredentials => "makes credentials",
            Self::EntersPods => "runs commands in pods",
            Self::RunsPods => "runs pods as any account of the namespace",
            Self::MakesVolumes => "reaches files of nodes",
            Self::ChangesAdmission => "changes admission",
            Self::ChangesNamespaces => "changes policies of namespaces",
        }
    }
}

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "update", "patch"];
const CHANGE: &[&str] = &["update", "patch"];
const RBAC: &str = "rbac.authorization.k8s.io";

/// The dangers by verbs, group and resources.
const DANGERS: &[(Danger, &[&str], &str, &[&str])] = &[
    (Danger::Escalates, &["escalate", "bind"], RBAC, &["roles", "clusterroles"]),
    (Danger::Impersonates, &["impersonate"], "", &["users", "groups", "serviceaccounts"]),
    (Danger::Impersonates, &["impersonate"], "authentication.k8s.io", &["userextras", "uids"]),
    (Danger::ReadsSecrets, READ, "", &["secrets"]),
    (Danger::MakesCredentials, &["create"], "", &["serviceaccounts/token"]),
    (Danger::MakesCredentials, CHANGE, "certificates.k8s.io", &["certificatesigningrequests/approval"]),
    (Danger::MakesCredentials, &["approve", "sign"], "certificates.k8s.io", &["signers"]),
    (Danger::EntersPods, &["get", "create"], "", &["pods/exec", "pods/attach", "nodes/proxy"]),
    (Danger::EntersPods, CHANGE, "", &["pods/ephemeralcontainers"]),
    (Danger::RunsPods, WRITE, "", &["pods", "replicationcontrollers"]),
    (Danger::RunsPods, WRITE, "apps", &["deployments", "daemonsets", "replicasets", "statefulsets"]),
    (Danger::RunsPods, WRITE, "batch", &["jobs", "cronjobs"]),
    (Danger::MakesVolumes, WRITE, "", &["persistentvolumes"]),
    (
        Danger::ChangesAdmission,
        WRITE,
        "admissionregistration.k8s.io",
        &["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
    ),
    (Danger::ChangesNamespaces, CHANGE, "", &["namespaces"]),
];

/// Why an atom is dangerous to hold.
pub(super) fn of_atom(catalogue: &Catalogue, atom: Atom) -> Vec<Danger> {
    of_spelled(&catalogue.spell(atom))
}

/// Why a rule is dangerous to hold, each reason once.
#[must_use]
pub fn of_rule(rule: &PolicyRule) -> Vec<Danger> {
    let mut dangers: Vec<Danger> = Vec::new();
    let name = rule.resource_names.first().map(|name| name.as_str());
    for verb in &rule.verbs {
        for group in &rule.api_groups {
            for what in &rule.resources {
                dangers.extend(of_spelled(&Spelled { verb, group: Some(group), what, name }));
            }
        }
        let paths = rule.non_resource_urls.iter();
        dangers.extend(paths.flat_map(|what| of_spelled(&Spelled { verb, group: None, what, name: None })));
    }
    dangers.sort_unstable();
    dangers.dedup();
    dangers
}

fn of_spelled(atom: &Spelled<'_>) -> Vec<Danger> {
    let Some(group) = atom.group else {
        return Vec::from_iter((atom.what == "*").then_some(Danger::Wildcard));
    };
    let stars = [atom.verb, group, atom.what].iter().filter(|word| **word == "*").count();
    if stars == 3 && atom.name.is_none() {
        return vec![Danger::Everything];
    }
    let mut dangers = Vec::from_iter((stars > 0).then_some(Danger::Wildcard));
    for (danger, verbs, of_group, resources) in DANGERS {
        let verb = atom.verb == "*" || verbs.contains(&atom.verb);
        let group = group == "*" || group == *of_group;
        let resource = atom.what == "*" || resources.iter().any(|resource| touches(atom.what, resource));
        if verb && group && resource && !dangers.contains(danger) {
            dangers.push(*danger);
        }
    }
    dangers
}

fn touches(pattern: &str, resource: &str) -> bool {
    let of_any = || pattern.strip_prefix("*/").zip(resource.split_once('/'));
    pattern == resource || of_any().is_some_and(|(asked, (_, subresource))| asked == subresource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangers_have_names() {
        let of = |verb: &str, group: &str, resource: &str| {
            let rule = PolicyRule {
                verbs: vec![verb.into()],
                api_groups: vec![group.into()],
                resources: vec![resource.into()],
                ..PolicyRule::default()
            };
            of_rule(&rule).iter().map(|danger| danger.as_str()).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(of("*", "*", "*"), "everything, as cluster-admin");
        assert_eq!(of("get", "", "secrets"), "reads secrets");
        assert_eq!(of("create", "", "secrets"), "");
        assert_eq!(of("get", "", "*"), "wildcard; reads secrets; runs commands in pods");
        assert_eq!(of("create", "", "*/token"), "makes credentials");
        assert_eq!(of("escalate", RBAC, "clusterroles"), "may grant more than it holds");
        assert_eq!(of("*", "apps", "deployments"), "wildcard; runs pods as any account of the namespace");
        assert_eq!(of("get", "", "pods"), "");
        let path = PolicyRule {
            verbs: vec!["get".into()],
            non_resource_urls: vec!["*".into()],
            ..PolicyRule::default()
        };
        assert_eq!(of_rule(&path), [Danger::Wildcard]);
    }
}
