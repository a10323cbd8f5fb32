//! `cargo xtask docs`: the files that are generated from the code.
//!
//! One list, [`generated`], says what is in which file; writing and checking both read it.

use anyhow::Context as _;
use ravelin_check::CheckMeta;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The folders that hold generated files only: any other file in them is orphaned.
const FOLDERS: [&str; 3] = ["charts/ravelin", "docs/checks", "docs/schema"];

/// Every generated file: its path from the root, and its text.
fn generated() -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let checks = ravelin_engine::checks::all();
    let mut files = BTreeMap::new();
    files.insert(PathBuf::from("docs/cli.md"), ravelin::reference());
    files.insert(PathBuf::from("docs/checks/README.md"), index(&checks));
    for meta in checks {
        let path = PathBuf::from("docs/checks").join(meta.family()).join(format!("{}.md", meta.slug()));
        files.insert(path, ravelin::rule_page(meta));
    }
    files.insert(PathBuf::from("docs/schema/ravelin.schema.json"), json(&ravelin_source::project::schema())?);
    files.insert(PathBuf::from("docs/schema/report.schema.json"), json(&ravelin_render::json::schema())?);
    for (path, text) in ravelin::install::chart() {
        files.insert(PathBuf::from("charts/ravelin").join(path), text);
    }
    for text in files.values_mut() {
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    Ok(files)
}

fn json(value: &serde_json::Value) -> anyhow::Result<String> {
    serde_json::to_string_pretty(value).context("a schema cannot be written as JSON")
}

fn index(checks: &[&CheckMeta]) -> String {
    let mut text = String::from(
        "# Checks\n\nGenerated from the checks themselves (`cargo xtask docs`); `ravelin rules ID` prints the same \
         pages.\n\n| id | severity | what it reports |\n| --- | --- | --- |\n",
    );
    for meta in checks {
        let (id, family, slug) = (meta.id, meta.family(), meta.slug());
        let title = meta.documentation().title.replace('|', "\\|");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| [`{id}`]({family}/{slug}.md) | {} | {title} |", meta.severity);
    }
    text
}

/// Writes every generated file, and removes those that no longer are.
pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    let files = generated()?;
    let mut written = 0;
    for (path, text) in &files {
        let full = root.join(path);
        if std::fs::read(&full).is_ok_and(|old| old == text.as_bytes()) {
            continue;
        }
        if let Some(folder) = full.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        std::fs::write(&full, text).with_context(|| format!("cannot write {}", full.display()))?;
        println!("wrote {}", path.display());
        written += 1;
    }
    for path in orphans(root, &files)? {
        std::fs::remove_file(root.join(&path))
            .with_context(|| format!("cannot remove {}", path.display()))?;
        println!("removed {}", path.display());
        written += 1;
    }
    println!("{} generated files, {written} changed", files.len());
    Ok(())
}

/// The generated files that are stale, missing or orphaned.
pub(crate) fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let files = generated()?;
    let mut faults = Vec::new();
    for (path, text) in &files {
        match std::fs::read(root.join(path)) {
            Ok(found) if found == text.as_bytes() => {}
            Ok(_) => faults.push(format!("{} is stale", path.display())),
            Err(_) => faults.push(format!("{} is missing", path.display())),
        }
    }
    let orphans = orphans(root, &files)?;
    faults.extend(orphans.iter().map(|path| format!("{} is orphaned: nothing generates it", path.display())));
    if !faults.is_empty() {
        faults.push("run `cargo xtask docs` and commit what it writes".to_owned());
    }
    Ok(faults)
}

fn orphans(root: &Path, files: &BTreeMap<PathBuf, String>) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        below(&root.join(folder), &mut found)?;
    }
    let from_root = found.iter().filter_map(|path| path.strip_prefix(root).ok());
    Ok(from_root.filter(|path| !files.contains_key(*path)).map(Path::to_owned).collect())
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let fault = || format!("cannot read {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(fault)? {
        let path = entry.with_context(fault)?.path();
        if path.is_dir() {
            below(&path, found)?;
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_page_and_a_line_of_the_index() {
        let files = generated().unwrap();
        let index = &files[Path::new("docs/checks/README.md")];
        for meta in ravelin_engine::checks::all() {
            let page = format!("docs/checks/{}.md", meta.id);
            assert!(files.contains_key(Path::new(&page)), "{page}");
            assert!(index.contains(&format!("| [`{}`]({}.md) |", meta.id, meta.id)), "{}", meta.id);
        }
    }

    #[test]
    fn an_empty_folder_lacks_every_file() {
        let faults = faults(Path::new("no/such/folder")).unwrap();
        assert_eq!(faults.len(), generated().unwrap().len() + 1);
        assert!(faults.contains(&"docs/cli.md is missing".to_owned()));
    }
}
