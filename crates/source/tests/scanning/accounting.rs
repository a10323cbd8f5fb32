//! Every file and document ends as judged, not applicable, skipped or failed; nothing is dropped.

use super::support::{Folder, options, scan_folder, scan_with};
use ravelin_engine::report::{Outcome, Report};
use ravelin_source::{FileOptions, Globs, Limits};

/// `file:line:column outcome` of every entry, with the folder cut off.
fn entries(folder: &Folder, report: &Report) -> Vec<String> {
    let root = format!("{}/", folder.path().display());
    let line = |entry: &ravelin_engine::report::Entry| {
        let position = entry.position.map_or_else(String::new, |at| format!(":{}:{}", at.line, at.column));
        let outcome = match &entry.outcome {
            Outcome::Judged => "judged".to_owned(),
            Outcome::NotApplicable => "not applicable".to_owned(),
            Outcome::Skipped { reason } => format!("skipped: {reason}"),
            Outcome::Failed { message } => format!("failed: {message}"),
        };
        format!("{}{position} {outcome}", entry.file.replace(&root, ""))
    };
    report.entries.iter().map(line).collect()
}

fn outcomes(files: &[(&str, &[u8])]) -> Vec<String> {
    let folder = Folder::new(files);
    let report = scan_folder(&folder);
    entries(&folder, &report)
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}\n";

#[test]
fn documents_of_a_file_are_accounted_for_one_by_one() {
    let text = format!(
        "# a comment\n---\n{POD}---\n\n---\na: 1\n---\nx: [\n--- {{a: 1}}\n---\napiVersion: v1\nkind: Service\n"
    );
    assert_eq!(
        outcomes(&[("a.yaml", text.as_bytes())]),
        [
            "a.yaml:3:1 judged",
            "a.yaml:10:1 skipped: not Kubernetes",
            "a.yaml:13:1 failed: expected a value here",
            "a.yaml:13:1 failed: the document separator is followed by `{a: 1}`, which kubectl refuses; expected a line of `---` alone",
            "a.yaml:15:1 not applicable",
        ]
    );
}

#[test]
fn lists_are_accounted_for_item_by_item_at_their_places() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec: {}\n- apiVersion: v1\n  kind: Secret\n- 3\n";
    assert_eq!(
        outcomes(&[("list.yaml", text.as_bytes())]),
        ["list.yaml:4:3 judged", "list.yaml:8:3 judged", "list.yaml:10:3 skipped: not Kubernetes"]
    );
    assert_eq!(
        outcomes(&[(
            "list.json",
            br#"{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a"},"spec":{}}]}"#
        )]),
        ["list.json:1:46 judged"]
    );
    assert_eq!(
        outcomes(&[("e.yaml", b"{apiVersion: v1, kind: List, items: []}")]),
        ["e.yaml:1:1 skipped: empty list"]
    );
}

#[test]
fn json_is_read_as_json() {
    let twice = br#"{"apiVersion":"v1","kind":"Pod","spec":{}} {"a": 1}"#;
    assert_eq!(outcomes(&[("a.json", twice)]), ["a.json:1:1 judged", "a.json:1:44 skipped: not Kubernetes"]);
    assert_eq!(
        outcomes(&[("a.json", b"{\"apiVersion\": \"v1\",\n \"kind\" \"Pod\"}")]),
        ["a.json:2:9 failed: expected `:`"]
    );
    // YAML in flow style also begins with a brace.
    assert_eq!(outcomes(&[("a.yaml", b"{apiVersion: v1, kind: Pod, spec: {}}")]), ["a.yaml:1:1 judged"]);
    // In JSON, YAML's words are strings and its comments are errors.
    let report = scan_folder(&Folder::new(&[(
        "a.json",
        br#"{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":"yes"}}"#,
    )]));
    assert_eq!(report.counts().failed, 1);
}

