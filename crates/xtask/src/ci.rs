//! `cargo xtask ci`: everything a change has to pass.
//!
//! Every step runs, whatever became of those before it; the end lists what failed and what was skipped.

use crate::workspace::Workspace;
use crate::{docs, envtest, tidy};
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How a step ended, if not in an error.
enum Outcome {
    /// All is well.
    Passed,
    /// Why it could not run here.
    Skipped(String),
    /// What is wrong.
    Failed(String),
}

/// A step of CI.
pub(crate) struct Step {
    name: &'static str,
    run: fn(&Workspace) -> anyhow::Result<Outcome>,
}

/// The steps, in their order: what people most often break first.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "test", run: test },
    Step { name: "format", run: |workspace| cargo(workspace, &["fmt", "--all", "--check"]) },
    Step { name: "clippy", run: clippy },
    Step { name: "deny", run: deny },
    Step { name: "advisories", run: advisories },
    Step { name: "docs", run: |workspace| Ok(listed(&docs::faults(&workspace.root)?)) },
    Step { name: "rustdoc", run: rustdoc },
    Step { name: "fuzz", run: |workspace| cargo(workspace, &["test", "--manifest-path", "fuzz/Cargo.toml"]) },
    Step {
        name: "release",
        run: |workspace| cargo(workspace, &["build", "--release", "--package", "ravelin"]),
    },
    Step { name: "smoke", run: smoke },
    Step { name: "conformance", run: conformance },
    Step { name: "e2e", run: e2e },
    Step { name: "tidy", run: |workspace| Ok(listed(&tidy::faults(workspace)?)) },
];

/// Runs every step; whether all is well.
pub(crate) fn run(workspace: &Workspace) -> bool {
    let started = Instant::now();
    let mut ends = Vec::new();
    for step in STEPS {
        println!("\n==> {}", step.name);
        let step_started = Instant::now();
        let outcome = (step.run)(workspace).unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        let seconds = step_started.elapsed().as_secs_f64();
        let line = match &outcome {
            Outcome::Passed => format!("{}: passed", step.name),
            Outcome::Skipped(reason) => format!("{}: SKIPPED: {reason}", step.name),
            Outcome::Failed(reason) => format!("{}: FAILED: {reason}", step.name),
        };
        let line = format!("{line} ({seconds:.1} s)");
        println!("==> {line}");
        ends.push((outcome, line));
    }
    println!("\nci: {} steps in {:.0} s", ends.len(), started.elapsed().as_secs_f64());
    for (_, line) in &ends {
        println!("  {line}");
    }
    !ends.iter().any(|(outcome, _)| matches!(outcome, Outcome::Failed(_)))
}

/// Runs a command; its output goes where ours goes.
fn command(mut command: Command) -> anyhow::Result<Outcome> {
    let line = shown(&command);
    println!("$ {line}");
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot run `{line}`"))?;
    Ok(if status.success() { Outcome::Passed } else { Outcome::Failed(format!("`{line}`: {status}")) })
}

fn cargo(workspace: &Workspace, args: &[&str]) -> anyhow::Result<Outcome> {
    command(workspace.cargo(args))
}

/// A command as people type it: the program without its folder.
fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let words = command.get_args().map(|arg| arg.to_string_lossy().into_owned());
    std::iter::once(program).chain(words).collect::<Vec<_>>().join(" ")
}

fn listed(faults: &[String]) -> Outcome {
    for fault in faults {
        println!("error: {fault}");
    }
    if faults.is_empty() { Outcome::Passed } else { Outcome::Failed(format!("{} faults", faults.len())) }
}

/// Everything that needs nothing but the toolchain; what needs a control plane has a step of its own.
fn test(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let mut test = workspace.cargo(&["test", "--workspace"]);
    test.env_remove("KUBEBUILDER_ASSETS");
    command(test)
}

