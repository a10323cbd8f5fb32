//! Which rules a kind has.

use crate::core::{
    claim, config, endpoints, event, limits, namespace, node, quota, replication, secret, service, volume,
};
use crate::{Faults, Kind, Settings, apps, batch, certificates, metadata, pod, policy, rest, small};
use ravelin_object::Value;
use ravelin_object::fault::Fault;

/// What is wrong with an object that is made: what the strategy of its kind answers, metadata included. Kinds that this
/// crate has no rules for are accepted; [`crate::metadata_common`] is asked for every object after this.
///
/// Source: `Validate` of the strategies in `k8s.io/kubernetes/pkg/registry`.
#[must_use]
pub fn create(kind: Kind<'_>, object: &Value, settings: &Settings) -> Vec<Fault> {
    let mut out = Vec::new();
    match kind.group {
        "" => create_core(kind, object, settings, &mut out),
        "events.k8s.io" => event::create(kind, object, &mut out),
        "apps" => apps::create(kind, object, settings, &mut out),
        "batch" => batch::create(kind, object, settings, &mut out),
        "certificates.k8s.io" if kind.kind == "CertificateSigningRequest" => {
            certificates::create(object, &mut out)
        }
        "policy" if kind.kind == "PodDisruptionBudget" => policy::budget(object, None, &mut out),
        "scheduling.k8s.io" if kind.kind == "PriorityClass" => small::priority(kind, object, &mut out),
        "node.k8s.io" if kind.kind == "RuntimeClass" => small::runtime(kind, object, settings, &mut out),
        "coordination.k8s.io" if kind.kind == "Lease" => small::lease(kind, object, None, &mut out),
        _ => rest::create(kind, object, &mut out),
    }
    out
}

fn create_core(kind: Kind<'_>, object: &Value, settings: &Settings, out: &mut Faults) {
    match kind.kind {
        "ConfigMap" => config::create(object, out),
        "Endpoints" => endpoints::create(object, None, out),
        "Event" => event::create(kind, object, out),
        "LimitRange" => limits::create(object, out),
        "Namespace" => namespace::create(object, out),
        "Node" => node::create(object, out),
        "PersistentVolume" => volume::create(object, out),
        "PersistentVolumeClaim" => claim::create(object, out),
        "Pod" => pod::create(object, settings, out),
        "PodTemplate" => replication::create_template(object, settings, out),
        "ReplicationController" => replication::create(object, settings, out),
        "ResourceQuota" => quota::create(object, out),
        "Secret" => secret::create(object, out),
        "Service" => service::create(object, out),
        "ServiceAccount" => metadata::of_kind(kind, true, object, out),
        _ => {}
    }
}

/// What is wrong with an object, or the part of it that `subresource` names, that takes the place of `old`: what the
/// strategy answers. [`crate::metadata_update`] is asked for every object before this, and its faults stand first.
///
/// Source: `ValidateUpdate` of the strategies in `k8s.io/kubernetes/pkg/registry`.
#[must_use]
pub fn update(
    kind: Kind<'_>,
    subresource: Option<&str>,
    new: &Value,
    old: &Value,
    settings: &Settings,
) -> Vec<Fault> {
    let mut out = Vec::new();
    match kind.group {
        "" => update_core(kind, subresource, new, old, settings, &mut out),
        "events.k8s.io" => event::update(kind, new, old, &mut out),
        "apps" => apps::update(kind, subresource, new, old, settings, &mut out),
        "batch" => batch::update(kind, subresource, new, old, settings, &mut out),
        "certificates.k8s.io" if kind.kind == "CertificateSigningRequest" => {
            certificates::update(subresource, new, old, &mut out);
        }
        "policy" if kind.kind == "PodDisruptionBudget" => match subresource {
            Some("status") => policy::budget_status(new, &mut out),
            _ => policy::budget(new, Some(old), &mut out),
        },
        "scheduling.k8s.io" if kind.kind == "PriorityClass" => small::priority_update(new, old, &mut out),
        "node.k8s.io" if kind.kind == "RuntimeClass" => {
            small::runtime_update(kind, new, old, settings, &mut out)
        }
        "coordination.k8s.io" if kind.kind == "Lease" => small::lease(kind, new, Some(old), &mut out),
        _ => rest::update(kind, subresource, new, old, &mut out),
    }
    out
}

