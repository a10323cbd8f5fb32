//! What could be left out of roles and bindings without a decision changing.

mod roles;

use super::atoms::{Atom, Bag, Catalogue};
use super::holdings::{Hold, Holdings, Spot, Spots, Unknown, Who};
use super::policy::{AnyBinding, AnyRole, Policy, ResolveError};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

/// What is known beside roles and bindings.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The service accounts that are known, by namespace and name.
    pub accounts: BTreeSet<(CompactString, CompactString)>,
    /// Whether these are all there are.
    pub all_accounts: bool,
    /// The namespaces that are known.
    pub namespaces: BTreeSet<CompactString>,
    /// Whether these are all there are.
    pub all_namespaces: bool,
    /// The origins of objects that a cluster makes by itself: nothing is said of them.
    pub defaults: BTreeSet<u32>,
}

/// What could be left out, and what could not be told.
#[derive(Clone, Debug, Default)]
pub struct Reduction<'a> {
    /// What could be left out: all of it at once, or any part of what is [`Proof::is_certain`].
    pub excess: Vec<Excess<'a>>,
    /// The subjects that are service accounts of which it is not known whether they exist.
    pub accounts_not_known: Vec<(AnyBinding<'a>, usize)>,
    /// The namespaces of bindings of which it is not known whether they exist.
    pub namespaces_not_known: BTreeSet<CompactString>,
    /// How many users and groups are named; whether they exist is known to nobody.
    pub strangers: usize,
    /// What could not be taken into account.
    pub unknown: Vec<Unknown<'a>>,
}

/// Something that could be left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Excess<'a> {
    /// What.
    pub what: What<'a>,
    /// Why nothing would change.
    pub proof: Proof<'a>,
}

/// What could be left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What<'a> {
    /// A binding.
    Binding(AnyBinding<'a>),
    /// A subject of a binding, by its index.
    Subject(AnyBinding<'a>, usize),
    /// A role.
    Role(AnyRole<'a>),
    /// A rule of a role, by its index.
    Rule(AnyRole<'a>, usize),
    /// An item of a list of a rule: the index of the rule, the list, the index of the item.
    Item(AnyRole<'a>, usize, List, usize),
}

/// A list of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// `verbs`.
    Verbs,
    /// `apiGroups`.
    Groups,
    /// `resources`.
    Resources,
    /// `resourceNames`.
    Names,
    /// `nonResourceURLs`.
    Paths,
}

/// Why nothing would change.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof<'a> {
    /// These bindings, which stay, give the same.
    Bindings(Vec<AnyBinding<'a>>),
    /// An earlier subject of the binding is the same, by its index.
    Subject(usize),
    /// These rules of the role, which stay, say the same.
    Rules(Vec<usize>),
    /// Another item of the list says the same or more, by its index.
    Item(usize),
    /// No request matches it.
    Nothing,
    /// The subject is nobody.
    Nobody,
    /// The binding has no subjects.
    NoSubjects,
    /// No binding that stays grants it, and no role that stays is made of it.
    Unbound,
    /// The role of the binding is not there.
    NoRole(ResolveError),
    /// The service account is not there.
    NoAccount,
    /// The namespace is not there.
    NoNamespace,
}

impl Proof<'_> {
    /// Whether it holds whatever else there is; otherwise it rests on there being nothing but what was read.
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        !matches!(self, Self::Unbound | Self::NoRole(_) | Self::NoAccount | Self::NoNamespace)
    }

    /// The kind of proof in one word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bindings(_) | Self::Rules(_) | Self::Item(_) => "covered",
            Self::Subject(_) => "repeated",
            Self::Nothing | Self::Nobody | Self::NoSubjects => "empty",
            Self::Unbound => "unbound",
            Self::NoRole(_) | Self::NoAccount | Self::NoNamespace => "missing",
        }
    }
}

