//! `ravelin rules`.

use crate::ExitStatus;
use crate::exit::usage;
use clap::ValueEnum;
use ravelin_check::CheckMeta;
use ravelin_engine::checks;
use ravelin_engine::selection::Pattern;
use std::fmt::Write as _;
use std::io::Write as _;

/// List the checks, or explain one
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ravelin rules
  ravelin rules pss/host-namespaces
  ravelin rules pss -o json")]
pub(crate) struct Args {
    /// The id of a check, or the name of a family
    rule: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// For programs
    Json,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitStatus> {
    let pattern = args.rule.as_deref().map(str::parse::<Pattern>).transpose().map_err(usage)?;
    let wanted = |meta: &&CheckMeta| pattern.as_ref().is_none_or(|pattern| pattern.matches(meta.id));
    let metas: Vec<&CheckMeta> = checks::all().into_iter().filter(wanted).collect();
    let explains_one = pattern.as_ref().is_some_and(|pattern| !pattern.is_family());
    let text = match (args.output, explains_one, metas.first()) {
        (Output::Json, ..) => json(&metas)?,
        (Output::Text, true, Some(meta)) => page(meta),
        (Output::Text, ..) => list(&metas),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(ExitStatus::Clean)
}

fn list(metas: &[&CheckMeta]) -> String {
    let width = metas.iter().map(|meta| meta.id.len()).max().unwrap_or_default();
    let mut text = String::new();
    for meta in metas {
        let _ = writeln!(text, "{:width$}  {:8}  {}", meta.id, meta.severity, meta.documentation().title);
    }
    text
}

/// The documentation page of a check, in Markdown.
#[must_use]
pub fn page(meta: &CheckMeta) -> String {
    let documentation = meta.documentation();
    let mut text = format!("# {}\n\n{}\n\n", meta.id, documentation.title);
    let _ = writeln!(text, "{}\n", documentation.summary);
    let _ = writeln!(
        text,
        "Severity {}, confidence {}; applies to {}; since {}.\n",
        meta.severity, meta.confidence, meta.applies_to, meta.since
    );
    for (heading, body) in &documentation.sections {
        let _ = writeln!(text, "## {heading}\n\n{body}\n");
    }
    text.push_str("## Examples\n\n");
    for example in &documentation.examples {
        let what = match example.expectation {
            ravelin_check::Expectation::Fails => "Reported:",
            ravelin_check::Expectation::Passes => "Not reported:",
        };
        let _ = writeln!(text, "{what}\n\n```yaml\n{}```\n", example.yaml());
    }
    text.push_str("## Sources\n\n");
    for source in meta.sources {
        let how = match source {
            ravelin_check::Source::Same(_) => "decides as",
            ravelin_check::Source::Inspired(_) => "inspired by",
        };
        let _ = writeln!(text, "- {how} {}", source.citation());
    }
    text
}

fn json(metas: &[&CheckMeta]) -> anyhow::Result<String> {
    let rules: Vec<serde_json::Value> = metas
        .iter()
        .map(|meta| {
            let documentation = meta.documentation();
            let sections: serde_json::Map<String, serde_json::Value> = documentation
                .sections
                .iter()
                .map(|(heading, body)| ((*heading).to_owned(), body.clone().into()))
                .collect();
            serde_json::json!({
                "id": meta.id,
                "family": meta.family(),
                "title": documentation.title,
                "summary": documentation.summary,
                "severity": meta.severity.as_str(),
                "confidence": meta.confidence.as_str(),
                "appliesTo": meta.applies_to,
                "since": meta.since,
                "sections": sections,
                "sources": meta.sources.iter().map(|source| source.citation()).collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&rules)?))
}
