//! The answers made of rows and of metadata.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/response.go` `asTable`, `asPartialObjectMetadata`.

use crate::time::UnixMicros;
use crate::{cells, default_cells, field, flowcontrol, has_printer};
use ravelin_object::fault::Fault;
use ravelin_object::{Map, Value};

/// What a row of a table has of its object: the query's `includeObject`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncludeObject {
    /// Nothing.
    None,
    /// Its metadata, which is also what holds where nothing is said.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

impl IncludeObject {
    /// Reads the value of the query.
    ///
    /// # Errors
    /// A value that is none of them, in the server's words; the status is that of an invalid `TableOptions` of
    /// `meta.k8s.io`.
    ///
    /// Source: `k8s.io/apimachinery/pkg/apis/meta/v1/validation` `ValidateTableOptions`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "None" => Ok(Self::None),
            "" | "Metadata" => Ok(Self::Metadata),
            "Object" => Ok(Self::Object),
            other => {
                let why = "must be 'Metadata', 'Object', 'None', or empty";
                Err(Fault::invalid("includeObject", other, why))
            }
        }
    }
}

/// What a list says of itself. Empty texts are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListMeta<'m> {
    /// The version of the list, or of the one object.
    pub resource_version: &'m str,
    /// Where the list goes on.
    pub continue_token: &'m str,
    /// How many items follow.
    pub remaining_item_count: Option<i64>,
}

impl ListMeta<'_> {
    fn to_value(self) -> Value {
        let mut map = Map::new();
        for (key, text) in [("resourceVersion", self.resource_version), ("continue", self.continue_token)] {
            if !text.is_empty() {
                map.set(key, Value::from(text));
            }
        }
        if let Some(count) = self.remaining_item_count {
            map.set("remainingItemCount", Value::Int(count));
        }
        Value::Object(map)
    }
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'o> {
    /// The cells, in the order of the columns.
    pub cells: Vec<Value>,
    /// What is particular about the row; see [`conditions`].
    pub conditions: Vec<Value>,
    /// The object, with kind and version.
    pub object: &'o Value,
}

/// What is particular about the row of an object: pods that are done say so.
#[must_use]
pub fn conditions(group: &str, kind: &str, object: &Value) -> Vec<Value> {
    if !(group.is_empty() && kind == "Pod") {
        return Vec::new();
    }
    let (reason, message) = match field::text(object, "status.phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return Vec::new(),
    };
    let texts = [("type", "Completed"), ("status", "True"), ("reason", reason), ("message", message)];
    let condition: Map = texts.into_iter().map(|(key, text)| (key.into(), Value::from(text))).collect();
    vec![Value::Object(condition)]
}

/// The rows of objects of one kind, in the order in which tables have them. Nothing where there is no object and the kind
/// has no printer: such a table has `null` for rows.
#[must_use]
pub fn rows<'o>(group: &str, kind: &str, objects: &'o [Value], now: UnixMicros) -> Option<Vec<Row<'o>>> {
    if objects.is_empty() && !has_printer(group, kind) {
        return None;
    }
    let mut objects: Vec<&Value> = objects.iter().collect();
    if (group, kind) == ("flowcontrol.apiserver.k8s.io", "FlowSchema") {
        objects.sort_by_cached_key(|object| flowcontrol::sort_key(object));
    }
    let row = |object: &'o Value| Row {
        cells: cells(group, kind, object, now).unwrap_or_else(|| default_cells(object)),
        conditions: conditions(group, kind, object),
        object,
    };
    Some(objects.into_iter().map(row).collect())
}

/// A `Table` of `meta.k8s.io/<version>`, version being `v1` or `v1beta1`. `columns` are `TableColumnDefinition`s; nothing
/// where the client wants none (`noHeaders`, and every event of a watch but the first). `rows` are nothing where
/// [`rows`] are.
#[must_use]
pub fn table(
    version: &str,
    columns: Option<&[Value]>,
    rows: Option<Vec<Row<'_>>>,
    meta: ListMeta<'_>,
    include: IncludeObject,
) -> Value {
    let mut table = typed("Table", version);
    table.set("metadata", meta.to_value());
    table.set("columnDefinitions", columns.map_or(Value::Null, |columns| Value::Array(columns.to_vec())));
    let rows = rows.map(|rows| rows.into_iter().map(|row| row_value(row, version, include)).collect());
    table.set("rows", rows.map_or(Value::Null, Value::Array));
    Value::Object(table)
}

fn row_value(row: Row<'_>, version: &str, include: IncludeObject) -> Value {
    let mut map = Map::new();
    map.set("cells", Value::Array(row.cells));
    if !row.conditions.is_empty() {
        map.set("conditions", Value::Array(row.conditions));
    }
    let object = match include {
        IncludeObject::None => Value::Null,
        IncludeObject::Metadata => partial_metadata(version, row.object),
        IncludeObject::Object => row.object.clone(),
    };
    map.set("object", object);
    Value::Object(map)
}