fn clippy(workspace: &Workspace) -> anyhow::Result<Outcome> {
    cargo(workspace, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn rustdoc(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let mut doc = workspace.cargo(&["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    command(doc)
}

fn deny(workspace: &Workspace) -> anyhow::Result<Outcome> {
    if !has_cargo_deny(workspace) {
        let reason = "cargo-deny is not installed: run `cargo install cargo-deny --locked`";
        return Ok(Outcome::Failed(reason.to_owned()));
    }
    cargo(workspace, &["deny", "--offline", "check", "bans", "licenses", "sources"])
}

fn has_cargo_deny(workspace: &Workspace) -> bool {
    let mut version = workspace.cargo(&["deny", "--version"]);
    let status = version.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The database of advisories is a git repository that not every machine reaches.
fn advisories(workspace: &Workspace) -> anyhow::Result<Outcome> {
    if !has_cargo_deny(workspace) {
        return Ok(Outcome::Skipped("cargo-deny is not installed".to_owned()));
    }
    let mut fetch = workspace.cargo(&["deny", "fetch", "db"]);
    fetch.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).env("GIT_TERMINAL_PROMPT", "0");
    if !succeeds_within(fetch, Duration::from_secs(60))? {
        let reason = "the database of advisories cannot be reached from here, so known vulnerabilities \
                      were NOT looked up";
        return Ok(Outcome::Skipped(reason.to_owned()));
    }
    cargo(workspace, &["deny", "check", "--disable-fetch", "advisories"])
}

/// Whether a command succeeds in that time; it is ended if it takes longer.
fn succeeds_within(mut command: Command, time: Duration) -> anyhow::Result<bool> {
    let mut child = command.spawn().with_context(|| format!("cannot run `{}`", shown(&command)))?;
    let started = Instant::now();
    while started.elapsed() < time {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // It may have ended meanwhile; there is nothing left to kill then.
    let _ = child.kill();
    child.wait()?;
    Ok(false)
}

/// The examples hold findings: the binary has to say so.
fn smoke(workspace: &Workspace) -> anyhow::Result<Outcome> {
    const FINDINGS: i32 = 1;
    let program = workspace.target(&format!("release/ravelin{}", std::env::consts::EXE_SUFFIX));
    let mut scan = Command::new(program);
    scan.args(["scan", "examples/"]).current_dir(&workspace.root).stdin(Stdio::null()).stdout(Stdio::piped());
    println!("$ {}", shown(&scan));
    let output = scan.stderr(Stdio::inherit()).output().context("cannot run the release binary")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let shown_lines = lines.iter().skip(lines.len().saturating_sub(5));
    shown_lines.for_each(|line| println!("{line}"));
    Ok(match output.status.code() {
        Some(FINDINGS) if !lines.is_empty() => Outcome::Passed,
        Some(FINDINGS) => Outcome::Failed("it printed nothing".to_owned()),
        _ => Outcome::Failed(format!("{}, expected exit status {FINDINGS}", output.status)),
    })
}

/// Replays the recorded decisions of upstream, where there is a folder of them.
fn conformance(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let Some(golden) = std::env::var_os("RAVELIN_GOLDEN").filter(|folder| !folder.is_empty()) else {
        return Ok(Outcome::Skipped("RAVELIN_GOLDEN names no folder of golden records".to_owned()));
    };
    let golden = workspace.root.join(golden);
    let fault = || format!("cannot read {}", golden.display());
    let mut failed = Vec::new();
    let mut replayed = 0;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&golden).with_context(fault)? {
        files.push(entry.with_context(fault)?.path());
    }
    files.sort();
    for file in files {
        let Some(area) = area(&file) else { continue };
        if !workspace.root.join(format!("crates/conformance/src/areas/{area}.rs")).is_file() {
            println!("{area}: no area of this name yet");
            continue;
        }
        let mut replay =
            workspace.cargo(&["run", "--release", "--quiet", "--package", "ravelin-conformance", "--"]);
        replay.arg(&area).arg(&file);
        replayed += 1;
        if let Outcome::Failed(_) = command(replay)? {
            failed.push(area);
        }
    }
    Ok(match failed.as_slice() {
        [] if replayed == 0 => Outcome::Failed(format!("no golden records in {}", golden.display())),
        [] => Outcome::Passed,
        failed => Outcome::Failed(format!("differs from upstream in {}", failed.join(", "))),
    })
}

/// The tests against a control plane, where there are programs of one or they can be built.
fn e2e(workspace: &Workspace) -> anyhow::Result<Outcome> {
    match envtest::programs()? {
        envtest::Programs::None(reason) => Ok(Outcome::Skipped(reason)),
        envtest::Programs::In(folder) => {
            // Of `api` the page about the server, whose commands ask for kubectl.
            let tests = ["--test", "e2e", "--test", "api"];
            let mut test = workspace.cargo(&[&["test", "--package", "ravelin"][..], &tests].concat());
            test.env("KUBEBUILDER_ASSETS", folder);
            command(test)
        }
    }
}

/// The area that a file of records is named for: `pss` of `pss.jsonl.gz`.
fn area(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    name.strip_suffix(".gz").unwrap_or(name).strip_suffix(".jsonl").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn steps_have_names_of_their_own() {
        let names: BTreeSet<&str> = STEPS.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), STEPS.len());
    }

    #[test]
    fn a_command_is_shown_as_typed() {
        let mut command = Command::new("bin/cargo");
        command.args(["fmt", "--check"]);
        assert_eq!(shown(&command), "cargo fmt --check");
    }

    #[test]
    fn files_of_records_are_named_for_their_area() {
        assert_eq!(area(Path::new("golden/pss.jsonl")).as_deref(), Some("pss"));
        assert_eq!(area(Path::new("pss.jsonl.gz")).as_deref(), Some("pss"));
        assert_eq!(area(Path::new("README.md")), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_hangs_is_ended() {
        let of = |program: &str, args: &[&str]| {
            let mut command = Command::new(program);
            command.args(args);
            succeeds_within(command, Duration::from_millis(300)).unwrap()
        };
        assert!(of("true", &[]));
        assert!(!of("false", &[]));
        assert!(!of("sleep", &["30"]));
    }
}
