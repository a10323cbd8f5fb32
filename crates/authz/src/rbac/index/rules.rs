//! Rules in a form that is quick to match: words are numbers, and most rules are passed over by three bit tests.

use super::super::matching::path_matches;
use super::super::objects::PolicyRule;
use super::super::table::Table;
use crate::Attributes;
use compact_str::{CompactString, format_compact};

/// The number of a word.
pub(in crate::rbac) type Symbol = u32;

/// The bit of `*`. A request for a resource has it always, so that it passes whatever the other bits are.
const ANY: u64 = 1 << 63;
/// The bit of verbs that have no bit of their own. A request has it if its verb is one of them.
const OTHER_VERB: u64 = 1 << 62;
/// How many verbs have a bit of their own.
const VERBS: u32 = 62;
/// Among the bits of resources and groups, that of rules on paths. Only requests for paths have it.
const PATHS: u64 = 1 << 62;
/// How many bits resources and groups share.
const SHARED: u32 = 62;

/// Words and their numbers.
#[derive(Debug, Default)]
pub(in crate::rbac) struct Words(Table<CompactString, Symbol>);

impl Words {
    pub(in crate::rbac) fn number(&mut self, word: &str) -> Symbol {
        if let Some(symbol) = self.0.get(word) {
            return *symbol;
        }
        let symbol = Symbol::try_from(self.0.len()).unwrap_or(Symbol::MAX);
        self.0.insert(word.into(), symbol);
        symbol
    }

    pub(in crate::rbac) fn get(&self, word: &str) -> Option<Symbol> {
        self.0.get(word).copied()
    }
}

/// A piece of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::rbac) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(in crate::rbac) fn new(start: usize, end: usize) -> Self {
        // A list of more than four milliards of items does not fit the memory.
        let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Self { start: short(start), end: short(end) }
    }

    pub(in crate::rbac) fn of<T>(self, list: &[T]) -> &[T] {
        list.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    pub(in crate::rbac) fn places(self) -> std::ops::Range<u32> {
        self.start..self.end
    }

    pub(in crate::rbac) fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// What is tested first: a rule and a request without a common bit in each of these have nothing to do with each
/// other.
#[derive(Clone, Copy, Debug)]
pub(in crate::rbac) struct Masks {
    /// A bit for each verb.
    verbs: u64,
    /// A bit for each resource, several resources on one bit.
    resources: u64,
    /// A bit for each group, several groups on one bit.
    groups: u64,
}

/// What the masks leave open about a rule.
#[derive(Clone, Copy, Debug)]
pub(in crate::rbac) struct Details {
    /// In [`Rules::symbols`]: verbs without a bit, groups, resources, names.
    other_verbs: Span,
    groups: Span,
    resources: Span,
    names: Span,
    /// In [`Rules::paths`].
    paths: Span,
    /// Equal for equal rules.
    content: u32,
}

/// Compiled rules and the words in them.
#[derive(Debug, Default)]
pub(in crate::rbac) struct Rules {
    masks: Vec<Masks>,
    details: Vec<Details>,
    symbols: Vec<Symbol>,
    paths: Vec<CompactString>,
    verbs: Words,
    groups: Words,
    resources: Words,
    /// For `*/log`, which is the resource number 7: 7 at `log`.
    of_any: Table<CompactString, Symbol>,
    names: Words,
}

/// What a request asks, in the numbers of [`Rules`].
#[derive(Clone, Copy, Debug)]
pub(in crate::rbac) struct Request<'a> {
    masks: Masks,
    verb: Option<Symbol>,
    what: What<'a>,
}

#[derive(Clone, Copy, Debug)]
enum What<'a> {
    Path(&'a str),
    Resource(Resource),
}

#[derive(Clone, Copy, Debug)]
pub(in crate::rbac) struct Resource {
    group: Option<Symbol>,
    /// The resource with its subresource.
    pub(in crate::rbac) whole: Option<Symbol>,
    /// The subresource of any resource.
    pub(in crate::rbac) of_any: Option<Symbol>,
    pub(in crate::rbac) name: Named,
}

/// The name of the object that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rbac) enum Named {
    /// One that rules know.
    Known(Symbol),
    /// None that any rule knows: only rules without names match.
    Unknown,
    /// Whichever a rule has.
    Some,
}

