//! Pods: what is reset and filled on create, update, and updates of each subresource.

use crate::equality::same;
use crate::fields::{
    copy, generation, int, is_nil, items_mut, list, object, remove, reset_metadata_for_status, set,
    set_generation, struct_at, text,
};
use crate::ip::ip_warnings;
use crate::kind::{Context, Traits};
use crate::pods::{
    annotations_to_fields, default_pod, drop_disabled, drop_disabled_status, merge_label_keys, normalize_pod,
    pod_qos_class, pod_warnings,
};
use crate::rules::Rules;
use ravelin_object::Value;
use ravelin_object::selector::dns1123_label_faults;

/// Source: `k8s.io/kubernetes/pkg/registry/core/pod/strategy.go`.
pub(crate) const RULES: Rules = {
    let base = Rules::new("", "Pod").namespaced().returning_deleted();
    Rules {
        traits: Traits { graceful: Some(30), ..base.traits },
        defaults,
        normalize: normalize_pod,
        create,
        update,
        subresources: &[
            ("status", update_status),
            ("ephemeralcontainers", update_ephemeral_containers),
            ("resize", update_resources),
        ],
        warn_on_create,
        warn_on_update,
        ..base
    }
};

fn defaults(pod: &mut Value) {
    default_pod(pod);
    crate::pods::default_template(Some(pod));
    let Some(status) = pod.field_mut("status") else { return };
    for statuses in ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"] {
        for container in items_mut(status, statuses) {
            round(container);
        }
    }
    round(status);
}

fn round(status: &mut Value) {
    crate::quantities::round_list(status.field_mut("allocatedResources"));
    if let Some(resources) = status.field_mut("resources") {
        for key in ["limits", "requests"] {
            crate::quantities::round_list(resources.field_mut(key));
        }
    }
}

fn create(pod: &mut Value, context: &mut Context<'_>) {
    set_generation(pod, 1);
    // The class of a status that is given counts, as upstream asks for it before it resets the status.
    let class = match text(pod, "status.qosClass") {
        "" => pod_qos_class(pod).to_owned(),
        class => class.to_owned(),
    };
    set(pod, "status", object([("phase", Value::from("Pending")), ("qosClass", Value::from(class))]));
    drop_disabled(pod.field_mut("spec"), None);
    if !list(pod, "spec.schedulingGates").is_empty()
        && let Some(status) = struct_at(pod, "status")
    {
        set(status, "conditions", vec![gated(context.now)]);
    }
    merge_label_keys(pod);
    annotations_to_fields(pod, context.warnings);
}

fn gated(now: &str) -> Value {
    object([
        ("type", Value::from("PodScheduled")),
        ("status", Value::from("False")),
        ("lastProbeTime", Value::Null),
        ("lastTransitionTime", Value::from(now)),
        ("reason", Value::from("SchedulingGated")),
        ("message", Value::from("Scheduling is blocked due to non-empty scheduling gates")),
    ])
}

fn update(pod: &mut Value, old: &Value, _: &mut Context<'_>) {
    copy(pod, old, "status");
    finish(pod, old);
}

/// Fields that are off go, and a spec that has changed is counted.
fn finish(pod: &mut Value, old: &Value) {
    drop_disabled(pod.field_mut("spec"), old.field("spec"));
    drop_disabled_status(pod.field_mut("status"), old.field("status"));
    if !same(pod, old, "spec") {
        let counted = generation(pod).wrapping_add(1);
        set_generation(pod, counted);
    }
}

fn update_status(pod: &mut Value, old: &Value, _: &mut Context<'_>) {
    copy(pod, old, "spec");
    let nothing = crate::fields::empty();
    let old_metadata = old.field("metadata").unwrap_or(&nothing);
    if let Some(metadata) = struct_at(pod, "metadata") {
        remove(metadata, "deletionTimestamp");
        copy(metadata, old_metadata, "ownerReferences");
    }
    let old_status = old.field("status").unwrap_or(&nothing);
    if let Some(status) = struct_at(pod, "status") {
        if text(status, "qosClass").is_empty() {
            copy(status, old_status, "qosClass");
        }
        keep_observed_generations(status, old_status);
    }
    drop_disabled(pod.field_mut("spec"), old.field("spec"));
    drop_disabled_status(pod.field_mut("status"), old.field("status"));
}

/// A client that knows no `observedGeneration` does not clear it; of conditions of one type the first old one goes
/// with the first new one.
fn keep_observed_generations(status: &mut Value, old: &Value) {
    const KEY: &str = "observedGeneration";
    if int(status, KEY) == 0 {
        copy(status, old, KEY);
    }
    let mut known: Vec<(&str, i64)> = list(old, "conditions")
        .iter()
        .map(|condition| (text(condition, "type"), int(condition, KEY)))
        .collect();
    for condition in items_mut(status, "conditions") {
        let place = known.iter().position(|(kind, _)| *kind == text(condition, "type"));
        let observed = place.map_or(0, |place| known.remove(place).1);
        if int(condition, KEY) == 0 {
            crate::fields::set_int_or_omit(condition, KEY, observed);
        }
    }
}

fn update_ephemeral_containers(pod: &mut Value, old: &Value, _: &mut Context<'_>) {
    const KEY: &str = "ephemeralContainers";
    let containers = pod.field("spec").cloned().unwrap_or_else(crate::fields::empty);
    copy(pod, old, "spec");
    copy(pod, old, "status");
    reset_metadata_for_status(pod, old);
    if let Some(spec) = struct_at(pod, "spec") {
        copy(spec, &containers, KEY);
    }
    finish(pod, old);
}

