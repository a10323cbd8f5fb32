//! What a report adds up to, and the sentences that say so.

use crate::escape::visible;
use ravelin_diag::Severity;
use ravelin_engine::report::{Counts, Outcome, Report, ReportedFinding, Status};
use ravelin_object::identity::Identity;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The namespace of objects that name none.
pub(crate) const NO_NAMESPACE: &str = "(none)";

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// In the order of [`Severity::ALL`].
    counts: [usize; Severity::ALL.len()],
}

impl Tally {
    /// The tally of some findings.
    pub(crate) fn of<'a>(findings: impl IntoIterator<Item = &'a ReportedFinding>) -> Self {
        let mut tally = Self::default();
        for finding in findings {
            tally.add(finding.finding.severity);
        }
        tally
    }

    /// Counts one more.
    pub(crate) fn add(&mut self, severity: Severity) {
        for (count, each) in self.counts.iter_mut().zip(Severity::ALL) {
            *count += usize::from(each == severity);
        }
    }

    /// Every severity with its count, worst first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Severity, usize)> {
        Severity::ALL.into_iter().zip(self.counts)
    }

    /// All findings.
    pub(crate) fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// `1 critical, 2 high`: the severities that there are.
    pub(crate) fn words(&self) -> String {
        let some = self.iter().filter(|(_, count)| *count > 0);
        some.map(|(severity, count)| format!("{count} {severity}")).collect::<Vec<_>>().join(", ")
    }
}

/// What a report adds up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary<'a> {
    /// How many files were looked at.
    pub(crate) files: usize,
    /// How the entries ended.
    pub(crate) documents: Counts,
    /// The findings that count.
    pub(crate) new: Tally,
    /// The findings that count, by namespace.
    pub(crate) namespaces: BTreeMap<&'a str, Tally>,
    /// How many of them fail the run.
    pub(crate) failing: usize,
    /// How many findings the baseline knows.
    pub(crate) known: usize,
    /// How many findings are suppressed.
    pub(crate) suppressed: usize,
    /// Why entries were skipped, with how many.
    pub(crate) skipped: BTreeMap<&'a str, usize>,
    /// The kinds that no check is about, with how many objects.
    pub(crate) not_applicable: BTreeMap<&'a str, usize>,
}

impl<'a> Summary<'a> {
    /// Adds a report up.
    pub(crate) fn of(report: &'a Report, fail_on: Severity) -> Self {
        let mut namespaces: BTreeMap<&str, Tally> = BTreeMap::new();
        for finding in report.new_findings() {
            namespaces.entry(namespace(finding.object.as_ref())).or_default().add(finding.finding.severity);
        }
        let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
        let mut not_applicable: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &report.entries {
            match &entry.outcome {
                Outcome::Skipped { reason } => *skipped.entry(reason).or_default() += 1,
                Outcome::NotApplicable => {
                    let kind = entry.object.as_ref().map_or("no object", |object| &object.kind);
                    *not_applicable.entry(kind).or_default() += 1;
                }
                Outcome::Judged | Outcome::Failed { .. } => {}
            }
        }
        let known = report.findings.iter().filter(|finding| finding.status == Status::Known).count();
        let new = Tally::of(report.new_findings());
        Self {
            files: report.files,
            documents: report.counts(),
            new,
            namespaces,
            failing: report.failing(fail_on).count(),
            known,
            suppressed: report.findings.len() - known - new.total(),
            skipped,
            not_applicable,
        }
    }

    /// `3 findings (1 high, 2 low), 1 of them high or worse`, or that there are none; without a period.
    pub(crate) fn findings_sentence(&self, fail_on: Severity) -> String {
        let total = self.new.total();
        if total == 0 {
            return match self.documents.failed {
                0 => "No findings".to_owned(),
                failed => format!("No findings, but {} could not be judged", plural(failed, "document")),
            };
        }
        let text = format!("{} ({})", plural(total, "finding"), self.new.words());
        let worse = if fail_on == Severity::Critical { "" } else { " or worse" };
        match self.failing {
            0 => format!("{text}, none of them {fail_on}{worse}"),
            failing if failing < total => format!("{text}, {failing} of them {fail_on}{worse}"),
            _ => text,
        }
    }

