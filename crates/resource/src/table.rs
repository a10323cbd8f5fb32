//! The table of resources: groups, versions, resources, subresources.

use crate::data;
use crate::schemas::{SchemaRef, Schemas};
use crate::types::Types;
use compact_str::CompactString;
use ravelin_object::{Map, Value};

/// The resources of the API and their schemas.
#[derive(Debug)]
pub struct Table {
    groups: Vec<Group>,
    schemas: Schemas,
}

/// A group of the API.
#[derive(Debug)]
pub struct Group {
    /// Its name: `apps`; empty for the core.
    pub name: CompactString,
    /// Its versions, the preferred one first.
    pub versions: Vec<Version>,
}

/// A version of a group.
#[derive(Debug)]
pub struct Version {
    /// Its name: `v1`.
    pub name: CompactString,
    /// Its resources, in order of their names.
    pub resources: Vec<Resource>,
}

/// A resource of the API.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The group; empty for the core.
    pub group: CompactString,
    /// The version.
    pub version: CompactString,
    /// The kind of its objects: `Pod`.
    pub kind: CompactString,
    /// The name in paths and rules: `pods`.
    pub plural: CompactString,
    /// The name of one: `pod`.
    pub singular: CompactString,
    /// Short names: `po`.
    pub short_names: Vec<CompactString>,
    /// What it belongs to: `all`.
    pub categories: Vec<CompactString>,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// What can be done with it, in order.
    pub verbs: Vec<CompactString>,
    /// Its subresources, in order of their names.
    pub subresources: Vec<Subresource>,
    /// The columns that are printed of it; empty where it is never listed.
    pub columns: Vec<Column>,
    /// The schema of its objects.
    pub schema: Option<SchemaRef>,
    /// The schema of a list of them; nothing where there is no such kind, as for reviews.
    pub list_schema: Option<SchemaRef>,
}

/// A subresource.
#[derive(Clone, Debug)]
pub struct Subresource {
    /// Its name: `status`.
    pub name: CompactString,
    /// The group of the kind that it speaks.
    pub group: CompactString,
    /// The version of the kind that it speaks.
    pub version: CompactString,
    /// The kind that it speaks: `Scale`.
    pub kind: CompactString,
    /// Whether group and version are those of the resource, so that discovery leaves them out.
    pub is_of_resource: bool,
    /// What can be done with it, in order.
    pub verbs: Vec<CompactString>,
    /// The schema of what it speaks; nothing for options that are only in queries (`PodExecOptions`).
    pub schema: Option<SchemaRef>,
}

/// A column of a table of objects, as `kubectl get` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its head.
    pub name: CompactString,
    /// The type of its cells: `string`, `integer`, `date`.
    pub kind: CompactString,
    /// The format of its cells: `name`, or empty.
    pub format: CompactString,
    /// 0 is always printed, more only when wide.
    pub priority: i64,
}

impl Table {
    /// What is built into Kubernetes v1.36. Takes some milliseconds: ask once.
    #[must_use]
    pub fn builtin() -> Self {
        let schemas = Schemas::parse(data::SCHEMAS, Types::parse(data::TYPES));
        let mut groups: Vec<Group> = Vec::new();
        for line in data::lines(data::RESOURCES) {
            place(&mut groups, resource(&line, &schemas));
        }
        Self { groups, schemas }
    }

    /// The groups, in the order of discovery.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group of a name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// A version of a group.
    #[must_use]
    pub fn version(&self, group: &str, version: &str) -> Option<&Version> {
        self.group(group)?.versions.iter().find(|known| known.name == version)
    }

    /// The resource of a name: `pods`.
    #[must_use]
    pub fn resource(&self, group: &str, version: &str, plural: &str) -> Option<&Resource> {
        self.version(group, version)?.resources.iter().find(|resource| resource.plural == plural)
    }

    /// The resource whose objects are of a kind: `Pod`.
    #[must_use]
    pub fn kind(&self, group: &str, version: &str, kind: &str) -> Option<&Resource> {
        self.version(group, version)?.resources.iter().find(|resource| resource.kind == kind)
    }

    /// Every resource, in the order of discovery.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.groups.iter().flat_map(|group| &group.versions).flat_map(|version| &version.resources)
    }

    /// The schemas.
    #[must_use]
    pub const fn schemas(&self) -> &Schemas {
        &self.schemas
    }
}

impl Resource {
    /// Whether something can be done with it: `list`.
    #[must_use]
    pub fn has_verb(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    /// The subresource of a name.
    #[must_use]
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|subresource| subresource.name == name)
    }

    /// The group and version as `apiVersion` has them: `apps/v1`, `v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        api_version(&self.group, &self.version)
    }

    /// The kind of a list of its objects: `PodList`.
    #[must_use]
    pub fn list_kind(&self) -> String {
        format!("{}List", self.kind)
    }
}

impl Subresource {
    /// Whether something can be done with it: `get`.
    #[must_use]
    pub fn has_verb(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }
}