/// Only resources and resize policies change; containers that are added, renamed or moved are left for validation
/// to refuse.
fn update_resources(pod: &mut Value, old: &Value, _: &mut Context<'_>) {
    let lists = ["containers", "initContainers"];
    let is_same_count = lists.iter().all(|key| {
        let path = format!("spec.{key}");
        list(pod, &path).len() == list(old, &path).len()
    });
    if is_same_count {
        let new = pod.field("spec").cloned().unwrap_or_else(crate::fields::empty);
        copy(pod, old, "spec");
        copy(pod, old, "status");
        reset_metadata_for_status(pod, old);
        if let Some(spec) = struct_at(pod, "spec") {
            copy(spec, &new, "resources");
            for key in lists {
                if !list(&new, key).is_empty() {
                    let merged = resized(list(&new, key), list(spec, key));
                    set(spec, key, merged);
                }
            }
        }
    }
    finish(pod, old);
}

fn resized(new: &[Value], old: &[Value]) -> Vec<Value> {
    if new.iter().zip(old).any(|(new, old)| text(new, "name") != text(old, "name")) {
        return new.to_vec();
    }
    let mut merged = old.to_vec();
    for (container, new) in merged.iter_mut().zip(new) {
        copy(container, new, "resources");
        copy(container, new, "resizePolicy");
    }
    merged
}

fn warn_on_create(pod: &Value) -> Vec<String> {
    let mut warnings = name_warning(
        pod,
        "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended",
    );
    warnings.extend(pod_warnings(pod));
    warnings
}

/// A name that is no DNS label, and why.
pub(crate) fn name_warning(object: &Value, words: &str) -> Vec<String> {
    let faults = dns1123_label_faults(text(object, "metadata.name"));
    if faults.is_empty() {
        return Vec::new();
    }
    vec![format!("{words}: [{}]", faults.join(" "))]
}

fn warn_on_update(subresource: &str, pod: &Value, _: &Value) -> Vec<String> {
    if subresource != "status" || is_nil(pod, "status") {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for key in ["podIPs", "hostIPs"] {
        for (index, address) in list(pod, &format!("status.{key}")).iter().enumerate() {
            warnings.extend(ip_warnings(&format!("status.{key}[{index}].ip"), text(address, "ip")));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    const POD: Kind<'_> = Kind { group: "", version: "v1", kind: "Pod" };

    #[test]
    fn a_new_pod_is_pending() {
        let pod = created(
            POD,
            r#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i:1","resources":{}}],
            "schedulingGates":[{"name":"g"}]},"status":{"phase":"Running","podIP":"1.2.3.4"}}"#,
        );
        assert_eq!(
            pod.field("status").unwrap().to_json(),
            value(
                r#"{"phase":"Pending","qosClass":"BestEffort","conditions":[{"type":"PodScheduled","status":"False",
                "lastProbeTime":null,"lastTransitionTime":"2026-01-02T03:04:05Z","reason":"SchedulingGated",
                "message":"Scheduling is blocked due to non-empty scheduling gates"}]}"#
            )
            .to_json()
        );
        assert_eq!(crate::fields::generation(&pod), 1);
    }

    #[test]
    fn updates_change_what_they_are_for() {
        let old = r#"{"metadata":{"generation":3,"labels":{"a":"1"}},"spec":{"nodeName":"n","securityContext":{},
            "containers":[{"name":"c","image":"i","resources":{}}]},"status":{"phase":"Running","qosClass":"Burstable",
            "observedGeneration":2}}"#;
        let new = r#"{"metadata":{"generation":9,"labels":{"a":"2"}},"spec":{"nodeName":"m","securityContext":{},
            "containers":[{"name":"c","image":"j","resources":{"limits":{"cpu":"1"}}}],
            "ephemeralContainers":[{"name":"e"}]},"status":{"phase":"Failed"}}"#;
        for (subresource, expected) in [
            (
                None,
                r#"{"metadata":{"generation":4,"labels":{"a":"2"}},"spec":{"nodeName":"m","securityContext":{},
                "containers":[{"name":"c","image":"j","resources":{"limits":{"cpu":"1"}}}],
                "ephemeralContainers":[{"name":"e"}]},
                "status":{"phase":"Running","qosClass":"Burstable","observedGeneration":2}}"#,
            ),
            (
                Some("status"),
                r#"{"metadata":{"generation":3,"labels":{"a":"2"}},"spec":{"nodeName":"n","securityContext":{},
                "containers":[{"name":"c","image":"i","resources":{}}]},
                "status":{"phase":"Failed","qosClass":"Burstable","observedGeneration":2}}"#,
            ),
            (
                Some("ephemeralcontainers"),
                r#"{"metadata":{"generation":4,"labels":{"a":"1"}},"spec":{"nodeName":"n","securityContext":{},
                "containers":[{"name":"c","image":"i","resources":{}}],"ephemeralContainers":[{"name":"e"}]},
                "status":{"phase":"Running","qosClass":"Burstable","observedGeneration":2}}"#,
            ),
            (
                Some("resize"),
                r#"{"metadata":{"generation":4,"labels":{"a":"1"}},"spec":{"nodeName":"n","securityContext":{},
                "containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"1"}}}]},
                "status":{"phase":"Running","qosClass":"Burstable","observedGeneration":2}}"#,
            ),
        ] {
            let pod = updated(POD, subresource, new, old);
            assert_eq!(pod.to_json(), value(expected).to_json(), "{subresource:?}");
        }
    }
}
