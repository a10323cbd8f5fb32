//! A comment on a pull request: tables that fold, with every text escaped.

use crate::Context;
use crate::concise::{is_listed, is_shown};
use crate::escape::{markdown, markdown_code};
use crate::summary::{NO_NAMESPACE, Summary, Tally, counted, elapsed, plural};
use ravelin_diag::Severity;
use ravelin_engine::report::{Entry, Outcome, Report, ReportedFinding, Status};
use std::fmt::Write as _;
use std::io::{self, Write};

/// How many bytes the tables may take: GitHub refuses comments of more than 65,536 characters, and
/// what comes behind the tables needs room.
const ROOM: usize = 56_000;
/// How many bytes what comes behind the tables may take.
const ROOM_BEHIND: usize = 4_000;
/// How many namespaces are listed.
const NAMESPACES: usize = 30;

/// Writes the report.
pub(crate) fn render(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let summary = Summary::of(report, context.fail_on);
    let mut page = Page { text: String::new(), left_out: 0 };
    let _ = writeln!(page.text, "## Ravelin: {}\n", markdown(&summary.findings_sentence(context.fail_on)));
    push_counts(&summary, &mut page);
    push_entries(report, context, &mut page);
    push_findings(report, context, &mut page);
    if page.left_out > 0 {
        let _ = writeln!(
            page.text,
            "{} left out, for a comment has room for no more.\n",
            plural(page.left_out, "row")
        );
    }
    push_accounting(report, &summary, context, &mut page);
    out.write_all(page.text.as_bytes())
}

/// A text that knows how long it may get.
struct Page {
    text: String,
    left_out: usize,
}

impl Page {
    /// Adds rows of a table, as many as there is room for, below a head and above a foot; nothing where
    /// there is not room for one.
    fn push_table(&mut self, head: &str, rows: impl Iterator<Item = String>, foot: &str) {
        let mut has_head = false;
        for row in rows {
            let frame = if has_head { 0 } else { head.len() + foot.len() };
            if self.text.len() + frame + row.len() > ROOM {
                self.left_out += 1;
                continue;
            }
            if !has_head {
                self.text.push_str(head);
                has_head = true;
            }
            self.text.push_str(&row);
        }
        if has_head {
            self.text.push_str(foot);
        }
    }
}

fn push_counts(summary: &Summary<'_>, page: &mut Page) {
    if summary.namespaces.is_empty() {
        return;
    }
    let row = |name: &str, tally: &Tally| {
        let mut row = format!("| {name} |");
        for (_, count) in tally.iter() {
            let _ = write!(row, " {} |", if count == 0 { String::new() } else { count.to_string() });
        }
        row.push('\n');
        row
    };
    let head = "| Namespace | Critical | High | Medium | Low | Info |\n|---|---:|---:|---:|---:|---:|\n";
    let name = |name: &str| if name == NO_NAMESPACE { markdown(name) } else { markdown_code(name) };
    let rows = summary.namespaces.iter().take(NAMESPACES).map(|(key, tally)| row(&name(key), tally));
    let more = summary.namespaces.len().saturating_sub(NAMESPACES);
    let more = (more > 0).then(|| format!("| and {} | | | | | |\n", plural(more, "more namespace")));
    let all = row("**All**", &summary.new);
    page.push_table(head, rows.chain(more).chain([all]), "\n");
}

/// What could not be judged; with `verbose`, what was skipped or is not applicable too.
fn push_entries(report: &Report, context: &Context<'_>, page: &mut Page) {
    let rows = report.entries.iter().filter(|entry| is_listed(entry, context)).map(entry_row);
    let open = if report.counts().failed > 0 { " open" } else { "" };
    let head = format!(
        "<details{open}><summary>Not judged</summary>\n\n| Where | Object | Outcome |\n|---|---|---|\n"
    );
    page.push_table(&head, rows, "\n</details>\n\n");
}

