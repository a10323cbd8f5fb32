//! Logs: one line for each event, to standard error.

use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// The lowest level that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// What keeps it from serving
    Error,
    /// And what should be looked at
    Warn,
    /// And denials, and changes of state
    Info,
    /// And every decision
    Debug,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For programs
    Json,
    /// For people
    Text,
}

/// Starts to log.
pub(crate) fn start(level: Level, format: Format) {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    // The libraries below have much to say that is of no use here.
    let ours = tracing_subscriber::filter::filter_fn(|metadata| metadata.target().starts_with("ravelin"));
    let layer = match format {
        Format::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).boxed(),
        Format::Text => fmt::layer().with_ansi(false).with_writer(std::io::stderr).boxed(),
    };
    // Somebody else may have started before, in a test.
    let _ = tracing_subscriber::registry().with(layer.with_filter(ours).with_filter(level)).try_init();
}
