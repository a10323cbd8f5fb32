//! `cargo xtask new-check`: the skeleton of a check, and its entries in the registry.

use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// Which check.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The part of its id before the slash: pss, manifest, ...
    #[arg(value_parser = word)]
    family: String,
    /// The part of its id behind the slash, which names the fault: host-namespaces
    #[arg(value_parser = word)]
    slug: String,
}

fn word(text: &str) -> Result<String, String> {
    let is_word = text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if is_word {
        Ok(text.to_owned())
    } else {
        Err("expected lower-case letters, digits and dashes".to_owned())
    }
}

/// The family whose checks are in the crate of the Pod Security Standards.
const STANDARDS: &str = "pss";

/// Writes the file and the entries.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let check = Check::new(&args.family, &args.slug);
    let registry = root.join(check.registry());
    let text =
        std::fs::read_to_string(&registry).with_context(|| format!("cannot read {}", registry.display()))?;
    let file = root.join(check.file());
    anyhow::ensure!(!file.exists(), "{} exists", file.display());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    std::fs::write(&file, check.skeleton()).with_context(|| format!("cannot write {}", file.display()))?;
    println!("wrote {}", check.file().display());
    let (text, remaining) = check.register(&text);
    std::fs::write(&registry, text).with_context(|| format!("cannot write {}", registry.display()))?;
    println!("entered {} in {}", check.id, check.registry().display());
    for step in remaining {
        println!("to do by hand: {step}");
    }
    println!("then: write the documentation, the judgement and the tests; `cargo fmt`; `cargo xtask docs`");
    Ok(())
}

struct Check {
    family: String,
    id: String,
    /// `host_namespaces`
    module: String,
    /// `HostNamespaces`
    name: String,
}

impl Check {
    fn new(family: &str, slug: &str) -> Self {
        let capital = |word: &str| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        };
        Self {
            family: family.to_owned(),
            id: format!("{family}/{slug}"),
            module: slug.replace('-', "_"),
            name: slug.split('-').map(capital).collect(),
        }
    }

    fn is_of_standards(&self) -> bool {
        self.family == STANDARDS
    }

    fn file(&self) -> PathBuf {
        let file = format!("{}.rs", self.module);
        if self.is_of_standards() {
            PathBuf::from("crates/podsec/src/checks").join(file)
        } else {
            PathBuf::from("crates/engine/src/checks").join(self.family.replace('-', "_")).join(file)
        }
    }

    fn registry(&self) -> PathBuf {
        let room = if self.is_of_standards() { "podsec" } else { "engine" };
        PathBuf::from("crates").join(room).join("src/checks.rs")
    }

    fn skeleton(&self) -> String {
        let applies_to = if self.is_of_standards() { "pods" } else { "manifests" };
        let head = SKELETON
            .replace("$id", &self.id)
            .replace("$name", &self.name)
            .replace("$applies_to", applies_to)
            .replace("$version", env!("CARGO_PKG_VERSION"));
        if self.is_of_standards() {
            head + &POD_CHECK.replace("$name", &self.name).replace("$module", &self.module)
        } else {
            head
        }
    }

    /// The registry with the check in it, and what is left to do by hand.
    fn register(&self, text: &str) -> (String, Vec<String>) {
        let (module, name) = (&self.module, &self.name);
        let declaration = format!("mod {module};");
        let export = format!("pub use {module}::{name};");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut remaining = Vec::new();
        if self.is_of_standards() {
            let is_inserted =
                insert_sorted(&mut lines, 0, &declaration) && insert_sorted(&mut lines, 0, &export);
            if !is_inserted || !append_to_list(&mut lines, "pub const ALL:", &format!("    &{name},")) {
                remaining.push(format!("add `{declaration}`, `{export}` and `&{name}` to the registry"));
            }
            remaining.push(format!("move `&{name}` in `ALL` to where upstream's id has it"));
            return (joined(&lines), remaining);
        }
        let family = self.family.replace('-', "_");
        let block = format!("pub mod {family} {{");
        if !lines.contains(&block) {
            if let Some(at) = lines.iter().position(|line| line.starts_with("/// The checks of this crate")) {
                let head = format!("/// Checks of the family `{}`: about ....", self.family);
                let empty = [
                    head,
                    block.clone(),
                    "    use super::prelude;".to_owned(),
                    "}".to_owned(),
                    String::new(),
                ];
                lines.splice(at..at, empty);
            }
            remaining.push(format!("say what the family `{}` is about, in the registry", self.family));
            remaining
                .push("count the new family in `every_file_is_a_check_and_every_check_a_file`".to_owned());
        }
        let start = lines.iter().position(|line| *line == block);
        let is_inserted = start.is_some_and(|start| {
            insert_sorted(&mut lines, start + 1, &format!("    {declaration}"))
                && insert_sorted(&mut lines, start + 1, &format!("    {export}"))
        });
        if !is_inserted || !append_to_list(&mut lines, "const OWN:", &format!("    &{family}::{name},")) {
            remaining
                .push(format!("add `{declaration}`, `{export}` and `&{family}::{name}` to the registry"));
        }
        remaining.push("call the check where its family runs".to_owned());
        (joined(&lines), remaining)
    }
}

