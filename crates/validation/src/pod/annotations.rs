//! Which annotations of pods are valid, and agree with the fields that took their place.

use super::affinity::tolerations;
use super::options::Options;
use super::visited;
use super::volumes::descending;
use crate::Faults;
use crate::access::{Fields, text_of};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::selector::quoted;

/// The annotation of pods that a kubelet mirrors.
pub(super) const MIRROR: &str = "kubernetes.io/config.mirror";
/// The start of the annotations of AppArmor profiles.
pub(super) const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const TOLERATIONS: &str = "scheduler.alpha.kubernetes.io/tolerations";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidatePodSpecificAnnotations`.
pub(super) fn of_pod(meta: &Value, spec: &Value, path: &Path, options: &Options, out: &mut Faults) {
    let annotations = meta.get("annotations");
    if let Some(value) = annotations.text_opt(MIRROR)
        && spec.text("nodeName").is_empty()
    {
        out.invalid(path.key(MIRROR), value, "must set spec.nodeName if mirror pod annotation is set");
    }
    if !annotations.text(TOLERATIONS).is_empty() {
        annotated_tolerations(annotations.text(TOLERATIONS), path, options, out);
    }
    if !options.deletion_cost.is_kept() && !is_deletion_cost(meta) {
        out.invalid(path.key(DELETION_COST), annotations.text(DELETION_COST), "must be a 32bit integer");
    }
    if let Some(profile) = annotations.text_opt(SECCOMP_POD) {
        seccomp_profile(profile, &(path / SECCOMP_POD), out);
    }
    for (key, profile) in meta.entries("annotations") {
        if key.starts_with(SECCOMP_CONTAINER) {
            seccomp_profile(text_of(profile), &(path / key), out);
        }
    }
    for (key, profile) in meta.entries("annotations") {
        if let Some(container) = key.strip_prefix(APPARMOR) {
            apparmor_profile(container, text_of(profile), spec, &path.key(key), out);
        }
    }
}

/// Tolerations in the annotation that came before the field. Upstream shows the error of its JSON decoder; here what is
/// no list of tolerations is refused with that of a list.
fn annotated_tolerations(text: &str, path: &Path, options: &Options, out: &mut Faults) {
    match crate::json::parsed(text) {
        Ok(Value::Array(items)) => tolerations(&items, &(path / TOLERATIONS), options, out),
        Ok(Value::Null) => {}
        Ok(other) => {
            let kind = crate::json::go_kind(&other);
            let why = format!("json: cannot unmarshal {kind} into Go value of type []core.Toleration");
            out.invalid(path, TOLERATIONS, why);
        }
        Err(why) => out.invalid(path, TOLERATIONS, why),
    }
}

/// Whether the cost of deletion is a 32-bit integer, or absent.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/helper` `GetDeletionCostFromPodAnnotations`.
pub(super) fn is_deletion_cost(meta: &Value) -> bool {
    let Some(text) = meta.get("annotations").text_opt(DELETION_COST) else {
        return true;
    };
    let starts_well = text == "0"
        || text.starts_with('-')
        || text.bytes().next().is_some_and(|b| (b'1'..=b'9').contains(&b));
    starts_well && text.parse::<i32>().is_ok()
}

fn seccomp_profile(profile: &str, path: &Path, out: &mut Faults) {
    if let Some(rest) = profile.strip_prefix("localhost/") {
        descending(rest, path, out);
    } else if !matches!(profile, "runtime/default" | "docker/default" | "unconfined") {
        out.invalid(path, profile, "must be a valid seccomp profile");
    }
}

fn apparmor_profile(container: &str, profile: &str, spec: &Value, path: &Path, out: &mut Faults) {
    let is_there = visited(spec, &Path::new("")).iter().any(|(each, _)| each.text("name") == container);
    if !is_there {
        out.invalid(path, container, "container not found");
    }
    if !matches!(profile, "" | "runtime/default" | "unconfined") && !profile.starts_with("localhost/") {
        out.invalid(path, profile, format!("invalid AppArmor profile name: {}", quoted(profile)));
    }
}

