//! What a change of roles and bindings gives and takes, in effective permissions.

use super::atoms::{Atom, Bag, Catalogue};
use super::danger::{self, Danger};
use super::holdings::{Hold, Holdings, Spot, Spots, Unknown, Who, by_contents, claims, cluster_bag};
use super::objects::{ClusterRole, PolicyRule, RoleRef};
use super::policy::{AnyRole, Policy};
use super::reverse::Grant;
use super::table::Table;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What differs between two policies.
#[derive(Clone, Debug, Default)]
pub struct Diff<'a> {
    /// What somebody holds in the second and did not hold in the first.
    pub granted: Vec<Change<'a>>,
    /// What somebody held in the first and no longer holds in the second.
    pub taken: Vec<Change<'a>>,
    /// Why there may be more that was granted.
    pub unknown: Vec<Unknown<'a>>,
}

/// Something that somebody holds on one side only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// Who.
    pub who: Who,
    /// In which namespace; nothing for the whole cluster.
    pub namespace: Option<CompactString>,
    /// What: one rule, of which no request was, or is, allowed on the other side.
    pub rule: PolicyRule,
    /// By which bindings, roles and rules.
    pub by: Vec<Grant<'a>>,
    /// The namespaces in which it is held on the other side, where the change is about the whole cluster.
    pub elsewhere: Vec<CompactString>,
    /// Why it is dangerous to hold.
    pub dangers: Vec<Danger>,
}

/// Compares what everybody may do under two policies whose aggregated roles are filled.
///
/// Not the objects are compared but what they allow: a subject holds what bindings name it for, and what the groups
/// give that it cannot but be in ([`Who::groups`]). Who else is in a group is not known, so that groups are subjects
/// of their own. The members of `system:masters` may do everything on both sides.
#[must_use]
pub fn diff<'a>(base: &'a Policy, head: &'a Policy) -> Diff<'a> {
    let mut catalogue = Catalogue::new();
    let (base, head) = (Holdings::new(base, &mut catalogue), Holdings::new(head, &mut catalogue));
    Diff {
        granted: Side { new: &head, old: &base, catalogue: &catalogue, found: BTreeMap::new() }.changes(),
        taken: Side { new: &base, old: &head, catalogue: &catalogue, found: BTreeMap::new() }.changes(),
        unknown: unknown(&base, &head),
    }
}

/// What is held in `new` and not in `old`.
struct Side<'s, 'a> {
    new: &'s Holdings<'a>,
    old: &'s Holdings<'a>,
    catalogue: &'s Catalogue,
    /// What of a content a set of contents does not cover.
    found: BTreeMap<Question, Rc<[Atom]>>,
}

/// A content, and the contents that may cover it.
type Question = (u32, Rc<[u32]>);

/// An atom of a change, with what tells one change from another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    /// What is dangerous comes first.
    is_harmless: bool,
    by: Vec<usize>,
    elsewhere: Vec<CompactString>,
    dangers: Vec<Danger>,
}

