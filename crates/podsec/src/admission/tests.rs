use super::*;
use crate::config;
use crate::exemption;
use ravelin_object::read;
use ravelin_yaml::Limits;
use std::cell::Cell;

fn value(text: &str) -> Value {
    read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap()
}

/// A cluster with one namespace and its pods, and a clock that ends after so many pods.
struct Cluster {
    namespace: Option<Arc<Value>>,
    pods: Option<Vec<Arc<Value>>>,
    ticks: Cell<usize>,
}

impl Cluster {
    fn of(labels: &str) -> Self {
        let namespace = value(&format!("{{metadata: {{name: shop, labels: {{{labels}}}}}}}"));
        Self { namespace: Some(Arc::new(namespace)), pods: Some(Vec::new()), ticks: Cell::new(usize::MAX) }
    }

    /// One whose namespace enforces a level.
    fn enforcing(level: &str) -> Self {
        Self::of(&format!("tier: web, pod-security.kubernetes.io/enforce: {level}"))
    }
}

impl Lookup for Cluster {
    fn namespace(&self, name: &str) -> Result<Arc<Value>, LookupError> {
        self.namespace.clone().ok_or_else(|| LookupError(format!("namespaces \"{name}\" not found")))
    }

    fn pods(&self, _: &str) -> Result<Vec<Arc<Value>>, LookupError> {
        self.pods.clone().ok_or_else(|| LookupError("gone".to_owned()))
    }

    fn expired(&self) -> bool {
        self.ticks.set(self.ticks.get() - 1);
        self.ticks.get() == 0
    }
}

/// A request about objects of a kind, with an extension in force on 2026-06-01.
struct Ask<'a> {
    operation: &'a str,
    resource: Resource<'a>,
    kind: Resource<'a>,
    subresource: &'a str,
    user: &'a str,
    extension: &'a str,
}

const PODS: Ask<'static> = Ask {
    operation: "CREATE",
    resource: Resource { group: "", version: "v1", name: "pods" },
    kind: Resource { group: "", version: "v1", name: "Pod" },
    subresource: "",
    user: "alice",
    extension: "",
};
const DEPLOYMENTS: Ask<'static> = Ask {
    resource: Resource { group: "apps", version: "v1", name: "deployments" },
    kind: Resource { group: "apps", version: "v1", name: "Deployment" },
    ..PODS
};
const NAMESPACES: Ask<'static> = Ask {
    resource: Resource { group: "", version: "v1", name: "namespaces" },
    kind: Resource { group: "", version: "v1", name: "Namespace" },
    ..PODS
};

impl Ask<'_> {
    fn decide(&self, cluster: &Cluster, object: &str, old: &str) -> Response {
        let configuration = config::PodSecurityConfiguration::unconfigured();
        let text = format!("apiVersion: ravelin.dev/v1\nkind: PodSecurityExtension\n{}", self.extension);
        let extension = exemption::read(&value(&text)).unwrap();
        let today = "2026-06-01".parse().unwrap();
        let admission = Admission {
            configuration: &configuration,
            extension: &extension,
            today,
            newest: crate::Version::NEWEST,
        };
        let (object, old) = (value(object), value(old));
        let request = Request {
            operation: Operation::from(self.operation),
            resource: self.resource,
            kind: self.kind,
            subresource: self.subresource,
            name: "web",
            namespace: "shop",
            user: self.user,
            object: Some(&object),
            old_object: Some(&old),
        };
        admission.decide(&request, cluster)
    }

    fn says(&self, cluster: &Cluster, object: &str) -> String {
        said(&self.decide(cluster, object, "null"))
    }
}

/// `allowed` or the message, then the warnings.
fn said(response: &Response) -> String {
    let status = response.status.as_ref().map_or("allowed", |status| status.message.as_str());
    let warnings: String = response.warnings.iter().map(|warning| format!(" | {warning}")).collect();
    format!("{status}{warnings}")
}

const PRIVILEGED: &str = "{kind: Pod, metadata: {name: web, labels: {app: web}}, spec: {containers: [{name: c, image: a:1, securityContext: {privileged: true}}]}}";
const DENIED: &str = "pods \"web\" is forbidden: violates PodSecurity \"baseline:latest\": privileged (container \"c\" must not set securityContext.privileged=true)";

