//! What the objects of the API look like: the published schemas, references resolved.
//!
//! [`Schemas`] holds all; [`SchemaRef`] names one; [`Schema`] is one to look at. Where a property refers to a schema,
//! the property has keywords of its own (default, merge key) and shows the properties of what it refers to.

use crate::data;
use crate::types::{TypeRef, Types};
use compact_str::CompactString;
use ravelin_object::{Map, Value};
use std::collections::BTreeMap;

/// All schemas.
#[derive(Debug)]
pub struct Schemas {
    nodes: Vec<Node>,
    names: BTreeMap<CompactString, SchemaRef>,
    /// What is published of each, as text: it is seldom asked for, and large.
    published: BTreeMap<CompactString, &'static str>,
    pub(crate) types: Types,
}

/// One of [`Schemas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaRef(u32);

/// A schema: of an object, or of a property, an item or a value within one.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'s> {
    all: &'s Schemas,
    at: SchemaRef,
    own: &'s Node,
}

/// A group, version and kind that a schema is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupVersionKind {
    /// The group; empty for the core.
    pub group: CompactString,
    /// The version.
    pub version: CompactString,
    /// The kind.
    pub kind: CompactString,
}

/// What JSON type a schema asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaType {
    /// A mapping.
    Object,
    /// A sequence.
    Array,
    /// A string.
    String,
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// A boolean.
    Boolean,
}

/// `x-kubernetes-list-type`: how server-side apply merges a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListType {
    /// As a whole.
    Atomic,
    /// As a set of scalars.
    Set,
    /// By keys of its items.
    Map,
}

/// `x-kubernetes-map-type`: how server-side apply merges a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapType {
    /// As a whole.
    Atomic,
    /// Key by key.
    Granular,
}

/// `x-kubernetes-patch-strategy`: what a strategic merge patch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchStrategy {
    /// Merges item by item.
    Merge,
    /// Replaces the whole.
    Replace,
    /// Keeps only the keys that the patch names.
    RetainKeys,
}

#[derive(Debug, Default)]
struct Node {
    name: Option<CompactString>,
    reference: Option<CompactString>,
    target: Option<SchemaRef>,
    kind: Option<SchemaType>,
    format: CompactString,
    properties: Vec<(CompactString, SchemaRef)>,
    items: Option<SchemaRef>,
    additional: Option<SchemaRef>,
    required: Vec<CompactString>,
    default: Option<Value>,
    values: Vec<CompactString>,
    list_type: Option<ListType>,
    list_map_keys: Vec<CompactString>,
    map_type: Option<MapType>,
    patch_strategy: Vec<PatchStrategy>,
    patch_merge_key: Option<CompactString>,
    unions: Option<Value>,
    kinds: Vec<GroupVersionKind>,
    go: Option<TypeRef>,
}

impl Schemas {
    /// The schemas of the data: one JSON object a line with `name` and `schema`.
    pub(crate) fn parse(text: &'static str, types: Types) -> Self {
        let mut all = Self { nodes: Vec::new(), names: BTreeMap::new(), published: BTreeMap::new(), types };
        for line in text.lines() {
            let Some((name, schema)) = data::named_schema(line) else { continue };
            let at = all.add(&schema);
            let go = all.types.named(&name);
            if let Some(node) = all.nodes.get_mut(at.0 as usize) {
                node.name = Some(name.clone());
                node.go = go;
            }
            all.names.insert(name.clone(), at);
            all.published.insert(name, line);
        }
        for place in 0..all.nodes.len() {
            let target = all.nodes.get(place).and_then(|node| all.named(node.reference.as_deref()?));
            if let Some(node) = all.nodes.get_mut(place) {
                node.target = target;
            }
        }
        all
    }

