//! Which volumes of pods are valid.

use super::containers::pull_policy;
use super::environment::{VOLUME_FIELDS, Where, field, resource};
use super::options::Options;
use super::projected::projected;
use crate::Faults;
use crate::access::Fields;
use crate::core::claim;
use crate::names::{Spelling, between, dns_label, dns_subdomain};
use crate::path::Path;
use crate::quantities::quantity;
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use std::collections::{BTreeMap, BTreeSet};

/// The valid volumes of a pod by name.
pub(super) type Volumes<'a> = BTreeMap<&'a str, &'a Value>;

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateVolumes`.
pub(super) fn volumes<'a>(
    spec: &'a Value,
    meta: Option<&Value>,
    path: &Path,
    options: &Options,
    out: &mut Faults,
) -> Volumes<'a> {
    let pod = meta.map_or("", |meta| meta.text("name"));
    let list = spec.list("volumes");
    let made: BTreeSet<String> = list
        .iter()
        .filter(|volume| !pod.is_empty() && volume.has("ephemeral"))
        .map(|volume| format!("{pod}-{}", volume.text("name")))
        .collect();
    let mut volumes = Volumes::new();
    for (index, volume) in list.iter().enumerate() {
        let path = path / index;
        let name = volume.text("name");
        let before = out.len();
        volume_source(volume, pod, &path, options, out);
        if name.is_empty() {
            out.required(&path / "name", "");
        } else {
            out.spelling(&path / "name", name, dns_label(name));
        }
        if volumes.contains_key(name) {
            out.duplicate(&path / "name", name);
        }
        if out.len() == before {
            volumes.insert(name, volume);
        }
        let claim = volume.get("persistentVolumeClaim").text("claimName");
        if volume.has("persistentVolumeClaim") && made.contains(claim) {
            let path = &path / "persistentVolumeClaim" / "claimName";
            out.invalid(path, claim, "must not reference a PVC that gets created for an ephemeral volume");
        }
    }
    volumes
}

/// The sources of volumes, in the order in which they are looked at: the key, what it is called where there is more than
/// one, and where it is looked at.
const SOURCES: &[(&str, &str, &str)] = &[
    ("hostPath", "hostPath", "hostPath"),
    ("gitRepo", "gitRepo", "gitRepo"),
    ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore", "awsElasticBlockStore"),
    ("secret", "secret", "secret"),
    ("nfs", "nfs", "nfs"),
    ("iscsi", "iscsi", "iscsi"),
    ("glusterfs", "glusterfs", "glusterfs"),
    ("flocker", "flocker", "flocker"),
    ("persistentVolumeClaim", "persistentVolumeClaim", "persistentVolumeClaim"),
    ("rbd", "rbd", "rbd"),
    ("cinder", "cinder", "cinder"),
    ("cephfs", "cephFS", "cephfs"),
    ("quobyte", "quobyte", "quobyte"),
    ("downwardAPI", "downwarAPI", "downwardAPI"),
    ("fc", "fc", "fc"),
    ("flexVolume", "flexVolume", "flexVolume"),
    ("configMap", "configMap", "configMap"),
    ("azureFile", "azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk", "azureDisk"),
    ("storageos", "storageos", "storageos"),
    ("projected", "projected", "projected"),
    ("scaleIO", "scaleIO", "scaleIO"),
    ("csi", "csi", "csi"),
    ("ephemeral", "ephemeral", "ephemeral"),
    ("image", "image", "image"),
];

fn volume_source(volume: &Value, pod: &str, path: &Path, options: &Options, out: &mut Faults) {
    let mut is_found = volume.has("emptyDir");
    let limit = quantity(volume.get("emptyDir").get("sizeLimit"));
    if limit.is_some_and(|limit| limit.sign() < 0) {
        let why = "SizeLimit field must be a valid resource quantity";
        out.forbidden(path / "emptyDir" / "sizeLimit", why);
    }
    for (key, name, place) in SOURCES.iter().filter(|(key, _, _)| volume.has(key)) {
        if is_found {
            out.forbidden(path / *name, "may not specify more than 1 volume type");
        } else {
            is_found = true;
            one_source(key, volume, pod, &(path / *place), path, options, out);
        }
        if *key == "iscsi" && volume.get("iscsi").has("initiatorName") {
            let portal = volume.get("iscsi").text("targetPortal");
            if volume.text("name").len().saturating_add(portal.len()) > 63 {
                let why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
                out.invalid(path / "name", volume.text("name"), why);
            }
        }
    }
    if !is_found {
        out.required(path, "must specify a volume type");
    }
}

fn one_source(
    key: &str,
    volume: &Value,
    pod: &str,
    path: &Path,
    around: &Path,
    options: &Options,
    out: &mut Faults,
) {
    let source = volume.get(key);
    match key {
        "secret" => files(source, "secretName", path, out),
        "configMap" => files(source, "name", path, out),
        "downwardAPI" => {
            mode(source, "defaultMode", path, out);
            for item in source.list("items") {
                downward_file(item, path, out);
            }
        }
        "projected" => projected(source, path, options, out),
        "gitRepo" => {
            needed(source, &["repository"], path, out);
            descending(source.text("directory"), &(path / "directory"), out);
        }
        "persistentVolumeClaim" => needed(source, &["claimName"], path, out),
        "csi" => csi(source, path, out),
        "ephemeral" => {
            ephemeral(source, path, out);
            let name = format!("{pod}-{}", volume.text("name"));
            if !pod.is_empty() && !volume.text("name").is_empty() {
                for fault in dns_subdomain(&name) {
                    out.invalid(
                        around / "name",
                        volume.text("name"),
                        format!("PVC name \"{name}\": {fault}"),
                    );
                }
            }
        }
        "image" => {
            if options.is_pod {
                needed(source, &["reference"], path, out);
            }
            pull_policy(source.text("pullPolicy"), &(path / "pullPolicy"), out);
        }
        _ => sources(key, source, path, Of::Pod, out),
    }
}

/// Whose source of storage it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of<'a> {
    /// A pod's.
    Pod,
    /// A persistent volume's, of this name.
    Volume(&'a str),
}

/// The sources of storage that pods and persistent volumes have in common.
pub(crate) fn sources(key: &str, source: &Value, path: &Path, of: Of<'_>, out: &mut Faults) {
    match key {
        "hostPath" => host_path(source, path, out),
        "gcePersistentDisk" => partition(source, "pdName", path, out),
        "awsElasticBlockStore" => partition(source, "volumeID", path, out),
        "nfs" => {
            needed(source, &["server", "path"], path, out);
            absolute(source.text("path"), &(path / "path"), out);
        }
        "iscsi" => iscsi(source, path, of, out),
        "glusterfs" => {
            needed(source, &["endpoints", "path"], path, out);
            endpoints_namespace(source, path, of, out);
        }
        "flocker" => flocker(source, path, out),
        "rbd" => {
            if source.list("monitors").is_empty() {
                out.required(path / "monitors", "");
            }
            needed(source, &["image"], path, out);
        }
        "cinder" => {
            needed(source, &["volumeID"], path, out);
            secret_reference(source, path, of, out);
        }
        "cephfs" if source.list("monitors").is_empty() => out.required(path / "monitors", ""),
        "quobyte" => quobyte(source, path, out),
        "fc" => fibre_channel(source, path, out),
        "flexVolume" => flex(source, path, out),
        "azureFile" => {
            needed(source, &["secretName", "shareName"], path, out);
            if of != Of::Pod && source.text_opt("secretNamespace") == Some("") {
                out.required(path / "secretNamespace", "");
            }
        }
        "vsphereVolume" => needed(source, &["volumePath"], path, out),
        "photonPersistentDisk" => needed(source, &["pdID"], path, out),
        "portworxVolume" => needed(source, &["volumeID"], path, out),
        "azureDisk" => azure_disk(source, path, out),
        "storageos" => storage_os(source, path, of, out),
        "scaleIO" => needed(source, &["gateway", "system", "volumeName"], path, out),
        "local" => {
            needed(source, &["path"], path, out);
            backsteps(source.text("path"), &(path / "path"), out);
        }
        _ => {}
    }
}

/// Texts that may not be empty.
pub(crate) fn needed(source: &Value, keys: &[&str], path: &Path, out: &mut Faults) {
    for key in keys.iter().filter(|key| source.text(key).is_empty()) {
        out.required(path / *key, "");
    }
}

fn host_path(source: &Value, path: &Path, out: &mut Faults) {
    let target = source.text("path");
    if target.is_empty() {
        out.required(path / "path", "");
        return;
    }
    backsteps(target, &(path / "path"), out);
    let types =
        ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    if let Some(kind) = source.text_opt("type")
        && !types.contains(&kind)
    {
        out.unsupported(path / "type", kind, &types);
    }
}

fn partition(source: &Value, key: &str, path: &Path, out: &mut Faults) {
    needed(source, &[key], path, out);
    let number = source.int("partition");
    if !(0..=255).contains(&number) {
        out.invalid(path / "partition", number, between(1, 255));
    }
}

fn endpoints_namespace(source: &Value, path: &Path, of: Of<'_>, out: &mut Faults) {
    let path = path / "endpointsNamespace";
    match source.text_opt("endpointsNamespace") {
        Some(_) if of == Of::Pod => {}
        None => {}
        Some("") => {
            out.invalid(path, "", "if the endpointnamespace is set, it must be a valid namespace name")
        }
        Some(name) => out.spelling(path, name, dns_label(name)),
    }
}

fn flocker(source: &Value, path: &Path, out: &mut Faults) {
    let (name, id) = (source.text("datasetName"), source.text("datasetUUID"));
    if name.is_empty() && id.is_empty() {
        out.required(path, "one of datasetName and datasetUUID is required");
    }
    if !name.is_empty() && !id.is_empty() {
        out.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously");
    }
    if name.contains('/') {
        out.invalid(path / "datasetName", name, "must not contain '/'");
    }
}

fn secret_reference(source: &Value, path: &Path, of: Of<'_>, out: &mut Faults) {
    if source.has("secretRef") {
        let keys: &[&str] = if of == Of::Pod { &["name"] } else { &["name", "namespace"] };
        needed(source.get("secretRef"), keys, &(path / "secretRef"), out);
    }
}

fn quobyte(source: &Value, path: &Path, out: &mut Faults) {
    let why = "must be a host:port pair or multiple pairs separated by commas";
    let registry = source.text("registry");
    if registry.is_empty() {
        out.required(path / "registry", why);
    } else if source.text("tenant").len() >= 65 {
        out.required(path / "tenant", "must be a UUID and may not exceed a length of 64 characters");
    } else {
        for _ in registry.split(',').filter(|pair| !is_host_and_port(pair)) {
            out.invalid(path / "registry", registry, why);
        }
    }
    needed(source, &["volume"], path, out);
}

/// Source: `net.SplitHostPort`.
fn is_host_and_port(pair: &str) -> bool {
    let Some((host, port)) = pair.rsplit_once(':') else {
        return false;
    };
    let is_host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|inner| !inner.contains(['[', ']'])),
        None => !host.contains([':', '[', ']']),
    };
    is_host && !port.contains(['[', ']'])
}

fn fibre_channel(source: &Value, path: &Path, out: &mut Faults) {
    let names = source.texts("targetWWNs");
    let has_ids = !source.list("wwids").is_empty();
    if names.is_empty() && !has_ids {
        out.required(path / "targetWWNs", "must specify either targetWWNs or wwids, but not both");
    }
    if !names.is_empty() && has_ids {
        let why = "targetWWNs and wwids can not be specified simultaneously";
        out.invalid(path / "targetWWNs", crate::access::list_of(&names), why);
    }
    if !names.is_empty() {
        match source.int_opt("lun") {
            None => out.required(path / "lun", "lun is required if targetWWNs is specified"),
            Some(number) => lun(number, path, out),
        }
    }
}

fn lun(number: i64, path: &Path, out: &mut Faults) {
    if !(0..=255).contains(&number) {
        out.invalid(path / "lun", number, between(0, 255));
    }
}

fn flex(source: &Value, path: &Path, out: &mut Faults) {
    needed(source, &["driver"], path, out);
    for (key, _) in source.entries("options") {
        let namespace = key.split_once('/').map_or(key, |(namespace, _)| namespace).to_lowercase();
        let normal = format!(".{namespace}");
        if normal.ends_with(".kubernetes.io") || normal.ends_with(".k8s.io") {
            let why = "kubernetes.io and k8s.io namespaces are reserved";
            out.invalid((path / "options").key(key), key, why);
        }
    }
}

fn azure_disk(source: &Value, path: &Path, out: &mut Faults) {
    needed(source, &["diskName", "diskURI"], path, out);
    let uri = source.text("diskURI");
    let modes = ["None", "ReadOnly", "ReadWrite"];
    if let Some(mode) = source.text_opt("cachingMode").filter(|mode| !modes.contains(mode)) {
        out.unsupported(path / "cachingMode", mode, &modes);
    }
    let kinds = ["Dedicated", "Managed", "Shared"];
    if let Some(kind) = source.text_opt("kind").filter(|kind| !kinds.contains(kind)) {
        out.unsupported(path / "kind", kind, &kinds);
    }
    match source.text_opt("kind") {
        Some("Managed") if !uri.starts_with("/subscriptions/") => {
            let form = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
            out.unsupported(path / "diskURI", uri, &[form]);
        }
        Some(kind) if kind != "Managed" && !uri.starts_with("https://") => {
            let form = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
            out.unsupported(path / "diskURI", uri, &[form]);
        }
        _ => {}
    }
}

fn storage_os(source: &Value, path: &Path, of: Of<'_>, out: &mut Faults) {
    let (name, namespace) = (source.text("volumeName"), source.text("volumeNamespace"));
    if name.is_empty() {
        out.required(path / "volumeName", "");
    } else {
        out.spelling(path / "volumeName", name, dns_label(name));
    }
    if !namespace.is_empty() {
        out.spelling(path / "volumeNamespace", namespace, dns_label(namespace));
    }
    secret_reference(source, path, of, out);
}

/// Source: `validateISCSIVolumeSource`, `validateISCSIPersistentVolumeSource`.
fn iscsi(source: &Value, path: &Path, of: Of<'_>, out: &mut Faults) {
    needed(source, &["targetPortal"], path, out);
    if let Of::Volume(name) = of
        && source.has("initiatorName")
        && name.len().saturating_add(source.text("targetPortal").len()) > 63
    {
        let why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
        out.invalid(path / "targetportal", source.text("targetPortal"), why);
    }
    let start_fault = if of == Of::Pod {
        "must be valid format starting with iqn, eui, or naa"
    } else {
        "must be valid format"
    };
    let iqn = source.text("iqn");
    if iqn.is_empty() {
        out.required(path / "iqn", "");
    } else {
        qualified(iqn, start_fault, &(path / "iqn"), out);
    }
    lun(source.int("lun"), path, out);
    if (source.flag("chapAuthDiscovery") || source.flag("chapAuthSession")) && !source.has("secretRef") {
        out.required(path / "secretRef", "");
    }
    if of != Of::Pod && source.has("secretRef") {
        needed(source.get("secretRef"), &["name"], &(path / "secretRef"), out);
    }
    if let Some(name) = source.text_opt("initiatorName") {
        qualified(name, start_fault, &(path / "initiatorname"), out);
    }
}

fn qualified(name: &str, start_fault: &str, path: &Path, out: &mut Faults) {
    if !["iqn", "eui", "naa"].iter().any(|start| name.starts_with(start)) {
        out.invalid(path, name, start_fault);
    } else if !is_iscsi_name(name) {
        out.invalid(path, name, "must be valid format");
    }
}

/// `iqn.2001-04.com.example:x`, `eui.` and 16 characters, `naa.` and 32.
fn is_iscsi_name(name: &str) -> bool {
    if name.starts_with("iqn") {
        return name
            .match_indices("iqn.")
            .any(|(at, _)| name.get(at.saturating_add(4)..).is_some_and(is_dated));
    }
    let length = if name.starts_with("eui") { 16 } else { 32 };
    let rest = name.get(4..).unwrap_or_default();
    name.is_char_boundary(3) && rest.len() == length && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_dated(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_date = (0..4).all(digit)
        && bytes.get(4) == Some(&b'-')
        && digit(5)
        && digit(6)
        && bytes.get(7) == Some(&b'.');
    let Some((authority, unique)) = rest.get(8..).and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    is_date
        && !authority.is_empty()
        && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        && !unique.is_empty()
        && !unique.chars().any(|letter| ",;*&$|".contains(letter) || letter.is_ascii_whitespace())
}

fn files(source: &Value, name: &str, path: &Path, out: &mut Faults) {
    needed(source, &[name], path, out);
    mode(source, "defaultMode", path, out);
    for (index, item) in source.list("items").iter().enumerate() {
        key_to_path(item, &(path / "items" / index), out);
    }
}

/// The permissions of a file.
pub(super) fn mode(source: &Value, key: &str, path: &Path, out: &mut Faults) {
    if let Some(mode) = source.int_opt(key).filter(|mode| !(0..=0o777).contains(mode)) {
        out.invalid(path / key, mode, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}

/// Source: `validateKeyToPath`.
pub(super) fn key_to_path(item: &Value, path: &Path, out: &mut Faults) {
    needed(item, &["key", "path"], path, out);
    local(item.text("path"), &(path / "path"), out);
    mode(item, "mode", path, out);
}

/// Source: `validateDownwardAPIVolumeFile`.
pub(super) fn downward_file(item: &Value, path: &Path, out: &mut Faults) {
    needed(item, &["path"], path, out);
    local(item.text("path"), &(path / "path"), out);
    if item.has("fieldRef") {
        field(item.get("fieldRef"), VOLUME_FIELDS, &(path / "fieldRef"), out);
        if item.has("resourceFieldRef") {
            out.invalid(
                path,
                "resource",
                "fieldRef and resourceFieldRef can not be specified simultaneously",
            );
        }
    } else if item.has("resourceFieldRef") {
        resource(item.get("resourceFieldRef"), Where::Volume, &(path / "resourceFieldRef"), out);
    } else {
        out.required(path, "one of fieldRef and resourceFieldRef is required");
    }
    mode(item, "mode", path, out);
}

/// Source: `ValidateCSIDriverName`.
pub(crate) fn csi_driver_name(name: &str, path: &Path, out: &mut Faults) {
    if name.is_empty() {
        out.required(path, "");
        return;
    }
    if name.len() > 63 {
        out.push(Fault::too_long(path, 63));
    }
    out.spelling(path, name, dns_subdomain(&name.to_lowercase()));
}

fn csi(source: &Value, path: &Path, out: &mut Faults) {
    csi_driver_name(source.text("driver"), &(path / "driver"), out);
    if source.has("nodePublishSecretRef") {
        let name = source.get("nodePublishSecretRef").text("name");
        if name.is_empty() {
            out.required(path / "nodePublishSecretRef" / "name", "");
        } else {
            out.spelling(path / "name", name, Spelling::Subdomain.faults(name, false));
        }
    }
}

fn ephemeral(source: &Value, path: &Path, out: &mut Faults) {
    let path = path / "volumeClaimTemplate";
    if source.has("volumeClaimTemplate") {
        claim::template(source.get("volumeClaimTemplate"), &path, out);
    } else {
        out.required(path, "");
    }
}

/// A path from the root.
pub(crate) fn absolute(target: &str, path: &Path, out: &mut Faults) {
    if !target.starts_with('/') {
        out.invalid(path, target, "must be an absolute path");
    }
}

/// A path that does not go up.
///
/// Source: `validatePathNoBacksteps`.
pub(crate) fn backsteps(target: &str, path: &Path, out: &mut Faults) {
    if target.split('/').any(|part| part == "..") {
        out.invalid(path, target, "must not contain '..'");
    }
}

/// A relative path that does not go up.
///
/// Source: `validateLocalDescendingPath`.
pub(super) fn descending(target: &str, path: &Path, out: &mut Faults) {
    if target.starts_with('/') {
        out.invalid(path, target, "must be a relative path");
    }
    backsteps(target, path, out);
}

/// A relative path that neither goes up nor starts with two dots.
///
/// Source: `ValidateLocalNonReservedPath`.
pub(super) fn local(target: &str, path: &Path, out: &mut Faults) {
    descending(target, path, out);
    if target.starts_with("..") && !target.starts_with("../") {
        out.invalid(path, target, "must not start with '..'");
    }
}

/// Whether a pod has projected tokens whose path leads out of the volume.
pub(super) fn has_escaping_tokens(spec: &Value) -> bool {
    let sources = spec.list("volumes").iter().flat_map(|volume| volume.get("projected").list("sources"));
    sources.filter(|source| source.has("serviceAccountToken")).any(|source| {
        let mut found = Vec::new();
        local(source.get("serviceAccountToken").text("path"), &Path::new(""), &mut found);
        !found.is_empty()
    })
}
