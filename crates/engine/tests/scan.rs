//! What the engine says of objects in the light of their namespaces.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use ravelin_diag::{Mode, Severity};
use ravelin_engine::report::Outcome;
use ravelin_engine::scan::{Judgement, Scanner, Settings, Standard};
use ravelin_engine::selection::Selection;
use ravelin_inventory::{Inventory, Object};
use ravelin_object::identity::Identity;
use ravelin_object::{Value, documents, read};
use ravelin_podsec::config::{self, PodSecurityConfiguration};
use ravelin_podsec::{Level, LevelVersion, Version};
use ravelin_yaml::Limits;

fn value(text: &str) -> Value {
    read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap()
}

fn settings() -> Settings {
    Settings {
        yardstick: LevelVersion::new(Level::Restricted, Version::Latest),
        psa: PodSecurityConfiguration::unconfigured(),
        extension: Default::default(),
        today: "2026-01-01".parse().unwrap(),
        default_namespace: String::new(),
        is_complete: false,
        selection: Selection::default(),
    }
}

/// Judges the last document of a stream in the light of the others.
fn judge_with(settings: &Settings, stream: &str) -> Judgement {
    let objects: Vec<Object> = documents::split(stream)
        .iter()
        .map(|piece| {
            let value = value(piece.text);
            Object { identity: Identity::of(&value).unwrap(), value, origin: 0 }
        })
        .collect();
    let inventory = Inventory::new(objects);
    let last = inventory.ids().last().unwrap();
    Scanner::new(settings).judge(&inventory, last)
}

fn judge(stream: &str) -> Judgement {
    judge_with(&settings(), stream)
}

/// `check severity modes path` of every finding.
fn lines(judgement: &Judgement) -> Vec<String> {
    judgement
        .findings
        .iter()
        .map(|finding| {
            let modes: Vec<&str> = finding.modes.iter().map(|mode| mode.as_str()).collect();
            format!("{} {} {} {}", finding.check, finding.severity, modes.join("+"), finding.path)
        })
        .collect()
}

const HARDENED: &str = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}";
const GOOD: &str = "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}";

fn pod(namespace: &str, spec: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: {namespace}}}\nspec:\n  {HARDENED}\n  {spec}\n  containers:\n  - name: c\n    {container}\n"
    )
}

fn namespace(labels: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {{{labels}}}\n---\n")
}

#[test]
fn without_a_namespace_the_yardstick_holds() {
    let judgement = judge(&pod("''", "hostPID: true", GOOD));
    assert_eq!(judgement.outcome, Outcome::Judged);
    assert_eq!(lines(&judgement), ["pss/host-namespaces high yardstick spec.hostPID"]);
    assert!(matches!(judgement.pods[0].standard, Standard::Yardstick(_)));
}

#[test]
fn the_labels_of_the_namespace_decide() {
    let bad = pod("shop", "hostPID: true", "image: x");
    let privileged = judge(&format!("{}{bad}", namespace("pod-security.kubernetes.io/enforce: privileged")));
    assert_eq!(lines(&privileged), Vec::<String>::new());
    let labels = "pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/audit: restricted";
    let judgement = judge(&format!("{}{bad}", namespace(labels)));
    assert_eq!(
        lines(&judgement),
        [
            "pss/host-namespaces high enforce+warn+audit spec.hostPID",
            "pss/allow-privilege-escalation medium audit spec.containers[0].securityContext.allowPrivilegeEscalation",
            "pss/capabilities-restricted medium audit spec.containers[0].securityContext.capabilities.drop",
        ]
    );
}

#[test]
fn a_namespace_without_labels_says_nothing() {
    let stream = format!("{}{}", namespace("team: a"), pod("shop", "hostIPC: true", GOOD));
    assert_eq!(lines(&judge(&stream)), ["pss/host-namespaces high yardstick spec.hostIPC"]);
}

#[test]
fn an_unreadable_enforce_level_is_reported_and_holds_pods_to_restricted() {
    let labels = namespace("pod-security.kubernetes.io/enforce: Privileged");
    let stream = format!("{labels}{}", pod("shop", "", "image: x"));
    assert!(judge(&stream).findings.iter().all(|finding| finding.modes == [Mode::Enforce]));
    assert!(!judge(&stream).findings.is_empty());
    let only = judge(labels.trim_end_matches("---\n"));
    assert_eq!(only.findings.len(), 1);
    assert_eq!(
        only.findings[0].message,
        "the label `pod-security.kubernetes.io/enforce` is `Privileged`, which must be one of privileged, baseline, restricted: every pod is held to the restricted level"
    );
}