/// How annotations of a pod may change.
///
/// Source: `ValidatePodSpecificAnnotationUpdates`.
pub(super) fn update(new: &Value, old: &Value, options: &Options, out: &mut Faults) {
    let path = Path::new("metadata") / "annotations";
    let (new_meta, old_meta) = (new.get("metadata"), old.get("metadata"));
    for (key, value) in old_meta.entries("annotations") {
        if new_meta.map("annotations").get(key) != Some(value) {
            changed_key(key, "remove or update", &path, out);
        }
    }
    for (key, _) in new_meta.entries("annotations") {
        if old_meta.map("annotations").get(key).is_none() {
            changed_key(key, "add", &path, out);
        }
    }
    of_pod(new_meta, new.get("spec"), &path, options, out);
}

fn changed_key(key: &str, how: &str, path: &Path, out: &mut Faults) {
    if key.starts_with(APPARMOR) {
        out.forbidden(path.key(key), format!("may not {how} AppArmor annotations"));
    }
    if key == MIRROR {
        out.forbidden(path.key(key), format!("may not {how} mirror pod annotation"));
    }
}

/// Whether annotations of seccomp say what the fields say.
///
/// Source: `validateSeccompAnnotationsAndFields`.
pub(super) fn seccomp_agrees(meta: &Value, spec: &Value, path: &Path, out: &mut Faults) {
    let annotations = meta.get("annotations");
    let profile = spec.get("securityContext").get("seccompProfile");
    let path_of = |path: &Path| path / "securityContext" / "seccompProfile";
    if let Some(annotation) = annotations.text_opt(SECCOMP_POD) {
        seccomp_matches(annotation, profile, &path_of(path), out);
    }
    for (container, path) in visited(spec, path) {
        let profile = container.get("securityContext").get("seccompProfile");
        let key = format!("{SECCOMP_CONTAINER}{}", container.text("name"));
        if let Some(annotation) = annotations.text_opt(&key) {
            seccomp_matches(annotation, profile, &path_of(&path), out);
        }
    }
}

fn seccomp_matches(annotation: &str, profile: &Value, path: &Path, out: &mut Faults) {
    let agrees = match profile.text("type") {
        "Unconfined" => annotation == "unconfined",
        "RuntimeDefault" => matches!(annotation, "runtime/default" | "docker/default"),
        "Localhost" => match annotation.strip_prefix("localhost/") {
            Some(file) => {
                if profile.text_opt("localhostProfile") != Some(file) {
                    out.forbidden(
                        path / "localhostProfile",
                        "seccomp profile in annotation and field must match",
                    );
                }
                true
            }
            None => false,
        },
        _ => true,
    };
    if !agrees {
        out.forbidden(path / "type", "seccomp type in annotation and field must match");
    }
}

/// Whether annotations of AppArmor say what the fields say.
///
/// Source: `validateAppArmorAnnotationsAndFieldsMatchOnCreate`.
pub(super) fn apparmor_agrees(meta: &Value, spec: &Value, path: &Path, out: &mut Faults) {
    if spec.get("os").text("name") == "windows" {
        return;
    }
    let of_pod = spec.get("securityContext").get("appArmorProfile");
    for (container, path) in visited(spec, path) {
        let own = container.get("securityContext").get("appArmorProfile");
        let profile = if own == &Value::Null { of_pod } else { own };
        let key = format!("{APPARMOR}{}", container.text("name"));
        if let Some(annotation) = meta.get("annotations").text_opt(&key) {
            apparmor_matches(annotation, profile, &(path / "securityContext" / "appArmorProfile"), out);
        }
    }
}

fn apparmor_matches(annotation: &str, profile: &Value, path: &Path, out: &mut Faults) {
    let agrees = match profile.text("type") {
        "Unconfined" => annotation == "unconfined",
        "RuntimeDefault" => annotation == "runtime/default",
        "Localhost" => match annotation.strip_prefix("localhost/") {
            Some(file) => {
                if profile.text_opt("localhostProfile") != Some(file) {
                    out.forbidden(
                        path / "localhostProfile",
                        "apparmor profile in annotation and field must match",
                    );
                }
                true
            }
            None => false,
        },
        _ => true,
    };
    if !agrees {
        out.forbidden(path / "type", "apparmor type in annotation and field must match");
    }
}
