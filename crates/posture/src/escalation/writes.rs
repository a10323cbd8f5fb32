//! Gains by writing roles and bindings, past the guard of the API server.

use super::{Worth, of_rule};
use crate::rights::{ACCOUNTS, AUTHENTICATED, SYSTEM};
use ravelin_authz::rbac::escalation::{Change, Differ, Guard};
use ravelin_authz::rbac::{
    AnyBinding, AnyRole, ClusterRole, ClusterRoleBinding, GROUP, Identity, Index, Metadata, Objects, Policy,
    PolicyRule, Resolver as _, Role, RoleBinding, RoleRef, Subject,
};
use ravelin_authz::{Attributes, Authorizer as _, User};

/// A write that gains something.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// What is written, as a sentence goes on: `create a ClusterRoleBinding of ClusterRole cluster-admin`.
    pub(crate) step: String,
    pub(crate) worth: Worth,
    /// Refused to the holder before, allowed after.
    pub(crate) witness: Attributes,
    /// What is there after it, besides what was there before.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests ask the policy with it again"))]
    pub(crate) added: Objects,
}

/// How many atoms of a written role the guard looks at.
const ATOM_LIMIT: u64 = 100_000;
/// How many roles are tried.
const TRIED: usize = 64;

/// The best that a holder gains by a binding in a namespace, or in the cluster if that is empty.
pub(crate) fn by_binding(
    index: &Index,
    holder: &User,
    identity: &Identity<'_>,
    namespace: &str,
    names: &[&str],
) -> Option<Write> {
    let mut best: Option<Write> = None;
    for role in candidates(index, namespace, names) {
        let Some((worth, witness)) = gain_of(index, holder, role.rules(), namespace, best.as_ref()) else {
            continue;
        };
        let written = [create(index, holder, identity, namespace, role)]
            .into_iter()
            .chain(existing(index, holder, identity, namespace, role));
        for (step, added) in written.flatten() {
            if proves(index, &added, &witness) {
                best = Some(Write { step, worth, witness: witness.clone(), added });
                break;
            }
        }
        if best.as_ref().is_some_and(|best| best.worth == Worth::Everything) {
            break;
        }
    }
    best
}

/// The roles that are tried: `cluster-admin`, those named, and those of the namespace.
fn candidates<'p>(index: &'p Index, namespace: &str, names: &[&str]) -> Vec<AnyRole<'p>> {
    let objects = index.policy().objects();
    let resolve = |kind: &str, name: &str| {
        let role_ref = RoleRef { api_group: GROUP.into(), kind: kind.into(), name: name.into() };
        index.resolve(&role_ref, namespace).ok()
    };
    let mut found: Vec<AnyRole<'p>> = resolve("ClusterRole", "cluster-admin").into_iter().collect();
    for name in names.iter().take(TRIED) {
        found.extend(resolve("ClusterRole", name));
        found.extend(resolve("Role", name));
    }
    if !namespace.is_empty() {
        let here = objects.roles.iter().filter(|role| role.metadata.namespace == namespace);
        found.extend(here.take(TRIED).map(AnyRole::Namespaced));
    }
    found
}

/// The best that rules allow in a namespace and that the holder may not do yet, if it is better than what is known.
fn gain_of(
    index: &Index,
    holder: &User,
    rules: &[PolicyRule],
    namespace: &str,
    best: Option<&Write>,
) -> Option<(Worth, Attributes)> {
    let mut wants = Vec::new();
    rules.iter().for_each(|rule| of_rule(rule, holder, namespace, &mut wants));
    // Paths are not granted in namespaces.
    wants.retain(|(_, request)| namespace.is_empty() || request.is_resource);
    wants.sort_by_key(|(worth, _)| std::cmp::Reverse(*worth));
    wants
        .into_iter()
        .take_while(|(worth, _)| best.is_none_or(|best| *worth > best.worth))
        .find(|(_, request)| !index.allows(request))
}

/// Whether the witness is allowed by what was added. That it was refused before is known.
fn proves(index: &Index, added: &Objects, witness: &Attributes) -> bool {
    index.allows(witness) || Index::new(Policy::new(added.clone())).allows(witness)
}

