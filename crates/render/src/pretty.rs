//! Code frames and a summary, for people at a terminal.

use crate::Context;
use crate::catalogue::{Catalogue, Words};
use crate::concise::{is_listed, is_shown, place};
use crate::escape::{file_name, visible};
use crate::style::Paint;
use crate::summary::{Summary, Tally, counted, plural, seconds};
use frame::{Frame, Mark};
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
    write_summary(report, context, paint, out)
}

/// What is shown as one: a frame around findings, or an entry that failed or is listed.
enum Block<'a> {
    Findings(Vec<&'a ReportedFinding>),
    Entry(&'a Entry),
}

impl Block<'_> {
    /// Where it starts; what is about a whole file comes first.
    fn position(&self) -> Option<Position> {
        match self {
            Self::Findings(findings) => findings.first().map(|finding| finding.location.region.start),
            Self::Entry(entry) => entry.position,
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
            Some(Block::Findings(group)) if is_near(group, finding) => group.push(finding),
            _ => {
                if finding.object.is_some() {
                    open.insert(together(finding), blocks.len());
                }
                blocks.push(Block::Findings(vec![finding]));
            }
        }
    }
    for entry in report.entries.iter().filter(|entry| is_listed(entry, context)) {
        files.entry(&entry.file).or_default().push(Block::Entry(entry));
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

fn is_near(group: &[&ReportedFinding], finding: &ReportedFinding) -> bool {
    let line = |finding: &ReportedFinding| finding.location.region.start.line;
    group.first().is_some_and(|first| line(finding).saturating_sub(line(first)) < NEAR)
}

fn write_file(
    file: &str,
    blocks: &[Block<'_>],
    catalogue: &Catalogue,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint { color: context.color };
    let in_frames = |block: &Block<'_>| match block {
        Block::Findings(_) => true,
        Block::Entry(entry) => matches!(entry.outcome, Outcome::Failed { .. }),
    };
    let text = if blocks.iter().any(in_frames) { context.texts.text(file) } else { None };
    let findings = blocks.iter().filter_map(|block| match block {
        Block::Findings(findings) => Some(findings.iter().copied()),
        Block::Entry(_) => None,
    });
    let tally = Tally::of(findings.flatten().filter(|finding| finding.status == Status::New));
    let words = if tally.total() > 0 { format!(": {}", tally.words()) } else { String::new() };
    writeln!(out, "{}{words}\n", paint.bold(&file_name(file)))?;
    let mut explained = BTreeSet::new();
    for block in blocks {
        match block {
            Block::Findings(findings) => {
                let words = catalogue.find(findings.first().map_or("", |first| first.finding.check));
                let is_first = findings.first().is_some_and(|first| explained.insert(first.finding.check));
                let mut frame = findings_frame(findings, words, text.as_deref(), context.width);
                if let Some(words) = words.filter(|words| is_first && !words.why.is_empty()) {
                    frame.notes.insert(1, ("why", words.why.clone()));
                }
                frame.write(context, out)?;
            }
            Block::Entry(entry) => write_entry(entry, context, text.as_deref(), out)?,
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The frame of some findings, without why they are ones.
fn findings_frame(
    findings: &[&ReportedFinding],
    words: Option<&Words>,
    text: Option<&str>,
    width: usize,
) -> Frame {
    let mut frame = Frame::default();
    let Some(first) = findings.first() else { return frame };
    let finding = &first.finding;
    let alike = findings.iter().all(|other| other.finding.message == finding.message);
    frame.severity = finding.severity;
    frame.word = finding.severity.to_string();
    frame.check = finding.check.to_owned();
    frame.title = match words {
        Some(words) if !alike => words.title.to_owned(),
        _ => visible(&finding.message).into_owned(),
    };
    frame.place = place_of(first);
    let marks: Vec<Mark> = findings
        .iter()
        .map(|other| Mark {
            region: other.location.region,
            label: (!alike).then(|| visible(&other.finding.message).into_owned()),
        })
        .collect();
    frame.set_code(text, &marks, LABELLED, width);
    frame.notes.push(("in", whereabouts(findings)));
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
fn whereabouts(findings: &[&ReportedFinding]) -> String {
    let Some(first) = findings.first() else { return String::new() };
    let object = first.object.as_ref().map(ToString::to_string);
    let path = Some(first.finding.path.to_string()).filter(|path| findings.len() == 1 && !path.is_empty());
    let parts: Vec<String> = [object, path].into_iter().flatten().collect();
    let parts = if parts.is_empty() { vec!["the file".to_owned()] } else { parts };
    visible(&parts.join(", ")).into_owned()
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

fn write_entry(
    entry: &Entry,
    context: &Context<'_>,
    text: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let object = entry.object.as_ref().map(|object| visible(&object.to_string()).into_owned());
    let message = match &entry.outcome {
        Outcome::Failed { message } => message,
        Outcome::Skipped { reason } => {
            return writeln!(out, "{}: skipped: {}", place(entry), visible(reason));
        }
        Outcome::NotApplicable | Outcome::Judged => {
            let object = object.map(|object| format!(" [{object}]")).unwrap_or_default();
            return writeln!(out, "{}: not applicable{object}", place(entry));
        }
    };
    let mut frame = Frame {
        severity: Severity::Critical,
        word: "error".to_owned(),
        title: format!("cannot judge: {}", visible(message)),
        place: place(entry),
        ..Frame::default()
    };
    if let Some(mark) = entry.position.zip(text).and_then(|(position, text)| frame::mark_at(text, position)) {
        frame.set_code(text, &[mark], 1, context.width);
    }
    frame.notes.extend(object.map(|object| ("in", object)));
    frame.write(context, out)
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
    let elapsed = context.elapsed_ms.map(|elapsed| format!(" ({})", seconds(elapsed))).unwrap_or_default();
    writeln!(out, "{}{elapsed}", summary.accounting())?;
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
        rows.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.iter().map(|(_, count)| count).collect::<Vec<_>>()));
    }
    let width = rows.iter().take(limit).map(|(name, _)| name.chars().count()).max().unwrap_or_default().max(9);
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
        more => writeln!(out, "  and {} more", plural(more, "namespace")),
    }
}

#[cfg(test)]
mod tests;
