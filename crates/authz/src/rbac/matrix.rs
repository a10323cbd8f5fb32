//! Subjects against resources: which verbs everybody holds on what, and where.

use super::atoms::{Atom, Bag, Catalogue};
use super::danger::{self, Danger};
use super::diff::USUAL_VERBS;
use super::holdings::{Hold, Holdings, Spot, Spots, Unknown, Who, cluster_bag};
use super::policy::{AnyBinding, AnyRole, Policy};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

/// The verbs that have a column of their own, in the order of the columns.
pub const VERBS: [&str; 8] = USUAL_VERBS;

/// What is to be in the matrix.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these subjects; all where empty.
    pub subjects: Vec<Who>,
    /// Only this namespace, and the whole cluster.
    pub namespace: Option<CompactString>,
    /// Only these things, and these also where only a wildcard gives them; all where empty.
    pub targets: Vec<Target>,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A resource.
    Resource {
        /// The API group; `*` is every group.
        group: CompactString,
        /// The resource with its subresource; `*` is every resource.
        resource: CompactString,
    },
    /// A path.
    Path(CompactString),
}

/// Subjects against resources.
#[derive(Clone, Debug, Default)]
pub struct Matrix<'a> {
    /// Everybody whom bindings name and who holds something that is selected.
    pub subjects: Vec<Subject<'a>>,
    /// What could not be taken into account.
    pub unknown: Vec<Unknown<'a>>,
}

/// What somebody holds.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Who.
    pub who: Who,
    /// By place: the whole cluster, then namespaces.
    pub sections: Vec<Section<'a>>,
}

/// What somebody holds in the whole cluster, or in namespaces in which it is the same.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    /// The namespaces; none for the whole cluster.
    pub namespaces: Vec<CompactString>,
    /// The bindings that name the subject there, and their roles.
    pub grants: Vec<(AnyBinding<'a>, AnyRole<'a>)>,
    /// One for each thing.
    pub rows: Vec<Row<'a>>,
}

/// What somebody may do to one thing.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The thing.
    pub target: Target,
    /// The names to which it is limited; none where it is not limited.
    pub names: Vec<CompactString>,
    /// For each of [`VERBS`] how it is held.
    pub verbs: [Option<Via>; 8],
    /// Other verbs, `*` among them where every verb is held.
    pub others: Vec<CompactString>,
    /// The roles that say so there.
    pub roles: Vec<AnyRole<'a>>,
    /// Why it is dangerous to hold.
    pub dangers: Vec<Danger>,
}

/// How a verb is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// A rule names verb and resource.
    Named,
    /// A wildcard stands for the verb, the resource or the group, or a name is one of all names.
    Wildcard,
    /// It is held in this namespace because it is held in the whole cluster.
    Cluster,
}

/// The matrix of a policy whose aggregated roles are filled.
///
/// Everybody stands for themselves: what groups give to their members stands with the groups.
#[must_use]
pub fn matrix<'a>(policy: &'a Policy, selection: &Selection) -> Matrix<'a> {
    let mut catalogue = Catalogue::new();
    let holdings = Holdings::new(policy, &mut catalogue);
    let asked = Asked::new(selection, &mut catalogue);
    let work = Work { holdings: &holdings, catalogue: &catalogue, asked: &asked };
    let selected = |who: &Who| selection.subjects.is_empty() || selection.subjects.contains(who);
    let subjects = holdings.of.iter().filter(|(who, _)| selected(who)).filter_map(|(who, spots)| {
        let sections = work.sections(spots, selection.namespace.as_deref());
        (!sections.is_empty()).then(|| Subject { who: who.clone(), sections })
    });
    Matrix { subjects: subjects.collect(), unknown: holdings.unknown.clone() }
}

/// What is asked for, in numbers.
struct Asked {
    /// For each thing an atom about it, whatever its verb.
    targets: Vec<Atom>,
    /// The usual verbs.
    verbs: Vec<u32>,
}

impl Asked {
    fn new(selection: &Selection, catalogue: &mut Catalogue) -> Self {
        let targets = selection.targets.iter().map(|target| match target {
            Target::Resource { group, resource } => catalogue.atom("*", group, resource, None),
            Target::Path(path) => catalogue.path_atom("*", path),
        });
        let targets = targets.collect();
        Self { targets, verbs: VERBS.iter().map(|verb| catalogue.number(verb)).collect() }
    }
}

struct Work<'s, 'a> {
    holdings: &'s Holdings<'a>,
    catalogue: &'s Catalogue,
    asked: &'s Asked,
}

/// Namespaces in which the same roles are held.
#[derive(Default)]
struct Group {
    namespaces: Vec<CompactString>,
    holds: Vec<Hold>,
}

