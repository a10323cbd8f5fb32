//! What a client is warned of when it gives a pod, or a template of one.

use super::paths::containers;
use super::{apparmor, ports, volumes};
use crate::fields::{annotation, entries, int, is_nil, list, text};
use crate::ip::ip_warnings;
use crate::quantities::{is_fractional, parse};
use ravelin_object::Value;
use ravelin_object::selector::{label_value_faults, quoted};
use std::collections::BTreeSet;

/// Warnings of a pod.
pub(crate) fn pod_warnings(pod: &Value) -> Vec<String> {
    warnings(pod, "")
}

/// Warnings of a template at a path: `spec.template`.
pub(crate) fn template_warnings(template: Option<&Value>, path: &str) -> Vec<String> {
    template.map(|template| warnings(template, &format!("{path}."))).unwrap_or_default()
}

/// Source: `warningsForPodSpecAndMeta` in `k8s.io/kubernetes/pkg/api/pod/warnings.go`.
fn warnings(pod: &Value, prefix: &str) -> Vec<String> {
    let nothing = crate::fields::empty();
    let spec = pod.field("spec").unwrap_or(&nothing);
    let mut warnings = node_labels(spec, prefix);
    for (key, words) in [
        (
            "scheduler.alpha.kubernetes.io/critical-pod",
            "non-functional in v1.16+; use the \"priorityClassName\" field instead",
        ),
        (
            "security.alpha.kubernetes.io/sysctls",
            "non-functional in v1.11+; use the \"sysctls\" field instead",
        ),
        (
            "security.alpha.kubernetes.io/unsafe-sysctls",
            "non-functional in v1.11+; use the \"sysctls\" field instead",
        ),
    ] {
        if annotation(pod, key).is_some() {
            warnings.push(format!("{prefix}metadata.annotations[{key}]: {words}"));
        }
    }
    warnings.extend(volumes::volume_warnings(spec, prefix));
    duplicates(spec, prefix, &mut warnings);
    for resource in ["memory", "ephemeral-storage"] {
        fractional(spec, "overhead", resource, &format!("{prefix}spec.overhead"), &mut warnings);
    }
    if is_nil(spec, "securityContext.seccompProfile") {
        seccomp(pod, "seccomp.security.alpha.kubernetes.io/pod", prefix, &mut warnings);
    }
    for (path, container) in containers(spec, prefix) {
        container_warnings(pod, container, &path, prefix, &mut warnings);
    }
    warnings.extend(ports::port_warnings(spec, prefix));
    if int(spec, "terminationGracePeriodSeconds") < 0 {
        warnings.push(format!(
            "{prefix}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
        ));
    }
    affinity(spec, prefix, &mut warnings);
    for (index, address) in list(spec, "dnsConfig.nameservers").iter().enumerate() {
        let path = format!("{prefix}spec.dnsConfig.nameservers[{index}]");
        warnings.extend(ip_warnings(&path, address.as_str().unwrap_or_default()));
    }
    for (index, alias) in list(spec, "hostAliases").iter().enumerate() {
        warnings.extend(ip_warnings(&format!("{prefix}spec.hostAliases[{index}].ip"), text(alias, "ip")));
    }
    warnings
}

/// Labels of nodes that have other names now.
fn node_labels(spec: &Value, prefix: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    let keys: BTreeSet<&str> = entries(spec, "nodeSelector").map(|(key, _)| key).collect();
    for key in keys {
        if let Some(message) = node_label_message(key) {
            warnings.push(format!("{prefix}spec.nodeSelector[{key}]: {message}"));
        }
    }
    let node = "affinity.nodeAffinity";
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    for (index, term) in list(spec, &format!("{node}.{required}.nodeSelectorTerms")).iter().enumerate() {
        let path = format!("{prefix}spec.{node}.{required}.nodeSelectorTerms[{index}]");
        warnings.extend(node_term_warnings(term, false, &path));
    }
    for (index, term) in list(spec, &format!("{node}.{preferred}")).iter().enumerate() {
        let path = format!("{prefix}spec.{node}.{preferred}[{index}].preference");
        warnings.extend(
            term.field("preference").map(|term| node_term_warnings(term, true, &path)).into_iter().flatten(),
        );
    }
    for (index, constraint) in list(spec, "topologySpreadConstraints").iter().enumerate() {
        let path = format!("{prefix}spec.topologySpreadConstraints[{index}]");
        let key = text(constraint, "topologyKey");
        if let Some(message) = node_label_message(key) {
            warnings.push(format!("{path}.topologyKey: {key} is {message}"));
        }
        if is_nil(constraint, "labelSelector") {
            warnings.push(format!("{path}.labelSelector: {NO_MATCH}"));
        }
    }
    warnings
}

