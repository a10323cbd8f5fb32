//! Everything a report holds, for programs.
//!
//! The format is documented by [`schema`]. Within one [`SCHEMA_VERSION`] fields may be added, never removed
//! or given another meaning. Texts are exact; characters that a terminal would obey are escaped.

mod schema;
pub(crate) mod writer;

pub use schema::schema;

use crate::Context;
use crate::catalogue::Catalogue;
use crate::summary::{NO_NAMESPACE, Summary, Tally};
use ravelin_engine::report::{Entry, Outcome, Position, Report, ReportedFinding, Status, SuppressedBy};
use ravelin_object::identity::Identity;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use writer::{Each, write_json};

/// The version of the format.
pub const SCHEMA_VERSION: u32 = 1;

/// Writes the report.
pub(crate) fn render(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let catalogue = Catalogue::of_all();
    let output = JsonReport {
        schema_version: SCHEMA_VERSION,
        tool: Tool { name: "ravelin", version: context.version },
        summary: summary(report, context),
        findings: Each(&report.findings, |reported| finding(reported, &catalogue)),
        documents: Each(&report.entries, document),
        unknown: &report.unknown,
    };
    write_json(&output, out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonReport<'a, F: Serialize, D: Serialize> {
    schema_version: u32,
    tool: Tool<'a>,
    summary: JsonSummary<'a>,
    findings: F,
    documents: D,
    unknown: &'a [String],
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonSummary<'a> {
    files: usize,
    documents: DocumentCounts,
    findings: FindingCounts,
    fail_on: &'a str,
    by_severity: BySeverity,
    by_namespace: Vec<NamespaceCounts<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentCounts {
    total: usize,
    judged: usize,
    not_applicable: usize,
    skipped: usize,
    failed: usize,
}

#[derive(Serialize)]
struct FindingCounts {
    total: usize,
    new: usize,
    failing: usize,
    known: usize,
    suppressed: usize,
}

/// Counts in the order of severities; the keys are few and known, the order is kept by the type.
struct BySeverity(Tally);

impl Serialize for BySeverity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(severity, count)| (severity.as_str(), count)))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NamespaceCounts<'a> {
    namespace: Option<&'a str>,
    by_severity: BySeverity,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    check: &'a str,
    family: &'a str,
    severity: &'a str,
    confidence: &'a str,
    message: &'a str,
    why: Option<&'a str>,
    remedy: &'a str,
    object: Option<JsonObject<'a>>,
    path: String,
    pointer: String,
    location: JsonLocation<'a>,
    modes: Vec<&'a str>,
    fingerprint: &'a str,
    status: &'a str,
    suppression: Option<Suppression<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonObject<'a> {
    api_version: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonLocation<'a> {
    file: &'a str,
    start: JsonPosition,
    end: JsonPosition,
}

#[derive(Serialize)]
struct JsonPosition {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Suppression<'a> {
    by: &'a str,
    line: Option<u32>,
    entry: Option<usize>,
    reason: &'a str,
}

#[derive(Serialize)]
struct Document<'a> {
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    object: Option<JsonObject<'a>>,
    status: &'a str,
    reason: Option<&'a str>,
    message: Option<&'a str>,
}

fn summary<'a>(report: &'a Report, context: &Context<'_>) -> JsonSummary<'a> {
    let summary = Summary::of(report, context.fail_on);
    let by_namespace: BTreeMap<&str, Tally> = summary.namespaces;
    let named = |name: &'a str| Some(name).filter(|name| *name != NO_NAMESPACE);
    JsonSummary {
        files: summary.files,
        documents: DocumentCounts {
            total: summary.documents.total(),
            judged: summary.documents.judged,
            not_applicable: summary.documents.not_applicable,
            skipped: summary.documents.skipped,
            failed: summary.documents.failed,
        },
        findings: FindingCounts {
            total: report.findings.len(),
            new: summary.new.total(),
            failing: summary.failing,
            known: summary.known,
            suppressed: summary.suppressed,
        },
        fail_on: context.fail_on.as_str(),
        by_severity: BySeverity(summary.new),
        by_namespace: by_namespace
            .into_iter()
            .map(|(name, tally)| NamespaceCounts { namespace: named(name), by_severity: BySeverity(tally) })
            .collect(),
    }
}

fn finding<'a>(reported: &'a ReportedFinding, catalogue: &'a Catalogue) -> JsonFinding<'a> {
    let finding = &reported.finding;
    let region = reported.location.region;
    let (status, suppression) = match &reported.status {
        Status::New => ("new", None),
        Status::Known => ("known", None),
        Status::Suppressed { by, reason } => ("suppressed", Some(suppression(by, reason))),
    };
    JsonFinding {
        check: finding.check,
        family: finding.check.split_once('/').map_or(finding.check, |(family, _)| family),
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        message: &finding.message,
        why: catalogue.why(finding.check),
        remedy: &finding.remedy,
        object: reported.object.as_ref().map(object),
        path: finding.path.to_string(),
        pointer: finding.path.to_pointer(),
        location: JsonLocation {
            file: &reported.location.file,
            start: position(region.start),
            end: position(region.end),
        },
        modes: finding.modes.iter().map(|mode| mode.as_str()).collect(),
        fingerprint: &reported.fingerprint,
        status,
        suppression,
    }
}

fn suppression<'a>(by: &SuppressedBy, reason: &'a str) -> Suppression<'a> {
    let (by, line, entry) = match by {
        SuppressedBy::Annotation => ("annotation", None, None),
        SuppressedBy::Comment(line) => ("comment", Some(*line), None),
        SuppressedBy::Entry(entry) => ("configuration", None, Some(*entry)),
        SuppressedBy::Exemption(entry) => ("exemption", None, Some(*entry)),
    };
    Suppression { by, line, entry, reason }
}

