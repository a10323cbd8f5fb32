//! Which fields of an object a field selector can ask for, and what they say.

use crate::fields::{flag, int, list, text};
use crate::kind::Kind;
use crate::rules::traits;
use ravelin_object::Value;
use ravelin_object::selector::quoted;

/// The fields of an object that field selectors are matched against, under the names that [`field_label`] makes of
/// what is asked for.
///
/// Source: `GetAttrs` of the strategies in `k8s.io/kubernetes/pkg/registry`.
#[must_use]
pub fn selectable_fields(kind: Kind<'_>, object: &Value) -> Vec<(&'static str, String)> {
    let mut fields = vec![("metadata.name", text(object, "metadata.name").to_owned())];
    // Definitions and API services have a namespace to select by, although none is ever set.
    let is_namespaced = traits(kind).namespaced
        || matches!(
            (kind.group, kind.kind),
            ("apiextensions.k8s.io", "CustomResourceDefinition") | ("apiregistration.k8s.io", "APIService")
        );
    if is_namespaced {
        fields.push(("metadata.namespace", text(object, "metadata.namespace").to_owned()));
    }
    match (kind.group, kind.kind) {
        ("", "Pod") => fields.extend(pod(object)),
        ("", "Event") => fields.extend(event(object, &CORE_EVENT)),
        ("events.k8s.io", "Event") => fields.extend(event(object, &EVENTS_EVENT)),
        ("", "Namespace") => {
            fields.push(("status.phase", text(object, "status.phase").to_owned()));
            fields.push(("name", text(object, "metadata.name").to_owned()));
        }
        ("", "PersistentVolume" | "PersistentVolumeClaim") => {
            fields.push(("name", text(object, "metadata.name").to_owned()));
        }
        ("", "Node") => fields.push(("spec.unschedulable", flag(object, "spec.unschedulable").to_string())),
        ("", "Secret") => fields.push(("type", text(object, "type").to_owned())),
        ("", "Service") => {
            fields.push(("spec.clusterIP", text(object, "spec.clusterIP").to_owned()));
            fields.push(("spec.type", text(object, "spec.type").to_owned()));
        }
        ("", "ReplicationController") | ("apps", "ReplicaSet") => {
            fields.push(("status.replicas", int(object, "status.replicas").to_string()));
        }
        ("batch", "Job") => {
            fields.push(("status.successful", int(object, "status.succeeded").to_string()));
        }
        ("certificates.k8s.io", "CertificateSigningRequest") => {
            fields.push(("spec.signerName", text(object, "spec.signerName").to_owned()));
        }
        ("resource.k8s.io", "ResourceSlice") => {
            fields.push(("spec.nodeName", text(object, "spec.nodeName").to_owned()));
            fields.push(("spec.driver", text(object, "spec.driver").to_owned()));
        }
        _ => {}
    }
    fields
}

fn pod(pod: &Value) -> impl Iterator<Item = (&'static str, String)> {
    let address = list(pod, "status.podIPs")
        .first()
        .map_or_else(|| text(pod, "status.podIP").to_owned(), |address| text(address, "ip").to_owned());
    [
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.nominatedNodeName",
    ]
    .map(|path| (path, text(pod, path).to_owned()))
    .into_iter()
    .chain([("spec.hostNetwork", flag(pod, "spec.hostNetwork").to_string()), ("status.podIP", address)])
}

/// Where a version of events holds what is selected by.
struct EventPaths {
    object: &'static str,
    controller: &'static str,
    source: &'static str,
}

const CORE_EVENT: EventPaths =
    EventPaths { object: "involvedObject", controller: "reportingComponent", source: "source.component" };
const EVENTS_EVENT: EventPaths = EventPaths {
    object: "regarding",
    controller: "reportingController",
    source: "deprecatedSource.component",
};

fn event(event: &Value, paths: &EventPaths) -> impl Iterator<Item = (&'static str, String)> {
    let controller = text(event, paths.controller);
    let source = match text(event, paths.source) {
        "" => controller,
        source => source,
    };
    [
        ("involvedObject.kind", "kind"),
        ("involvedObject.namespace", "namespace"),
        ("involvedObject.name", "name"),
        ("involvedObject.uid", "uid"),
        ("involvedObject.apiVersion", "apiVersion"),
        ("involvedObject.resourceVersion", "resourceVersion"),
        ("involvedObject.fieldPath", "fieldPath"),
    ]
    .map(|(label, key)| {
        let object = event.field(paths.object);
        (label, object.map_or("", |object| text(object, key)).to_owned())
    })
    .into_iter()
    .chain([
        ("reason", text(event, "reason").to_owned()),
        ("reportingComponent", controller.to_owned()),
        ("source", source.to_owned()),
        ("type", text(event, "type").to_owned()),
    ])
}

