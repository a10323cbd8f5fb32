//! Which pods, and templates of pods, are valid: made, changed, and their parts changed.

mod affinity;
mod annotations;
mod containers;
mod environment;
mod level;
mod options;
mod ports;
mod probes;
mod projected;
mod requirements;
mod resize;
mod security;
mod spec;
mod status;
mod storage;
mod update;
mod users;
mod volumes;

pub(crate) use affinity::{has_invalid_values, node_selector, taint_effect, tolerations};
pub(crate) use options::Options;
pub(crate) use ports::{number_or_name, protocol};
pub(crate) use requirements::limits_only as limits;
pub(crate) use spec::preemption_policy;
pub(crate) use volumes::{Of, csi_driver_name, needed, sources};

use crate::access::Fields;
use crate::labels::{annotations as all_annotations, labels};
use crate::path::Path;
use crate::report::Report;
use crate::{Faults, Kind, Settings, metadata};
use ravelin_object::Value;

const POD: Kind<'static> = Kind { group: "", version: "v1", kind: "Pod" };

/// A pod that is made.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidatePodCreate`.
pub(crate) fn create(pod: &Value, settings: &Settings, out: &mut Faults) {
    let options = Options::new(true, settings, None, None);
    whole(pod, &options, out);
    let path = Path::new("spec");
    let spec = pod.get("spec");
    if !spec.list("ephemeralContainers").is_empty() {
        out.forbidden(&path / "ephemeralContainers", "cannot be set on create");
    }
    if !spec.text("nodeName").is_empty() && !spec.list("schedulingGates").is_empty() {
        out.forbidden(&path / "nodeName", "cannot be set until all schedulingGates have been cleared");
    }
    annotations::seccomp_agrees(pod.get("metadata"), spec, &path, out);
    annotations::apparmor_agrees(pod.get("metadata"), spec, &path, out);
}

/// A pod, or the part `subresource` of it, that takes the place of another.
pub(crate) fn update(
    subresource: Option<&str>,
    new: &Value,
    old: &Value,
    settings: &Settings,
    out: &mut Faults,
) {
    let options = Options::new(true, settings, Some(old.get("spec")), Some(old.get("metadata")));
    match subresource {
        None => update::pod(new, old, &options, out),
        Some("status") => status::update(new, old, &options, out),
        Some("ephemeralcontainers") => update::ephemeral_containers(new, old, &options, out),
        Some("resize") => resize::update(new, old, &options, out),
        Some(_) => metadata::changed_own(new, old, out),
    }
}

/// The metadata and the specification of a pod.
///
/// Source: `validatePodMetadataAndSpec`.
fn whole(pod: &Value, options: &Options, out: &mut Faults) {
    let path = Path::new("spec");
    let (meta, spec) = (pod.get("metadata"), pod.get("spec"));
    metadata::of_kind(POD, true, pod, out);
    annotations::of_pod(meta, spec, &(Path::new("metadata") / "annotations"), options, out);
    spec::spec(spec, Some(meta), &path, options, out);
    if spec::service_account(spec).is_empty() {
        for (index, volume) in spec.list("volumes").iter().enumerate() {
            let path = &path / "volumes" / index / "projected";
            for (index, source) in volume.get("projected").list("sources").iter().enumerate() {
                if source.has("serviceAccountToken") {
                    let path = &path / "sources" / index / "serviceAccountToken";
                    out.forbidden(path, "must not be specified when serviceAccountName is not set");
                }
            }
        }
    }
    for list in ["containers", "initContainers"] {
        for (index, container) in spec.list(list).iter().enumerate() {
            containers::image_is_trimmed(container, &(&path / list / index), out);
        }
    }
}

/// A template of pods.
///
/// Source: `ValidatePodTemplateSpec`.
pub(crate) fn template(template: &Value, path: &Path, options: &Options, out: &mut Faults) {
    let (meta, spec) = (template.get("metadata"), template.get("spec"));
    labels(&(path / "labels"), meta, "labels", out);
    all_annotations(&(path / "annotations"), meta, out);
    annotations::of_pod(meta, spec, &(path / "annotations"), options, out);
    spec::spec(spec, None, &(path / "spec"), options, out);
    annotations::seccomp_agrees(meta, spec, &(path / "spec"), out);
    annotations::apparmor_agrees(meta, spec, &(path / "spec"), out);
    if !spec.list("ephemeralContainers").is_empty() {
        out.forbidden(
            path / "spec" / "ephemeralContainers",
            "ephemeral containers not allowed in pod template",
        );
    }
}

/// All containers of a pod with their paths, in the order in which upstream visits them.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/pods` `VisitContainersWithPath`.
fn visited<'a>(spec: &'a Value, path: &Path) -> Vec<(&'a Value, Path)> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let items = lists.into_iter().flat_map(|list| {
        let path = path / list;
        spec.list(list).iter().enumerate().map(move |(index, container)| (container, &path / index))
    });
    items.collect()
}

/// The annotations of a template that pods have rules for.
pub(crate) fn template_annotations(template: &Value, path: &Path, options: &Options, out: &mut Faults) {
    annotations::of_pod(template.get("metadata"), template.get("spec"), path, options, out);
}
