//! How the API server shows objects: the cells of a `Table`, which is what `kubectl get` and `-o wide` print, and objects
//! of metadata only.
//!
//! [`cells`] are those of one object, in the order of the columns of its resource; [`table`] and [`partial_metadata`] are
//! the answers. Pure: `now` is an argument. The crate must not know columns (the schema of a resource has them), custom
//! resources (whose columns are in their definitions), storage or HTTP. One file per family of kinds, each with a table of
//! functions. Start reading at [`cells`].
//!
//! Source: `k8s.io/kubernetes/pkg/printers/internalversion/printers.go` v1.36. Objects are the external ones here; where
//! the internal ones upstream prints differ, the difference is carried out by the printer.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod access;
mod admission;
mod apps;
mod autoscaling;
mod batch;
mod core;
mod duration;
mod event;
mod field;
mod flowcontrol;
mod label;
mod network;
mod node;
mod pod;
mod resource;
mod scheduling;
mod storage;
mod table;
mod time;

pub use duration::human;
pub use table::{
    IncludeObject, ListMeta, Row, conditions, partial_metadata, partial_metadata_list, rows, table,
};
pub use time::UnixMicros;

use ravelin_object::Value;
use time::Clock;

/// What prints an object of one kind.
type Printer = fn(&Value, &Clock) -> Vec<Value>;

/// The printers of a family: group, kind, printer.
type Family = &'static [(&'static str, &'static str, Printer)];

/// Every family.
const ALL: &[Family] = &[
    access::PRINTERS,
    admission::PRINTERS,
    apps::PRINTERS,
    autoscaling::PRINTERS,
    batch::PRINTERS,
    core::PRINTERS,
    event::PRINTERS,
    flowcontrol::PRINTERS,
    network::PRINTERS,
    node::PRINTERS,
    pod::PRINTERS,
    resource::PRINTERS,
    scheduling::PRINTERS,
    storage::PRINTERS,
];

/// The cells of an object, in the order of the columns of its resource, those of `-o wide` too. Nothing where the kind
/// has no printer of its own: then the cells are [`default_cells`].
///
/// What an object lacks prints as upstream prints the zero value. Ages are against `now`.
#[must_use]
pub fn cells(group: &str, kind: &str, object: &Value, now: UnixMicros) -> Option<Vec<Value>> {
    let printers = ALL.iter().flat_map(|family| family.iter());
    let (.., printer) =
        printers.into_iter().find(|(of_group, of_kind, _)| *of_group == group && *of_kind == kind)?;
    Some(printer(object, &Clock(now)))
}

/// Whether a kind has a printer of its own.
#[must_use]
pub fn has_printer(group: &str, kind: &str) -> bool {
    ALL.iter()
        .flat_map(|family| family.iter())
        .any(|(of_group, of_kind, _)| *of_group == group && *of_kind == kind)
}

/// The cells of an object whose kind has no printer: name and time of creation.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest/table.go`.
#[must_use]
pub fn default_cells(object: &Value) -> Vec<Value> {
    let created =
        field::optional_text(object, "metadata.creationTimestamp").unwrap_or("0001-01-01T00:00:00Z");
    vec![field::name(object), Value::from(created)]
}
