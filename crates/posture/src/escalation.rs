//! Proof that somebody can gain rights: the authorizer is asked before the step and after it.
//!
//! An attempt is a holder, a step (becoming somebody else, writing a role or a binding), and a witness: a request
//! that is refused before the step and allowed after it. A step that writes a role or a binding must pass the guard
//! that the API server has in front of such writes. RBAC only ever adds, so that after a write everything is allowed
//! that was before, or that the written objects allow by themselves.

mod hosts;
mod writes;

pub(crate) use hosts::{Hosts, hosts_in, lowers};
pub(crate) use writes::{by_binding, by_role, holds_more};

use crate::rights::{self, Right, SYSTEM, cluster, namespaced, user_of};
use crate::words;
use ravelin_authz::rbac::covers::atoms;
use ravelin_authz::rbac::{Identity, Index, Places, PolicyRule, Scope};
use ravelin_authz::{Attributes, User};
use ravelin_diag::Severity;
use std::collections::{BTreeMap, BTreeSet};

/// What a gained request is worth, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// Something.
    Little,
    /// A dangerous right in one namespace, or under names.
    Notable,
    /// A dangerous right.
    Dangerous,
    /// As good as everything.
    Everything,
}

impl Worth {
    /// How bad it is to gain it.
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Everything => Severity::Critical,
            Self::Dangerous => Severity::High,
            Self::Notable => Severity::Medium,
            Self::Little => Severity::Low,
        }
    }
}

/// Rights that are as good as everything, if held in the whole cluster.
const TOTAL: [Right; 8] = [
    cluster(&["escalate"], "rbac.authorization.k8s.io", "clusterroles"),
    cluster(&["bind"], "rbac.authorization.k8s.io", "clusterroles"),
    cluster(&["impersonate"], "", "groups"),
    cluster(&["impersonate"], "", "users"),
    namespaced(&["impersonate"], "", "serviceaccounts"),
    namespaced(&["create"], "", "serviceaccounts/token"),
    cluster(&["get", "create"], "", "nodes/proxy"),
    namespaced(&["create"], "", "pods"),
];

/// Rights that are dangerous.
const DANGEROUS: [Right; 19] = [
    namespaced(&["escalate", "bind"], "rbac.authorization.k8s.io", "roles"),
    namespaced(rights::READ, "", "secrets"),
    namespaced(&["get", "create"], "", "pods/exec"),
    namespaced(&["get", "create"], "", "pods/attach"),
    namespaced(rights::CHANGE, "", "pods/ephemeralcontainers"),
    namespaced(rights::WRITE, "apps", "deployments"),
    namespaced(rights::WRITE, "apps", "daemonsets"),
    namespaced(rights::WRITE, "apps", "statefulsets"),
    namespaced(rights::WRITE, "apps", "replicasets"),
    namespaced(rights::WRITE, "batch", "jobs"),
    namespaced(rights::WRITE, "batch", "cronjobs"),
    namespaced(rights::WRITE, "", "replicationcontrollers"),
    cluster(rights::WRITE, "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    cluster(rights::WRITE, "admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    cluster(rights::WRITE, "admissionregistration.k8s.io", "mutatingadmissionpolicies"),
    cluster(rights::WRITE, "apiregistration.k8s.io", "apiservices"),
    cluster(&["approve", "sign"], "certificates.k8s.io", "signers"),
    cluster(rights::WRITE, "", "persistentvolumes"),
    cluster(rights::CHANGE, "", "nodes"),
];

/// What one verb on one resource is worth.
pub(crate) fn worth(atom: &PolicyRule, is_wide: bool) -> Worth {
    let (Some(verb), Some(group), Some(resource)) =
        (first_of(&atom.verbs), first_of(&atom.api_groups), first_of(&atom.resources))
    else {
        return Worth::Little;
    };
    let is_in = |table: &[Right]| table.iter().any(|right| right.is_in(verb, group, resource));
    let is_everything = verb == "*" && resource == "*" && matches!(group, "*" | "");
    let worth = match () {
        () if is_everything || is_in(&TOTAL) => Worth::Everything,
        () if is_in(&DANGEROUS) => Worth::Dangerous,
        () => Worth::Little,
    };
    match worth {
        _ if is_wide && atom.resource_names.is_empty() => worth,
        Worth::Everything => Worth::Dangerous,
        Worth::Dangerous => Worth::Notable,
        other => other,
    }
}

fn first_of<T: AsRef<str>>(list: &[T]) -> Option<&str> {
    list.first().map(AsRef::as_ref)
}

/// The request that an atom allows, as literally as it is written: it is allowed exactly where the atom is covered.
pub(crate) fn request_of(atom: &PolicyRule, user: &User, namespace: &str) -> Option<Attributes> {
    let request = Attributes {
        user: user.clone(),
        verb: first_of(&atom.verbs)?.to_owned(),
        version: "*".to_owned(),
        ..Attributes::default()
    };
    if let Some(path) = first_of(&atom.non_resource_urls) {
        return Some(Attributes { path: path.to_owned(), ..request });
    }
    let resource = first_of(&atom.resources)?;
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Some(Attributes {
        is_resource: true,
        group: first_of(&atom.api_groups)?.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        name: first_of(&atom.resource_names).unwrap_or_default().to_owned(),
        namespace: namespace.to_owned(),
        ..request
    })
}

/// Somebody that others might become, with what that is good for.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// As the command line names it.
    pub(crate) text: String,
    /// Namespace and name, if it is a service account.
    pub(crate) account: Option<(String, String)>,
    pub(crate) user: User,
    /// What it may do, the most dangerous first; not all of it.
    wants: Vec<(Worth, Attributes)>,
}