    /// `4 documents in 2 files: 2 judged, 1 not applicable, 1 skipped, 0 failed`.
    pub(crate) fn accounting(&self) -> String {
        let Counts { judged, not_applicable, skipped, failed } = self.documents;
        format!(
            "{} in {}: {judged} judged, {not_applicable} not applicable, {skipped} skipped, {failed} failed",
            plural(self.documents.total(), "document"),
            plural(self.files, "file")
        )
    }

    /// `2 suppressed, 1 known to the baseline`; nothing where there are neither.
    pub(crate) fn silenced(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.suppressed > 0 {
            parts.push(format!("{} suppressed", self.suppressed));
        }
        if self.known > 0 {
            parts.push(format!("{} known to the baseline", self.known));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// `2 Helm template, 1 empty`: counted words, safe to show.
pub(crate) fn counted(counts: &BTreeMap<&str, usize>) -> String {
    counts.iter().map(|(word, count)| format!("{count} {}", visible(word))).collect::<Vec<_>>().join(", ")
}

/// `1 document`, `2 documents`.
pub(crate) fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// `12 ms`, or `1.23 s`.
pub(crate) fn elapsed(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        _ => format!("{}.{:02} s", milliseconds / 1000, milliseconds % 1000 / 10),
    }
}

/// The namespace that an object names.
pub(crate) fn namespace(object: Option<&Identity>) -> &str {
    object.map(|object| object.namespace.as_str()).filter(|name| !name.is_empty()).unwrap_or(NO_NAMESPACE)
}

/// What a finding is to whoever applies the object; nothing where no namespace says anything.
pub(crate) fn mode_note(finding: &ReportedFinding) -> Option<Cow<'static, str>> {
    use ravelin_diag::Mode;
    let words: Vec<&str> = finding
        .finding
        .modes
        .iter()
        .filter_map(|mode| match mode {
            Mode::Enforce => Some("enforced by its namespace, the pod is denied"),
            Mode::Warn => Some("its namespace warns whoever applies it"),
            Mode::Audit => Some("its namespace records it in the audit log"),
            Mode::Yardstick => None,
        })
        .collect();
    (!words.is_empty()).then(|| Cow::Owned(words.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::report;

    #[test]
    fn a_report_adds_up() {
        let report = report();
        let summary = Summary::of(&report, Severity::High);
        assert_eq!(summary.new.total() + summary.known + summary.suppressed, report.findings.len());
        assert_eq!(summary.documents.total(), report.entries.len());
        assert_eq!(
            summary.findings_sentence(Severity::High),
            "4 findings (3 high, 1 medium), 3 of them high or worse"
        );
        let summary = Summary::of(&report, Severity::Info);
        assert_eq!(summary.findings_sentence(Severity::Info), "4 findings (3 high, 1 medium)");
        let summary = Summary::of(&report, Severity::Critical);
        let sentence = summary.findings_sentence(Severity::Critical);
        assert_eq!(sentence, "4 findings (3 high, 1 medium), none of them critical");
        assert_eq!(
            summary.accounting(),
            "6 documents in 4 files: 3 judged, 1 not applicable, 1 skipped, 1 failed"
        );
        assert_eq!(summary.silenced().as_deref(), Some("1 suppressed, 1 known to the baseline"));
        assert_eq!(summary.namespaces.keys().copied().collect::<Vec<_>>(), ["(none)", "shop"]);
    }

    #[test]
    fn nothing_found_is_not_nothing_wrong() {
        let mut report = Report::default();
        assert_eq!(Summary::of(&report, Severity::Info).findings_sentence(Severity::Info), "No findings");
        report.entries = crate::testing::report().entries;
        assert_eq!(
            Summary::of(&report, Severity::Info).findings_sentence(Severity::Info),
            "No findings, but 1 document could not be judged"
        );
    }

    #[test]
    fn a_short_time_has_no_digits_to_waste() {
        assert_eq!(elapsed(12), "12 ms");
        assert_eq!(elapsed(1234), "1.23 s");
    }
}
