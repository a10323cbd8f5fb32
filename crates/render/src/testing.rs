//! A small report built by hand, and one in which every text is hostile.

use crate::{Context, Format, Texts, render};
use ravelin_diag::{Anchor, Confidence, FieldPath, Finding, Mode, Severity};
use ravelin_engine::report::{
    Entry, Location, Outcome, Position, Region, Report, ReportedFinding, Status, SuppressedBy,
};
use ravelin_object::identity::Identity;
use std::sync::Arc;

/// `deploy/web.yaml` of [`report`].
pub(crate) const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      hostPID: true
      hostNetwork: true
      containers:
        - name: web
          image: registry.example/web:1
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
";

/// `bare.yaml` of [`report`].
pub(crate) const BARE: &str = "\
{apiVersion: v1, kind: Pod, metadata: {name: bare}, spec: {hostIPC: true}}
---
apiVersion: v1
kind: Pod
metadata: {name: silent}
spec:
  hostPID: true # ravelin: ignore[pss/host-namespaces] it is the debugger
";

/// `broken.yaml` of [`report`].
pub(crate) const BROKEN: &str = "kind: Pod\nspec: a: b\n";

struct Sources;

impl Texts for Sources {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        match file {
            "deploy/web.yaml" => Some(WEB.into()),
            "bare.yaml" => Some(BARE.into()),
            "broken.yaml" => Some(BROKEN.into()),
            _ if file == HOSTILE_FILE => Some(HOSTILE_TEXT.into()),
            _ => None,
        }
    }
}

/// What renderers are given in tests.
pub(crate) fn context() -> Context<'static> {
    Context {
        version: "0.1.0",
        texts: &Sources,
        color: false,
        width: 80,
        fail_on: Severity::High,
        show_suppressed: false,
        verbose: false,
        elapsed_ms: None,
    }
}