impl<'a> Side<'_, 'a> {
    fn changes(mut self) -> Vec<Change<'a>> {
        let mut changes = Vec::new();
        for (who, spots) in self.new.of.iter().filter(|(who, _)| !who.is_superuser()) {
            let mut wide = None;
            for (spot, holds) in spots {
                let mut atoms = self.uncovered(who, spot, holds);
                if atoms.is_empty() {
                    continue;
                }
                if *spot != Spot::Cluster {
                    let wide = wide.get_or_insert_with(|| cluster_bag(self.catalogue, spots));
                    atoms.retain(|atom| !wide.covers(self.catalogue, *atom));
                }
                self.push(who, spot, holds, &atoms, &mut changes);
            }
        }
        changes
    }

    /// What is held in a place that is not held there on the other side, in order and each once.
    fn uncovered(&mut self, who: &Who, spot: &Spot, holds: &[Hold]) -> Vec<Atom> {
        let old: Rc<[u32]> = self.old.effective(who, spot).into();
        let contents: BTreeSet<u32> = holds.iter().map(|hold| hold.content).collect();
        let contents = contents.into_iter().filter(|content| old.binary_search(content).is_err());
        let mut bag = None;
        let mut atoms = BTreeSet::new();
        for content in contents {
            let key = (content, Rc::clone(&old));
            let missing = self.found.entry(key).or_insert_with(|| {
                let bag = bag.get_or_insert_with(|| Bag::of(self.catalogue, old.iter().copied()));
                let atoms = self.catalogue.atoms(content).iter().copied();
                atoms.filter(|atom| !bag.covers(self.catalogue, *atom)).collect()
            });
            atoms.extend(missing.iter().copied());
        }
        atoms.into_iter().collect()
    }

    fn push(&self, who: &Who, spot: &Spot, holds: &[Hold], atoms: &[Atom], changes: &mut Vec<Change<'a>>) {
        let by = self.grants_of(holds, atoms);
        let elsewhere = match spot {
            Spot::Cluster => self.elsewhere(who, atoms),
            Spot::Namespace(_) => vec![Vec::new(); atoms.len()],
        };
        let mut kinds: BTreeMap<Kind, Vec<Atom>> = BTreeMap::new();
        for ((atom, by), elsewhere) in atoms.iter().zip(by).zip(elsewhere) {
            let dangers = danger::of_atom(self.catalogue, *atom);
            let is_harmless = dangers.is_empty();
            kinds.entry(Kind { is_harmless, by, elsewhere, dangers }).or_default().push(*atom);
        }
        for (kind, atoms) in kinds {
            for rule in self.compacted(&atoms) {
                let grants = kind.by.iter().filter_map(|hold| holds.get(*hold));
                let by = grants.filter_map(|hold| self.grant(*hold, &rule)).collect();
                changes.push(Change {
                    who: who.clone(),
                    namespace: match spot {
                        Spot::Cluster => None,
                        Spot::Namespace(namespace) => Some(namespace.clone()),
                    },
                    rule,
                    by,
                    elsewhere: kind.elsewhere.clone(),
                    dangers: kind.dangers.clone(),
                });
            }
        }
    }

    /// For each atom the holds whose roles have it.
    fn grants_of(&self, holds: &[Hold], atoms: &[Atom]) -> Vec<Vec<usize>> {
        let places: Table<Atom, usize> =
            atoms.iter().enumerate().map(|(place, atom)| (*atom, place)).collect();
        let mut of: Vec<Vec<usize>> = vec![Vec::new(); atoms.len()];
        for (number, hold) in holds.iter().enumerate() {
            let places = self.catalogue.atoms(hold.content).iter().filter_map(|atom| places.get(atom));
            for place in places {
                if let Some(list) = of.get_mut(*place) {
                    list.push(number);
                }
            }
        }
        of
    }

    /// The grant by the first rule of the role that has an atom of the change.
    fn grant(&self, hold: Hold, change: &PolicyRule) -> Option<Grant<'a>> {
        let role = self.new.policy.role_at(hold.role)?;
        let has = |list: &[CompactString], of: &[CompactString]| {
            of.is_empty() || of.iter().any(|word| list.contains(word))
        };
        let fits = |rule: &PolicyRule| {
            let paths = || {
                let mut paths = change.non_resource_urls.iter().map(|path| path.trim_end_matches('*'));
                paths.any(|path| rule.non_resource_urls.iter().any(|url| url.trim_end_matches('*') == path))
            };
            has(&rule.verbs, &change.verbs)
                && has(&rule.api_groups, &change.api_groups)
                && has(&rule.resources, &change.resources)
                && (change.non_resource_urls.is_empty() || paths())
                && (!change.non_resource_urls.is_empty()
                    || rule.resource_names.is_empty() == change.resource_names.is_empty())
                && has(&rule.resource_names, &change.resource_names)
        };
        self.new.grant(hold, role.rules().iter().position(fits)?)
    }

    /// For each atom the namespaces in which it is held on the other side.
    fn elsewhere(&self, who: &Who, atoms: &[Atom]) -> Vec<Vec<CompactString>> {
        let mut found = vec![Vec::new(); atoms.len()];
        let none = Spots::new();
        let groups = by_contents(self.old.of.get(who).unwrap_or(&none));
        for (namespaces, contents) in groups {
            let bag = Bag::of(self.catalogue, contents);
            for (list, atom) in found.iter_mut().zip(atoms) {
                if bag.covers(self.catalogue, *atom) {
                    list.extend(namespaces.iter().cloned());
                }
            }
        }
        found.iter_mut().for_each(|list| list.sort());
        found
    }

    /// The atoms as few rules: first those that differ in their verbs are joined, then those that differ in
    /// their resources, then those that differ in their names.
    fn compacted(&self, atoms: &[Atom]) -> Vec<PolicyRule> {
        let mut by_target: BTreeMap<_, (Atom, Vec<CompactString>)> = BTreeMap::new();
        for atom in atoms {
            let verb = self.catalogue.spell(*atom).verb;
            by_target.entry(atom.target()).or_insert((*atom, Vec::new())).1.push(verb.into());
        }
        let mut rules: Vec<PolicyRule> = Vec::new();
        for (atom, verbs) in by_target.into_values() {
            let spelled = self.catalogue.spell(atom);
            let verbs = in_usual_order(verbs);
            let what: Vec<CompactString> = vec![spelled.what.into()];
            rules.push(match spelled.group {
                None => PolicyRule { verbs, non_resource_urls: what, ..PolicyRule::default() },
                Some(group) => PolicyRule {
                    verbs,
                    api_groups: vec![group.into()],
                    resources: what,
                    resource_names: spelled.name.into_iter().map(CompactString::from).collect(),
                    non_resource_urls: Vec::new(),
                },
            });
        }
        let rules = joined(rules, |rule| &mut rule.resources);
        let rules = joined(rules, |rule| &mut rule.non_resource_urls);
        joined(rules, |rule| &mut rule.resource_names)
    }
}