/// Everybody that a binding names: users and service accounts, the most powerful first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    all: Vec<Target>,
    /// The places of the service accounts of each namespace.
    by_namespace: BTreeMap<String, Vec<usize>>,
}

/// How many of the requests that a target may make are kept.
const WANTS: usize = 16;
/// How many atoms of one rule are looked at.
const ATOMS: usize = 512;

impl Targets {
    /// Everybody that a binding of the policy names.
    pub(crate) fn of(index: &Index) -> Self {
        let mut identities: BTreeSet<Identity<'_>> = BTreeSet::new();
        for binding in index.policy().all_bindings() {
            let namespace = binding.namespace();
            let subjects = binding.subjects().iter();
            identities.extend(subjects.filter_map(|subject| Identity::of(subject, namespace)));
        }
        let mut all: Vec<Target> = identities.iter().filter_map(|who| Target::of(index, who)).collect();
        all.sort_by_key(|target| std::cmp::Reverse(target.worth()));
        let mut by_namespace: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, target) in all.iter().enumerate() {
            if let Some((namespace, _)) = &target.account {
                by_namespace.entry(namespace.clone()).or_default().push(place);
            }
        }
        Self { all, by_namespace }
    }

    /// The service accounts there.
    pub(crate) fn accounts(&self, scopes: &[Scope<'_>]) -> Vec<&Target> {
        let mut found: Vec<&Target> = Vec::new();
        for scope in scopes {
            match scope {
                Scope::Cluster => found.extend(self.all.iter().filter(|target| target.account.is_some())),
                Scope::Namespace(namespace) => {
                    let places = self.by_namespace.get(*namespace).into_iter().flatten();
                    found.extend(places.filter_map(|place| self.all.get(*place)));
                }
            }
        }
        if scopes.len() > 1 {
            found.sort_by_key(|target| std::cmp::Reverse(target.worth()));
        }
        found
    }

    /// Everybody.
    pub(crate) fn everybody(&self) -> &[Target] {
        &self.all
    }

    /// A service account.
    pub(crate) fn account(&self, namespace: &str, name: &str) -> Option<&Target> {
        let places = self.by_namespace.get(namespace)?.iter();
        let mut targets = places.filter_map(|place| self.all.get(*place));
        targets.find(|target| target.account.as_ref().is_some_and(|(_, known)| known == name))
    }
}

