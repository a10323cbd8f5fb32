//! Bindings of roles, certificates, and leases.

use crate::duration::human;
use crate::time::Clock;
use crate::{Family, field, label};
use ravelin_object::Value;

pub(crate) const PRINTERS: Family = &[
    ("certificates.k8s.io", "CertificateSigningRequest", signing_request),
    ("certificates.k8s.io", "ClusterTrustBundle", trust_bundle),
    ("certificates.k8s.io", "PodCertificateRequest", pod_certificate_request),
    ("coordination.k8s.io", "Lease", lease),
    ("coordination.k8s.io", "LeaseCandidate", lease_candidate),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", binding),
    ("rbac.authorization.k8s.io", "RoleBinding", binding),
];

fn binding(object: &Value, clock: &Clock) -> Vec<Value> {
    let role = format!("{}/{}", field::text(object, "roleRef.kind"), field::text(object, "roleRef.name"));
    let subjects = |kind: &str| {
        let subjects = field::list(object, "subjects").iter();
        let names = subjects.filter(|subject| field::text(subject, "kind") == kind).map(|subject| {
            let name = field::text(subject, "name");
            if kind == "ServiceAccount" {
                return format!("{}/{name}", field::text(subject, "namespace"));
            }
            name.to_owned()
        });
        Value::from(names.collect::<Vec<_>>().join(", "))
    };
    vec![
        field::name(object),
        Value::from(role),
        clock.age(object),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}

fn signing_request(object: &Value, clock: &Clock) -> Vec<Value> {
    let duration = field::optional_int(object, "spec.expirationSeconds");
    let duration =
        duration.map_or_else(|| "<none>".to_owned(), |seconds| human(seconds.saturating_mul(1_000_000)));
    vec![
        field::name(object),
        clock.age(object),
        Value::from(field::text_or(object, "spec.signerName", "<none>")),
        field::cell(object, "spec.username"),
        Value::from(duration),
        Value::from(condition(object)),
    ]
}

fn condition(object: &Value) -> String {
    let has = |kind: &str| {
        field::list(object, "status.conditions")
            .iter()
            .any(|condition| field::text(condition, "type") == kind)
    };
    let mut status = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    }
    .to_owned();
    if has("Failed") {
        status.push_str(",Failed");
    }
    if !field::text(object, "status.certificate").is_empty() {
        status.push_str(",Issued");
    }
    status
}

fn trust_bundle(object: &Value, _: &Clock) -> Vec<Value> {
    vec![field::name(object), Value::from(field::text_or(object, "spec.signerName", "<none>"))]
}

fn pod_certificate_request(object: &Value, _: &Clock) -> Vec<Value> {
    let conditions = field::list(object, "status.conditions").iter().rev();
    let state = conditions
        .map(|condition| field::text(condition, "type"))
        .find(|kind| matches!(*kind, "Issued" | "Denied" | "Failed"));
    vec![
        field::name(object),
        field::cell(object, "spec.podName"),
        field::cell(object, "spec.serviceAccountName"),
        field::cell(object, "spec.nodeName"),
        field::cell(object, "spec.signerName"),
        Value::from(state.unwrap_or("Pending")),
        Value::from(label::labels(object, "spec.unverifiedUserAnnotations")),
    ]
}

fn lease(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), field::cell(object, "spec.holderIdentity"), clock.age(object)]
}

fn lease_candidate(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![
        field::name(object),
        field::cell(object, "spec.leaseName"),
        field::cell(object, "spec.binaryVersion"),
        field::cell(object, "spec.emulationVersion"),
        clock.age(object),
    ]
}
