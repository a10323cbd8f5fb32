//! `cargo xtask bench scan`: ravelin and its peers over one corpus.

use crate::corpus::{self, Corpus};
use crate::measure::{Job, Usage, measure};
use crate::peers::{self, PEERS};
use crate::reading;
use crate::table::{self, Row};
use anyhow::Context as _;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is compared, and over what.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many documents the corpus holds, at least
    #[arg(long, default_value_t = 10_000)]
    documents: usize,
    /// Copy the YAML files of this folder instead of making some
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// A folder in which peers are looked for before PATH; may repeat
    #[arg(long, value_name = "DIR")]
    peer_dir: Vec<PathBuf>,
    /// Run only these peers; may repeat, or list with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    peer: Vec<String>,
    /// How often each tool runs; the median counts
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// How long one run of a tool may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
    /// Write the results as Markdown to a file, too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// The binary that is measured [default: the one beside this program]
    #[arg(long, value_name = "FILE")]
    ravelin: Option<PathBuf>,
}

/// A run that takes longer than this is not repeated: nothing near it is to be told apart.
const LONG: f64 = 30.0;

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    // Some tools pass over folders whose names begin with a dot, as those of `tempfile` do.
    let folder = tempfile::Builder::new()
        .prefix("ravelin-bench-")
        .tempdir()
        .context("cannot create a temporary folder")?;
    let manifests = folder.path().join("manifests");
    let corpus = match &args.corpus {
        Some(from) => corpus::copy(&manifests, from, args.documents)?,
        None => corpus::generate(&manifests, args.documents)?,
    };
    eprintln!("{} documents in {} files, {} bytes", corpus.documents, corpus.files.len(), corpus.bytes);
    let mut rows = Vec::new();
    for (tool, does, commands) in tools(args, &manifests, &corpus)? {
        eprintln!("{tool} ...");
        let job = Job { commands, output: None, timeout: Duration::from_secs(args.timeout) };
        let (usage, runs, output) = repeat(&job, args.runs, &folder.path().join("output"))?;
        rows.push(Row { tool, does, usage, runs, output });
    }
    eprintln!("reading and scanning on one thread ...");
    let times = reading::time(&manifests, &corpus.files, args.runs.max(1))?;
    let text = report(args, &corpus, &rows, times)?;
    print!("{text}");
    if let Some(path) = &args.markdown {
        std::fs::write(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

type Tool = (String, String, Vec<Vec<OsString>>);

/// Ravelin, then the peers that are found: name, what it does, commands.
fn tools(args: &Args, manifests: &Path, corpus: &Corpus) -> anyhow::Result<Vec<Tool>> {
    let beside = std::env::current_exe().context("cannot tell where this program is")?;
    let beside = beside.with_file_name(format!("ravelin{}", std::env::consts::EXE_SUFFIX));
    let ravelin = args.ravelin.clone().unwrap_or(beside);
    anyhow::ensure!(ravelin.is_file(), "{} does not exist; build it, or give --ravelin", ravelin.display());
    let mut command: Vec<OsString> = vec![ravelin.into()];
    command.extend(["scan", "--no-config", "-f", "json"].map(OsString::from));
    command.push(manifests.into());
    let mut tools = vec![("ravelin".to_owned(), "checks".to_owned(), vec![command])];
    for peer in PEERS {
        if !args.peer.is_empty() && !args.peer.iter().any(|name| name == peer.name) {
            continue;
        }
        match peers::find(peer.name, &args.peer_dir) {
            Some(program) => {
                let commands = peer.commands(&program, manifests, &corpus.files);
                tools.push((peer.name.to_owned(), peer.does.to_owned(), commands));
            }
            None => eprintln!("{}: not found", peer.name),
        }
    }
    Ok(tools)
}

/// Runs a job until the median means something: usage, number of runs, bytes of output. A first run, which
/// is not counted unless it is long, fills the caches and shows how much the tool prints.
fn repeat(job: &Job, runs: usize, output: &Path) -> anyhow::Result<(Usage, usize, u64)> {
    let first = measure(&Job { output: Some(output.to_owned()), ..job.clone() })?;
    let printed = std::fs::metadata(output).context("the tool's output is gone")?.len();
    if first.timed_out || first.wall > LONG {
        return Ok((first, 1, printed));
    }
    let usages = (0..runs.max(1)).map(|_| measure(job)).collect::<anyhow::Result<Vec<Usage>>>()?;
    let median = |of: &dyn Fn(&Usage) -> Option<f64>| -> Option<f64> {
        let mut values: Vec<f64> = usages.iter().filter_map(of).collect();
        (!values.is_empty()).then(|| reading::median(&mut values))
    };
    let usage = Usage {
        wall: median(&|usage| Some(usage.wall)).unwrap_or_default(),
        processor: median(&|usage| usage.processor),
        peak: usages.iter().filter_map(|usage| usage.peak).max(),
        status: usages.iter().find_map(|usage| usage.status),
        timed_out: usages.iter().any(|usage| usage.timed_out),
    };
    Ok((usage, usages.len(), printed))
}

fn report(args: &Args, corpus: &Corpus, rows: &[Row], times: reading::Times) -> anyhow::Result<String> {
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let origin = if args.corpus.is_some() { "copied from a folder" } else { "made by the benchmark" };
    let mb = corpus.bytes as f64 / 1e6;
    let mut text = String::new();
    writeln!(
        text,
        "{} documents in {} files, {mb:.1} MB, {origin}; {processors} processors. Each tool is a process that reads all of \
         them once; the median of its runs, output to nowhere.\n",
        corpus.documents,
        corpus.files.len(),
    )?;
    text.push_str(&table::markdown(rows, corpus.documents, corpus.bytes));
    writeln!(
        text,
        "\nOn one thread, in one process, processor time, medians of {} runs: reading the files and making values of their documents {:.3} s \
         ({:.1} MB/s); the whole scan, its report in JSON included, {:.3} s ({:.1} MB/s). The scan takes **{:.2} times** as \
         long as merely reading the same bytes with the same parser; reading is {:.0}% of it.",
        args.runs.max(1),
        times.reading,
        mb / times.reading,
        times.scan,
        mb / times.scan,
        times.scan / times.reading,
        100.0 * times.reading / times.scan,
    )?;
    Ok(text)
}
