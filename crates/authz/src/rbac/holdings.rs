//! What everybody whom bindings name holds, and where.

use super::atoms::{Bag, Catalogue};
use super::objects::{RoleRef, Subject};
use super::policy::{AnyBinding, AnyRole, Policy, ResolveError};
use super::reverse::{Grant, Identity, Scope};
use crate::union::SUPERUSERS;
use compact_str::{CompactString, format_compact};
use std::collections::BTreeMap;
use std::fmt;

/// What the user names of service accounts start with.
const ACCOUNT: &str = "system:serviceaccount:";

/// Somebody whom a binding names. A service account is the user that it is, however a binding names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A user, by name.
    User(CompactString),
    /// A group, by name.
    Group(CompactString),
}

impl Who {
    /// Who a subject is in a binding of the namespace; nothing where it is nobody.
    #[must_use]
    pub fn of(subject: &Subject, namespace: &str) -> Option<Self> {
        match subject.kind.as_str() {
            "Group" => Some(Self::Group(subject.name.clone())),
            _ => subject.user_name(namespace).map(Self::User),
        }
    }

    /// The namespace and the name of a service account.
    #[must_use]
    pub fn account(&self) -> Option<(&str, &str)> {
        let Self::User(name) = self else { return None };
        let account = name.strip_prefix(ACCOUNT)?.split_once(':')?;
        (!account.0.is_empty() && !account.1.is_empty()).then_some(account)
    }

    /// The groups whose members they are whatever else they are members of.
    ///
    /// Source: <https://kubernetes.io/docs/reference/access-authn-authz/authentication/>, service account tokens
    /// and anonymous requests.
    #[must_use]
    pub fn groups(&self) -> Vec<CompactString> {
        let own = match self {
            Self::Group(name) => Some(name.as_str()),
            Self::User(_) => None,
        };
        let anonymous =
            *self == Self::User("system:anonymous".into()) || own == Some("system:unauthenticated");
        let mut groups = vec![CompactString::from(if anonymous {
            "system:unauthenticated"
        } else {
            "system:authenticated"
        })];
        if let Some((namespace, _)) = self.account() {
            groups.push("system:serviceaccounts".into());
            groups.push(format_compact!("system:serviceaccounts:{namespace}"));
        }
        let of_namespace = own.is_some_and(|name| name.starts_with("system:serviceaccounts:"));
        if of_namespace {
            groups.push("system:serviceaccounts".into());
        }
        groups.retain(|group| Some(group.as_str()) != own);
        groups
    }

    /// Whether they may do everything before RBAC is asked.
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        matches!(self, Self::Group(name) if name == SUPERUSERS)
    }
}

/// As arguments name subjects: `user:NAME`, `group:NAME`, `sa:NAMESPACE/NAME`.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.account()) {
            (_, Some((namespace, name))) => write!(f, "sa:{namespace}/{name}"),
            (Self::User(name), None) => write!(f, "user:{name}"),
            (Self::Group(name), None) => write!(f, "group:{name}"),
        }
    }
}

/// What could not be taken into account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown<'a> {
    /// The role of a binding is not among the objects: what the binding grants is not known.
    NoRole {
        /// The binding.
        binding: AnyBinding<'a>,
        /// Why its role was not found.
        error: ResolveError,
    },
    /// A binding that should be in a namespace names none: where it grants is not known.
    NoNamespace {
        /// The binding.
        binding: AnyBinding<'a>,
    },
    /// A role stands for more single permissions than are looked at.
    TooLarge {
        /// The binding that grants it.
        binding: AnyBinding<'a>,
        /// The role.
        role: AnyRole<'a>,
    },
    /// A cluster role is labelled for a default role that is not among the objects: whoever holds that role holds
    /// these rules too.
    NoAggregator {
        /// The role with the label.
        role: AnyRole<'a>,
        /// The default role: `admin`, `edit` or `view`.
        target: &'static str,
    },
}

/// A place in which something is held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spot {
    Cluster,
    Namespace(CompactString),
}

/// That a binding grants a role to somebody.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    /// The place of the binding among all.
    pub(super) binding: usize,
    /// The index of the subject.
    pub(super) subject: usize,
    /// The number of the role.
    pub(super) role: usize,
    /// What the role allows there, in the numbers of the catalogue.
    pub(super) content: u32,
}

/// What somebody holds, by place.
pub(super) type Spots = BTreeMap<Spot, Vec<Hold>>;

/// What everybody holds.
#[derive(Debug)]
pub(super) struct Holdings<'a> {
    pub(super) policy: &'a Policy,
    pub(super) of: BTreeMap<Who, Spots>,
    pub(super) unknown: Vec<Unknown<'a>>,
}