    /// The schema of a name: `io.k8s.api.core.v1.Pod`.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<SchemaRef> {
        self.names.get(name).copied()
    }

    /// The schema of a kind. Options of the API (`DeleteOptions`) are of every group.
    #[must_use]
    pub fn of_kind(&self, group: &str, version: &str, kind: &str) -> Option<SchemaRef> {
        let is_it = |of: &GroupVersionKind| of.group == group && of.version == version && of.kind == kind;
        let place = self.nodes.iter().position(|node| node.kinds.iter().any(is_it))?;
        Some(SchemaRef(u32::try_from(place).ok()?))
    }

    /// A schema to look at.
    #[must_use]
    pub fn at(&self, at: SchemaRef) -> Schema<'_> {
        const NONE: &Node = &Node {
            name: None,
            reference: None,
            target: None,
            kind: None,
            format: CompactString::const_new(""),
            properties: Vec::new(),
            items: None,
            additional: None,
            required: Vec::new(),
            default: None,
            values: Vec::new(),
            list_type: None,
            list_map_keys: Vec::new(),
            map_type: None,
            patch_strategy: Vec::new(),
            patch_merge_key: None,
            unions: None,
            kinds: Vec::new(),
            go: None,
        };
        // INVARIANT: a reference of these schemas is within; one of others shows nothing.
        Schema { all: self, at, own: self.nodes.get(at.0 as usize).unwrap_or(NONE) }
    }

    /// The names of all schemas that have one, in order, with what is published of each; a `$ref` is a name.
    pub fn published(&self) -> impl Iterator<Item = (&str, Value)> {
        let read = |line: &&'static str| data::named_schema(line).map(|(_, schema)| schema);
        self.published.iter().filter_map(move |(name, line)| Some((name.as_str(), read(line)?)))
    }

    /// What is published of one schema.
    pub(crate) fn published_of(&self, name: &str) -> Option<Value> {
        self.published.get(name).and_then(|line| data::named_schema(line)).map(|(_, schema)| schema)
    }

    fn add(&mut self, schema: &Value) -> SchemaRef {
        let at = SchemaRef(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node::default());
        let empty = Map::new();
        let keywords = schema.as_object().unwrap_or(&empty);
        let mut node = Node::of(keywords);
        if let Some(properties) = keywords.get("properties").and_then(Value::as_object) {
            node.properties =
                properties.iter().map(|(name, property)| (name.into(), self.add(property))).collect();
        }
        node.items = keywords.get("items").map(|items| self.add(items));
        node.additional = keywords.get("additionalProperties").map(|values| self.add(values));
        if let Some(slot) = self.nodes.get_mut(at.0 as usize) {
            *slot = node;
        }
        at
    }
}

impl Node {
    fn of(keywords: &Map) -> Self {
        let text = |key: &str| keywords.get(key).and_then(Value::as_str);
        let strategies = text("x-kubernetes-patch-strategy").unwrap_or_default();
        let all_of = keywords.get("allOf").and_then(Value::as_array).and_then(|parts| parts.first());
        let reference = all_of.and_then(|part| part.field("$ref")).or_else(|| keywords.get("$ref"));
        let kinds = keywords.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
        Self {
            reference: reference.and_then(Value::as_str).map(CompactString::from),
            kind: text("type").and_then(SchemaType::of),
            format: text("format").unwrap_or_default().into(),
            required: data::strings(keywords.get("required")),
            default: keywords.get("default").cloned(),
            values: data::strings(keywords.get("enum")),
            list_type: text("x-kubernetes-list-type").and_then(ListType::of),
            list_map_keys: data::strings(keywords.get("x-kubernetes-list-map-keys")),
            map_type: text("x-kubernetes-map-type").and_then(MapType::of),
            patch_strategy: strategies.split(',').filter_map(PatchStrategy::of).collect(),
            patch_merge_key: text("x-kubernetes-patch-merge-key").map(CompactString::from),
            unions: keywords.get("x-kubernetes-unions").cloned(),
            kinds: kinds.unwrap_or_default().iter().map(GroupVersionKind::of).collect(),
            ..Self::default()
        }
    }
}

impl<'s> Schema<'s> {
    /// Which one it is.
    #[must_use]
    pub const fn reference(self) -> SchemaRef {
        self.at
    }

    /// What a property refers to; a schema that refers to none is itself.
    #[must_use]
    pub fn target(self) -> Self {
        self.own.target.map_or(self, |target| self.all.at(target))
    }

