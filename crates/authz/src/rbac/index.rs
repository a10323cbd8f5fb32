//! The same answers from tables: subjects to bindings, rules in numbers.

mod build;
mod rules;

use super::objects::RoleRef;
use super::policy::{
    AnyBinding, AnyRole, Held, Policy, ResolveError, Resolver, allow, allowed_by, no_opinion,
};
use super::table::Table;
use crate::{Answer, Attributes, Authorizer, RuleResolver, User};
use build::{Found, LongList};
use compact_str::CompactString;
use rules::{Span, Symbol, Words};
use std::cell::OnceCell;

pub(super) use rules::{Named, Request, Rules};

/// What the user names of service accounts start with.
const ACCOUNT: &str = "system:serviceaccount:";

/// The role of a binding whose role there is not.
const NO_ROLE: u32 = u32::MAX;

/// A policy with the tables that answer quickly.
///
/// A decision looks up the user, the groups, the namespace and the words of the request, and then matches only
/// rules that the user holds there, however many bindings there are. What it answers is what [`Policy`] answers.
#[derive(Debug, Default)]
pub struct Index {
    policy: Policy,
    /// Service accounts by what follows [`ACCOUNT`] in their user name, other users, and groups.
    accounts: Table<CompactString, SubjectLists>,
    users: Table<CompactString, SubjectLists>,
    groups: Table<CompactString, SubjectLists>,
    namespaces: Words,
    /// The lists of a subject lie together, ordered by namespace.
    namespace_lists: Vec<(Symbol, List)>,
    entries: Vec<Entry>,
    unresolved: Vec<u32>,
    long: Vec<LongList>,
    rules: Rules,
    /// The rules of each role, by its number.
    roles: Vec<Span>,
    /// The number of the role of each binding, by its place.
    binding_roles: Vec<u32>,
}

/// The bindings of a subject.
#[derive(Clone, Copy, Debug, Default)]
struct SubjectLists {
    number: Symbol,
    cluster: List,
    /// In [`Index::namespace_lists`].
    namespaced: Span,
}

/// The bindings of a subject in one scope, in their order.
#[derive(Clone, Copy, Debug, Default)]
struct List {
    /// In [`Index::entries`].
    entries: Span,
    /// In [`Index::unresolved`].
    unresolved: Span,
    /// In [`Index::long`].
    long: Option<u32>,
}

/// A binding whose role is there.
#[derive(Clone, Copy, Debug)]
struct Entry {
    binding: u32,
    /// The rules of the role.
    rules: Span,
}

impl Index {
    /// The policy of which it is the index.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether the request is allowed: [`Authorizer::authorize`] without the reason.
    #[must_use]
    pub fn allows(&self, attributes: &Attributes) -> bool {
        let request = OnceCell::new();
        let request = || request.get_or_init(|| self.rules.request(attributes));
        let mut namespace = None;
        self.subjects_of(&attributes.user).any(|lists| {
            let namespace = *namespace.get_or_insert_with(|| self.namespaces.get(&attributes.namespace));
            let cluster = std::iter::once(&lists.cluster);
            let mut lists =
                cluster.chain(self.list_in(lists, namespace)).filter(|list| !list.entries.is_empty());
            lists.any(|list| self.first_match(list, request(), u32::MAX).is_some())
        })
    }

