//! `cargo xtask bench`: builds the binary and the benchmarks in release and runs them.
//!
//! A process of its own, because the benchmarks need the release profile and this tool does not.

use crate::workspace::Workspace;
use anyhow::Context as _;
use std::ffi::OsString;
use std::process::Command;

/// Which benchmark, and its arguments.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// The benchmark and its arguments: `scan --documents 10000`; `--help` says more
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    benchmark: Vec<OsString>,
}

/// Builds and runs; whether it ended well.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> anyhow::Result<bool> {
    let build = ["build", "--release", "--quiet", "--package", "ravelin", "--package", "ravelin-bench"];
    let status = workspace.cargo(&build).status().context("cannot run cargo")?;
    if !status.success() {
        return Ok(false);
    }
    let program = workspace.target(&format!("release/ravelin-bench{}", std::env::consts::EXE_SUFFIX));
    let status = Command::new(&program)
        .args(&args.benchmark)
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    Ok(status.success())
}
