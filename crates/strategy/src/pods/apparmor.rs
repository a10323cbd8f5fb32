//! AppArmor profiles in annotations, which become fields when a pod is created.

use crate::fields::{annotation, items_mut, object, set, struct_at, text};
use ravelin_object::Value;

/// The beginning of the annotation that names the profile of a container.
pub(super) const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";

/// Copies profiles of annotations into the fields of containers that have none, and says which annotations the user
/// should not give any more.
///
/// Source: `applyAppArmorVersionSkew` in `k8s.io/kubernetes/pkg/registry/core/pod/strategy.go`.
pub(crate) fn annotations_to_fields(pod: &mut Value, warnings: &mut Vec<String>) {
    if text(pod, "spec.os.name") == "windows" || pod.dotted("metadata.annotations").is_none() {
        return;
    }
    let pod_profile = pod.dotted("spec.securityContext.appArmorProfile").cloned();
    let annotations = pod.clone();
    let Some(spec) = pod.field_mut("spec") else { return };
    for containers in super::CONTAINERS {
        for container in items_mut(spec, containers) {
            let key = format!("{PREFIX}{}", text(container, "name"));
            let Some(named) = annotation(&annotations, &key) else { continue };
            if container.dotted("securityContext.appArmorProfile").is_some() {
                continue;
            }
            let profile = profile_of(named).filter(is_valid);
            let is_noted = profile.is_none() || profile != pod_profile;
            if let Some(profile) = profile.filter(|_| is_noted)
                && let Some(context) = struct_at(container, "securityContext")
            {
                set(context, "appArmorProfile", profile);
            }
            if is_noted {
                warnings.push(format!(
                    "metadata.annotations[{key}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
                ));
            }
        }
    }
}

/// The field that says what an annotation says.
pub(super) fn profile_of(annotation: &str) -> Option<Value> {
    match annotation {
        "unconfined" => Some(object([("type", Value::from("Unconfined"))])),
        "runtime/default" => Some(object([("type", Value::from("RuntimeDefault"))])),
        _ => annotation.strip_prefix("localhost/").filter(|profile| !profile.is_empty()).map(|profile| {
            object([("type", Value::from("Localhost")), ("localhostProfile", Value::from(profile))])
        }),
    }
}

/// What is padded or too long is not copied.
fn is_valid(profile: &Value) -> bool {
    const LONGEST: usize = 4095;
    let name = text(profile, "localhostProfile");
    name.trim() == name && name.len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::{sorted, value};

    #[test]
    fn an_annotation_becomes_a_field() {
        for (annotation, context, pod_context, field, is_warned) in [
            ("runtime/default", "{}", "{}", r#"{"appArmorProfile":{"type":"RuntimeDefault"}}"#, true),
            (
                "localhost/x",
                "{}",
                "{}",
                r#"{"appArmorProfile":{"type":"Localhost","localhostProfile":"x"}}"#,
                true,
            ),
            ("localhost/ x", "{}", "{}", "{}", true),
            ("what", "{}", "{}", "{}", true),
            (
                "unconfined",
                r#"{"appArmorProfile":{"type":"RuntimeDefault"}}"#,
                "{}",
                r#"{"appArmorProfile":{"type":"RuntimeDefault"}}"#,
                false,
            ),
            ("unconfined", "{}", r#"{"appArmorProfile":{"type":"Unconfined"}}"#, "{}", false),
        ] {
            let mut pod = value(&format!(
                r#"{{"metadata":{{"annotations":{{"{PREFIX}c":"{annotation}"}}}},
                "spec":{{"securityContext":{pod_context},"containers":[{{"name":"c","securityContext":{context}}}]}}}}"#
            ));
            let mut warnings = Vec::new();
            annotations_to_fields(&mut pod, &mut warnings);
            let pod = sorted(pod);
            let container = &crate::fields::list(&pod, "spec.containers")[0];
            assert_eq!(container.field("securityContext"), Some(&value(field)), "{annotation}");
            assert_eq!(!warnings.is_empty(), is_warned, "{annotation}");
        }
    }
}
