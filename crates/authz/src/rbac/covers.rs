//! Whether rules cover other rules.

use super::matching::path_matches;
use super::objects::PolicyRule;
use compact_str::CompactString;

/// The atoms of a rule: one verb on one resource of one group under at most one name, or one verb on one path.
/// A rule that lacks any of these has none.
///
/// Source: `k8s.io/component-helpers/auth/rbac/validation` `BreakdownRule`.
pub fn atoms(rule: &PolicyRule) -> impl Iterator<Item = PolicyRule> {
    let resources = rule.api_groups.iter().flat_map(move |group| {
        rule.resources.iter().flat_map(move |resource| {
            rule.verbs.iter().flat_map(move |verb| {
                // Without names there is one atom without a name.
                let nameless = rule.resource_names.is_empty().then_some(None);
                let names = nameless.into_iter().chain(rule.resource_names.iter().map(Some));
                names.map(move |name| PolicyRule {
                    verbs: vec![verb.clone()],
                    api_groups: vec![group.clone()],
                    resources: vec![resource.clone()],
                    resource_names: name.into_iter().cloned().collect(),
                    non_resource_urls: Vec::new(),
                })
            })
        })
    });
    let paths = rule.non_resource_urls.iter().flat_map(move |path| {
        rule.verbs.iter().map(move |verb| PolicyRule {
            verbs: vec![verb.clone()],
            non_resource_urls: vec![path.clone()],
            ..PolicyRule::default()
        })
    });
    resources.chain(paths)
}

/// How many atoms the rules have.
#[must_use]
pub fn atom_count(rules: &[PolicyRule]) -> u64 {
    let count = |list: &[CompactString]| u64::try_from(list.len()).unwrap_or(u64::MAX);
    let of_rule = |rule: &PolicyRule| {
        let resources = count(&rule.api_groups).saturating_mul(count(&rule.resources));
        let names = count(&rule.resource_names).max(1);
        let paths = count(&rule.non_resource_urls);
        resources.saturating_mul(names).saturating_add(paths).saturating_mul(count(&rule.verbs))
    };
    rules.iter().map(of_rule).fold(0, u64::saturating_add)
}

/// Whether each atom of `wanted` is covered by one of the rules of `held`, and the atoms that are not.
///
/// A rule has as many atoms as the product of its lists: whoever takes rules from strangers looks at
/// [`atom_count`] first.
///
/// Source: `k8s.io/component-helpers/auth/rbac/validation` `Covers`.
#[must_use]
pub fn covers(held: &[&PolicyRule], wanted: &[PolicyRule]) -> (bool, Vec<PolicyRule>) {
    let covered = |atom: &PolicyRule| held.iter().any(|rule| rule_covers(rule, atom));
    let uncovered: Vec<PolicyRule> = wanted.iter().flat_map(atoms).filter(|atom| !covered(atom)).collect();
    (uncovered.is_empty(), uncovered)
}

/// Whether one rule covers an atom.
///
/// Source: `k8s.io/component-helpers/auth/rbac/validation` `ruleCovers`.
#[must_use]
pub fn rule_covers(rule: &PolicyRule, atom: &PolicyRule) -> bool {
    has_all_or_star(&rule.verbs, &atom.verbs)
        && has_all_or_star(&rule.api_groups, &atom.api_groups)
        && covers_resources(&rule.resources, &atom.resources)
        && covers_names(&rule.resource_names, &atom.resource_names)
        && atom
            .non_resource_urls
            .iter()
            .all(|path| rule.non_resource_urls.iter().any(|pattern| path_matches(pattern, path)))
}

fn has(list: &[CompactString], wanted: &str) -> bool {
    list.iter().any(|held| held == wanted)
}

fn has_all(list: &[CompactString], wanted: &[CompactString]) -> bool {
    wanted.iter().all(|wanted| has(list, wanted))
}

