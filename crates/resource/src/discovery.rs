//! The discovery documents: which groups, versions and resources there are.
//!
//! All are functions of groups, so that a server can put those of custom resources behind
//! [`crate::Table::groups`]. Media types, hashes and headers are the business of the server.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/discovery`, `k8s.io/api/apidiscovery/v2`.

use crate::table::{Group, Resource, Subresource, Version, api_version};
use compact_str::CompactString;
use ravelin_object::{Map, Value};

/// The two roots of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// `/api`: the core group.
    Core,
    /// `/apis`: all other groups.
    Groups,
}

/// `/api` or `/apis` with all that is below: `APIGroupDiscoveryList` of `apidiscovery.k8s.io/v2`.
#[must_use]
pub fn aggregated<'g>(groups: impl IntoIterator<Item = &'g Group>, root: Root) -> Value {
    let groups = groups.into_iter().filter(|group| group.name.is_empty() == (root == Root::Core));
    let items = groups.map(|group| {
        let metadata = if group.name.is_empty() { object([]) } else { object([("name", text(&group.name))]) };
        object([("metadata", metadata), ("versions", list(group.versions.iter().map(aggregated_version)))])
    });
    object([
        ("kind", "APIGroupDiscoveryList".into()),
        ("apiVersion", "apidiscovery.k8s.io/v2".into()),
        ("metadata", object([])),
        ("items", list(items)),
    ])
}

fn aggregated_version(version: &Version) -> Value {
    object([
        ("version", text(&version.name)),
        ("resources", list(version.resources.iter().map(aggregated_resource))),
        ("freshness", "Current".into()),
    ])
}

fn aggregated_resource(resource: &Resource) -> Value {
    let scope = if resource.namespaced { "Namespaced" } else { "Cluster" };
    let mut entry = vec![
        ("resource", text(&resource.plural)),
        ("responseKind", response_kind("", "", &resource.kind)),
        ("scope", scope.into()),
        ("singularResource", text(&resource.singular)),
        ("verbs", texts(&resource.verbs)),
    ];
    if !resource.short_names.is_empty() {
        entry.push(("shortNames", texts(&resource.short_names)));
    }
    if !resource.categories.is_empty() {
        entry.push(("categories", texts(&resource.categories)));
    }
    if !resource.subresources.is_empty() {
        entry.push(("subresources", list(resource.subresources.iter().map(aggregated_subresource))));
    }
    object(entry)
}

fn aggregated_subresource(subresource: &Subresource) -> Value {
    let (group, version) = stranger(subresource).unwrap_or_default();
    object([
        ("subresource", text(&subresource.name)),
        ("responseKind", response_kind(group, version, &subresource.kind)),
        ("verbs", texts(&subresource.verbs)),
    ])
}

fn response_kind(group: &str, version: &str, kind: &str) -> Value {
    object([("group", group.into()), ("version", version.into()), ("kind", kind.into())])
}

/// Group and version of what a subresource speaks, where they are not those of its resource.
fn stranger(subresource: &Subresource) -> Option<(&str, &str)> {
    (!subresource.is_of_resource).then_some((subresource.group.as_str(), subresource.version.as_str()))
}

/// `/api`: `APIVersions`. `address` is where clients of any network reach the server, as `10.0.0.1:6443`.
#[must_use]
pub fn api_versions<'g>(groups: impl IntoIterator<Item = &'g Group>, address: &str) -> Value {
    let core = groups.into_iter().filter(|group| group.name.is_empty());
    let versions = core.flat_map(|group| &group.versions).map(|version| text(&version.name));
    let any = object([("clientCIDR", "0.0.0.0/0".into()), ("serverAddress", address.into())]);
    object([
        ("kind", "APIVersions".into()),
        ("versions", list(versions)),
        ("serverAddressByClientCIDRs", list([any])),
    ])
}

/// `/apis`: `APIGroupList`.
#[must_use]
pub fn api_group_list<'g>(groups: impl IntoIterator<Item = &'g Group>) -> Value {
    let groups = groups.into_iter().filter(|group| !group.name.is_empty());
    object([
        ("kind", "APIGroupList".into()),
        ("apiVersion", "v1".into()),
        ("groups", list(groups.map(|group| object(group_entry(group))))),
    ])
}

/// `/apis/<group>`: `APIGroup`.
#[must_use]
pub fn api_group(group: &Group) -> Value {
    let mut entries = vec![("kind", "APIGroup".into()), ("apiVersion", "v1".into())];
    entries.extend(group_entry(group));
    object(entries)
}

fn group_entry(group: &Group) -> Vec<(&'static str, Value)> {
    let entry = |version: &Version| {
        let both = api_version(&group.name, &version.name);
        object([("groupVersion", both.into()), ("version", text(&version.name))])
    };
    let mut entries = vec![("name", text(&group.name)), ("versions", list(group.versions.iter().map(entry)))];
    if let Some(preferred) = group.versions.first() {
        entries.push(("preferredVersion", entry(preferred)));
    }
    entries
}

