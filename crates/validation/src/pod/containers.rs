//! Which containers of pods are valid: those that stay, those that come first, those that come later.

use super::options::Options;
use super::volumes::Volumes;
use super::{environment, level, ports, probes, requirements, security, spec, storage};
use crate::Faults;
use crate::access::Fields;
use crate::names::dns_label;
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use std::collections::BTreeSet;

/// The pod around containers.
pub(super) struct Pod<'a> {
    pub(super) spec: &'a Value,
    pub(super) volumes: &'a Volumes<'a>,
    pub(super) options: &'a Options,
}

/// All containers of a pod.
pub(super) fn all(pod: &Pod<'_>, path: &Path, out: &mut Faults) {
    regular(pod, &(path / "containers"), out);
    initial(pod, &(path / "initContainers"), out);
    ephemeral(pod, &(path / "ephemeralContainers"), out);
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `validateContainers`.
fn regular(pod: &Pod<'_>, path: &Path, out: &mut Faults) {
    let containers = pod.spec.list("containers");
    if containers.is_empty() {
        out.required(path, "");
        return;
    }
    let mut names = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = path / index;
        common(container, pod, &path, out);
        if !names.insert(container.text("name")) {
            out.duplicate(&path / "name", container.text("name"));
        }
        probes::all(container, pod.spec, &path, out);
        restart_rules(container, &path, out);
    }
    spec::host_ports(containers, path, out);
}

/// Source: `validateInitContainers`.
fn initial(pod: &Pod<'_>, path: &Path, out: &mut Faults) {
    let mut names: BTreeSet<&str> =
        pod.spec.list("containers").iter().map(|each| each.text("name")).collect();
    for (index, container) in pod.spec.list("initContainers").iter().enumerate() {
        let own = path / index;
        common(container, pod, &own, out);
        let policy = container.text_opt("restartPolicy");
        if policy.is_some() {
            restart_rules(container, &own, out);
        } else if !container.list("restartPolicyRules").is_empty() {
            out.required(&own / "restartPolicy", "must specify restartPolicy when restart rules are used");
        }
        let name = container.text("name");
        if names.contains(name) {
            out.duplicate(&own / "name", name);
        } else if !name.is_empty() {
            names.insert(name);
        }
        spec::host_ports(std::slice::from_ref(container), path, out);
        if policy == Some("Always") {
            probes::all(container, pod.spec, &own, out);
            continue;
        }
        for key in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if container.has(key) {
                let why = "may not be set for init containers without restartPolicy=Always";
                out.forbidden(&own / key, why);
            }
        }
        if !pod.options.init_restarts.is_kept() {
            no_restarting_resize(container, &own, out);
        }
    }
}

fn no_restarting_resize(container: &Value, path: &Path, out: &mut Faults) {
    for (index, policy) in container.list("resizePolicy").iter().enumerate() {
        if policy.text("restartPolicy") == "RestartContainer" {
            let path = path / "resizePolicy" / index / "restartPolicy";
            let why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
            out.invalid(path, "RestartContainer", why);
        }
    }
}

/// Source: `validateEphemeralContainers`.
fn ephemeral(pod: &Pod<'_>, path: &Path, out: &mut Faults) {
    let others = pod.spec.list("containers").iter().chain(pod.spec.list("initContainers"));
    let others: BTreeSet<&str> = others.map(|each| each.text("name")).collect();
    let mut names = others.clone();
    for (index, container) in pod.spec.list("ephemeralContainers").iter().enumerate() {
        let path = path / index;
        common(container, pod, &path, out);
        image_is_trimmed(container, &path, out);
        if !names.insert(container.text("name")) {
            out.duplicate(&path / "name", container.text("name"));
        }
        let target = container.text("targetContainerName");
        if !target.is_empty() && !others.contains(target) {
            out.not_found(&path / "targetContainerName", target);
        }
        no_others(container, &path, out);
        for (index, mount) in container.list("volumeMounts").iter().enumerate() {
            for key in ["subPath", "subPathExpr"] {
                if !mount.text(key).is_empty() {
                    let path = &path / "volumeMounts" / index / key;
                    out.forbidden(path, "cannot be set for an Ephemeral Container");
                }
            }
        }
    }
}

/// Fields that ephemeral containers have not.
fn no_others(container: &Value, path: &Path, out: &mut Faults) {
    let keys = [
        "ports",
        "resources",
        "resizePolicy",
        "restartPolicy",
        "restartPolicyRules",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle",
    ];
    for key in keys {
        let value = container.get(key);
        let is_set = match key {
            "resources" => ["limits", "requests", "claims"].into_iter().any(|part| value.has(part)),
            _ => container.has(key),
        };
        if is_set {
            out.forbidden(path / key, "cannot be set for an Ephemeral Container");
        }
    }
}

