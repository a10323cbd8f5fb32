//! `ravelin psa`: questions about Pod Security admission.

mod plan;

use crate::ExitStatus;

/// Plan for Pod Security admission
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ravelin psa plan deploy/                    the level each namespace could enforce, and what breaks at the next")]
pub(crate) struct Args {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, clap::Subcommand)]
enum Question {
    Plan(plan::Args),
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    match &args.question {
        Question::Plan(args) => plan::run(args),
    }
}
