//! A scan and admission cannot disagree: what a scan says is enforced against a manifest is what denies the pod.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use ravelin_diag::{Day, Mode};
use ravelin_engine::scan::{Scanner, Settings};
use ravelin_engine::selection::Selection;
use ravelin_inventory::{Inventory, Object};
use ravelin_object::identity::Identity;
use ravelin_object::{Value, read};
use ravelin_podsec::admission::{Admission, Lookup, LookupError, Operation, Request, Resource};
use ravelin_podsec::config::{self, PodSecurityConfiguration};
use ravelin_podsec::exemption::{self, Extension};
use ravelin_podsec::{Level, LevelVersion, Version};
use ravelin_yaml::Limits;
use std::sync::Arc;

fn value(text: &str) -> Value {
    read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap()
}

fn today() -> Day {
    "2026-06-01".parse().unwrap()
}

/// What a pod is made of: fields of its spec and two containers. `HOST_PORT` and `EMPTY` are what an API server fills
/// in; a manifest does without.
#[derive(Clone, Debug)]
struct Spec {
    fields: Vec<&'static str>,
    containers: [Vec<&'static str>; 2],
}

const FIELDS: &[&str] = &[
    "hostNetwork: true",
    "hostPID: true",
    "hostUsers: false",
    "runtimeClassName: kata",
    "os: {name: windows}",
    "volumes: [{name: v, hostPath: {path: /}}, {name: e EMPTY}]",
    "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}",
];

const SECURITY: &[&str] = &[
    "privileged: true",
    "allowPrivilegeEscalation: false",
    "runAsNonRoot: false",
    "procMount: Unmasked",
    "seccompProfile: {type: Unconfined}",
    "capabilities: {drop: [ALL]}",
];

const CAPABILITIES: &[&str] =
    &["capabilities: {add: [SYS_ADMIN], drop: [ALL]}", "capabilities: {add: [CHOWN]}"];

impl Spec {
    fn text(&self, is_defaulted: bool) -> String {
        let on_host = self.fields.contains(&"hostNetwork: true");
        let port = match (is_defaulted, on_host) {
            (true, true) => "ports: [{containerPort: 80, hostPort: 80}]",
            _ => "ports: [{containerPort: 80}]",
        };
        let container = |name: &str, security: &[&str]| {
            format!(
                "{{name: {name}, image: 'img-{name}:1', {port}, securityContext: {{{}}}}}",
                security.join(", ")
            )
        };
        let [a, b] = &self.containers;
        let containers = format!("containers: [{}, {}]", container("a", a), container("b", b));
        let fields = self.fields.iter().map(|field| format!("{field}, ")).collect::<String>();
        let empty = if is_defaulted { ", emptyDir: {}" } else { "" };
        format!("{{{}{containers}}}", fields.replace(" EMPTY", empty))
    }
}

fn security() -> impl Strategy<Value = Vec<&'static str>> {
    let added = prop::option::weighted(0.3, select(CAPABILITIES));
    (subsequence(SECURITY, 0..=SECURITY.len()), added).prop_map(|(mut security, added)| {
        if let Some(added) = added {
            security.retain(|field| !field.starts_with("capabilities"));
            security.push(added);
        }
        security
    })
}

fn spec() -> impl Strategy<Value = Spec> {
    (subsequence(FIELDS, 0..=4), security(), security())
        .prop_map(|(fields, a, b)| Spec { fields, containers: [a, b] })
}

/// The selectors and controls of exemptions. None asks for the user, whom a scan does not know.
const SELECTORS: &[&str] = &[
    "namespaces: [shop]",
    "namespaces: ['*']",
    "namespaces: [other]",
    "namespaceSelector: {matchLabels: {tier: web}}",
    "runtimeClasses: [kata]",
    "images: ['img-a:*']",
    "images: ['img-b:*', 'img-a:2']",
    "namespaces: [shop], images: ['*']",
    "namespaces: [shop], workload: {selector: {matchLabels: {app: web}}}",
    "namespaces: [shop], workload: {kinds: [Deployment], names: ['we*']}",
    "namespaces: [shop], workload: {kinds: [Pod], names: [web]}",
    "namespaces: [shop], workload: {kinds: [DaemonSet]}",
];

fn extension() -> impl Strategy<Value = String> {
    let ids: Vec<&str> = ravelin_podsec::checks::ALL.iter().map(|check| check.meta().id).collect();
    let count = ids.len();
    let controls = prop::option::weighted(0.8, subsequence(ids, 1..=count));
    let one =
        (select(SELECTORS), controls, select(vec!["2026-05-31", "2026-06-01", "2999-01-01", "2026-12-31"]));
    prop::collection::vec(one, 0..4).prop_map(|entries| {
        let entry = |(index, (selectors, controls, expires)): (usize, (&str, Option<Vec<&str>>, &str))| {
            let controls = controls.map_or(String::new(), |ids| format!(", controls: [{}]", ids.join(", ")));
            format!("{{name: e{index}, reason: r, owner: o, expires: '{expires}', {selectors}{controls}}}")
        };
        let entries: Vec<String> = entries.into_iter().enumerate().map(entry).collect();
        format!(
            "{{apiVersion: ravelin.dev/v1, kind: PodSecurityExtension, exemptions: [{}]}}",
            entries.join(", ")
        )
    })
}

