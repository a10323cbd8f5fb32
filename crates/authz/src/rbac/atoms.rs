//! Rules taken apart into atoms, so that what is granted can be compared as sets.
//!
//! An atom is one verb on one resource of one group under at most one name, or one verb on one path. It stands for
//! the requests that it allows; of finitely many atoms only a single more general one can allow all that it allows,
//! as there is no end of verbs, groups, resources, names and paths. So whether something is covered is a matter of
//! looking up its generalisations, however many rules there are.

use super::objects::PolicyRule;
use super::table::Table;
use super::{covers, matching::path_matches};
use compact_str::{CompactString, format_compact};
use std::collections::BTreeSet;

/// The number of a word.
pub(super) type Word = u32;

/// `*`, always the first word.
pub(super) const STAR: Word = 0;
/// No name; no subresource.
pub(super) const NONE: Word = Word::MAX;
/// In place of a group: the atom is about a path.
const PATH: Word = Word::MAX;

/// How many atoms one role may have, and all different roles together.
pub(super) const MOST_OF_ROLE: u64 = 1_000_000;
const MOST: usize = 16_000_000;

/// One verb on one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Atom {
    /// The group; [`PATH`] where the atom is about a path.
    group: Word,
    /// The resource with its subresource, or the path.
    what: Word,
    /// The name of the object, or [`NONE`].
    name: Word,
    verb: Word,
}

/// An atom with its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelled<'a> {
    pub(super) verb: &'a str,
    /// Nothing where it is about a path.
    pub(super) group: Option<&'a str>,
    pub(super) what: &'a str,
    pub(super) name: Option<&'a str>,
}

/// Words and the contents of roles, in numbers.
#[derive(Debug)]
pub(super) struct Catalogue {
    words: Vec<CompactString>,
    numbers: Table<CompactString, Word>,
    /// For each word that is `resource/subresource` the number of `*/subresource`.
    of_any: Vec<Word>,
    contents: Vec<Vec<Atom>>,
    ids: Table<Vec<Atom>, u32>,
    atoms: usize,
}

impl Catalogue {
    pub(super) fn new() -> Self {
        let mut catalogue = Self {
            words: Vec::new(),
            numbers: Table::default(),
            of_any: Vec::new(),
            contents: Vec::new(),
            ids: Table::default(),
            atoms: 0,
        };
        catalogue.number("*");
        catalogue
    }

    pub(super) fn number(&mut self, word: &str) -> Word {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let of_any = match word.split_once('/') {
            Some((resource, subresource)) if resource != "*" && !resource.is_empty() => {
                self.number(&format_compact!("*/{subresource}"))
            }
            _ => NONE,
        };
        // The last two numbers are taken; so many words do not fit the memory.
        let number = Word::try_from(self.words.len()).unwrap_or(Word::MAX - 1);
        self.words.push(word.into());
        self.of_any.push(of_any);
        self.numbers.insert(word.into(), number);
        number
    }

    fn word(&self, number: Word) -> &str {
        self.words.get(number as usize).map_or("", CompactString::as_str)
    }

