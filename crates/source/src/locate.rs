//! Judgements become findings at places of a text.

use crate::Limits;
use crate::load::{Document, below, places_of};
use crate::places::{Lines, Places};
use ravelin_diag::{Anchor, FieldPath, Finding};
use ravelin_engine::checks::manifest::DuplicateKey;
use ravelin_engine::report::{Location, Position, Region, ReportedFinding, Status, SuppressedBy};
use ravelin_engine::scan::{Judgement, identity_text, stable_path};
use ravelin_engine::selection::Selection;
use ravelin_engine::suppression::{self, Day, Suppression};
use ravelin_inventory::Object;
use ravelin_podsec::exemption::Extension;
use std::sync::Arc;

/// What the places of one file are resolved with.
pub(crate) struct Locator<'l> {
    /// The name reports use.
    pub file: &'l Arc<str>,
    /// The decoded text; nothing if it cannot be read any more.
    pub text: Option<&'l str>,
    /// Its lines.
    pub lines: &'l Lines,
    /// The bounds it was read with.
    pub limits: &'l Limits,
    /// The checks that take part.
    pub selection: &'l Selection,
    /// The exemptions that faults may be waived by.
    pub extension: &'l Extension,
    /// Today; nothing where suppressions are not heeded.
    pub suppress: Option<Day>,
}

/// A judged object of a document.
pub(crate) struct Judged<'j> {
    /// The object.
    pub object: &'j Object,
    /// Where it stands in its document.
    pub prefix: &'j FieldPath,
    /// What became of it.
    pub judgement: &'j Judgement,
}