fn document(entry: &Entry) -> Document<'_> {
    let (status, reason, message) = match &entry.outcome {
        Outcome::Judged => ("judged", None, None),
        Outcome::NotApplicable => ("not-applicable", None, None),
        Outcome::Skipped { reason } => ("skipped", Some(reason.as_str()), None),
        Outcome::Failed { message } => ("failed", None, Some(message.as_str())),
    };
    Document {
        file: &entry.file,
        line: entry.position.map(|position| position.line),
        column: entry.position.map(|position| position.column),
        object: entry.object.as_ref().map(object),
        status,
        reason,
        message,
    }
}

fn object(identity: &Identity) -> JsonObject<'_> {
    let some = |text: &'_ str| !text.is_empty();
    JsonObject {
        api_version: &identity.api_version,
        kind: &identity.kind,
        namespace: Some(identity.namespace.as_str()).filter(|text| some(text)),
        name: Some(identity.name.as_str()).filter(|text| some(text)),
    }
}

fn position(position: Position) -> JsonPosition {
    JsonPosition { line: position.line, column: position.column }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;
    use crate::testing::{context, hostile, rendered, report};
    use serde_json::{Value, json};

    /// The schema with every object closed, so that the test sees a field that the schema forgot.
    fn closed(schema: Value) -> Value {
        match schema {
            Value::Object(mut map) => {
                if map.contains_key("properties") && !map.contains_key("not") {
                    map.insert("additionalProperties".to_owned(), json!(false));
                }
                Value::Object(map.into_iter().map(|(key, value)| (key, closed(value))).collect())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(closed).collect()),
            other => other,
        }
    }

    #[test]
    fn output_is_what_the_schema_says() {
        jsonschema::meta::validate(&schema()).unwrap();
        let validator = jsonschema::validator_for(&closed(schema())).unwrap();
        for report in [report(), hostile(), Report::default()] {
            let output: Value = serde_json::from_str(&rendered(Format::Json, &report, &context())).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&output)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new());
        }
        let mut wrong: Value = serde_json::from_str(&rendered(Format::Json, &report(), &context())).unwrap();
        wrong["findings"][0]["severity"] = json!("urgent");
        assert!(!validator.is_valid(&wrong));
    }

    #[test]
    fn texts_are_exact_and_harmless() {
        let text = rendered(Format::Json, &hostile(), &context());
        assert!(text.contains("\\u202e") && text.contains("\\u0000"));
        let output: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(output["documents"][0]["file"], crate::testing::HOSTILE_FILE);
        assert_eq!(output["documents"][0]["object"]["name"], hostile().unknown[0].as_str());
    }

    #[test]
    fn everything_is_there() {
        let text = rendered(Format::Json, &report(), &context());
        let output: Value = serde_json::from_str(&text).unwrap();
        insta::assert_snapshot!(text.lines().take(48).collect::<Vec<_>>().join("\n"), @r#"
        {
          "schemaVersion": 1,
          "tool": {
            "name": "ravelin",
            "version": "0.1.0"
          },
          "summary": {
            "files": 4,
            "documents": {
              "total": 6,
              "judged": 3,
              "notApplicable": 1,
              "skipped": 1,
              "failed": 1
            },
            "findings": {
              "total": 6,
              "new": 4,
              "failing": 3,
              "known": 1,
              "suppressed": 1
            },
            "failOn": "high",
            "bySeverity": {
              "critical": 0,
              "high": 3,
              "medium": 1,
              "low": 0,
              "info": 0
            },
            "byNamespace": [
              {
                "namespace": null,
                "bySeverity": {
                  "critical": 0,
                  "high": 1,
                  "medium": 1,
                  "low": 0,
                  "info": 0
                }
              },
              {
                "namespace": "shop",
                "bySeverity": {
                  "critical": 0,
                  "high": 2,
                  "medium": 0,
                  "low": 0,
        "#);
        insta::assert_json_snapshot!(output["findings"][2], @r#"
        {
          "check": "pss/host-namespaces",
          "confidence": "high",
          "family": "pss",
          "fingerprint": "af57f1238ef33c15a578246b4c936b1d",
          "location": {
            "end": {
              "column": 10,
              "line": 7
            },
            "file": "bare.yaml",
            "start": {
              "column": 3,
              "line": 7
            }
          },
          "message": "`hostPID` is `true`: the pod shares a namespace of its node",
          "modes": [
            "yardstick"
          ],
          "object": {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": "silent",
            "namespace": null
          },
          "path": "spec.hostPID",
          "pointer": "/spec/hostPID",
          "remedy": "Remove the field",
          "severity": "high",
          "status": "suppressed",
          "suppression": {
            "by": "comment",
            "entry": null,
            "line": 7,
            "reason": "it is the debugger"
          },
          "why": "In the host's network namespace a pod reaches every service that listens on the node's loopback address and sees other pods' traffic; in its process namespace it sees, and with enough rights signals or traces, every process of the node and of all other pods; in its IPC namespace it reads their shared memory"
        }
        "#);
        insta::assert_json_snapshot!(output["documents"][5], @r#"
        {
          "column": 1,
          "file": "deploy/web.yaml",
          "line": 13,
          "message": null,
          "object": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": "web",
            "namespace": null
          },
          "reason": null,
          "status": "not-applicable"
        }
        "#);
    }
}