fn update_core(
    kind: Kind<'_>,
    subresource: Option<&str>,
    new: &Value,
    old: &Value,
    settings: &Settings,
    out: &mut Faults,
) {
    match kind.kind {
        "ConfigMap" => config::update(new, old, out),
        "Endpoints" => endpoints::update(new, old, out),
        "Event" => event::update(kind, new, old, out),
        "LimitRange" => limits::create(new, out),
        "Namespace" => namespace::update(subresource, new, old, out),
        "Node" => node::update(subresource, new, old, out),
        "PersistentVolume" => volume::update(subresource, new, old, out),
        "PersistentVolumeClaim" => claim::update(subresource, new, old, out),
        "Pod" => pod::update(subresource, new, old, settings, out),
        "PodTemplate" => replication::update_template(new, old, settings, out),
        "ReplicationController" => replication::update(subresource, new, old, settings, out),
        "ResourceQuota" => quota::update(subresource, new, old, out),
        "Secret" => secret::update(new, old, out),
        "Service" => service::update(subresource, new, old, out),
        "ServiceAccount" => {
            metadata::changed_own(new, old, out);
            metadata::of_kind(kind, true, new, out);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parsed;

    fn check(group: &str, kind: &str, object: &str, expected: &[&str]) {
        let object = parsed(object).unwrap();
        let kind = Kind { group, version: "v1", kind };
        let found = create(kind, &object, &Settings { allow_privileged: false });
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn objects_that_are_made() {
        let meta = r#""metadata":{"name":"x","namespace":"a"}"#;
        let cases: &[(&str, &str, &str, &[&str])] = &[
            ("", "ConfigMap", r#""data":{"a":"b"}"#, &[]),
            (
                "",
                "ConfigMap",
                r#""data":{"a":"b"},"binaryData":{"a":"eA=="}"#,
                &["data[a]: Invalid value: \"a\": duplicate of key present in binaryData"],
            ),
            (
                "",
                "Secret",
                r#""type":"kubernetes.io/tls""#,
                &["data[tls.crt]: Required value", "data[tls.key]: Required value"],
            ),
            (
                "",
                "Secret",
                r#""type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"eA=="}"#,
                &[
                    "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'x' looking for beginning of value",
                ],
            ),
            (
                "",
                "Pod",
                r#""spec":{"terminationGracePeriodSeconds":30,"restartPolicy":"Sometimes","dnsPolicy":"Default"}"#,
                &[
                    "spec.containers: Required value",
                    "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
                ],
            ),
            (
                "",
                "LimitRange",
                r#""spec":{"limits":[{"type":"Pod","default":{"cpu":"1"}}]}"#,
                &["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
            ),
            (
                "",
                "PersistentVolumeClaim",
                r#""spec":{"accessModes":["ReadWriteOnce"]}"#,
                &["spec.resources[storage]: Required value"],
            ),
        ];
        for (group, kind, fields, expected) in cases {
            check(group, kind, &format!("{{{meta},{fields}}}"), expected);
        }
    }

    #[test]
    fn a_privileged_container_needs_the_flag() {
        let pod = r#"{"metadata":{"name":"x","namespace":"a"},"spec":{"terminationGracePeriodSeconds":30,
            "restartPolicy":"Always","dnsPolicy":"Default","containers":[{"name":"c","image":"i","imagePullPolicy":"Always",
            "terminationMessagePolicy":"File","securityContext":{"privileged":true}}]}}"#;
        let why = "spec.containers[0].securityContext.privileged: Forbidden: disallowed by cluster policy";
        check("", "Pod", pod, &[why]);
        let kind = Kind { group: "", version: "v1", kind: "Pod" };
        assert_eq!(create(kind, &parsed(pod).unwrap(), &Settings { allow_privileged: true }), []);
    }

    #[test]
    fn what_is_immutable_does_not_change() {
        let object = |data: &str| {
            let meta = r#""metadata":{"name":"x","namespace":"a","resourceVersion":"1"}"#;
            parsed(&format!("{{{meta},\"immutable\":true,\"data\":{{\"a\":\"{data}\"}}}}")).unwrap()
        };
        let kind = Kind { group: "", version: "v1", kind: "Secret" };
        let found = update(kind, None, &object("eA=="), &object("eQ=="), &Settings::default());
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["data: Forbidden: field is immutable when `immutable` is set"]);
    }
}