#[test]
fn text_in_other_encodings_is_read() {
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(POD.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let bom = format!("\u{feff}{POD}");
    let crlf = POD.replace('\n', "\r\n");
    assert_eq!(
        outcomes(&[("bom.yaml", bom.as_bytes()), ("crlf.yaml", crlf.as_bytes()), ("utf16.yaml", &utf16)]),
        ["bom.yaml:1:1 judged", "crlf.yaml:1:1 judged", "utf16.yaml:1:1 judged"]
    );
    let broken = outcomes(&[("latin1.yaml", b"a: \xe9\n")]);
    assert!(broken[0].starts_with("latin1.yaml failed: line 1: "), "{broken:?}");
}

#[test]
fn strangers_are_named() {
    let files: &[(&str, &[u8])] = &[
        ("chart/Chart.yaml", b"apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("chart/templates/a.yaml", b"kind: {{ .Values.kind }}\n"),
        ("chart/templates/plain.yaml", POD.as_bytes()),
        ("chart/values.yaml", b"a: 1\n"),
        ("compose.yaml", b"services: {}\n"),
        ("empty.yaml", b"\n"),
        ("jinja.yaml", b"a: {% if x %}\n"),
        ("kustomize/kustomization.yaml", b"resources: [a.yaml]\npatches: [{path: patch.yaml}]\n"),
        ("kustomize/patch.yaml", POD.as_bytes()),
    ];
    assert_eq!(
        outcomes(files),
        [
            "chart/Chart.yaml:1:1 skipped: Helm chart file",
            "chart/templates/a.yaml skipped: Helm template (not rendered)",
            "chart/templates/plain.yaml:1:1 judged",
            "chart/values.yaml:1:1 skipped: Helm chart file",
            "compose.yaml:1:1 skipped: not Kubernetes",
            "empty.yaml skipped: empty",
            "jinja.yaml:1:1 skipped: template (not rendered)",
            "kustomize/kustomization.yaml:1:1 skipped: kustomization",
            "kustomize/patch.yaml skipped: kustomize patch",
        ]
    );
}

#[test]
fn what_kubernetes_never_reads_is_said() {
    let text = format!("{POD}...\n{POD}");
    assert_eq!(
        outcomes(&[("a.yaml", text.as_bytes())]),
        [
            "a.yaml:1:1 judged",
            "a.yaml:6:1 skipped: behind the end of its document, where Kubernetes reads nothing"
        ]
    );
}

#[test]
fn limits_are_failures_not_outages() {
    let check = |text: &str, limits: Limits, words: &str| {
        let folder = Folder::new(&[("a.yaml", text.as_bytes())]);
        let report = scan_with(&[folder.path().to_owned()], &options(), &limits);
        let found = entries(&folder, &report).join("\n");
        assert!(found.contains("failed") && found.contains(words), "{found}");
    };
    check(POD, Limits { file_size: 10, ..Limits::STANDARD }, "--max-file-size");
    check(&format!("{POD}---\n{POD}"), Limits { documents: 1, ..Limits::STANDARD }, "--max-documents");
    check(&"[".repeat(100_000), Limits::STANDARD, "--max-depth");
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let item = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![item; 9].join(", ")));
    }
    check(&bomb, Limits::STANDARD, "--max-alias-nodes");
}

