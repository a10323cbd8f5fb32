//! Who holds a right: by all bindings and all groups of a subject together, whichever of them gives which half.

use crate::picture::in_one_namespace;
pub(crate) use crate::user::user as user_of;
use crate::{Notes, Picture, words};
use ravelin_authz::rbac::{AnyRole, Asked, Grant, Identity, Name, Place, PolicyRule, Query, Scope};
use ravelin_authz::{Attributes, User};
use ravelin_diag::{Anchor, FieldPath, Severity};
use ravelin_inventory::ObjectId;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use crate::user::{ACCOUNTS, AUTHENTICATED, UNAUTHENTICATED};
/// The group that may do everything, whatever RBAC says.
pub(crate) const MASTERS: &str = "system:masters";
/// The namespace of the control plane.
pub(crate) const SYSTEM: &str = "kube-system";

/// Verbs that read.
pub(crate) const READ: &[&str] = &["get", "list", "watch"];
/// Verbs that change what is there.
pub(crate) const CHANGE: &[&str] = &["update", "patch"];
/// Verbs that write.
pub(crate) const WRITE: &[&str] = &["create", "update", "patch"];
/// Verbs that write or remove.
pub(crate) const CONTROL: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];

/// A right that a check looks for: any of the verbs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Right {
    pub(crate) verbs: &'static [&'static str],
    pub(crate) group: &'static str,
    /// With its subresource: `pods/exec`.
    pub(crate) resource: &'static str,
    /// Whether a grant in one namespace is worth anything.
    pub(crate) is_namespaced: bool,
}

/// A right to objects that are in namespaces.
pub(crate) const fn namespaced(
    verbs: &'static [&'static str],
    group: &'static str,
    resource: &'static str,
) -> Right {
    Right { verbs, group, resource, is_namespaced: true }
}

/// A right to objects of the cluster.
pub(crate) const fn cluster(
    verbs: &'static [&'static str],
    group: &'static str,
    resource: &'static str,
) -> Right {
    Right { verbs, group, resource, is_namespaced: false }
}

impl Right {
    fn parts(&self) -> (&'static str, &'static str) {
        self.resource.split_once('/').unwrap_or((self.resource, ""))
    }

    fn query(&self, verb: &'static str) -> Query<'static> {
        let (resource, subresource) = self.parts();
        // Whoever makes an object or deletes many names none, so that grants under names do not count.
        let is_nameless = verb == "deletecollection" || verb == "create" && subresource.is_empty();
        let name = if is_nameless { Name::None } else { Name::Some };
        let place = if self.is_namespaced { Place::Anywhere } else { Place::Cluster };
        Query { verb, asked: Asked::Resource { group: self.group, resource, subresource, name, place } }
    }

    /// The request for one of the verbs.
    pub(crate) fn request(&self, user: &User, verb: &str, namespace: &str, name: &str) -> Attributes {
        let (resource, subresource) = self.parts();
        Attributes {
            user: user.clone(),
            verb: verb.to_owned(),
            is_resource: true,
            group: self.group.to_owned(),
            version: "*".to_owned(),
            namespace: namespace.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            name: name.to_owned(),
            ..Attributes::default()
        }
    }

    /// Whether a rule of one verb, group and resource gives it, wildcards included.
    pub(crate) fn is_in(&self, verb: &str, group: &str, resource: &str) -> bool {
        (verb == "*" || self.verbs.contains(&verb))
            && (group == "*" || group == self.group)
            && (resource == "*" || resource == self.resource)
    }
}

/// A subject that holds what a check looks for, by at least one grant of its own that Kubernetes does not make itself.
#[derive(Clone, Debug)]
pub(crate) struct Held<'p> {
    pub(crate) identity: Identity<'p>,
    pub(crate) user: User,
    /// Where all needs are met: the whole cluster, or some namespaces.
    pub(crate) scopes: Vec<Scope<'p>>,
    /// What meets each need there, its own grants first.
    pub(crate) grants: Vec<Vec<Grant<'p>>>,
    object: ObjectId,
    path: FieldPath,
}

/// Everybody who meets all needs in one place; a need is met by any of its rights.
///
/// Left out is what others already report: a subject that may do everything there, or that holds no more than a
/// group that it is in, or only by Kubernetes' own bindings, or by the roles `admin` and `edit` as they are meant.
pub(crate) fn held<'p>(picture: &'p Picture<'_>, needs: &[&[Right]]) -> Vec<Held<'p>> {
    let maps: Vec<_> = needs.iter().map(|rights| by_identity(picture, rights)).collect();
    let identities: BTreeSet<Identity<'p>> = maps.iter().flat_map(|map| map.keys().copied()).collect();
    let is_master = |identity: &Identity<'_>| *identity == Identity::Group(MASTERS);
    let subjects = identities.into_iter().filter(|identity| !is_master(identity));
    subjects.filter_map(|identity| Held::of(picture, identity, &maps)).collect()
}

type ByIdentity<'p> = BTreeMap<Identity<'p>, Vec<Grant<'p>>>;