/// The report in a format, as text.
pub(crate) fn rendered(format: Format, report: &Report, context: &Context<'_>) -> String {
    let mut out = Vec::new();
    render(format, report, context, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The identity of an object.
pub(crate) fn identity(api_version: &str, kind: &str, namespace: &str, name: &str) -> Identity {
    Identity {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// A finding of `pss/host-namespaces` at the first place where `text` has `needle`.
pub(crate) fn finding(
    file: &str,
    text: &str,
    needle: &str,
    path: FieldPath,
    object: Option<Identity>,
) -> ReportedFinding {
    let field = path.segments().last().map(|_| path.to_string()).unwrap_or_default();
    let field = field.rsplit('.').next().unwrap_or_default().to_owned();
    let start = text.find(needle).unwrap();
    ReportedFinding {
        finding: Finding {
            check: "pss/host-namespaces",
            severity: Severity::High,
            confidence: Confidence::High,
            message: format!("`{field}` is `true`: the pod shares a namespace of its node"),
            remedy: "Remove the field".into(),
            path,
            anchor: Anchor::Value,
            modes: vec![Mode::Yardstick],
        },
        object,
        location: Location { file: file.into(), region: region(text, start, start + needle.len()) },
        fingerprint: "pss/host-namespaces".to_owned(),
        status: Status::New,
    }
}

/// The region of bytes of a text.
pub(crate) fn region(text: &str, start: usize, end: usize) -> Region {
    let position = |byte: usize| {
        let before = text.get(..byte).unwrap();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: u32::try_from(before.matches('\n').count()).unwrap() + 1,
            column: u32::try_from(text.get(line_start..byte).unwrap().chars().count()).unwrap() + 1,
        }
    };
    let bytes = (u32::try_from(start).unwrap(), u32::try_from(end).unwrap());
    Region { start: position(start), end: position(end), bytes }
}

/// An entry.
pub(crate) fn entry(file: &str, line: u32, object: Option<Identity>, outcome: Outcome) -> Entry {
    let position = (line > 0).then_some(Position { line, column: 1 });
    Entry { file: file.into(), position, object, outcome }
}

/// A small report with an example of everything.
pub(crate) fn report() -> Report {
    let web = || Some(identity("apps/v1", "Deployment", "shop", "web"));
    let bare = || Some(identity("v1", "Pod", "", "bare"));
    let silent = || Some(identity("v1", "Pod", "", "silent"));
    let pod = |field: &str| FieldPath::root().dotted("spec").key(field);
    let template = |field: &str| FieldPath::root().dotted("spec.template.spec").key(field);
    let mut host_pid = finding("deploy/web.yaml", WEB, "true", template("hostPID"), web());
    let mut host_network =
        finding("deploy/web.yaml", WEB, "hostNetwork: true", template("hostNetwork"), web());
    for finding in [&mut host_pid, &mut host_network] {
        finding.finding.modes = vec![Mode::Enforce, Mode::Warn];
    }
    let host_ipc = finding("bare.yaml", BARE, "true", pod("hostIPC"), bare());
    let mut known = finding("bare.yaml", BARE, "hostIPC", pod("hostNetwork"), bare());
    known.status = Status::Known;
    let mut suppressed = finding("bare.yaml", BARE, "hostPID", pod("hostPID"), silent());
    suppressed.status =
        Status::Suppressed { by: SuppressedBy::Comment(7), reason: "it is the debugger".to_owned() };
    let mut about_file = finding("deploy/web.yaml", WEB, "kind: ConfigMap", FieldPath::root(), None);
    about_file.finding.check = "suppression/unused";
    about_file.finding.severity = Severity::Medium;
    about_file.finding.message = "the comment suppresses nothing".to_owned();
    about_file.finding.modes = Vec::new();
    let skipped = Outcome::Skipped { reason: "Helm template".to_owned() };
    let failed = Outcome::Failed { message: "mapping values are not allowed here".to_owned() };
    let mut report = Report {
        files: 4,
        findings: vec![host_pid, host_network, host_ipc, known, suppressed, about_file],
        entries: vec![
            entry("deploy/web.yaml", 1, web(), Outcome::Judged),
            entry(
                "deploy/web.yaml",
                13,
                Some(identity("v1", "ConfigMap", "", "web")),
                Outcome::NotApplicable,
            ),
            entry("bare.yaml", 1, bare(), Outcome::Judged),
            entry("bare.yaml", 3, silent(), Outcome::Judged),
            entry("chart/templates/web.yaml", 0, None, skipped),
            Entry {
                position: Some(Position { line: 2, column: 8 }),
                ..entry("broken.yaml", 2, None, failed)
            },
        ],
        unknown: vec!["which labels the namespace `shop` has".to_owned()],
    };
    report.finish();
    report
}

/// A file name with everything that could go wrong.
pub(crate) const HOSTILE_FILE: &str = "::error::a\u{1b}[31m|`b`\n<img src=x>&\"'\u{202e}]]>,%0A:.yaml";

/// The text of that file.
pub(crate) const HOSTILE_TEXT: &str = "kind:\t\u{1b}]0;title\u{7}\u{202e}Pod\u{9b}2J ä\r\nx: 1\r\n";

/// A report in which every text is hostile.
pub(crate) fn hostile() -> Report {
    let bad =
        "\u{1b}[2J`|</td><script>alert(1)</script>\r\n::stop-commands::x\u{202e}\u{2066}&\"'@all ]]>\u{0}";
    let object = || Some(identity(bad, bad, bad, bad));
    let mut one = finding(HOSTILE_FILE, HOSTILE_TEXT, "Pod", FieldPath::root().key(bad), object());
    one.finding.message = bad.to_owned();
    one.finding.remedy = bad.into();
    let mut other = one.clone();
    other.location.region = region(HOSTILE_TEXT, 0, HOSTILE_TEXT.len());
    other.finding.message = format!("{bad}{bad}");
    let mut silent = one.clone();
    silent.status = Status::Suppressed { by: SuppressedBy::Annotation, reason: bad.to_owned() };
    let mut report = Report {
        files: 1,
        findings: vec![one, other, silent],
        entries: vec![
            entry(HOSTILE_FILE, 1, object(), Outcome::Judged),
            entry(HOSTILE_FILE, 1, object(), Outcome::NotApplicable),
            entry(HOSTILE_FILE, 2, object(), Outcome::Skipped { reason: bad.to_owned() }),
            entry(HOSTILE_FILE, 2, object(), Outcome::Failed { message: bad.to_owned() }),
        ],
        unknown: vec![bad.to_owned()],
    };
    report.finish();
    report
}