#[test]
fn which_files_are_read() {
    let folder = Folder::new(&[
        (".gitignore", b"ignored.yaml\n"),
        (".hidden.yaml", POD.as_bytes()),
        ("a.yml", POD.as_bytes()),
        ("b.txt", POD.as_bytes()),
        ("ignored.yaml", POD.as_bytes()),
        ("vendor/c.yaml", POD.as_bytes()),
    ]);
    let names = |files: &FileOptions| {
        let report = scan_with(&[folder.path().to_owned()], files, &Limits::STANDARD);
        entries(&folder, &report)
    };
    assert_eq!(names(&options()), ["a.yml:1:1 judged", "vendor/c.yaml:1:1 judged"]);
    let exclude = Globs::new(&["vendor/**"]).unwrap();
    assert_eq!(
        names(&FileOptions { exclude, ..options() }),
        ["a.yml:1:1 judged", "vendor/c.yaml skipped: excluded"]
    );
    let include = Globs::new(&["*.txt"]).unwrap();
    assert_eq!(names(&FileOptions { include, ..options() }), ["b.txt:1:1 judged"]);
    let everything = FileOptions { hidden: true, respect_ignore_files: false, ..options() };
    assert_eq!(names(&everything).len(), 4);
    // A file that is named is read, whatever it is called and whatever ignores it.
    let named = [folder.path().join("b.txt"), folder.path().join("ignored.yaml")];
    assert_eq!(scan_with(&named, &options(), &Limits::STANDARD).counts().judged, 2);
    let missing = scan_with(&[folder.path().join("none.yaml")], &options(), &Limits::STANDARD);
    assert_eq!(entries(&folder, &missing), ["none.yaml failed: cannot be read: no such file or directory"]);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_safe() {
    let folder = Folder::new(&[("real/a.yaml", POD.as_bytes())]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("real/loop")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("real/a.yaml"), folder.path().join("link.yaml")).unwrap();
    let report = scan_folder(&folder);
    assert_eq!(
        entries(&folder, &report),
        ["link.yaml skipped: symbolic link (--follow-links reads it)", "real/a.yaml:1:1 judged"]
    );
    let follow = FileOptions { follow_links: true, ..options() };
    let report = scan_with(&[folder.path().to_owned()], &follow, &Limits::STANDARD);
    assert_eq!(report.counts().judged, 2);
    assert_eq!(report.counts().failed, 1, "the loop is an error, not a hang");
}

/// Bytes that break readers: each must end in an accounted outcome, without a panic.
#[test]
fn malformed_input_is_accounted_for() {
    let mut inputs: Vec<Vec<u8>> = [
        &b""[..],
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"---",
        b"---\n---\n---",
        b"...",
        b"--- |\n x",
        b"a:\n\t- b",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"'",
        b"&",
        b"*",
        b"!",
        b"|",
        b">",
        b"%",
        b"@",
        b"`",
        b"?",
        b"-",
        b":",
        b",",
        b"a: *b",
        b"a: &a *a",
        b"<<: x",
        b"<<: [*a]",
        b"? [a]\n: b",
        b"{a: b",
        b"[a, b",
        b"a: 'b",
        b"a: \"\\q\"",
        b"a: !!int x",
        b"a: !!binary '*'",
        b"a: .nan",
        b"{\"a\":",
        b"{\"a\":1}}",
        b"{\"a\":\"\\ud800\"}",
        b"{'a': 1}",
        b"apiVersion: v1\nkind: Pod\nspec: 3\n",
        b"apiVersion: v1\nkind: Pod\nspec: {containers: {}}\n",
        b"apiVersion: v1\nkind: List\nitems: 3\n",
        b"apiVersion: v1\nkind: List\nitems: [null, [], {}]\n",
        b"apiVersion: v1\nkind: Namespace\nmetadata: {labels: []}\n",
        b"apiVersion: [v1]\nkind: {}\n",
        b"apiVersion: apps/v1\nkind: Deployment\nspec: {template: []}\n",
        b"# ravelin: ignore[\na: 1\n",
        b"apiVersion: v1\nkind: Pod\nmetadata: {annotations: {ravelin.dev/ignore: 3}}\nspec: {}\n",
    ]
    .iter()
    .map(|bytes| bytes.to_vec())
    .collect();
    // Every way to cut a good document short, and to break one of its bytes.
    for at in 0..POD.len() {
        inputs.push(POD.as_bytes()[..at].to_vec());
        for byte in [b'\0', b'\t', b'"', b'{', b':', b'*', 0xff] {
            let mut bytes = POD.as_bytes().to_vec();
            bytes[at] = byte;
            inputs.push(bytes);
        }
    }
    let names: Vec<String> = (0..inputs.len()).map(|index| format!("{index:05}.yaml")).collect();
    let folder = Folder::new(&[]);
    for (name, bytes) in names.iter().zip(&inputs) {
        folder.write(name, bytes);
    }
    let report = scan_folder(&folder);
    assert_eq!(report.files, inputs.len());
    for name in names {
        let accounted = report.entries.iter().any(|entry| entry.file.ends_with(&name));
        assert!(accounted, "{name} is not accounted for");
    }
}

#[test]
fn findings_point_at_the_field() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: é\nspec:\n  containers:\n  - name: c\n    securityContext:\n      privileged: true\n";
    for (name, newline) in [("lf.yaml", "\n"), ("crlf.yaml", "\r\n")] {
        let folder = Folder::new(&[(name, text.replace('\n', newline).as_bytes())]);
        let report = scan_folder(&folder);
        let finding =
            report.findings.iter().find(|finding| finding.finding.check == "pss/privileged").unwrap();
        let region = finding.location.region;
        assert_eq!((region.start.line, region.start.column, region.end.column), (9, 19, 23), "{name}");
    }
    let json = br#"{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true,"containers":[]}}"#;
    let report = scan_folder(&Folder::new(&[("a.json", json)]));
    let finding =
        report.findings.iter().find(|finding| finding.finding.check == "pss/host-namespaces").unwrap();
    assert_eq!((finding.location.region.start.line, finding.location.region.start.column), (1, 51));
}

