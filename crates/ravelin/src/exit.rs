//! How the program ends.

use std::process::ExitCode;

/// How the program ends; the number is the exit status of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Nothing to object to.
    Clean = 0,
    /// There are findings that fail the run, or something was denied.
    Findings = 1,
    /// Something could not be judged.
    Undecided = 2,
    /// The command line or a configuration file is wrong (`EX_USAGE` of `sysexits.h`).
    Usage = 64,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

/// A fault in the command line or a configuration file, rather than in what is judged.
#[derive(Debug)]
pub(crate) struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Turns the error of a parse into one of usage.
pub(crate) fn usage(error: impl std::fmt::Display) -> anyhow::Error {
    UsageError(error.to_string()).into()
}

/// How it ends when the command line cannot be read, or asks for help.
pub(crate) fn of_usage(error: &clap::Error) -> ExitStatus {
    // Nobody is left to tell where even this cannot be printed.
    let _ = error.print();
    if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Clean }
}

/// How it ends after an error, which is said on standard error. A reader that went away is none.
pub(crate) fn of_error(error: &anyhow::Error) -> ExitStatus {
    let is_closed = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    if error.downcast_ref::<std::io::Error>().is_some_and(is_closed) {
        return ExitStatus::Clean;
    }
    crate::output::say(&format!("error: {error:#}"));
    if error.is::<UsageError>() { ExitStatus::Usage } else { ExitStatus::Undecided }
}
