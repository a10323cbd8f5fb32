//! What aggregated cluster roles consist of.

use super::objects::{ClusterRole, PolicyRule};
use ravelin_object::selector::{LabelSelector, LabelSelectorObjectError, Labels, Selector};

/// An aggregated role whose selectors cannot be read: the controller leaves its rules as they are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cluster role `{role}`: {error}")]
pub struct Unreadable {
    /// The role.
    pub role: String,
    /// What is wrong with the selector.
    pub error: LabelSelectorObjectError,
}

/// The rules that the controller would write into a role, given all roles as they are; nothing where the role
/// is not aggregated.
///
/// Selectors count in their order, and for each the roles that it selects, by name. Rules that are there already
/// are not repeated.
///
/// # Errors
/// The first selector that is not valid.
///
/// Source: `k8s.io/kubernetes/pkg/controller/clusterroleaggregation` `syncClusterRole`.
pub fn aggregated_rules(
    role: &ClusterRole,
    all: &[ClusterRole],
) -> Result<Option<Vec<PolicyRule>>, LabelSelectorObjectError> {
    let Some(selectors) = &role.aggregation else { return Ok(None) };
    let mut by_name: Vec<&ClusterRole> = all.iter().collect();
    by_name.sort_by(|left, right| left.metadata.name.cmp(&right.metadata.name));
    gathered(role, selectors, &by_name).map(Some)
}

fn gathered(
    role: &ClusterRole,
    selectors: &[LabelSelector],
    by_name: &[&ClusterRole],
) -> Result<Vec<PolicyRule>, LabelSelectorObjectError> {
    let mut rules = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for selector in selectors {
        let selector = selector.to_selector()?;
        let others = by_name.iter().filter(|other| other.metadata.name != role.metadata.name);
        for other in others.filter(|other| selects(&selector, other)) {
            for rule in &other.rules {
                if seen.insert(rule) {
                    rules.push(rule.clone());
                }
            }
        }
    }
    Ok(rules)
}

/// Whether a selector selects a role.
pub(super) fn selects(selector: &Selector, role: &ClusterRole) -> bool {
    struct RoleLabels<'a>(&'a ClusterRole);
    impl Labels for RoleLabels<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            Labels::get(self.0.metadata.labels.as_slice(), key)
        }
    }
    selector.matches(&RoleLabels(role))
}

/// Fills in the rules of all aggregated roles, as they are once the controller has come to rest.
///
/// What is written in such a role does not count, as the controller overwrites it. Roles that aggregate each other
/// end up with each other's rules; the controller may then never rest, as it never agrees with itself on their order,
/// and this stops after as many rounds as there are roles.
pub fn aggregate(roles: &mut [ClusterRole]) -> Vec<Unreadable> {
    let mut order: Vec<usize> = (0..roles.len()).collect();
    order.retain(|place| roles.get(*place).is_some_and(|role| role.aggregation.is_some()));
    order.sort_by_key(|place| roles.get(*place).map(|role| role.metadata.name.clone()));
    let mut unreadable = Vec::new();
    order.retain(|place| {
        let Some(role) = roles.get_mut(*place) else { return false };
        match readable(role) {
            Ok(()) => role.rules.clear(),
            Err(ref error) => {
                let (role, error) = (role.metadata.name.to_string(), error.clone());
                unreadable.push(Unreadable { role, error });
                return false;
            }
        }
        true
    });
    for _ in 0..=order.len() {
        let mut changed = false;
        for place in &order {
            let rules = roles.get(*place).and_then(|role| aggregated_rules(role, roles).ok().flatten());
            if let (Some(rules), Some(role)) = (rules, roles.get_mut(*place))
                && role.rules != rules
            {
                role.rules = rules;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    unreadable
}

fn readable(role: &ClusterRole) -> Result<(), LabelSelectorObjectError> {
    role.aggregation.iter().flatten().try_for_each(|selector| selector.to_selector().map(drop))
}

#[cfg(test)]
mod tests {
    use super::super::objects::Metadata;
    use super::*;
    use ravelin_object::selector::Expression;

    /// A role `name`, labelled `to: <label>`, with rules for the verbs, aggregating roles labelled `to: <from>`.
    fn role(name: &str, label: &str, verbs: &[&str], from: &[&str]) -> ClusterRole {
        let selector = |from: &&str| LabelSelector {
            match_labels: vec![("to".to_owned(), (*from).to_owned())],
            match_expressions: Vec::new(),
        };
        let rule = |verb: &&str| PolicyRule { verbs: vec![(*verb).into()], ..PolicyRule::default() };
        ClusterRole {
            metadata: Metadata {
                name: name.into(),
                labels: vec![("to".into(), label.into())],
                ..Metadata::default()
            },
            rules: verbs.iter().map(rule).collect(),
            aggregation: (!from.is_empty()).then(|| from.iter().map(selector).collect()),
        }
    }

    fn verbs(role: &ClusterRole) -> Vec<&str> {
        role.rules.iter().map(|rule| rule.verbs[0].as_str()).collect()
    }

    #[test]
    fn selectors_then_names_give_the_order() {
        let all = [
            role("top", "", &["stale"], &["b", "a"]),
            role("2", "a", &["get", "put"], &[]),
            role("1", "a", &["list", "get"], &[]),
            role("3", "b", &["put"], &[]),
        ];
        let rules = aggregated_rules(&all[0], &all).unwrap().unwrap();
        assert_eq!(verbs(&ClusterRole { rules, ..ClusterRole::default() }), ["put", "list", "get"]);
        assert_eq!(aggregated_rules(&all[1], &all), Ok(None));
    }

    #[test]
    fn chains_are_followed_and_a_role_is_no_part_of_itself() {
        let mut all = [
            role("admin", "admin", &["stale"], &["admin"]),
            role("edit", "admin", &[], &["edit"]),
            role("view", "edit", &["own"], &["view"]),
            role("x", "view", &["get"], &[]),
        ];
        assert_eq!(aggregate(&mut all), []);
        assert_eq!(all.each_ref().map(|role| verbs(role)), [["get"]; 4]);
    }

    #[test]
    fn circles_end() {
        let mut all = [
            role("a", "a", &[], &["b", "x"]),
            role("b", "b", &[], &["a", "y"]),
            role("x", "x", &["x"], &[]),
            role("y", "y", &["y"], &[]),
        ];
        aggregate(&mut all);
        assert_eq!(verbs(&all[0]).len(), 2);
        assert_eq!(verbs(&all[1]).len(), 2);
    }

    #[test]
    fn a_role_that_cannot_be_read_keeps_its_rules() {
        let mut all = [role("a", "", &["kept"], &["x"]), role("x", "x", &["get"], &[])];
        let bad = Expression { key: "k".to_owned(), operator: "Like".to_owned(), values: Vec::new() };
        all[0].aggregation.as_mut().unwrap()[0].match_expressions.push(bad);
        let unreadable = aggregate(&mut all);
        assert_eq!(
            unreadable.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["cluster role `a`: \"Like\" is not a valid label selector operator"]
        );
        assert_eq!(verbs(&all[0]), ["kept"]);
    }
}
