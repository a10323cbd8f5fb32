//! What silences findings: annotations, comments, entries of the configuration file.

use crate::checks;
use crate::report::{Location, ReportedFinding, Status, SuppressedBy};
use crate::selection::{Pattern, Selection};
use ravelin_diag::{Anchor, FieldPath, Finding};
pub use ravelin_diag::{Day, ParseDayError};
use ravelin_object::Value;
use ravelin_object::identity::Identity;

/// One suppression, wherever it was written.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// The checks it silences.
    pub checks: Vec<Pattern>,
    /// What kind it is.
    pub by: SuppressedBy,
    /// The reason given; empty where none is.
    pub reason: String,
    /// The last day on which it works.
    pub expires: Option<Day>,
    /// Where it is written.
    pub location: Location,
    /// The object it is written in, where it is in one.
    pub object: Option<Identity>,
}

/// Silences every finding that a suppression is meant for, and reports suppressions that have expired or
/// silence nothing.
///
/// `in_scope(suppression, finding)` says whether the finding is within the reach of the suppression: on its
/// line, in its object, under its glob; the ids are looked at here.
pub fn apply(
    findings: &mut [ReportedFinding],
    suppressions: &[Suppression],
    today: Day,
    selection: &Selection,
    mut in_scope: impl FnMut(usize, &ReportedFinding) -> bool,
) -> Vec<ReportedFinding> {
    let mut reports = Vec::new();
    for (index, suppression) in suppressions.iter().enumerate() {
        if let Some(day) = suppression.expires.filter(|day| *day < today) {
            let message = format!("the suppression of {} expired on {day}", names(&suppression.checks));
            reports.extend(about(&checks::suppression::Expired::META, message, suppression, selection));
            continue;
        }
        for pattern in &suppression.checks {
            let mut used = false;
            for finding in findings.iter_mut() {
                if pattern.matches(finding.finding.check) && in_scope(index, finding) {
                    used = true;
                    if finding.status == Status::New {
                        finding.status = Status::Suppressed {
                            by: suppression.by.clone(),
                            reason: suppression.reason.clone(),
                        };
                    }
                }
            }
            let ran =
                checks::all().iter().any(|meta| pattern.matches(meta.id) && selection.includes(meta.id));
            if !used && ran {
                let message = format!("the suppression of `{pattern}` suppresses nothing");
                reports.extend(about(&checks::suppression::Unused::META, message, suppression, selection));
            }
        }
    }
    reports
}

/// A finding that a suppression cannot be read.
#[must_use]
pub fn invalid(
    message: String,
    location: Location,
    object: Option<Identity>,
    selection: &Selection,
) -> Option<ReportedFinding> {
    report(&checks::suppression::Invalid::META, message, location, object, selection)
}

fn about(
    meta: &ravelin_check::CheckMeta,
    message: String,
    suppression: &Suppression,
    selection: &Selection,
) -> Option<ReportedFinding> {
    report(meta, message, suppression.location.clone(), suppression.object.clone(), selection)
}

/// A finding of a check about the text rather than an object's field.
#[must_use]
pub fn report(
    meta: &ravelin_check::CheckMeta,
    message: String,
    location: Location,
    object: Option<Identity>,
    selection: &Selection,
) -> Option<ReportedFinding> {
    if !selection.includes(meta.id) {
        return None;
    }
    let identity = object.as_ref().map(crate::scan::identity_text).unwrap_or_default();
    Some(ReportedFinding {
        fingerprint: format!("{}\n{identity}\n{message}", meta.id),
        finding: Finding {
            check: meta.id,
            severity: meta.severity,
            confidence: meta.confidence,
            message,
            remedy: crate::scan::remedy(meta).into(),
            path: FieldPath::root(),
            anchor: Anchor::Value,
            modes: Vec::new(),
        },
        object,
        location,
        status: Status::New,
    })
}

fn names(patterns: &[Pattern]) -> String {
    patterns.iter().map(|pattern| format!("`{pattern}`")).collect::<Vec<_>>().join(", ")
}

/// The annotation that silences findings of its object: ids or families, separated by commas.
pub const ANNOTATION: &str = "ravelin.dev/ignore";

/// A suppression in the annotations of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct IgnoreAnnotation {
    /// The path of the annotation.
    pub path: FieldPath,
    /// The checks it silences.
    pub checks: Vec<Pattern>,
    /// `ravelin.dev/ignore-reason`; empty where absent.
    pub reason: String,
    /// `ravelin.dev/ignore-expires`.
    pub expires: Option<Day>,
    /// What cannot be read of it.
    pub errors: Vec<String>,
}

/// The suppression in the annotations of the mapping that stands at `path` of an object and holds
/// `metadata`: the object itself, or a pod template in it.
#[must_use]
pub fn of_annotations(holder: &Value, path: &FieldPath) -> Option<IgnoreAnnotation> {
    let annotations = holder.dotted("metadata.annotations")?;
    let text = |key: &str| annotations.field(key).and_then(Value::as_str);
    let list = text(ANNOTATION)?;
    let mut errors = Vec::new();
    let mut checks = Vec::new();
    for id in list.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        match id.parse() {
            Ok(pattern) => checks.push(pattern),
            Err(error) => errors.push(crate::selection::UnknownCheck::to_string(&error)),
        }
    }
    if checks.is_empty() && errors.is_empty() {
        errors.push(format!("`{ANNOTATION}` names no check; expected ids separated by commas"));
    }
    let expires = text("ravelin.dev/ignore-expires").map(str::parse::<Day>).transpose();
    let expires = expires.unwrap_or_else(|error| {
        errors.push(error.to_string());
        checks.clear();
        None
    });
    Some(IgnoreAnnotation {
        path: path.clone().dotted("metadata.annotations").key(ANNOTATION),
        checks,
        reason: text("ravelin.dev/ignore-reason").unwrap_or_default().to_owned(),
        expires,
        errors,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_name_checks() {
        let read = |text: &str| {
            let value =
                ravelin_object::read::yaml(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
            of_annotations(&value, &FieldPath::root())
        };
        assert_eq!(read("metadata: {annotations: {a: b}}"), None);
        let good = read("metadata: {annotations: {ravelin.dev/ignore: 'pss/sysctls, manifest', ravelin.dev/ignore-expires: '2030-01-01'}}").unwrap();
        assert_eq!((good.checks.len(), good.errors.len()), (2, 0));
        let bad = read("metadata: {annotations: {ravelin.dev/ignore: 'pss/sysctl'}}").unwrap();
        assert_eq!(bad.errors, ["no check or family is named `pss/sysctl`; did you mean `pss/sysctls`?"]);
        let bad =
            read("metadata: {annotations: {ravelin.dev/ignore: 'pss', ravelin.dev/ignore-expires: 'soon'}}")
                .unwrap();
        assert!(bad.checks.is_empty(), "an unreadable expiry suppresses nothing");
    }
}
