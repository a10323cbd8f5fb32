//! Nobody grants what they do not hold: the checks in front of writes of roles and bindings.

mod writes;

pub use writes::{Change, Differ, Guard, Refusal, compare_metadata};

use super::covers::covers;
use super::objects::PolicyRule;
use super::text::quoted_list;
use crate::User;
use compact_str::CompactString;
use ravelin_object::selector::quoted;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody grants what they do not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Escalation {
    /// What they do not hold, compacted.
    pub missing: Vec<PolicyRule>,
    text: String,
}

/// Whether a user who holds rules may grant others. `resolution_error` is why the user may hold more than is known.
///
/// # Errors
/// If the rules held do not cover those wanted.
///
/// Source: `k8s.io/kubernetes/pkg/registry/rbac/validation` `ConfirmNoEscalation`.
pub fn confirm(
    user: &User,
    held: &[&PolicyRule],
    resolution_error: Option<&str>,
    wanted: &[PolicyRule],
) -> Result<(), Escalation> {
    let (covered, uncovered) = covers(held, wanted);
    if covered {
        return Ok(());
    }
    let missing = compact(uncovered);
    let lines: BTreeSet<String> = missing.iter().map(described).collect();
    let lines: Vec<String> = lines.into_iter().collect();
    let (name, groups) = (quoted(&user.name), quoted_list(&user.groups));
    let mut text = format!(
        "user {name} (groups={groups}) is attempting to grant RBAC permissions not currently held:\n{}",
        lines.join("\n")
    );
    if let Some(error) = resolution_error {
        text.push_str(&format!("; resolution errors: [{error}]"));
    }
    Err(Escalation { missing, text })
}

/// Joins rules that differ only in their verbs, if they are about one resource of one group under at most one name.
/// The others come first.
///
/// Upstream lists what it joined in no order; here it is that of first appearance.
///
/// Source: `k8s.io/kubernetes/pkg/registry/rbac/validation` `CompactRules`.
#[must_use]
pub fn compact(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut places: BTreeMap<(CompactString, CompactString, Option<CompactString>), usize> = BTreeMap::new();
    let mut joined: Vec<PolicyRule> = Vec::new();
    let mut others = Vec::new();
    for rule in rules {
        let Some(key) = simple(&rule) else {
            others.push(rule);
            continue;
        };
        match places.get(&key).and_then(|place| joined.get_mut(*place)) {
            Some(first) => first.verbs.extend(rule.verbs),
            None => {
                places.insert(key, joined.len());
                joined.push(rule);
            }
        }
    }
    others.append(&mut joined);
    others
}

fn simple(rule: &PolicyRule) -> Option<(CompactString, CompactString, Option<CompactString>)> {
    let name = match rule.resource_names.as_slice() {
        [] => None,
        [name] => Some(name.clone()),
        _ => return None,
    };
    match (rule.api_groups.as_slice(), rule.resources.as_slice()) {
        ([group], [resource]) if rule.non_resource_urls.is_empty() => {
            Some((group.clone(), resource.clone(), name))
        }
        _ => None,
    }
}

/// A rule in short, without its empty lists.
///
/// Source: `k8s.io/kubernetes/pkg/apis/rbac/v1` `CompactString`.
#[must_use]
pub fn described(rule: &PolicyRule) -> String {
    let lists = [
        ("APIGroups", &rule.api_groups),
        ("Resources", &rule.resources),
        ("NonResourceURLs", &rule.non_resource_urls),
        ("ResourceNames", &rule.resource_names),
        ("Verbs", &rule.verbs),
    ];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let lists: Vec<String> = lists.map(|(name, list)| format!("{name}:{}", quoted_list(list))).collect();
    format!("{{{}}}", lists.join(", "))
}

#[cfg(test)]
mod tests;
