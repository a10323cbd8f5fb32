//! Which checks take part.

use crate::checks;
use std::fmt;
use std::str::FromStr;

/// Names checks: one by its id, or a family by its name, with or without `/*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Whether the check with this id is meant.
    #[must_use]
    pub fn matches(&self, id: &str) -> bool {
        id == self.0 || id.split_once('/').is_some_and(|(family, _)| family == self.0)
    }

    /// Whether it means every check of a family, rather than one.
    #[must_use]
    pub fn is_family(&self) -> bool {
        !self.0.contains('/')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that names no check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCheck {
    text: String,
    similar: Option<&'static str>,
}

impl fmt::Display for UnknownCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no check or family is named `{}`", self.text)?;
        match self.similar {
            Some(similar) => write!(f, "; did you mean `{similar}`?"),
            None => f.write_str("; `ravelin rules` lists them"),
        }
    }
}

impl std::error::Error for UnknownCheck {}

impl FromStr for Pattern {
    type Err = UnknownCheck;

    /// A misspelt name is an error: ignoring it would switch checks off, or not switch them off.
    fn from_str(text: &str) -> Result<Self, UnknownCheck> {
        let pattern = Self(text.strip_suffix("/*").unwrap_or(text).to_owned());
        if checks::all().iter().any(|meta| pattern.matches(meta.id)) {
            return Ok(pattern);
        }
        let ids = checks::all().into_iter().map(|meta| meta.id);
        let similar = ids.min_by_key(|id| distance(id, text)).filter(|id| distance(id, text) <= 3);
        Err(UnknownCheck { text: text.to_owned(), similar })
    }
}

/// The checks that take part: those selected, or all where none is, less those ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// What to run; everything where empty.
    pub select: Vec<Pattern>,
    /// What not to run, whatever is selected.
    pub ignore: Vec<Pattern>,
}

impl Selection {
    /// Whether the check with this id takes part.
    #[must_use]
    pub fn includes(&self, id: &str) -> bool {
        let selected = self.select.is_empty() || self.select.iter().any(|pattern| pattern.matches(id));
        selected && !self.ignore.iter().any(|pattern| pattern.matches(id))
    }
}

/// How many characters must be changed, added or removed to turn one text into the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replace = row.get(j).copied().unwrap_or_default() + usize::from(x != *y);
            let remove = row.get(j + 1).copied().unwrap_or_default() + 1;
            let insert = next.last().copied().unwrap_or_default() + 1;
            next.push(replace.min(remove).min(insert));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_checks_and_families() {
        let pattern: Pattern = "pss/host-namespaces".parse().unwrap();
        assert!(pattern.matches("pss/host-namespaces") && !pattern.matches("pss/privileged"));
        for family in ["pss", "pss/*"] {
            let pattern: Pattern = family.parse().unwrap();
            assert!(pattern.matches("pss/privileged") && !pattern.matches("manifest/duplicate-key"));
        }
    }

    #[test]
    fn a_misspelt_name_is_an_error_with_a_hint() {
        let error = "pss/host-namespace".parse::<Pattern>().unwrap_err().to_string();
        assert_eq!(
            error,
            "no check or family is named `pss/host-namespace`; did you mean `pss/host-namespaces`?"
        );
        let error = "cis".parse::<Pattern>().unwrap_err().to_string();
        assert_eq!(error, "no check or family is named `cis`; `ravelin rules` lists them");
    }

    #[test]
    fn ignoring_wins_over_selecting() {
        let selection =
            Selection { select: vec!["pss".parse().unwrap()], ignore: vec!["pss/sysctls".parse().unwrap()] };
        assert!(selection.includes("pss/privileged"));
        assert!(!selection.includes("pss/sysctls") && !selection.includes("manifest/duplicate-key"));
    }
}
