//! `ravelin.yaml`: the settings and suppressions of a project.

use crate::Limits;
use crate::files::Globs;
use crate::kustomize::normal;
use crate::places::{Lines, Places};
use ravelin_diag::{Anchor, FieldPath, Segment};
use ravelin_engine::report::{Location, Region, ReportedFinding, SuppressedBy};
use ravelin_engine::selection::{Pattern, Selection};
use ravelin_engine::suppression::{self, Day, Suppression};
use ravelin_object::{Value, read};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The settings of a project, as written in `ravelin.yaml`. Arguments on the command line win over them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(title = "ravelin.yaml")]
pub struct Project {
    /// The level that pods are held to where no namespace says anything: privileged, baseline or restricted.
    pub level: Option<String>,
    /// The policy version for that level: latest, or v1.0 and up.
    pub version: Option<String>,
    /// The file with the `PodSecurityConfiguration` of the API server, relative to this file.
    pub psa_config: Option<PathBuf>,
    /// The namespace of objects that name none.
    pub namespace: Option<String>,
    /// The least severity that fails the run: critical, high, medium, low or info.
    pub fail_on: Option<String>,
    /// The checks or families to run; all where absent.
    pub select: Vec<String>,
    /// The checks or families not to run.
    pub ignore: Vec<String>,
    /// Glob patterns of the files to read in directories; `*.yaml`, `*.yml` and `*.json` where absent.
    pub include: Vec<String>,
    /// Glob patterns of files not to read.
    pub exclude: Vec<String>,
    /// Findings that are known and accepted.
    pub suppressions: Vec<SuppressionEntry>,
}

/// A suppression: every selector that is given must match.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuppressionEntry {
    /// The ids or families of the checks.
    pub checks: Vec<String>,
    /// Glob patterns of files, relative to the folder of this file.
    #[serde(default)]
    pub files: Vec<String>,
    /// The kind of the object.
    pub kind: Option<String>,
    /// A glob pattern for the namespace of the object.
    pub namespace: Option<String>,
    /// A glob pattern for the name of the object.
    pub name: Option<String>,
    /// A glob pattern for the path of the field, as findings print it: `spec.template.spec.volumes*`.
    pub path: Option<String>,
    /// Why the finding is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds: 2027-01-31.
    pub expires: Option<String>,
}

/// Why a project file cannot be used; prints as `file:line:column: field: what is wrong`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}", position.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default())]
pub struct ProjectError {
    /// The file.
    pub file: String,
    /// Line and column, from 1.
    pub position: Option<(u32, u32)>,
    /// What is wrong.
    pub message: String,
}

/// A project file that was read.
#[derive(Clone, Debug, Default)]
pub struct ProjectFile {
    /// Its settings.
    pub project: Project,
    /// Its suppressions, ready to be applied.
    pub entries: Entries,
    /// The folder it stands in; empty for the current one.
    pub folder: PathBuf,
}

/// The suppressions of a project file.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    suppressions: Vec<Suppression>,
    scopes: Vec<Scope>,
}

#[derive(Clone, Debug)]
struct Scope {
    files: Option<Globs>,
    folder: PathBuf,
    kind: Option<String>,
    namespace: Option<globset::GlobMatcher>,
    name: Option<globset::GlobMatcher>,
    path: Option<globset::GlobMatcher>,
}

impl Scope {
    /// The file as seen from the folder of the project file.
    fn below(&self, file: &str) -> PathBuf {
        let file = Path::new(file);
        let whole = std::path::absolute(file).map(|path| normal(&path));
        whole
            .ok()
            .and_then(|path| path.strip_prefix(&self.folder).ok().map(Path::to_owned))
            .unwrap_or_else(|| file.to_owned())
    }

