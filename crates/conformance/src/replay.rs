//! The runner: reads records, compares them, counts.

use std::io::{self, BufRead, Write};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::areas::Area;
use crate::ledger::Ledger;
use crate::record::Difference;

/// How many differences are told.
const TOLD: usize = 10;

/// What became of the records of one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// How many records agree with our tree in every field.
    pub(crate) agree: usize,
    /// How many differ and should not.
    pub(crate) differ: usize,
    /// How many differ as the ledger says.
    pub(crate) listed: usize,
    /// The first differences that should not be, by id.
    pub(crate) told: Vec<(String, Difference)>,
    /// The records that the ledger lists although they agree.
    pub(crate) stale: Vec<String>,
}

impl Outcome {
    /// Whether no record differs without being listed, and none is listed without differing.
    pub(crate) fn passes(&self) -> bool {
        self.differ == 0 && self.stale.is_empty()
    }

    /// Writes the differences, then the counts.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        for (id, difference) in &self.told {
            writeln!(out, "{id}: {difference}")?;
        }
        for id in &self.stale {
            writeln!(out, "{id}: agrees but is listed; the list may only shrink, so take it off")?;
        }
        writeln!(out, "{} agree, {} differ, {} listed", self.agree, self.differ, self.listed)
    }
}

/// Compares every record of `lines` with our tree.
///
/// # Errors
/// A line that cannot be read, is no JSON object or has no id, and a file without any record: then nothing is
/// known of agreement.
pub(crate) fn replay(lines: impl BufRead, area: &mut dyn Area, ledger: &Ledger) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut records = 0_usize;
    for (index, line) in lines.lines().enumerate() {
        let at = || format!("line {}", index + 1);
        let line = line.with_context(at)?;
        if line.trim().is_empty() {
            continue;
        }
        records += 1;
        let record: Value = serde_json::from_str(&line).with_context(at)?;
        let id = record.get("id").and_then(Value::as_str).context("expected an object with an `id`");
        let id = id.with_context(at)?;
        count(&mut outcome, id, area.compare(&record), ledger);
    }
    ensure!(records > 0, "it holds no record");
    Ok(outcome)
}

fn count(outcome: &mut Outcome, id: &str, differences: Vec<Difference>, ledger: &Ledger) {
    match (differences.is_empty(), ledger.lists(id)) {
        (true, false) => outcome.agree += 1,
        (true, true) => {
            outcome.agree += 1;
            outcome.stale.push(id.to_owned());
        }
        (false, true) => outcome.listed += 1,
        (false, false) => {
            outcome.differ += 1;
            let room = TOLD.saturating_sub(outcome.told.len());
            outcome
                .told
                .extend(differences.into_iter().take(room).map(|difference| (id.to_owned(), difference)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wants `value` to be 1.
    struct One;

    impl Area for One {
        fn compare(&mut self, record: &Value) -> Vec<Difference> {
            let one = Value::from(1);
            let value = record.get("value");
            if value == Some(&one) { Vec::new() } else { vec![Difference::new("value", value, Some(&one))] }
        }
    }

    fn replayed(lines: &str, ledger: &str) -> Result<(bool, String), String> {
        let ledger = Ledger::parse(ledger).unwrap();
        let outcome = replay(lines.as_bytes(), &mut One, &ledger).map_err(|error| format!("{error:#}"))?;
        let mut text = Vec::new();
        outcome.print(&mut text).unwrap();
        Ok((outcome.passes(), String::from_utf8(text).unwrap()))
    }

    #[test]
    fn agreement_passes() {
        let lines = "{\"id\":\"a\",\"value\":1}\n\n{\"id\":\"b\",\"value\":1}";
        assert_eq!(replayed(lines, ""), Ok((true, "2 agree, 0 differ, 0 listed\n".to_owned())));
    }

    #[test]
    fn differences_are_told_and_fail_unless_they_are_listed() {
        let lines = "{\"id\":\"a\",\"value\":1}\n{\"id\":\"b\",\"value\":2}\n{\"id\":\"c\"}\n";
        let told = "c: value: expected nothing, found 1\n1 agree, 1 differ, 1 listed\n";
        assert_eq!(replayed(lines, "b\twhy"), Ok((false, told.to_owned())));
        assert_eq!(replayed(lines, "b\twhy\nc\twhy").map(|(passes, _)| passes), Ok(true));
    }

    #[test]
    fn only_the_first_differences_are_told() {
        let lines: String = (0..20).map(|n| format!("{{\"id\":\"{n}\"}}\n")).collect();
        let (passes, text) = replayed(&lines, "").unwrap();
        assert!(!passes);
        assert_eq!(text.lines().count(), TOLD + 1);
        assert!(text.ends_with("0 agree, 20 differ, 0 listed\n"));
    }

    #[test]
    fn the_list_may_only_shrink() {
        let (passes, text) = replayed("{\"id\":\"a\",\"value\":1}\n", "a\tonce it differed").unwrap();
        assert!(!passes);
        let stale = "a: agrees but is listed; the list may only shrink, so take it off";
        assert_eq!(text, format!("{stale}\n1 agree, 0 differ, 0 listed\n"));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for (lines, error) in [
            ("", "it holds no record"),
            ("\n \n", "it holds no record"),
            ("{\"id\":\"a\",\"value\":1}\n{\"id\":", "line 2: EOF while parsing a value at line 1 column 6"),
            ("[1]", "line 1: expected an object with an `id`"),
            ("{\"id\":1}", "line 1: expected an object with an `id`"),
        ] {
            assert_eq!(replayed(lines, ""), Err(error.to_owned()), "{lines}");
        }
    }
}
