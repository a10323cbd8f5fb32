//! How an index is made of a policy.

use super::super::objects::{Objects, PolicyRule};
use super::super::policy::{AnyBinding, Policy};
use super::super::table::{Secret, Table};
use super::rules::{Key, Rules, Span, Symbol};
use super::{ACCOUNT, Entry, Index, List, NO_ROLE, SubjectLists};
use std::collections::HashSet;

/// From how many rules on a list of bindings is looked up instead of searched.
const LONG: usize = 48;

/// That a subject is named in a binding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mention {
    subject: Symbol,
    /// 0 for the whole cluster, otherwise one more than the number of the namespace.
    scope: u32,
    binding: u32,
    role: u32,
}

impl Index {
    /// The index of a policy.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let mut index = Self::default();
        index.compile_roles(policy.objects());
        let mut mentions = index.mentions(&policy);
        mentions.sort_unstable();
        mentions.dedup_by_key(|mention| (mention.subject, mention.scope, mention.binding));
        index.policy = policy;
        index.list(&mentions);
        index
    }

    fn compile_roles(&mut self, objects: &Objects) {
        let cluster = objects.cluster_roles.iter().map(|role| &role.rules);
        let roles = cluster.chain(objects.roles.iter().map(|role| &role.rules));
        let mut contents: Table<&PolicyRule, u32> = Table::default();
        for rules in roles {
            let start = self.rules.len();
            for rule in rules {
                let next = short(contents.len());
                self.rules.push(rule, *contents.entry(rule).or_insert(next));
            }
            self.roles.push(Span::new(start, self.rules.len()));
        }
    }

    fn mentions(&mut self, policy: &Policy) -> Vec<Mention> {
        let mut mentions = Vec::new();
        let mut subjects = 0;
        for (place, binding) in policy.all_bindings().enumerate() {
            let namespace = binding.namespace();
            let role = policy.number_of(binding.role_ref(), namespace).map_or(NO_ROLE, short);
            self.binding_roles.push(role);
            let scope = match binding {
                AnyBinding::Cluster(_) => 0,
                // Nobody can ask for a namespace without a name.
                AnyBinding::Namespaced(_) if namespace.is_empty() => continue,
                AnyBinding::Namespaced(_) => self.namespaces.number(namespace).saturating_add(1),
            };
            for subject in binding.subjects() {
                let entry = match (subject.kind.as_str(), subject.user_name(namespace)) {
                    ("Group", _) => self.groups.entry(subject.name.clone()),
                    (_, Some(name)) => match name.strip_prefix(ACCOUNT) {
                        Some(account) => self.accounts.entry(account.into()),
                        None => self.users.entry(name),
                    },
                    _ => continue,
                };
                let lists = SubjectLists { number: subjects, ..SubjectLists::default() };
                let subject = entry.or_insert(lists).number;
                subjects = subjects.max(subject.saturating_add(1));
                mentions.push(Mention { subject, scope, binding: short(place), role });
            }
        }
        mentions
    }

    /// Lays the bindings out by subject and scope.
    fn list(&mut self, mentions: &[Mention]) {
        let mut all = Vec::new();
        for of_subject in mentions.chunk_by(|left, right| left.subject == right.subject) {
            let mut lists = SubjectLists::default();
            let start = self.namespace_lists.len();
            for of_scope in of_subject.chunk_by(|left, right| left.scope == right.scope) {
                let list = self.list_of(of_scope);
                match of_scope.first().and_then(|mention| mention.scope.checked_sub(1)) {
                    None => lists.cluster = list,
                    Some(namespace) => self.namespace_lists.push((namespace, list)),
                }
            }
            lists.namespaced = Span::new(start, self.namespace_lists.len());
            all.push(lists);
        }
        let of_number = |lists: &mut SubjectLists| {
            let number = lists.number;
            *lists = SubjectLists { number, ..all.get(number as usize).copied().unwrap_or_default() };
        };
        for table in [&mut self.accounts, &mut self.users, &mut self.groups] {
            table.values_mut().for_each(of_number);
        }
    }

    fn list_of(&mut self, mentions: &[Mention]) -> List {
        let (entries, unresolved) = (self.entries.len(), self.unresolved.len());
        let mut rules = 0;
        for mention in mentions {
            if mention.role == NO_ROLE {
                self.unresolved.push(mention.binding);
            } else {
                let span = self.roles.get(mention.role as usize).copied().unwrap_or_default();
                self.entries.push(Entry { binding: mention.binding, rules: span });
                rules += span.places().len();
            }
        }
        let mut list = List {
            entries: Span::new(entries, self.entries.len()),
            unresolved: Span::new(unresolved, self.unresolved.len()),
            long: None,
        };
        if rules > LONG {
            list.long = Some(short(self.long.len()));
            self.long.push(LongList::of(&self.rules, list.entries.of(&self.entries)));
        }
        list
    }
}

/// A list of so many rules that they are looked up by resource and name.
#[derive(Debug, Default)]
pub(super) struct LongList {
    /// Where in `found` the rules of a resource and a name are.
    keys: Table<(Key, Key), Span>,
    found: Vec<Found>,
    /// The rules on paths.
    paths: Span,
}

/// A rule, by the binding that grants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) binding: u32,
    pub(super) rule: u32,
}

impl LongList {
    fn of(rules: &Rules, entries: &[Entry]) -> Self {
        let mut seen = HashSet::with_hasher(Secret::default());
        let mut keyed: Vec<((Key, Key), Found)> = Vec::new();
        let mut list = Self::default();
        for entry in entries {
            for place in entry.rules.places() {
                let Some(rule) = rules.entry(place) else { continue };
                // An equal rule further up always matches first.
                if !seen.insert(rule.content) {
                    continue;
                }
                let found = Found { binding: entry.binding, rule: place };
                if rule.has_paths {
                    list.found.push(found);
                }
                keyed.extend(rule.keys.into_iter().map(|key| (key, found)));
            }
        }
        list.paths = Span::new(0, list.found.len());
        // Stable: the rules of a key stay in the order of the bindings, then in that of the role.
        keyed.sort_by_key(|(key, _)| *key);
        for of_key in keyed.chunk_by(|left, right| left.0 == right.0) {
            let start = list.found.len();
            list.found.extend(of_key.iter().map(|(_, found)| *found));
            if let Some((key, _)) = of_key.first() {
                list.keys.insert(*key, Span::new(start, list.found.len()));
            }
        }
        list
    }

    /// The rules on paths, in order.
    pub(super) fn paths(&self) -> &[Found] {
        self.paths.of(&self.found)
    }

    /// The rules of a key, in order.
    pub(super) fn at(&self, key: (Key, Key)) -> &[Found] {
        self.keys.get(&key).map_or(&[], |span| span.of(&self.found))
    }
}

/// Places are counted in 32 bits: more would not fit the memory.
fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NO_ROLE - 1)
}