impl Target {
    fn of(index: &Index, identity: &Identity<'_>) -> Option<Self> {
        let user = user_of(identity);
        let account = match identity {
            Identity::Group(_) => return None,
            Identity::User("system:anonymous") => return None,
            Identity::User(_) => None,
            Identity::ServiceAccount { namespace, name } => {
                Some(((*namespace).to_owned(), (*name).to_owned()))
            }
        };
        let wants = wants(index, &user);
        Some(Self { text: words::subject(identity), account, user, wants })
    }

    /// Somebody in a group, for the sake of the group.
    pub(crate) fn of_group(index: &Index, identity: &Identity<'_>) -> Self {
        let user = user_of(identity);
        let wants = wants(index, &user);
        Self { text: words::subject(identity), account: None, user, wants }
    }

    /// What the best of it is worth.
    pub(crate) fn worth(&self) -> Worth {
        self.wants.first().map_or(Worth::Little, |(worth, _)| *worth)
    }
}

/// What a user may do, the most dangerous first; not all of it.
pub(crate) fn wants(index: &Index, user: &User) -> Vec<(Worth, Attributes)> {
    let mut wants: Vec<(Worth, Attributes)> = Vec::new();
    for grant in index.what_can(user, Places::All) {
        let Some(rule) = grant.policy_rule() else { continue };
        let namespace = match grant.scope {
            Scope::Cluster => "",
            Scope::Namespace(namespace) => namespace,
        };
        of_rule(rule, user, namespace, &mut wants);
        if wants.len() > 8 * WANTS {
            shorten(&mut wants);
        }
    }
    shorten(&mut wants);
    wants
}

fn shorten(wants: &mut Vec<(Worth, Attributes)>) {
    wants.sort_by_key(|(worth, _)| std::cmp::Reverse(*worth));
    wants.truncate(WANTS);
}

/// What a rule allows that is held in a namespace, or in the cluster if that is empty.
pub(crate) fn of_rule(rule: &PolicyRule, user: &User, namespace: &str, wants: &mut Vec<(Worth, Attributes)>) {
    let is_wide = namespace.is_empty() || namespace == SYSTEM;
    let mut found: Vec<(Worth, PolicyRule)> =
        atoms(rule).take(ATOMS).map(|atom| (worth(&atom, is_wide), atom)).collect();
    found.sort_by_key(|(worth, _)| std::cmp::Reverse(*worth));
    let found = found.into_iter().take(WANTS);
    wants.extend(found.filter_map(|(worth, atom)| Some((worth, request_of(&atom, user, namespace)?))));
}

/// Somebody that the holder becomes, and a request that shows the gain.
#[derive(Clone, Debug)]
pub(crate) struct Gain<'t> {
    pub(crate) target: &'t Target,
    pub(crate) worth: Worth,
    /// Refused to the holder, allowed to the target. The user is the target.
    pub(crate) witness: &'t Attributes,
}

impl Gain<'_> {
    /// What is gained, as a sentence goes on: `which may do everything in the whole cluster`.
    pub(crate) fn text(&self) -> String {
        format!("`{}`, which may {}", self.target.text, words::request(self.witness))
    }
}

/// The best that the holder gains by becoming one of the targets, which come the most powerful first; `may_ask` says
/// of which requests it can make use then.
pub(crate) fn gain<'t>(
    index: &Index,
    holder: &User,
    targets: impl IntoIterator<Item = &'t Target>,
    may_ask: &dyn Fn(&Attributes) -> bool,
) -> Option<Gain<'t>> {
    let mut best: Option<Gain<'t>> = None;
    for target in targets {
        let is_better =
            |worth: Worth, best: &Option<Gain<'_>>| best.as_ref().is_none_or(|best| worth > best.worth);
        if !is_better(target.worth(), &best) {
            break;
        }
        if target.user.name == holder.name {
            continue;
        }
        for (worth, request) in &target.wants {
            if !is_better(*worth, &best) {
                break;
            }
            let before = Attributes { user: holder.clone(), ..request.clone() };
            if !index.allows(&before) && index.allows(request) && may_ask(request) {
                best = Some(Gain { target, worth: *worth, witness: request });
                break;
            }
        }
    }
    best
}

#[cfg(test)]
mod tests;
