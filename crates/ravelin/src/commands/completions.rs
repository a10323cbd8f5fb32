//! `ravelin completions`.

use crate::ExitStatus;
use clap_complete::Shell;

/// Print a script that completes the command line in a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ravelin completions bash > /etc/bash_completion.d/ravelin
  ravelin completions zsh  > ~/.zfunc/_ravelin
  ravelin completions fish > ~/.config/fish/completions/ravelin.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::command(), "ravelin", &mut script);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?;
    Ok(ExitStatus::Clean)
}
