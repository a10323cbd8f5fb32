//! Objects as rows of a table.

use crate::rest::shaped::ListFacts;
use ravelin_object::{Map, Value};
use ravelin_printing::{IncludeObject, ListMeta, UnixMicros};
use ravelin_resource::{Column, Resource};

/// How a table is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// The version of the table.
    pub(crate) version: &'a str,
    /// What of the objects the rows hold.
    pub(crate) include: IncludeObject,
    /// Whether the columns are named.
    pub(crate) headings: bool,
    /// The time, in seconds.
    pub(crate) now: i64,
}

/// The table of some objects.
pub(crate) fn table(resource: &Resource, objects: &[Value], facts: &ListFacts, wanted: Wanted<'_>) -> Value {
    let columns: Vec<Value> = resource.columns.iter().map(column).collect();
    let meta = ListMeta {
        resource_version: &facts.resource_version,
        continue_token: &facts.continue_token,
        remaining_item_count: facts.remaining.and_then(|count| i64::try_from(count).ok()),
    };
    let now = UnixMicros::from_seconds(wanted.now);
    let rows = ravelin_printing::rows(&resource.group, &resource.kind, objects, now);
    let columns = wanted.headings.then_some(columns.as_slice());
    ravelin_printing::table(wanted.version, columns, rows, meta, wanted.include)
}

fn column(column: &Column) -> Value {
    let mut map = Map::new();
    map.set("name", column.name.as_str().into());
    map.set("type", column.kind.as_str().into());
    map.set("format", column.format.as_str().into());
    map.set("description", "".into());
    map.set("priority", Value::Int(column.priority));
    map.into()
}
