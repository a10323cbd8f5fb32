//! `ravelin podsec`.

mod bulk;

use super::sources::SourceArgs;
use crate::ExitStatus;
use crate::output::say;
use clap::ValueEnum;
use ravelin_engine::report::{Entry, Outcome};
use ravelin_object::pod::{Defaulting, Pod};
use ravelin_object::templates;
use ravelin_podsec::{Evaluation, Level, LevelVersion, ParseVersionError, Version};
use ravelin_render::visible;
use ravelin_source::scan::{Sources, read};
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;

/// Judge pods by the Pod Security Standards, in upstream's own words
///
/// Without --level and --version: for each pod and pod template, the highest level it meets at each policy
/// version, one letter a version (R restricted, B baseline, - privileged). With them: allowed or not, with
/// the reason and detail that Kubernetes gives. Namespaces, exemptions and suppressions play no part.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 all allowed; 1 something denied; 2 something could not be judged; 64 wrong usage.

Examples:
  ravelin podsec deploy/
  ravelin podsec --level restricted --version latest pod.yaml
  ravelin podsec --level baseline --level restricted --version v1.30 -o json deploy/
  ravelin podsec --ndjson --level restricted --version all < pods.ndjson")]
pub(crate) struct Args {
    /// Files, directories, or `-` for standard input
    #[arg(required_unless_present = "ndjson", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The level to judge by; may repeat [default with --version or --ndjson: restricted]
    #[arg(long, value_delimiter = ',', value_parser = Level::from_str)]
    level: Vec<Level>,
    /// The policy version to judge by: latest, v1.0 and up, or all; may repeat [default: latest]
    #[arg(long, visible_alias = "policy-version", value_delimiter = ',', value_parser = Versions::from_str)]
    version: Vec<Versions>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text", conflicts_with = "ndjson")]
    output: Output,
    /// Read one Pod as JSON from each line, and write one verdict as JSON a line for each level and version
    #[arg(long)]
    ndjson: bool,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    sources: SourceArgs,
}

/// One version, or all of them.
#[derive(Clone, Copy, Debug)]
enum Versions {
    One(Version),
    All,
}

impl FromStr for Versions {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        if text == "all" { Ok(Self::All) } else { text.parse().map(Self::One) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// For programs
    Json,
}

impl Args {
    /// Every level at every version asked for, levels first, in the order asked for.
    fn wanted(&self) -> Vec<LevelVersion> {
        let levels = if self.level.is_empty() { &[Level::Restricted][..] } else { &self.level };
        let versions: Vec<Version> = match self.version.as_slice() {
            [] => vec![Version::Latest],
            given => given
                .iter()
                .flat_map(|version| match version {
                    Versions::One(version) => vec![*version],
                    Versions::All => Version::all().chain([Version::Latest]).collect(),
                })
                .collect(),
        };
        levels
            .iter()
            .flat_map(|level| versions.iter().map(|version| LevelVersion::new(*level, *version)))
            .collect()
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    if args.ndjson {
        return bulk::run(&args.paths, &args.wanted(), &args.sources.limits());
    }
    let sources = read(&args.paths, &args.sources.options(&[], &[])?, &args.sources.limits());
    let judges = !args.level.is_empty() || !args.version.is_empty();
    let mut sheet = Sheet::new(judges.then(|| args.wanted()), args.output);
    sheet.fill(&sources);
    std::io::stdout().lock().write_all(sheet.print()?.as_bytes())?;
    for entry in sources.entries.iter().chain(&sheet.failed).filter(|entry| is_failed(entry)) {
        if let Outcome::Failed { message } = &entry.outcome {
            say(&format!("error: {}: {}", visible(&place(entry)), visible(message)));
        }
    }
    if sources.entries.is_empty() {
        say("error: nothing to judge: no YAML or JSON file there");
        return Ok(ExitStatus::Undecided);
    }
    Ok(match (sources.entries.iter().chain(&sheet.failed).any(is_failed), sheet.denied) {
        (true, _) => ExitStatus::Undecided,
        (false, true) => ExitStatus::Findings,
        (false, false) => ExitStatus::Clean,
    })
}

fn is_failed(entry: &Entry) -> bool {
    matches!(entry.outcome, Outcome::Failed { .. })
}

fn place(entry: &Entry) -> String {
    match entry.position {
        Some(position) => format!("{}:{}:{}", entry.file, position.line, position.column),
        None => entry.file.to_string(),
    }
}

/// The verdicts on every pod, ready to print.
struct Sheet {
    wanted: Option<Vec<LevelVersion>>,
    output: Output,
    rows: Vec<serde_json::Value>,
    lines: Vec<(String, String)>,
    failed: Vec<Entry>,
    denied: bool,
}

impl Sheet {
    fn new(wanted: Option<Vec<LevelVersion>>, output: Output) -> Self {
        Self { wanted, output, rows: Vec::new(), lines: Vec::new(), failed: Vec::new(), denied: false }
    }

