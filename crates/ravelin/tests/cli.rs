//! The binary as its users run it: output and exit status.

mod cli {
    mod cli_docs;
    mod cli_podsec;
    mod cli_rules;
    mod cli_scan;
    mod cli_usage;
}

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a run of the program gave.
struct Run {
    out: String,
    err: String,
    status: i32,
}

/// The root of the repository: the folder in which users run the commands of the documentation.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Runs `ravelin` with these arguments, separated by spaces, at the root of the repository.
fn ravelin(args: &str) -> Run {
    ravelin_in(root(), &args.split_whitespace().collect::<Vec<_>>(), "")
}

/// Runs `ravelin` in a folder, with this text as its standard input.
fn ravelin_in(folder: &Path, args: &[&str], input: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ravelin"))
        .args(args)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // From a thread of its own: the program may write before it has read everything.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        out: without_time(&String::from_utf8(output.stdout).unwrap()),
        err: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap(),
    }
}

/// The text without how long the run took, which differs each time.
fn without_time(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" (") {
        Some((before, after)) if after.ends_with(" s)") => format!("{before}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
