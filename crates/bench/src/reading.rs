//! What part of a scan is the reading of YAML: both are timed in this process, on one thread.

use crate::measure::own_time;
use anyhow::Context as _;
use ravelin_diag::Severity;
use ravelin_engine::scan::Settings;
use ravelin_engine::selection::Selection;
use ravelin_object::documents;
use ravelin_object::read;
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::{Level, LevelVersion, Version};
use ravelin_render::{Context, Format};
use ravelin_source::scan::{Request, Silent};
use ravelin_source::{FileOptions, Limits, project::Entries};
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// The processor time of both, in seconds; medians.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Reading every file and making values of its documents.
    pub reading: f64,
    /// The whole scan, its report in JSON included.
    pub scan: f64,
}

/// Times both, alternating, so that a busy machine is busy for both. Processor time, because others may use the machine.
pub(crate) fn time(folder: &Path, files: &[PathBuf], runs: usize) -> anyhow::Result<Times> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().context("cannot start a thread")?;
    pool.install(|| {
        let (mut reading, mut scans) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let started = own_time();
            read_all(files)?;
            let between = own_time();
            scan(folder)?;
            reading.push(between - started);
            scans.push(own_time() - between);
        }
        Ok(Times { reading: median(&mut reading), scan: median(&mut scans) })
    })
}

/// The middle of some measurements; 0 of none.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// How many documents the files hold that can be read.
pub(crate) fn read_all(files: &[PathBuf]) -> anyhow::Result<usize> {
    let limits = Limits::STANDARD.of_document();
    let mut count = 0;
    for file in files {
        let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let Ok(text) = ravelin_yaml::decode(&bytes) else { continue };
        for piece in documents::split(&text) {
            if documents::is_blank(piece.text) {
                continue;
            }
            count += usize::from(black_box(read::yaml(piece.text, &limits)).is_ok());
        }
    }
    Ok(count)
}

fn scan(folder: &Path) -> anyhow::Result<()> {
    let files = FileOptions::standard();
    let settings = Settings {
        yardstick: LevelVersion::new(Level::Restricted, Version::Latest),
        psa: PodSecurityConfiguration::unconfigured(),
        extension: Default::default(),
        today: "2026-01-01".parse().map_err(|error| anyhow::anyhow!("{error}"))?,
        default_namespace: String::new(),
        is_complete: false,
        selection: Selection::default(),
    };
    let request = Request {
        paths: &[folder.to_owned()],
        base: &[],
        files: &files,
        limits: &Limits::STANDARD,
        settings: &settings,
        suppress: Some("2026-01-01".parse().map_err(|error| anyhow::anyhow!("{error}"))?),
        entries: &Entries::default(),
        psa: None,
    };
    let (report, _texts) = ravelin_source::scan::scan(&request, &Silent);
    let context = Context {
        version: env!("CARGO_PKG_VERSION"),
        texts: &(),
        color: false,
        width: 120,
        fail_on: Severity::Medium,
        show_suppressed: false,
        verbose: false,
        elapsed_ms: None,
    };
    let mut out = std::io::BufWriter::new(std::io::sink());
    ravelin_render::render(Format::Json, &report, &context, &mut out).context("cannot write the report")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus;

    #[test]
    fn both_ways_see_the_same_corpus() {
        let folder = tempfile::tempdir().unwrap();
        let corpus = corpus::generate(folder.path(), 40).unwrap();
        assert_eq!(read_all(&corpus.files).unwrap(), 40);
        let times = time(folder.path(), &corpus.files, 1).unwrap();
        assert!(times.reading > 0.0 && times.scan > 0.0);
    }

    #[test]
    fn the_middle_is_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut []), 0.0);
    }
}
