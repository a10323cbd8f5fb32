//! The Rust files of the workspace, found as the compiler finds them: from the roots through `mod`.

use super::House;
use crate::workspace::Workspace;
use anyhow::Context as _;
use cargo_metadata::{Package, TargetKind};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// It is compiled into what people run.
    Product,
    /// It is compiled for tests only.
    Test,
}

/// A Rust file.
pub(super) struct SourceFile {
    /// Its path from the root of the workspace.
    pub name: String,
    /// The package it belongs to.
    pub package: String,
    /// Whether it is the root of a crate.
    pub is_root: bool,
    /// What it is for.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// Its syntax.
    pub syntax: syn::File,
}

/// The Rust files of the workspace.
#[derive(Default)]
pub(super) struct Sources {
    /// Those that the compiler reaches, by name.
    pub files: Vec<SourceFile>,
    /// Those that it does not reach.
    pub forgotten: Vec<String>,
}

impl Sources {
    /// Reads the files of every package.
    pub(super) fn load(workspace: &Workspace) -> anyhow::Result<Self> {
        let mut sources = Self::default();
        for package in workspace.packages() {
            sources.add(workspace, package)?;
        }
        sources.files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(sources)
    }

    fn add(&mut self, workspace: &Workspace, package: &Package) -> anyhow::Result<()> {
        let mut reached = BTreeMap::new();
        let mut roots = BTreeSet::new();
        for target in &package.targets {
            let is_test = target.kind.contains(&TargetKind::Test);
            let root = target.src_path.as_std_path();
            roots.insert(root.to_owned());
            let folder = root.parent().unwrap_or(root);
            reach(root, folder, if is_test { Kind::Test } else { Kind::Product }, &mut reached)?;
        }
        let folder = package.manifest_path.as_std_path().parent().context("a manifest is in a folder")?;
        let mut present = Vec::new();
        rust_files(folder, &mut present)?;
        let forgotten = present.iter().filter(|path| !reached.contains_key(*path));
        self.forgotten.extend(forgotten.map(|path| workspace.relative(path)));
        self.files.extend(reached.into_iter().map(|(path, (kind, text, syntax))| SourceFile {
            name: workspace.relative(&path),
            package: package.name.to_string(),
            is_root: roots.contains(&path),
            kind,
            text,
            syntax,
        }));
        Ok(())
    }
}

type Reached = BTreeMap<PathBuf, (Kind, String, syn::File)>;

/// Adds a file and those that its modules are in; `folder` is where they are.
fn reach(path: &Path, folder: &Path, kind: Kind, reached: &mut Reached) -> anyhow::Result<()> {
    if reached.get(path).is_some_and(|(known, ..)| *known <= kind) {
        return Ok(());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let syntax = syn::parse_file(&text).with_context(|| format!("cannot parse {}", path.display()))?;
    let mut modules = Vec::new();
    modules_of(&syntax.items, path.parent().unwrap_or(path), folder, kind, &mut modules);
    reached.insert(path.to_owned(), (kind, text, syntax));
    for module in modules {
        reach(&module.path, &module.folder, module.kind, reached)?;
    }
    Ok(())
}

struct Module {
    path: PathBuf,
    /// Where the files of its own modules are.
    folder: PathBuf,
    kind: Kind,
}

/// The files that `items` declare; `beside` is the folder that `#[path]` starts in.
fn modules_of(items: &[syn::Item], beside: &Path, folder: &Path, kind: Kind, modules: &mut Vec<Module>) {
    for item in items {
        let syn::Item::Mod(module) = item else { continue };
        let kind = if is_for_tests(&module.attrs) { Kind::Test } else { kind };
        let inner = folder.join(module.ident.to_string());
        if let Some((_, items)) = &module.content {
            modules_of(items, &inner, &inner, kind, modules);
        } else if let Some(given) = path_attribute(&module.attrs) {
            let path = beside.join(given);
            let folder = path.parent().unwrap_or(&path).to_owned();
            modules.push(Module { path, folder, kind });
        } else {
            let file = inner.with_extension("rs");
            let path = if file.is_file() { file } else { inner.join("mod.rs") };
            modules.push(Module { path, folder: inner, kind });
        }
    }
}

fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let pair = attribute.meta.require_name_value().ok().filter(|pair| pair.path.is_ident("path"))?;
        match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        }
    })
}