/// Inserts a `mod` or `pub use` line among its like, from line `from` to the end of the block; first,
/// where there is none yet. Whether it could.
fn insert_sorted(lines: &mut Vec<String>, from: usize, line: &str) -> bool {
    let start = line.trim_start();
    let keyword = if start.starts_with("mod ") { "mod " } else { "pub use " };
    let indent = line.len() - start.len();
    let end = lines
        .iter()
        .skip(from)
        .position(|other| indent > 0 && other == "}")
        .map_or(lines.len(), |at| from + at);
    let is_like = |other: &String| {
        let text = other.trim_start();
        other.len() - text.len() == indent && text.starts_with(keyword) && text.ends_with(';')
    };
    let like: Vec<usize> = (from..end).filter(|at| lines.get(*at).is_some_and(is_like)).collect();
    let greater = like.iter().find(|at| lines.get(**at).is_some_and(|other| other.as_str() > line));
    let at = match (greater, like.last(), keyword) {
        (Some(greater), ..) => *greater,
        (None, Some(last), _) => last + 1,
        (None, None, "mod ") if indent > 0 => from,
        (None, None, _) if indent > 0 => end,
        (None, None, _) => return false,
    };
    lines.insert(at, line.to_owned());
    true
}

/// Puts a line at the end of the list whose head starts with `head`. Whether it could.
fn append_to_list(lines: &mut Vec<String>, head: &str, line: &str) -> bool {
    let Some(start) = lines.iter().position(|other| other.starts_with(head)) else { return false };
    let Some(length) = lines.iter().skip(start).position(|other| other == "];") else { return false };
    lines.insert(start + length, line.to_owned());
    true
}

fn joined(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

const SKELETON: &str = r#"use super::prelude::*;

declare_check! {
    /// What is wrong, in one line without a period
    ///
    /// Reports what exactly.
    ///
    /// ## Why
    /// What an attacker does with it.
    ///
    /// ## Restricted fields
    /// - `spec.field`
    ///
    /// ## Allowed values
    /// Which.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: bad}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: good}
    /// ```
    ///
    /// ## Remedy
    /// What to do.
    pub $name {
        id: "$id",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "$applies_to",
        since: "$version",
        sources: &[],
    }
}
"#;

const POD_CHECK: &str = r#"
impl PodCheck for $name {
    fn upstream_id(&self) -> &'static str {
        ""
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 0, evaluate: $module_1_0 }]
    }
}

fn $module_1_0(pod: &Pod<'_>) -> Option<Violation> {
    let _ = pod;
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    check_table! {
        $name, 37,
        nothing: "spec: {containers: [{name: a}]}" => allowed,
    }
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARDS_REGISTRY: &str = "mod alpha;\nmod omega;\n\npub use alpha::Alpha;\npub use omega::Omega;\n\npub const ALL: &[&dyn PodCheck] = &[\n    &Alpha,\n    &Omega,\n];\n";

    #[test]
    fn a_check_of_the_standards_is_entered_in_order() {
        let (text, remaining) = Check::new("pss", "host-pid").register(STANDARDS_REGISTRY);
        assert_eq!(
            text,
            "mod alpha;\nmod host_pid;\nmod omega;\n\npub use alpha::Alpha;\npub use host_pid::HostPid;\npub use omega::Omega;\n\npub const ALL: &[&dyn PodCheck] = &[\n    &Alpha,\n    &Omega,\n    &HostPid,\n];\n"
        );
        assert_eq!(remaining.len(), 1);
    }

    #[test]
    fn a_check_of_a_known_family_is_entered_in_it() {
        let registry = include_str!("../../engine/src/checks.rs");
        let (text, _) = Check::new("suppression", "late").register(registry);
        let block = text.split_once("pub mod suppression {").unwrap().1.split_once("\n}").unwrap().0;
        assert!(block.contains("\n    mod invalid;\n    mod late;\n    mod unused;\n"), "{block}");
        assert!(block.contains("\n    pub use invalid::Invalid;\n    pub use late::Late;\n"), "{block}");
        assert!(text.contains("\n    &suppression::Late,\n];\n"));
        assert_eq!(text.lines().count(), registry.lines().count() + 3);
    }

    #[test]
    fn a_new_family_gets_a_block() {
        let registry = include_str!("../../engine/src/checks.rs");
        let (text, remaining) = Check::new("image", "latest-tag").register(registry);
        let expected = "pub mod image {\n    mod latest_tag;\n    use super::prelude;\n    pub use latest_tag::LatestTag;\n}\n";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("\n    &image::LatestTag,\n];\n"));
        assert!(syn::parse_file(&text).is_ok());
        assert_eq!(remaining.len(), 3);
    }

    #[test]
    fn what_cannot_be_entered_is_said() {
        let (text, remaining) = Check::new("pss", "host-pid").register("fn a() {}\n");
        assert_eq!((text.as_str(), remaining.len()), ("fn a() {}\n", 2));
    }

    #[test]
    fn skeletons_are_rust() {
        for family in ["pss", "manifest"] {
            let check = Check::new(family, "host-pid");
            assert!(syn::parse_file(&check.skeleton()).is_ok(), "{}", check.skeleton());
            assert!(!check.skeleton().contains('$'));
        }
    }

    #[test]
    fn words_are_checked() {
        for bad in ["", "A", "a_b", "a-", "-a", "a--b", "../x"] {
            assert!(word(bad).is_err(), "{bad}");
        }
        assert_eq!(word("a-b2"), Ok("a-b2".to_owned()));
    }
}
