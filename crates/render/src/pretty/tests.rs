use super::*;
use crate::testing::{context, finding, hostile, identity, rendered, report};
use crate::{Format, Texts};
use ravelin_diag::FieldPath;

#[test]
fn frames_and_a_summary() {
    insta::assert_snapshot!(rendered(Format::Pretty, &report(), &context()), @"");
}

#[test]
fn everything_where_it_is_asked_for() {
    let context =
        Context { verbose: true, show_suppressed: true, elapsed_ms: Some(1234), texts: &(), ..context() };
    insta::assert_snapshot!(rendered(Format::Pretty, &report(), &context), @"");
}

#[test]
fn a_clean_run_is_two_lines() {
    let mut clean = report();
    clean.findings.clear();
    clean.unknown.clear();
    clean.entries.retain(|entry| entry.outcome == Outcome::Judged);
    insta::assert_snapshot!(rendered(Format::Pretty, &clean, &context()), @"");
}

#[test]
fn hostile_texts_stay_where_they_are() {
    insta::assert_snapshot!(rendered(Format::Pretty, &hostile(), &context()), @"");
}

#[test]
fn containers_that_lack_the_same_field_share_a_frame() {
    struct Containers(String);
    impl Texts for Containers {
        fn text(&self, _: &str) -> Option<Arc<str>> {
            Some(self.0.as_str().into())
        }
    }
    let text: String = (0..9).map(|n| format!("- name: c{n}\n  image: i{n}\n  tty: true\n")).collect();
    let mut report = Report::default();
    for n in 0..9 {
        let path = FieldPath::root().dotted("spec.containers").index(n).key("hostPort");
        let object = Some(identity("v1", "Pod", "", "many"));
        let mut one = finding("many.yaml", &text, &format!("name: c{n}"), path, object);
        one.finding.message = format!("container `c{n}` has a port of the host");
        report.findings.push(one);
    }
    report.finish();
    let texts = Containers(text);
    insta::assert_snapshot!(rendered(Format::Pretty, &report, &Context { texts: &texts, ..context() }), @"");
}

#[test]
fn colours_only_where_they_are_allowed() {
    assert!(!rendered(Format::Pretty, &report(), &context()).contains('\u{1b}'));
    let colored = rendered(Format::Pretty, &report(), &Context { color: true, ..context() });
    assert!(colored.contains("\u{1b}[1m\u{1b}[91mhigh[pss/host-namespaces]"));
}

#[test]
fn many_namespaces_are_cut_to_the_worst() {
    let mut report = Report::default();
    for n in 0..30 {
        let object = Some(identity("v1", "Pod", &format!("ns{n:02}"), "p"));
        let mut one = finding("f", "true", "true", FieldPath::root().key("x"), object);
        one.finding.severity = if n == 29 { Severity::Critical } else { Severity::Low };
        report.findings.push(one);
    }
    let text = rendered(Format::Pretty, &report, &Context { texts: &(), ..context() });
    assert!(text.contains("\n  ns29              1"), "{text}");
    assert!(text.contains("\n  ns18 ") && !text.contains("\n  ns19 "));
    assert!(text.contains("  and 10 more namespaces\n"));
}