    pub(super) fn spell(&self, atom: Atom) -> Spelled<'_> {
        Spelled {
            verb: self.word(atom.verb),
            group: (atom.group != PATH).then(|| self.word(atom.group)),
            what: self.word(atom.what),
            name: (atom.name != NONE).then(|| self.word(atom.name)),
        }
    }

    /// The atom of a verb on a resource.
    pub(super) fn atom(&mut self, verb: &str, group: &str, resource: &str, name: Option<&str>) -> Atom {
        Atom {
            verb: self.number(verb),
            group: self.number(group),
            what: self.number(resource),
            name: name.map_or(NONE, |name| self.number(name)),
        }
    }

    /// The atom of a verb on a path.
    pub(super) fn path_atom(&mut self, verb: &str, path: &str) -> Atom {
        let path = normal_path(path);
        Atom { verb: self.number(verb), group: PATH, what: self.number(&path), name: NONE }
    }

    /// The atoms of a rule that allow anything, each once, in order. Paths count only in the whole cluster.
    pub(super) fn atoms_of(&mut self, rule: &PolicyRule, paths: bool) -> Vec<Atom> {
        let verbs: Vec<Word> = rule.verbs.iter().map(|verb| self.number(verb)).collect();
        let groups: Vec<Word> = rule.api_groups.iter().map(|group| self.number(group)).collect();
        let alive = rule.resources.iter().filter(|resource| !is_dead(resource));
        let resources: Vec<Word> = alive.map(|resource| self.number(resource)).collect();
        let mut names: Vec<Word> = rule.resource_names.iter().map(|name| self.number(name)).collect();
        if names.is_empty() {
            names.push(NONE);
        }
        let mut atoms = BTreeSet::new();
        for &verb in &verbs {
            for &group in &groups {
                for &what in &resources {
                    atoms.extend(names.iter().map(|&name| Atom { group, what, name, verb }));
                }
            }
        }
        for path in rule.non_resource_urls.iter().filter(|_| paths) {
            let what = self.number(&normal_path(path));
            atoms.extend(verbs.iter().map(|&verb| Atom { group: PATH, what, name: NONE, verb }));
        }
        atoms.into_iter().collect()
    }

    /// The number of what the rules allow, in the whole cluster or in a namespace; nothing if it is too much.
    pub(super) fn content(&mut self, rules: &[PolicyRule], cluster: bool) -> Option<u32> {
        if covers::atom_count(rules) > MOST_OF_ROLE || self.atoms > MOST {
            return None;
        }
        let mut atoms: Vec<Atom> = rules.iter().flat_map(|rule| self.atoms_of(rule, cluster)).collect();
        atoms.sort_unstable();
        atoms.dedup();
        if let Some(id) = self.ids.get(&atoms) {
            return Some(*id);
        }
        let id = u32::try_from(self.contents.len()).ok()?;
        self.atoms += atoms.len();
        self.contents.push(atoms.clone());
        self.ids.insert(atoms, id);
        Some(id)
    }

    /// The atoms of a content, in order.
    pub(super) fn atoms(&self, content: u32) -> &[Atom] {
        self.contents.get(content as usize).map_or(&[], Vec::as_slice)
    }

    /// The generalisations of an atom about a resource, itself first.
    fn generalisations(&self, atom: Atom) -> impl Iterator<Item = Atom> {
        let of_any = self.of_any.get(atom.what as usize).copied().unwrap_or(NONE);
        let whats = [Some(atom.what), (of_any != NONE).then_some(of_any), other(atom.what, STAR)];
        let whats = whats.into_iter().flatten();
        let verbs = move || [Some(atom.verb), other(atom.verb, STAR)].into_iter().flatten();
        let groups = move || [Some(atom.group), other(atom.group, STAR)].into_iter().flatten();
        let names = move || [Some(atom.name), other(atom.name, NONE)].into_iter().flatten();
        whats.flat_map(move |what| {
            groups().flat_map(move |group| {
                names().flat_map(move |name| verbs().map(move |verb| Atom { group, what, name, verb }))
            })
        })
    }

    /// Whether everything that `atom` allows is allowed by `general`.
    pub(super) fn implies(&self, general: Atom, atom: Atom) -> bool {
        if atom.group == PATH {
            return general.group == PATH
                && matches!(general.verb, verb if verb == STAR || verb == atom.verb)
                && path_matches(self.word(general.what), self.word(atom.what));
        }
        self.generalisations(atom).any(|found| found == general)
    }
}

impl Atom {
    /// Whether it is about a path.
    pub(super) fn is_path(self) -> bool {
        self.group == PATH
    }

    /// The same with another verb.
    pub(super) fn with_verb(self, verb: Word) -> Self {
        Self { verb, ..self }
    }

    /// Whether both are about the same resource or path, whatever the verbs and names.
    pub(super) fn is_same_thing(self, other: Self) -> bool {
        (self.group, self.what) == (other.group, other.what)
    }

    /// What it is about, without the verb: equal for rows of one kind.
    pub(super) fn target(self) -> (Word, Word, Word) {
        (self.group, self.what, self.name)
    }
}

fn other(word: Word, general: Word) -> Option<Word> {
    (word != general).then_some(general)
}

/// Whether a resource stands for nothing that could be asked for: `pods/*` is no wildcard, and no subresource is
/// called `*` or nothing at all.
pub(super) fn is_dead(resource: &str) -> bool {
    resource.ends_with("/*") || resource.ends_with('/') || resource.is_empty()
}

/// A path whose trailing `*`s are one.
fn normal_path(path: &str) -> CompactString {
    if path.ends_with("**") { format_compact!("{}*", path.trim_end_matches('*')) } else { path.into() }
}

