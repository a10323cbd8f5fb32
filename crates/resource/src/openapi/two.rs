//! `/openapi/v2`: one document of all.

use super::operations::{self, Answer, Operation, Path, Place};
use super::{info, object, referring};
use crate::Table;
use compact_str::CompactString;
use ravelin_object::{Map, Value};

const DEFINITIONS: &str = "#/definitions/";

/// `/openapi/v2`, as JSON: the schemas as definitions, and the operations of all resources.
#[must_use]
pub fn v2(table: &Table) -> Value {
    let mut definitions = Map::new();
    for (name, schema) in table.schemas().published() {
        definitions.set(name, definition(&schema));
    }
    let mut paths = Map::new();
    for path in table.resources().flat_map(|resource| operations::of(table, resource)) {
        paths.set(path.path.as_str(), path_item(&path));
    }
    let token = object([
        ("description", "Bearer Token authentication".into()),
        ("type", "apiKey".into()),
        ("name", "authorization".into()),
        ("in", "header".into()),
    ]);
    object([
        ("swagger", "2.0".into()),
        ("info", info()),
        ("paths", paths.into()),
        ("definitions", definitions.into()),
        ("securityDefinitions", object([("BearerToken", token)])),
        ("security", vec![object([("BearerToken", Vec::new().into())])].into()),
    ])
}

/// A schema without what v2 does not know: references stand by themselves, defaults are left out, and what may be of
/// several types is a string.
fn definition(schema: &Value) -> Value {
    let Value::Object(map) = schema else { return referring(schema, DEFINITIONS) };
    let mut out = Map::new();
    for (key, value) in map.iter() {
        match (key, value) {
            ("default", _) => {}
            ("oneOf", _) => out.set("type", "string".into()),
            ("allOf", Value::Array(parts)) => {
                if let Some(name) = parts.first().and_then(|part| part.field("$ref")?.as_str()) {
                    out.set("$ref", format!("{DEFINITIONS}{name}").into());
                }
            }
            ("$ref", Value::String(name)) => out.set("$ref", format!("{DEFINITIONS}{name}").into()),
            ("properties", Value::Object(properties)) => {
                let entries = properties.iter().map(|(name, schema)| (name.into(), definition(schema)));
                out.set("properties", Value::Object(entries.collect()));
            }
            ("items" | "additionalProperties", schema) => out.set(key, definition(schema)),
            _ => out.set(key, value.clone()),
        }
    }
    Value::Object(out)
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

fn parameter(parameter: &operations::Parameter) -> Value {
    let mut entries = vec![("name", Value::from(parameter.name)), ("in", parameter.place.word().into())];
    if parameter.place == Place::Path {
        entries.push(("required", true.into()));
    }
    entries.push(("type", parameter.kind.into()));
    entries.push(("uniqueItems", true.into()));
    object(entries)
}

fn described(operation: &Operation) -> Value {
    let types = |types: &[&str]| types.iter().map(|media| Value::from(*media)).collect::<Vec<_>>().into();
    let reference = |name: &str| object([("$ref", format!("{DEFINITIONS}{name}").into())]);
    let consumes = operation.body.as_ref().map_or(&["*/*"][..], |body| body.types);
    let mut parameters: Vec<Value> = Vec::new();
    if let Some(body) = &operation.body {
        let mut entries =
            vec![("in", Value::from("body")), ("name", "body".into()), ("schema", reference(&body.schema))];
        if body.required {
            entries.push(("required", true.into()));
        }
        parameters.push(object(entries));
    }
    parameters.extend(operation.parameters.iter().map(parameter));
    let schema = match &operation.answer {
        Answer::Schema(name) => reference(name),
        Answer::Text => object([("type", "string".into())]),
    };
    let mut responses: Vec<(&'static str, Value)> = operation
        .successes
        .iter()
        .map(|(code, words)| {
            (*code, object([("description", Value::from(*words)), ("schema", schema.clone())]))
        })
        .collect();
    responses.push(("401", object([("description", "Unauthorized".into())])));
    let mut entries = vec![
        ("consumes", types(consumes)),
        ("operationId", operation.id.as_str().into()),
        ("produces", types(operation.produces())),
        ("responses", object(responses)),
        ("schemes", Value::from(vec!["https".into()])),
        ("tags", Value::from(vec![operation.tag.as_str().into()])),
        ("x-kubernetes-action", operation.action.into()),
        ("x-kubernetes-group-version-kind", operation.kind.clone()),
    ];
    if !parameters.is_empty() {
        entries.push(("parameters", parameters.into()));
    }
    object(entries)
}