impl<'a> Work<'_, 'a> {
    fn sections(&self, spots: &Spots, namespace: Option<&str>) -> Vec<Section<'a>> {
        let wide = cluster_bag(self.catalogue, spots);
        let empty = Bag::default();
        // Namespaces in which the same roles are held stand together.
        let mut groups: BTreeMap<(bool, Vec<usize>), Group> = BTreeMap::new();
        for (spot, holds) in spots {
            let roles: BTreeSet<usize> = holds.iter().map(|hold| hold.role).collect();
            let key = (*spot != Spot::Cluster, roles.into_iter().collect());
            let name = match spot {
                Spot::Cluster => None,
                Spot::Namespace(name) if namespace.is_none_or(|wanted| wanted == name) => Some(name.clone()),
                Spot::Namespace(_) => continue,
            };
            let group = groups.entry(key).or_default();
            group.namespaces.extend(name);
            group.holds.extend(holds.iter().copied());
        }
        let mut sections: Vec<Section<'a>> = Vec::new();
        for ((namespaced, _), Group { namespaces, holds }) in groups {
            let wide = if namespaced { &wide } else { &empty };
            let rows = self.rows(&holds, wide);
            if !rows.is_empty() {
                let grants = holds.iter().filter_map(|hold| {
                    let policy = self.holdings.policy;
                    Some((policy.binding_at(hold.binding)?, policy.role_at(hold.role)?))
                });
                sections.push(Section { namespaces, grants: grants.collect(), rows });
            }
        }
        sections.sort_by(|left, right| left.namespaces.cmp(&right.namespaces));
        sections
    }

    fn rows(&self, holds: &[Hold], wide: &Bag) -> Vec<Row<'a>> {
        let roles: BTreeMap<usize, u32> = holds.iter().map(|hold| (hold.role, hold.content)).collect();
        let contents: BTreeSet<u32> = roles.values().copied().collect();
        let bag = Bag::of(self.catalogue, contents.iter().copied());
        let mut atoms: Vec<Atom> =
            contents.iter().flat_map(|content| self.catalogue.atoms(*content)).copied().collect();
        atoms.sort_unstable();
        atoms.dedup();
        let mut targets: BTreeMap<_, (Atom, Vec<Atom>)> = BTreeMap::new();
        for atom in &atoms {
            if self.is_asked(*atom) {
                targets.entry(atom.target()).or_insert((*atom, Vec::new())).1.push(*atom);
            }
        }
        for target in &self.asked.targets {
            let covered = atoms.iter().filter(|atom| self.catalogue.implies(atom.with_verb(0), *target));
            let verbs: Vec<Atom> = covered.copied().collect();
            if !verbs.is_empty() {
                targets.entry(target.target()).or_insert((*target, Vec::new())).1.extend(verbs);
            }
        }
        let rows = targets.into_values().map(|(target, atoms)| {
            let numbers = roles.iter().filter(|(_, content)| {
                let held = self.catalogue.atoms(**content);
                atoms.iter().any(|atom| held.binary_search(atom).is_ok())
            });
            let roles = numbers.filter_map(|(number, _)| self.holdings.policy.role_at(*number));
            self.row(target, &atoms, &bag, wide, roles.collect())
        });
        joined(rows.collect())
    }

    fn is_asked(&self, atom: Atom) -> bool {
        // Of a thing that is asked for also what is limited to names.
        self.asked.targets.is_empty() || self.asked.targets.iter().any(|target| target.is_same_thing(atom))
    }

    fn row(&self, target: Atom, atoms: &[Atom], bag: &Bag, wide: &Bag, roles: Vec<AnyRole<'a>>) -> Row<'a> {
        let spelled = self.catalogue.spell(target);
        let mut verbs = [None; 8];
        for (verb, cell) in self.asked.verbs.iter().zip(&mut verbs) {
            let atom = target.with_verb(*verb);
            *cell = if bag.has(atom) {
                Some(Via::Named)
            } else if bag.covers(self.catalogue, atom) {
                Some(Via::Wildcard)
            } else {
                wide.covers(self.catalogue, atom).then_some(Via::Cluster)
            };
        }
        let mut dangers: Vec<Danger> = Vec::new();
        let mut others: Vec<CompactString> = Vec::new();
        for atom in atoms {
            let verb = self.catalogue.spell(*atom).verb;
            if !VERBS.contains(&verb) && !others.iter().any(|other| other == verb) {
                others.push(verb.into());
            }
            dangers.extend(danger::of_atom(self.catalogue, *atom));
        }
        dangers.sort_unstable();
        dangers.dedup();
        others.sort();
        let target = match spelled.group {
            None => Target::Path(spelled.what.into()),
            Some(group) => Target::Resource { group: group.into(), resource: spelled.what.into() },
        };
        let names = spelled.name.into_iter().map(CompactString::from).collect();
        Row { target, names, verbs, others, roles, dangers }
    }
}