/// Whether an item is compiled for tests only: `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, unix))]`.
pub(super) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg");
        let condition = attribute.meta.require_list().ok().map(|list| list.tokens.clone());
        attribute.path().is_ident("test")
            || is_cfg && condition.is_some_and(|tokens| names(&tokens, "test") && !names(&tokens, "not"))
    })
}

/// Whether a word stands in the tokens.
fn names(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => names(&group.stream(), word),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let fault = || format!("cannot read {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(fault)? {
        let path = entry.with_context(fault)?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                rust_files(&path, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

/// Every Rust file is declared by a `mod`: one that is not is never compiled, its tests never run.
pub(super) fn every_file_is_reached(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let forgotten = house.sources.forgotten.iter();
    Ok(forgotten.map(|name| format!("{name}: no `mod` declares it, so it is never compiled")).collect())
}

/// Modules are `foo.rs` with `foo/`, never `foo/mod.rs`; yet beside integration tests `foo.rs` would be a test of its own.
pub(super) fn no_file_is_called_mod(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let names = house.sources.files.iter().map(|file| &file.name).chain(&house.sources.forgotten);
    let is_shared =
        |name: &str| matches!(name.split('/').collect::<Vec<_>>()[..], ["crates", _, "tests", _, "mod.rs"]);
    let called_mod = names.filter(|name| name.ends_with("/mod.rs") && !is_shared(name));
    Ok(called_mod.map(|name| format!("{name}: name the file for the module, beside its folder")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(text: &str) -> Vec<(String, Kind)> {
        let mut modules = Vec::new();
        let items = syn::parse_file(text).unwrap().items;
        modules_of(&items, Path::new("src"), Path::new("src/foo"), Kind::Product, &mut modules);
        modules.iter().map(|module| (module.path.display().to_string(), module.kind)).collect()
    }

    #[test]
    fn modules_are_found_where_the_compiler_looks() {
        let found = modules("mod a; mod b { mod c; } #[path = \"d_.rs\"] mod d; #[cfg(test)] mod tests;");
        let product = |name: &str| (name.to_owned(), Kind::Product);
        assert_eq!(
            found,
            [
                product("src/foo/a/mod.rs"),
                product("src/foo/b/c/mod.rs"),
                product("src/d_.rs"),
                ("src/foo/tests/mod.rs".to_owned(), Kind::Test),
            ]
        );
    }

    #[test]
    fn tests_are_told_from_product_code() {
        for (text, expected) in [
            ("#[cfg(test)] mod a;", true),
            ("#[test] fn a() {}", true),
            ("#[cfg(all(test, unix))] mod a;", true),
            ("#[cfg(not(test))] mod a;", false),
            ("#[cfg(feature = \"test\")] mod a;", false),
            ("mod a;", false),
        ] {
            let attributes = match syn::parse_str(text).unwrap() {
                syn::Item::Mod(item) => item.attrs,
                syn::Item::Fn(item) => item.attrs,
                _ => Vec::new(),
            };
            assert_eq!(is_for_tests(&attributes), expected, "{text}");
        }
    }

    #[test]
    fn a_file_without_a_mod_is_forgotten() {
        let folder = std::env::temp_dir().join(format!("xtask-forgotten-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("a")).unwrap();
        for (name, text) in [("lib.rs", "mod a;"), ("a.rs", "mod b;"), ("a/b.rs", ""), ("a/lost.rs", "")] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let mut reached = Reached::new();
        reach(&folder.join("lib.rs"), &folder, Kind::Product, &mut reached).unwrap();
        let mut present = Vec::new();
        rust_files(&folder, &mut present).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let forgotten: Vec<PathBuf> =
            present.into_iter().filter(|path| !reached.contains_key(path)).collect();
        assert_eq!(forgotten, [folder.join("a/lost.rs")]);
    }
}