impl Rules {
    /// Compiles a rule and appends it.
    pub(in crate::rbac) fn push(&mut self, rule: &PolicyRule, content: u32) {
        let any = |list: &[CompactString]| if list.iter().any(|word| word == "*") { ANY } else { 0 };
        let mut verbs = any(&rule.verbs);
        let start = self.symbols.len();
        for verb in &rule.verbs {
            let verb = self.verbs.number(verb);
            verbs |= verb_bit(verb);
            if verb >= VERBS {
                self.symbols.push(verb);
            }
        }
        let other_verbs = Span::new(start, self.symbols.len());
        let groups: Vec<Symbol> = rule.api_groups.iter().map(|group| self.groups.number(group)).collect();
        let resources: Vec<Symbol> = rule.resources.iter().map(|resource| self.resource(resource)).collect();
        let names = rule.resource_names.iter().map(|name| self.names.number(name)).collect();
        let paths = Span::new(self.paths.len(), self.paths.len() + rule.non_resource_urls.len());
        self.paths.extend(rule.non_resource_urls.iter().cloned());
        let of_paths = if paths.is_empty() { 0 } else { PATHS };
        self.masks.push(Masks {
            verbs,
            resources: bits(&resources) | any(&rule.resources) | of_paths,
            groups: bits(&groups) | any(&rule.api_groups) | of_paths,
        });
        let [groups, resources, names] = [groups, resources, names].map(|list| self.list(list));
        self.details.push(Details { other_verbs, groups, resources, names, paths, content });
    }

    /// How many rules there are.
    pub(in crate::rbac) fn len(&self) -> usize {
        self.masks.len()
    }

    fn resource(&mut self, resource: &str) -> Symbol {
        let symbol = self.resources.number(resource);
        if let Some(subresource) = resource.strip_prefix("*/") {
            self.of_any.insert(subresource.into(), symbol);
        }
        symbol
    }

    fn list(&mut self, mut symbols: Vec<Symbol>) -> Span {
        symbols.sort_unstable();
        symbols.dedup();
        let start = self.symbols.len();
        self.symbols.append(&mut symbols);
        Span::new(start, self.symbols.len())
    }

    /// A request in numbers.
    pub(in crate::rbac) fn request<'a>(&self, request: &'a Attributes) -> Request<'a> {
        if !request.is_resource {
            return self.path_request(&request.verb, &request.path);
        }
        let Attributes { verb, group, resource, subresource, name, .. } = request;
        let name = self.names.get(name).map_or(Named::Unknown, Named::Known);
        self.resource_request(verb, group, resource, subresource, name)
    }

    pub(in crate::rbac) fn path_request<'a>(&self, verb: &str, path: &'a str) -> Request<'a> {
        let verb = self.verbs.get(verb);
        let masks = Masks { verbs: ANY | verb.map_or(0, verb_bit), resources: PATHS, groups: PATHS };
        Request { masks, verb, what: What::Path(path) }
    }

    pub(in crate::rbac) fn resource_request(
        &self,
        verb: &str,
        group: &str,
        resource: &str,
        subresource: &str,
        name: Named,
    ) -> Request<'static> {
        let verb = self.verbs.get(verb);
        let group = self.groups.get(group);
        let (whole, of_any) = if subresource.is_empty() {
            (self.resources.get(resource), None)
        } else {
            let whole = format_compact!("{resource}/{subresource}");
            (self.resources.get(&whole), self.of_any.get(subresource).copied())
        };
        let bit = |symbol: Option<Symbol>| symbol.map_or(0, bit);
        let masks = Masks {
            verbs: ANY | verb.map_or(0, verb_bit),
            resources: ANY | bit(whole) | bit(of_any),
            groups: ANY | bit(group),
        };
        Request { masks, verb, what: What::Resource(Resource { group, whole, of_any, name }) }
    }

    pub(in crate::rbac) fn name(&self, name: &str) -> Named {
        self.names.get(name).map_or(Named::Unknown, Named::Known)
    }

    /// The first of the rules that matches the request, by its place among all rules.
    pub(in crate::rbac) fn first_match(&self, rules: Span, request: &Request<'_>) -> Option<u32> {
        let masks = (rules.start..).zip(rules.of(&self.masks));
        let mut near = masks.filter(|(_, masks)| masks.meet(&request.masks));
        near.find(|(place, masks)| self.matches_near(*place, masks, request)).map(|(place, _)| place)
    }

    /// Whether a rule matches the request: what [`super::super::rule_allows`] says of the originals.
    pub(in crate::rbac) fn matches(&self, place: u32, request: &Request<'_>) -> bool {
        let masks = self.masks.get(place as usize);
        masks.is_some_and(|masks| masks.meet(&request.masks) && self.matches_near(place, masks, request))
    }

    /// Whether a rule matches whose masks do.
    fn matches_near(&self, place: u32, masks: &Masks, request: &Request<'_>) -> bool {
        let Some(details) = self.details.get(place as usize) else { return false };
        let what = match &request.what {
            What::Path(path) => {
                details.paths.of(&self.paths).iter().any(|pattern| path_matches(pattern, path))
            }
            What::Resource(asked) => self.resource_matches(masks, details, asked),
        };
        what && (masks.verbs & request.masks.verbs & !OTHER_VERB != 0
            || self.has(details.other_verbs, request.verb))
    }

    fn resource_matches(&self, masks: &Masks, details: &Details, asked: &Resource) -> bool {
        let group = masks.groups & ANY != 0 || self.has(details.groups, asked.group);
        let resource = masks.resources & ANY != 0
            || self.has(details.resources, asked.whole)
            || self.has(details.resources, asked.of_any);
        let name = details.names.is_empty()
            || match asked.name {
                Named::Known(name) => details.names.of(&self.symbols).binary_search(&name).is_ok(),
                Named::Unknown => false,
                Named::Some => true,
            };
        group && resource && name
    }

    fn has(&self, list: Span, symbol: Option<Symbol>) -> bool {
        symbol.is_some_and(|symbol| list.of(&self.symbols).contains(&symbol))
    }

    /// What to know of a rule that is to be looked up instead of searched.
    pub(in crate::rbac) fn entry(&self, place: u32) -> Option<RuleEntry> {
        let (masks, details) = (self.masks.get(place as usize)?, self.details.get(place as usize)?);
        Some(RuleEntry {
            content: details.content,
            has_paths: !details.paths.is_empty(),
            keys: self.keys(masks, details),
        })
    }

    fn keys(&self, masks: &Masks, details: &Details) -> Vec<(Key, Key)> {
        let mut resources: Vec<Key> = details.resources.of(&self.symbols).iter().copied().map(Some).collect();
        if masks.resources & ANY != 0 {
            resources = vec![None];
        }
        let names = details.names.of(&self.symbols);
        if names.is_empty() || names.len().saturating_mul(resources.len()) > MANY_KEYS {
            return resources.into_iter().map(|resource| (resource, None)).collect();
        }
        let names = |resource| names.iter().map(move |name| (resource, Some(*name)));
        resources.into_iter().flat_map(names).collect()
    }
}