/// An object's metadata as `PartialObjectMetadata` of `meta.k8s.io/<version>`.
#[must_use]
pub fn partial_metadata(version: &str, object: &Value) -> Value {
    let mut partial = typed("PartialObjectMetadata", version);
    let metadata = object.field("metadata").cloned().unwrap_or_else(|| Value::Object(Map::new()));
    partial.set("metadata", metadata);
    Value::Object(partial)
}

/// A `PartialObjectMetadataList` of `meta.k8s.io/<version>`. Items are `null` where there are none, as upstream writes.
#[must_use]
pub fn partial_metadata_list(version: &str, objects: &[Value], meta: ListMeta<'_>) -> Value {
    let mut list = typed("PartialObjectMetadataList", version);
    list.set("metadata", meta.to_value());
    let items: Vec<Value> = objects.iter().map(|object| partial_metadata(version, object)).collect();
    list.set("items", if items.is_empty() { Value::Null } else { Value::Array(items) });
    Value::Object(list)
}

fn typed(kind: &str, version: &str) -> Map {
    let mut map = Map::new();
    map.set("kind", Value::from(kind));
    map.set("apiVersion", Value::from(format!("meta.k8s.io/{version}")));
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::json_text;
    use ravelin_object::read;

    fn value(text: &str) -> Value {
        read::json(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap()
    }

    const NOW: UnixMicros = UnixMicros::from_seconds(1_000_000);

    #[test]
    fn tables_have_what_is_asked_for() {
        let secret = value(
            r#"{"kind":"Role","metadata":{"name":"r","creationTimestamp":"2020-01-01T00:00:00Z"},"rules":[]}"#,
        );
        let objects = [secret];
        let cases = [
            (IncludeObject::None, r#""object":null"#),
            (
                IncludeObject::Metadata,
                r#""object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"r","creationTimestamp":"2020-01-01T00:00:00Z"}}"#,
            ),
            (
                IncludeObject::Object,
                r#""object":{"kind":"Role","metadata":{"name":"r","creationTimestamp":"2020-01-01T00:00:00Z"},"rules":[]}"#,
            ),
        ];
        for (include, object) in cases {
            let rows = rows("rbac.authorization.k8s.io", "Role", &objects, NOW);
            let meta = ListMeta { resource_version: "5", continue_token: "c", remaining_item_count: Some(0) };
            let text = json_text(&table("v1", Some(&[]), rows, meta, include));
            let expected = format!(
                "{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{{\"resourceVersion\":\"5\",\"continue\":\"c\",\"remainingItemCount\":0}},\
                 \"columnDefinitions\":[],\"rows\":[{{\"cells\":[\"r\",\"2020-01-01T00:00:00Z\"],{object}}}]}}"
            );
            assert_eq!(text, expected);
        }
        assert_eq!(rows("rbac.authorization.k8s.io", "Role", &[], NOW), None);
        assert_eq!(rows("", "Pod", &[], NOW), Some(Vec::new()));
        let text = json_text(&table("v1", None, None, ListMeta::default(), IncludeObject::default()));
        assert!(text.ends_with(r#""metadata":{},"columnDefinitions":null,"rows":null}"#), "{text}");
        assert_eq!(IncludeObject::parse(""), Ok(IncludeObject::Metadata));
        let fault = IncludeObject::parse("x").unwrap_err().to_string();
        assert_eq!(
            fault,
            "includeObject: Invalid value: \"x\": must be 'Metadata', 'Object', 'None', or empty"
        );
    }

    #[test]
    fn lists_of_metadata_say_what_they_are() {
        let text = json_text(&partial_metadata_list(
            "v1",
            &[value(r#"{"metadata":{"name":"a"}}"#)],
            ListMeta::default(),
        ));
        let expected = r#"{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a"}}]}"#;
        assert_eq!(text, expected);
        assert!(
            json_text(&partial_metadata_list("v1", &[], ListMeta::default())).ends_with("\"items\":null}")
        );
    }

    #[test]
    fn flow_schemas_stand_by_precedence() {
        let objects = [("b", 2), ("c", 1), ("a", 2)].map(|(name, precedence)| {
            value(&format!(
                r#"{{"metadata":{{"name":"{name}"}},"spec":{{"matchingPrecedence":{precedence}}}}}"#
            ))
        });
        let rows = rows("flowcontrol.apiserver.k8s.io", "FlowSchema", &objects, NOW).unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row.cells[0].as_str().unwrap()).collect();
        assert_eq!(names, ["c", "a", "b"]);
    }

    #[test]
    fn pods_that_are_done_say_so() {
        let done = conditions("", "Pod", &value(r#"{"status":{"phase":"Failed"}}"#));
        let expected =
            r#"{"type":"Completed","status":"True","reason":"Failed","message":"The pod failed."}"#;
        assert_eq!(done.iter().map(json_text).collect::<Vec<_>>(), [expected]);
        assert!(conditions("", "Pod", &value(r#"{"status":{"phase":"Running"}}"#)).is_empty());
        assert!(conditions("x", "Pod", &value(r#"{"status":{"phase":"Failed"}}"#)).is_empty());
    }
}