/// Joins rules that differ in one list only. A rule without anything in that list stays as it is: no names are all
/// names.
fn joined(rules: Vec<PolicyRule>, list: fn(&mut PolicyRule) -> &mut Vec<CompactString>) -> Vec<PolicyRule> {
    let mut firsts: BTreeMap<Vec<Vec<CompactString>>, usize> = BTreeMap::new();
    let mut out: Vec<PolicyRule> = Vec::new();
    for mut rule in rules {
        let items = std::mem::take(list(&mut rule));
        if items.is_empty() {
            out.push(rule);
            continue;
        }
        let PolicyRule { verbs, api_groups, resources, resource_names, non_resource_urls } = rule.clone();
        let key = vec![verbs, api_groups, resources, resource_names, non_resource_urls];
        let place = *firsts.entry(key).or_insert(out.len());
        match out.get_mut(place) {
            Some(first) => list(first).extend(items),
            None => {
                *list(&mut rule) = items;
                out.push(rule);
            }
        }
    }
    for rule in &mut out {
        list(rule).sort();
    }
    out
}

/// The verbs as people list them, others behind.
pub(super) const USUAL_VERBS: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

fn in_usual_order(mut verbs: Vec<CompactString>) -> Vec<CompactString> {
    let rank = |verb: &CompactString| {
        USUAL_VERBS.iter().position(|usual| usual == verb).unwrap_or(USUAL_VERBS.len())
    };
    verbs.sort_by(|left, right| (rank(left), left).cmp(&(rank(right), right)));
    verbs
}

/// What in the second policy could not be taken into account and is not the same in the first.
fn unknown<'a>(base: &Holdings<'a>, head: &Holdings<'a>) -> Vec<Unknown<'a>> {
    let mut known: BTreeSet<(Who, &str, &str, &str)> = BTreeSet::new();
    let key = |(who, namespace, role): (Who, &'a str, &'a RoleRef)| {
        (who, namespace, role.kind.as_str(), role.name.as_str())
    };
    for unknown in &base.unknown {
        if let Unknown::NoRole { binding, .. } = unknown {
            known.extend(claims(*binding).map(key));
        }
    }
    let is_new = |unknown: &&Unknown<'a>| match unknown {
        Unknown::NoRole { binding, .. } => claims(*binding).map(key).any(|claim| !known.contains(&claim)),
        other => !base.unknown.contains(other),
    };
    let mut unknown: Vec<Unknown<'a>> = head.unknown.iter().filter(is_new).cloned().collect();
    // What was held is not known either: what is said to be granted may have been there.
    unknown
        .extend(base.unknown.iter().filter(|unknown| matches!(unknown, Unknown::TooLarge { .. })).cloned());
    unknown.extend(without_aggregator(base.policy, head.policy));
    unknown
}

/// The default roles that others are aggregated to, and their labels.
pub(super) const AGGREGATED: [(&str, &str); 3] = [
    ("admin", "rbac.authorization.k8s.io/aggregate-to-admin"),
    ("edit", "rbac.authorization.k8s.io/aggregate-to-edit"),
    ("view", "rbac.authorization.k8s.io/aggregate-to-view"),
];

/// Whether a role is labelled for a default role.
pub(super) fn is_for(role: &ClusterRole, label: &str) -> bool {
    role.metadata.labels.iter().any(|(key, value)| key == label && value == "true")
}

fn without_aggregator<'a>(base: &'a Policy, head: &'a Policy) -> impl Iterator<Item = Unknown<'a>> {
    let roles = &head.objects().cluster_roles;
    let absent = AGGREGATED
        .into_iter()
        .filter(move |(target, _)| !roles.iter().any(|role| role.metadata.name == *target));
    absent.flat_map(move |(target, label)| {
        let labelled = roles.iter().filter(move |role| is_for(role, label));
        let same = move |role: &ClusterRole| {
            let before =
                base.objects().cluster_roles.iter().find(|old| old.metadata.name == role.metadata.name);
            before.is_some_and(|old| old.rules == role.rules && is_for(old, label))
        };
        labelled
            .filter(move |role| !same(role))
            .map(move |role| Unknown::NoAggregator { role: AnyRole::Cluster(role), target })
    })
}

#[cfg(test)]
mod tests;
