//! The matrix for a spreadsheet: RFC 4180, one line for each thing in each namespace.

use super::{Table, VERBS, Via, dangers_of};
use crate::escape::csv_field;
use ravelin_authz::rbac::AnyRole;
use ravelin_authz::rbac::matrix::{Row, Target};
use std::io::{self, Write};

/// Writes the matrix. An empty namespace is the whole cluster; cells are `yes`, `wildcard`, `cluster` or empty.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn csv(table: &Table<'_>, out: &mut dyn Write) -> io::Result<()> {
    let head = ["subject", "namespace", "apiGroup", "resource", "path", "names"];
    let tail = ["other", "dangers", "roles", "bindings"];
    let columns: Vec<&str> = head.into_iter().chain(VERBS).chain(tail).collect();
    write!(out, "{}\r\n", columns.join(","))?;
    for subject in &table.matrix.subjects {
        let who = subject.who.to_string();
        for section in &subject.sections {
            let cluster = section.namespaces.is_empty().then_some("");
            for namespace in cluster.into_iter().chain(section.namespaces.iter().map(|name| name.as_str())) {
                let here = section.grants.iter().filter(|(binding, _)| binding.namespace() == namespace);
                let here: Vec<_> = here.collect();
                for row in &section.rows {
                    let of_row = here
                        .iter()
                        .filter(|(_, role)| row.roles.iter().any(|of_row| is_same(*of_row, *role)));
                    let bindings: Vec<String> = of_row.map(|(binding, _)| table.binding(*binding)).collect();
                    let mut fields = vec![who.clone(), namespace.to_owned()];
                    fields.extend(cells(table, row));
                    fields.push(bindings.join("; "));
                    let fields: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
                    write!(out, "{}\r\n", fields.join(","))?;
                }
            }
        }
    }
    Ok(())
}

/// Whether two are one and the same role: no two objects have one origin.
fn is_same(left: AnyRole<'_>, right: AnyRole<'_>) -> bool {
    left.kind() == right.kind() && left.metadata().origin == right.metadata().origin
}

fn cells(table: &Table<'_>, row: &Row<'_>) -> Vec<String> {
    let mut fields = match &row.target {
        Target::Resource { group, resource } => vec![group.to_string(), resource.to_string(), String::new()],
        Target::Path(path) => vec![String::new(), String::new(), path.to_string()],
    };
    fields.push(row.names.join(" "));
    fields.extend(row.verbs.iter().map(|via| {
        let word = match via {
            None => "",
            Some(Via::Named) => "yes",
            Some(Via::Wildcard) => "wildcard",
            Some(Via::Cluster) => "cluster",
        };
        word.to_owned()
    }));
    let roles: Vec<String> = row.roles.iter().map(|role| table.role(*role)).collect();
    fields.extend([row.others.join(" "), dangers_of(row), roles.join("; ")]);
    fields
}