/// The rows by thing, those that differ only in their names as one.
fn joined(mut rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    rows.sort_by(|left, right| (&left.target, &left.names).cmp(&(&right.target, &right.names)));
    let mut out: Vec<Row<'_>> = Vec::new();
    for row in rows {
        let same = |first: &&mut Row<'_>| {
            !row.names.is_empty()
                && !first.names.is_empty()
                && first.target == row.target
                && (first.verbs, &first.others, &first.roles) == (row.verbs, &row.others, &row.roles)
        };
        match out.last_mut().filter(same) {
            Some(first) => first.names.extend(row.names),
            None => out.push(row),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rbac::Index;
    use crate::rbac::index::tests::policy as random_policy;
    use crate::rbac::testing::policy;
    use crate::{Attributes, User};
    use proptest::prelude::*;

    fn table(policy: &Policy, selection: &Selection) -> Vec<String> {
        let mut lines = Vec::new();
        for subject in matrix(policy, selection).subjects {
            for section in subject.sections {
                for row in section.rows {
                    let cell = |via: &Option<Via>| match via {
                        None => '-',
                        Some(Via::Named) => 'y',
                        Some(Via::Wildcard) => '*',
                        Some(Via::Cluster) => 'c',
                    };
                    let cells: String = row.verbs.iter().map(cell).collect();
                    let what = match &row.target {
                        Target::Path(path) => path.to_string(),
                        Target::Resource { group, resource } => format!("{resource}.{group}"),
                    };
                    let (names, others) = (row.names.join(","), row.others.join(","));
                    let place = section.namespaces.join(",");
                    lines.push(format!("{} [{place}] {what} [{names}] {cells} [{others}]", subject.who));
                }
            }
        }
        lines
    }

    #[test]
    fn cells_say_how_something_is_held() {
        let policy = policy(
            "ClusterRole all * core,apps pods,*/log
             ClusterRole some get,use core secrets a,b; get core pods; get /x,/x/**
             ClusterRoleBinding b ClusterRole/some User:ann
             RoleBinding n/b ClusterRole/all User:ann
             RoleBinding m/b ClusterRole/all User:ann",
        );
        assert_eq!(
            table(&policy, &Selection::default()),
            [
                "user:ann [] pods. [] y------- []",
                "user:ann [] secrets. [a,b] y------- [use]",
                "user:ann [] /x [] y------- []",
                "user:ann [] /x/* [] y------- []",
                "user:ann [m,n] */log. [] ******** [*]",
                "user:ann [m,n] pods. [] ******** [*]",
                "user:ann [m,n] */log.apps [] ******** [*]",
                "user:ann [m,n] pods.apps [] ******** [*]",
            ]
        );
    }

    #[test]
    fn what_is_asked_for_shows_through_wildcards() {
        let policy = policy(
            "ClusterRole all get,list core *
             ClusterRole one watch core secrets; delete core secrets a
             ClusterRoleBinding b ClusterRole/all User:ann
             ClusterRoleBinding c ClusterRole/one User:bob
             RoleBinding n/b ClusterRole/one User:ann",
        );
        let secrets = Target::Resource { group: "".into(), resource: "secrets".into() };
        let asked = |namespace: Option<&str>, subjects: &[&str]| Selection {
            targets: vec![secrets.clone()],
            namespace: namespace.map(CompactString::from),
            subjects: subjects.iter().map(|name| Who::User((*name).into())).collect(),
        };
        assert_eq!(
            table(&policy, &asked(None, &[])),
            [
                "user:ann [] secrets. [] **------ []",
                "user:ann [n] secrets. [] ccy----- []",
                "user:ann [n] secrets. [a] cc*---y- []",
                "user:bob [] secrets. [] --y----- []",
                "user:bob [] secrets. [a] --*---y- []",
            ]
        );
        assert_eq!(table(&policy, &asked(Some("m"), &["ann"])), ["user:ann [] secrets. [] **------ []"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Every cell says what a decision says.
        #[test]
        fn cells_agree_with_decisions(policy in random_policy()) {
            let index = Index::new(policy.clone());
            for subject in matrix(&policy, &Selection::default()).subjects {
                let (name, groups) = match &subject.who {
                    Who::User(name) => (name.to_string(), Vec::new()),
                    Who::Group(name) => ("nobody".to_owned(), vec![name.to_string()]),
                };
                let user = User { name, groups, ..User::default() };
                for (section, row) in subject.sections.iter().flat_map(|section| section.rows.iter().map(move |row| (section, row))) {
                    for (verb, cell) in VERBS.iter().zip(row.verbs) {
                        let mut request = Attributes {
                            user: user.clone(),
                            verb: (*verb).to_owned(),
                            namespace: section.namespaces.first().map(ToString::to_string).unwrap_or_default(),
                            name: row.names.first().map_or("other", CompactString::as_str).to_owned(),
                            ..Attributes::default()
                        };
                        let any = |word: &str| if word == "*" { "other".to_owned() } else { word.to_owned() };
                        match &row.target {
                            Target::Path(path) => request.path = path.replace('*', "other"),
                            Target::Resource { group, resource } => {
                                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                                request.is_resource = true;
                                (request.group, request.resource) = (any(group), any(resource));
                                request.subresource = subresource.to_owned();
                            }
                        }
                        prop_assert_eq!(cell.is_some(), index.allows(&request), "{:?} {:?}", row, request);
                    }
                }
            }
        }
    }
}
