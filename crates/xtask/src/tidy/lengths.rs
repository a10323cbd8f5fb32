//! How long files and functions may be, tests aside.
//!
//! What was longer when the rule came stands in a list with its length. The list is a ratchet: a length
//! in it may be lowered, and has to be when the code gets shorter; it is never raised in passing.

use super::House;
use super::sources::{Kind, SourceFile, is_for_tests};
use proc_macro2::Span;
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// How many lines a file may have.
const FILE: usize = 600;

/// How many lines the file of a check may have: documentation and logic of one idea.
const CHECK: usize = 400;

/// How many lines of code the body of a function may have.
const FUNCTION: usize = 60;

/// The files that are longer, with their lengths.
const LONGER_FILES: &[(&str, usize)] = &[];

/// The functions that are longer, as `file::function`, with their lengths.
const LONGER_FUNCTIONS: &[(&str, usize)] = &[];

/// Files are short.
pub(super) fn files_are_short(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let lengths = product_files(house).map(|file| {
        let is_check = file.name.contains("/src/checks/");
        (file.name.clone(), product_lines(file), if is_check { CHECK } else { FILE })
    });
    Ok(faults(lengths, LONGER_FILES))
}

/// Functions are short.
pub(super) fn functions_are_short(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut lengths = Vec::new();
    for file in product_files(house) {
        let mut functions = Functions { text: &file.text, found: BTreeMap::new() };
        functions.visit_file(&file.syntax);
        let found = functions.found.into_iter();
        lengths.extend(found.map(|(name, lines)| (format!("{}::{name}", file.name), lines, FUNCTION)));
    }
    Ok(faults(lengths, LONGER_FUNCTIONS))
}

fn product_files<'h>(house: &'h House<'_>) -> impl Iterator<Item = &'h SourceFile> {
    house.sources.files.iter().filter(|file| file.kind == Kind::Product)
}

/// What is too long, and what the list of longer ones says wrongly.
fn faults(
    lengths: impl IntoIterator<Item = (String, usize, usize)>,
    longer: &[(&str, usize)],
) -> Vec<String> {
    let longer: BTreeMap<&str, usize> = longer.iter().copied().collect();
    let mut unused: BTreeSet<&str> = longer.keys().copied().collect();
    let mut faults = Vec::new();
    for (name, lines, limit) in lengths {
        match longer.get(name.as_str()) {
            None if lines > limit => {
                faults.push(format!("{name}: {lines} lines without tests, at most {limit}"))
            }
            None => {}
            Some(listed) => {
                unused.remove(name.as_str());
                if lines > *listed {
                    faults.push(format!(
                        "{name}: {lines} lines without tests; it had {listed} and may only shrink"
                    ));
                } else if lines < *listed {
                    faults.push(format!(
                        "{name}: now {lines} lines without tests; lower its entry in the ratchet"
                    ));
                }
            }
        }
    }
    faults.extend(unused.iter().map(|name| format!("{name}: is in the ratchet but not in the workspace")));
    faults
}

/// The lines of a file that are not in an item for tests.
fn product_lines(file: &SourceFile) -> usize {
    let mut tests = TestLines::default();
    tests.visit_file(&file.syntax);
    file.text.lines().count().saturating_sub(tests.0.len())
}

/// The numbers of the lines of items for tests.
#[derive(Default)]
struct TestLines(BTreeSet<usize>);

impl<'ast> Visit<'ast> for TestLines {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_for_tests(attributes(item)) {
            self.0.extend(lines(item.span()));
        } else {
            visit::visit_item(self, item);
        }
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn lines(span: Span) -> std::ops::RangeInclusive<usize> {
    span.start().line..=span.end().line
}

/// The functions of a file, tests aside, and how many lines of code their bodies have.
struct Functions<'t> {
    text: &'t str,
    found: BTreeMap<String, usize>,
}

impl Functions<'_> {
    fn add(&mut self, name: &syn::Ident, body: &syn::Block) {
        let (first, last) = (body.span().start().line, body.span().end().line);
        let inside = self.text.lines().skip(first).take(last.saturating_sub(first + 1));
        let code = inside.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        let code = code.count();
        // Functions of one name in one file: the longest speaks for all.
        let known = self.found.entry(name.to_string()).or_default();
        *known = code.max(*known);
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add(&function.sig.ident, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add(&function.sig.ident, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(&function.sig.ident, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile {
            name: "a.rs".to_owned(),
            package: String::new(),
            is_root: false,
            kind: Kind::Product,
            text: text.to_owned(),
            syntax: syn::parse_file(text).unwrap(),
        }
    }

    #[test]
    fn tests_do_not_count() {
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn b() {}\n}\n";
        assert_eq!(product_lines(&file(text)), 2);
        assert_eq!(product_lines(&file("#[cfg(test)]\nuse a::b;\nfn a() {}\n")), 1);
    }

    #[test]
    fn a_body_is_its_lines_of_code() {
        let text = "fn a() {\n    // Why.\n\n    b();\n    c();\n}\nimpl A {\n    fn a(&self) {}\n}\n";
        let mut functions = Functions { text, found: BTreeMap::new() };
        functions.visit_file(&file(text).syntax);
        assert_eq!(functions.found, BTreeMap::from([("a".to_owned(), 2)]));
    }

    #[test]
    fn the_ratchet_only_turns_one_way() {
        let of = |lines, longer| faults([("a.rs".to_owned(), lines, 600)], longer);
        assert!(of(600, &[]).is_empty());
        assert_eq!(of(601, &[]).len(), 1);
        assert!(of(700, &[("a.rs", 700)]).is_empty());
        assert_eq!(of(701, &[("a.rs", 700)]).len(), 1);
        assert_eq!(of(699, &[("a.rs", 700)]).len(), 1);
        assert_eq!(of(1, &[("gone.rs", 700)]).len(), 1);
    }
}
