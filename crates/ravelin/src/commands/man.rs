//! `ravelin man`.

use crate::ExitStatus;
use crate::exit::usage;
use std::io::Write;

/// Print a manual page
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ravelin man | man -l -
  ravelin man scan > /usr/local/share/man/man1/ravelin-scan.1")]
pub(crate) struct Args {
    /// The verb; the whole program where absent
    verb: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let mut command = crate::command();
    command.build();
    if let Some(name) = &args.verb {
        let verb =
            command.find_subcommand(name).ok_or_else(|| usage(format!("there is no verb `{name}`")))?;
        command = verb.clone();
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    std::io::stdout().lock().write_all(&page)?;
    Ok(ExitStatus::Clean)
}
