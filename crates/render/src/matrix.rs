//! Who may do what, as a table: for a terminal, for a spreadsheet, as a page to look at.

mod csv;
mod html;
mod text;

pub use csv::csv;
pub use html::html;
pub use text::text;

use ravelin_authz::rbac::matrix::{Matrix, Row, Section, Target, VERBS, Via};
use ravelin_authz::rbac::{AnyBinding, AnyRole};

/// Everything a table needs beside the matrix.
pub struct Table<'t> {
    /// The matrix.
    pub matrix: &'t Matrix<'t>,
    /// Where the object of an origin is written.
    pub place: &'t dyn Fn(u32) -> String,
    /// What the reader has to know: what is hidden, what is not known.
    pub notes: &'t [String],
    /// Whether ANSI colours are allowed.
    pub color: bool,
    /// How many columns the terminal has.
    pub width: usize,
}

impl Table<'_> {
    /// A binding with its place: `RoleBinding shop/operators (rbac.yaml:20)`.
    fn binding(&self, binding: AnyBinding<'_>) -> String {
        let metadata = binding.metadata();
        let (kind, namespace) = match binding {
            AnyBinding::Cluster(_) => ("ClusterRoleBinding", String::new()),
            AnyBinding::Namespaced(_) => ("RoleBinding", format!("{}/", metadata.namespace)),
        };
        format!("{kind} {namespace}{} ({})", metadata.name, (self.place)(metadata.origin))
    }

    /// A role with its place.
    fn role(&self, role: AnyRole<'_>) -> String {
        format!("{} {} ({})", role.kind(), role.metadata().name, (self.place)(role.metadata().origin))
    }
}

/// Where a section holds.
fn place_of(section: &Section<'_>) -> String {
    match section.namespaces.as_slice() {
        [] => "in the whole cluster".to_owned(),
        [one] => format!("in namespace {one}"),
        several => format!("in {} namespaces: {}", several.len(), several.join(", ")),
    }
}

/// What a row is about: `deployments/scale.apps`, `* in every group`, `/metrics`.
fn what_of(row: &Row<'_>) -> String {
    match &row.target {
        Target::Path(path) => path.to_string(),
        Target::Resource { group, resource } => match (group.as_str(), resource.as_str()) {
            ("*", "*") => "* (everything)".to_owned(),
            ("", "*") => "* (every resource of core)".to_owned(),
            (group, "*") => format!("*.{group} (every resource of {group})"),
            ("*", resource) => format!("{resource} (of every group)"),
            ("", resource) => resource.to_owned(),
            (group, resource) => format!("{resource}.{group}"),
        },
    }
}

fn names_of(row: &Row<'_>) -> String {
    let names: Vec<&str> =
        row.names.iter().map(|name| if name.is_empty() { "\"\"" } else { name.as_str() }).collect();
    names.join(", ")
}

fn dangers_of(row: &Row<'_>) -> String {
    row.dangers.iter().map(|danger| danger.as_str()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