/// A collection of atoms that knows what it covers; atoms can be taken out again.
#[derive(Debug, Default)]
pub(super) struct Bag {
    counts: Table<Atom, u32>,
    /// The paths that stand for several, each once.
    open_paths: Vec<Atom>,
}

impl Bag {
    /// A bag of contents.
    pub(super) fn of(catalogue: &Catalogue, contents: impl IntoIterator<Item = u32>) -> Self {
        let mut bag = Self::default();
        contents.into_iter().for_each(|content| bag.put_all(catalogue, catalogue.atoms(content)));
        bag
    }

    pub(super) fn put_all(&mut self, catalogue: &Catalogue, atoms: &[Atom]) {
        for atom in atoms {
            let count = self.counts.entry(*atom).or_insert(0);
            *count += 1;
            if *count == 1 && atom.is_path() && catalogue.word(atom.what).ends_with('*') {
                self.open_paths.push(*atom);
            }
        }
    }

    /// Takes out what was put in.
    pub(super) fn take_all(&mut self, atoms: &[Atom]) {
        for atom in atoms {
            let Some(count) = self.counts.get_mut(atom) else { continue };
            *count -= 1;
            if *count > 0 {
                continue;
            }
            self.counts.remove(atom);
            if atom.is_path() {
                self.open_paths.retain(|open| open != atom);
            }
        }
    }

    pub(super) fn has(&self, atom: Atom) -> bool {
        self.counts.contains_key(&atom)
    }

    /// Whether everything that the atom allows is allowed by one that is in the bag.
    pub(super) fn covers(&self, catalogue: &Catalogue, atom: Atom) -> bool {
        if self.counts.is_empty() {
            return false;
        }
        if atom.is_path() {
            return self.has(atom)
                || self.has(atom.with_verb(STAR))
                || self.open_paths.iter().any(|open| catalogue.implies(*open, atom));
        }
        catalogue.generalisations(atom).any(|general| self.has(general))
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::tests::rule;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_wildcard_stands_for_nothing() {
        for (resource, dead) in
            [("pods/*", true), ("*/*", true), ("*/", true), ("*", false), ("*/log", false), ("pods", false)]
        {
            assert_eq!(is_dead(resource), dead, "{resource}");
        }
        assert_eq!(normal_path("/x***"), "/x*");
    }

    #[test]
    fn what_is_taken_out_covers_no_more() {
        let mut catalogue = Catalogue::new();
        let (one, all) = (catalogue.path_atom("get", "/x/y"), catalogue.path_atom("*", "/x/*"));
        let mut bag = Bag::default();
        bag.put_all(&catalogue, &[all, all]);
        bag.take_all(&[all]);
        assert!(bag.covers(&catalogue, one));
        bag.take_all(&[all]);
        assert!(!bag.covers(&catalogue, one));
    }

    proptest! {
        /// Against the comparison of upstream, rule by rule. Rules about both resources and paths, which the API
        /// refuses, are left out, and so is what allows nothing.
        #[test]
        fn a_bag_covers_what_upstream_says(held in prop::collection::vec(rule(), 0..5), wanted in rule()) {
            let only_one_kind = |rule: &PolicyRule| {
                let mut rule = rule.clone();
                if rule.resources.is_empty() {
                    (rule.api_groups, rule.resource_names) = (Vec::new(), Vec::new());
                } else {
                    rule.non_resource_urls.clear();
                }
                rule
            };
            let held: Vec<PolicyRule> = held.iter().map(only_one_kind).collect();
            let mut wanted = only_one_kind(&wanted);
            wanted.resources.retain(|resource| !is_dead(resource));
            let mut catalogue = Catalogue::new();
            let contents: Vec<u32> =
                held.iter().filter_map(|rule| catalogue.content(std::slice::from_ref(rule), true)).collect();
            let bag = Bag::of(&catalogue, contents);
            let uncovered = catalogue.atoms_of(&wanted, true).into_iter().filter(|atom| !bag.covers(&catalogue, *atom));
            let uncovered = uncovered.count();
            let held: Vec<&PolicyRule> = held.iter().collect();
            let upstream = covers::covers(&held, std::slice::from_ref(&wanted));
            prop_assert_eq!(uncovered == 0, upstream.0);
        }
    }
}
