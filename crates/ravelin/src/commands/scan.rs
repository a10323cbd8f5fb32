//! `ravelin scan`.

use super::cluster_args::{self, ClusterArgs, Known};
use super::sources::SourceArgs;
use crate::ExitStatus;
use crate::exit::usage;
use crate::output::{self, Color};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ravelin_cluster::kinds::{self, Kind};
use ravelin_cluster::snapshot::Record;
use ravelin_diag::Severity;
use ravelin_engine::report::{Entry, Outcome, Report};
use ravelin_engine::scan::{Settings, is_relevant};
use ravelin_engine::selection::{Pattern, Selection};
use ravelin_engine::suppression::Day;
use ravelin_object::Value;
use ravelin_object::identity::Identity;
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::{Level, LevelVersion, Version};
use ravelin_render::{Context, Format, Texts};
use ravelin_source::baseline;
use ravelin_source::project::{self, ProjectFile};
use ravelin_source::psa::{self, PsaFile};
use ravelin_source::scan::{Base, Progress, REPLACED, Request, read_where};
use ravelin_source::{FileOptions, Limits, SourceText};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Judge manifests
///
/// Reads YAML and JSON as Kubernetes reads them, finds pods wherever they are, and judges them by the Pod
/// Security Standards: by what their namespace enforces, warns about and audits where it is among the
/// scanned files, else by --level. Every document is accounted for as judged, not applicable, skipped or
/// failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 clean; 1 findings at or above --fail-on; 2 something could not be judged; 64 wrong usage.

Examples:
  ravelin scan deploy/
  ravelin scan --level baseline --fail-on high deploy/ extra.yaml
  helm template ./chart | ravelin scan -
  kubectl get deploy,ds,sts,cronjob,ns -A -o yaml | ravelin scan -
  ravelin scan --format pretty --output sarif=ravelin.sarif --output junit=ravelin.xml .
  ravelin scan --write-baseline baseline.json . && ravelin scan --baseline baseline.json .
  ravelin scan --cluster
  ravelin scan --snapshot cluster.json deploy/   a pull request over what runs
  ravelin scan --psa-config /etc/kubernetes/psa.yaml --select pss deploy/")]
pub(crate) struct Args {
    /// Files, directories, or `-` for standard input
    #[arg(required_unless_present_any = ["cluster", "snapshot"], value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What `ravelin snapshot` saved of a cluster, or a List of `kubectl get -o json`; the paths are laid over it
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// The level for pods whose namespace says nothing: privileged, baseline or restricted [default: restricted]
    #[arg(long, value_parser = Level::from_str)]
    level: Option<Level>,
    /// The policy version for --level: latest, or v1.0 and up [default: latest]
    #[arg(long, visible_alias = "policy-version", value_name = "VERSION", value_parser = Version::from_str)]
    version: Option<Version>,
    /// The PodSecurityConfiguration of the API server: defaults and exemptions; a PodSecurityExtension may follow
    #[arg(long, value_name = "FILE")]
    psa_config: Option<PathBuf>,
    /// The namespace of objects that name none
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// Run only these checks or families; may repeat, or list with commas
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = Pattern::from_str)]
    select: Vec<Pattern>,
    /// Do not run these checks or families; may repeat, or list with commas
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = Pattern::from_str)]
    ignore: Vec<Pattern>,
    /// The least severity that fails the run: critical, high, medium, low or info [default: medium]
    #[arg(long, value_name = "SEVERITY", value_parser = Severity::from_str)]
    fail_on: Option<Severity>,
    /// Fail on skipped documents as on those that could not be judged
    #[arg(long)]
    strict: bool,
    /// How to print: pretty, concise, json, sarif, junit, github or markdown
    #[arg(short, long, default_value = "pretty", value_parser = Format::from_str)]
    format: Format,
    /// Write to a file as well, in a format of its own; may repeat
    #[arg(short, long, value_name = "FORMAT=FILE", value_parser = parse_output)]
    output: Vec<(Format, PathBuf)>,
    /// Only findings that this file does not know count
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the findings of this run for a later --baseline
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Heed no suppression, wherever it is written
    #[arg(long)]
    no_suppressions: bool,
    /// Show suppressed findings and those of the baseline too
    #[arg(long)]
    show_suppressed: bool,
    /// The configuration file [default: ravelin.yaml in this folder or above, within the repository]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long)]
    no_config: bool,
    /// List every document that was skipped or not applicable
    #[arg(short, long)]
    verbose: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value = "auto")]
    color: Color,
    #[command(flatten, next_help_heading = "Which cluster")]
    cluster: ClusterArgs,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    sources: SourceArgs,
}

