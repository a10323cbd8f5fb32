//! Where audit events go: a file that is rotated, or standard output; at once, or in batches.
//!
//! Source: `k8s.io/apiserver/pkg/server/options/audit.go`, `plugin/pkg/audit/{log,buffered,truncate}`,
//! `natefinch/lumberjack`.

mod batch;
mod file;

pub use file::Rotation;

use crate::counts::Counts;
use batch::Batch;
use file::LogFile;
use ravelin_auditlog::{Attributes, AuditConfig, Event, Policy, Sink, Truncation};
use std::path::PathBuf;
use std::sync::Arc;

/// When events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the background. Where too many wait, some are dropped.
    Batch(Batching),
    /// Before the request goes on.
    Blocking,
    /// Before the request goes on, and where the first event of a request cannot be written, it is refused.
    BlockingStrict,
}

/// How batches are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batching {
    /// How many events may wait.
    pub buffer: usize,
    /// How many are written at once.
    pub size: usize,
    /// How long the first of a batch waits at most.
    pub wait: std::time::Duration,
}

impl Batching {
    /// What holds for a log unless somebody says otherwise: no batches, so that a line is written as it comes.
    pub const LOG: Self = Self { buffer: 10_000, size: 1, wait: std::time::Duration::ZERO };
}

/// How events are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One line of JSON.
    Json,
    /// One line of words.
    Legacy,
}

/// What is recorded, and where.
#[derive(Clone, Debug)]
pub struct Config {
    /// The policy.
    pub policy: Policy,
    /// The file; `-` is standard output.
    pub path: PathBuf,
    /// How lines look.
    pub format: Format,
    /// When they are written.
    pub mode: Mode,
    /// When another file is begun, and how many are kept.
    pub rotation: Rotation,
    /// What becomes of events that are too large.
    pub truncation: Option<Truncation>,
}

/// The record of a server.
pub(crate) struct Audit {
    policy: Option<Policy>,
    log: Option<Log>,
}

struct Log {
    writer: Writer,
    mode: Mode,
    format: Format,
    truncation: Option<Truncation>,
    counts: Arc<Counts>,
}

enum Writer {
    Now(parking_lot::Mutex<LogFile>),
    Later(Batch),
}

impl Audit {
    /// A server that records nothing.
    pub(crate) const fn nothing() -> Self {
        Self { policy: None, log: None }
    }

    /// A server that records what a configuration says.
    ///
    /// # Errors
    /// Where the file cannot be opened.
    pub(crate) fn new(config: Config, counts: Arc<Counts>) -> anyhow::Result<Self> {
        let file = LogFile::open(config.path, config.rotation)?;
        let writer = match config.mode {
            Mode::Batch(batching) => Writer::Later(Batch::start(file, batching)?),
            Mode::Blocking | Mode::BlockingStrict => Writer::Now(parking_lot::Mutex::new(file)),
        };
        let log =
            Log { writer, mode: config.mode, format: config.format, truncation: config.truncation, counts };
        Ok(Self { policy: Some(config.policy), log: Some(log) })
    }

    /// How a request is recorded; nothing where nothing ever is.
    pub(crate) fn evaluate(&self, request: &Attributes<'_>) -> Option<AuditConfig> {
        Some(self.policy.as_ref()?.evaluate(request))
    }

    /// Whether a request is refused whose first event cannot be written.
    pub(crate) fn is_strict(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.mode == Mode::BlockingStrict)
    }

    /// Where events go.
    pub(crate) fn sink(&self) -> impl Sink + '_ {
        |event: &Event| self.log.as_ref().is_none_or(|log| log.process(event))
    }

    /// Writes what waits, at the end.
    pub(crate) fn flush(&self) {
        if let Some(Log { writer: Writer::Later(batch), .. }) = &self.log {
            batch.flush();
        }
    }
}

impl Log {
    fn process(&self, event: &Event) -> bool {
        let Some(truncation) = self.truncation else { return self.write(event) };
        let batches = truncation.apply([event.clone()]);
        batches.dropped.iter().for_each(|_| self.counts.audited(false));
        batches.batches.iter().flatten().all(|event| self.write(event))
    }

    fn write(&self, event: &Event) -> bool {
        let mut line = match self.format {
            Format::Json => event.to_json(),
            Format::Legacy => event.to_line(),
        };
        line.push('\n');
        let is_safe = match &self.writer {
            Writer::Now(file) => file.lock().write(line.as_bytes()).is_ok(),
            Writer::Later(batch) => batch.submit(line),
        };
        self.counts.audited(is_safe);
        if !is_safe {
            tracing::error!(id = %event.audit_id, "an audit event could not be written");
        }
        is_safe
    }
}