/// Source: `validateContainerOnlyForPod`.
pub(super) fn image_is_trimmed(container: &Value, path: &Path, out: &mut Faults) {
    let image = container.text("image");
    if image.trim() != image {
        out.invalid(path / "image", image, "must not have leading or trailing whitespace");
    }
}

/// Source: `validateContainerCommon`.
fn common(container: &Value, pod: &Pod<'_>, path: &Path, out: &mut Faults) {
    let name = container.text("name");
    if name.is_empty() {
        out.required(path / "name", "");
    } else {
        out.spelling(path / "name", name, dns_label(name));
    }
    if container.text("image").is_empty() {
        out.required(path / "image", "");
    }
    let policies = ["File", "FallbackToLogsOnError"];
    match container.text("terminationMessagePolicy") {
        "" => out.required(path / "terminationMessagePolicy", ""),
        policy if policies.contains(&policy) => {}
        other => out.unsupported(path / "terminationMessagePolicy", other, &policies),
    }
    ports::ports(container.list("ports"), &(path / "ports"), out);
    environment::variables(container.list("env"), &(path / "env"), out);
    environment::sources(container.list("envFrom"), &(path / "envFrom"), out);
    storage::mounts(container, pod.volumes, &(path / "volumeMounts"), out);
    storage::devices(container, pod.volumes, &(path / "volumeDevices"), out);
    pull_policy(container.text("imagePullPolicy"), &(path / "imagePullPolicy"), out);
    let claims = level::claim_names(pod.spec);
    requirements::requirements(container.get("resources"), &claims, &(path / "resources"), pod.options, out);
    resize_policies(container, pod.spec, &(path / "resizePolicy"), out);
    security::of_container(container, pod.spec, &(path / "securityContext"), pod.options, out);
}

/// Source: `validatePullPolicy`.
pub(super) fn pull_policy(policy: &str, path: &Path, out: &mut Faults) {
    match policy {
        "Always" | "IfNotPresent" | "Never" => {}
        "" => out.required(path, ""),
        other => out.unsupported(path, other, &["Always", "IfNotPresent", "Never"]),
    }
}

/// Source: `validateResizePolicy`.
fn resize_policies(container: &Value, spec: &Value, path: &Path, out: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (index, policy) in container.list("resizePolicy").iter().enumerate() {
        let (resource, restart) = (policy.text("resourceName"), policy.text("restartPolicy"));
        if !seen.insert(resource) {
            out.duplicate(path / index, resource);
        }
        match resource {
            "cpu" | "memory" => {}
            "" => out.required(path, ""),
            other => out.unsupported(path, other, &["cpu", "memory"]),
        }
        match restart {
            "NotRequired" | "RestartContainer" => {}
            "" => out.required(path, ""),
            other => out.unsupported(path, other, &["NotRequired", "RestartContainer"]),
        }
        if spec.text("restartPolicy") == "Never" && restart != "NotRequired" {
            out.invalid(path, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
        }
    }
}

/// Source: `validateContainerRestartPolicy`.
fn restart_rules(container: &Value, path: &Path, out: &mut Faults) {
    let rules = container.list("restartPolicyRules");
    match container.text_opt("restartPolicy") {
        None if rules.is_empty() => return,
        None => {
            out.required(path / "restartPolicy", "must specify restartPolicy when restart rules are used")
        }
        Some("Always" | "Never" | "OnFailure") => {}
        Some(other) => out.unsupported(path / "restartPolicy", other, &["Always", "Never", "OnFailure"]),
    }
    if rules.len() > 20 {
        out.push(Fault::too_many(path / "restartPolicyRules", rules.len(), 20));
    }
    for (index, rule) in rules.iter().enumerate() {
        let path = path / "restartPolicyRules" / index;
        if !matches!(rule.text("action"), "Restart" | "RestartAllContainers") {
            out.unsupported(&path / "action", rule.text("action"), &["Restart", "RestartAllContainers"]);
        }
        if !rule.has("exitCodes") {
            out.required(&path / "exitCodes", "must be specified");
            continue;
        }
        let codes = rule.get("exitCodes");
        if !matches!(codes.text("operator"), "In" | "NotIn") {
            out.unsupported(&path / "exitCodes" / "operator", codes.text("operator"), &["In", "NotIn"]);
        }
        let count = codes.list("values").len();
        if count > 255 {
            out.push(Fault::too_many(&path / "exitCodes" / "values", count, 255));
        }
    }
}
