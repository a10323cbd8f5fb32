//! Code frames and a summary, for people at a terminal.

use crate::Context;
use crate::catalogue::{Catalogue, Words};
use crate::concise::{is_listed, is_shown, place};
use crate::escape::{file_name, visible};
use crate::style::Paint;
use crate::summary::{Summary, Tally, counted, elapsed, plural};
use frame::{Frame, Mark, Text};
use ravelin_diag::{Mode, Severity};
use ravelin_engine::report::{Entry, Outcome, Position, Report, ReportedFinding, Status};
use ravelin_object::identity::Identity;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

mod frame;

/// How many lines of a file one frame may span.
const NEAR: u32 = 2000;
/// How many findings of a frame are underlined.
const LABELLED: usize = 6;
/// How many remedies of a frame are said.
const REMEDIES: usize = 3;
/// How many namespaces the summary lists, unless it is verbose.
const NAMESPACES: usize = 20;

/// Writes the report.
pub(crate) fn render(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { color: context.color };
    let catalogue = Catalogue::of_all();
    for (file, blocks) in files(report, context) {
        write_file(file, &blocks, &catalogue, context, out)?;
    }
    write_listed(report, context, out)?;
    write_summary(report, context, paint, out)
}

/// What is shown as one frame: findings, or an entry that failed, with its message.
enum Block<'a> {
    /// The first one, and all of them.
    Findings(&'a ReportedFinding, Vec<&'a ReportedFinding>),
    Failed(&'a Entry, &'a str),
}

impl Block<'_> {
    /// Where it starts; what is about a whole file comes first.
    fn position(&self) -> Option<Position> {
        match self {
            Self::Findings(first, _) => Some(first.location.region.start),
            Self::Failed(entry, _) => entry.position,
        }
    }
}

/// Findings that agree in all of this go into one frame.
type Together<'a> = (&'a str, Option<&'a Identity>, Severity, &'a [Mode], Option<&'a str>);

/// Every file that something is said about, with its blocks in their order.
fn files<'a>(report: &'a Report, context: &Context<'_>) -> BTreeMap<&'a Arc<str>, Vec<Block<'a>>> {
    let mut files: BTreeMap<&Arc<str>, Vec<Block<'_>>> = BTreeMap::new();
    let mut open: BTreeMap<Together<'_>, usize> = BTreeMap::new();
    let mut last_file = None;
    for finding in report.findings.iter().filter(|finding| is_shown(finding, context)) {
        let file = &finding.location.file;
        if last_file.replace(file) != Some(file) {
            open.clear();
        }
        let blocks = files.entry(file).or_default();
        let group = open.get(&together(finding)).and_then(|index| blocks.get_mut(*index));
        match group {
            Some(Block::Findings(first, group)) if is_near(first, finding) => group.push(finding),
            _ => {
                if finding.object.is_some() {
                    open.insert(together(finding), blocks.len());
                }
                blocks.push(Block::Findings(finding, vec![finding]));
            }
        }
    }
    for entry in &report.entries {
        if let Outcome::Failed { message } = &entry.outcome {
            files.entry(&entry.file).or_default().push(Block::Failed(entry, message));
        }
    }
    for blocks in files.values_mut() {
        blocks.sort_by_key(Block::position);
    }
    files
}

fn together(reported: &ReportedFinding) -> Together<'_> {
    let suppressed = match &reported.status {
        Status::Suppressed { reason, .. } => Some(reason.as_str()),
        Status::New | Status::Known => None,
    };
    let finding = &reported.finding;
    (finding.check, reported.object.as_ref(), finding.severity, &finding.modes, suppressed)
}

fn is_near(first: &ReportedFinding, finding: &ReportedFinding) -> bool {
    finding.location.region.start.line.saturating_sub(first.location.region.start.line) < NEAR
}

