//! What could be left out of roles.

use super::super::aggregation::selects;
use super::super::atoms::{Atom, Bag, Catalogue, MOST_OF_ROLE, is_dead};
use super::super::covers::atom_count;
use super::super::diff::{AGGREGATED, is_for};
use super::super::matching::path_matches;
use super::super::objects::PolicyRule;
use super::super::policy::{AnyBinding, AnyRole};
use super::{Excess, List, Proof, What, Work};
use compact_str::CompactString;
use std::collections::BTreeSet;

impl<'a> Work<'_, 'a> {
    pub(super) fn roles(&mut self, catalogue: &mut Catalogue) {
        let used = self.used();
        let objects = self.policy.objects();
        for number in 0..objects.cluster_roles.len() + objects.roles.len() {
            let Some(role) = self.policy.role_at(number) else { continue };
            let is_default = self.surroundings.defaults.contains(&role.metadata().origin);
            if is_default {
                continue;
            }
            if !used.contains(&number) {
                self.reduction.excess.push(Excess { what: What::Role(role), proof: Proof::Unbound });
                continue;
            }
            // The rules of an aggregated role are written by a controller.
            let is_filled = matches!(role, AnyRole::Cluster(role) if role.aggregation.is_some());
            if !is_filled && atom_count(role.rules()) <= MOST_OF_ROLE {
                self.rules(role, catalogue);
            }
        }
    }

    /// The numbers of the roles that a binding that stays grants, or of which a role that stays is made.
    fn used(&self) -> BTreeSet<usize> {
        let objects = self.policy.objects();
        let mut used = BTreeSet::new();
        for (place, binding) in self.policy.all_bindings().enumerate() {
            if self.fallen.contains_key(&place) {
                continue;
            }
            match self.policy.number_of(binding.role_ref(), binding.namespace()) {
                Ok(number) => {
                    used.insert(number);
                }
                // In which namespace it is, is not known: any role of that name may be meant.
                Err(_) if matches!(binding, AnyBinding::Namespaced(_)) && binding.namespace().is_empty() => {
                    let named = objects.roles.iter().enumerate();
                    let named = named.filter(|(_, role)| role.metadata.name == binding.role_ref().name);
                    used.extend(named.map(|(place, _)| objects.cluster_roles.len() + place));
                }
                Err(_) => {}
            }
        }
        let cluster_roles = || objects.cluster_roles.iter().enumerate();
        let is_kept = |origin| self.surroundings.defaults.contains(origin);
        used.extend(
            cluster_roles().filter(|(_, role)| is_kept(&role.metadata.origin)).map(|(number, _)| number),
        );
        let labelled =
            cluster_roles().filter(|(_, role)| AGGREGATED.iter().any(|(_, label)| is_for(role, label)));
        used.extend(labelled.map(|(number, _)| number));
        self.add_sources(&mut used);
        used
    }

    /// Adds the roles of which aggregated roles are made that are used.
    fn add_sources(&self, used: &mut BTreeSet<usize>) {
        let roles = &self.policy.objects().cluster_roles;
        let mut open: Vec<usize> = used.iter().copied().collect();
        while let Some(number) = open.pop() {
            let Some(role) = roles.get(number) else { continue };
            for selector in role.aggregation.iter().flatten() {
                let selector = selector.to_selector();
                for (source, other) in roles.iter().enumerate() {
                    // Of what a selector that cannot be read selects, nothing is known.
                    let selected = selector
                        .as_ref()
                        .map_or(!other.metadata.labels.is_empty(), |selector| selects(selector, other));
                    if selected && used.insert(source) {
                        open.push(source);
                    }
                }
            }
        }
    }

    fn rules(&mut self, role: AnyRole<'a>, catalogue: &mut Catalogue) {
        let in_cluster = matches!(role, AnyRole::Cluster(_));
        let atoms: Vec<Vec<Atom>> =
            role.rules().iter().map(|rule| catalogue.atoms_of(rule, in_cluster)).collect();
        let mut bag = Bag::default();
        atoms.iter().for_each(|atoms| bag.put_all(catalogue, atoms));
        let mut gone = BTreeSet::new();
        for (index, atoms) in atoms.iter().enumerate().rev() {
            bag.take_all(atoms);
            if atoms.iter().all(|atom| bag.covers(catalogue, *atom)) {
                gone.insert(index);
            } else {
                bag.put_all(catalogue, atoms);
            }
        }
        for (index, rule) in role.rules().iter().enumerate() {
            if gone.contains(&index) {
                let proof = said_by(catalogue, &atoms, index, &gone);
                self.reduction.excess.push(Excess { what: What::Rule(role, index), proof });
            } else {
                let items = items(rule, in_cluster).into_iter();
                self.reduction.excess.extend(
                    items.map(|(list, item, proof)| Excess {
                        what: What::Item(role, index, list, item),
                        proof,
                    }),
                );
            }
        }
    }
}