#[test]
fn a_pod_is_held_to_what_its_namespace_enforces() {
    let response = PODS.decide(&Cluster::enforcing("baseline"), PRIVILEGED, "null");
    assert_eq!(said(&response), DENIED);
    assert_eq!(response.status.as_ref().map(|status| (status.code, status.reason)), Some((403, "Forbidden")));
    assert_eq!(response.annotation("enforce-policy"), Some("baseline:latest"));
    assert_eq!(PODS.says(&Cluster::enforcing("privileged"), PRIVILEGED), "allowed");
    let nowhere = Cluster { namespace: None, ..Cluster::of("") };
    let response = PODS.decide(&nowhere, PRIVILEGED, "null");
    assert_eq!(said(&response), "Internal error occurred: failed to lookup namespace \"shop\"");
    assert_eq!(response.events, [Event::Error { fatal: true }]);
    let broken = Cluster::of("pod-security.kubernetes.io/enforce: [baseline]");
    assert!(!PODS.decide(&broken, PRIVILEGED, "null").allowed, "what cannot be read is not privileged");
}

#[test]
fn only_significant_updates_of_a_pod_are_judged() {
    let cluster = Cluster::enforcing("baseline");
    let update = Ask { operation: "UPDATE", ..PODS };
    let with = |spec: &str| format!("{{kind: Pod, spec: {{hostPID: true, {spec}}}}}");
    for (old, new, is_judged) in [
        ("containers: [{name: c, image: a}]", "containers: [{name: c, image: a}], tolerations: []", false),
        ("containers: [{name: c, image: a}]", "containers: [{name: c, image: b}]", true),
        ("containers: [{name: c, image: a}]", "containers: [{name: d, image: a}]", false),
        ("initContainers: [{image: a}]", "initContainers: []", true),
        ("initContainers: [{image: a}]", "initContainers: [{image: b}]", true),
        ("ephemeralContainers: [{name: e, image: a}]", "ephemeralContainers: []", false),
        ("ephemeralContainers: []", "ephemeralContainers: [{name: e, image: a}]", true),
        ("ephemeralContainers: [{name: e, image: a}]", "ephemeralContainers: [{name: f, image: a}]", true),
    ] {
        let response = update.decide(&cluster, &with(new), &with(old));
        assert_eq!(!response.allowed, is_judged, "{old} to {new}");
    }
}

#[test]
fn objects_are_taken_as_they_arrive() {
    let unsourced = "{kind: Pod, spec: {volumes: [{name: v}], securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: []}}";
    let said = PODS.says(&Cluster::enforcing("restricted"), unsourced);
    assert!(
        said.ends_with("restricted volume types (volume \"v\" uses restricted volume type \"unknown\")"),
        "{said}"
    );
}

#[test]
fn time_and_number_bound_the_look_at_existing_pods() {
    let update = Ask { operation: "UPDATE", ..NAMESPACES };
    let namespace = |level: &str| {
        format!(
            "{{kind: Namespace, metadata: {{name: shop, labels: {{pod-security.kubernetes.io/enforce: {level}}}}}}}"
        )
    };
    let pod = |index: usize| {
        Arc::new(value(&format!(
            "{{metadata: {{name: p{index:04}}}, spec: {{hostPID: true, containers: []}}}}"
        )))
    };
    let warnings =
        |cluster: &Cluster| update.decide(cluster, &namespace("baseline"), &namespace("privileged")).warnings;
    let many = Cluster { pods: Some((0..3002).map(pod).collect()), ..Cluster::of("") };
    assert_eq!(
        warnings(&many),
        [
            "new PodSecurity enforce level only checked against the first 3000 of 3002 existing pods",
            "existing pods in namespace \"shop\" violate the new PodSecurity enforce level \"baseline:latest\"",
            "p0000 (and 2999 other pods): host namespaces",
        ]
    );
    let slow = Cluster { pods: Some((0..5).map(pod).collect()), ticks: Cell::new(2), ..Cluster::of("") };
    let slow = warnings(&slow);
    assert_eq!(slow[0], "new PodSecurity enforce level only checked against the first 2 of 5 existing pods");
    assert_eq!(slow[2], "p0000 (and 1 other pod): host namespaces");
    assert_eq!(namespace_budget(None), Duration::from_secs(1));
    assert_eq!(namespace_budget(Some(Duration::from_secs(1))), Duration::from_millis(500));
}

#[test]
fn counters_have_the_labels_of_upstream() {
    let cluster = Cluster::of(
        "pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/enforce-version: v1.99",
    );
    let response = PODS.decide(&cluster, PRIVILEGED, "null");
    let request = Request {
        operation: Operation::Create,
        resource: PODS.resource,
        kind: PODS.kind,
        subresource: "resize",
        name: "",
        namespace: "",
        user: "",
        object: None,
        old_object: None,
    };
    let metric = response.events[0].metric(&request, 36);
    let labels: Vec<String> = metric.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        (metric.name, labels.join(" ").as_str()),
        (
            "pod_security_evaluations_total",
            "decision=deny policy_level=baseline policy_version=future mode=enforce request_operation=create resource=pod subresource=resize"
        )
    );
}

