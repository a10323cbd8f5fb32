//! What a scan reports: plain data, filled by whoever reads sources, read by every renderer.

use ravelin_diag::{Finding, Severity, fingerprint};
use ravelin_object::identity::Identity;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A place in a text. Lines and columns count from 1; columns count Unicode characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in Unicode characters.
    pub column: u32,
}

/// A stretch of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    /// Where it starts.
    pub start: Position,
    /// Where it ends: the position behind its last character.
    pub end: Position,
    /// The same as bytes of the decoded text: start and end.
    pub bytes: (u32, u32),
}

/// Where a finding is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file as the user named it, with `/` between folders; `<stdin>` for standard input.
    pub file: Arc<str>,
    /// The stretch of its text.
    pub region: Region,
}

/// What silenced a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuppressedBy {
    /// An annotation of the object.
    Annotation,
    /// A comment in the text, on this line.
    Comment(u32),
    /// An entry of the configuration file, counted from 0.
    Entry(usize),
    /// An exemption of the `PodSecurityExtension`, counted from 0.
    Exemption(usize),
}

/// What becomes of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It counts.
    New,
    /// The baseline knows it already; it does not count.
    Known,
    /// It is suppressed; it does not count.
    Suppressed {
        /// What silenced it.
        by: SuppressedBy,
        /// The reason given there; empty where none is.
        reason: String,
    },
}

/// A finding with everything a reader needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportedFinding {
    /// What the check says.
    pub finding: Finding,
    /// The object it is about; nothing for a finding about a file.
    pub object: Option<Identity>,
    /// Where it is.
    pub location: Location,
    /// A name that survives moved lines and renamed files: 32 hexadecimal digits. Before
    /// [`Report::finish`] it is the identity that the digits are made of.
    pub fingerprint: String,
    /// What becomes of it.
    pub status: Status,
}

/// How a document ended. The four are all there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// At least one check looked at it.
    Judged,
    /// It is a Kubernetes object, and no check is about its kind.
    NotApplicable,
    /// It was not read as Kubernetes objects, for this reason.
    Skipped {
        /// The reason, as a short phrase: `Helm template`.
        reason: String,
    },
    /// It could not be judged.
    Failed {
        /// What was found and what was expected.
        message: String,
    },
}

/// One thing that was read, or could not be: a document, an item of a list, or a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file.
    pub file: Arc<str>,
    /// Where it starts, or where it could not be read; nothing for a whole file.
    pub position: Option<Position>,
    /// Which object it is, where it is one.
    pub object: Option<Identity>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How many entries ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Judged.
    pub judged: usize,
    /// Not applicable.
    pub not_applicable: usize,
    /// Skipped.
    pub skipped: usize,
    /// Failed.
    pub failed: usize,
}

impl Counts {
    /// All entries.
    #[must_use]
    pub fn total(&self) -> usize {
        self.judged + self.not_applicable + self.skipped + self.failed
    }
}

/// What a scan reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// How many files were looked at.
    pub files: usize,
    /// Every finding, in the order of file, position, check and path.
    pub findings: Vec<ReportedFinding>,
    /// Every entry, in the order of file and position.
    pub entries: Vec<Entry>,
    /// What could not be known, each said once: sentences without a period.
    pub unknown: Vec<String>,
}

/// The order of file names. Most are compared with themselves, and those share their text.
fn by_file(a: &Arc<str>, b: &Arc<str>) -> Ordering {
    if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) }
}

impl Report {
    /// How many entries ended in which way; the four add up to all entries.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in &self.entries {
            match entry.outcome {
                Outcome::Judged => counts.judged += 1,
                Outcome::NotApplicable => counts.not_applicable += 1,
                Outcome::Skipped { .. } => counts.skipped += 1,
                Outcome::Failed { .. } => counts.failed += 1,
            }
        }
        counts
    }

    /// The findings that count: neither suppressed nor known to the baseline.
    pub fn new_findings(&self) -> impl Iterator<Item = &ReportedFinding> {
        self.findings.iter().filter(|finding| finding.status == Status::New)
    }

    /// The findings that count and are at least this bad.
    pub fn failing(&self, fail_on: Severity) -> impl Iterator<Item = &ReportedFinding> {
        self.new_findings().filter(move |finding| finding.finding.severity >= fail_on)
    }

    /// Puts findings and entries into their order and turns identities into fingerprints. Findings with
    /// one identity are numbered in that order, so that each has a fingerprint of its own.
    pub fn finish(&mut self) {
        self.findings.sort_by(|a, b| {
            by_file(&a.location.file, &b.location.file)
                .then_with(|| a.location.region.cmp(&b.location.region))
                .then_with(|| (a.finding.check, &a.finding.path).cmp(&(b.finding.check, &b.finding.path)))
        });
        self.entries.sort_by(|a, b| by_file(&a.file, &b.file).then_with(|| a.position.cmp(&b.position)));
        let mut ordinals: BTreeMap<String, usize> = BTreeMap::new();
        for finding in &mut self.findings {
            let identity = std::mem::take(&mut finding.fingerprint);
            let ordinal = ordinals.get(&identity).copied().unwrap_or_default();
            finding.fingerprint = fingerprint(&[&identity, &ordinal.to_string()]);
            ordinals.insert(identity, ordinal + 1);
        }
    }

    /// Marks every finding whose fingerprint is in `baseline` as known, unless it is suppressed.
    pub fn mark_known(&mut self, baseline: &BTreeSet<String>) {
        for finding in &mut self.findings {
            if finding.status == Status::New && baseline.contains(&finding.fingerprint) {
                finding.status = Status::Known;
            }
        }
    }
}
