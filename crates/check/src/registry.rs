//! The rules every registry of checks keeps, as functions that tests of the registries call.

use crate::{CheckMeta, Expectation};

/// The sections a check's documentation must have, in this order.
pub const SECTIONS: [&str; 4] = ["Why", "Restricted fields", "Allowed values", "Remedy"];

/// Every way in which `metas` break the rules: unique ids of the form `family/slug`, sources, the
/// sections of the documentation, and an example of each kind. Empty where all is well.
#[must_use]
pub fn violations(metas: &[&CheckMeta]) -> Vec<String> {
    let mut out = Vec::new();
    for (position, meta) in metas.iter().enumerate() {
        let id = meta.id;
        if !is_id(id) {
            out.push(format!("{id}: an id is `family/slug` in lower-case letters, digits and dashes"));
        }
        if metas.iter().take(position).any(|other| other.id == id) {
            out.push(format!("{id}: the id is used twice"));
        }
        if meta.sources.is_empty() {
            out.push(format!("{id}: cites no source"));
        }
        let documentation = meta.documentation();
        if documentation.title.is_empty() || documentation.title.ends_with('.') {
            out.push(format!("{id}: the first line is a title without a period"));
        }
        if documentation.summary.is_empty() {
            out.push(format!("{id}: says nothing between its title and its first section"));
        }
        let headings: Vec<&str> = documentation.sections.iter().map(|(heading, _)| *heading).collect();
        if headings != SECTIONS {
            out.push(format!("{id}: has the sections {headings:?}, expected {SECTIONS:?}"));
        }
        if documentation.sections.iter().any(|(_, body)| body.is_empty()) {
            out.push(format!("{id}: has an empty section"));
        }
        for expectation in [Expectation::Fails, Expectation::Passes] {
            if !documentation.examples.iter().any(|example| example.expectation == expectation) {
                out.push(format!("{id}: has no example that {expectation:?}"));
            }
        }
    }
    out
}

/// The ways in which the files of a folder and its registry disagree. `files` are the names in the
/// folder of checks, `metas` the registry; a check `family/host-ports` lives in `host_ports.rs`.
#[must_use]
pub fn file_violations(files: &[String], metas: &[&CheckMeta]) -> Vec<String> {
    let mut out = Vec::new();
    for meta in metas {
        let file = format!("{}.rs", meta.slug().replace('-', "_"));
        if !files.contains(&file) {
            out.push(format!("{}: has no file {file}", meta.id));
        }
    }
    for file in files {
        let known = metas.iter().any(|meta| format!("{}.rs", meta.slug().replace('-', "_")) == *file);
        if !known {
            out.push(format!("{file}: is in no registry"));
        }
    }
    out
}

fn is_id(id: &str) -> bool {
    let word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    id.split_once('/').is_some_and(|(family, slug)| word(family) && word(slug))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_family_and_slug() {
        assert!(is_id("pss/host-namespaces") && is_id("a/b2"));
        for bad in ["pss", "pss/", "/x", "Pss/x", "pss/x y", "pss/a/b"] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
