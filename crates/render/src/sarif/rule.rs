//! A check as a rule: its metadata and its documentation page.

use super::level;
use ravelin_check::{CheckMeta, Expectation, Source};
use ravelin_diag::{Confidence, Severity};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The `reportingDescriptor` of a check.
pub(super) fn rule(meta: &CheckMeta) -> Value {
    let documentation = meta.documentation();
    json!({
        "id": meta.id,
        "name": name(meta.slug()),
        "shortDescription": {"text": documentation.title},
        "fullDescription": {"text": one_line(&documentation.summary)},
        "help": {"text": help_text(meta), "markdown": help_markdown(meta)},
        "defaultConfiguration": {"level": level(meta.severity)},
        "properties": {
            "security-severity": security_severity(meta.severity),
            "precision": precision(meta.confidence),
            "tags": ["security", "kubernetes", meta.family()],
        },
    })
}

/// The score by which code scanning of GitHub sorts: over 9.0 is critical, from 7.0 high, from 4.0 medium.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "1.0",
    }
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "high",
        Confidence::Low => "medium",
    }
}

/// `HostNamespaces` for `host-namespaces`.
fn name(slug: &str) -> String {
    let mut name = String::with_capacity(slug.len());
    for word in slug.split('-') {
        let mut characters = word.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(characters.as_str());
    }
    name
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn help_text(meta: &CheckMeta) -> String {
    let documentation = meta.documentation();
    let mut text = one_line(&documentation.summary);
    for heading in ["Why", "Remedy"] {
        if let Some(body) = documentation.section(heading) {
            let _ = write!(text, "\n\n{heading}: {}", one_line(body));
        }
    }
    text
}

fn help_markdown(meta: &CheckMeta) -> String {
    let documentation = meta.documentation();
    let mut page = format!("# {}\n\n{}\n", documentation.title, documentation.summary);
    for (heading, body) in &documentation.sections {
        let _ = write!(page, "\n## {heading}\n\n{body}\n");
    }
    for (expectation, heading) in [(Expectation::Fails, "Reported"), (Expectation::Passes, "Not reported")] {
        for example in documentation.examples.iter().filter(|example| example.expectation == expectation) {
            let _ = write!(page, "\n## {heading}\n\n```yaml\n{}```\n", example.yaml());
        }
    }
    page.push_str("\n## Sources\n\n");
    for source in meta.sources {
        let how = match source {
            Source::Same(_) => "decides as",
            Source::Inspired(_) => "takes up",
        };
        let _ = writeln!(page, "- {how} {}", source.citation());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_the_whole_page() {
        let meta = ravelin_engine::checks::find("pss/host-namespaces").unwrap();
        insta::assert_snapshot!(help_text(meta), @r"
        Reports a pod that asks for the network, process or IPC namespace of its node.

        Why: In the host's network namespace a pod reaches every service that listens on the node's loopback address and sees other pods' traffic; in its process namespace it sees, and with enough rights signals or traces, every process of the node and of all other pods; in its IPC namespace it reads their shared memory.

        Remedy: Remove the field. A workload that really needs the host, such as a network plugin, belongs in a namespace of its own that allows the privileged level.
        ");
        let page = help_markdown(meta);
        assert!(page.starts_with("# Pod shares a namespace of the host\n\nReports a pod"));
        for part in
            ["\n## Why\n", "\n## Remedy\n", "\n## Reported\n\n```yaml\napiVersion: v1\n", "\n## Sources\n"]
        {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(name("host-namespaces"), "HostNamespaces");
    }
}