fn parse_output(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE, as in sarif=report.sarif")?;
    if file.is_empty() {
        return Err("expected a file behind the `=`".to_owned());
    }
    Ok((format.parse().map_err(|error: ravelin_render::ParseFormatError| error.to_string())?, file.into()))
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitStatus> {
    let started = Instant::now();
    let project = project_file(&args)?;
    let psa = psa_path(&args, &project).map(|path| psa::load(&path)).transpose().map_err(usage)?;
    let mut settings = settings(&args, &project, psa.as_ref())?;
    let fail_on = fail_on(&args, &project)?;
    let known = args.baseline.as_deref().map(baseline::read).transpose().map_err(usage)?;
    let files = args.sources.options(&project.project.include, &project.project.exclude)?;
    let limits = args.sources.limits();
    let suppress = if args.no_suppressions { None } else { Some(settings.today) };
    let base = bases(&args, &limits)?;
    settings.is_complete = base.is_complete;
    let request = Request {
        paths: &args.paths,
        base: &base.sources,
        files: &files,
        limits: &limits,
        settings: &settings,
        suppress,
        entries: &project.entries,
        psa: psa.as_ref(),
    };
    let bar = Bar::new();
    let (mut report, texts) = ravelin_source::scan::scan(&request, &bar);
    bar.0.finish_and_clear();
    report.unknown.extend(base.unknown);
    if let Some(known) = &known {
        report.mark_known(known);
    }
    if let Some(path) = &args.write_baseline {
        let count = baseline::write(path, &report)?;
        output::say(&format!("wrote {count} findings to {}", path.display()));
    }
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).ok();
    let texts = SourceTexts(texts);
    let context = |color, width| Context {
        version: env!("CARGO_PKG_VERSION"),
        texts: &texts,
        color,
        width,
        fail_on,
        show_suppressed: args.show_suppressed,
        verbose: args.verbose,
        elapsed_ms,
    };
    for (format, path) in &args.output {
        write_to(path, *format, &report, &context(false, 120))?;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    ravelin_render::render(
        args.format,
        &report,
        &context(args.color.on_stdout(), output::width()),
        &mut out,
    )?;
    out.flush()?;
    drop(out);
    Ok(status(&report, fail_on, &args))
}

/// The least severity that fails the run.
fn fail_on(args: &Args, project: &ProjectFile) -> anyhow::Result<Severity> {
    match (args.fail_on, &project.project.fail_on) {
        (Some(severity), _) => Ok(severity),
        (None, Some(text)) => text.parse().map_err(usage),
        (None, None) => Ok(Severity::Medium),
    }
}

/// The kinds that a scan looks at.
fn judged_kinds() -> Vec<&'static Kind> {
    let is_judged = |kind: &&Kind| {
        let api_version = kind.versions.first().map(|version| kind.api_version(version)).unwrap_or_default();
        let identity = Identity { api_version, kind: kind.kind.to_owned(), ..Identity::default() };
        is_relevant(&identity, &Value::Null)
    };
    kinds::ALL.iter().filter(is_judged).collect()
}

/// What the paths are laid over.
struct Bases {
    /// The cluster, then the snapshot over it, and what of them could not be read.
    sources: Vec<Base>,
    /// What of them nobody wanted to read.
    unknown: Vec<String>,
    /// Whether they hold all that a scan looks at.
    is_complete: bool,
}

fn bases(args: &Args, limits: &Limits) -> anyhow::Result<Bases> {
    let (mut sources, mut known) = (Vec::new(), Known::default());
    if let Some(cluster) = args.cluster.fetch(judged_kinds())? {
        for object in &cluster.objects {
            let identity = Identity::of(object).unwrap_or_default();
            let text = serde_json::to_vec_pretty(&object.to_json())?;
            sources.push(Base {
                layer: 0,
                name: cluster_args::place(&identity).into(),
                text: Ok(SourceText::Kept(text.into())),
            });
        }
        known.add("cluster", cluster.account);
    }
    if let Some(file) = &args.snapshot {
        let name = file.display().to_string();
        sources.push(Base { layer: 1, name: name.as_str().into(), text: Ok(SourceText::File(file.clone())) });
        let is_record = |identity: &Identity, _: &Value| Record::is(identity);
        let records = read_where(std::slice::from_ref(file), &FileOptions::standard(), limits, is_record);
        for object in records.inventory.objects() {
            if let Err(message) = known.add_record(&name, &object.identity, &object.value) {
                sources.push(Base { layer: 1, name: format!("{name} (record)").into(), text: Err(message) });
            }
        }
    }
    let doubts = known.doubts(&judged_kinds(), None);
    let is_complete = !known.is_empty() && doubts.is_empty();
    let mut unknown = Vec::new();
    for (source, doubt) in doubts {
        // What nobody wanted to read is no failure.
        if doubt.is_chosen {
            unknown.push(format!("{} are not in {source}", doubt.what));
        } else {
            let name = format!("{source}:{}", doubt.what).into();
            sources.push(Base { layer: 0, name, text: Err(doubt.why) });
        }
    }
    Ok(Bases { sources, unknown, is_complete })
}

