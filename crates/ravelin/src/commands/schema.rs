//! `ravelin schema`.

use crate::ExitStatus;
use clap::ValueEnum;
use std::io::Write;

/// Print the JSON Schema of a file that Ravelin reads or writes
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ravelin schema config > ravelin.schema.json
  ravelin schema report")]
pub(crate) struct Args {
    /// The file
    #[arg(value_enum)]
    file: File,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum File {
    /// `ravelin.yaml`
    Config,
    /// What `--format json` writes
    Report,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let schema = match args.file {
        File::Config => ravelin_source::project::schema(),
        File::Report => ravelin_render::json::schema(),
    };
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &schema)?;
    writeln!(out)?;
    Ok(ExitStatus::Clean)
}
