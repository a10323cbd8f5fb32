//! Development tasks, run as `cargo xtask <task>`: what CI does, the rules of the house, generated files.
//!
//! Never shipped. `ci` runs everything a change has to pass; [`tidy`] holds the rules that no compiler
//! checks and is a test too; [`docs`] writes the files that are generated from the code; [`new_check`]
//! writes the skeleton of a check; [`resources`] writes the data of the built-in resources; [`envtest`] builds the programs of a control plane; [`mod@bench`] starts the benchmarks of `crates/bench`. Start reading at
//! [`ci::STEPS`].
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a development tool talks to its terminal")]

mod bench;
mod ci;
mod docs;
mod envtest;
mod new_check;
mod resources;
mod tidy;
mod workspace;

use clap::Parser;
use std::process::ExitCode;
use workspace::Workspace;

/// Development tasks of Ravelin.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Run everything a change has to pass, and list what failed
    Ci,
    /// Check the rules of the house that no compiler checks
    Tidy,
    /// Write the files that are generated from the code
    Docs {
        /// Write nothing; fail where a file is stale, missing or orphaned
        #[arg(long)]
        check: bool,
    },
    /// Write the skeleton of a check and enter it in its registry
    NewCheck(new_check::Args),
    /// Write the data of the built-in resources from what an API server publishes of itself
    Resources(resources::Args),
    /// Build the programs of a control plane, for the tests named `e2e_*`; print the folder in which they are
    Envtest,
    /// Run a benchmark; arguments behind its name are its own
    Bench(bench::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs a task; whether all is well.
fn run(task: Task) -> anyhow::Result<bool> {
    let workspace = Workspace::load()?;
    Ok(match task {
        Task::Ci => ci::run(&workspace),
        Task::Tidy => is_clean(&tidy::faults(&workspace)?),
        Task::Docs { check: true } => is_clean(&docs::faults(&workspace.root)?),
        Task::Docs { check: false } => docs::write(&workspace.root).map(|()| true)?,
        Task::NewCheck(args) => new_check::run(&workspace.root, &args).map(|()| true)?,
        Task::Resources(args) => resources::run(&workspace.root, &args)?,
        Task::Envtest => tell(&envtest::programs()?),
        Task::Bench(args) => bench::run(&workspace, &args)?,
    })
}

/// Prints the folder of the programs, so that `KUBEBUILDER_ASSETS=$(cargo xtask envtest)` is it; nothing where there
/// are none.
fn tell(programs: &envtest::Programs) -> bool {
    match programs {
        envtest::Programs::In(folder) => println!("{}", folder.display()),
        envtest::Programs::None(reason) => eprintln!("envtest: SKIPPED: {reason}"),
    }
    true
}

/// Prints the faults; whether there is none.
fn is_clean(faults: &[String]) -> bool {
    for fault in faults {
        println!("error: {fault}");
    }
    faults.is_empty()
}
