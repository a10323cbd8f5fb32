//! Which files are read.

use crate::text::{SourceText, cannot_read, display_name};
use globset::{Glob, GlobSet, GlobSetBuilder};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which files of a directory are read.
#[derive(Clone, Debug)]
pub struct FileOptions {
    /// Read only files that match; where empty, `*.yaml`, `*.yml` and `*.json`.
    pub include: Globs,
    /// Skip files that match; they are accounted for as excluded.
    pub exclude: Globs,
    /// Read hidden files and folders.
    pub hidden: bool,
    /// Leave out what `.gitignore` and `.ignore` files name.
    pub respect_ignore_files: bool,
    /// Follow symbolic links found in directories; loops are errors, not hangs.
    pub follow_links: bool,
}

impl FileOptions {
    /// What is read where nothing else is asked for.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            include: Globs::default(),
            exclude: Globs::default(),
            hidden: false,
            respect_ignore_files: true,
            follow_links: false,
        }
    }
}

/// A set of glob patterns. A pattern without a slash is matched against the name of a file, one with a
/// slash against its path, as given and below the directory it was found in.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    names: GlobSet,
    paths: GlobSet,
    is_empty: bool,
}

/// A text that is no glob pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no glob pattern: {reason}")]
pub struct GlobError {
    text: String,
    reason: String,
}

impl Globs {
    /// The set of these patterns.
    ///
    /// # Errors
    /// If one of them is no pattern.
    pub fn new<T: AsRef<str>>(patterns: &[T]) -> Result<Self, GlobError> {
        let (mut names, mut paths) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for text in patterns.iter().map(AsRef::as_ref) {
            let text = text.strip_prefix("./").unwrap_or(text);
            let error =
                |error: globset::Error| GlobError { text: text.to_owned(), reason: error.kind().to_string() };
            let glob = Glob::new(text).map_err(error)?;
            if text.contains('/') {
                paths.add(glob)
            } else {
                names.add(glob)
            };
        }
        let error = |error: globset::Error| GlobError { text: String::new(), reason: error.to_string() };
        Ok(Self {
            names: names.build().map_err(error)?,
            paths: paths.build().map_err(error)?,
            is_empty: patterns.is_empty(),
        })
    }

    /// Whether there is no pattern.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_empty || self.names.is_empty() && self.paths.is_empty()
    }

    /// Whether the path of a file matches.
    #[must_use]
    pub fn matches(&self, path: &Path) -> bool {
        let path = path.strip_prefix("./").unwrap_or(path);
        self.paths.is_match(path) || path.file_name().is_some_and(|name| self.names.is_match(name))
    }
}

/// A file to read, or a reason why it is not.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// The name reports use.
    pub name: Arc<str>,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a file.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// It is read.
    Read(SourceText),
    /// It is not, on purpose.
    Skipped(&'static str),
    /// It cannot be.
    Failed(String),
}

/// The files below `paths`, each once, in the order of the arguments and of the names in them. `-` is
/// standard input.
pub(crate) fn collect(paths: &[PathBuf], options: &FileOptions, limit: u64) -> Vec<Candidate> {
    let mut seen = BTreeSet::new();
    let mut candidates = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            candidates.push(standard_input(limit));
        } else if path.is_dir() {
            candidates.extend(below(path, options));
        } else {
            // A file that is named is read, whatever its name and whatever is excluded.
            candidates.push(Candidate {
                name: display_name(path),
                fate: Fate::Read(SourceText::File(path.clone())),
            });
        }
    }
    candidates.retain(|candidate| seen.insert(candidate.name.clone()));
    candidates
}

fn standard_input(limit: u64) -> Candidate {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(limit.saturating_add(1)).read_to_end(&mut bytes);
    let fate = match read {
        Ok(_) => Fate::Read(SourceText::Kept(bytes.into())),
        Err(error) => Fate::Failed(cannot_read(&error)),
    };
    Candidate { name: Arc::from("<stdin>"), fate }
}

fn below(root: &Path, options: &FileOptions) -> Vec<Candidate> {
    let mut walk = ignore::WalkBuilder::new(root);
    walk.hidden(!options.hidden)
        .ignore(options.respect_ignore_files)
        .git_ignore(options.respect_ignore_files)
        .git_exclude(options.respect_ignore_files)
        .git_global(false)
        .parents(options.respect_ignore_files)
        .require_git(false)
        .follow_links(options.follow_links)
        .sort_by_file_path(Path::cmp);
    walk.build().filter_map(|entry| candidate(root, entry, options)).collect()
}

fn candidate(
    root: &Path,
    entry: Result<ignore::DirEntry, ignore::Error>,
    options: &FileOptions,
) -> Option<Candidate> {
    let entry = match entry {
        Ok(entry) => entry,
        Err(error) => return Some(unreadable(root, &error)),
    };
    let path = entry.path();
    let kind = entry.file_type()?;
    let relative = path.strip_prefix(root).unwrap_or(path);
    if kind.is_dir() || !is_wanted(path, relative, options) {
        return None;
    }
    let name = display_name(path);
    let fate = if options.exclude.matches(path) || options.exclude.matches(relative) {
        Fate::Skipped("excluded")
    } else if kind.is_symlink() {
        Fate::Skipped("symbolic link (--follow-links reads it)")
    } else if !kind.is_file() {
        Fate::Skipped("not a regular file")
    } else {
        Fate::Read(SourceText::File(path.to_owned()))
    };
    Some(Candidate { name, fate })
}

fn is_wanted(path: &Path, relative: &Path, options: &FileOptions) -> bool {
    if options.include.is_empty() {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        return ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    }
    options.include.matches(path) || options.include.matches(relative)
}

fn unreadable(root: &Path, error: &ignore::Error) -> Candidate {
    let (path, message) = describe(error);
    let name = display_name(path.as_deref().unwrap_or(root));
    Candidate { name, fate: Fate::Failed(message) }
}

fn describe(error: &ignore::Error) -> (Option<PathBuf>, String) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path.clone()), describe(err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => describe(err),
        ignore::Error::Loop { child, .. } => (
            Some(child.clone()),
            "cannot be read: the symbolic link leads back to a folder above it".to_owned(),
        ),
        ignore::Error::Io(error) => (None, cannot_read(error)),
        other => (None, format!("cannot be read: {other}")),
    }
}