/// The extension with one exemption; `extra` are its selectors and controls.
fn exemption(extra: &str) -> String {
    format!("exemptions: [{{name: e, reason: r, owner: o, expires: '2026-12-31', {extra}}}]")
}

#[test]
fn exemptions_exempt_whom_they_name() {
    let cluster = Cluster::enforcing("baseline");
    for (extra, holds) in [
        ("namespaces: [shop]", true),
        ("namespaces: ['sh*']", true),
        ("namespaces: [other]", false),
        ("namespaceSelector: {matchLabels: {tier: web}}", true),
        ("namespaceSelector: {matchLabels: {tier: db}}", false),
        ("usernames: [alice]", true),
        ("usernames: [bob]", false),
        ("runtimeClasses: [kata]", false),
        ("images: ['a:*']", true),
        ("images: ['b:*']", false),
        ("namespaces: [shop], workload: {selector: {matchLabels: {app: web}}}", true),
        ("namespaces: [shop], workload: {selector: {matchLabels: {app: db}}}", false),
        ("namespaces: [shop], workload: {kinds: [Pod], names: ['w*']}", true),
        ("namespaces: [shop], workload: {kinds: [Deployment], names: ['w*']}", false),
        ("namespaces: [shop], controls: [pss/privileged]", true),
        ("namespaces: [shop], controls: [privileged]", true),
        ("namespaces: [shop], controls: [pss/host-ports]", false),
        ("namespaces: [shop], usernames: [bob]", false),
    ] {
        let ask = Ask { extension: &exemption(extra), ..PODS };
        let response = ask.decide(&cluster, PRIVILEGED, "null");
        assert_eq!(response.allowed, holds, "{extra}");
        assert_eq!(response.annotation("exempted-by"), holds.then_some("e"), "{extra}");
        let is_counted = response.events.contains(&Event::Waived { exemption: "e".to_owned() });
        assert_eq!(is_counted, holds, "{extra}");
    }
}

#[test]
fn an_expired_exemption_exempts_nothing_and_says_so() {
    let extension = exemption("namespaces: [shop]").replace("2026-12-31", "2026-05-31");
    let response =
        Ask { extension: &extension, ..PODS }.decide(&Cluster::enforcing("baseline"), PRIVILEGED, "null");
    let warning = "the Pod Security exemption \"e\" of \"o\" expired on 2026-05-31 and no longer exempts";
    assert_eq!(said(&response), format!("{DENIED} | {warning}"));
    assert_eq!(response.annotation("expired-exemptions"), Some("e"));
    assert!(response.events.contains(&Event::Expired { exemption: "e".to_owned() }));
    let last_day = extension.replace("2026-05-31", "2026-06-01");
    assert!(
        Ask { extension: &last_day, ..PODS }
            .decide(&Cluster::enforcing("baseline"), PRIVILEGED, "null")
            .allowed
    );
    let harmless = Ask { extension: &extension, ..PODS }
        .says(&Cluster::enforcing("baseline"), "{kind: Pod, spec: {containers: []}}");
    assert_eq!(harmless, "allowed", "it would not have mattered");
}

#[test]
fn an_owner_reference_counts_where_a_controller_made_the_pod() {
    let cluster = Cluster::enforcing("baseline");
    let pod = |owner: &str| {
        PRIVILEGED.replace(
            "labels: {app: web}",
            &format!("labels: {{pod-template-hash: abc}}, ownerReferences: [{{controller: true, {owner}}}]"),
        )
    };
    let replica_set = pod("kind: ReplicaSet, name: web-abc");
    let job = pod("kind: Job, name: web-2902");
    let of_deployment = exemption("namespaces: [shop], workload: {kinds: [Deployment], names: [web]}");
    let of_cron_job = exemption("namespaces: [shop], workload: {kinds: [CronJob], names: [web]}");
    let trusting = of_deployment.replace("namespaces", "trustOwnerReferences: true, namespaces");
    let account = |name: &str| format!("system:serviceaccount:kube-system:{name}");
    for (extension, user, pod, holds) in [
        (&of_deployment, "alice".to_owned(), &replica_set, false),
        (&of_deployment, account("replicaset-controller"), &replica_set, true),
        (&of_deployment, "system:kube-controller-manager".to_owned(), &replica_set, true),
        (&of_deployment, account("job-controller"), &replica_set, false),
        (&of_deployment, "system:serviceaccount:shop:replicaset-controller".to_owned(), &replica_set, false),
        (&of_deployment, account("replicaset-controller"), &replica_set.replace("web-abc", "web-abd"), false),
        (&trusting, "alice".to_owned(), &replica_set, true),
        (&of_cron_job, account("job-controller"), &job, true),
        (&of_cron_job, account("job-controller"), &job.replace("2902", "x"), false),
        (&of_cron_job, "alice".to_owned(), &job, false),
    ] {
        let response = Ask { extension, user: &user, ..PODS }.decide(&cluster, pod, "null");
        assert_eq!(response.allowed, holds, "{extension} {user} {pod}");
    }
}

