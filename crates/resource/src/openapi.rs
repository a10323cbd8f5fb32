//! The OpenAPI documents of the built-in resources: `/openapi/v3`, `/openapi/v3/...`, `/openapi/v2`.
//!
//! They hold what clients ask them for: the schemas with the extensions that merging needs, and the operations with
//! their actions, kinds and parameters (`kubectl explain`, `apply`, `--validate`, `--dry-run=server`). They hold no
//! prose, no deprecated `watch` paths, and no paths besides resources.
//!
//! `kubectl` v1.36 reads v3 as JSON. It asks for v2, as protobuf only, where v3 fails; a server that answers that with
//! 406 makes `kubectl apply` go on with the types it is built with, and `kubectl explain` say so. So v2 is JSON here,
//! for other clients.
//!
//! Source: `k8s.io/kube-openapi/pkg/builder`, `builder3`, `handler3`; `k8s.io/apiserver/pkg/endpoints/installer.go`.

mod operations;
#[cfg(test)]
mod tests;
mod two;

use crate::Table;
use crate::schemas::Schemas;
use crate::table::{Group, api_version};
use compact_str::CompactString;
use operations::{Answer, Body, Operation, Parameter, Path, Place};
use ravelin_object::{Map, Value};
use std::collections::BTreeSet;
pub use two::v2;

/// The path of a group and version, as documents are named: `api/v1`, `apis/apps/v1`.
#[must_use]
pub fn path_of(group: &str, version: &str) -> String {
    format!("api{}/{}", if group.is_empty() { "" } else { "s" }, api_version(group, version))
}

/// `/openapi/v3`: where the documents are. `hash` gives the hash of the document of a path such as `apis/apps/v1`,
/// which makes its address one that never changes.
#[must_use]
pub fn v3_index<'g>(groups: impl IntoIterator<Item = &'g Group>, hash: impl Fn(&str) -> String) -> Value {
    let mut paths = Map::new();
    for group in groups {
        for version in &group.versions {
            let path = path_of(&group.name, &version.name);
            let address = format!("/openapi/v3/{path}?hash={}", hash(&path));
            paths.set(path, object([("serverRelativeURL", address.into())]));
        }
    }
    object([("paths", paths.into())])
}

/// `/openapi/v3/...` of a group and version; nothing where the table has none of it.
#[must_use]
pub fn v3(table: &Table, group: &str, version: &str) -> Option<Value> {
    let resources = &table.version(group, version)?.resources;
    let paths: Vec<Path> = resources.iter().flat_map(|resource| operations::of(table, resource)).collect();
    let mut names = BTreeSet::new();
    for operation in paths.iter().flat_map(|path| &path.operations) {
        names.extend(operation.schemas());
    }
    let schemas = with_all_below(table.schemas(), names);
    let mut components = Map::new();
    for name in &schemas {
        if let Some(schema) = table.schemas().published_of(name) {
            components.set(name.clone(), referring(&schema, "#/components/schemas/"));
        }
    }
    let paths: Map = paths.iter().map(|path| (path.path.as_str().into(), path_item(path))).collect();
    let token = object([
        ("type", "apiKey".into()),
        ("description", "Bearer Token authentication".into()),
        ("name", "authorization".into()),
        ("in", "header".into()),
    ]);
    let components =
        object([("schemas", components.into()), ("securitySchemes", object([("BearerToken", token)]))]);
    Some(object([
        ("openapi", "3.0.0".into()),
        ("info", info()),
        ("paths", paths.into()),
        ("components", components),
    ]))
}

fn info() -> Value {
    object([("title", "Kubernetes".into()), ("version", "unversioned".into())])
}

/// The names of schemas, and of all that they refer to.
fn with_all_below(schemas: &Schemas, names: BTreeSet<CompactString>) -> BTreeSet<CompactString> {
    let mut pending: Vec<CompactString> = names.iter().cloned().collect();
    let mut known = names;
    while let Some(name) = pending.pop() {
        if let Some(schema) = schemas.published_of(&name) {
            references(&schema, &mut |name| {
                if known.insert(name.into()) {
                    pending.push(name.into());
                }
            });
        }
    }
    known
}

/// Names what a schema refers to.
fn references(schema: &Value, found: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map.iter() {
                match value {
                    Value::String(name) if key == "$ref" => found(name),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// A schema whose references have what comes before a name.
fn referring(schema: &Value, prefix: &str) -> Value {
    match schema {
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| match value {
                Value::String(name) if key == "$ref" => (key.into(), format!("{prefix}{name}").into()),
                _ => (key.into(), referring(value, prefix)),
            });
            Value::Object(entries.collect())
        }
        Value::Array(items) => items.iter().map(|item| referring(item, prefix)).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

fn path_item(path: &Path) -> Value {
    let mut item: Map = path
        .operations
        .iter()
        .map(|operation| (CompactString::const_new(operation.method), described(operation)))
        .collect();
    let parameters: Vec<Value> = path.parameters.iter().map(parameter).collect();
    item.set("parameters", parameters.into());
    item.into()
}

fn described(operation: &Operation) -> Value {
    let mut entries = vec![
        ("tags", Value::from(vec![operation.tag.as_str().into()])),
        ("operationId", operation.id.as_str().into()),
    ];
    if !operation.parameters.is_empty() {
        let parameters: Vec<Value> = operation.parameters.iter().map(parameter).collect();
        entries.push(("parameters", parameters.into()));
    }
    if let Some(body) = &operation.body {
        entries.push(("requestBody", request_body(body)));
    }
    entries.push(("responses", responses(operation)));
    entries.push(("x-kubernetes-action", operation.action.into()));
    entries.push(("x-kubernetes-group-version-kind", operation.kind.clone()));
    object(entries)
}

fn parameter(parameter: &Parameter) -> Value {
    let mut entries = vec![("name", Value::from(parameter.name)), ("in", parameter.place.word().into())];
    if parameter.place == Place::Path {
        entries.push(("required", true.into()));
    }
    let schema = [("type", parameter.kind.into()), ("uniqueItems", true.into())];
    entries.push(("schema", object(schema)));
    object(entries)
}

fn request_body(body: &Body) -> Value {
    let content = |types: &[&'static str]| {
        object(types.iter().map(|media| (*media, object([("schema", reference(&body.schema))]))))
    };
    let mut entries = vec![("content", content(body.types))];
    if body.required {
        entries.push(("required", true.into()));
    }
    object(entries)
}

fn reference(name: &str) -> Value {
    object([("$ref", format!("#/components/schemas/{name}").into())])
}

fn responses(operation: &Operation) -> Value {
    let mut entries: Vec<(&'static str, Value)> = operation
        .successes
        .iter()
        .map(|(code, words)| {
            let content = match &operation.answer {
                Answer::Schema(name) => content(operation.produces(), &reference(name)),
                Answer::Text => content(operation.produces(), &object([("type", "string".into())])),
            };
            (*code, object([("description", Value::from(*words)), ("content", content)]))
        })
        .collect();
    entries.push(("401", object([("description", "Unauthorized".into())])));
    object(entries)
}

fn content(types: &[&'static str], schema: &Value) -> Value {
    object(types.iter().map(|media| (*media, object([("schema", schema.clone())]))))
}

fn object(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (CompactString::const_new(key), value));
    Value::Object(Map::from_unique(entries.collect()))
}