fn guarded(index: &Index, passes: impl FnOnce(&Guard<'_>) -> bool) -> bool {
    let authorize = |request: &Attributes| index.authorize(request).decision;
    let guard = Guard { resolver: index, authorize: &authorize, atom_limit: ATOM_LIMIT };
    passes(&guard)
}

fn asked(holder: &User, verb: &str, resource: &str, namespace: &str, name: &str) -> Attributes {
    Attributes {
        user: holder.clone(),
        verb: verb.to_owned(),
        is_resource: true,
        group: GROUP.to_owned(),
        version: "v1".to_owned(),
        namespace: namespace.to_owned(),
        resource: resource.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    }
}

/// The holder makes a new binding of a role for itself.
fn create(
    index: &Index,
    holder: &User,
    identity: &Identity<'_>,
    namespace: &str,
    role: AnyRole<'_>,
) -> Option<(String, Objects)> {
    let name = "ravelin-witness";
    let role_ref =
        RoleRef { api_group: GROUP.into(), kind: role.kind().into(), name: role.metadata().name.clone() };
    let metadata = Metadata { name: name.into(), namespace: namespace.into(), ..Metadata::default() };
    let subjects = vec![subject_of(identity)];
    let (kind, added) = if namespace.is_empty() {
        let binding = ClusterRoleBinding { metadata, subjects, role_ref };
        let may = may_create(index, holder, "clusterrolebindings", "", |guard, request| {
            guard.cluster_role_binding(request, Change::Create(&binding)).is_ok()
        });
        ("ClusterRoleBinding", may.then(|| bound_in_cluster(role, binding))?)
    } else {
        let binding = RoleBinding { metadata, subjects, role_ref };
        let may = may_create(index, holder, "rolebindings", namespace, |guard, request| {
            guard.role_binding(request, Change::Create(&binding)).is_ok()
        });
        ("RoleBinding", may.then(|| bound_in_namespace(role, binding))?)
    };
    Some((format!("create a {kind} of {} `{}`", role.kind(), role.metadata().name), added))
}

/// The holder adds itself to a binding of a role that is there.
fn existing<'a>(
    index: &'a Index,
    holder: &'a User,
    identity: &'a Identity<'_>,
    namespace: &'a str,
    role: AnyRole<'a>,
) -> impl Iterator<Item = Option<(String, Objects)>> + 'a {
    let of_role = move |binding: &AnyBinding<'_>| {
        let role_ref = binding.role_ref();
        binding.namespace() == namespace
            && role_ref.kind == role.kind()
            && role_ref.name == role.metadata().name
    };
    let bindings = index.policy().all_bindings().filter(of_role).take(TRIED);
    bindings.map(move |binding| {
        let added = match binding {
            AnyBinding::Cluster(old) => {
                let new = ClusterRoleBinding { subjects: vec![subject_of(identity)], ..old.clone() };
                let change = || Change::Update { new: &new, old, metadata: Differ::Otherwise };
                may_write(index, holder, "clusterrolebindings", binding.metadata(), |guard, request| {
                    guard.cluster_role_binding(request, change()).is_ok()
                })
                .then(|| bound_in_cluster(role, new.clone()))?
            }
            AnyBinding::Namespaced(old) => {
                let new = RoleBinding { subjects: vec![subject_of(identity)], ..old.clone() };
                let change = || Change::Update { new: &new, old, metadata: Differ::Otherwise };
                may_write(index, holder, "rolebindings", binding.metadata(), |guard, request| {
                    guard.role_binding(request, change()).is_ok()
                })
                .then(|| bound_in_namespace(role, new.clone()))?
            }
        };
        Some((format!("add itself to {}", crate::words::binding(&binding)), added))
    })
}

