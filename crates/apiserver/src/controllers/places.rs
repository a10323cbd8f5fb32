//! Which resource lies where in the store.

use crate::registry::{ROOT, Registry, prefix};
use ravelin_resource::{Resource, Table};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The resources by the folders they lie in, each in the version that is stored.
pub(super) struct Places(BTreeMap<String, (String, String, String)>);

impl Places {
    pub(super) fn new(table: &Table) -> Self {
        let mut places = BTreeMap::new();
        for resource in table.resources().filter(|resource| Registry::is_stored_version(resource)) {
            let prefix = prefix(&resource.group, &resource.plural);
            let Some(folder) = prefix.strip_prefix(ROOT).and_then(|rest| rest.strip_suffix('/')) else {
                continue;
            };
            let names =
                (resource.group.to_string(), resource.version.to_string(), resource.plural.to_string());
            places.entry(folder.to_owned()).or_insert(names);
        }
        Self(places)
    }

    /// The resource of a folder.
    pub(super) fn resource<'t>(&self, table: &'t Table, folder: &str) -> Option<&'t Resource> {
        let (group, version, plural) = self.0.get(folder)?;
        table.resource(group, version, plural)
    }

    /// All of them, by folder.
    pub(super) fn all<'t>(&self, table: &'t Table) -> Vec<&'t Resource> {
        self.0
            .values()
            .filter_map(|(group, version, plural)| table.resource(group, version, plural))
            .collect()
    }
}

/// The parts of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'k> {
    /// Which resource it is: `pods`, `services/specs`.
    pub(super) folder: &'k str,
    /// The namespace; empty where there is none.
    pub(super) namespace: &'k str,
    /// The name.
    pub(super) name: &'k str,
}

/// Takes a key apart. Nothing where it is none of an object.
pub(super) fn parts(key: &str) -> Option<Parts<'_>> {
    let rest = key.strip_prefix(ROOT)?;
    let first = rest.find('/')?;
    let folder_ends = match rest.get(..first)? {
        "services" => first + 1 + rest.get(first + 1..)?.find('/')?,
        _ => first,
    };
    let (folder, rest) = (rest.get(..folder_ends)?, rest.get(folder_ends + 1..)?);
    let (namespace, name) = rest.split_once('/').unwrap_or(("", rest));
    Some(Parts { folder, namespace, name })
}

/// The parts of a key and its resource.
pub(super) fn find<'t, 'k>(
    places: &Arc<Places>,
    table: &'t Table,
    key: &'k str,
) -> Option<(&'t Resource, Parts<'k>)> {
    let parts = parts(key)?;
    Some((places.resource(table, parts.folder)?, parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::key;

    #[test]
    fn every_key_leads_back_to_its_resource() {
        let table = Table::builtin();
        let places = Arc::new(Places::new(&table));
        let mut seen = 0;
        for resource in
            table.resources().filter(|it| Registry::is_stored_version(it) && it.has_verb("delete"))
        {
            let namespace = if resource.namespaced { "ns" } else { "" };
            let key = key(&resource.group, &resource.plural, namespace, "n.a:me");
            let (found, parts) = find(&places, &table, &key).unwrap();
            assert_eq!((&found.group, &found.plural), (&resource.group, &resource.plural), "{key}");
            assert_eq!((parts.namespace, parts.name), (namespace, "n.a:me"), "{key}");
            seen += 1;
        }
        assert!(seen > 40, "{seen}");
        assert_eq!(parts("/registry/pods"), None);
        assert_eq!(parts("/elsewhere/pods/a"), None);
    }
}