#[test]
fn an_exemption_by_image_is_one_of_these_containers_alone() {
    let two = "{kind: Pod, metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}}, spec: {
        volumes: [{name: v, hostPath: {path: /}}], containers: [
        {name: a, image: agent:1, securityContext: {privileged: true}},
        {name: b, image: other:1, securityContext: {privileged: true}}]}}";
    let cluster = Cluster::enforcing("baseline");
    let ask = |extra: &str| Ask { extension: &exemption(extra), ..PODS }.says(&cluster, two);
    assert_eq!(
        ask("images: ['agent:*']"),
        "pods \"web\" is forbidden: violates PodSecurity \"baseline:latest\": hostPath volumes (volume \"v\"), \
         privileged (container \"b\" must not set securityContext.privileged=true)"
    );
    let said = ask("images: ['agent:*'], controls: [pss/privileged]");
    assert!(said.contains("AppArmor") && !said.contains("containers \"a\", \"b\""), "{said}");
    assert_eq!(ask("namespaces: ['*']"), "allowed");
}

#[test]
fn who_is_exempt_from_a_restricted_check_is_held_to_the_one_it_overrides() {
    let pod = "{kind: Pod, spec: {securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [
        {name: a, image: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {add: [ADDED]}}}]}}";
    let cluster = Cluster::enforcing("restricted");
    let ask = |added: &str, controls: &str| {
        let extension = exemption(&format!("namespaces: [shop], controls: [{controls}]"));
        Ask { extension: &extension, ..PODS }.says(&cluster, &pod.replace("ADDED", added))
    };
    assert_eq!(ask("CHOWN", "pss/capabilities-restricted"), "allowed");
    assert_eq!(
        ask("SYS_ADMIN", "pss/capabilities-restricted"),
        "pods \"web\" is forbidden: violates PodSecurity \"restricted:latest\": non-default capabilities \
         (container \"a\" must not include \"SYS_ADMIN\" in securityContext.capabilities.add)"
    );
    assert_eq!(ask("SYS_ADMIN", "pss/capabilities-restricted, pss/capabilities-baseline"), "allowed");
    assert!(ask("SYS_ADMIN", "pss/capabilities-baseline").contains("unrestricted capabilities"));
}

#[test]
fn controllers_are_denied_where_the_extension_says_so() {
    let deployment = |replicas: u32, host_pid: bool| {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, spec: {{replicas: {replicas}, template: {{spec: {{hostPID: {host_pid}, containers: []}}}}}}}}"
        )
    };
    let cluster = Cluster::enforcing("baseline");
    let bad = deployment(1, true);
    let warning = "allowed | would violate PodSecurity \"baseline:latest\": host namespaces (hostPID=true)";
    assert_eq!(DEPLOYMENTS.says(&cluster, &bad), warning);
    let deny = Ask { extension: "controllers: Deny", ..DEPLOYMENTS };
    let denied = "deployments.apps \"web\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostPID=true)";
    assert_eq!(deny.says(&cluster, &bad), denied);
    assert_eq!(deny.says(&Cluster::enforcing("privileged"), &bad), "allowed");
    let update = Ask { operation: "UPDATE", ..deny };
    let scaled = update.decide(&cluster, &deployment(5, true), &bad);
    assert_eq!(said(&scaled), warning, "what is there may be scaled and cleaned up");
    assert!(!update.decide(&cluster, &bad, &deployment(1, false)).allowed);
    let silent = Cluster::of(
        "pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/warn: privileged",
    );
    assert_eq!(deny.says(&silent, &bad), denied);
    let exempt =
        Ask { extension: &format!("controllers: Deny\n{}", exemption("namespaces: [shop]")), ..DEPLOYMENTS };
    assert_eq!(exempt.says(&cluster, &bad), "allowed");
}

#[test]
fn what_is_asked_about_is_known_by_its_resource() {
    assert!(has_pod_spec("apps", "deployments") && has_pod_spec("", "pods"));
    assert!(!has_pod_spec("extensions", "deployments") && !has_pod_spec("", "namespaces"));
}
