//! SARIF 2.1.0, for code scanning.
//!
//! Source: OASIS Static Analysis Results Interchange Format 2.1.0, and "SARIF support for code scanning" of
//! GitHub. GitHub shows suppressed results as open alerts (`github/codeql-action` issue 1230), so they are
//! left out unless they are asked for.

mod rule;
mod uri;

use crate::Context;
use crate::json::writer::{Each, write_json};
use ravelin_diag::Severity;
use ravelin_engine::report::{Entry, Outcome, Region, Report, ReportedFinding, Status, SuppressedBy};
use ravelin_object::identity::Identity;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the report.
pub(crate) fn render(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let metas = ravelin_engine::checks::all();
    let rules: BTreeMap<&str, usize> =
        metas.iter().enumerate().map(|(index, meta)| (meta.id, index)).collect();
    let with_baseline = report.findings.iter().any(|finding| finding.status == Status::Known);
    let is_shown = |finding: &&ReportedFinding| {
        context.show_suppressed || !matches!(finding.status, Status::Suppressed { .. })
    };
    let findings: Vec<&ReportedFinding> = report.findings.iter().filter(is_shown).collect();
    let one = |finding: &&ReportedFinding| {
        let mut result = result(finding);
        if let Some(index) = rules.get(finding.finding.check) {
            set(&mut result, "ruleIndex", json!(index));
        }
        if with_baseline {
            let state = if finding.status == Status::Known { "unchanged" } else { "new" };
            set(&mut result, "baselineState", json!(state));
        }
        result
    };
    let run = Run {
        tool: json!({"driver": {
            "name": "ravelin",
            "version": context.version,
            "semanticVersion": context.version,
            "shortDescription": {"text": "Kubernetes security in one binary"},
            "rules": metas.iter().map(|meta| rule::rule(meta)).collect::<Vec<_>>(),
            "notifications": notifications(),
        }}),
        invocations: [invocation(report)],
        original_uri_base_ids: json!({
            "%SRCROOT%": {"description": {"text": "The folder that ravelin ran in."}}
        }),
        column_kind: "unicodeCodePoints",
        results: Each(&findings, one),
        properties: properties(report, context),
    };
    write_json(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] }, out)
}

#[derive(Serialize)]
struct Log<R: Serialize> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<R>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R: Serialize> {
    tool: Value,
    invocations: [Value; 1],
    original_uri_base_ids: Value,
    column_kind: &'static str,
    results: R,
    properties: Value,
}

/// The kinds of notifications, in the order of their indices.
fn notifications() -> Value {
    json!([
        {"id": "not-judged", "shortDescription": {"text": "A document could not be judged"}},
        {"id": "unknown", "shortDescription": {"text": "Something could not be known"}},
    ])
}

fn invocation(report: &Report) -> Value {
    let failed = report.entries.iter().filter_map(|entry| match &entry.outcome {
        Outcome::Failed { message } => Some(failed(entry, message)),
        _ => None,
    });
    let unknown = report.unknown.iter().map(|text| {
        json!({
            "descriptor": {"id": "unknown", "index": 1},
            "level": "note",
            "message": {"text": plain(text)},
        })
    });
    json!({
        "executionSuccessful": report.counts().failed == 0,
        "toolExecutionNotifications": failed.chain(unknown).collect::<Vec<_>>(),
    })
}

fn failed(entry: &Entry, message: &str) -> Value {
    let mut physical = json!({"artifactLocation": uri::artifact_location(&entry.file)});
    if let Some(at) = entry.position {
        set(&mut physical, "region", json!({"startLine": at.line, "startColumn": at.column}));
    }
    let mut location = json!({"physicalLocation": physical});
    if let Some(object) = &entry.object {
        set(&mut location, "logicalLocations", json!([logical_location(object)]));
    }
    json!({
        "descriptor": {"id": "not-judged", "index": 0},
        "level": "error",
        "message": {"text": plain(message)},
        "locations": [location],
    })
}

fn result(reported: &ReportedFinding) -> Value {
    let finding = &reported.finding;
    let mut location = json!({"physicalLocation": {
        "artifactLocation": uri::artifact_location(&reported.location.file),
        "region": region(reported.location.region),
    }});
    if let Some(object) = &reported.object {
        set(&mut location, "logicalLocations", json!([logical_location(object)]));
    }
    let mut result = json!({
        "ruleId": finding.check,
        "level": level(finding.severity),
        "kind": "fail",
        "message": {"text": message(&finding.message, &finding.remedy)},
        "locations": [location],
        "partialFingerprints": {"ravelin/v1": reported.fingerprint},
        "properties": {
            "severity": finding.severity.as_str(),
            "confidence": finding.confidence.as_str(),
            "path": finding.path.to_string(),
            "pointer": finding.path.to_pointer(),
            "modes": finding.modes.iter().map(|mode| mode.as_str()).collect::<Vec<_>>(),
        },
    });
    if let Status::Suppressed { by, reason } = &reported.status {
        set(&mut result, "suppressions", json!([suppression(by, reason)]));
    }
    result
}

fn suppression(by: &SuppressedBy, reason: &str) -> Value {
    let kind = match by {
        SuppressedBy::Annotation | SuppressedBy::Comment(_) => "inSource",
        SuppressedBy::Entry(_) | SuppressedBy::Exemption(_) => "external",
    };
    let mut suppression = json!({"kind": kind, "status": "accepted"});
    if !reason.is_empty() {
        set(&mut suppression, "justification", json!(reason));
    }
    suppression
}

/// Whole sentences: what is wrong, what to do. Why it matters stands in the help of the rule.
fn message(message: &str, remedy: &str) -> String {
    let remedy = if remedy.is_empty() { String::new() } else { format!(" {remedy}.") };
    plain(&format!("{message}.{remedy}"))
}

/// Text of a message in which nothing is a link: `[text](target)` is one even in plain text.
fn plain(text: &str) -> String {
    text.replace("](", "] (")
}

fn region(region: Region) -> Value {
    json!({
        "startLine": region.start.line,
        "startColumn": region.start.column,
        "endLine": region.end.line,
        "endColumn": region.end.column,
    })
}

fn logical_location(object: &Identity) -> Value {
    let name = if object.name.is_empty() { &object.kind } else { &object.name };
    let place = [&object.api_version, &object.kind, &object.namespace, &object.name];
    let qualified: Vec<&str> =
        place.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    json!({"name": name, "fullyQualifiedName": qualified.join("/"), "kind": "resource"})
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The accounting of the run: readers of results alone would not know what was not judged.
fn properties(report: &Report, context: &Context<'_>) -> Value {
    let counts = report.counts();
    json!({
        "files": report.files,
        "documents": {
            "judged": counts.judged,
            "notApplicable": counts.not_applicable,
            "skipped": counts.skipped,
            "failed": counts.failed,
        },
        "failing": report.failing(context.fail_on).count(),
    })
}

fn set(value: &mut Value, key: &str, field: Value) {
    if let Some(map) = value.as_object_mut() {
        map.insert(key.to_owned(), field);
    }
}

#[cfg(test)]
mod tests;
