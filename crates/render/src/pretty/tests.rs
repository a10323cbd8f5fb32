use super::*;
use crate::testing::{context, finding, hostile, identity, rendered, report};
use crate::{Format, Texts};
use ravelin_diag::FieldPath;

#[test]
fn frames_and_a_summary() {
    insta::assert_snapshot!(rendered(Format::Pretty, &report(), &context()), @r"
        bare.yaml: 1 high

        high[pss/host-namespaces]: `hostIPC` is `true`: the pod shares a namespace of its node
         --> bare.yaml:1:69
          |
        1 | {apiVersion: v1, kind: Pod, metadata: {name: bare}, spec: {hostIPC: true}}
          |                                                                     ^^^^
          |
          = in: Pod bare, spec.hostIPC
          = why: In the host's network namespace a pod reaches every service that
                 listens on the node's loopback address and sees other pods' traffic
          = fix: Remove the field

        broken.yaml

        error: cannot judge: mapping values are not allowed here
         --> broken.yaml:2:8
          |
        2 | spec: a: b
          |        ^

        deploy/web.yaml: 2 high, 1 medium

        high[pss/host-namespaces]: Pod shares a namespace of the host
         --> deploy/web.yaml:7:16
          |
        7 |       hostPID: true
          |                ^^^^ `hostPID` is `true`: the pod shares a namespace of its node
        8 |       hostNetwork: true
          |       ^^^^^^^^^^^^^^^^^ `hostNetwork` is `true`: the pod shares a namespace of its node
          |
          = in: Deployment shop/web
          = why: In the host's network namespace a pod reaches every service that
                 listens on the node's loopback address and sees other pods' traffic
          = fix: Remove the field
          = note: enforced by its namespace, the pod is denied; its namespace warns
                  whoever applies it

        medium[suppression/unused]: the comment suppresses nothing
          --> deploy/web.yaml:14:1
           |
        14 | kind: ConfigMap
           | ^^^^^^^^^^^^^^^
           |
           = in: the file
           = why: The fault it was written for is gone, or it stands in the wrong place
           = fix: Remove the field

        4 findings (3 high, 1 medium), 3 of them high or worse
          namespace  critical      high    medium       low      info
          (none)            -         1         1         -         -
          shop              -         2         -         -         -
        6 documents in 4 files: 3 judged, 1 not applicable, 1 skipped, 1 failed
          skipped: 1 Helm template
          not counted: 1 suppressed, 1 known to the baseline
        unknown: which labels the namespace `shop` has
        ");
}

#[test]
fn everything_where_it_is_asked_for() {
    let context =
        Context { verbose: true, show_suppressed: true, elapsed_ms: Some(1234), texts: &(), ..context() };
    insta::assert_snapshot!(rendered(Format::Pretty, &report(), &context), @r"
        bare.yaml: 1 high

        high[pss/host-namespaces]: `hostIPC` is `true`: the pod shares a namespace of its node
        --> bare.yaml:1:69
         = in: Pod bare, spec.hostIPC
         = why: In the host's network namespace a pod reaches every service that listens
                on the node's loopback address and sees other pods' traffic
         = fix: Remove the field

        suppressed high[pss/host-namespaces]: `hostPID` is `true`: the pod shares a namespace of its node
        --> bare.yaml:7:3
         = in: Pod silent, spec.hostPID
         = fix: Remove the field
         = suppressed: it is the debugger

        broken.yaml

        error: cannot judge: mapping values are not allowed here
        --> broken.yaml:2:8

        deploy/web.yaml: 2 high, 1 medium

        high[pss/host-namespaces]: Pod shares a namespace of the host
        --> deploy/web.yaml:7:16
         = in: Deployment shop/web
         = why: In the host's network namespace a pod reaches every service that listens
                on the node's loopback address and sees other pods' traffic
         = fix: Remove the field
         = note: enforced by its namespace, the pod is denied; its namespace warns
                 whoever applies it
         = at: 7:16: `hostPID` is `true`: the pod shares a namespace of its node
         = at: 8:7: `hostNetwork` is `true`: the pod shares a namespace of its node

        medium[suppression/unused]: the comment suppresses nothing
        --> deploy/web.yaml:14:1
         = in: the file
         = why: The fault it was written for is gone, or it stands in the wrong place
         = fix: Remove the field

        chart/templates/web.yaml: skipped, Helm template
        deploy/web.yaml:13:1: not applicable [ConfigMap web]

        4 findings (3 high, 1 medium), 3 of them high or worse
          namespace  critical      high    medium       low      info
          (none)            -         1         1         -         -
          shop              -         2         -         -         -
        6 documents in 4 files: 3 judged, 1 not applicable, 1 skipped, 1 failed (1.23 s)
          skipped: 1 Helm template
          not applicable: 1 ConfigMap
          not counted: 1 suppressed, 1 known to the baseline
        unknown: which labels the namespace `shop` has
        ");
}

#[test]
fn a_clean_run_is_two_lines() {
    let mut clean = report();
    clean.findings.clear();
    clean.unknown.clear();
    clean.entries.retain(|entry| entry.outcome == Outcome::Judged);
    insta::assert_snapshot!(rendered(Format::Pretty, &clean, &context()), @r"
        No findings
        3 documents in 4 files: 3 judged, 0 not applicable, 0 skipped, 0 failed
        ");
}

#[test]
fn hostile_texts_stay_where_they_are() {
    insta::assert_snapshot!(rendered(Format::Pretty, &hostile(), &context()), @r#"
        ./::error::a␛[31m|`b`␊<img src=x>&"'�]]>,%0A:.yaml: 2 high

        high[pss/host-namespaces]: Pod shares a namespace of the host
         --> ./::error::a␛[31m|`b`␊<img src=x>&"'�]]>,%0A:.yaml:1:1
          |
        1 | kind:    ␛]0;title␇�Pod�2J ä
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          | |                   |
          | |                   ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
          | ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
          |
          = in: ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
                ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all
                ]]>␀/␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all
                ]]>␀
          = why: In the host's network namespace a pod reaches every service that
                 listens on the node's loopback address and sees other pods' traffic
          = fix: ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀

        error: cannot judge: ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
         --> ./::error::a␛[31m|`b`␊<img src=x>&"'�]]>,%0A:.yaml:2:1
          |
        2 | x: 1
          | ^
          |
          = in: ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
                ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all
                ]]>␀/␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all
                ]]>␀

        2 findings (2 high)
          namespace                                                               critical      high    medium       low      info
          ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀         -         2         -         -         -
        4 documents in 1 file: 1 judged, 1 not applicable, 1 skipped, 1 failed
          skipped: 1 ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
          not counted: 1 suppressed
        unknown: ␛[2J`|</td><script>alert(1)</script>␍␊::stop-commands::x��&"'@all ]]>␀
        "#);
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
    insta::assert_snapshot!(rendered(Format::Pretty, &report, &Context { texts: &texts, ..context() }), @r"
        many.yaml: 9 high

        high[pss/host-namespaces]: Pod shares a namespace of the host
          --> many.yaml:1:3
           |
         1 | - name: c0
           |   ^^^^^^^^ container `c0` has a port of the host
        ...
         4 | - name: c1
           |   ^^^^^^^^ container `c1` has a port of the host
        ...
         7 | - name: c2
           |   ^^^^^^^^ container `c2` has a port of the host
        ...
        10 | - name: c3
           |   ^^^^^^^^ container `c3` has a port of the host
        ...
        13 | - name: c4
           |   ^^^^^^^^ container `c4` has a port of the host
        ...
        16 | - name: c5
           |   ^^^^^^^^ container `c5` has a port of the host
           |
           = in: Pod many
           = why: In the host's network namespace a pod reaches every service that
                  listens on the node's loopback address and sees other pods' traffic
           = fix: Remove the field
           = note: and 3 more: at 19:3, 22:3, 25:3

        9 findings (9 high)
          namespace  critical      high    medium       low      info
          (none)            -         9         -         -         -
        0 documents in 0 files: 0 judged, 0 not applicable, 0 skipped, 0 failed
        ");
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