/// What a label of a field selector is called among [`selectable_fields`]: something else where `Some`, itself
/// where `None`.
///
/// # Errors
///
/// The words of upstream for a label that cannot be selected by.
///
/// Source: `AddFieldLabelConversionFunc` in `k8s.io/kubernetes/pkg/apis`, `runtime.Scheme.ConvertFieldLabel`.
pub fn field_label(kind: Kind<'_>, label: &str) -> Result<Option<String>, String> {
    let unsupported = || Err(format!("field label not supported: {label}"));
    let known: &[&str] = match (kind.group, kind.kind) {
        ("", "Pod") if label == "spec.host" => return Ok(Some("spec.nodeName".to_owned())),
        ("", "Pod") => POD_LABELS,
        ("", "Node") => &["metadata.name", "spec.unschedulable"],
        ("", "ReplicationController") => &["metadata.name", "metadata.namespace", "status.replicas"],
        ("", "Event") => CORE_EVENT_LABELS,
        ("events.k8s.io", "Event") => {
            let canonical = EVENTS_EVENT_LABELS.iter().find(|(from, _)| *from == label);
            return match canonical {
                Some((from, to)) => Ok((from != to).then(|| (*to).to_owned())),
                None => unsupported(),
            };
        }
        ("", "Namespace") => &["status.phase", "metadata.name"],
        ("", "Secret") => &["type", "metadata.namespace", "metadata.name"],
        ("", "Service") => &["metadata.namespace", "metadata.name", "spec.clusterIP", "spec.type"],
        ("certificates.k8s.io", "CertificateSigningRequest") => &["metadata.name", "spec.signerName"],
        ("batch", "Job") => {
            return match label {
                "metadata.name" | "metadata.namespace" | "status.successful" => Ok(None),
                _ => Err(format!("field label {} not supported for Job", quoted(label))),
            };
        }
        ("resource.k8s.io", "ResourceSlice") => {
            return match label {
                "metadata.name" | "spec.nodeName" | "spec.driver" => Ok(None),
                _ => Err(format!(
                    "field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: {label}"
                )),
            };
        }
        _ => {
            return match label {
                "metadata.name" | "metadata.namespace" => Ok(None),
                _ => Err(format!(
                    "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
                    quoted(label)
                )),
            };
        }
    };
    if known.contains(&label) { Ok(None) } else { unsupported() }
}

const POD_LABELS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
];

const CORE_EVENT_LABELS: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
    "metadata.namespace",
    "metadata.name",
];

const EVENTS_EVENT_LABELS: &[(&str, &str)] = &[
    ("reason", "reason"),
    ("regarding.kind", "involvedObject.kind"),
    ("regarding.namespace", "involvedObject.namespace"),
    ("regarding.name", "involvedObject.name"),
    ("regarding.uid", "involvedObject.uid"),
    ("regarding.apiVersion", "involvedObject.apiVersion"),
    ("regarding.resourceVersion", "involvedObject.resourceVersion"),
    ("regarding.fieldPath", "involvedObject.fieldPath"),
    ("reportingController", "reportingComponent"),
    ("type", "type"),
    ("metadata.namespace", "metadata.namespace"),
    ("metadata.name", "metadata.name"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    const fn core(kind: &str) -> Kind<'_> {
        Kind { group: "", version: "v1", kind }
    }

    #[test]
    fn labels_are_known_by_kind() {
        let events = Kind { group: "events.k8s.io", version: "v1", kind: "Event" };
        let job = Kind { group: "batch", version: "v1", kind: "Job" };
        let deployment = Kind { group: "apps", version: "v1", kind: "Deployment" };
        for (kind, label, answer) in [
            (core("Pod"), "spec.nodeName", Ok(None)),
            (core("Pod"), "spec.host", Ok(Some("spec.nodeName".to_owned()))),
            (core("Pod"), "spec.x", Err("field label not supported: spec.x".to_owned())),
            (
                core("Node"),
                "metadata.namespace",
                Err("field label not supported: metadata.namespace".to_owned()),
            ),
            (events, "regarding.kind", Ok(Some("involvedObject.kind".to_owned()))),
            (events, "reason", Ok(None)),
            (events, "involvedObject.kind", Err("field label not supported: involvedObject.kind".to_owned())),
            (job, "x", Err("field label \"x\" not supported for Job".to_owned())),
            (deployment, "metadata.namespace", Ok(None)),
            (
                deployment,
                "spec",
                Err("\"spec\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                    .to_owned()),
            ),
        ] {
            assert_eq!(field_label(kind, label), answer, "{label}");
        }
    }

    #[test]
    fn what_can_be_asked_for_has_a_value() {
        for kind in crate::rules::kinds() {
            let fields = selectable_fields(kind, &value("{}"));
            let labels = POD_LABELS.iter().chain(CORE_EVENT_LABELS).chain(&["spec.clusterIP", "type"]);
            let labels = labels.copied().chain(EVENTS_EVENT_LABELS.iter().map(|(from, _)| *from));
            // Known upstream and without a value there, too.
            for label in labels.filter(|label| !matches!(*label, "status.podIPs" | "metadata.namespace")) {
                if let Ok(canonical) = field_label(kind, label) {
                    let name = canonical.as_deref().unwrap_or(label);
                    assert!(fields.iter().any(|(field, _)| *field == name), "{kind:?} {label}");
                }
            }
        }
    }

    #[test]
    fn an_event_says_who_reports() {
        let fields =
            selectable_fields(core("Event"), &value(r#"{"reportingComponent":"kubelet","reason":"r"}"#));
        assert!(fields.contains(&("source", "kubelet".to_owned())));
        assert!(fields.contains(&("reportingComponent", "kubelet".to_owned())));
    }
}
