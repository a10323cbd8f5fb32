//! The matrix as a page to look at: one file, nothing loaded from elsewhere.

use super::{Table, VERBS, Via, names_of, place_of, what_of};
use crate::escape::html as escaped;
use ravelin_authz::rbac::matrix::{Row, Section, Subject};
use std::io::{self, Write};

const STYLE: &str = include_str!("page.css");
pub(super) const SCRIPT: &str = include_str!("page.js");
/// The only script that a browser runs on this page: a name that got past the escaping would still be no script.
pub(super) const SCRIPT_HASH: &str = "sha256-rQikdKHiAsO4m6JrpufF7B5+sx7ly6VcTds87UPPNdk=";

/// How many bindings stand below a heading.
const BINDINGS: usize = 12;

/// Writes the matrix.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn html(table: &Table<'_>, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src '{SCRIPT_HASH}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Who may do what</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )?;
    write_top(table, out)?;
    write!(
        out,
        "<table>\n<thead><tr><th class=\"what\">Resource</th><th class=\"names\">Only these names</th>"
    )?;
    for verb in VERBS {
        let word = if verb == "deletecollection" { "delete<wbr>collection" } else { verb };
        write!(out, "<th class=\"verb\"><span>{word}</span></th>")?;
    }
    writeln!(out, "<th>Other verbs</th><th>Danger</th><th>Role</th></tr></thead>")?;
    for subject in &table.matrix.subjects {
        for section in &subject.sections {
            write_section(table, subject, section, out)?;
        }
    }
    writeln!(out, "</table>\n<p id=\"none\" hidden>No row matches.</p>")?;
    writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
}

fn write_top(table: &Table<'_>, out: &mut dyn Write) -> io::Result<()> {
    let subjects = &table.matrix.subjects;
    let rows = || subjects.iter().flat_map(|subject| &subject.sections).flat_map(|section| &section.rows);
    let dangerous = rows().filter(|row| !row.dangers.is_empty()).count();
    write!(
        out,
        "<header>\n<h1>Who may do what</h1>\n<p class=\"counts\"><b>{}</b> subjects <b>{}</b> rows \
         <b class=\"bad\">{dangerous}</b> dangerous</p>\n\
         <div class=\"tools\"><label>Filter <input id=\"filter\" type=\"search\" autocomplete=\"off\" \
         placeholder=\"words, such as jane secrets\"></label>\
         <label><input id=\"only\" type=\"checkbox\"> only dangerous</label></div>\n\
         <ul class=\"legend\"><li><i class=\"y\">✓</i> named by a rule</li>\
         <li><i class=\"w\">✱</i> through a wildcard</li>\
         <li><i class=\"c\">c</i> held in the whole cluster</li></ul>\n",
        subjects.len(),
        rows().count()
    )?;
    if !table.notes.is_empty() {
        writeln!(out, "<ul class=\"notes\">")?;
        for note in table.notes {
            writeln!(out, "<li>{}</li>", escaped(note))?;
        }
        writeln!(out, "</ul>")?;
    }
    writeln!(out, "</header>")
}

fn write_section(
    table: &Table<'_>,
    subject: &Subject<'_>,
    section: &Section<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let who = subject.who.to_string();
    let (kind, name) = who.split_once(':').unwrap_or(("", &who));
    let wide = if section.namespaces.is_empty() { " wide" } else { "" };
    write!(
        out,
        "<tbody><tr class=\"head\"><th colspan=\"13\" scope=\"rowgroup\"><span class=\"kind\">{}</span> \
         <span class=\"who\">{}</span> <span class=\"place{wide}\">{}</span><ul class=\"by\">",
        escaped(kind),
        escaped(name),
        escaped(&place_of(section))
    )?;
    for (binding, role) in section.grants.iter().take(BINDINGS) {
        write!(out, "<li>{} → {}</li>", escaped(&table.binding(*binding)), escaped(&table.role(*role)))?;
    }
    let more = section.grants.len().saturating_sub(BINDINGS);
    if more > 0 {
        write!(out, "<li>and {more} more</li>")?;
    }
    writeln!(out, "</ul></th></tr>")?;
    for row in &section.rows {
        write_row(row, out)?;
    }
    writeln!(out, "</tbody>")
}

fn write_row(row: &Row<'_>, out: &mut dyn Write) -> io::Result<()> {
    let class = if row.dangers.is_empty() { "" } else { " class=\"bad\"" };
    write!(
        out,
        "<tr{class}><td class=\"what\">{}</td><td class=\"names\">{}</td>",
        escaped(&what_of(row)),
        escaped(&names_of(row))
    )?;
    for (verb, via) in VERBS.iter().zip(row.verbs) {
        match via {
            None => write!(out, "<td></td>")?,
            Some(Via::Named) => write!(out, "<td class=\"y\" title=\"{verb}\">✓</td>")?,
            Some(Via::Wildcard) => {
                write!(out, "<td class=\"w\" title=\"{verb}, through a wildcard\">✱</td>")?
            }
            Some(Via::Cluster) => {
                write!(out, "<td class=\"c\" title=\"{verb}, in the whole cluster\">c</td>")?
            }
        }
    }
    write!(out, "<td class=\"other\">{}</td><td class=\"danger\">", escaped(&row.others.join(" ")))?;
    for danger in &row.dangers {
        write!(out, "<span>{}</span>", escaped(danger.as_str()))?;
    }
    let roles: Vec<String> = row.roles.iter().map(|role| escaped(&role.metadata().name)).collect();
    writeln!(out, "</td><td class=\"role\">{}</td></tr>", roles.join(", "))
}
