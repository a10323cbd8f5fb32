//! `ravelin podsec --ndjson`: pods in, verdicts out, a line each, as they come.

use crate::ExitStatus;
use crate::exit::usage;
use ravelin_diag::FieldPath;
use ravelin_object::identity::Identity;
use ravelin_object::pod::{Defaulting, Pod};
use ravelin_object::templates::{self, FoundBy, Template};
use ravelin_object::{Value, read};
use ravelin_podsec::{Evaluation, Level, LevelVersion, Verdict, unchanged_since};
use ravelin_source::Limits;
use rayon::prelude::*;
use serde_json::json;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// How many lines are judged at once: enough to keep every core busy, few enough to answer soon.
const LINES: usize = 512;
/// How many bytes of lines are held at once, whatever their number.
const BYTES: usize = 8 << 20;

pub(super) fn run(paths: &[PathBuf], wanted: &[LevelVersion], limits: &Limits) -> anyhow::Result<ExitStatus> {
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let mut tally = Tally::default();
    let standard_input = [PathBuf::from("-")];
    let paths = if paths.is_empty() { &standard_input[..] } else { paths };
    for path in paths {
        let mut input: Box<dyn BufRead> = if path == Path::new("-") {
            Box::new(std::io::stdin().lock())
        } else {
            let file =
                std::fs::File::open(path).map_err(|error| usage(format!("{}: {error}", path.display())))?;
            Box::new(std::io::BufReader::with_capacity(1 << 20, file))
        };
        pump(&mut input, wanted, limits, &mut out, &mut tally)?;
    }
    out.flush()?;
    Ok(match tally {
        Tally { failed: true, .. } => ExitStatus::Undecided,
        Tally { denied: true, .. } => ExitStatus::Findings,
        Tally { .. } => ExitStatus::Clean,
    })
}

/// What has been seen so far.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    line: u64,
    denied: bool,
    failed: bool,
}

fn pump(
    input: &mut dyn BufRead,
    wanted: &[LevelVersion],
    limits: &Limits,
    out: &mut dyn Write,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut lines: Vec<(u64, Vec<u8>)> = Vec::new();
    loop {
        let mut held = 0;
        lines.clear();
        while lines.len() < LINES && held < BYTES {
            let mut line = Vec::new();
            let limit = limits.file_size.saturating_add(1);
            if std::io::Read::take(&mut *input, limit).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            tally.line += 1;
            held += line.len();
            lines.push((tally.line, line));
            // Answer soon where lines come one at a time.
            if held >= 1 << 16 && !has_more(input) {
                break;
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        let answers: Vec<Answer> =
            lines.par_iter().map(|(number, line)| answer(*number, line, wanted, limits)).collect();
        for answer in answers {
            tally.denied |= answer.denied;
            tally.failed |= answer.failed;
            out.write_all(&answer.text)?;
        }
        out.flush()?;
    }
}

/// Whether more input is there without waiting for it.
fn has_more(input: &mut dyn BufRead) -> bool {
    input.fill_buf().is_ok_and(|buffer| !buffer.is_empty())
}

struct Answer {
    text: Vec<u8>,
    denied: bool,
    failed: bool,
}

fn answer(number: u64, line: &[u8], wanted: &[LevelVersion], limits: &Limits) -> Answer {
    let mut answer = Answer { text: Vec::new(), denied: false, failed: false };
    if line.trim_ascii().is_empty() {
        return answer;
    }
    if let Err(message) = judge(number, line, wanted, limits, &mut answer) {
        answer.failed = true;
        answer.line(&json!({"line": number, "error": message}));
    }
    answer
}

fn judge(
    number: u64,
    line: &[u8],
    wanted: &[LevelVersion],
    limits: &Limits,
    answer: &mut Answer,
) -> Result<(), String> {
    if line.len() as u64 > limits.file_size {
        return Err(format!("is longer than the {} bytes that --max-file-size allows", limits.file_size));
    }
    let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    let read = read::json(text, &limits.of_document())
        .map_err(|error| format!("column {}: {error}", error.offset + 1))?;
    let value = read.value.ok_or("holds no value")?;
    let mut identity = Identity::of(&value).unwrap_or_default();
    let found = pods(&identity, &value);
    if found.is_empty() {
        return Err("holds no pod".to_owned());
    }
    for template in found {
        let pod = Pod::decode(template.value, template.path, Defaulting::Pod)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        if identity == Identity::default() {
            identity =
                Identity { name: pod.name.to_owned(), namespace: pod.namespace.to_owned(), ..identity };
        }
        let evaluation = Evaluation::new(&pod);
        let head = format!(
            "{{\"line\":{number},\"namespace\":{},\"name\":{}",
            quoted(&identity.namespace),
            quoted(&identity.name)
        );
        // Most versions judge as the one before them: their verdict is not worked out again.
        let mut known: Vec<((Level, u64), String)> = Vec::new();
        for at in wanted {
            let key = (at.level, unchanged_since(at.version));
            if !known.iter().any(|(other, _)| *other == key) {
                let verdict = evaluation.verdict(*at);
                answer.denied |= !verdict.allowed();
                known.push((key, tail(&verdict)));
            }
            let tail = known.iter().find(|(other, _)| *other == key).map_or("", |(_, tail)| tail);
            answer.verdict(&head, *at, tail);
        }
    }
    Ok(())
}

/// The pods of a line: of an object, or the line itself where it only lacks its type.
fn pods<'v>(identity: &Identity, value: &'v Value) -> Vec<Template<'v>> {
    if identity.kind.is_empty() && value.field("spec").is_some() {
        return vec![Template { path: FieldPath::root(), value, found_by: FoundBy::Pod }];
    }
    templates::find(identity, value)
}

// The lines are written by hand for the order of their keys: people read them too.

/// The end of a line: from `allowed` on.
fn tail(verdict: &Verdict<'_>) -> String {
    let (allowed, reason, detail) = (verdict.allowed(), quoted(&verdict.reason()), quoted(&verdict.detail()));
    format!(",\"allowed\":{allowed},\"reason\":{reason},\"detail\":{detail}}}\n")
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Answer {
    fn verdict(&mut self, head: &str, at: LevelVersion, tail: &str) {
        for part in [
            head,
            ",\"level\":\"",
            at.level.as_str(),
            "\",\"version\":\"",
            &at.version.to_string(),
            "\"",
            tail,
        ] {
            self.text.extend_from_slice(part.as_bytes());
        }
    }

    fn line(&mut self, value: &serde_json::Value) {
        self.text.extend_from_slice(value.to_string().as_bytes());
        self.text.push(b'\n');
    }
}