#[test]
fn fingerprints_survive_moved_lines_and_tell_containers_apart() {
    let pod = |first: &str, second: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - {{name: {first}}}\n  - {{name: {second}}}\n"
        )
    };
    let prints = |text: &str| {
        let report = scan_folder(&Folder::new(&[("a.yaml", text.as_bytes())]));
        let mut prints: Vec<String> =
            report.findings.iter().map(|finding| finding.fingerprint.clone()).collect();
        prints.sort();
        prints
    };
    let one = prints(&pod("x", "y"));
    assert_eq!(one, prints(&format!("# moved\n\n{}", pod("y", "x"))));
    assert_ne!(one, prints(&pod("x", "z")));
    let mut unique = one.clone();
    unique.dedup();
    assert_eq!(unique, one);
}

#[test]
fn suppressions_silence_what_they_name_and_are_reported_otherwise() {
    let statuses = |comment: &str, annotation: &str| {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations: {{{annotation}}}\nspec:\n  {comment}\n  hostPID: true\n  securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}\n  automountServiceAccountToken: false\n"
        );
        let report = scan_folder(&Folder::new(&[("a.yaml", text.as_bytes())]));
        let status = |finding: &ravelin_engine::report::ReportedFinding| {
            let suppressed = matches!(finding.status, ravelin_engine::report::Status::Suppressed { .. });
            format!("{}{}", finding.finding.check, if suppressed { " suppressed" } else { "" })
        };
        report.findings.iter().map(status).collect::<Vec<_>>()
    };
    assert_eq!(statuses("", ""), ["pss/host-namespaces"]);
    let good = "# ravelin: ignore[pss/host-namespaces] needs it (owner: a, expires: 2030-01-01)";
    assert_eq!(statuses(good, ""), ["pss/host-namespaces suppressed"]);
    assert_eq!(statuses("", "ravelin.dev/ignore: pss"), ["pss/host-namespaces suppressed"]);
    let expired = "# ravelin: ignore[pss/host-namespaces] needs it (expires: 2026-05-31)";
    assert_eq!(statuses(expired, ""), ["suppression/expired", "pss/host-namespaces"]);
    let unused = "# ravelin: ignore[pss/privileged] needs it";
    assert_eq!(statuses(unused, ""), ["suppression/unused", "pss/host-namespaces"]);
    assert_eq!(
        statuses("", "ravelin.dev/ignore: pss/privileged"),
        ["suppression/unused", "pss/host-namespaces"]
    );
    for invalid in [
        "# ravelin: ignore[pss/host-namespace] x",
        "# ravelin: ignore[pss/host-namespaces]",
        "# ravelin: ignore pss x",
    ] {
        assert_eq!(statuses(invalid, ""), ["suppression/invalid", "pss/host-namespaces"], "{invalid}");
    }
}
