//! The ledger of an area: the records that differ on purpose.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};

/// The records of an area that are known to differ, each with its reason.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    reasons: BTreeMap<String, String>,
}

impl Ledger {
    /// Reads lines of an id, a tab and a reason. Lines that start with `#` are comments.
    ///
    /// # Errors
    /// A line without reason, or an id that is listed twice.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut ledger = Self::default();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, reason) = entry(line).with_context(|| format!("line {}", index + 1))?;
            if ledger.reasons.insert(id.to_owned(), reason.to_owned()).is_some() {
                bail!("line {}: `{id}` is listed twice", index + 1);
            }
        }
        Ok(ledger)
    }

    /// Whether a record is known to differ.
    pub(crate) fn lists(&self, id: &str) -> bool {
        self.reasons.contains_key(id)
    }
}

fn entry(line: &str) -> anyhow::Result<(&str, &str)> {
    let (id, reason) = line.split_once('\t').context("expected an id, a tab and a reason")?;
    let (id, reason) = (id.trim(), reason.trim());
    ensure!(!id.is_empty() && !reason.is_empty(), "expected an id, a tab and a reason");
    Ok((id, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_a_reason() {
        let ledger = Ledger::parse("# words\n\npss-1\tthey differ\n").unwrap();
        assert!(ledger.lists("pss-1") && !ledger.lists("pss-2"));
        for bad in ["pss-1", "pss-1\t", "\twhy", "pss-1 why", "a\tb\na\tc"] {
            assert!(Ledger::parse(bad).is_err(), "{bad:?}");
        }
    }
}
