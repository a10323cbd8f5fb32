//! What a text is, when it is no Kubernetes object.

use ravelin_object::identity::Identity;
use ravelin_object::{Value, templates};
use std::path::Path;

/// Whether the file stands below the `templates` folder of a Helm chart.
pub(crate) fn is_in_chart_templates(path: &Path) -> bool {
    path.ancestors().skip(1).any(|folder| {
        folder.file_name().is_some_and(|name| name == "templates")
            && folder.parent().is_some_and(|chart| chart.join("Chart.yaml").is_file())
    })
}

/// Whether the text has the marks of a template language: `{{ }}` of Go and Jinja, `{% %}` of Jinja.
pub(crate) fn has_template_marks(text: &str) -> bool {
    let has = |mark: &str| memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
    has("{{") && has("}}") || has("{%") && has("%}")
}

/// Whether the marks of a template stand outside comments. A mark in a comment changes nothing, and must not
/// keep a manifest that could be applied as it is from being judged.
pub(crate) fn has_live_template_marks(text: &str) -> bool {
    text.lines().any(|line| {
        let Some((before, _)) = line.split_once("{{").or_else(|| line.split_once("{%")) else { return false };
        let comment = before.trim_start().starts_with('#')
            || before.split_once(" #").is_some_and(|(code, _)| !code.contains(['"', '\'']));
        !comment
    })
}

/// Whether the file is named as kustomize names its own.
pub(crate) fn is_kustomization_name(path: &Path) -> bool {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| names.contains(&name))
}

/// What a value is that is not to be judged as an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// It is something else: the reason for skipping it.
    Skipped(&'static str),
    /// It is meant for Kubernetes, and Kubernetes would refuse it: what is wrong.
    Failed(String),
}

/// Whether the value is an object; if not, what it is.
pub(crate) fn object(value: &Value, path: Option<&Path>) -> Result<Identity, Stranger> {
    if let Some(identity) = Identity::of(value) {
        if identity.group() == "kustomize.config.k8s.io" {
            return Err(Stranger::Skipped("kustomization"));
        }
        return Ok(identity);
    }
    if path.is_some_and(is_kustomization_name) {
        return Err(Stranger::Skipped("kustomization"));
    }
    match value {
        Value::Object(_) => Err(untyped(value, path)),
        Value::Array(items) if items.iter().any(|item| Identity::of(item).is_some()) => Err(Stranger::Failed(
            "a sequence of objects at the top, which kubectl refuses; expected one object, documents separated by `---`, or `kind: List`".to_owned(),
        )),
        _ => Err(Stranger::Skipped("not Kubernetes")),
    }
}

/// A mapping that lacks `apiVersion` or `kind`.
fn untyped(value: &Value, path: Option<&Path>) -> Stranger {
    let text = |key: &str| value.field(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let has_metadata = value.field("metadata").and_then(Value::as_object).is_some();
    match (text("apiVersion"), text("kind")) {
        (None, Some(kind)) if is_known_kind(kind) && (has_metadata || value.field("spec").is_some()) => {
            Stranger::Failed(format!("has `kind: {kind}` and no `apiVersion`; expected both in an object"))
        }
        (Some(version), None) if has_metadata => {
            Stranger::Failed(format!("has `apiVersion: {version}` and no `kind`; expected both in an object"))
        }
        _ if is_chart_file(path) => Stranger::Skipped("Helm chart file"),
        _ => Stranger::Skipped("not Kubernetes"),
    }
}

fn is_known_kind(kind: &str) -> bool {
    let workload = templates::WORKLOADS.iter().any(|(_, known, _)| *known == kind);
    workload || ["Pod", "Namespace", "List", "PodList", "Service", "ConfigMap", "Secret"].contains(&kind)
}

/// A file that belongs to a Helm chart itself: `Chart.yaml`, and values beside it.
fn is_chart_file(path: Option<&Path>) -> bool {
    let Some(path) = path else { return false };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let folder_has_chart = || path.parent().is_some_and(|folder| folder.join("Chart.yaml").is_file());
    name == "Chart.yaml" || name.starts_with("values") && folder_has_chart()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::read;

    fn of(text: &str) -> Result<String, Stranger> {
        let value = read::yaml(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
        object(&value, None).map(|identity| identity.to_string())
    }

    #[test]
    fn objects_and_strangers() {
        assert_eq!(of("{apiVersion: v1, kind: Pod, metadata: {name: a}}"), Ok("Pod a".to_owned()));
        assert_eq!(of("{a: 1}"), Err(Stranger::Skipped("not Kubernetes")));
        assert_eq!(of("[1, 2]"), Err(Stranger::Skipped("not Kubernetes")));
        assert_eq!(of("{kind: pipeline, type: docker}"), Err(Stranger::Skipped("not Kubernetes")));
        let kustomization = "{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization}";
        assert_eq!(of(kustomization), Err(Stranger::Skipped("kustomization")));
        assert!(of("{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization}").is_ok());
        assert!(matches!(of("{kind: Pod, spec: {}}"), Err(Stranger::Failed(_))));
        assert!(matches!(of("{apiVersion: v1, metadata: {name: a}}"), Err(Stranger::Failed(_))));
        assert!(matches!(of("[{apiVersion: v1, kind: Pod}]"), Err(Stranger::Failed(_))));
    }

    #[test]
    fn template_marks() {
        assert!(has_template_marks("a: {{ .Values.x }}") && has_template_marks("{% if x %}"));
        assert!(!has_template_marks("a: {b: {c: d}}"));
        assert!(
            has_live_template_marks("a: 1\nb: \"x # {{ y }}\"") && has_live_template_marks("{{ if x }}\n")
        );
        assert!(!has_live_template_marks("# {{ x }}\na: b # {{ y }}\n"));
    }
}
