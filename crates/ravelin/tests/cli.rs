//! The binary as its users run it: output and exit status.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test stops where something is wrong")]

mod cli {
    mod cli_access;
    mod cli_deploy;
    mod cli_docs;
    mod cli_podsec;
    mod cli_psa;
    mod cli_rbac;
    mod cli_rules;
    mod cli_scan;
    mod cli_serve;
    mod cli_snapshot;
    mod cli_usage;
    mod cli_webhook;
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

/// The text with `TIME` for how long the run took, which differs each time: `12 ms` or `1.23 s`.
fn without_time(text: &str) -> String {
    let is_number = |word: &str| {
        let word = word.trim_start_matches('(');
        word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    let is_unit = |word: &str| {
        let rest = word.strip_prefix("ms").or_else(|| word.strip_prefix('s'));
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let mut words = text.split_inclusive(' ').peekable();
    let mut out = String::new();
    while let Some(word) = words.next() {
        let number = word.trim_end();
        match words.next_if(|unit| is_number(number) && is_unit(unit.trim_end())) {
            Some(unit) => {
                let time = number.trim_start_matches('(');
                out.push_str(word.replace(time, "TIME").trim_end());
                out.push_str(unit.trim_start_matches(['m', 's']));
            }
            None => out.push_str(word),
        }
    }
    out
}