    /// The name of the schema, or of what it refers to.
    #[must_use]
    pub fn name(self) -> Option<&'s str> {
        self.target().own.name.as_deref()
    }

    /// The type in JSON. Nothing where any or several do: quantities, `IntOrString`, JSON within JSON.
    #[must_use]
    pub fn kind(self) -> Option<SchemaType> {
        self.target().own.kind
    }

    /// The format: `int32`, `int64`, `double`, `byte`, `date-time`, `int-or-string`; empty where there is none.
    #[must_use]
    pub fn format(self) -> &'s str {
        &self.target().own.format
    }

    /// Whether it takes integers and strings alike.
    #[must_use]
    pub fn is_int_or_string(self) -> bool {
        self.format() == "int-or-string"
    }

    /// The properties, in order of their names.
    pub fn properties(self) -> impl ExactSizeIterator<Item = (&'s str, Self)> {
        let all = self.all;
        self.target().own.properties.iter().map(move |(name, at)| (name.as_str(), all.at(*at)))
    }

    /// The property of a name.
    #[must_use]
    pub fn property(self, name: &str) -> Option<Self> {
        let properties = &self.target().own.properties;
        properties.iter().find(|(known, _)| known == name).map(|(_, at)| self.all.at(*at))
    }

    /// What the items of a list are.
    #[must_use]
    pub fn items(self) -> Option<Self> {
        self.target().own.items.map(|at| self.all.at(at))
    }

    /// What the values of a mapping with free keys are.
    #[must_use]
    pub fn additional(self) -> Option<Self> {
        self.target().own.additional.map(|at| self.all.at(at))
    }

    /// The names of the properties that have to be there.
    #[must_use]
    pub fn required(self) -> &'s [CompactString] {
        &self.target().own.required
    }

    /// What an absent value is, as the schema says it; the property before what it refers to.
    #[must_use]
    pub fn default(self) -> Option<&'s Value> {
        self.own.default.as_ref().or(self.target().own.default.as_ref())
    }

    /// The strings that are allowed; empty where all are.
    #[must_use]
    pub fn values(self) -> &'s [CompactString] {
        &self.target().own.values
    }

    /// How server-side apply merges a list.
    #[must_use]
    pub fn list_type(self) -> Option<ListType> {
        self.own.list_type.or(self.target().own.list_type)
    }

    /// The keys by which it tells items apart.
    #[must_use]
    pub fn list_map_keys(self) -> &'s [CompactString] {
        &self.own.list_map_keys
    }

    /// How server-side apply merges a mapping; the property before what it refers to.
    #[must_use]
    pub fn map_type(self) -> Option<MapType> {
        self.own.map_type.or(self.target().own.map_type)
    }

    /// What a strategic merge patch does with the property.
    #[must_use]
    pub fn patch_strategy(self) -> &'s [PatchStrategy] {
        &self.own.patch_strategy
    }

    /// The key by which it tells the items of the property apart.
    #[must_use]
    pub fn patch_merge_key(self) -> Option<&'s str> {
        self.own.patch_merge_key.as_deref()
    }

    /// `x-kubernetes-unions`, as published.
    #[must_use]
    pub fn unions(self) -> Option<&'s Value> {
        self.target().own.unions.as_ref()
    }

    /// The kinds that the schema is of.
    #[must_use]
    pub fn kinds(self) -> &'s [GroupVersionKind] {
        &self.target().own.kinds
    }

    /// Go's type behind it, where it has a name.
    pub(crate) fn go(self) -> Option<TypeRef> {
        self.target().own.go
    }
}

impl GroupVersionKind {
    fn of(value: &Value) -> Self {
        let text = |key: &str| value.field(key).and_then(Value::as_str).unwrap_or_default().into();
        Self { group: text("group"), version: text("version"), kind: text("kind") }
    }
}

impl SchemaType {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }
}

impl ListType {
    fn of(text: &str) -> Option<Self> {
        match text {
            "atomic" => Some(Self::Atomic),
            "set" => Some(Self::Set),
            "map" => Some(Self::Map),
            _ => None,
        }
    }
}