/// `/api/v1`, `/apis/<group>/<version>`: `APIResourceList`, subresources among resources.
#[must_use]
pub fn api_resource_list(group: &Group, version: &Version) -> Value {
    let mut resources: Vec<(String, Value)> = Vec::new();
    for resource in &version.resources {
        resources.push((resource.plural.to_string(), listed(resource)));
        for subresource in &resource.subresources {
            let name = format!("{}/{}", resource.plural, subresource.name);
            let entry = listed_subresource(&name, resource, subresource);
            resources.push((name, entry));
        }
    }
    resources.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut entries = vec![("kind", Value::from("APIResourceList"))];
    // The core group's list is of a version before lists had one.
    if !group.name.is_empty() {
        entries.push(("apiVersion", "v1".into()));
    }
    entries.push(("groupVersion", api_version(&group.name, &version.name).into()));
    entries.push(("resources", list(resources.into_iter().map(|(_, entry)| entry))));
    object(entries)
}

fn listed(resource: &Resource) -> Value {
    let mut entry = vec![
        ("name", text(&resource.plural)),
        ("singularName", text(&resource.singular)),
        ("namespaced", resource.namespaced.into()),
        ("kind", text(&resource.kind)),
        ("verbs", texts(&resource.verbs)),
    ];
    if !resource.short_names.is_empty() {
        entry.push(("shortNames", texts(&resource.short_names)));
    }
    if !resource.categories.is_empty() {
        entry.push(("categories", texts(&resource.categories)));
    }
    object(entry)
}

fn listed_subresource(name: &str, resource: &Resource, subresource: &Subresource) -> Value {
    let mut entry =
        vec![("name", name.into()), ("singularName", "".into()), ("namespaced", resource.namespaced.into())];
    if let Some((group, version)) = stranger(subresource) {
        if !group.is_empty() {
            entry.push(("group", group.into()));
        }
        entry.push(("version", version.into()));
    }
    entry.push(("kind", text(&subresource.kind)));
    entry.push(("verbs", texts(&subresource.verbs)));
    object(entry)
}

fn object(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (CompactString::const_new(key), value));
    Value::Object(Map::from_unique(entries.collect()))
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(items.into_iter().collect())
}

fn text(text: &CompactString) -> Value {
    Value::String(text.clone())
}

fn texts(texts: &[CompactString]) -> Value {
    list(texts.iter().map(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;
    use ravelin_object::json_text;

    #[test]
    fn groups_are_listed_as_upstream_lists_them() {
        let table = Table::builtin();
        let list = api_group_list(table.groups());
        assert_eq!(list.field("groups").and_then(Value::as_array).unwrap().len(), table.groups().len() - 1);
        let group = json_text(&api_group(table.group("autoscaling").unwrap()));
        assert_eq!(
            group,
            r#"{"kind":"APIGroup","apiVersion":"v1","name":"autoscaling","versions":[{"groupVersion":"autoscaling/v2","version":"v2"},{"groupVersion":"autoscaling/v1","version":"v1"}],"preferredVersion":{"groupVersion":"autoscaling/v2","version":"v2"}}"#
        );
        assert_eq!(
            json_text(&api_versions(table.groups(), "10.0.0.1:6443")),
            r#"{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"10.0.0.1:6443"}]}"#
        );
    }

    #[test]
    fn subresources_are_among_resources() {
        let table = Table::builtin();
        let core = table.group("").unwrap();
        let list = api_resource_list(core, &core.versions[0]);
        let resources = list.field("resources").and_then(Value::as_array).unwrap();
        let entry = |name: &str| {
            json_text(resources.iter().find(|entry| entry.field("name") == Some(&name.into())).unwrap())
        };
        assert_eq!(
            entry("pods/eviction"),
            r#"{"name":"pods/eviction","singularName":"","namespaced":true,"group":"policy","version":"v1","kind":"Eviction","verbs":["create"]}"#
        );
        assert_eq!(
            entry("namespaces/finalize"),
            r#"{"name":"namespaces/finalize","singularName":"","namespaced":false,"kind":"Namespace","verbs":["update"]}"#
        );
        assert_eq!(
            entry("services"),
            r#"{"name":"services","singularName":"service","namespaced":true,"kind":"Service","verbs":["create","delete","deletecollection","get","list","patch","update","watch"],"shortNames":["svc"],"categories":["all"]}"#
        );
        let names: Vec<&str> =
            resources.iter().map(|entry| entry.field("name").and_then(Value::as_str).unwrap()).collect();
        assert!(names.is_sorted(), "{names:?}");
    }
}
