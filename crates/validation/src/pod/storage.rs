//! Which mounts of volumes, and which block devices, containers may have.

use super::volumes::{Volumes, backsteps, descending};
use crate::Faults;
use crate::access::Fields;
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use std::collections::{BTreeMap, BTreeSet};

fn paths<'a>(items: &'a [Value], key: &str) -> BTreeMap<&'a str, &'a str> {
    items.iter().map(|item| (item.text("name"), item.text(key))).collect()
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateVolumeMounts`.
pub(super) fn mounts(container: &Value, volumes: &Volumes<'_>, path: &Path, out: &mut Faults) {
    let devices = paths(container.list("volumeDevices"), "devicePath");
    let mut points = BTreeSet::new();
    for (index, mount) in container.list("volumeMounts").iter().enumerate() {
        let own = path / index;
        let (name, point) = (mount.text("name"), mount.text("mountPath"));
        if name.is_empty() {
            out.required(&own / "name", "");
        }
        if !volumes.contains_key(name) {
            out.not_found(&own / "name", name);
        }
        if point.is_empty() {
            out.required(&own / "mountPath", "");
        }
        if !points.insert(point) {
            out.invalid(&own / "mountPath", point, "must be unique");
        }
        if devices.contains_key(name) {
            out.invalid(&own / "name", name, "must not already exist in volumeDevices");
        }
        if devices.values().any(|device| *device == point) {
            out.invalid(&own / "mountPath", point, "must not already exist as a path in volumeDevices");
        }
        sub_paths(mount, &own, path, out);
        if let Some(mode) = mount.text_opt("mountPropagation") {
            propagation(mode, container, &(path / "mountPropagation"), out);
        }
        recursive_read_only(mount, &(path / "recursiveReadOnly"), out);
    }
}

fn sub_paths(mount: &Value, own: &Path, path: &Path, out: &mut Faults) {
    let (sub_path, expression) = (mount.text("subPath"), mount.text("subPathExpr"));
    if !sub_path.is_empty() {
        descending(sub_path, &(path / "subPath"), out);
    }
    if !expression.is_empty() {
        if !sub_path.is_empty() {
            out.invalid(own / "subPathExpr", expression, "subPathExpr and subPath are mutually exclusive");
        }
        descending(expression, &(path / "subPathExpr"), out);
    }
}

fn propagation(mode: &str, container: &Value, path: &Path, out: &mut Faults) {
    if !matches!(mode, "Bidirectional" | "HostToContainer" | "None") {
        out.unsupported(path, mode, &["Bidirectional", "HostToContainer", "None"]);
    }
    if mode == "Bidirectional" && !container.get("securityContext").flag("privileged") {
        out.forbidden(path, "Bidirectional mount propagation is available only to privileged containers");
    }
}

fn recursive_read_only(mount: &Value, path: &Path, out: &mut Faults) {
    match mount.text_opt("recursiveReadOnly") {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if !mount.flag("readOnly") {
                out.forbidden(path, "may only be specified when readOnly is true");
            }
            if !matches!(mount.text_opt("mountPropagation"), None | Some("None")) {
                let why = "may only be specified when mountPropagation is None or not specified";
                out.forbidden(path, why);
            }
        }
        Some(other) => out.unsupported(path, other, &["Disabled", "Enabled", "IfPossible"]),
    }
}

/// Source: `ValidateVolumeDevices`.
pub(super) fn devices(container: &Value, volumes: &Volumes<'_>, path: &Path, out: &mut Faults) {
    let mounts = paths(container.list("volumeMounts"), "mountPath");
    let (mut names, mut points) = (BTreeSet::new(), BTreeSet::new());
    for (index, device) in container.list("volumeDevices").iter().enumerate() {
        let own = path / index;
        let (name, point) = (device.text("name"), device.text("devicePath"));
        let (name_path, point_path) = (&own / "name", &own / "devicePath");
        if name.is_empty() {
            out.required(&name_path, "");
        }
        if names.contains(name) {
            out.invalid(&name_path, name, "must be unique");
        }
        match volumes.get(name) {
            None => out.not_found(&name_path, name),
            Some(volume) if !volume.has("persistentVolumeClaim") && !volume.has("ephemeral") => {
                let why =
                    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                out.invalid(&name_path, name, why);
            }
            Some(_) => {}
        }
        if point.is_empty() {
            out.required(&point_path, "");
        }
        if points.contains(point) {
            out.invalid(&point_path, point, "must be unique");
        }
        let mut steps = Vec::new();
        backsteps(point, &point_path, &mut steps);
        if steps.is_empty() {
            points.insert(point);
        } else {
            out.invalid(&point_path, point, "can not contain backsteps ('..')");
        }
        if mounts.contains_key(name) {
            out.invalid(&name_path, name, "must not already exist in volumeMounts");
        }
        if mounts.values().any(|mount| *mount == point) {
            out.invalid(&point_path, point, "must not already exist as a path in volumeMounts");
        }
        if !name.is_empty() {
            names.insert(name);
        }
    }
}