impl MapType {
    fn of(text: &str) -> Option<Self> {
        match text {
            "atomic" => Some(Self::Atomic),
            "granular" => Some(Self::Granular),
            _ => None,
        }
    }
}

impl PatchStrategy {
    fn of(text: &str) -> Option<Self> {
        match text {
            "merge" => Some(Self::Merge),
            "replace" => Some(Self::Replace),
            "retainKeys" => Some(Self::RetainKeys),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    #[test]
    fn every_reference_leads_somewhere() {
        let table = Table::builtin();
        for node in &table.schemas().nodes {
            assert_eq!(node.reference.is_some(), node.target.is_some(), "{node:?}");
        }
    }

    #[test]
    fn every_keyword_is_understood() {
        for line in data::lines(data::SCHEMAS) {
            let schema = line.get("schema").unwrap();
            let mut pending = vec![schema];
            while let Some(schema) = pending.pop() {
                let keywords = schema.as_object().unwrap();
                for (key, value) in keywords.iter() {
                    match key {
                        "properties" => pending.extend(value.as_object().unwrap().iter().map(|(_, v)| v)),
                        "items" | "additionalProperties" => pending.push(value),
                        "type" => assert!(SchemaType::of(value.as_str().unwrap()).is_some()),
                        "allOf" => assert_eq!(value.as_array().unwrap().len(), 1),
                        "oneOf" | "$ref" | "format" | "required" | "default" | "enum" => {}
                        _ => assert!(key.starts_with("x-kubernetes-"), "{key}"),
                    }
                }
            }
        }
    }

    #[test]
    fn a_property_shows_what_it_refers_to_and_keeps_its_own_keywords() {
        let table = Table::builtin();
        let pod = table.schemas().at(table.schemas().named("io.k8s.api.core.v1.Pod").unwrap());
        assert_eq!(pod.kinds().len(), 1);
        let spec = pod.property("spec").unwrap();
        assert_eq!(spec.name(), Some("io.k8s.api.core.v1.PodSpec"));
        let volumes = spec.property("volumes").unwrap();
        assert_eq!(volumes.patch_strategy(), [PatchStrategy::Merge, PatchStrategy::RetainKeys]);
        assert_eq!(volumes.patch_merge_key(), Some("name"));
        assert_eq!(
            (volumes.list_type(), volumes.list_map_keys()),
            (Some(ListType::Map), &["name".into()][..])
        );
        let container = spec.property("containers").unwrap().items().unwrap();
        assert_eq!(container.required(), ["name"]);
        let port = container.property("ports").unwrap();
        assert_eq!(port.list_map_keys(), ["containerPort", "protocol"]);
        assert_eq!(port.items().unwrap().property("protocol").unwrap().default(), Some(&"TCP".into()));
        let limits = container.property("resources").unwrap().property("limits").unwrap();
        assert_eq!(
            limits.additional().unwrap().name(),
            Some("io.k8s.apimachinery.pkg.api.resource.Quantity")
        );
        assert_eq!(spec.property("nodeSelector").unwrap().map_type(), Some(MapType::Atomic));
        let port = table.schemas().named("io.k8s.api.core.v1.ServicePort").unwrap();
        assert!(table.schemas().at(port).property("targetPort").unwrap().is_int_or_string());
    }

    #[test]
    fn every_struct_schema_has_the_fields_of_its_type_and_no_others() {
        use crate::types::Shape;
        let table = Table::builtin();
        let schemas = table.schemas();
        let mut compared = 0;
        for (name, _) in schemas.published() {
            let schema = schemas.at(schemas.named(name).unwrap());
            let Some(go) = schema.go() else { continue };
            let Shape::Struct(fields) = &schemas.types.at(go).shape else { continue };
            let mut known: Vec<&str> = fields.iter().map(|field| field.key).collect();
            known.sort_unstable();
            let published: Vec<&str> = schema.properties().map(|(name, _)| name).collect();
            assert_eq!(known, published, "{name}");
            compared += 1;
        }
        assert!(compared > 550, "{compared}");
    }
}