/// Whether the holder may update or patch an object that is there, past the guard.
fn may_write(
    index: &Index,
    holder: &User,
    resource: &str,
    metadata: &Metadata,
    passes: impl Fn(&Guard<'_>, &Attributes) -> bool,
) -> bool {
    ["update", "patch"].into_iter().any(|verb| {
        let request = asked(holder, verb, resource, &metadata.namespace, &metadata.name);
        index.allows(&request) && guarded(index, |guard| passes(guard, &request))
    })
}

/// Whether the holder may make an object, past the guard.
fn may_create(
    index: &Index,
    holder: &User,
    resource: &str,
    namespace: &str,
    passes: impl Fn(&Guard<'_>, &Attributes) -> bool,
) -> bool {
    let request = asked(holder, "create", resource, namespace, "");
    index.allows(&request) && guarded(index, |guard| passes(guard, &request))
}

/// Whether one of the roles that are named grants something that the holder may not do.
pub(crate) fn holds_more(index: &Index, holder: &User, namespace: &str, names: &[&str]) -> bool {
    let is_named = |role: &AnyRole<'_>| names.contains(&role.metadata().name.as_str());
    let mut roles = candidates(index, namespace, names).into_iter().filter(is_named);
    roles.any(|role| gain_of(index, holder, role.rules(), namespace, None).is_some())
}

/// The best that a holder gains by rewriting a role that is bound to it, or by making one that is missing.
pub(crate) fn by_role(index: &Index, holder: &User) -> Option<Write> {
    let mut best: Option<Write> = None;
    // Roles that everybody has come last: the holder's own say more.
    let (mut own, mut shared) = (Vec::new(), Vec::new());
    for binding in index.policy().all_bindings() {
        let Some((_, subject)) = binding.subject_for(holder) else { continue };
        let is_shared = subject.name == AUTHENTICATED || subject.name.starts_with(ACCOUNTS);
        if is_shared { shared.push(binding) } else { own.push(binding) }
    }
    // What is not there may be there all the same, unless all that is there is known.
    let is_there = |binding: &AnyBinding<'_>| index.resolve(binding.role_ref(), binding.namespace()).is_ok();
    let (there, missing): (Vec<_>, Vec<_>) = own.into_iter().chain(shared).partition(is_there);
    for binding in there.into_iter().chain(missing) {
        let namespace = binding.namespace();
        let witness = everything(holder, namespace);
        let is_wide = namespace.is_empty() || namespace == SYSTEM;
        let worth = if is_wide { Worth::Everything } else { Worth::Dangerous };
        if best.as_ref().is_some_and(|best| best.worth >= worth) || index.allows(&witness) {
            continue;
        }
        if let Some((step, added)) = rewrite(index, holder, &binding)
            && proves(index, &added, &witness)
        {
            best = Some(Write { step, worth, witness, added });
            if worth == Worth::Everything {
                break;
            }
        }
    }
    best
}

/// The holder gives the role of a binding every right.
fn rewrite(index: &Index, holder: &User, binding: &AnyBinding<'_>) -> Option<(String, Objects)> {
    let role_ref = binding.role_ref();
    let rules = vec![PolicyRule {
        verbs: vec!["*".into()],
        api_groups: vec!["*".into()],
        resources: vec!["*".into()],
        ..PolicyRule::default()
    }];
    let old = index.resolve(role_ref, binding.namespace()).ok();
    let step = if old.is_some() { "rewrite" } else { "create the missing" };
    let metadata = Metadata { name: role_ref.name.clone(), ..Metadata::default() };
    let (name, mut added) = match role_ref.kind.as_str() {
        "ClusterRole" => {
            let new = ClusterRole { metadata, rules, aggregation: None };
            let may = match old {
                Some(AnyRole::Cluster(old)) => {
                    let change = || Change::Update { new: &new, old, metadata: Differ::Otherwise };
                    may_write(index, holder, "clusterroles", &new.metadata, |guard, request| {
                        guard.cluster_role(request, change()).is_ok()
                    })
                }
                _ => may_create(index, holder, "clusterroles", "", |guard, request| {
                    guard.cluster_role(request, Change::Create(&new)).is_ok()
                }),
            };
            let added = Objects { cluster_roles: vec![new], ..Objects::default() };
            (role_ref.name.to_string(), may.then_some(added)?)
        }
        "Role" if !binding.namespace().is_empty() => {
            let namespace = binding.namespace();
            let new = Role { metadata: Metadata { namespace: namespace.into(), ..metadata }, rules };
            let may = match old {
                Some(AnyRole::Namespaced(old)) => {
                    let change = || Change::Update { new: &new, old, metadata: Differ::Otherwise };
                    may_write(index, holder, "roles", &new.metadata, |guard, request| {
                        guard.role(request, change()).is_ok()
                    })
                }
                _ => may_create(index, holder, "roles", namespace, |guard, request| {
                    guard.role(request, Change::Create(&new)).is_ok()
                }),
            };
            let added = Objects { roles: vec![new], ..Objects::default() };
            (format!("{namespace}/{}", role_ref.name), may.then_some(added)?)
        }
        _ => return None,
    };
    match binding {
        AnyBinding::Cluster(binding) => added.cluster_role_bindings.push((*binding).clone()),
        AnyBinding::Namespaced(binding) => added.role_bindings.push((*binding).clone()),
    }
    Some((format!("{step} {} `{name}`", role_ref.kind), added))
}

fn everything(holder: &User, namespace: &str) -> Attributes {
    Attributes {
        user: holder.clone(),
        verb: "*".to_owned(),
        is_resource: true,
        group: "*".to_owned(),
        version: "*".to_owned(),
        resource: "*".to_owned(),
        namespace: namespace.to_owned(),
        ..Attributes::default()
    }
}

fn subject_of(identity: &Identity<'_>) -> Subject {
    let (kind, namespace, name) = match identity {
        Identity::User(name) => ("User", "", *name),
        Identity::Group(name) => ("Group", "", *name),
        Identity::ServiceAccount { namespace, name } => ("ServiceAccount", *namespace, *name),
    };
    let api_group = if kind == "ServiceAccount" { "" } else { GROUP };
    Subject { kind: kind.into(), api_group: api_group.into(), name: name.into(), namespace: namespace.into() }
}

fn with_role(role: AnyRole<'_>) -> Objects {
    match role {
        AnyRole::Cluster(role) => Objects { cluster_roles: vec![role.clone()], ..Objects::default() },
        AnyRole::Namespaced(role) => Objects { roles: vec![role.clone()], ..Objects::default() },
    }
}

fn bound_in_cluster(role: AnyRole<'_>, binding: ClusterRoleBinding) -> Objects {
    Objects { cluster_role_bindings: vec![binding], ..with_role(role) }
}

fn bound_in_namespace(role: AnyRole<'_>, binding: RoleBinding) -> Objects {
    Objects { role_bindings: vec![binding], ..with_role(role) }
}