fn entry_row(entry: &Entry) -> String {
    let place = entry.position.map_or_else(
        || entry.file.to_string(),
        |position| format!("{}:{}:{}", entry.file, position.line, position.column),
    );
    let object = entry.object.as_ref().map(|object| markdown_code(&object.to_string())).unwrap_or_default();
    let outcome = match &entry.outcome {
        Outcome::Failed { message } => format!("**failed:** {}", markdown(message)),
        Outcome::Skipped { reason } => format!("skipped: {}", markdown(reason)),
        Outcome::NotApplicable | Outcome::Judged => "not applicable".to_owned(),
    };
    format!("| {} | {object} | {outcome} |\n", markdown_code(&place))
}

/// A table per file, each of which folds.
fn push_findings(report: &Report, context: &Context<'_>, page: &mut Page) {
    let shown: Vec<&ReportedFinding> =
        report.findings.iter().filter(|finding| is_shown(finding, context)).collect();
    for findings in shown.chunk_by(|a, b| a.location.file == b.location.file) {
        let Some(first) = findings.first() else { continue };
        let tally = Tally::of(findings.iter().copied().filter(|finding| finding.status == Status::New));
        let words = if tally.total() > 0 { tally.words() } else { "suppressed".to_owned() };
        let open = if tally.iter().any(|(severity, count)| count > 0 && severity >= context.fail_on) {
            " open"
        } else {
            ""
        };
        let head = format!(
            "<details{open}><summary>{}: {words}</summary>\n\n\
             | Severity | Check | Line | Object | What is wrong |\n|---|---|---:|---|---|\n",
            markdown_code(&first.location.file)
        );
        page.push_table(&head, findings.iter().map(|finding| finding_row(finding)), "\n</details>\n\n");
    }
}

fn finding_row(reported: &ReportedFinding) -> String {
    let finding = &reported.finding;
    let severity = match finding.severity {
        Severity::Critical | Severity::High => format!("**{}**", finding.severity),
        other => other.to_string(),
    };
    let object =
        reported.object.as_ref().map(|object| markdown_code(&object.to_string())).unwrap_or_default();
    let mut what = markdown(&finding.message);
    if !finding.remedy.is_empty() {
        let _ = write!(what, "<br>*Fix:* {}", markdown(&finding.remedy));
    }
    if let Status::Suppressed { reason, .. } = &reported.status {
        let _ = write!(what, "<br>*Suppressed:* {}", markdown(reason));
    }
    let line = reported.location.region.start.line;
    format!("| {severity} | {} | {line} | {object} | {what} |\n", markdown_code(finding.check))
}

fn push_accounting(report: &Report, summary: &Summary<'_>, context: &Context<'_>, page: &mut Page) {
    let mut lines = vec![summary.accounting()];
    if !summary.skipped.is_empty() {
        lines.push(format!("skipped: {}", counted(&summary.skipped)));
    }
    if context.verbose && !summary.not_applicable.is_empty() {
        lines.push(format!("not applicable: {}", counted(&summary.not_applicable)));
    }
    lines.extend(summary.silenced().map(|silenced| format!("not counted: {silenced}")));
    lines.extend(report.unknown.iter().map(|unknown| format!("unknown: {unknown}")));
    let mut left = ROOM_BEHIND;
    let mut left_out = 0;
    for line in lines {
        let line = format!("- {}\n", markdown(&line));
        match left.checked_sub(line.len()) {
            Some(rest) => {
                left = rest;
                page.text.push_str(&line);
            }
            None => left_out += 1,
        }
    }
    if left_out > 0 {
        let _ = writeln!(page.text, "- and {left_out} more");
    }
    let time = context.elapsed_ms.map(|ms| format!(" in {}", elapsed(ms))).unwrap_or_default();
    let _ = writeln!(page.text, "\n<sub>ravelin {}{time}</sub>", markdown(context.version));
}

#[cfg(test)]
mod tests {
    use crate::testing::{context, finding, hostile, rendered, report};
    use crate::{Context, Format};
    use ravelin_diag::FieldPath;
    use ravelin_engine::report::Report;