    fn covers(&self, finding: &ReportedFinding) -> bool {
        let object = finding.object.as_ref();
        let text = |glob: &Option<globset::GlobMatcher>, text: Option<&str>| match glob {
            None => true,
            Some(glob) => text.is_some_and(|text| glob.is_match(text)),
        };
        self.files.as_ref().is_none_or(|files| files.matches(&self.below(&finding.location.file)))
            && self.kind.as_ref().is_none_or(|kind| object.is_some_and(|object| object.kind == *kind))
            && text(&self.namespace, object.map(|object| object.namespace.as_str()))
            && text(&self.name, object.map(|object| object.name.as_str()))
            && text(&self.path, Some(&finding.finding.path.to_string()))
    }
}

impl Entries {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.suppressions.is_empty()
    }

    /// Silences the findings that an entry covers; returns findings about entries that have expired or
    /// silence nothing.
    pub fn apply(
        &self,
        findings: &mut [ReportedFinding],
        today: Day,
        selection: &Selection,
    ) -> Vec<ReportedFinding> {
        let covers = |index: usize, finding: &ReportedFinding| {
            self.scopes.get(index).is_some_and(|scope| scope.covers(finding))
        };
        suppression::apply(findings, &self.suppressions, today, selection, covers)
    }
}

/// The name of a project file.
pub const FILE_NAME: &str = "ravelin.yaml";

/// The project file for a run in `folder`: in it, or in the nearest folder above it, up to the one that
/// holds a repository.
#[must_use]
pub fn discover(folder: &Path) -> Option<PathBuf> {
    for ancestor in folder.ancestors() {
        let file = ancestor.join(FILE_NAME);
        if file.is_file() {
            return Some(file);
        }
        if ancestor.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The JSON Schema of a project file, for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Project).to_value()
}

