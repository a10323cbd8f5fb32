//! Which environment variables of containers are valid, and where they may come from.

use super::visited;
use super::volumes::backsteps;
use crate::Faults;
use crate::access::Fields;
use crate::names::{Spelling, config_key, dns_label, dns_subdomain, environment_name, qualified_name};
use crate::path::Path;
use crate::quantities::amount;
use crate::report::Report;
use ravelin_object::Value;

const ENVIRONMENT_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// Fields of a pod that volumes may show.
pub(super) const VOLUME_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateEnv`.
pub(super) fn variables(variables: &[Value], path: &Path, out: &mut Faults) {
    for (index, variable) in variables.iter().enumerate() {
        let path = path / index;
        let name = variable.text("name");
        if name.is_empty() {
            out.required(&path / "name", "");
        } else {
            out.spelling(&path / "name", name, environment_name(name));
        }
        if variable.has("valueFrom") {
            value_from(variable, &(path / "valueFrom"), out);
        }
    }
}

fn value_from(variable: &Value, path: &Path, out: &mut Faults) {
    let from = variable.get("valueFrom");
    let kinds = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
    let mut count = 0_usize;
    for kind in kinds.into_iter().filter(|kind| from.has(kind)) {
        count = count.saturating_add(1);
        let source = from.get(kind);
        let path = path / kind;
        match kind {
            "fieldRef" => field(source, ENVIRONMENT_FIELDS, &path, out),
            "resourceFieldRef" => resource(source, Where::Environment, &path, out),
            "fileKeyRef" => file_key(source, &path, out),
            _ => key(source, &path, out),
        }
    }
    if count == 0 {
        let why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        out.invalid(path, "", why);
    } else if !variable.text("value").is_empty() {
        out.invalid(path, "", "may not be specified when `value` is not empty");
    } else if count > 1 {
        out.invalid(path, "", "may not have more than one field specified at a time");
    }
}

/// A field of the pod itself.
///
/// Source: `validateObjectFieldSelector`.
pub(super) fn field(selector: &Value, fields: &[&str], path: &Path, out: &mut Faults) {
    let (version, field) = (selector.text("apiVersion"), selector.text("fieldPath"));
    for (key, text) in [("apiVersion", version), ("fieldPath", field)] {
        if text.is_empty() {
            out.required(path / key, "");
            return;
        }
    }
    let subscript = subscripted(field);
    if let Some(why) = conversion_fault(version, field, subscript) {
        out.invalid(path / "fieldPath", field, format!("error converting fieldPath: {why}"));
        return;
    }
    match subscript {
        Some(("metadata.annotations", key)) => {
            let key = key.to_lowercase();
            out.spelling(path, &key, qualified_name(&key));
        }
        Some((_, key)) => out.spelling(path, key, qualified_name(key)),
        None => {
            let field = if field == "spec.host" { "spec.nodeName" } else { field };
            if !fields.contains(&field) {
                out.unsupported(path / "fieldPath", field, fields);
            }
        }
    }
}

/// `metadata.labels['key']` in parts.
fn subscripted(field: &str) -> Option<(&str, &str)> {
    field.strip_suffix("']")?.split_once("['").filter(|(path, _)| !path.is_empty())
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/pods` `ConvertDownwardAPIFieldLabel`.
fn conversion_fault(version: &str, field: &str, subscript: Option<(&str, &str)>) -> Option<String> {
    if version != "v1" {
        return Some(format!("unsupported pod version: {version}"));
    }
    if let Some((path, _)) = subscript {
        let is_known = matches!(path, "metadata.annotations" | "metadata.labels");
        return (!is_known).then(|| format!("field label does not support subscript: {field}"));
    }
    let known = ["spec.restartPolicy", "spec.schedulerName", "status.phase", "spec.host"];
    let is_known =
        ENVIRONMENT_FIELDS.contains(&field) || VOLUME_FIELDS.contains(&field) || known.contains(&field);
    (!is_known).then(|| format!("field label not supported: {field}"))
}

/// Where a resource is shown: a volume has to say of which container.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// In an environment variable.
    Environment,
    /// In a file.
    Volume,
}