const NO_MATCH: &str = "a null labelSelector results in matching no pod";

/// What upstream says of a label of nodes that should not be used any more.
///
/// Source: `k8s.io/kubernetes/pkg/api/node/util.go`.
pub(crate) fn node_label_message(key: &str) -> Option<&'static str> {
    Some(match key {
        "beta.kubernetes.io/arch" => "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        "beta.kubernetes.io/os" => "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        "failure-domain.beta.kubernetes.io/region" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"
        }
        "failure-domain.beta.kubernetes.io/zone" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"
        }
        "beta.kubernetes.io/instance-type" => {
            "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"
        }
        "app.kubernetes.io/created-by" => "deprecated since v1.9",
        "scheduler.alpha.kubernetes.io/preferAvoidPods" => {
            "deprecated since v1.22; use Taints and Tolerations instead"
        }
        "node-role.kubernetes.io/master" => "use \"node-role.kubernetes.io/control-plane\" instead",
        _ => return None,
    })
}

/// Expressions of a term that selects nodes.
pub(crate) fn node_term_warnings(term: &Value, are_values_checked: bool, path: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, expression) in list(term, "matchExpressions").iter().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        let key = text(expression, "key");
        if let Some(message) = node_label_message(key) {
            warnings.push(format!("{path}.key: {key} is {message}"));
        }
        if !are_values_checked {
            continue;
        }
        for (index, value) in list(expression, "values").iter().enumerate() {
            let value = value.as_str().unwrap_or_default();
            for fault in label_value_faults(value) {
                warnings.push(format!("{path}.values[{index}]: {value} is invalid, {fault}"));
            }
        }
    }
    warnings
}

/// Items of lists that come twice.
fn duplicates(spec: &Value, prefix: &str, warnings: &mut Vec<String>) {
    for (items, key) in [("hostAliases", "ip"), ("imagePullSecrets", "name")] {
        let mut seen = BTreeSet::new();
        for (index, item) in list(spec, items).iter().enumerate() {
            if !seen.insert(text(item, key)) {
                warnings.push(format!(
                    "{prefix}spec.{items}[{index}].{key}: duplicate {key} {}",
                    quoted(text(item, key))
                ));
            }
        }
    }
    for (index, item) in list(spec, "imagePullSecrets").iter().enumerate() {
        if text(item, "name").is_empty() {
            warnings.push(format!("{prefix}spec.imagePullSecrets[{index}].name: invalid empty name \"\""));
        }
    }
}

fn seccomp(pod: &Value, key: &str, prefix: &str, warnings: &mut Vec<String>) {
    if annotation(pod, key).is_some() {
        warnings.push(format!(
            "{prefix}metadata.annotations[{key}]: non-functional in v1.27+; use the \"seccompProfile\" field instead"
        ));
    }
}

fn fractional(value: &Value, list: &str, resource: &str, path: &str, warnings: &mut Vec<String>) {
    let amount = value.dotted(list).and_then(|list| list.field(resource)).and_then(parse);
    if let Some(amount) = amount.filter(is_fractional) {
        warnings.push(format!(
            "{path}[{resource}]: fractional byte value {} is invalid, must be an integer",
            quoted(&amount.to_string())
        ));
    }
}