    fn fill(&mut self, sources: &Sources) {
        for (object, entry) in sources.inventory.objects().iter().zip(&sources.entry_of) {
            let Some(entry) = sources.entries.get(*entry) else { continue };
            for template in templates::find(&object.identity, &object.value) {
                match Pod::decode(template.value, template.path, Defaulting::Pod) {
                    Ok(pod) => self.pod(entry, &pod),
                    Err(errors) => self.failed.push(Entry {
                        outcome: Outcome::Failed {
                            message: errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
                        },
                        ..entry.clone()
                    }),
                }
            }
        }
    }

    fn pod(&mut self, entry: &Entry, pod: &Pod<'_>) {
        let evaluation = Evaluation::new(pod);
        let object = entry.object.clone().unwrap_or_default();
        let path = pod.path.to_string();
        let position = entry.position.map_or((0, 0), |position| (position.line, position.column));
        let head = json!({
            "file": &*entry.file, "line": position.0, "column": position.1,
            "object": {"apiVersion": object.api_version, "kind": object.kind, "namespace": object.namespace, "name": object.name},
            "path": path,
        });
        let at = if path.is_empty() { String::new() } else { format!(" at {path}") };
        let name = format!("{}  {object}{at}", place(entry));
        let Some(wanted) = self.wanted.clone() else {
            let levels: Vec<(Version, Level)> =
                Version::all().map(|version| (version, highest(&evaluation, version))).collect();
            let text: String = levels.iter().map(|(_, level)| letter(*level)).collect();
            self.rows.push(with(head, &[("levels", runs(&levels))]));
            self.lines.push((name, text));
            return;
        };
        for at in wanted {
            let verdict = evaluation.verdict(at);
            self.denied |= !verdict.allowed();
            self.rows.push(with(
                head.clone(),
                &[
                    ("level", at.level.as_str().into()),
                    ("version", at.version.to_string().into()),
                    ("allowed", verdict.allowed().into()),
                    ("reason", verdict.reason().into()),
                    ("detail", verdict.detail().into()),
                ],
            ));
            let text = match verdict.allowed() {
                true => format!("{at}  allowed"),
                false => format!("{at}  denied: {}", verdict.detail()),
            };
            self.lines.push((name.clone(), text));
        }
    }

    fn print(&self) -> anyhow::Result<String> {
        if self.output == Output::Json {
            return Ok(format!("{}\n", serde_json::to_string_pretty(&self.rows)?));
        }
        let mut text = String::new();
        if self.wanted.is_some() {
            let mut last = "";
            for (name, line) in &self.lines {
                if name != last {
                    writeln!(text, "{}", visible(name))?;
                    last = name;
                }
                writeln!(text, "    {}", visible(line))?;
            }
            return Ok(text);
        }
        if self.lines.is_empty() {
            return Ok(text);
        }
        let columns = Version::all().count();
        writeln!(text, "{}", scale())?;
        for (name, line) in &self.lines {
            writeln!(text, "{line:columns$}  {}", visible(name))?;
        }
        writeln!(
            text,
            "\nR restricted   B baseline   - privileged: the highest level met at each policy version"
        )?;
        Ok(text)
    }
}

fn with(mut row: serde_json::Value, fields: &[(&str, serde_json::Value)]) -> serde_json::Value {
    if let Some(map) = row.as_object_mut() {
        map.extend(fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    }
    row
}

/// The levels as runs: each holds from its version until the next.
fn runs(levels: &[(Version, Level)]) -> serde_json::Value {
    let mut runs: Vec<serde_json::Value> = Vec::new();
    let mut last = None;
    for (version, level) in levels {
        if last != Some(level) {
            runs.push(json!({"since": version.to_string(), "level": level.as_str()}));
            last = Some(level);
        }
    }
    runs.into()
}

fn highest(evaluation: &Evaluation<'_>, version: Version) -> Level {
    let meets = |level: &Level| evaluation.verdict(LevelVersion::new(*level, version)).allowed();
    Level::ALL.into_iter().rev().find(meets).unwrap_or(Level::Privileged)
}

fn letter(level: Level) -> char {
    match level {
        Level::Privileged => '-',
        Level::Baseline => 'B',
        Level::Restricted => 'R',
    }
}

/// The policy versions above the letters: each tenth named, at its column.
fn scale() -> String {
    let mut scale = String::new();
    for minor in (0..=Version::NEWEST).step_by(10) {
        let column = usize::try_from(minor).unwrap_or_default();
        while scale.len() < column {
            scale.push(' ');
        }
        let _ = write!(scale, "v1.{minor}");
    }
    scale
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_scale_names_each_tenth_version_at_its_column() {
        assert_eq!(super::scale(), "v1.0      v1.10     v1.20     v1.30");
    }
}
