//! One line per finding: `file:line:column: severity check message [object]`.

use crate::Context;
use crate::escape::{file_name, visible};
use crate::style::Paint;
use crate::summary::{Summary, elapsed};
use ravelin_engine::report::{Entry, Outcome, Report, ReportedFinding, Status};
use std::io::{self, Write};

/// Writes the report.
pub(crate) fn render(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { color: context.color };
    let mut findings = report.findings.iter().filter(|finding| is_shown(finding, context)).peekable();
    for entry in report.entries.iter().filter(|entry| is_listed(entry, context)) {
        let here = (&entry.file, entry.position);
        let before =
            |finding: &&ReportedFinding| (&finding.location.file, Some(finding.location.region.start)) < here;
        while let Some(finding) = findings.next_if(before) {
            write_finding(finding, paint, out)?;
        }
        write_entry(entry, paint, out)?;
    }
    for finding in findings {
        write_finding(finding, paint, out)?;
    }
    for unknown in &report.unknown {
        writeln!(out, "unknown: {}", visible(unknown))?;
    }
    writeln!(out, "{}", last_line(report, context))
}

/// The summary on one line.
pub(crate) fn last_line(report: &Report, context: &Context<'_>) -> String {
    let summary = Summary::of(report, context.fail_on);
    let mut line = format!("{}; {}", summary.findings_sentence(context.fail_on), summary.accounting());
    for part in [summary.silenced(), context.elapsed_ms.map(elapsed)].into_iter().flatten() {
        line.push_str("; ");
        line.push_str(&part);
    }
    line
}

/// Whether people's formats show a finding.
pub(crate) fn is_shown(finding: &ReportedFinding, context: &Context<'_>) -> bool {
    match finding.status {
        Status::New => true,
        Status::Known => false,
        Status::Suppressed { .. } => context.show_suppressed,
    }
}

/// Whether people's formats list an entry.
pub(crate) fn is_listed(entry: &Entry, context: &Context<'_>) -> bool {
    match entry.outcome {
        Outcome::Judged => false,
        Outcome::Failed { .. } => true,
        Outcome::NotApplicable | Outcome::Skipped { .. } => context.verbose,
    }
}

/// `file:line:column`, as far as known.
pub(crate) fn place(entry: &Entry) -> String {
    let file = file_name(&entry.file);
    entry.position.map_or_else(|| file.to_string(), |at| format!("{file}:{}:{}", at.line, at.column))
}

fn write_finding(reported: &ReportedFinding, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let finding = &reported.finding;
    let start = reported.location.region.start;
    write!(out, "{}:{}:{}: ", file_name(&reported.location.file), start.line, start.column)?;
    if matches!(reported.status, Status::Suppressed { .. }) {
        out.write_all(b"suppressed ")?;
    }
    let severity = paint.severity(finding.severity, finding.severity.as_str());
    write!(out, "{severity} {} {}", finding.check, visible(&finding.message))?;
    if let Some(object) = &reported.object {
        write!(out, " [{}]", visible(&object.to_string()))?;
    }
    if let Status::Suppressed { reason, .. } = &reported.status
        && !reason.is_empty()
    {
        write!(out, " (suppressed: {})", visible(reason))?;
    }
    writeln!(out)
}

fn write_entry(entry: &Entry, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let (word, message) = match &entry.outcome {
        Outcome::Failed { message } => (paint.error("error"), format!(" cannot judge: {}", visible(message))),
        Outcome::Skipped { reason } => ("skipped:".to_owned(), format!(" {}", visible(reason))),
        Outcome::NotApplicable | Outcome::Judged => ("not applicable".to_owned(), String::new()),
    };
    write!(out, "{}: {word}{message}", place(entry))?;
    if let Some(object) = &entry.object {
        write!(out, " [{}]", visible(&object.to_string()))?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use crate::testing::{context, hostile, rendered, report};
    use crate::{Context, Format};

    #[test]
    fn one_line_per_finding() {
        insta::assert_snapshot!(rendered(Format::Concise, &report(), &context()), @r"
        bare.yaml:1:69: high pss/host-namespaces `hostIPC` is `true`: the pod shares a namespace of its node [Pod bare]
        broken.yaml:2:8: error cannot judge: mapping values are not allowed here
        deploy/web.yaml:7:16: high pss/host-namespaces `hostPID` is `true`: the pod shares a namespace of its node [Deployment shop/web]
        deploy/web.yaml:8:7: high pss/host-namespaces `hostNetwork` is `true`: the pod shares a namespace of its node [Deployment shop/web]
        deploy/web.yaml:14:1: medium suppression/unused the comment suppresses nothing
        unknown: which labels the namespace `shop` has
        4 findings (3 high, 1 medium), 3 of them high or worse; 6 documents in 4 files: 3 judged, 1 not applicable, 1 skipped, 1 failed; 1 suppressed, 1 known to the baseline
        ");
    }

    #[test]
    fn everything_where_it_is_asked_for() {
        let context = Context { verbose: true, show_suppressed: true, elapsed_ms: Some(1234), ..context() };
        insta::assert_snapshot!(rendered(Format::Concise, &report(), &context), @r"
        bare.yaml:1:69: high pss/host-namespaces `hostIPC` is `true`: the pod shares a namespace of its node [Pod bare]
        bare.yaml:7:3: suppressed high pss/host-namespaces `hostPID` is `true`: the pod shares a namespace of its node [Pod silent] (suppressed: it is the debugger)
        broken.yaml:2:8: error cannot judge: mapping values are not allowed here
        chart/templates/web.yaml: skipped: Helm template
        deploy/web.yaml:7:16: high pss/host-namespaces `hostPID` is `true`: the pod shares a namespace of its node [Deployment shop/web]
        deploy/web.yaml:8:7: high pss/host-namespaces `hostNetwork` is `true`: the pod shares a namespace of its node [Deployment shop/web]
        deploy/web.yaml:13:1: not applicable [ConfigMap web]
        deploy/web.yaml:14:1: medium suppression/unused the comment suppresses nothing
        unknown: which labels the namespace `shop` has
        4 findings (3 high, 1 medium), 3 of them high or worse; 6 documents in 4 files: 3 judged, 1 not applicable, 1 skipped, 1 failed; 1 suppressed, 1 known to the baseline; 1.23 s
        ");
    }

    #[test]
    fn hostile_names_stay_on_their_line() {
        insta::assert_snapshot!(rendered(Format::Concise, &hostile(), &context()), @r#"
        ./::error::a␛[31m|`b`␊<img src=x>&"'�]]>,%0A:.yaml:1:1: high pss/host-namespaces ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀ [␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀ ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀/␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀]
        ./::error::a␛[31m|`b`␊<img src=x>&"'�]]>,%0A:.yaml:1:18: high pss/host-namespaces ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀ [␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀ ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀/␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀]
        ./::error::a␛[31m|`b`␊<img src=x>&"'�]]>,%0A:.yaml:2:1: error cannot judge: ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀ [␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀ ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀/␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀]
        unknown: ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
        2 findings (2 high); 4 documents in 1 file: 1 judged, 1 not applicable, 1 skipped, 1 failed; 1 suppressed
        "#);
    }

    #[test]
    fn colours_only_where_they_are_allowed() {
        assert!(!rendered(Format::Concise, &report(), &context()).contains('\u{1b}'));
        let context = Context { color: true, ..context() };
        assert!(rendered(Format::Concise, &report(), &context).contains("\u{1b}[1m\u{1b}[91mhigh\u{1b}[0m"));
    }
}