fn container_warnings(pod: &Value, container: &Value, path: &str, prefix: &str, warnings: &mut Vec<String>) {
    let name = text(container, "name");
    if is_nil(container, "securityContext.seccompProfile") {
        let key = format!("container.seccomp.security.alpha.kubernetes.io/{name}");
        seccomp(pod, &key, prefix, warnings);
    }
    let key = format!("{}{name}", apparmor::PREFIX);
    // Pods are warned of it when they are prepared.
    if !prefix.is_empty()
        && is_nil(container, "securityContext.appArmorProfile")
        && let Some(named) = annotation(pod, &key)
    {
        let pod_profile = pod.dotted("spec.securityContext.appArmorProfile");
        if pod_profile.is_none() || pod_profile != apparmor::profile_of(named).as_ref() {
            warnings.push(format!(
                "{prefix}metadata.annotations[{key}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
            ));
        }
    }
    for resource in ["memory", "ephemeral-storage"] {
        for list in ["limits", "requests"] {
            fractional(
                container,
                &format!("resources.{list}"),
                resource,
                &format!("{path}.resources.{list}"),
                warnings,
            );
        }
    }
    let mut seen = BTreeSet::new();
    for (index, variable) in list(container, "env").iter().enumerate() {
        let name = text(variable, "name");
        if seen.insert(name) {
            continue;
        }
        let reference = format!("$({name})");
        let value = text(variable, "value");
        if !is_nil(variable, "valueFrom") || value == reference || !value.contains(&reference) {
            warnings.push(format!(
                "{path}.env[{index}]: hides previous definition of {}, which may be dropped when using apply",
                quoted(name)
            ));
        }
    }
}

fn affinity(spec: &Value, prefix: &str, warnings: &mut Vec<String>) {
    for kind in ["podAffinity", "podAntiAffinity"] {
        for (when, inner) in [
            ("requiredDuringSchedulingIgnoredDuringExecution", ""),
            ("preferredDuringSchedulingIgnoredDuringExecution", "podAffinityTerm."),
        ] {
            for (index, term) in list(spec, &format!("affinity.{kind}.{when}")).iter().enumerate() {
                if is_nil(term, &format!("{inner}labelSelector")) {
                    warnings.push(format!(
                        "{prefix}spec.affinity.{kind}.{when}[{index}].{inner}labelSelector: {NO_MATCH}"
                    ));
                }
            }
        }
    }
}

/// Warnings of the spec of a claim at a path.
///
/// Source: `GetWarningsForPersistentVolumeClaimSpec` in `k8s.io/kubernetes/pkg/api/persistentvolumeclaim`.
pub(crate) fn claim_spec_warnings(spec: &Value, path: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    for list in ["requests", "limits"] {
        let path = format!("{path}.resources.{list}");
        fractional(spec, &format!("resources.{list}"), "storage", &path, &mut warnings);
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    #[test]
    fn warnings_have_upstreams_words() {
        for (pod, expected) in [
            (r#"{"spec":{"containers":[{"name":"c"}]}}"#, &[][..]),
            (
                r#"{"spec":{"nodeSelector":{"beta.kubernetes.io/os":"linux"}}}"#,
                &[
                    "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead",
                ],
            ),
            (
                r#"{"spec":{"imagePullSecrets":[{"name":"a"},{"name":"a"},{}]}}"#,
                &[
                    "spec.imagePullSecrets[1].name: duplicate name \"a\"",
                    "spec.imagePullSecrets[2].name: invalid empty name \"\"",
                ],
            ),
            (
                r#"{"spec":{"containers":[{"name":"c","resources":{"limits":{"memory":"1500m"}},
                "env":[{"name":"A","value":"1"},{"name":"A","value":"2"},{"name":"A","value":"$(A)x"}]}]}}"#,
                &[
                    "spec.containers[0].resources.limits[memory]: fractional byte value \"1500m\" is invalid, must be an integer",
                    "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply",
                ],
            ),
            (
                r#"{"spec":{"containers":[{"ports":[{"containerPort":80,"protocol":"TCP","name":"a"},
                {"containerPort":80,"protocol":"TCP","name":"a","hostPort":1}]}]}}"#,
                &[
                    "spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]",
                    "spec.containers[0].ports[1]: duplicate port name \"a\" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]",
                ],
            ),
            (
                r#"{"spec":{"volumes":[{"name":"v","gitRepo":{}},{"name":"w","configMap":{"name":"m","items":[{"path":"a"},{"path":"a/b"}]}}]}}"#,
                &[
                    "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
                    "volume \"w\" (ConfigMap \"m\"): overlapping paths: \"a/b\" with \"a\"",
                ],
            ),
            (
                r#"{"spec":{"terminationGracePeriodSeconds":-1,"topologySpreadConstraints":[{"topologyKey":"x"}]}}"#,
                &[
                    "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
                    "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1",
                ],
            ),
        ] {
            assert_eq!(pod_warnings(&value(pod)), expected, "{pod}");
        }
    }
}