impl Masks {
    #[inline]
    fn meet(&self, other: &Self) -> bool {
        self.verbs & other.verbs != 0
            && self.resources & other.resources != 0
            && self.groups & other.groups != 0
    }
}

/// What to know of a rule that is to be looked up instead of searched.
#[derive(Clone, Debug)]
pub(in crate::rbac) struct RuleEntry {
    /// Equal for equal rules.
    pub(in crate::rbac) content: u32,
    /// Whether it speaks of paths.
    pub(in crate::rbac) has_paths: bool,
    /// The keys under which it is found: its resources, each with each of its names or without any.
    pub(in crate::rbac) keys: Vec<(Key, Key)>,
}

/// The number of a resource or a name; nothing for all of them.
pub(in crate::rbac) type Key = Option<Symbol>;

/// How many keys a rule may have before its names are left out of them.
const MANY_KEYS: usize = 64;

impl<'a> Request<'a> {
    /// The keys of the rules that could match; nothing for paths.
    pub(in crate::rbac) fn keys(&self) -> Option<impl Iterator<Item = (Key, Key)> + use<'a>> {
        let What::Resource(asked) = self.what else { return None };
        let resources = [Some(None), asked.whole.map(Some), asked.of_any.map(Some)];
        let name = match asked.name {
            Named::Known(name) => Some(Some(name)),
            Named::Unknown | Named::Some => None,
        };
        let names = [Some(None), name];
        let resources = resources.into_iter().flatten();
        Some(
            resources.flat_map(move |resource| names.into_iter().flatten().map(move |name| (resource, name))),
        )
    }
}

/// One of the bits that resources and groups share.
fn bit(symbol: Symbol) -> u64 {
    1 << (symbol % SHARED)
}

fn bits(symbols: &[Symbol]) -> u64 {
    symbols.iter().fold(0, |bits, symbol| bits | bit(*symbol))
}

fn verb_bit(verb: Symbol) -> u64 {
    if verb < VERBS { 1 << verb } else { OTHER_VERB }
}