#[test]
fn what_breaks_baseline_is_high_even_where_restricted_reports_it() {
    let container = "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_ADMIN, CHOWN]}}";
    let judgement = judge(&pod(
        "''",
        "volumes: [{name: a, hostPath: {path: /}}, {name: b, nfs: {server: s, path: /}}]",
        container,
    ));
    assert_eq!(
        lines(&judgement),
        [
            "pss/capabilities-baseline high yardstick spec.containers[0].securityContext.capabilities.add[0]",
            "pss/capabilities-restricted medium yardstick spec.containers[0].securityContext.capabilities.add[1]",
            "pss/host-path-volumes high yardstick spec.volumes[0].hostPath",
            "pss/restricted-volumes medium yardstick spec.volumes[1].nfs",
        ]
    );
}

#[test]
fn the_configuration_gives_defaults_and_exemptions() {
    let configuration = "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n\
        defaults: {enforce: baseline}\nexemptions: {namespaces: [kube-system], runtimeClasses: [kata]}\n";
    let settings = Settings { psa: config::read(&value(configuration)).unwrap(), ..settings() };
    let judge = |stream: &str| judge_with(&settings, stream);
    let exempt = judge(&pod("kube-system", "hostPID: true", "image: x"));
    assert_eq!((lines(&exempt), &exempt.pods[0].standard), (Vec::new(), &Standard::ExemptNamespace));
    let sandboxed = judge(&pod("shop", "hostPID: true\n  runtimeClassName: kata", "image: x"));
    assert_eq!((lines(&sandboxed), &sandboxed.pods[0].standard), (Vec::new(), &Standard::ExemptRuntimeClass));
    let default = judge(&pod("shop", "hostPID: true", "image: x"));
    assert_eq!(lines(&default), ["pss/host-namespaces high enforce spec.hostPID"]);
    let own = format!(
        "{}{}",
        namespace("pod-security.kubernetes.io/enforce: privileged"),
        pod("shop", "hostPID: true", "")
    );
    assert_eq!(lines(&judge(&own)), Vec::<String>::new());
}

#[test]
fn what_an_exemption_waives_is_no_finding_but_is_kept() {
    let extension = "apiVersion: ravelin.dev/v1\nkind: PodSecurityExtension\nexemptions:\n\
        - {name: old, reason: r, owner: o, expires: '2025-12-31', namespaces: [shop]}\n\
        - {name: agents, reason: reads logs, owner: o, expires: '2026-12-31', namespaces: [shop], controls: [pss/host-namespaces]}\n";
    let settings =
        Settings { extension: ravelin_podsec::exemption::read(&value(extension)).unwrap(), ..settings() };
    let judge = |name: &str| {
        let stream = pod(name, "hostPID: true\n  hostIPC: true", "securityContext: {privileged: true}");
        judge_with(&settings, &stream)
    };
    let judgement = judge("shop");
    assert!(lines(&judgement).iter().all(|line| !line.contains("host-namespaces")), "{judgement:?}");
    assert!(!lines(&judgement).is_empty(), "an expired exemption waives nothing");
    let exempted: Vec<_> = judgement
        .exempted
        .iter()
        .map(|exempted| (exempted.finding.check, exempted.finding.path.to_string(), exempted.exemption))
        .collect();
    let waived = |field: &str| ("pss/host-namespaces", format!("spec.{field}"), 1);
    assert_eq!(exempted, [waived("hostPID"), waived("hostIPC")]);
    assert!(judge("other").exempted.is_empty());
}

#[test]
fn what_cannot_be_decoded_fails_and_says_where() {
    let judgement = judge(&pod("''", "hostPID: 'yes'", GOOD));
    let message = "spec.hostPID: expected a boolean, found the string \"yes\"".to_owned();
    assert_eq!(judgement.outcome, Outcome::Failed { message });
}

#[test]
fn objects_without_pods_are_not_applicable_and_patches_are_skipped() {
    let outcome = |text: &str| judge(text).outcome;
    assert_eq!(outcome("{apiVersion: v1, kind: Service, spec: {}}"), Outcome::NotApplicable);
    let patch = outcome("{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}}");
    assert!(matches!(patch, Outcome::Skipped { .. }), "{patch:?}");
}

#[test]
fn only_selected_checks_report() {
    let selection = Selection { select: vec!["pss/privileged".parse().unwrap()], ignore: Vec::new() };
    let settings = Settings { selection, ..settings() };
    let judgement = judge_with(&settings, &pod("''", "hostPID: true", "securityContext: {privileged: true}"));
    assert_eq!(judgement.findings.len(), 1);
    assert_eq!(
        (judgement.findings[0].check, judgement.findings[0].severity),
        ("pss/privileged", Severity::High)
    );
}

#[test]
fn pods_found_by_their_shape_are_reported_with_less_confidence() {
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec: {template: {spec: {hostPID: true, containers: [{name: c}]}}}\n";
    let judgement = judge(rollout);
    assert!(judgement.findings.iter().all(|finding| finding.confidence == ravelin_diag::Confidence::Medium));
    assert!(
        lines(&judgement)
            .contains(&"pss/host-namespaces high yardstick spec.template.spec.hostPID".to_owned())
    );
}
