//! The matrix for a terminal: a table for each subject and place.

use super::{Table, VERBS, Via, dangers_of, names_of, place_of, what_of};
use crate::escape::visible;
use crate::style::{Paint, wrap};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table as Grid, presets};
use ravelin_authz::rbac::matrix::{Row, Section};
use std::io::{self, Write};

/// How many bindings stand below a heading.
const BINDINGS: usize = 3;

/// Writes the matrix.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn text(table: &Table<'_>, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { color: table.color };
    for subject in &table.matrix.subjects {
        for section in &subject.sections {
            let who = visible(&subject.who.to_string()).into_owned();
            let head = format!("{} {}", paint.bold(&who), visible(&place_of(section)));
            writeln!(out, "{}", wrap(&head, table.width, 0).replace('\n', "\n  "))?;
            for (binding, role) in section.grants.iter().take(BINDINGS) {
                let line = format!("by {} -> {}", table.binding(*binding), table.role(*role));
                writeln!(out, "  {}", visible(&line))?;
            }
            let more = section.grants.len().saturating_sub(BINDINGS);
            if more > 0 {
                writeln!(out, "  and {more} more, which -o json names")?;
            }
            writeln!(out)?;
            write_grid(table, section, out)?;
            writeln!(out)?;
        }
    }
    if table.matrix.subjects.is_empty() {
        writeln!(out, "nothing that a binding grants")?;
    } else {
        writeln!(out, "✓ named by a rule   * through a wildcard   c held in the whole cluster")?;
    }
    for note in table.notes {
        writeln!(out, "{}", wrap(&visible(note), table.width, 0))?;
    }
    Ok(())
}

fn write_grid(table: &Table<'_>, section: &Section<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut columns = Columns { names: false, others: false, dangers: false };
    for row in &section.rows {
        columns.names |= !row.names.is_empty();
        columns.others |= !row.others.is_empty();
        columns.dangers |= !row.dangers.is_empty();
    }
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    let width = table.width.saturating_sub(2).max(60);
    grid.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    grid.set_header(columns.head());
    for row in &section.rows {
        grid.add_row(columns.cells(row));
    }
    for line in grid.lines() {
        writeln!(out, "  {}", line.trim_end())?;
    }
    Ok(())
}

/// Which columns there are beside the verbs.
struct Columns {
    names: bool,
    others: bool,
    dangers: bool,
}

impl Columns {
    fn head(&self) -> Vec<Cell> {
        let mut cells = vec![Cell::new("resource")];
        cells.extend(self.names.then(|| Cell::new("only")));
        cells.extend(VERBS.iter().map(|verb| {
            let word = if *verb == "deletecollection" { "delcoll" } else { verb };
            Cell::new(word).set_alignment(CellAlignment::Center)
        }));
        cells.extend(self.others.then(|| Cell::new("other")));
        cells.extend(self.dangers.then(|| Cell::new("danger")));
        cells
    }

    fn cells(&self, row: &Row<'_>) -> Vec<Cell> {
        let text = |text: &str| Cell::new(visible(text));
        let mut cells = vec![text(&what_of(row))];
        cells.extend(self.names.then(|| text(&names_of(row))));
        cells.extend(row.verbs.iter().map(|via| {
            let mark = match via {
                None => "",
                Some(Via::Named) => "✓",
                Some(Via::Wildcard) => "*",
                Some(Via::Cluster) => "c",
            };
            Cell::new(mark).set_alignment(CellAlignment::Center)
        }));
        cells.extend(self.others.then(|| text(&row.others.join(" "))));
        cells.extend(self.dangers.then(|| text(&dangers_of(row))));
        cells
    }
}