/// What could be left out of a policy whose aggregated roles are filled.
///
/// All of it can be left out at once: of two bindings that give the same the earlier stays. A grant counts as given
/// only by bindings that name the same subject, not by groups: somebody else may be in a group tomorrow.
#[must_use]
pub fn reduce<'a>(policy: &'a Policy, surroundings: &Surroundings) -> Reduction<'a> {
    let mut catalogue = Catalogue::new();
    let holdings = Holdings::new(policy, &mut catalogue);
    let mut work = Work {
        policy,
        surroundings,
        reduction: Reduction::default(),
        out: BTreeMap::new(),
        fallen: BTreeMap::new(),
    };
    work.what_is_missing(&holdings.unknown);
    work.what_others_give(&holdings, &catalogue);
    work.bindings();
    work.roles(&mut catalogue);
    let mut reduction = work.reduction;
    // A role that is not there is a finding, not unknown.
    let no_role = |unknown: &Unknown<'_>| matches!(unknown, Unknown::NoRole { .. });
    reduction.unknown = holdings.unknown.into_iter().filter(|unknown| !no_role(unknown)).collect();
    reduction
}

struct Work<'w, 'a> {
    policy: &'a Policy,
    surroundings: &'w Surroundings,
    reduction: Reduction<'a>,
    /// The subjects that could be left out, by the place of their binding and their index.
    out: BTreeMap<(usize, usize), Proof<'a>>,
    /// The bindings that could be left out whoever their subjects are, by their places.
    fallen: BTreeMap<usize, Proof<'a>>,
}

