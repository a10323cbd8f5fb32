//! Questions in the other direction: who may do this, and what may that one do.

use super::index::{Index, Named, Request, Rules};
use super::objects::{PolicyRule, Subject};
use super::policy::{AnyBinding, AnyRole};
use crate::User;

/// Who may do this?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    /// The verb. `*` asks for who may do everything.
    pub verb: &'a str,
    /// To what.
    pub asked: Asked<'a>,
}

/// To what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// A path. Only grants in the whole cluster reach paths.
    Path(&'a str),
    /// A resource. `*` asks for who may do it to all of them.
    Resource {
        /// The API group; empty for the core group.
        group: &'a str,
        /// The resource, in the plural.
        resource: &'a str,
        /// The subresource; empty where none.
        subresource: &'a str,
        /// The name of the object.
        name: Name<'a>,
        /// Where.
        place: Place<'a>,
    },
}

/// The name of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// No name, as in `create` and `list`: grants that are limited to names do not count.
    None,
    /// This name.
    Of(&'a str),
    /// At least one name, whichever: grants that are limited to names count, and their rules tell the names.
    Some,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// To the whole cluster: a resource without namespace, or all namespaces at once.
    Cluster,
    /// Into a namespace.
    Namespace(&'a str),
    /// Somewhere: the whole cluster, or any namespace.
    Anywhere,
}

/// In which namespaces grants are looked for. Those of the whole cluster count always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places<'a> {
    /// In all of them.
    All,
    /// In these.
    These(&'a [&'a str]),
}

/// Where a grant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope<'a> {
    /// In the whole cluster.
    Cluster,
    /// In a namespace.
    Namespace(&'a str),
}

/// Who holds a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity<'a> {
    /// A user.
    User(&'a str),
    /// Everybody in a group.
    Group(&'a str),
    /// A service account.
    ServiceAccount {
        /// Its namespace.
        namespace: &'a str,
        /// Its name.
        name: &'a str,
    },
}

/// One rule of one role that one binding grants to one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    /// The binding.
    pub binding: AnyBinding<'a>,
    /// The index of the subject in the binding.
    pub subject: usize,
    /// Who the subject is.
    pub identity: Identity<'a>,
    /// The role, its rules as they are after aggregation.
    pub role: AnyRole<'a>,
    /// The index of the rule in the role.
    pub rule: usize,
    /// Where the grant holds.
    pub scope: Scope<'a>,
}

impl<'a> Grant<'a> {
    /// The rule itself.
    #[must_use]
    pub fn policy_rule(&self) -> Option<&'a PolicyRule> {
        self.role.rules().get(self.rule)
    }
}

impl<'a> Identity<'a> {
    /// Who a subject is in a binding of the namespace; nothing where it is nobody.
    #[must_use]
    pub fn of(subject: &'a Subject, namespace: &'a str) -> Option<Self> {
        match subject.kind.as_str() {
            "User" => Some(Self::User(&subject.name)),
            "Group" => Some(Self::Group(&subject.name)),
            "ServiceAccount" => {
                let namespace = subject.account_namespace(namespace);
                (!namespace.is_empty()).then_some(Self::ServiceAccount { namespace, name: &subject.name })
            }
            _ => None,
        }
    }
}

impl Index {
    /// Every grant by which somebody may do what is asked, in the order of the bindings, then of their subjects,
    /// then of the rules.
    ///
    /// It says who is named, not who is in a group; and it does not know of `system:masters`, who may do everything
    /// without a grant.
    #[must_use]
    pub fn who_can(&self, query: &Query<'_>) -> Vec<Grant<'_>> {
        let matching = self.matching_rules(&request(self.rules(), query));
        let mut grants = Vec::new();
        let mut visit = |place: usize| {
            let Some((number, role)) = self.role_of(place) else { return };
            let rules = matching.get(number as usize).map_or(&[][..], Vec::as_slice);
            if rules.is_empty() {
                return;
            }
            let Some(binding) = self.policy().binding_at(place) else { return };
            for (subject, item) in binding.subjects().iter().enumerate() {
                let Some(identity) = Identity::of(item, binding.namespace()) else { continue };
                let scope = scope_of(binding);
                let rules = rules.iter().map(|rule| *rule as usize);
                grants.extend(rules.map(|rule| Grant { binding, subject, identity, role, rule, scope }));
            }
        };
        let objects = self.policy().objects();
        let cluster = objects.cluster_role_bindings.len();
        (0..cluster).for_each(&mut visit);
        match query.asked {
            Asked::Path(_) | Asked::Resource { place: Place::Cluster, .. } => {}
            Asked::Resource { place: Place::Namespace(namespace), .. } => {
                if !namespace.is_empty() {
                    self.policy().places_in(namespace).iter().for_each(|place| visit(cluster + place));
                }
            }
            Asked::Resource { place: Place::Anywhere, .. } => {
                let named = |place: &usize| {
                    objects
                        .role_bindings
                        .get(*place)
                        .is_some_and(|binding| !binding.metadata.namespace.is_empty())
                };
                (0..objects.role_bindings.len()).filter(named).for_each(|place| visit(cluster + place));
            }
        }
        grants
    }

    /// Every grant that reaches a user, in the order of the bindings, then of the rules; the subject is the first of
    /// the binding that is the user.
    ///
    /// Rules on paths that are granted in a namespace are left out, as no request for a path has one.
    #[must_use]
    pub fn what_can(&self, user: &User, places: Places<'_>) -> Vec<Grant<'_>> {
        let mut found = match places {
            Places::All => self.places_everywhere(user),
            Places::These([]) => self.places_for(user, ""),
            Places::These(namespaces) => {
                namespaces.iter().flat_map(|namespace| self.places_for(user, namespace)).collect()
            }
        };
        found.sort_unstable();
        found.dedup();
        let grants = found.into_iter().filter_map(|place| self.grants_of(user, place as usize));
        grants.flatten().collect()
    }

    fn grants_of<'a>(
        &'a self,
        user: &User,
        place: usize,
    ) -> Option<impl Iterator<Item = Grant<'a>> + use<'a>> {
        let binding = self.policy().binding_at(place)?;
        let (_, role) = self.role_of(place)?;
        let (subject, item) = binding.subject_for(user)?;
        let identity = Identity::of(item, binding.namespace())?;
        let scope = scope_of(binding);
        let reachable = move |rule: &PolicyRule| scope == Scope::Cluster || !rule.resources.is_empty();
        let rules = role.rules().iter().enumerate().filter(move |(_, rule)| reachable(rule));
        Some(rules.map(move |(rule, _)| Grant { binding, subject, identity, role, rule, scope }))
    }
}

fn request<'a>(rules: &Rules, query: &Query<'a>) -> Request<'a> {
    match query.asked {
        Asked::Path(path) => rules.path_request(query.verb, path),
        Asked::Resource { group, resource, subresource, name, .. } => {
            let name = match name {
                Name::None => rules.name(""),
                Name::Of(name) => rules.name(name),
                Name::Some => Named::Some,
            };
            rules.resource_request(query.verb, group, resource, subresource, name)
        }
    }
}

fn scope_of(binding: AnyBinding<'_>) -> Scope<'_> {
    match binding {
        AnyBinding::Cluster(_) => Scope::Cluster,
        AnyBinding::Namespaced(binding) => Scope::Namespace(&binding.metadata.namespace),
    }
}
