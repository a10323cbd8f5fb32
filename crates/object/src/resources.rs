//! The built-in resources by the names people give them.
//!
//! The table holds what the discovery documents of Kubernetes v1.36 say: plural, group, scope, singular, short
//! names.

/// One resource a line: plural, group, scope, singular, short names separated by commas.
const TABLE: &str = include_str!("resources.tsv");

/// A built-in resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The plural: `deployments`.
    pub plural: &'static str,
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

/// The built-in resource of a name as kubectl takes it: the plural, the singular or a short name, with the group
/// behind a dot where it is given. Of several groups with one name the first in kubectl's order counts, which is the
/// core group, then those of Kubernetes by name.
#[must_use]
pub fn find(name: &str) -> Option<Resource> {
    let (word, group) = name.split_once('.').map_or((name, None), |(word, group)| (word, Some(group)));
    TABLE.lines().find_map(|line| {
        let mut cells = line.split('\t');
        let (plural, of_group, scope) = (cells.next()?, cells.next()?, cells.next()?);
        let (singular, short) = (cells.next()?, cells.next()?);
        let named = plural == word || singular == word || short.split(',').any(|short| short == word);
        let fits = named && !word.is_empty() && group.is_none_or(|group| group == of_group);
        fits.then_some(Resource { plural, group: of_group, namespaced: scope == "namespaced" })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_have_several_names() {
        let pods = Resource { plural: "pods", group: "", namespaced: true };
        for name in ["pods", "pod", "po"] {
            assert_eq!(find(name), Some(pods), "{name}");
        }
        let deployments = Resource { plural: "deployments", group: "apps", namespaced: true };
        for name in ["deployments", "deploy", "deployments.apps"] {
            assert_eq!(find(name), Some(deployments), "{name}");
        }
        assert_eq!(find("events").map(|events| events.group), Some(""));
        assert_eq!(find("events.events.k8s.io").map(|events| events.group), Some("events.k8s.io"));
        assert_eq!(find("ns").map(|namespaces| namespaces.namespaced), Some(false));
        assert_eq!((find("rollouts"), find(""), find("deployments.other")), (None, None, None));
    }
}