/// A group and a version as `apiVersion` has them: `apps/v1`, `v1`.
#[must_use]
pub(crate) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Puts a resource behind the others of its group and version.
fn place(groups: &mut Vec<Group>, resource: Resource) {
    let known = groups.iter().position(|group| group.name == resource.group);
    let at = known.unwrap_or_else(|| {
        groups.push(Group { name: resource.group.clone(), versions: Vec::new() });
        groups.len() - 1
    });
    let Some(group) = groups.get_mut(at) else { return };
    match group.versions.iter_mut().find(|version| version.name == resource.version) {
        Some(version) => version.resources.push(resource),
        None => {
            group.versions.push(Version { name: resource.version.clone(), resources: vec![resource] });
        }
    }
}

fn resource(line: &Map, schemas: &Schemas) -> Resource {
    let (group, version) = (text(line, "group"), text(line, "version"));
    let kind = line.get("responseKind").and_then(Value::as_object).map(|kind| text(kind, "kind"));
    let kind = kind.unwrap_or_default();
    let subresources = line.get("subresources").and_then(Value::as_array).unwrap_or_default();
    let columns = line.get("columns").and_then(Value::as_array).unwrap_or_default();
    Resource {
        plural: text(line, "resource"),
        singular: text(line, "singularResource"),
        short_names: data::strings(line.get("shortNames")),
        categories: data::strings(line.get("categories")),
        namespaced: text(line, "scope") == "Namespaced",
        verbs: data::strings(line.get("verbs")),
        subresources: subresources
            .iter()
            .filter_map(Value::as_object)
            .map(|entry| subresource(entry, &group, &version, schemas))
            .collect(),
        columns: columns.iter().filter_map(column).collect(),
        schema: schemas.of_kind(&group, &version, &kind),
        list_schema: schemas.of_kind(&group, &version, &format!("{kind}List")),
        group,
        version,
        kind,
    }
}

fn subresource(entry: &Map, group: &str, version: &str, schemas: &Schemas) -> Subresource {
    let empty = Map::new();
    let spoken = entry.get("responseKind").and_then(Value::as_object).unwrap_or(&empty);
    let is_of_resource = text(spoken, "version").is_empty();
    let (group, version) = if is_of_resource {
        (group.into(), version.into())
    } else {
        (text(spoken, "group"), text(spoken, "version"))
    };
    let kind = text(spoken, "kind");
    Subresource {
        name: text(entry, "subresource"),
        verbs: data::strings(entry.get("verbs")),
        schema: schemas.of_kind(&group, &version, &kind),
        is_of_resource,
        group,
        version,
        kind,
    }
}

/// `[name, type, format, priority]`.
fn column(cells: &Value) -> Option<Column> {
    let [name, kind, format, priority] = cells.as_array()? else { return None };
    let text = |value: &Value| value.as_str().map(CompactString::from);
    Some(Column { name: text(name)?, kind: text(kind)?, format: text(format)?, priority: priority.as_int()? })
}

fn text(map: &Map, key: &str) -> CompactString {
    map.get(key).and_then(Value::as_str).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_what_discovery_says() {
        let table = Table::builtin();
        let pods = table.resource("", "v1", "pods").unwrap();
        assert_eq!((pods.kind.as_str(), pods.singular.as_str(), pods.namespaced), ("Pod", "pod", true));
        assert_eq!((&pods.short_names[..], &pods.categories[..]), (&["po".into()][..], &["all".into()][..]));
        assert!(pods.has_verb("deletecollection") && !pods.has_verb("bind"));
        let eviction = pods.subresource("eviction").unwrap();
        assert_eq!((eviction.group.as_str(), eviction.kind.as_str()), ("policy", "Eviction"));
        assert!(eviction.schema.is_some() && !eviction.is_of_resource);
        let status = pods.subresource("status").unwrap();
        assert_eq!((status.schema, status.is_of_resource), (pods.schema, true));
        assert_eq!(pods.columns[0].name, "Name");
        assert!(!table.resource("", "v1", "nodes").unwrap().namespaced);
        assert_eq!(table.kind("apps", "v1", "Deployment").unwrap().plural, "deployments");
        assert!(table.resource("apps", "v1beta1", "deployments").is_none());
        let versions: Vec<&str> = table
            .group("autoscaling")
            .unwrap()
            .versions
            .iter()
            .map(|version| version.name.as_str())
            .collect();
        assert_eq!(versions, ["v2", "v1"]);
    }

    #[test]
    fn every_resource_has_a_schema_and_what_is_listed_has_columns() {
        let table = Table::builtin();
        for resource in table.resources() {
            assert!(resource.schema.is_some(), "{}", resource.plural);
            assert_eq!(resource.has_verb("list"), resource.list_schema.is_some(), "{}", resource.plural);
            assert_eq!(resource.has_verb("list"), !resource.columns.is_empty(), "{}", resource.plural);
            for subresource in &resource.subresources {
                let is_of_queries = subresource.kind.ends_with("Options");
                assert_eq!(subresource.schema.is_none(), is_of_queries, "{}", subresource.kind);
            }
        }
        assert_eq!(table.resources().count(), data::RESOURCES.lines().count());
    }
}