fn labels() -> impl Strategy<Value = String> {
    let levels = vec!["privileged", "baseline", "restricted", "nonsense"];
    let versions = vec!["latest", "v1.0", "v1.21", "v1.24", "v1.34", "v1.36"];
    (select(levels), select(versions), select(vec!["web", "db"])).prop_map(|(level, version, tier)| {
        let prefix = "pod-security.kubernetes.io/enforce";
        format!("{{tier: {tier}, {prefix}: {level}, {prefix}-version: {version}}}")
    })
}

fn configuration() -> impl Strategy<Value = PodSecurityConfiguration> {
    select(vec!["", "namespaces: [shop]", "runtimeClasses: [kata]"]).prop_map(|exemptions| {
        let text = format!(
            "{{apiVersion: pod-security.admission.config.k8s.io/v1, kind: PodSecurityConfiguration, exemptions: {{{exemptions}}}}}"
        );
        config::read(&value(&text)).unwrap()
    })
}

/// Whether a scan finds something in the manifest that is enforced.
fn is_found(manifest: &str, labels: &str, psa: &PodSecurityConfiguration, extension: &Extension) -> bool {
    let namespace =
        format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {labels}}}}}");
    let objects = [&namespace, manifest].map(|text| {
        let value = value(text);
        Object { identity: Identity::of(&value).unwrap(), value, origin: 0 }
    });
    let inventory = Inventory::new(objects.into());
    let settings = Settings {
        yardstick: LevelVersion::new(Level::Restricted, Version::Latest),
        psa: psa.clone(),
        extension: extension.clone(),
        today: today(),
        default_namespace: String::new(),
        is_complete: false,
        selection: Selection::default(),
    };
    let judgement = Scanner::new(&settings).judge(&inventory, inventory.ids().last().unwrap());
    assert_eq!(judgement.errors, []);
    judgement.findings.iter().any(|finding| finding.modes.contains(&Mode::Enforce))
}

struct Cluster(Arc<Value>);

impl Lookup for Cluster {
    fn namespace(&self, _: &str) -> Result<Arc<Value>, LookupError> {
        Ok(self.0.clone())
    }

    fn pods(&self, _: &str) -> Result<Vec<Arc<Value>>, LookupError> {
        Ok(Vec::new())
    }

    fn expired(&self) -> bool {
        false
    }
}

/// Whether the pod is denied.
fn is_denied(
    pod: &str,
    user: &str,
    labels: &str,
    psa: &PodSecurityConfiguration,
    extension: &Extension,
) -> bool {
    let pod = value(pod);
    let request = Request {
        operation: Operation::Create,
        resource: Resource { group: "", version: "v1", name: "pods" },
        kind: Resource { group: "", version: "v1", name: "Pod" },
        subresource: "",
        name: "web",
        namespace: "shop",
        user,
        object: Some(&pod),
        old_object: None,
    };
    let cluster = Cluster(Arc::new(value(&format!("{{metadata: {{name: shop, labels: {labels}}}}}"))));
    let admission =
        Admission { configuration: psa, extension, today: today(), newest: ravelin_podsec::Version::NEWEST };
    !admission.decide(&request, &cluster).allowed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_pod_is_denied_if_and_only_if_a_scan_finds_what_is_enforced(
        spec in spec(), labels in labels(), psa in configuration(), extension in extension(), app in select(vec!["web", "db"]),
    ) {
        let extension = exemption::read(&value(&extension)).unwrap();
        let metadata = format!("name: web, namespace: shop, labels: {{app: {app}}}");
        let pod = |is_defaulted| {
            format!("{{apiVersion: v1, kind: Pod, metadata: {{{metadata}}}, spec: {}}}", spec.text(is_defaulted))
        };
        let found = is_found(&pod(false), &labels, &psa, &extension);
        prop_assert_eq!(found, is_denied(&pod(true), "alice", &labels, &psa, &extension));
    }

    #[test]
    fn the_pods_of_a_workload_are_denied_if_and_only_if_a_scan_of_it_finds_what_is_enforced(
        spec in spec(), labels in labels(), psa in configuration(), extension in extension(), app in select(vec!["web", "db"]),
    ) {
        let extension = exemption::read(&value(&extension)).unwrap();
        let deployment = format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: shop}}, \
             spec: {{template: {{metadata: {{labels: {{app: {app}}}}}, spec: {}}}}}}}",
            spec.text(false)
        );
        let pod = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: web-7d9-xk2, labels: {{app: {app}, pod-template-hash: 7d9}}, \
             ownerReferences: [{{controller: true, kind: ReplicaSet, name: web-7d9}}]}}, spec: {}}}",
            spec.text(true)
        );
        let found = is_found(&deployment, &labels, &psa, &extension);
        let maker = "system:serviceaccount:kube-system:replicaset-controller";
        prop_assert_eq!(found, is_denied(&pod, maker, &labels, &psa, &extension));
    }
}

#[test]
fn both_answers_are_given() {
    let psa = PodSecurityConfiguration::unconfigured();
    let labels = "{pod-security.kubernetes.io/enforce: baseline}";
    let pod = |host_pid: bool| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: web, namespace: shop}}, spec: {{hostPID: {host_pid}, containers: []}}}}"
        )
    };
    for bad in [true, false] {
        assert_eq!(is_found(&pod(bad), labels, &psa, &Extension::default()), bad);
        assert_eq!(is_denied(&pod(bad), "alice", labels, &psa, &Extension::default()), bad);
    }
}