/// Source: `validateContainerResourceFieldSelector`.
pub(super) fn resource(selector: &Value, place: Where, path: &Path, out: &mut Faults) {
    let resource = selector.text("resource");
    let is_pages = resource.starts_with("requests.hugepages-") || resource.starts_with("limits.hugepages-");
    if place == Where::Volume && selector.text("containerName").is_empty() {
        out.required(path / "containerName", "");
    } else if resource.is_empty() {
        out.required(path / "resource", "");
    } else if !RESOURCES.contains(&resource) && !is_pages {
        out.unsupported(path / "resource", resource, RESOURCES);
    }
    divisor(selector, resource, is_pages, path, out);
}

fn divisor(selector: &Value, resource: &str, is_pages: bool, path: &Path, out: &mut Faults) {
    let divisor = amount(selector.get("divisor"));
    if divisor.is_zero() {
        return;
    }
    let text = divisor.to_string();
    let is_size = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"]
        .contains(&text.as_str());
    let kind = match resource {
        "limits.cpu" | "requests.cpu" => {
            if !matches!(text.as_str(), "1m" | "1") {
                let why = "only divisor's values 1m and 1 are supported with the cpu resource";
                out.invalid(path / "divisor", resource, why);
            }
            return;
        }
        "limits.memory" | "requests.memory" => "memory",
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => "local ephemeral storage",
        _ if is_pages => "hugepages",
        _ => return,
    };
    if !is_size {
        let why = format!(
            "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the {kind} resource"
        );
        out.invalid(path / "divisor", resource, why);
    }
}

fn key(selector: &Value, path: &Path, out: &mut Faults) {
    let (name, key) = (selector.text("name"), selector.text("key"));
    out.spelling(path / "name", name, dns_subdomain(name));
    if key.is_empty() {
        out.required(path / "key", "");
    } else {
        out.spelling(path / "key", key, config_key(key));
    }
}

fn file_key(selector: &Value, path: &Path, out: &mut Faults) {
    let (key, volume, file) = (selector.text("key"), selector.text("volumeName"), selector.text("path"));
    if key.is_empty() {
        out.required(path / "key", "");
    } else {
        out.spelling(path / "key", key, environment_name(key));
    }
    if volume.is_empty() {
        out.required(path / "volumeName", "");
    } else {
        out.spelling(path / "volumeName", volume, dns_label(volume));
    }
    if file.is_empty() {
        out.required(path / "path", "");
    } else {
        backsteps(file, &(path / "path"), out);
    }
}

/// Source: `ValidateEnvFrom`.
pub(super) fn sources(sources: &[Value], path: &Path, out: &mut Faults) {
    for (index, source) in sources.iter().enumerate() {
        let own = path / index;
        let prefix = source.text("prefix");
        if !prefix.is_empty() {
            out.spelling(&own / "prefix", prefix, environment_name(prefix));
        }
        let mut count = 0_usize;
        for kind in ["configMapRef", "secretRef"].into_iter().filter(|kind| source.has(kind)) {
            count = count.saturating_add(1);
            let name = source.get(kind).text("name");
            if name.is_empty() {
                out.required(&own / kind / "name", "");
            } else {
                out.spelling(&own / kind / "name", name, Spelling::Subdomain.faults(name, true));
            }
        }
        match count {
            0 => out.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => out.invalid(path, "", "may not have more than one field specified at a time"),
        }
    }
}

/// Whether files that variables come from are in volumes that are there and empty at first.
///
/// Source: `validateFileKeyRefVolumes`.
pub(super) fn file_volumes(spec: &Value, path: &Path, out: &mut Faults) {
    for (container, path) in visited(spec, path) {
        for (index, variable) in container.list("env").iter().enumerate() {
            let reference = variable.get("valueFrom").get("fileKeyRef");
            if reference == &Value::Null {
                continue;
            }
            let path = &path / "env" / index / "valueFrom" / "fileKeyRef" / "volumeName";
            let name = reference.text("volumeName");
            match spec.list("volumes").iter().rev().find(|volume| volume.text("name") == name) {
                None => out.not_found(path, name),
                Some(volume) if !volume.has("emptyDir") => {
                    out.invalid(path, name, "referenced volume must be of type emptyDir");
                }
                Some(_) => {}
            }
        }
    }
}
