//! The command line: what it prints and how it exits.
#![expect(clippy::unwrap_used, reason = "a test may stop the process, and so may what it calls")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The exit status, the standard output and the standard error of a run.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ravelin-conformance")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn temporary(name: &str, content: &[u8]) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, content).unwrap();
    file
}

const RECORD: &str = r#"{"id":"quantity-x1","input":"1.5","error":null}"#;
const ERROR: &str = r#"{"id":"quantity-x2","input":"1ki","error":"unable to parse quantity's suffix"}"#;

#[test]
fn agreement_exits_with_0() {
    let file = temporary("agree.jsonl", ERROR.as_bytes());
    let expected = (0, "1 agree, 0 differ, 0 listed\n".to_owned(), String::new());
    assert_eq!(run(&["quantity", file.to_str().unwrap()]), expected);
}

#[test]
fn a_difference_exits_with_1() {
    let file = temporary("differ.jsonl", format!("{ERROR}\n{}\n", ERROR.replace("1ki", "1Ki")).as_bytes());
    let (code, out, error) = run(&["quantity", file.to_str().unwrap()]);
    let told =
        "quantity-x2: ops.other: expected a quantity, found : quantities must match the regular expression";
    assert!(out.starts_with(told) && out.ends_with("\n1 agree, 1 differ, 0 listed\n"), "{out}");
    assert_eq!((code, error), (1, String::new()));
}

#[test]
fn compressed_records_are_read() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, ERROR.as_bytes()).unwrap();
    let bytes = encoder.finish().unwrap();
    let file = temporary("agree.jsonl.gz", &bytes);
    assert_eq!(run(&["quantity", file.to_str().unwrap()]).0, 0);

    let cut = temporary("cut.jsonl.gz", &bytes[..bytes.len() / 2]);
    let (code, out, error) = run(&["quantity", cut.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("cannot read") && error.contains("line 1"), "{error}");
}

#[test]
fn what_cannot_be_read_exits_with_2() {
    let file = temporary("broken.jsonl", format!("{RECORD}\n{{\"id\":").as_bytes());
    for (arguments, expected) in [
        (["quantity", file.to_str().unwrap()], "line 2"),
        (["quantity", "/nowhere/at/all.jsonl"], "cannot open /nowhere/at/all.jsonl"),
        (["weather", file.to_str().unwrap()], "no area is named `weather`; the areas are abac, admission, "),
    ] {
        let (code, out, error) = run(&arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert!(error.starts_with("error: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn wrong_usage_exits_with_64() {
    for arguments in [&[][..], &["pss"], &["pss", "a", "b"], &["--unknown"]] {
        assert_eq!(run(arguments).0, 64, "{arguments:?}");
    }
    assert_eq!(run(&["--help"]).0, 0);
}