impl Locator<'_> {
    /// The findings of a document at their places, with its own suppressions applied.
    pub(crate) fn findings(&self, document: &Document, judged: &[Judged<'_>]) -> Vec<ReportedFinding> {
        let has_paths = judged.iter().map(|judged| judged.judgement).any(|judgement| {
            !judgement.findings.is_empty() || !judgement.exempted.is_empty() || !judgement.ignores.is_empty()
        });
        let places = has_paths.then(|| self.places(document)).flatten();
        let mut findings = self.duplicates(document, judged);
        let mut reports = Vec::new();
        for judged in judged {
            let from = findings.len();
            for finding in &judged.judgement.findings {
                findings.push(self.finding(document, places.as_ref(), judged, finding));
            }
            for exempted in &judged.judgement.exempted {
                let mut finding = self.finding(document, places.as_ref(), judged, &exempted.finding);
                finding.status = self.exempted(exempted.exemption);
                findings.push(finding);
            }
            let own = findings.get_mut(from..).unwrap_or_default();
            reports.extend(self.annotations(document, places.as_ref(), judged, own));
        }
        reports.extend(self.comments(document, judged, &mut findings));
        findings.extend(reports);
        findings
    }

    /// The position of a field of an object, for fields that could not be decoded.
    pub(crate) fn position(
        &self,
        document: &Document,
        prefix: &FieldPath,
        path: &FieldPath,
    ) -> Option<Position> {
        let places = self.places(document)?;
        let bytes = places.resolve(&below(prefix, path), Anchor::Value);
        Some(self.region(document, bytes).start)
    }

    fn places(&self, document: &Document) -> Option<Places<'_>> {
        let text = self.text?.get(document.bytes.0..document.bytes.1)?;
        places_of(text, document.format, self.limits)
    }

    fn region(&self, document: &Document, (start, end): (u32, u32)) -> Region {
        let offset = u32::try_from(document.bytes.0).unwrap_or(u32::MAX);
        self.lines.region((offset.saturating_add(start), offset.saturating_add(end)))
    }

    /// Where a path is; the start of the document if its text has changed meanwhile.
    fn location(
        &self,
        document: &Document,
        places: Option<&Places<'_>>,
        path: &FieldPath,
        anchor: Anchor,
    ) -> Location {
        let bytes = places.map(|places| places.resolve(path, anchor)).unwrap_or_default();
        Location { file: self.file.clone(), region: self.region(document, bytes) }
    }

    fn finding(
        &self,
        document: &Document,
        places: Option<&Places<'_>>,
        judged: &Judged<'_>,
        finding: &Finding,
    ) -> ReportedFinding {
        let path = below(judged.prefix, &finding.path);
        let identity = &judged.object.identity;
        ReportedFinding {
            finding: finding.clone(),
            object: Some(identity.clone()),
            location: self.location(document, places, &path, finding.anchor),
            fingerprint: format!(
                "{}\n{}\n{}",
                finding.check,
                identity_text(identity),
                stable_path(&judged.object.value, &finding.path)
            ),
            status: Status::New,
        }
    }

    fn exempted(&self, index: usize) -> Status {
        let exemption = self.extension.exemptions.get(index);
        let reason =
            exemption.map(|exemption| format!("exemption `{}`: {}", exemption.name, exemption.reason));
        Status::Suppressed { by: SuppressedBy::Exemption(index), reason: reason.unwrap_or_default() }
    }

    fn duplicates(&self, document: &Document, judged: &[Judged<'_>]) -> Vec<ReportedFinding> {
        let object = match judged {
            [one] => Some(one.object.identity.clone()),
            _ => None,
        };
        let report = |(key, region): &(String, Region)| {
            let message = format!("the key `{key}` stands in this mapping before; the last one is in force");
            let location = Location { file: self.file.clone(), region: *region };
            suppression::report(&DuplicateKey::META, message, location, object.clone(), self.selection)
        };
        document.duplicates.iter().filter_map(report).collect()
    }

    fn annotations(
        &self,
        document: &Document,
        places: Option<&Places<'_>>,
        judged: &Judged<'_>,
        own: &mut [ReportedFinding],
    ) -> Vec<ReportedFinding> {
        let Some(today) = self.suppress else { return Vec::new() };
        let mut reports = Vec::new();
        for ignore in &judged.judgement.ignores {
            let path = below(judged.prefix, &ignore.path);
            let location = self.location(document, places, &path, Anchor::Value);
            let object = Some(judged.object.identity.clone());
            for error in &ignore.errors {
                reports.extend(suppression::invalid(
                    error.clone(),
                    location.clone(),
                    object.clone(),
                    self.selection,
                ));
            }
            let suppression = Suppression {
                checks: ignore.checks.clone(),
                by: SuppressedBy::Annotation,
                reason: ignore.reason.clone(),
                expires: ignore.expires,
                location,
                object,
            };
            reports.extend(suppression::apply(own, &[suppression], today, self.selection, |_, _| true));
        }
        reports
    }

    fn comments(
        &self,
        document: &Document,
        judged: &[Judged<'_>],
        findings: &mut [ReportedFinding],
    ) -> Vec<ReportedFinding> {
        let Some(today) = self.suppress else { return Vec::new() };
        let object = match judged {
            [one] => Some(one.object.identity.clone()),
            _ => None,
        };
        let mut reports = Vec::new();
        for (comment, target, region) in &document.comments {
            let location = Location { file: self.file.clone(), region: *region };
            let mut errors: Vec<String> = comment.error.iter().cloned().collect();
            let mut checks = Vec::new();
            for id in &comment.ids {
                match id.parse() {
                    Ok(pattern) => checks.push(pattern),
                    Err(error) => errors.push(ravelin_engine::selection::UnknownCheck::to_string(&error)),
                }
            }
            let expires = match comment.expires.as_deref().map(str::parse::<Day>).transpose() {
                Ok(expires) => expires,
                Err(error) => {
                    errors.push(error.to_string());
                    None
                }
            };
            if !errors.is_empty() {
                for error in errors {
                    reports.extend(suppression::invalid(
                        error,
                        location.clone(),
                        object.clone(),
                        self.selection,
                    ));
                }
                continue;
            }
            let suppression = Suppression {
                checks,
                by: SuppressedBy::Comment(region.start.line),
                reason: comment.reason.clone(),
                expires,
                location,
                object: object.clone(),
            };
            let on_line = |_, finding: &ReportedFinding| finding.location.region.start.line == *target;
            reports.extend(suppression::apply(findings, &[suppression], today, self.selection, on_line));
        }
        reports
    }
}
