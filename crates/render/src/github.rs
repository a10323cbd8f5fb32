//! Workflow commands of GitHub Actions: annotations on the lines of a pull request.
//!
//! The runner shows the first ten errors and the first ten warnings of a step, so the worst come first.

use crate::Context;
use crate::concise::last_line;
use crate::escape::visible;
use ravelin_diag::Severity;
use ravelin_engine::report::{Entry, Outcome, Report, ReportedFinding};
use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes the report.
pub(crate) fn render(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    for entry in &report.entries {
        if let Outcome::Failed { message } = &entry.outcome {
            writeln!(out, "{}", failed(entry, message))?;
        }
    }
    let mut findings: Vec<&ReportedFinding> = report.new_findings().collect();
    findings.sort_by_key(|finding| Reverse(finding.finding.severity));
    for finding in findings {
        writeln!(out, "{}", command(finding))?;
    }
    writeln!(out, "{}", last_line(report, context))
}

fn command(reported: &ReportedFinding) -> String {
    let finding = &reported.finding;
    let word = match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    };
    let region = reported.location.region;
    let mut line = format!("::{word} ");
    push_file(&reported.location.file, &mut line);
    let _ = write!(line, "line={},", region.start.line);
    // The runner takes columns only where both are on one line.
    if region.start.line == region.end.line {
        let _ = write!(
            line,
            "col={},endLine={},endColumn={},",
            region.start.column, region.end.line, region.end.column
        );
    } else {
        let _ = write!(line, "endLine={},", region.end.line);
    }
    let _ = write!(line, "title={}::{}", property(finding.check), data(&finding.message));
    if let Some(object) = &reported.object {
        let _ = write!(line, " [{}]", data(&object.to_string()));
    }
    if !finding.remedy.is_empty() {
        let _ = write!(line, "%0AFix: {}", data(&finding.remedy));
    }
    line
}

fn failed(entry: &Entry, message: &str) -> String {
    let mut line = String::from("::error ");
    push_file(&entry.file, &mut line);
    if let Some(at) = entry.position {
        let _ = write!(line, "line={},col={},", at.line, at.column);
    }
    let _ = write!(line, "title=cannot judge::{}", data(message));
    line
}

/// Names the file; standard input is none that could be annotated.
fn push_file(file: &str, line: &mut String) {
    if file != "<stdin>" {
        let _ = write!(line, "file={},", property(file));
    }
}

/// Text behind the `::` of a command. Source: `actions/toolkit`, `packages/core/src/command.ts`.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;
    use crate::testing::{context, hostile, rendered, report};

    #[test]
    fn the_worst_come_first() {
        insta::assert_snapshot!(rendered(Format::Github, &report(), &context()), @r"
        ::error file=broken.yaml,line=2,col=8,title=cannot judge::mapping values are not allowed here
        ::error file=bare.yaml,line=1,col=69,endLine=1,endColumn=73,title=pss/host-namespaces::`hostIPC` is `true`: the pod shares a namespace of its node [Pod bare]%0AFix: Remove the field
        ::error file=deploy/web.yaml,line=7,col=16,endLine=7,endColumn=20,title=pss/host-namespaces::`hostPID` is `true`: the pod shares a namespace of its node [Deployment shop/web]%0AFix: Remove the field
        ::error file=deploy/web.yaml,line=8,col=7,endLine=8,endColumn=24,title=pss/host-namespaces::`hostNetwork` is `true`: the pod shares a namespace of its node [Deployment shop/web]%0AFix: Remove the field
        ::warning file=deploy/web.yaml,line=14,col=1,endLine=14,endColumn=16,title=suppression/unused::the comment suppresses nothing%0AFix: Remove the field
        4 findings (3 high, 1 medium), 3 of them high or worse; 6 documents in 4 files: 3 judged, 1 not applicable, 1 skipped, 1 failed; 1 suppressed, 1 known to the baseline
        ");
    }

    #[test]
    fn a_hostile_name_is_no_command() {
        let text = rendered(Format::Github, &hostile(), &context());
        insta::assert_snapshot!(text, @r#"
        ::error file=%3A%3Aerror%3A%3Aa␛[31m|`b`␊<img src=x>&"'�]]>%2C%250A%3A.yaml,line=2,col=1,title=cannot judge::␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
        ::error file=%3A%3Aerror%3A%3Aa␛[31m|`b`␊<img src=x>&"'�]]>%2C%250A%3A.yaml,line=1,endLine=3,title=pss/host-namespaces::␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀ [␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀ ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀/␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀]%0AFix: ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
        ::error file=%3A%3Aerror%3A%3Aa␛[31m|`b`␊<img src=x>&"'�]]>%2C%250A%3A.yaml,line=1,col=18,endLine=1,endColumn=21,title=pss/host-namespaces::␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀ [␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀ ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀/␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀]%0AFix: ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
        2 findings (2 high); 4 documents in 1 file: 1 judged, 1 not applicable, 1 skipped, 1 failed; 1 suppressed
        "#);
        assert_eq!(property("a:b,c%d"), "a%3Ab%2Cc%25d");
    }
}