    /// The first binding that allows the request; if there is none, whether some could not be resolved.
    fn binding_for(&self, attributes: &Attributes) -> Result<AnyBinding<'_>, bool> {
        let request = OnceCell::new();
        let request = || request.get_or_init(|| self.rules.request(attributes));
        let mut namespace = None;
        let mut unresolved = false;
        let mut earlier = |list: &List, found: &mut Option<Found>| {
            unresolved |= !list.unresolved.is_empty();
            if !list.entries.is_empty() {
                let limit = found.map_or(u32::MAX, |found| found.binding);
                *found = self.first_match(list, request(), limit).or(*found);
            }
        };
        let (mut cluster, mut namespaced) = (None, None);
        for lists in self.subjects_of(&attributes.user) {
            earlier(&lists.cluster, &mut cluster);
            // Bindings of the cluster come first.
            if cluster.is_some() || lists.namespaced.is_empty() {
                continue;
            }
            let namespace = *namespace.get_or_insert_with(|| self.namespaces.get(&attributes.namespace));
            if let Some(list) = self.list_in(lists, namespace) {
                earlier(list, &mut namespaced);
            }
        }
        let found = cluster.or(namespaced);
        found.and_then(|found| self.policy.binding_at(found.binding as usize)).ok_or(unresolved)
    }

    /// The lists of what the user is: a user name, and groups.
    fn subjects_of<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a SubjectLists> {
        let groups = user.groups.iter().filter_map(|group| self.groups.get(group.as_str()));
        let subject = match user.name.strip_prefix(ACCOUNT) {
            Some(account) => self.accounts.get(account),
            None => self.users.get(user.name.as_str()),
        };
        subject.into_iter().chain(groups)
    }

    fn list_in(&self, lists: &SubjectLists, namespace: Option<Symbol>) -> Option<&List> {
        let namespaced = lists.namespaced.of(&self.namespace_lists);
        let place = namespaced.binary_search_by_key(&namespace?, |(namespace, _)| *namespace).ok()?;
        namespaced.get(place).map(|(_, list)| list)
    }

    /// The first rule of a list that matches, if its binding comes before `limit`.
    fn first_match(&self, list: &List, request: &Request<'_>, limit: u32) -> Option<Found> {
        if let Some(long) = list.long {
            return self.first_in_long(self.long.get(long as usize)?, request, limit);
        }
        let mut entries = list.entries.of(&self.entries).iter().take_while(|entry| entry.binding < limit);
        entries.find_map(|entry| {
            let rule = self.rules.first_match(entry.rules, request)?;
            Some(Found { binding: entry.binding, rule })
        })
    }

    fn first_in_long(&self, long: &LongList, request: &Request<'_>, limit: u32) -> Option<Found> {
        let first = |found: &[Found], limit: u32| {
            let mut before = found.iter().take_while(|found| found.binding < limit);
            before.find(|found| self.rules.matches(found.rule, request)).copied()
        };
        let Some(keys) = request.keys() else { return first(long.paths(), limit) };
        keys.filter_map(|key| first(long.at(key), limit)).min()
    }

    /// The lists of a user in the cluster and in a namespace.
    fn lists<'a>(&'a self, user: &'a User, namespace: &str) -> impl Iterator<Item = &'a List> {
        let namespace = self.namespaces.get(namespace);
        let lists = move |lists: &'a SubjectLists| {
            std::iter::once(&lists.cluster).chain(self.list_in(lists, namespace))
        };
        self.subjects_of(user).flat_map(lists)
    }

    /// The places of the bindings that apply to a user in the cluster and in all namespaces, in order.
    pub(super) fn places_everywhere(&self, user: &User) -> Vec<u32> {
        let namespaced = |lists: &SubjectLists| lists.namespaced.of(&self.namespace_lists).iter();
        let lists = self
            .subjects_of(user)
            .flat_map(|lists| std::iter::once(&lists.cluster).chain(namespaced(lists).map(|(_, list)| list)));
        self.granting(lists)
    }

    /// The places of the bindings that apply to a user in the cluster and in a namespace, in order.
    pub(super) fn places_for(&self, user: &User, namespace: &str) -> Vec<u32> {
        self.granting(self.lists(user, namespace))
    }

    fn granting<'a>(&'a self, lists: impl Iterator<Item = &'a List>) -> Vec<u32> {
        let entries = lists.flat_map(|list| list.entries.of(&self.entries));
        in_order(entries.map(|entry| entry.binding).collect())
    }

    /// Why bindings that apply to a user grant nothing.
    fn errors(&self, user: &User, namespace: &str) -> Vec<ResolveError> {
        let lists = self.lists(user, namespace);
        let places = in_order(lists.flat_map(|list| list.unresolved.of(&self.unresolved)).copied().collect());
        let bindings = places.into_iter().filter_map(|place| self.policy.binding_at(place as usize));
        bindings
            .filter_map(|binding| self.policy.resolve(binding.role_ref(), binding.namespace()).err())
            .collect()
    }

    /// The rules in numbers, for questions.
    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The role of the binding at a place, with its number.
    pub(super) fn role_of(&self, place: usize) -> Option<(u32, AnyRole<'_>)> {
        let number = *self.binding_roles.get(place)?;
        Some((number, self.policy.role_at(number as usize)?))
    }

    /// For each role, by number, the indices of its rules that match.
    pub(super) fn matching_rules(&self, request: &Request<'_>) -> Vec<Vec<u32>> {
        let matching = |span: &Span| {
            let rules = (0..).zip(span.places());
            rules.filter(|(_, rule)| self.rules.matches(*rule, request)).map(|(index, _)| index).collect()
        };
        self.roles.iter().map(matching).collect()
    }
}

/// Sorted, each once.
fn in_order(mut places: Vec<u32>) -> Vec<u32> {
    places.sort_unstable();
    places.dedup();
    places
}

impl Authorizer for Index {
    fn authorize(&self, attributes: &Attributes) -> Answer {
        let user = &attributes.user;
        match self.binding_for(attributes) {
            Ok(binding) => {
                let reason = binding.subject_for(user).map(|(_, subject)| allowed_by(binding, subject));
                reason.map_or_else(|| no_opinion(Vec::new()), allow)
            }
            Err(false) => no_opinion(Vec::new()),
            Err(true) => no_opinion(self.errors(user, &attributes.namespace)),
        }
    }
}

impl RuleResolver for Index {
    fn rules_for(&self, user: &User, namespace: &str) -> crate::Rules {
        self.held(user, namespace).listed()
    }
}

impl Resolver for Index {
    fn held(&self, user: &User, namespace: &str) -> Held<'_> {
        let places = self.places_for(user, namespace).into_iter();
        let roles = places.filter_map(|place| self.role_of(place as usize));
        let rules = roles.flat_map(|(_, role)| role.rules()).collect();
        Held { rules, errors: self.errors(user, namespace) }
    }

    fn resolve(&self, role_ref: &RoleRef, namespace: &str) -> Result<AnyRole<'_>, ResolveError> {
        self.policy.resolve(role_ref, namespace)
    }
}

#[cfg(test)]
pub(super) mod tests;
