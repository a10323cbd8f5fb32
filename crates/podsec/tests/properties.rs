//! What holds of every pod, whatever is in it.
#![expect(clippy::unwrap_used, reason = "a test may stop the process, and so may what it calls")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use ravelin_diag::{Anchor, FieldPath};
use ravelin_object::pod::{Defaulting, Pod};
use ravelin_object::{Map, Value};
use ravelin_podsec::{Evaluation, Level, LevelVersion, Version};

/// Every version that matters, and some beyond the newest.
fn versions() -> impl Iterator<Item = Version> {
    let beyond = [Version::NEWEST + 1, 99, u64::MAX].map(Version::Minor);
    Version::all().chain([Version::Latest]).chain(beyond)
}

fn judged<T>(pod: &Value, judge: impl FnOnce(&Evaluation<'_>) -> T) -> T {
    let pod = Pod::decode(pod, FieldPath::root(), Defaulting::Pod).unwrap();
    judge(&Evaluation::new(&pod))
}

/// Upstream's ids of the checks that do not allow the pod.
fn violated(evaluation: &Evaluation<'_>, level: Level, version: Version) -> BTreeSet<&'static str> {
    let verdict = evaluation.verdict(LevelVersion::new(level, version));
    verdict.violations.iter().map(|(check, _)| check.upstream_id()).collect()
}

/// Everything a verdict says in words, at every level and version.
fn words(evaluation: &Evaluation<'_>) -> Vec<String> {
    let at = Level::ALL
        .into_iter()
        .flat_map(|level| versions().map(move |version| LevelVersion::new(level, version)));
    at.map(|at| {
        let verdict = evaluation.verdict(at);
        format!("{at}: {} {} | {}", verdict.allowed(), verdict.reason(), verdict.detail())
    })
    .collect()
}

proptest! {
    #[test]
    fn privileged_allows_everything(pod in any_pod()) {
        judged(&pod, |evaluation| {
            for version in versions() {
                let verdict = evaluation.verdict(LevelVersion::new(Level::Privileged, version));
                assert!(verdict.allowed());
                assert_eq!(verdict.reason() + &verdict.detail(), "");
            }
        });
    }

    /// What restricted allows, baseline allows, but for three checks that a restricted one overrides and then
    /// does not make up for:
    /// - on Windows since v1.25: the restricted checks of capabilities and of seccomp exempt the pod, the
    ///   baseline ones do not;
    /// - at any version: a volume with an allowed source besides its `hostPath`, which API validation refuses,
    ///   is an allowed one to `restrictedVolumes`.
    #[test]
    fn what_restricted_allows_baseline_allows(pod in any_pod()) {
        judged(&pod, |evaluation| {
            let volumes = &evaluation.pod().volumes;
            let has_volume_of_two_sources = volumes.iter().any(|volume| volume.sources.len() > 1);
            for version in versions() {
                if !violated(evaluation, Level::Restricted, version).is_empty() {
                    continue;
                }
                let mut exceptions = BTreeSet::new();
                if evaluation.pod().is_windows() && version.minor() >= 25 {
                    exceptions.extend(["capabilities_baseline", "seccompProfile_baseline"]);
                }
                if has_volume_of_two_sources {
                    exceptions.insert("hostPathVolumes");
                }
                let baseline = violated(evaluation, Level::Baseline, version);
                assert!(baseline.is_subset(&exceptions), "{version}: {baseline:?}");
            }
        });
    }

    /// The same from the other side: what baseline does not allow and nothing overrides, restricted does not
    /// allow either.
    #[test]
    fn restricted_adds_to_baseline(pod in any_pod()) {
        judged(&pod, |evaluation| {
            for version in versions() {
                let restricted = violated(evaluation, Level::Restricted, version);
                let overridden = [
                    ("capabilities_baseline", 22),
                    ("hostPathVolumes", 0),
                    ("procMount", 35),
                    ("seccompProfile_baseline", 19),
                ];
                for check in violated(evaluation, Level::Baseline, version) {
                    let is_overridden =
                        overridden.iter().any(|(id, since)| *id == check && version.minor() >= *since);
                    assert_eq!(restricted.contains(check), !is_overridden, "{version}: {check}");
                }
            }
        });
    }

    /// At baseline every single fault stays. At restricted only the check stays violated: of containers that
    /// are silent about `runAsNonRoot` or seccomp nothing is told where another one is explicitly wrong.
    #[test]
    fn a_further_container_removes_no_violation(
        pod in any_pod(),
        list in select(vec!["containers", "initContainers", "ephemeralContainers"]),
        further in any_container(),
    ) {
        let mut more = pod.clone();
        edit(&mut more, "spec", |spec| {
            let mut items = match spec.get(list) {
                Some(Value::Array(items)) => items.clone(),
                _ => Vec::new(),
            };
            items.push(further);
            spec.set(list, Value::Array(items));
        });
        judged(&pod, |before| judged(&more, |after| {
            for version in versions() {
                let at = LevelVersion::new(Level::Baseline, version);
                let (less, more) = (before.verdict(at), after.verdict(at));
                for (check, violation) in &less.violations {
                    let id = check.upstream_id();
                    let still = more.violations.iter().find(|(other, _)| other.upstream_id() == id);
                    let still = &still.unwrap().1.offences;
                    for offence in &violation.offences {
                        assert!(still.contains(offence), "{at}: {offence:?}");
                    }
                }
                let less = violated(before, Level::Restricted, version);
                let more = violated(after, Level::Restricted, version);
                assert!(less.is_subset(&more), "{version}: {less:?} {more:?}");
            }
        }));
    }

    #[test]
    fn beyond_the_newest_version_nothing_changes(pod in any_pod(), beyond in Version::NEWEST..) {
        judged(&pod, |evaluation| {
            for level in Level::ALL {
                let at = |version| {
                    let verdict = evaluation.verdict(LevelVersion::new(level, version));
                    (violated(evaluation, level, version), verdict.reason(), verdict.detail())
                };
                let newest = at(Version::Minor(Version::NEWEST));
                assert_eq!(at(Version::Minor(beyond)), newest);
                assert_eq!(at(Version::Latest), newest);
            }
        });
    }

    #[test]
    fn every_fault_has_a_place(pod in any_pod()) {
        judged(&pod, |evaluation| {
            for level in [Level::Baseline, Level::Restricted] {
                for version in versions() {
                    let verdict = evaluation.verdict(LevelVersion::new(level, version));
                    for (check, violation) in verdict.violations {
                        let id = check.upstream_id();
                        assert!(!violation.offences.is_empty(), "{id}");
                        assert!(!violation.reason.is_empty(), "{id}");
                        for offence in &violation.offences {
                            let is_there = pod.at(&offence.path).is_some();
                            assert!(is_there || offence.anchor == Anchor::Missing, "{id}: {offence:?}");
                            assert!(!offence.message.is_empty(), "{id}: {offence:?}");
                        }
                    }
                }
            }
        });
    }

    #[test]
    fn defaulting_changes_no_verdict(pod in any_pod()) {
        let defaulted = defaulted(&pod);
        assert_eq!(judged(&pod, words), judged(&defaulted, words));
    }
}

/// Some of the random pods must be allowed, or half of what is stated above is stated of nothing.
#[test]
fn pods_of_every_verdict_are_generated() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..400 {
        let pod = any_pod().new_tree(&mut runner).unwrap().current();
        let newest = Version::Minor(Version::NEWEST);
        seen.extend(judged(&pod, |evaluation| {
            let restricted = violated(evaluation, Level::Restricted, newest);
            let baseline = violated(evaluation, Level::Baseline, newest);
            let verdict = match (baseline.is_empty(), restricted.is_empty()) {
                (true, true) => "restricted",
                (true, false) => "baseline",
                (false, true) => "only restricted",
                (false, false) => "neither",
            };
            baseline.into_iter().chain(restricted).chain([verdict]).collect::<Vec<_>>()
        }));
    }
    let checks = ravelin_podsec::checks::ALL.iter().map(|check| check.upstream_id());
    let expected: Vec<&str> =
        checks.chain(["restricted", "baseline", "only restricted", "neither"]).collect();
    let missing: Vec<&&str> = expected.iter().filter(|word| !seen.contains(*word)).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
}

/// How much of a pod is wrong.
#[derive(Clone, Copy, Debug)]
enum Mood {
    /// Nearly nothing, and nearly everything that must be said is said.
    Tame,
    /// Anything.
    Wild,
}

impl Mood {
    /// How often an optional field is there.
    fn optional(self) -> f64 {
        match self {
            Self::Tame => 0.15,
            Self::Wild => 0.35,
        }
    }

    /// How often a field is there that restricted requires.
    fn required(self) -> f64 {
        match self {
            Self::Tame => 0.98,
            Self::Wild => 0.6,
        }
    }
}

type Field = BoxedStrategy<Option<(&'static str, Value)>>;

/// A field that is there with a probability, and now and then null, which is as good as absent.
fn field(key: &'static str, probability: f64, value: impl Strategy<Value = Value> + 'static) -> Field {
    let value = prop_oneof![30 => value, 1 => Just(Value::Null)];
    prop::option::weighted(probability, value.prop_map(move |value| (key, value))).boxed()
}

fn mapping(fields: Vec<Field>) -> BoxedStrategy<Value> {
    fields.prop_map(|fields| object(fields.into_iter().flatten())).boxed()
}

fn object<'k>(fields: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    Value::Object(Map::from_unique(fields.into_iter().map(|(key, value)| (key.into(), value)).collect()))
}

fn sequence(item: impl Strategy<Value = Value> + 'static, most: usize) -> BoxedStrategy<Value> {
    prop::collection::vec(item, 0..=most).prop_map(Value::Array).boxed()
}

/// One of the good values, or one of the bad ones, as the mood has it.
fn value(mood: Mood, good: Vec<Value>, bad: Vec<Value>) -> BoxedStrategy<Value> {
    let weight = match mood {
        Mood::Tame => 60,
        Mood::Wild => 1,
    };
    prop_oneof![weight => select(good), 1 => select(bad)].boxed()
}

fn texts(words: &[&str]) -> Vec<Value> {
    words.iter().map(|word| Value::from(*word)).collect()
}

fn text(mood: Mood, good: &[&str], bad: &[&str]) -> BoxedStrategy<Value> {
    value(mood, texts(good), texts(bad))
}

fn boolean(mood: Mood, good: bool) -> BoxedStrategy<Value> {
    value(mood, vec![Value::Bool(good)], vec![Value::Bool(!good)])
}

fn name() -> BoxedStrategy<Value> {
    let names = ["app", "side", "a", "b", "", "two words", "quo\"te", "ship ⚓", "new\nline"];
    select(texts(&names)).boxed()
}

fn any_pod() -> BoxedStrategy<Value> {
    prop_oneof![pod(Mood::Tame), pod(Mood::Wild)].boxed()
}

fn any_container() -> BoxedStrategy<Value> {
    prop_oneof![container(Mood::Tame), container(Mood::Wild)].boxed()
}

fn pod(mood: Mood) -> BoxedStrategy<Value> {
    mapping(vec![field("metadata", 0.7, metadata(mood)), field("spec", 0.99, spec(mood))])
}

fn metadata(mood: Mood) -> BoxedStrategy<Value> {
    let keys = [
        "container.apparmor.security.beta.kubernetes.io/app",
        "container.apparmor.security.beta.kubernetes.io/gone",
        "seccomp.security.alpha.kubernetes.io/pod",
        "container.seccomp.security.alpha.kubernetes.io/app",
        "container.seccomp.security.alpha.kubernetes.io/side",
        "team",
    ];
    let good = ["runtime/default", "localhost/x", "docker/default"];
    let bad = ["unconfined", "", "RuntimeDefault", "a,\"b\""];
    let annotations = keys.map(|key| field(key, mood.optional() / 2.0, text(mood, &good, &bad)));
    mapping(vec![
        field("name", 0.9, name()),
        field("namespace", 0.3, name()),
        field("annotations", mood.optional(), mapping(annotations.into())),
    ])
}

fn spec(mood: Mood) -> BoxedStrategy<Value> {
    let some = mood.optional();
    mapping(vec![
        field("hostNetwork", some, boolean(mood, false)),
        field("hostPID", some, boolean(mood, false)),
        field("hostIPC", some, boolean(mood, false)),
        field("hostUsers", 0.25, any::<bool>().prop_map(Value::Bool)),
        field("os", 0.3, mapping(vec![field("name", 0.9, select(texts(&["windows", "linux", ""])))])),
        field("runtimeClassName", 0.1, name()),
        field("securityContext", mood.required(), pod_security(mood)),
        field("volumes", some, sequence(volume(mood), 3)),
        field("containers", mood.required(), sequence(container(mood), 3)),
        field("initContainers", 0.3, sequence(container(mood), 2)),
        field("ephemeralContainers", 0.2, sequence(container(mood), 2)),
    ])
}

fn volume(mood: Mood) -> BoxedStrategy<Value> {
    let empty = || Just(object([]));
    let good = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let bad = [
        "hostPath",
        "hostPath",
        "nfs",
        "iscsi",
        "gitRepo",
        "flexVolume",
        "portworxVolume",
        "storageos",
        "unheardOf",
    ];
    let (good_weight, both_weight) = match mood {
        Mood::Tame => (40, 3),
        Mood::Wild => (4, 1),
    };
    let one = |sources: &[&'static str]| {
        (select(sources.to_vec()), name())
            .prop_map(|(source, name)| object([("name", name), (source, object([]))]))
    };
    let both = (select(good.to_vec()), select(bad.to_vec()))
        .prop_map(|(good, bad)| object([("name", "both".into()), (bad, object([])), (good, object([]))]));
    prop_oneof![
        good_weight => one(&good),
        2 => one(&bad),
        both_weight => both,
        2 => empty(),
        1 => name().prop_map(|name| object([("name", name), ("secret", Value::Null)])),
    ]
    .boxed()
}

/// What pods and containers have in common.
fn security(mood: Mood) -> Vec<Field> {
    let some = mood.optional();
    let options = mapping(vec![
        field(
            "type",
            0.7,
            text(mood, &["container_t", "container_kvm_t", "container_engine_t", ""], &["spc_t", "x"]),
        ),
        field("user", some / 2.0, text(mood, &[""], &["system_u"])),
        field("role", some / 2.0, text(mood, &[""], &["system_r"])),
        field("level", some, select(texts(&["s0"]))),
    ]);
    let windows = mapping(vec![field("hostProcess", 0.5, boolean(mood, false))]);
    let user = value(mood, vec![Value::Int(1000), Value::Int(i64::MAX)], vec![Value::Int(0)]);
    vec![
        field("runAsNonRoot", mood.required(), boolean(mood, true)),
        field("runAsUser", some, user),
        field("seccompProfile", mood.required(), profile(mood)),
        field("appArmorProfile", some, profile(mood)),
        field("seLinuxOptions", some, options),
        field("windowsOptions", some, windows),
    ]
}

fn profile(mood: Mood) -> BoxedStrategy<Value> {
    let kinds = text(mood, &["RuntimeDefault", "Localhost"], &["Unconfined", "", "runtime/default"]);
    let required = match mood {
        Mood::Tame => 0.99,
        Mood::Wild => 0.9,
    };
    mapping(vec![field("type", required, kinds), field("localhostProfile", 0.2, name())])
}

fn pod_security(mood: Mood) -> BoxedStrategy<Value> {
    let good = ["kernel.shm_rmid_forced", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range"];
    let later = [
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_notsent_lowat",
    ];
    let bad = [&later[..], &["kernel.msgmax", "net.core.somaxconn", ""]].concat();
    let sysctl = mapping(vec![field("name", 0.95, text(mood, &good, &bad)), field("value", 0.9, name())]);
    let mut fields = security(mood);
    fields.push(field("sysctls", mood.optional(), sequence(sysctl, 3)));
    mapping(fields)
}

fn container(mood: Mood) -> BoxedStrategy<Value> {
    let some = mood.optional();
    let lifecycle =
        mapping(vec![field("postStart", 0.6, handler(mood)), field("preStop", 0.6, handler(mood))]);
    let port = mapping(vec![
        field("containerPort", 0.95, (1_i64..65536).prop_map(Value::Int)),
        field("hostPort", some, value(mood, vec![Value::Int(0)], vec![Value::Int(80), Value::Int(8080)])),
        field("protocol", 0.2, select(texts(&["TCP", "UDP"]))),
    ]);
    mapping(vec![
        field("name", 0.95, name()),
        field("image", 0.8, name()),
        field("securityContext", mood.required(), container_security(mood)),
        field("ports", some, sequence(port, 3)),
        field("livenessProbe", some / 2.0, handler(mood)),
        field("readinessProbe", some / 2.0, handler(mood)),
        field("startupProbe", some / 2.0, handler(mood)),
        field("lifecycle", some / 2.0, lifecycle),
    ])
}

fn handler(mood: Mood) -> BoxedStrategy<Value> {
    let action = || {
        mapping(vec![
            field(
                "host",
                0.6,
                text(mood, &["", "127.0.0.1", "localhost"], &["10.0.0.1", "::1", "other.example"]),
            ),
            field("port", 0.9, Just(Value::Int(80))),
        ])
    };
    mapping(vec![
        field("httpGet", 0.5, action()),
        field("tcpSocket", 0.3, action()),
        field("exec", 0.2, Just(object([]))),
    ])
}

fn container_security(mood: Mood) -> BoxedStrategy<Value> {
    let added = text(mood, &["NET_BIND_SERVICE"], &["CHOWN", "SETUID", "SYS_ADMIN", "ALL", "CAP_CHOWN", ""]);
    let dropped = match mood {
        Mood::Tame => Just(Value::Array(texts(&["ALL"]))).boxed(),
        Mood::Wild => sequence(select(texts(&["ALL", "all", "NET_RAW", "CHOWN"])), 3),
    };
    let capabilities = mapping(vec![
        field("add", mood.optional(), sequence(added, 3)),
        field("drop", mood.required(), dropped),
    ]);
    let some = mood.optional();
    let mut fields = security(mood);
    fields.extend([
        field("privileged", some, boolean(mood, false)),
        field("allowPrivilegeEscalation", mood.required(), boolean(mood, false)),
        field("capabilities", mood.required(), capabilities),
        field("procMount", some, text(mood, &["Default"], &["Unmasked", "", "Other"])),
    ]);
    mapping(fields)
}

/// Changes the mapping behind a key, if there is one; makes one where nothing is.
fn edit(value: &mut Value, key: &str, change: impl FnOnce(&mut Map)) {
    let Value::Object(map) = value else { return };
    let mut inner = match map.remove(key) {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(inner)) => inner,
        Some(other) => {
            map.set(key, other);
            return;
        }
    };
    change(&mut inner);
    map.set(key, Value::Object(inner));
}

/// Changes each item of a sequence, if there is one.
fn each(map: &mut Map, key: &str, change: impl Fn(&mut Map)) {
    let Some(mut list) = map.remove(key) else { return };
    if let Value::Array(items) = &mut list {
        for item in items {
            if let Value::Object(item) = item {
                change(item);
            }
        }
    }
    map.set(key, list);
}

fn fill(map: &mut Map, key: &str, value: Value) {
    if map.get(key).is_none_or(|value| *value == Value::Null) {
        map.set(key, value);
    }
}

/// The pod as the API server stores it: without nulls, and with the defaults of `k8s.io/kubernetes`
/// `pkg/apis/core/v1/defaults.go` that are near what verdicts read. Written from that file, not from ours.
fn defaulted(pod: &Value) -> Value {
    let mut pod = without_nulls(pod);
    edit(&mut pod, "spec", |spec| {
        fill(spec, "restartPolicy", "Always".into());
        fill(spec, "dnsPolicy", "ClusterFirst".into());
        fill(spec, "schedulerName", "default-scheduler".into());
        fill(spec, "terminationGracePeriodSeconds", Value::Int(30));
        fill(spec, "enableServiceLinks", Value::Bool(true));
        fill(spec, "securityContext", object([]));
        let host_network = spec.get("hostNetwork") == Some(&Value::Bool(true));
        each(spec, "volumes", |volume| {
            let has_source = volume.iter().any(|(key, _)| key != "name" && key != "unheardOf");
            if !has_source {
                volume.set("emptyDir", object([]));
            }
        });
        for list in ["initContainers", "containers"] {
            each(spec, list, |container| {
                default_container(container);
                each(container, "ports", |port| default_port(port, host_network));
            });
        }
        each(spec, "ephemeralContainers", default_container);
    });
    pod
}

fn default_container(container: &mut Map) {
    fill(container, "imagePullPolicy", "IfNotPresent".into());
    fill(container, "terminationMessagePath", "/dev/termination-log".into());
    fill(container, "terminationMessagePolicy", "File".into());
    fill(container, "resources", object([]));
    each(container, "ports", |port| fill(port, "protocol", "TCP".into()));
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(mut value) = container.remove(probe) {
            if let Value::Object(probe) = &mut value {
                fill(probe, "timeoutSeconds", Value::Int(1));
                fill(probe, "periodSeconds", Value::Int(10));
                fill(probe, "successThreshold", Value::Int(1));
                fill(probe, "failureThreshold", Value::Int(3));
                if let Some(Value::Object(mut action)) = probe.remove("httpGet") {
                    fill(&mut action, "path", "/".into());
                    fill(&mut action, "scheme", "HTTP".into());
                    probe.set("httpGet", Value::Object(action));
                }
            }
            container.set(probe, value);
        }
    }
}

fn default_port(port: &mut Map, host_network: bool) {
    let is_free = matches!(port.get("hostPort"), None | Some(Value::Int(0)));
    if let (true, true, Some(number)) = (host_network, is_free, port.get("containerPort").cloned()) {
        port.set("hostPort", number);
    }
}

/// The value without the nulls in its mappings: a typed decoder does not keep them. In a mapping of texts to texts
/// it reads them as empty.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| **value != Value::Null);
            object(kept.map(|(key, value)| match (key, value) {
                ("annotations", Value::Object(texts)) => (key, without_null_texts(texts)),
                _ => (key, without_nulls(value)),
            }))
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

fn without_null_texts(texts: &Map) -> Value {
    object(texts.iter().map(|(key, text)| (key, Value::from(text.as_str().unwrap_or_default()))))
}