fn has_all_or_star(list: &[CompactString], wanted: &[CompactString]) -> bool {
    has(list, "*") || has_all(list, wanted)
}

fn covers_resources(list: &[CompactString], wanted: &[CompactString]) -> bool {
    has(list, "*") || wanted.iter().all(|wanted| has(list, wanted) || has_any(list, wanted))
}

/// Whether the list has the subresource of any resource.
fn has_any(list: &[CompactString], wanted: &str) -> bool {
    let Some((_, subresource)) = wanted.split_once('/') else { return false };
    list.iter().any(|held| held.strip_prefix("*/") == Some(subresource))
}

fn covers_names(list: &[CompactString], wanted: &[CompactString]) -> bool {
    list.is_empty() || (!wanted.is_empty() && has_all(list, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::slice::from_ref;

    /// `verbs groups resources names`, or `verbs paths` where paths start with `/`; lists with commas, `-` for none.
    fn rule(text: &str) -> PolicyRule {
        let mut lists = text.split(' ').map(|list| match list {
            "-" => Vec::new(),
            "core" => vec![CompactString::default()],
            list => list.split(',').map(CompactString::from).collect(),
        });
        let mut next = || lists.next().unwrap_or_default();
        let (verbs, second) = (next(), next());
        if second.first().is_some_and(|path| path.starts_with('/')) {
            return PolicyRule { verbs, non_resource_urls: second, ..PolicyRule::default() };
        }
        PolicyRule {
            verbs,
            api_groups: second,
            resources: next(),
            resource_names: next(),
            non_resource_urls: Vec::new(),
        }
    }

    fn uncovered(held: &[&str], wanted: &str) -> usize {
        let held: Vec<PolicyRule> = held.iter().map(|text| rule(text)).collect();
        let held: Vec<&PolicyRule> = held.iter().collect();
        covers(&held, &[rule(wanted)]).1.len()
    }

    #[test]
    fn an_atom_is_covered_by_one_rule_alone() {
        assert_eq!(uncovered(&["get core pods", "list core pods"], "get,list core pods"), 0);
        assert_eq!(uncovered(&["get core pods a", "get core pods b"], "get core pods a,b"), 0);
        assert_eq!(uncovered(&["get core pods a", "get core pods b"], "get core pods"), 1);
        assert_eq!(uncovered(&["get core pods"], "get core pods a"), 0);
    }

    #[test]
    fn wildcards_are_covered_by_wildcards_only() {
        assert_eq!(uncovered(&["get core pods"], "* * *"), 1);
        assert_eq!(uncovered(&["* * *"], "get,* x,* pods,pods/log,*/log,*"), 0);
        assert_eq!(uncovered(&["get core */log"], "get core pods/log,pods/log/x,pods"), 2);
        assert_eq!(uncovered(&["get core pods"], "get core pods/log"), 1);
        assert_eq!(uncovered(&["get /a/*"], "get,put /a,/a/b,/a/*"), 4);
    }

    #[test]
    fn what_lacks_a_part_has_no_atoms() {
        for text in ["get - pods", "- core pods", "get core -", "get core - a"] {
            assert_eq!(uncovered(&[], text), 0, "{text}");
        }
        let nameless = rule("get,list core pods,nodes a,b,c");
        assert_eq!(atom_count(from_ref(&nameless)), 12);
        assert_eq!(atoms(&nameless).count(), 12);
    }

    proptest! {
        #[test]
        fn rules_cover_themselves(
            verbs in "[ab*](,[ab*]){0,2}", groups in "[xy*](,[xy*]){0,2}",
            resources in "([pq*](/[st])?)(,[pq*](/[st])?){0,2}", names in "-|n(,m)?"
        ) {
            let rule = rule(&format!("{verbs} {groups} {resources} {names}"));
            prop_assert!(covers(&[&rule], from_ref(&rule)).0);
            prop_assert_eq!(atoms(&rule).count() as u64, atom_count(from_ref(&rule)));
        }
    }
}
