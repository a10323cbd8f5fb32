//! JUnit XML, for test reports of CI systems: a suite per file, a case per document.
//!
//! Source: the schema of the Jenkins xUnit plugin, `junit-10.xsd`, which the other readers follow.

use crate::Context;
use crate::escape::visible;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use ravelin_engine::report::{Entry, Outcome, Position, Report, ReportedFinding};
use ravelin_object::identity::Identity;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes the report.
pub(crate) fn render(report: &Report, context: &Context<'_>, out: &mut dyn Write) -> io::Result<()> {
    let suites = suites(report);
    let mut totals = Totals::default();
    for suite in suites.values() {
        totals.add(&Totals::of(suite, context));
    }
    let mut writer = Writer::new_with_indent(&mut *out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer
        .create_element("testsuites")
        .with_attribute(("name", "ravelin"))
        .with_attributes(totals.attributes().iter().map(|(key, value)| (*key, value.as_str())))
        .write_inner_content(|writer| {
            suites.iter().try_for_each(|(file, cases)| write_suite(file, cases, context, writer))
        })?;
    writer.get_mut().write_all(b"\n")
}

/// A case: a document, or a file where a finding is about no document.
#[derive(Default)]
struct Case<'a> {
    entry: Option<&'a Entry>,
    findings: Vec<&'a ReportedFinding>,
}

/// Where a document starts, and which case of its file it is.
type Place = (Option<Position>, usize);

/// The cases of each file, in the order of the documents; what is about a file comes last.
fn suites(report: &Report) -> BTreeMap<&str, Vec<Case<'_>>> {
    let mut suites: BTreeMap<&str, Vec<Case<'_>>> = BTreeMap::new();
    let mut places: BTreeMap<(&str, &Identity), Vec<Place>> = BTreeMap::new();
    for entry in &report.entries {
        if entry.outcome == Outcome::NotApplicable {
            continue;
        }
        let cases = suites.entry(&entry.file).or_default();
        if let Some(object) = &entry.object {
            places.entry((&entry.file, object)).or_default().push((entry.position, cases.len()));
        }
        cases.push(Case { entry: Some(entry), findings: Vec::new() });
    }
    let mut about_files: BTreeMap<&str, Case<'_>> = BTreeMap::new();
    for finding in report.new_findings() {
        let file = &*finding.location.file;
        let places = finding.object.as_ref().and_then(|object| places.get(&(file, object)));
        // The same object may stand in a file twice: it is the one that starts nearest above.
        let start = Some(finding.location.region.start);
        let nearest = places.and_then(|places| {
            places.iter().rev().find(|(position, _)| *position <= start).or(places.first())
        });
        let case = nearest.and_then(|(_, index)| suites.get_mut(file)?.get_mut(*index));
        case.unwrap_or_else(|| about_files.entry(file).or_default()).findings.push(finding);
    }
    for (file, case) in about_files {
        suites.entry(file).or_default().push(case);
    }
    suites
}