fn by_identity<'p>(picture: &'p Picture<'_>, rights: &[Right]) -> ByIdentity<'p> {
    let mut map = ByIdentity::new();
    for right in rights {
        for verb in right.verbs {
            for grant in picture.index().who_can(&right.query(verb)) {
                let grants: &mut Vec<Grant<'p>> = map.entry(grant.identity).or_default();
                if !grants.iter().rev().take(32).any(|known| *known == grant) {
                    grants.push(grant);
                }
            }
        }
    }
    map
}

impl<'p> Held<'p> {
    fn of(picture: &'p Picture<'_>, identity: Identity<'p>, maps: &[ByIdentity<'p>]) -> Option<Self> {
        // Most subjects hold nothing of their own.
        if !maps.iter().filter_map(|map| map.get(&identity)).flatten().any(|grant| is_own(picture, grant)) {
            return None;
        }
        let user = user_of(&identity);
        let mut grants: Vec<Vec<Grant<'p>>> = Vec::new();
        for map in maps {
            let mut all = map.get(&identity).cloned().unwrap_or_default();
            for group in user.groups.iter().filter(|group| identity != Identity::Group(group)) {
                let of_group = map.get(&Identity::Group(group));
                all.extend(of_group.into_iter().flatten().copied());
            }
            if all.is_empty() {
                return None;
            }
            all.sort_by_key(|grant| (grant.identity != identity, grant.scope != Scope::Cluster));
            grants.push(all);
        }
        let scopes = scopes(picture, identity, &grants);
        if scopes.is_empty() {
            return None;
        }
        let counts = |grant: &Grant<'_>| {
            (grant.scope == Scope::Cluster || scopes.contains(&grant.scope))
                && !is_reported_elsewhere(picture, grant)
        };
        for grants in &mut grants {
            if grants.iter().any(counts) {
                grants.retain(counts);
            }
        }
        let own = |grant: &&Grant<'_>| grant.identity == identity && is_own(picture, grant);
        let place = *grants.iter().flatten().find(own)?;
        let object = picture.object_of(place.binding.metadata().origin)?;
        let path = FieldPath::root().key("subjects").index(place.subject);
        Some(Self { identity, user, scopes, grants, object, path })
    }

    /// To which names the grants of a need are limited; nothing where one of them is not.
    pub(crate) fn names(&self, need: usize) -> Option<BTreeSet<&'p str>> {
        names(self.grants.get(need).map_or(&[][..], Vec::as_slice))
    }

    /// Whether it holds in the whole cluster, or in the namespace of the control plane.
    pub(crate) fn is_wide(&self) -> bool {
        self.scopes.iter().any(|scope| matches!(scope, Scope::Cluster | Scope::Namespace(SYSTEM)))
    }

    /// The rules that its grants give.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &'p PolicyRule> {
        self.grants.iter().flatten().filter_map(Grant::policy_rule)
    }

    /// The severity, milder where it is about one namespace.
    pub(crate) fn severity(&self, severity: Severity) -> Severity {
        if self.is_wide() { severity } else { in_one_namespace(severity) }
    }

    /// Adds a finding: `WHO WHAT WHERE: CHAINS`.
    pub(crate) fn report(&self, notes: &mut Notes, severity: Severity, what: &str) {
        let chains = words::chains(self.grants.iter().flatten());
        let (who, places) = (words::subject(&self.identity), words::places(&self.scopes));
        let message = format!("`{who}` {what} {places}: {chains}");
        self.add(notes, severity, message);
    }

    /// Adds a finding: `WHO WHAT WHERE, FURTHER: CHAINS`.
    pub(crate) fn report_with(&self, notes: &mut Notes, severity: Severity, what: &str, further: &str) {
        let chains = words::chains(self.grants.iter().flatten());
        let (who, places) = (words::subject(&self.identity), words::places(&self.scopes));
        let message = format!("`{who}` {what} {places}, {further}: {chains}");
        self.add(notes, severity, message);
    }

    fn add(&self, notes: &mut Notes, severity: Severity, message: String) {
        if let Some(found) = notes.add(self.object, self.path.clone(), Anchor::Value, message) {
            found.severity = severity;
        }
    }
}

/// To which names grants are limited; nothing where one of them is not.
pub(crate) fn names<'p>(grants: &[Grant<'p>]) -> Option<BTreeSet<&'p str>> {
    let mut names = BTreeSet::new();
    for grant in grants {
        let rule = grant.policy_rule()?;
        if rule.resource_names.is_empty() {
            return None;
        }
        names.extend(rule.resource_names.iter().map(|name| name.as_str()));
    }
    Some(names)
}