/// Which rules that stay say what a rule says that does not.
fn said_by<'a>(
    catalogue: &Catalogue,
    atoms: &[Vec<Atom>],
    index: usize,
    gone: &BTreeSet<usize>,
) -> Proof<'a> {
    let mut left = atoms.get(index).cloned().unwrap_or_default();
    if left.is_empty() {
        return Proof::Nothing;
    }
    let mut rules = Vec::new();
    for (other, atoms) in atoms.iter().enumerate().filter(|(other, _)| !gone.contains(other)) {
        let before = left.len();
        let mut bag = Bag::default();
        bag.put_all(catalogue, atoms);
        left.retain(|atom| !bag.covers(catalogue, *atom));
        if left.len() < before {
            rules.push(other);
        }
    }
    Proof::Rules(rules)
}

/// The items of a rule that allow nothing, or nothing that another item does not.
fn items<'a>(rule: &PolicyRule, in_cluster: bool) -> Vec<(List, usize, Proof<'a>)> {
    let same_or_star = |general: &str, item: &str| general == item || general == "*";
    let resource = |general: &str, item: &str| {
        let of_any = general.strip_prefix("*/").zip(item.split_once('/'));
        same_or_star(general, item) || of_any.is_some_and(|(any, (_, subresource))| any == subresource)
    };
    let mut out = Vec::new();
    let mut find =
        |list, items: &[CompactString], dead: &dyn Fn(&str) -> bool, covers: &dyn Fn(&str, &str) -> bool| {
            let mut gone: Vec<Option<Proof<'a>>> =
                items.iter().map(|item| dead(item).then_some(Proof::Nothing)).collect();
            for (index, item) in items.iter().enumerate().rev() {
                let mut others = items
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index && gone.get(*other).is_some_and(Option::is_none));
                let found = others.find(|(_, general)| covers(general, item));
                if let (Some((other, _)), Some(slot @ None)) = (found, gone.get_mut(index)) {
                    *slot = Some(Proof::Item(other));
                }
            }
            // What covered an item may itself be covered: one that stays covers both.
            let stays = |place: usize| gone.get(place).is_some_and(Option::is_none);
            let named: Vec<Option<usize>> = items
                .iter()
                .map(|item| {
                    (0..items.len()).find(|place| {
                        stays(*place) && items.get(*place).is_some_and(|general| covers(general, item))
                    })
                })
                .collect();
            for (slot, named) in gone.iter_mut().zip(named) {
                if let (Some(Proof::Item(item)), Some(named)) = (slot, named) {
                    *item = named;
                }
            }
            let gone = gone.into_iter().enumerate().filter_map(|(index, proof)| Some((list, index, proof?)));
            out.extend(gone);
        };
    let alive = |_: &str| false;
    find(List::Verbs, &rule.verbs, &alive, &same_or_star);
    find(List::Groups, &rule.api_groups, &alive, &same_or_star);
    find(List::Resources, &rule.resources, &is_dead, &resource);
    find(List::Names, &rule.resource_names, &alive, &|general, item| general == item);
    find(List::Paths, &rule.non_resource_urls, &|_| !in_cluster, &path_matches);
    out
}