/// Reads a project file. Unknown fields are errors, as are checks that do not exist and days that are none.
///
/// # Errors
/// The first fault, with its place.
pub fn load(path: &Path) -> Result<ProjectFile, ProjectError> {
    let file = path.display().to_string();
    let plain = |message: String| ProjectError { file: file.clone(), position: None, message };
    let bytes = std::fs::read(path).map_err(|error| plain(crate::text::cannot_read(&error)))?;
    let text = ravelin_yaml::decode(&bytes).map_err(|error| plain(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    parse(&file, &text, folder)
}

fn parse(file: &str, text: &str, folder: PathBuf) -> Result<ProjectFile, ProjectError> {
    let limits = Limits::STANDARD.of_document();
    let lines = Lines::new(text);
    let at_offset = |offset: u32, message: String| {
        let position = lines.position(offset);
        ProjectError { file: file.to_owned(), position: Some((position.line, position.column)), message }
    };
    let read = read::yaml(text, &limits).map_err(|error| at_offset(error.offset, error.message))?;
    let value = match read.value {
        None | Some(Value::Null) => return Ok(ProjectFile { folder, ..ProjectFile::default() }),
        Some(value) => value,
    };
    let places = Places::of_yaml(text, &limits);
    let region = |path: &FieldPath, anchor| {
        let bytes = places.as_ref().map(|places| places.resolve(path, anchor)).unwrap_or_default();
        lines.region(bytes)
    };
    if let Some(duplicate) = places.as_ref().and_then(|places| places.duplicates().first()) {
        return Err(at_offset(
            duplicate.span.0,
            format!("the key `{}` stands in this mapping before", duplicate.key),
        ));
    }
    let project: Project = serde_path_to_error::deserialize(value.to_json()).map_err(|error| {
        let path = field_path(error.path());
        let message = format!("{}: {}", path_text(&path), error.inner());
        at_offset(region(&path, Anchor::Key).bytes.0, message)
    })?;
    let entries = entries(file, &project, &folder, &region)?;
    Ok(ProjectFile { project, entries, folder })
}

fn entries(
    file: &str,
    project: &Project,
    folder: &Path,
    region: &dyn Fn(&FieldPath, Anchor) -> Region,
) -> Result<Entries, ProjectError> {
    let mut entries = Entries::default();
    for (index, entry) in project.suppressions.iter().enumerate() {
        let path = FieldPath::root().key("suppressions").index(index);
        let fault = |key: &str, message: String| {
            let position = region(&path.clone().key(key), Anchor::Value).start;
            let message = format!("suppressions[{index}].{key}: {message}");
            ProjectError { file: file.to_owned(), position: Some((position.line, position.column)), message }
        };
        let glob = |key: &str, text: &Option<String>| {
            let glob = text.as_deref().map(globset::Glob::new).transpose();
            glob.map(|glob| glob.map(|glob| glob.compile_matcher()))
                .map_err(|error| fault(key, error.kind().to_string()))
        };
        if entry.checks.is_empty() {
            return Err(fault("checks", "names no check".to_owned()));
        }
        if entry.reason.trim().is_empty() {
            return Err(fault("reason", "is empty; say why the finding is accepted".to_owned()));
        }
        let checks: Result<Vec<Pattern>, _> = entry.checks.iter().map(|id| id.parse()).collect();
        let expires = entry.expires.as_deref().map(str::parse).transpose();
        let files = if entry.files.is_empty() { None } else { Some(Globs::new(&entry.files)) };
        entries.suppressions.push(Suppression {
            checks: checks.map_err(|error: ravelin_engine::selection::UnknownCheck| {
                fault("checks", error.to_string())
            })?,
            by: SuppressedBy::Entry(index),
            reason: entry.reason.clone(),
            expires: expires
                .map_err(|error: suppression::ParseDayError| fault("expires", error.to_string()))?,
            location: Location { file: Arc::from(file), region: region(&path, Anchor::Value) },
            object: None,
        });
        entries.scopes.push(Scope {
            files: files.transpose().map_err(|error| fault("files", error.to_string()))?,
            folder: std::path::absolute(folder_or_here(folder))
                .map_or_else(|_| folder.to_owned(), |path| normal(&path)),
            kind: entry.kind.clone(),
            namespace: glob("namespace", &entry.namespace)?,
            name: glob("name", &entry.name)?,
            path: glob("path", &entry.path)?,
        });
    }
    Ok(entries)
}

/// The folder, or the current one where it has no name.
fn folder_or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

fn field_path(path: &serde_path_to_error::Path) -> FieldPath {
    let segments = path.iter().filter_map(|segment| match segment {
        serde_path_to_error::Segment::Map { key } => Some(Segment::Key(key.as_str().into())),
        serde_path_to_error::Segment::Seq { index } => Some(Segment::Index(*index)),
        _ => None,
    });
    FieldPath::from(segments.collect::<Vec<_>>())
}

fn path_text(path: &FieldPath) -> String {
    if path.segments().is_empty() { "the file".to_owned() } else { path.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        parse("ravelin.yaml", text, PathBuf::new()).unwrap_err().to_string()
    }

    #[test]
    fn reads_settings_and_suppressions() {
        let text = "level: baseline\nfailOn: high\nsuppressions:\n- checks: [pss/host-path-volumes]\n  files: ['agents/**']\n  name: log-*\n  reason: reads host logs\n  expires: '2027-01-31'\n";
        let file = parse("ravelin.yaml", text, PathBuf::new()).unwrap();
        assert_eq!(file.project.level.as_deref(), Some("baseline"));
        assert!(!file.entries.is_empty());
        assert!(parse("ravelin.yaml", "# nothing\n", PathBuf::new()).unwrap().entries.is_empty());
    }

    #[test]
    fn faults_are_named_with_their_place() {
        assert!(
            fault("levle: x\n")
                .starts_with("ravelin.yaml:1:1: levle: unknown field `levle`, expected one of")
        );
        assert!(fault("suppressions:\n- checks: []\n  reason: x\n").starts_with("ravelin.yaml:2:"));
        assert!(
            fault("suppressions:\n- checks: [pss/nothing]\n  reason: x\n")
                .contains("no check or family is named")
        );
        assert!(
            fault("suppressions:\n- checks: [pss]\n  reason: x\n  expires: soon\n")
                .contains("`soon` is no day")
        );
        assert!(fault("suppressions:\n- checks: [pss]\n").contains("missing field `reason`"));
        assert!(fault("level: a\nlevel: b\n").contains("stands in this mapping before"));
    }
}