fn status(report: &Report, fail_on: Severity, args: &Args) -> ExitStatus {
    let counts = report.counts();
    if report.entries.is_empty() {
        let paths: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
        output::say(&format!("error: nothing to judge: no YAML or JSON file in {}", paths.join(", ")));
        return ExitStatus::Undecided;
    }
    // What is replaced is judged where it stands again.
    let is_replaced =
        |entry: &&Entry| matches!(&entry.outcome, Outcome::Skipped { reason } if reason == REPLACED);
    let skipped = counts.skipped - report.entries.iter().filter(is_replaced).count();
    if args.strict && skipped > 0 {
        let documents = if skipped == 1 { "document was" } else { "documents were" };
        output::say(&format!("error: {skipped} {documents} skipped, and --strict is set"));
        return ExitStatus::Undecided;
    }
    if counts.failed > 0 {
        return ExitStatus::Undecided;
    }
    if report.failing(fail_on).next().is_some() {
        return ExitStatus::Findings;
    }
    ExitStatus::Clean
}

fn write_to(path: &Path, format: Format, report: &Report, context: &Context<'_>) -> anyhow::Result<()> {
    let fault = || format!("cannot write {}", path.display());
    let file = std::fs::File::create(path).with_context(fault)?;
    let mut out = std::io::BufWriter::new(file);
    ravelin_render::render(format, report, context, &mut out).with_context(fault)?;
    out.flush().with_context(fault)
}

fn today() -> anyhow::Result<Day> {
    let today = jiff::Zoned::now().date();
    format!("{:04}-{:02}-{:02}", today.year(), today.month(), today.day()).parse().map_err(usage)
}

fn project_file(args: &Args) -> anyhow::Result<ProjectFile> {
    if args.no_config {
        return Ok(ProjectFile::default());
    }
    let found = match &args.config {
        Some(path) => Some(path.clone()),
        None => {
            let folder = std::env::current_dir().context("cannot tell the current folder")?;
            // Named from here, so that errors and globs are as the user sees the files.
            project::discover(&folder).map(|path| match path.strip_prefix(&folder) {
                Ok(relative) => relative.to_owned(),
                Err(_) => path,
            })
        }
    };
    found.map_or_else(|| Ok(ProjectFile::default()), |path| project::load(&path).map_err(usage))
}

/// The file with the Pod Security configuration, if one is given.
fn psa_path(args: &Args, file: &ProjectFile) -> Option<PathBuf> {
    let of_project = || file.project.psa_config.as_ref().map(|path| file.folder.join(path));
    args.psa_config.clone().or_else(of_project)
}

fn settings(args: &Args, file: &ProjectFile, psa: Option<&PsaFile>) -> anyhow::Result<Settings> {
    let project = &file.project;
    let level = match (args.level, &project.level) {
        (Some(level), _) => level,
        (None, Some(text)) => {
            text.parse().map_err(|error| usage(format!("level in the configuration file {error}")))?
        }
        (None, None) => Level::Restricted,
    };
    let version = match (args.version, &project.version) {
        (Some(version), _) => version,
        (None, Some(text)) => {
            text.parse().map_err(|error| usage(format!("version in the configuration file {error}")))?
        }
        (None, None) => Version::Latest,
    };
    let patterns = |given: &[Pattern], texts: &[String]| -> anyhow::Result<Vec<Pattern>> {
        if given.is_empty() {
            texts.iter().map(|text| text.parse().map_err(usage)).collect()
        } else {
            Ok(given.to_vec())
        }
    };
    Ok(Settings {
        yardstick: LevelVersion::new(level, version),
        psa: psa.map_or_else(PodSecurityConfiguration::unconfigured, |file| file.configuration.clone()),
        extension: psa.map(|file| file.extension.clone()).unwrap_or_default(),
        today: today()?,
        default_namespace: args.namespace.clone().or_else(|| project.namespace.clone()).unwrap_or_default(),
        is_complete: false,
        selection: Selection {
            select: patterns(&args.select, &project.select)?,
            ignore: patterns(&args.ignore, &project.ignore)?,
        },
    })
}

struct SourceTexts(ravelin_source::Texts);

impl Texts for SourceTexts {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        self.0.text(file)
    }
}

/// A progress bar on a terminal, for runs that take long enough for one to be read.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        if !output::is_watched() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(500));
        Self(bar)
    }
}

impl Progress for Bar {
    fn files(&self, total: usize) {
        self.0.set_message("reading");
        self.0.set_length(total as u64);
    }

    fn read(&self) {
        self.0.inc(1);
    }

    fn objects(&self, total: usize) {
        self.0.set_message(format!("judging {total} objects"));
    }
}