    #[test]
    fn tables_by_namespace_and_file() {
        insta::assert_snapshot!(rendered(Format::Markdown, &report(), &context()), @r"
        ## Ravelin: 4 findings (3 high, 1 medium), 3 of them high or worse

        | Namespace | Critical | High | Medium | Low | Info |
        |---|---:|---:|---:|---:|---:|
        | (none) |  | 1 | 1 |  |  |
        | <code>shop</code> |  | 2 |  |  |  |
        | **All** |  | 3 | 1 |  |  |

        <details open><summary>Not judged</summary>

        | Where | Object | Outcome |
        |---|---|---|
        | <code>broken.yaml:2:8</code> |  | **failed:** mapping values are not allowed here |

        </details>

        <details open><summary><code>bare.yaml</code>: 1 high</summary>

        | Severity | Check | Line | Object | What is wrong |
        |---|---|---:|---|---|
        | **high** | <code>pss/host-namespaces</code> | 1 | <code>Pod bare</code> | <code>hostIPC</code> is <code>true</code>: the pod shares a namespace of its node<br>*Fix:* Remove the field |

        </details>

        <details open><summary><code>deploy/web.yaml</code>: 2 high, 1 medium</summary>

        | Severity | Check | Line | Object | What is wrong |
        |---|---|---:|---|---|
        | **high** | <code>pss/host-namespaces</code> | 7 | <code>Deployment shop/web</code> | <code>hostPID</code> is <code>true</code>: the pod shares a namespace of its node<br>*Fix:* Remove the field |
        | **high** | <code>pss/host-namespaces</code> | 8 | <code>Deployment shop/web</code> | <code>hostNetwork</code> is <code>true</code>: the pod shares a namespace of its node<br>*Fix:* Remove the field |
        | medium | <code>suppression/unused</code> | 14 |  | the comment suppresses nothing<br>*Fix:* Remove the field |

        </details>

        - 6 documents in 4 files: 3 judged, 1 not applicable, 1 skipped, 1 failed
        - skipped: 1 Helm template
        - not counted: 1 suppressed, 1 known to the baseline
        - unknown: which labels the namespace <code>shop</code> has

        <sub>ravelin 0.1.0</sub>
        ");
    }

    #[test]
    fn hostile_names_are_text() {
        let context = Context { verbose: true, show_suppressed: true, ..context() };
        let text = rendered(Format::Markdown, &hostile(), &context);
        let bad = "␛&#91;2J&#96;&#124;&#60;/td&#62;&#60;script&#62;alert(1)&#60;/script&#62;␍␊\
                   &#58;&#58;stop-commands&#58;&#58;x\u{fffd}\u{fffd}&#38;\"'&#64;all &#93;&#93;&#62;␀";
        assert!(text.contains(&format!("| <code>{bad}</code> |")), "{text}");
        let bad = bad.replace("&#64;all", "&#64;\u{200b}all");
        assert!(text.contains(&format!("**failed:** {bad} |")), "{text}");
        let tags = [
            "details",
            "details open",
            "/details",
            "summary",
            "/summary",
            "code",
            "/code",
            "br",
            "sub",
            "/sub",
        ];
        for tag in text.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            assert!(tags.contains(&tag), "{tag}");
        }
        for line in text.lines().filter(|line| line.starts_with('|')) {
            assert!([4, 6, 7].contains(&line.matches('|').count()), "{line}");
        }
        assert!(!text.contains('`') && !text.contains("@all"));
    }

    #[test]
    fn a_comment_has_room_for_it() {
        let mut report = Report::default();
        for n in 0..5000 {
            let path = FieldPath::root().key(format!("f{n}"));
            report.findings.push(finding(&format!("file{}.yaml", n / 100), "true", "true", path, None));
        }
        report.unknown = vec!["`x`".repeat(5000)];
        let text = rendered(Format::Markdown, &report, &context());
        assert!(text.chars().count() < 65_536 && text.len() > 50_000, "{}", text.len());
        assert!(text.contains(" rows left out") && text.contains("and 1 more"));
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
    }
}
