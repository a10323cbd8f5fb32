//! Objects in the shape that was asked for: as they are, as a table, as metadata alone.

use crate::clock;
use crate::registry::{api_version, kind};
use crate::rest::body::internal_name;
use crate::rest::negotiate::Shape;
use crate::rest::table::Wanted;
use ravelin_object::status::Status;
use ravelin_object::{Map, Value};
use ravelin_printing::IncludeObject;
use ravelin_resource::Resource;

/// What is said of a list beside its items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListFacts {
    /// Its resource version.
    pub(crate) resource_version: String,
    /// Where to go on; empty at the end.
    pub(crate) continue_token: String,
    /// How many items follow, where that is known.
    pub(crate) remaining: Option<u64>,
}

impl ListFacts {
    /// The metadata of a list.
    pub(crate) fn metadata(&self) -> Map {
        let mut metadata = Map::new();
        if !self.resource_version.is_empty() {
            metadata.set("resourceVersion", self.resource_version.as_str().into());
        }
        if !self.continue_token.is_empty() {
            metadata.set("continue", self.continue_token.as_str().into());
        }
        if let Some(count) = self.remaining.and_then(|count| i64::try_from(count).ok()) {
            metadata.set("remainingItemCount", Value::Int(count));
        }
        metadata
    }
}

/// An object in a shape. `headings` says whether a table names its columns.
///
/// # Errors
/// 406 for the shape of a list.
pub(crate) fn object(
    resource: &Resource,
    object: Value,
    shape: &Shape,
    include: IncludeObject,
    headings: bool,
) -> Result<Value, Status> {
    Ok(match shape {
        Shape::Object | Shape::Discovery => object,
        Shape::Metadata(version) => partial(&object, version),
        Shape::MetadataList(_) => {
            return Err(unfit(format!(
                "you requested PartialObjectMetadataList, but the requested object is not a list (*{})",
                internal_name(kind(resource))
            )));
        }
        Shape::Table(version) => {
            let resource_version = crate::rest::selection::text(&object, "resourceVersion").to_owned();
            let facts = ListFacts { resource_version, ..ListFacts::default() };
            table(resource, &[object], &facts, version, include, headings)
        }
    })
}

/// 406: the shape is not one of such a thing.
fn unfit(message: String) -> Status {
    Status::new(406, "NotAcceptable", message)
}

/// A list in a shape.
///
/// # Errors
/// 406 for the shape of a single object.
pub(crate) fn list(
    resource: &Resource,
    items: Vec<Value>,
    facts: &ListFacts,
    shape: &Shape,
    include: IncludeObject,
) -> Result<Value, Status> {
    let mut list = Map::new();
    match shape {
        Shape::Table(version) => return Ok(table(resource, &items, facts, version, include, true)),
        Shape::Metadata(_) => {
            return Err(unfit(format!(
                "you requested PartialObjectMetadata, but the requested object is a list (*{}List)",
                internal_name(kind(resource))
            )));
        }
        Shape::MetadataList(version) => {
            list.set("kind", "PartialObjectMetadataList".into());
            list.set("apiVersion", Value::from(format!("meta.k8s.io/{version}")));
            list.set("metadata", facts.metadata().into());
            let items: Vec<Value> = items.iter().map(|item| partial(item, version)).collect();
            list.set("items", if items.is_empty() { Value::Null } else { items.into() });
        }
        Shape::Object | Shape::Discovery => {
            list.set("kind", Value::from(format!("{}List", resource.kind)));
            list.set("apiVersion", Value::from(api_version(&resource.group, &resource.version)));
            list.set("metadata", facts.metadata().into());
            let items: Vec<Value> = items.into_iter().map(without_type).collect();
            list.set("items", items.into());
        }
    }
    Ok(list.into())
}

/// An item of a typed list: without its kind, which the list says.
fn without_type(mut item: Value) -> Value {
    if let Some(map) = item.as_object_mut() {
        map.remove("kind");
        map.remove("apiVersion");
    }
    item
}

fn partial(object: &Value, version: &str) -> Value {
    let mut partial = ravelin_printing::partial_metadata(version, object);
    if object.field("kind").and_then(Value::as_str) == Some("DaemonSet") {
        forget_template_generation(&mut partial);
    }
    partial
}

/// Upstream makes the annotation when it writes a DaemonSet, and of metadata alone it does not.
fn forget_template_generation(object: &mut Value) {
    let Some(metadata) = object.object_at("metadata") else { return };
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("deprecated.daemonset.template.generation");
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
}

fn table(
    resource: &Resource,
    objects: &[Value],
    facts: &ListFacts,
    version: &str,
    include: IncludeObject,
    headings: bool,
) -> Value {
    let wanted = Wanted { version, include, headings, now: clock::seconds() };
    if resource.kind == "DaemonSet" && include == IncludeObject::Metadata {
        let mut objects = objects.to_vec();
        objects.iter_mut().for_each(forget_template_generation);
        return crate::rest::table::table(resource, &objects, facts, wanted);
    }
    crate::rest::table::table(resource, objects, facts, wanted)
}