/// How many cases ended in which way.
#[derive(Default)]
struct Totals {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Totals {
    fn of(cases: &[Case<'_>], context: &Context<'_>) -> Self {
        let mut totals = Self { tests: cases.len(), ..Self::default() };
        for case in cases {
            match case.entry.map(|entry| &entry.outcome) {
                Some(Outcome::Failed { .. }) => totals.errors += 1,
                Some(Outcome::Skipped { .. }) => totals.skipped += 1,
                _ if case.findings.iter().any(|finding| fails(finding, context)) => totals.failures += 1,
                _ => {}
            }
        }
        totals
    }

    fn add(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
    }

    fn attributes(&self) -> [(&'static str, String); 4] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", self.errors.to_string()),
            ("skipped", self.skipped.to_string()),
        ]
    }
}

fn fails(finding: &ReportedFinding, context: &Context<'_>) -> bool {
    finding.finding.severity >= context.fail_on
}

fn write_suite<W: Write>(
    file: &str,
    cases: &[Case<'_>],
    context: &Context<'_>,
    writer: &mut Writer<W>,
) -> io::Result<()> {
    let totals = Totals::of(cases, context).attributes();
    writer
        .create_element("testsuite")
        .with_attribute(("name", &*visible(file)))
        .with_attributes(totals.iter().map(|(key, value)| (*key, value.as_str())))
        .write_inner_content(|writer| {
            cases.iter().try_for_each(|case| write_case(file, case, context, writer))
        })?;
    Ok(())
}

fn write_case<W: Write>(
    file: &str,
    case: &Case<'_>,
    context: &Context<'_>,
    writer: &mut Writer<W>,
) -> io::Result<()> {
    let name = case_name(case.entry);
    let element = writer
        .create_element("testcase")
        .with_attribute(("classname", &*visible(file)))
        .with_attribute(("name", &*visible(&name)));
    let outcome = case.entry.map(|entry| &entry.outcome);
    let ends_well = !matches!(outcome, Some(Outcome::Failed { .. } | Outcome::Skipped { .. }));
    if ends_well && case.findings.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|writer| {
        for finding in case.findings.iter().filter(|finding| fails(finding, context)) {
            write_failure(finding, writer)?;
        }
        match (outcome, case.entry) {
            (Some(Outcome::Failed { message }), Some(entry)) => write_error(entry, message, writer)?,
            (Some(Outcome::Skipped { reason }), _) => {
                writer
                    .create_element("skipped")
                    .with_attribute(("message", &*visible(reason)))
                    .write_empty()?;
            }
            _ => {}
        }
        write_others(case, context, writer)
    })?;
    Ok(())
}

/// The object, or where the document starts.
fn case_name(entry: Option<&Entry>) -> String {
    match entry {
        Some(Entry { object: Some(object), .. }) => object.to_string(),
        Some(Entry { position: Some(position), .. }) => format!("document at line {}", position.line),
        _ => "the file".to_owned(),
    }
}

fn write_failure<W: Write>(reported: &ReportedFinding, writer: &mut Writer<W>) -> io::Result<()> {
    let finding = &reported.finding;
    let mut text = place_and_path(reported);
    if !finding.remedy.is_empty() {
        let _ = write!(text, "\nfix: {}", visible(&finding.remedy));
    }
    writer
        .create_element("failure")
        .with_attribute(("type", finding.check))
        .with_attribute(("message", &*format!("{}: {}", finding.severity, visible(&finding.message))))
        .write_text_content(BytesText::new(&text))?;
    Ok(())
}

fn write_error<W: Write>(entry: &Entry, message: &str, writer: &mut Writer<W>) -> io::Result<()> {
    let file = visible(&entry.file);
    let place =
        entry.position.map_or_else(|| file.to_string(), |at| format!("{file}:{}:{}", at.line, at.column));
    writer
        .create_element("error")
        .with_attribute(("type", "cannot-judge"))
        .with_attribute(("message", &*visible(message)))
        .write_text_content(BytesText::new(&place))?;
    Ok(())
}

/// Findings that do not fail the run, one per line.
fn write_others<W: Write>(case: &Case<'_>, context: &Context<'_>, writer: &mut Writer<W>) -> io::Result<()> {
    let mut text = String::new();
    for reported in case.findings.iter().filter(|finding| !fails(finding, context)) {
        let finding = &reported.finding;
        let place = place_and_path(reported);
        let _ =
            writeln!(text, "{place}: {} {} {}", finding.severity, finding.check, visible(&finding.message));
    }
    if !text.is_empty() {
        writer.create_element("system-out").write_text_content(BytesText::new(text.trim_end()))?;
    }
    Ok(())
}

fn place_and_path(reported: &ReportedFinding) -> String {
    let start = reported.location.region.start;
    let path = reported.finding.path.to_string();
    let path = if path.is_empty() { String::new() } else { format!(" {}", visible(&path)) };
    format!("{}:{}:{}{path}", visible(&reported.location.file), start.line, start.column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;
    use crate::testing::{HOSTILE_FILE, context, hostile, rendered, report};
    use quick_xml::XmlVersion;
    use quick_xml::reader::Reader;

    #[test]
    fn a_suite_per_file_and_a_case_per_document() {
        insta::assert_snapshot!(rendered(Format::Junit, &report(), &context()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="ravelin" tests="6" failures="2" errors="1" skipped="1">
          <testsuite name="bare.yaml" tests="2" failures="1" errors="0" skipped="0">
            <testcase classname="bare.yaml" name="Pod bare">
              <failure type="pss/host-namespaces" message="high: `hostIPC` is `true`: the pod shares a namespace of its node">bare.yaml:1:69 spec.hostIPC
        fix: Remove the field</failure>
            </testcase>
            <testcase classname="bare.yaml" name="Pod silent"/>
          </testsuite>
          <testsuite name="broken.yaml" tests="1" failures="0" errors="1" skipped="0">
            <testcase classname="broken.yaml" name="document at line 2">
              <error type="cannot-judge" message="mapping values are not allowed here">broken.yaml:2:8</error>
            </testcase>
          </testsuite>
          <testsuite name="chart/templates/web.yaml" tests="1" failures="0" errors="0" skipped="1">
            <testcase classname="chart/templates/web.yaml" name="the file">
              <skipped message="Helm template"/>
            </testcase>
          </testsuite>
          <testsuite name="deploy/web.yaml" tests="2" failures="1" errors="0" skipped="0">
            <testcase classname="deploy/web.yaml" name="Deployment shop/web">
              <failure type="pss/host-namespaces" message="high: `hostPID` is `true`: the pod shares a namespace of its node">deploy/web.yaml:7:16 spec.template.spec.hostPID
        fix: Remove the field</failure>
              <failure type="pss/host-namespaces" message="high: `hostNetwork` is `true`: the pod shares a namespace of its node">deploy/web.yaml:8:7 spec.template.spec.hostNetwork
        fix: Remove the field</failure>
            </testcase>
            <testcase classname="deploy/web.yaml" name="the file">
              <system-out>deploy/web.yaml:14:1: medium suppression/unused the comment suppresses nothing</system-out>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn hostile_names_are_text() {
        let xml = rendered(Format::Junit, &hostile(), &context());
        let mut reader = Reader::from_str(&xml);
        let mut names = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => break,
                Event::Start(tag) | Event::Empty(tag) => {
                    names.push(tag.name().as_ref().to_owned());
                    for attribute in tag.attributes() {
                        let attribute = attribute.unwrap();
                        let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap();
                        if attribute.key.as_ref() == "classname" {
                            assert_eq!(value, visible(HOSTILE_FILE));
                        }
                    }
                }
                _ => {}
            }
        }
        let expected = [
            "testsuites",
            "testsuite",
            "testcase",
            "failure",
            "failure",
            "testcase",
            "skipped",
            "testcase",
            "error",
        ];
        names.sort();
        let mut expected = expected.map(str::to_owned).to_vec();
        expected.sort();
        assert_eq!(names, expected);
    }

    #[test]
    fn findings_that_do_not_fail_are_said_and_not_counted() {
        let context = Context { fail_on: ravelin_diag::Severity::Critical, ..context() };
        let xml = rendered(Format::Junit, &report(), &context);
        assert!(xml.contains("failures=\"0\"") && !xml.contains("<failure") && xml.contains("<system-out>"));
    }
}