impl<'a> Holdings<'a> {
    pub(super) fn new(policy: &'a Policy, catalogue: &mut Catalogue) -> Self {
        let mut holdings = Self { policy, of: BTreeMap::new(), unknown: Vec::new() };
        let mut contents: BTreeMap<(usize, bool), Option<u32>> = BTreeMap::new();
        for (place, binding) in policy.all_bindings().enumerate() {
            let namespace = binding.namespace();
            let spot = match binding {
                AnyBinding::Cluster(_) => Spot::Cluster,
                AnyBinding::Namespaced(_) if namespace.is_empty() => {
                    holdings.unknown.push(Unknown::NoNamespace { binding });
                    continue;
                }
                AnyBinding::Namespaced(_) => Spot::Namespace(namespace.into()),
            };
            let number = match policy.number_of(binding.role_ref(), namespace) {
                Ok(number) => number,
                Err(error) => {
                    holdings.unknown.push(Unknown::NoRole { binding, error });
                    continue;
                }
            };
            let Some(role) = policy.role_at(number) else { continue };
            let in_cluster = spot == Spot::Cluster;
            let content = *contents
                .entry((number, in_cluster))
                .or_insert_with(|| catalogue.content(role.rules(), in_cluster));
            let Some(content) = content else {
                holdings.unknown.push(Unknown::TooLarge { binding, role });
                continue;
            };
            for (subject, item) in binding.subjects().iter().enumerate() {
                let Some(who) = Who::of(item, namespace) else { continue };
                let hold = Hold { binding: place, subject, role: number, content };
                holdings.of.entry(who).or_default().entry(spot.clone()).or_default().push(hold);
            }
        }
        holdings
    }

    /// What somebody holds in a place by bindings that name them.
    pub(super) fn direct(&self, who: &Who, spot: &Spot) -> &[Hold] {
        self.of.get(who).and_then(|spots| spots.get(spot)).map_or(&[], Vec::as_slice)
    }

    /// The contents that somebody holds in a place, through the whole cluster and the groups that they cannot but be
    /// in as well, in order and each once.
    pub(super) fn effective(&self, who: &Who, spot: &Spot) -> Vec<u32> {
        let groups = who.groups().into_iter().map(Who::Group);
        let mut contents: Vec<u32> = Vec::new();
        for who in std::iter::once(who.clone()).chain(groups) {
            contents.extend(self.direct(&who, &Spot::Cluster).iter().map(|hold| hold.content));
            if *spot != Spot::Cluster {
                contents.extend(self.direct(&who, spot).iter().map(|hold| hold.content));
            }
        }
        contents.sort_unstable();
        contents.dedup();
        contents
    }

    /// The grant of a hold by the rule of that index.
    pub(super) fn grant(&self, hold: Hold, rule: usize) -> Option<Grant<'a>> {
        let binding = self.policy.binding_at(hold.binding)?;
        let identity = Identity::of(binding.subjects().get(hold.subject)?, binding.namespace())?;
        let role = self.policy.role_at(hold.role)?;
        let scope = match binding {
            AnyBinding::Cluster(_) => Scope::Cluster,
            AnyBinding::Namespaced(binding) => Scope::Namespace(&binding.metadata.namespace),
        };
        Some(Grant { binding, subject: hold.subject, identity, role, rule, scope })
    }
}

/// The namespaces of somebody, those with the same contents together.
pub(super) fn by_contents(spots: &Spots) -> Vec<(Vec<CompactString>, Vec<u32>)> {
    let mut groups: BTreeMap<Vec<u32>, Vec<CompactString>> = BTreeMap::new();
    for (spot, holds) in spots {
        let Spot::Namespace(namespace) = spot else { continue };
        let mut contents: Vec<u32> = holds.iter().map(|hold| hold.content).collect();
        contents.sort_unstable();
        contents.dedup();
        groups.entry(contents).or_default().push(namespace.clone());
    }
    groups.into_iter().map(|(contents, namespaces)| (namespaces, contents)).collect()
}

/// A bag of what somebody holds in the whole cluster by bindings that name them.
pub(super) fn cluster_bag(catalogue: &Catalogue, spots: &Spots) -> Bag {
    let holds = spots.get(&Spot::Cluster).map_or(&[][..], Vec::as_slice);
    let mut contents: Vec<u32> = holds.iter().map(|hold| hold.content).collect();
    contents.sort_unstable();
    contents.dedup();
    Bag::of(catalogue, contents)
}

/// What identifies a grant whose role is not there: to whom, and of what.
pub(super) fn claims<'a>(binding: AnyBinding<'a>) -> impl Iterator<Item = (Who, &'a str, &'a RoleRef)> {
    let namespace = binding.namespace();
    let who = binding.subjects().iter().filter_map(move |subject| Who::of(subject, namespace));
    who.map(move |who| (who, namespace, binding.role_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_go_without_saying() {
        let groups = |who: Who| who.groups().join(" ");
        assert_eq!(groups(Who::User("ann".into())), "system:authenticated");
        assert_eq!(groups(Who::User("system:anonymous".into())), "system:unauthenticated");
        assert_eq!(groups(Who::Group("system:unauthenticated".into())), "");
        assert_eq!(groups(Who::Group("system:authenticated".into())), "");
        assert_eq!(
            groups(Who::User("system:serviceaccount:ns:sa".into())),
            "system:authenticated system:serviceaccounts system:serviceaccounts:ns"
        );
        assert_eq!(
            groups(Who::Group("system:serviceaccounts:ns".into())),
            "system:authenticated system:serviceaccounts"
        );
    }

    #[test]
    fn an_account_is_the_user_that_it_is() {
        let subject = |kind: &str, name: &str, namespace: &str| Subject {
            kind: kind.into(),
            name: name.into(),
            namespace: namespace.into(),
            ..Subject::default()
        };
        let account = Who::of(&subject("ServiceAccount", "a", ""), "n").unwrap();
        assert_eq!(Some(&account), Who::of(&subject("User", "system:serviceaccount:n:a", ""), "x").as_ref());
        assert_eq!(account.to_string(), "sa:n/a");
        assert_eq!(Who::of(&subject("ServiceAccount", "a", ""), ""), None);
        assert_eq!(Who::of(&subject("Robot", "a", ""), ""), None);
    }
}
