//! `cargo xtask bench serve`: the API server beside kube-apiserver with etcd.
//!
//! Both run as processes, one after the other, with the same flags, certificates, keys and tokens, on the same disk, and
//! make every write durable. The same client asks them the same things. Whoever asks takes processors too, so the
//! processor time of the servers is told beside the times of the clock. Nothing fails for being slow: the table says what
//! was expected.

mod loads;
mod plane;

use crate::table;
use anyhow::Context as _;
use plane::{Files, Plane, Program};
use std::path::PathBuf;

/// How the servers are asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The program of ravelin; the one beside this where not given
    #[arg(long, value_name = "FILE")]
    ravelin: Option<PathBuf>,
    /// The folder of kube-apiserver and etcd
    #[arg(long, value_name = "FOLDER")]
    upstream: Option<PathBuf>,
    /// How long each load lasts, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 8.0)]
    time: f64,
    /// How many clients ask at once, where more than one does
    #[arg(long, value_name = "NUMBER", default_value_t = 32)]
    clients: usize,
    /// How many watchers a write goes to
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    watchers: usize,
    /// How many writes the watchers get, one after the other
    #[arg(long, value_name = "NUMBER", default_value_t = 40)]
    writes: usize,
    /// Requests a second of the steady mixed load
    #[arg(long, value_name = "NUMBER", default_value_t = 300.0)]
    rate: f64,
    /// How often each server is started; the median counts
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    starts: usize,
    /// The folder of the data, which says which disk is measured [default: that of temporary files]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Write the results as Markdown to a file, too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// A thing that was measured of one server.
struct Measure {
    what: String,
    unit: &'static str,
    value: f64,
    better: Better,
    /// How many times as good as upstream it is expected to be.
    expected: f64,
    /// What the processes of the server used for one request, in seconds.
    processor: Option<f64>,
}

/// Which of two numbers is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Better {
    Higher,
    Lower,
}

impl Measure {
    /// How many times as good as another it is.
    fn times(&self, other: &Self) -> f64 {
        match self.better {
            Better::Higher => self.value / other.value,
            Better::Lower => other.value / self.value,
        }
    }
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = runtime.block_on(measured(args))?;
    print!("{text}");
    if let Some(file) = &args.markdown {
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

async fn measured(args: &Args) -> anyhow::Result<String> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("ravelin-bench-");
    let folder = match &args.folder {
        Some(folder) => builder.tempdir_in(folder),
        None => builder.tempdir(),
    };
    let folder = folder.context("cannot create a temporary folder")?;
    let files = Files::write(folder.path())?;
    let beside = || {
        let name = format!("ravelin{}", std::env::consts::EXE_SUFFIX);
        anyhow::Ok(std::env::current_exe()?.with_file_name(name))
    };
    let ravelin = args.ravelin.clone().map_or_else(beside, Ok)?;
    let own = of_one(&Program::Ravelin(ravelin), &files, args).await?;
    let other = match &args.upstream {
        Some(folder) => Some(of_one(&Program::Upstream(folder.clone()), &files, args).await?),
        None => None,
    };
    Ok(markdown(&own, other.as_deref()))
}

/// Everything that is measured of one server.
async fn of_one(program: &Program, files: &Files, args: &Args) -> anyhow::Result<Vec<Measure>> {
    let name = program.name();
    let mut times = Vec::new();
    let mut running = None;
    for number in 0..args.starts.max(1) {
        eprintln!("{name}: start {} ...", number + 1);
        // The one before ends first.
        drop(running.take());
        let plane = Plane::start(program, files).await?;
        times.push(plane.start_time);
        running = Some(plane);
    }
    let plane = running.context("nothing was started")?;
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let rest = plane.memory()?;
    let single = |what: &str, unit, value, expected| Measure {
        what: what.to_owned(),
        unit,
        value,
        better: Better::Lower,
        expected,
        processor: None,
    };
    let mut measures = vec![
        single("start until ready", "ms", median.as_secs_f64() * 1e3, 50.0),
        single("memory at rest", "MB", rest as f64 / 1e6, 10.0),
    ];
    measures.extend(loads::all(&plane, args).await?);
    Ok(measures)
}

/// The table: what of ravelin, what of upstream, and how they compare.
fn markdown(own: &[Measure], other: Option<&[Measure]>) -> String {
    let head = [
        "what",
        "unit",
        "ravelin",
        "upstream",
        "times as good",
        "expected",
        "met",
        "CPU us ravelin",
        "CPU us upstream",
        "times",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    let none = || "-".to_owned();
    let micros = |processor: f64| format!("{:.0}", processor * 1e6);
    for (index, own) in own.iter().enumerate() {
        let other = other.and_then(|other| other.get(index));
        let times = other.map(|other| own.times(other));
        let processors = own.processor.zip(other.and_then(|other| other.processor));
        lines.push(vec![
            own.what.clone(),
            own.unit.to_owned(),
            number(own.value),
            other.map_or_else(none, |other| number(other.value)),
            times.map_or_else(none, |times| format!("{times:.1}")),
            format!("{:.0}", own.expected),
            times.map_or_else(none, |times| if times >= own.expected { "yes" } else { "no" }.to_owned()),
            own.processor.map_or_else(none, micros),
            other.and_then(|other| other.processor).map_or_else(none, micros),
            processors.map_or_else(none, |(own, other)| format!("{:.1}", other / own)),
        ]);
    }
    table::aligned(&lines, 2)
}

/// Three digits that mean something.
fn number(value: f64) -> String {
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_compared_by_what_is_better() {
        let measure = |value, better, processor| Measure {
            what: "gets".to_owned(),
            unit: "/s",
            value,
            better,
            expected: 3.0,
            processor,
        };
        let own = [measure(3000.0, Better::Higher, Some(10e-6)), measure(5.0, Better::Lower, None)];
        let other = [measure(1000.0, Better::Higher, Some(55e-6)), measure(12.5, Better::Lower, None)];
        let text = markdown(&own, Some(&other));
        let cells = |text: &str| -> Vec<Vec<String>> {
            let line = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect();
            text.lines().skip(2).map(line).collect()
        };
        assert_eq!(
            cells(&text),
            [
                ["", "gets", "/s", "3000", "1000", "3.0", "3", "yes", "10", "55", "5.5", ""],
                ["", "gets", "/s", "5.00", "12.5", "2.5", "3", "no", "-", "-", "-", ""],
            ]
        );
        assert_eq!(
            cells(&markdown(&own[..1], None)),
            [["", "gets", "/s", "3000", "-", "-", "3", "-", "10", "-", "-", ""]]
        );
    }
}