impl<'a> Work<'_, 'a> {
    fn is_default(&self, binding: AnyBinding<'_>) -> bool {
        self.surroundings.defaults.contains(&binding.metadata().origin)
    }

    fn what_is_missing(&mut self, unknown: &[Unknown<'a>]) {
        let missing: Vec<(AnyBinding<'a>, &ResolveError)> = unknown
            .iter()
            .filter_map(|unknown| match unknown {
                Unknown::NoRole { binding, error } => Some((*binding, error)),
                _ => None,
            })
            .collect();
        // Both lists are in the order of the bindings.
        let mut missing = missing.into_iter().peekable();
        for (place, binding) in self.policy.all_bindings().enumerate() {
            let error = missing.next_if(|(other, _)| same(*other, binding)).map(|(_, error)| error);
            if self.is_default(binding) {
                continue;
            }
            let namespace = binding.namespace();
            if namespace.is_empty() && matches!(binding, AnyBinding::Namespaced(_)) {
                continue;
            }
            let has_namespace = if namespace.is_empty() { Some(true) } else { self.has_namespace(namespace) };
            if has_namespace.is_none() {
                self.reduction.namespaces_not_known.insert(namespace.into());
            }
            if has_namespace == Some(false) {
                self.fallen.insert(place, Proof::NoNamespace);
            } else if let Some(error) = error {
                self.fallen.insert(place, Proof::NoRole(error.clone()));
            } else if binding.subjects().is_empty() {
                self.fallen.insert(place, Proof::NoSubjects);
            }
            self.missing_subjects(place, binding);
        }
    }

    fn missing_subjects(&mut self, place: usize, binding: AnyBinding<'a>) {
        for (index, subject) in binding.subjects().iter().enumerate() {
            let Some(who) = Who::of(subject, binding.namespace()) else {
                self.out.insert((place, index), Proof::Nobody);
                continue;
            };
            let Some((namespace, name)) = who.account() else {
                self.reduction.strangers += 1;
                continue;
            };
            match self.has_account(namespace, name) {
                Some(true) => {}
                Some(false) => {
                    self.out.insert((place, index), Proof::NoAccount);
                }
                None => self.reduction.accounts_not_known.push((binding, index)),
            }
        }
    }

    /// Whether a namespace exists, as far as that is known.
    fn has_namespace(&self, name: &str) -> Option<bool> {
        let always = matches!(name, "default" | "kube-system" | "kube-public" | "kube-node-lease");
        let known = always || self.surroundings.namespaces.contains(name);
        if known { Some(true) } else { self.surroundings.all_namespaces.then_some(false) }
    }

    /// Whether a service account exists, as far as that is known. Every namespace has an account called `default`.
    fn has_account(&self, namespace: &str, name: &str) -> Option<bool> {
        let known = self.surroundings.accounts.contains(&(namespace.into(), name.into()));
        match self.has_namespace(namespace) {
            _ if known => Some(true),
            Some(false) => Some(false),
            Some(true) if name == "default" => Some(true),
            None if name == "default" => None,
            _ => self.surroundings.all_accounts.then_some(false),
        }
    }

    /// Looks at everybody by themselves: what they lose in one binding they keep by the others.
    fn what_others_give(&mut self, holdings: &Holdings<'a>, catalogue: &Catalogue) {
        for spots in holdings.of.values() {
            let mut wide = Kept::default();
            let mut order: Vec<(&Spot, &Vec<Hold>)> = spots.iter().collect();
            // The whole cluster last: what it gives may make others needless, and nothing of theirs it.
            order.sort_by_key(|(spot, _)| **spot == Spot::Cluster);
            let cluster = spots.get(&Spot::Cluster);
            for hold in cluster.into_iter().flatten().filter(|hold| self.stays(hold)) {
                wide.put(catalogue, *hold);
            }
            for (spot, holds) in order {
                if *spot == Spot::Cluster {
                    self.sift(&mut wide, &Kept::default(), catalogue);
                } else {
                    let mut own = Kept::default();
                    for hold in holds.iter().filter(|hold| self.stays(hold)) {
                        own.put(catalogue, *hold);
                    }
                    // What the cluster gives has been sifted of nothing yet, and what of it falls is given by the
                    // rest of it.
                    self.sift(&mut own, &wide, catalogue);
                }
            }
            self.name_givers(spots, catalogue);
        }
    }

    fn stays(&self, hold: &Hold) -> bool {
        !self.fallen.contains_key(&hold.binding) && !self.out.contains_key(&(hold.binding, hold.subject))
    }

    /// Takes out, from the last, what is given by what is left.
    fn sift(&mut self, kept: &mut Kept, wide: &Kept, catalogue: &Catalogue) {
        for hold in kept.holds.clone().into_iter().rev() {
            let atoms = catalogue.atoms(hold.content);
            // What a cluster makes by itself comes back, and an aggregated role may be filled later.
            if self.is_of_default(hold) || (atoms.is_empty() && self.may_be_filled(hold)) {
                continue;
            }
            kept.bag.take_all(atoms);
            let is_given =
                |atom: &Atom| kept.bag.covers(catalogue, *atom) || wide.bag.covers(catalogue, *atom);
            if atoms.iter().all(is_given) {
                let proof = if atoms.is_empty() { Proof::Nothing } else { Proof::Bindings(Vec::new()) };
                self.out.insert((hold.binding, hold.subject), proof);
            } else {
                kept.bag.put_all(catalogue, atoms);
            }
        }
    }

    fn is_of_default(&self, hold: Hold) -> bool {
        self.policy.binding_at(hold.binding).is_some_and(|binding| self.is_default(binding))
    }

    fn may_be_filled(&self, hold: Hold) -> bool {
        matches!(self.policy.role_at(hold.role), Some(AnyRole::Cluster(role)) if role.aggregation.is_some())
    }

    /// Finds, for what is out because others give it, who these are among those that stay.
    fn name_givers(&mut self, spots: &Spots, catalogue: &Catalogue) {
        let none = Vec::new();
        let cluster = spots.get(&Spot::Cluster).unwrap_or(&none);
        for (spot, holds) in spots {
            let gone: Vec<Hold> = holds.iter().copied().filter(|hold| self.is_given(hold)).collect();
            if gone.is_empty() {
                continue;
            }
            let near: &[Hold] = if *spot == Spot::Cluster { &[] } else { holds };
            let staying: Vec<Hold> =
                near.iter().chain(cluster).copied().filter(|hold| self.stays(hold)).collect();
            let mut bags: BTreeMap<u32, Bag> = BTreeMap::new();
            for hold in gone {
                let proof = self.givers(hold, holds, &staying, &mut bags, catalogue);
                self.out.insert((hold.binding, hold.subject), proof);
            }
        }
    }

    fn is_given(&self, hold: &Hold) -> bool {
        matches!(self.out.get(&(hold.binding, hold.subject)), Some(Proof::Bindings(_)))
    }

    fn givers(
        &self,
        hold: Hold,
        holds: &[Hold],
        staying: &[Hold],
        bags: &mut BTreeMap<u32, Bag>,
        catalogue: &Catalogue,
    ) -> Proof<'a> {
        let twin = |other: &&Hold| other.binding == hold.binding && other.subject < hold.subject;
        if let Some(first) = holds.iter().find(twin) {
            return Proof::Subject(first.subject);
        }
        let mut left: Vec<_> = catalogue.atoms(hold.content).to_vec();
        let mut givers: Vec<usize> = Vec::new();
        for other in staying {
            if left.is_empty() {
                break;
            }
            let before = left.len();
            let bag = bags.entry(other.content).or_insert_with(|| Bag::of(catalogue, [other.content]));
            left.retain(|atom| !bag.covers(catalogue, *atom));
            if left.len() < before {
                givers.push(other.binding);
            }
        }
        givers.sort_unstable();
        givers.dedup();
        Proof::Bindings(givers.into_iter().filter_map(|place| self.policy.binding_at(place)).collect())
    }

    /// Says of each binding whether it or only some of its subjects could be left out.
    fn bindings(&mut self) {
        for (place, binding) in self.policy.all_bindings().enumerate() {
            if let Some(proof) = self.fallen.get(&place) {
                let proof = proof.clone();
                self.reduction.excess.push(Excess { what: What::Binding(binding), proof });
                continue;
            }
            let out: Vec<(usize, Proof<'a>)> = (0..binding.subjects().len())
                .filter_map(|index| Some((index, self.out.get(&(place, index))?.clone())))
                .collect();
            if out.is_empty() {
                continue;
            }
            if out.len() == binding.subjects().len() {
                let proof = joint(out.iter().map(|(_, proof)| proof));
                self.fallen.insert(place, proof.clone());
                self.reduction.excess.push(Excess { what: What::Binding(binding), proof });
                continue;
            }
            for (index, proof) in out {
                self.reduction.excess.push(Excess { what: What::Subject(binding, index), proof });
            }
        }
    }
}

/// Why a binding could be left out all of whose subjects could be: the weakest of their proofs.
fn joint<'p, 'a: 'p>(proofs: impl Iterator<Item = &'p Proof<'a>> + Clone) -> Proof<'a> {
    if let Some(weak) = proofs.clone().find(|proof| !proof.is_certain()) {
        return weak.clone();
    }
    let mut givers: Vec<AnyBinding<'a>> = Vec::new();
    let mut other = Proof::Nobody;
    for proof in proofs {
        match proof {
            Proof::Bindings(of_one) => {
                for giver in of_one {
                    if !givers.iter().any(|known| same(*known, *giver)) {
                        givers.push(*giver);
                    }
                }
            }
            Proof::Nothing => other = Proof::Nothing,
            _ => {}
        }
    }
    if givers.is_empty() { other } else { Proof::Bindings(givers) }
}

/// Whether two are one and the same object, rather than equal.
fn same(left: AnyBinding<'_>, right: AnyBinding<'_>) -> bool {
    match (left, right) {
        (AnyBinding::Cluster(left), AnyBinding::Cluster(right)) => std::ptr::eq(left, right),
        (AnyBinding::Namespaced(left), AnyBinding::Namespaced(right)) => std::ptr::eq(left, right),
        _ => false,
    }
}

/// Holds of one subject in one place, and all that they allow.
#[derive(Default)]
struct Kept {
    holds: Vec<Hold>,
    bag: Bag,
}

impl Kept {
    fn put(&mut self, catalogue: &Catalogue, hold: Hold) {
        self.holds.push(hold);
        self.bag.put_all(catalogue, catalogue.atoms(hold.content));
    }
}

#[cfg(test)]
mod tests;