/// Where all needs are met: the whole cluster, or else the namespaces.
fn scopes<'p>(picture: &Picture<'_>, identity: Identity<'p>, grants: &[Vec<Grant<'p>>]) -> Vec<Scope<'p>> {
    let is_met_by = |scope: Scope<'_>, by: &dyn Fn(&Grant<'_>) -> bool| {
        let reaches = |grant: &&Grant<'_>| grant.scope == Scope::Cluster || grant.scope == scope;
        grants.iter().all(|list| list.iter().filter(reaches).any(by))
    };
    let others = |grant: &Grant<'_>| grant.identity != identity || !is_own(picture, grant);
    let elsewhere = |grant: &Grant<'_>| is_reported_elsewhere(picture, grant);
    let is_met = |scope: Scope<'_>| is_met_by(scope, &|_| true);
    let counts =
        |scope: Scope<'_>| is_met(scope) && !is_met_by(scope, &others) && !is_met_by(scope, &elsewhere);
    if is_met(Scope::Cluster) {
        return if counts(Scope::Cluster) { vec![Scope::Cluster] } else { Vec::new() };
    }
    let namespaces: BTreeSet<Scope<'p>> = grants.iter().flatten().map(|grant| grant.scope).collect();
    namespaces.into_iter().filter(|scope| *scope != Scope::Cluster && counts(*scope)).collect()
}

/// Whether the grant is of the inventory, and not one that Kubernetes itself makes.
pub(crate) fn is_own(picture: &Picture<'_>, grant: &Grant<'_>) -> bool {
    picture.object_of(grant.binding.metadata().origin).is_some()
        && !picture.is_default_grant(&grant.binding, &grant.identity)
}

/// Whether other checks report what the grant gives: everything, or `admin` or `edit`.
fn is_reported_elsewhere(picture: &Picture<'_>, grant: &Grant<'_>) -> bool {
    grant.policy_rule().is_some_and(is_sweeping) || is_packaged(picture, grant)
}

/// Whether a rule gives every verb on every resource of a group, or verbs that read and verbs that write.
pub(crate) fn is_sweeping(rule: &PolicyRule) -> bool {
    let has = |verbs: &[&str]| rule.verbs.iter().any(|held| held == "*" || verbs.contains(&held.as_str()));
    let is_all = rule.resources.iter().any(|resource| resource == "*") && rule.resource_names.is_empty();
    is_all && has(READ) && has(WRITE)
}

/// Whether the grant is one of the roles `admin` and `edit`, which are made to be bound in namespaces.
fn is_packaged(picture: &Picture<'_>, grant: &Grant<'_>) -> bool {
    is_packaged_role(&grant.role) && picture.is_default_role(&grant.role)
}

/// Whether it is the cluster role `admin` or `edit`.
pub(crate) fn is_packaged_role(role: &AnyRole<'_>) -> bool {
    matches!(role, AnyRole::Cluster(role) if matches!(role.metadata.name.as_str(), "admin" | "edit"))
}

/// Everybody to whom the inventory grants a rule of some kind, but for Kubernetes' own grants: once for what is granted
/// in the whole cluster, once for what is granted in namespaces.
pub(crate) fn by_rule<'p>(
    picture: &'p Picture<'_>,
    is_wanted: &dyn Fn(&Grant<'p>, &PolicyRule) -> bool,
) -> Vec<Held<'p>> {
    let mut found: BTreeMap<(Identity<'p>, bool), (ObjectId, FieldPath, Vec<Grant<'p>>)> = BTreeMap::new();
    for holding in picture.holdings() {
        let Some(role) = holding.role else { continue };
        let (binding, subject, identity) = (holding.binding, holding.subject, holding.identity);
        if identity == Identity::Group(MASTERS) {
            continue;
        }
        let scope = match binding.namespace() {
            "" => Scope::Cluster,
            namespace => Scope::Namespace(namespace),
        };
        for (index, rule) in role.rules().iter().enumerate() {
            let grant = Grant { binding, subject, identity, role, rule: index, scope };
            if is_wanted(&grant, rule) {
                let place = || (holding.object, holding.path(), Vec::new());
                let is_cluster = scope == Scope::Cluster;
                found.entry((identity, is_cluster)).or_insert_with(place).2.push(grant);
            }
        }
    }
    let of_subject =
        |((identity, _), (object, path, grants)): ((Identity<'p>, bool), (_, _, Vec<Grant<'p>>))| {
            let scopes: BTreeSet<Scope<'p>> = grants.iter().map(|grant| grant.scope).collect();
            let scopes = scopes.into_iter().collect();
            Held { identity, user: user_of(&identity), scopes, grants: vec![grants], object, path }
        };
    found.into_iter().map(of_subject).collect()
}

/// Whether an API group is one of Kubernetes' own.
pub(crate) fn is_builtin(group: &str) -> bool {
    group == "*" || !group.contains('.') || group.ends_with(".k8s.io")
}

/// Rights by which somebody decides what runs in a pod, and as which service account.
pub(crate) const WORKLOADS: &[Right] = &[
    namespaced(&["create"], "", "pods"),
    namespaced(WRITE, "apps", "deployments"),
    namespaced(WRITE, "apps", "daemonsets"),
    namespaced(WRITE, "apps", "statefulsets"),
    namespaced(WRITE, "apps", "replicasets"),
    namespaced(WRITE, "batch", "jobs"),
    namespaced(WRITE, "batch", "cronjobs"),
    namespaced(WRITE, "", "replicationcontrollers"),
];

#[cfg(test)]
mod tests;