fn write_file(
    file: &str,
    blocks: &[Block<'_>],
    catalogue: &Catalogue,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint { color: context.color };
    let text = context.texts.text(file).map(Text::new);
    let findings = blocks.iter().filter_map(|block| match block {
        Block::Findings(_, findings) => Some(findings.iter().copied()),
        Block::Failed(..) => None,
    });
    let tally = Tally::of(findings.flatten().filter(|finding| finding.status == Status::New));
    let words = if tally.total() > 0 { format!(": {}", tally.words()) } else { String::new() };
    writeln!(out, "{}{words}\n", paint.bold(&file_name(file)))?;
    let mut explained = BTreeSet::new();
    for block in blocks {
        match block {
            Block::Findings(first, findings) => {
                let words = catalogue.find(first.finding.check);
                let mut frame = findings_frame(first, findings, words, text.as_ref(), context.width);
                // Said once per file: the second time it is known.
                let is_new = explained.insert(first.finding.check);
                if let Some(words) = words.filter(|words| is_new && !words.why.is_empty()) {
                    frame.notes.insert(1, ("why", words.why_in_short().to_owned()));
                }
                frame.write(context, out)?;
            }
            Block::Failed(entry, message) => write_failed(entry, message, context, text.as_ref(), out)?,
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The frame of some findings, without why they are ones.
fn findings_frame(
    first: &ReportedFinding,
    findings: &[&ReportedFinding],
    words: Option<&Words>,
    text: Option<&Text>,
    width: usize,
) -> Frame {
    let finding = &first.finding;
    let alike = findings.iter().all(|other| other.finding.message == finding.message);
    let title = match words {
        Some(words) if !alike => words.title.to_owned(),
        _ => visible(&finding.message).into_owned(),
    };
    let mut frame = Frame::new(finding.severity, title, place_of(first));
    frame.check = finding.check;
    let marks: Vec<Mark> = findings
        .iter()
        .map(|other| Mark {
            region: other.location.region,
            label: (!alike).then(|| visible(&other.finding.message).into_owned()),
        })
        .collect();
    frame.set_code(text, &marks, LABELLED, width);
    frame.notes.push(("in", whereabouts(first, findings)));
    add_remedies(findings, &mut frame);
    if let Some(note) = crate::summary::mode_note(first) {
        frame.notes.push(("note", note.into_owned()));
    }
    add_rest(findings, alike, &mut frame);
    if let Status::Suppressed { reason, .. } = &first.status {
        frame.word = format!("suppressed {}", finding.severity);
        let reason = if reason.is_empty() { "no reason is given" } else { reason };
        frame.notes.push(("suppressed", visible(reason).into_owned()));
    }
    frame
}

/// The object, with the field where there is one alone.
fn whereabouts(first: &ReportedFinding, findings: &[&ReportedFinding]) -> String {
    let object = first.object.as_ref().map_or_else(|| "the file".to_owned(), ToString::to_string);
    let path = first.finding.path.to_string();
    let text = if findings.len() > 1 || path.is_empty() { object } else { format!("{object}, {path}") };
    visible(&text).into_owned()
}

fn add_remedies(findings: &[&ReportedFinding], frame: &mut Frame) {
    let mut remedies: Vec<&str> = Vec::new();
    for finding in findings {
        let remedy = &*finding.finding.remedy;
        if !remedy.is_empty() && remedies.len() < REMEDIES && !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    }
    frame.notes.extend(remedies.into_iter().map(|remedy| ("fix", visible(remedy).into_owned())));
}

/// Says what and where the findings are that are not underlined, and how many are left after that.
fn add_rest(findings: &[&ReportedFinding], alike: bool, frame: &mut Frame) {
    let mut left: Vec<&ReportedFinding> = Vec::new();
    for (index, finding) in findings.iter().enumerate() {
        // A frame without code still shows where its first finding is, and its message if all share it.
        if !frame.shown.contains(&index) && (index > 0 || !alike) {
            left.push(finding);
        }
    }
    let at = |finding: &ReportedFinding| {
        let start = finding.location.region.start;
        format!("{}:{}", start.line, start.column)
    };
    if !alike {
        let said = LABELLED.saturating_sub(frame.shown.len()).min(left.len());
        for finding in left.drain(..said) {
            frame.notes.push(("at", format!("{}: {}", at(finding), visible(&finding.finding.message))));
        }
    }
    if !left.is_empty() {
        let places: Vec<String> = left.iter().take(LABELLED).map(|finding| at(finding)).collect();
        let dots = if left.len() > places.len() { ", ..." } else { "" };
        frame.notes.push(("note", format!("and {} more: at {}{dots}", left.len(), places.join(", "))));
    }
}

fn place_of(finding: &ReportedFinding) -> String {
    let start = finding.location.region.start;
    format!("{}:{}:{}", file_name(&finding.location.file), start.line, start.column)
}

fn write_failed(
    entry: &Entry,
    message: &str,
    context: &Context<'_>,
    text: Option<&Text>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let title = format!("cannot judge: {}", visible(message));
    let mut frame = Frame::new(Severity::Critical, title, place(entry));
    frame.word = "error".to_owned();
    if let Some(mark) = entry.position.zip(text).and_then(|(position, text)| text.mark_at(position)) {
        frame.set_code(text, &[mark], 1, context.width);
    }
    frame.notes.extend(entry.object.as_ref().map(|object| ("in", visible(&object.to_string()).into_owned())));
    frame.write(context, out)
}

/// What was skipped and what no check is about, one per line, where that is asked for.
fn write_listed(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut is_any = false;
    for entry in report.entries.iter().filter(|entry| is_listed(entry, context)) {
        let outcome = match &entry.outcome {
            Outcome::Failed { .. } | Outcome::Judged => continue,
            Outcome::Skipped { reason } => format!("skipped, {}", visible(reason)),
            Outcome::NotApplicable => "not applicable".to_owned(),
        };
        let object = entry.object.as_ref().map(|object| format!(" [{}]", visible(&object.to_string())));
        writeln!(out, "{}: {outcome}{}", place(entry), object.unwrap_or_default())?;
        is_any = true;
    }
    if is_any { writeln!(out) } else { Ok(()) }
}

fn write_summary(
    report: &Report,
    context: &Context<'_>,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let summary = Summary::of(report, context.fail_on);
    let sentence = summary.findings_sentence(context.fail_on);
    let worst = summary.new.iter().find(|(_, count)| *count > 0).map(|(severity, _)| severity);
    let sentence = match worst {
        Some(severity) => paint.severity(severity, &sentence),
        None if summary.documents.failed > 0 => paint.error(&sentence),
        None => paint.good(&sentence),
    };
    writeln!(out, "{sentence}")?;
    write_namespaces(&summary, context, paint, out)?;
    let time = context.elapsed_ms.map(|ms| format!(" ({})", elapsed(ms))).unwrap_or_default();
    writeln!(out, "{}{time}", summary.accounting())?;
    if !summary.skipped.is_empty() {
        writeln!(out, "  skipped: {}", counted(&summary.skipped))?;
    }
    if context.verbose && !summary.not_applicable.is_empty() {
        writeln!(out, "  not applicable: {}", counted(&summary.not_applicable))?;
    }
    if let Some(silenced) = summary.silenced() {
        writeln!(out, "  not counted: {silenced}")?;
    }
    for unknown in &report.unknown {
        writeln!(out, "{} {}", paint.bold("unknown:"), visible(unknown))?;
    }
    Ok(())
}

fn write_namespaces(
    summary: &Summary<'_>,
    context: &Context<'_>,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    if summary.namespaces.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<(String, Tally)> =
        summary.namespaces.iter().map(|(name, tally)| (visible(name).into_owned(), *tally)).collect();
    // The worst first where not all are shown; their names are in order already.
    let limit = if context.verbose { rows.len() } else { NAMESPACES };
    if rows.len() > limit {
        rows.sort_by_key(|(_, tally)| {
            std::cmp::Reverse(tally.iter().map(|(_, count)| count).collect::<Vec<_>>())
        });
    }
    let width =
        rows.iter().take(limit).map(|(name, _)| name.chars().count()).max().unwrap_or_default().max(9);
    let mut heading = format!("  {:<width$}", "namespace");
    for severity in Severity::ALL {
        heading.push_str(&format!("  {severity:>8}"));
    }
    writeln!(out, "{}", paint.bold(&heading))?;
    for (name, tally) in rows.iter().take(limit) {
        let mut row = format!("  {name:<width$}");
        for (_, count) in tally.iter() {
            let count = if count == 0 { "-".to_owned() } else { count.to_string() };
            row.push_str(&format!("  {count:>8}"));
        }
        writeln!(out, "{row}")?;
    }
    match rows.len().saturating_sub(limit) {
        0 => Ok(()),
        more => writeln!(out, "  and {}", plural(more, "more namespace")),
    }
}

#[cfg(test)]
mod tests;
