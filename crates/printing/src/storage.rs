//! Volumes, claims, classes of storage, drivers, and versions of what is stored.

use crate::time::Clock;
use crate::{Family, field};
use ravelin_object::Value;
use ravelin_object::status::qualified;

pub(crate) const PRINTERS: Family = &[
    ("", "PersistentVolume", volume),
    ("", "PersistentVolumeClaim", claim),
    ("internal.apiserver.k8s.io", "StorageVersion", storage_version),
    ("storage.k8s.io", "CSIDriver", csi_driver),
    ("storage.k8s.io", "CSINode", csi_node),
    ("storage.k8s.io", "StorageClass", storage_class),
    ("storage.k8s.io", "VolumeAttachment", attachment),
    ("storage.k8s.io", "VolumeAttributesClass", attributes_class),
    ("storagemigration.k8s.io", "StorageVersionMigration", migration),
];

const CLASS: &str = "volume.beta.kubernetes.io/storage-class";

fn volume(object: &Value, clock: &Clock) -> Vec<Value> {
    let claim = object.dotted("spec.claimRef").map_or_else(String::new, |claim| {
        format!("{}/{}", field::text(claim, "namespace"), field::text(claim, "name"))
    });
    let class =
        field::annotation(object, CLASS).unwrap_or_else(|| field::text(object, "spec.storageClassName"));
    vec![
        field::name(object),
        Value::from(field::quantity(object.dotted("spec.capacity.storage"))),
        Value::from(access_modes(object, "spec.accessModes")),
        field::cell(object, "spec.persistentVolumeReclaimPolicy"),
        phase(object),
        Value::from(claim),
        Value::from(class),
        set(object, "spec.volumeAttributesClassName"),
        field::cell(object, "status.reason"),
        clock.age(object),
        set(object, "spec.volumeMode"),
    ]
}

fn claim(object: &Value, clock: &Clock) -> Vec<Value> {
    let volume = field::text(object, "spec.volumeName");
    let (mut capacity, mut modes) = (String::new(), String::new());
    if !volume.is_empty() {
        capacity = field::quantity(object.dotted("status.capacity.storage"));
        modes = access_modes(object, "status.accessModes");
    }
    let class =
        field::annotation(object, CLASS).unwrap_or_else(|| field::text(object, "spec.storageClassName"));
    vec![
        field::name(object),
        phase(object),
        Value::from(volume),
        Value::from(capacity),
        Value::from(modes),
        Value::from(class),
        set(object, "spec.volumeAttributesClassName"),
        clock.age(object),
        set(object, "spec.volumeMode"),
    ]
}

fn phase(object: &Value) -> Value {
    if field::is_deleted(object) { Value::from("Terminating") } else { field::cell(object, "status.phase") }
}

fn set(object: &Value, path: &str) -> Value {
    Value::from(field::optional_text(object, path).unwrap_or("<unset>"))
}

fn access_modes(object: &Value, path: &str) -> String {
    let modes = field::texts(object, path);
    let known = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let shown: Vec<&str> =
        known.iter().filter(|(mode, _)| modes.contains(mode)).map(|(_, short)| *short).collect();
    shown.join(",")
}

fn storage_class(object: &Value, clock: &Clock) -> Vec<Value> {
    let keys =
        ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
    let is_default = keys.iter().any(|key| field::annotation(object, key) == Some("true"));
    let name = field::text(object, "metadata.name");
    let or = |key, otherwise| Value::from(field::optional_text(object, key).unwrap_or(otherwise));
    vec![
        Value::from(if is_default { format!("{name} (default)") } else { name.to_owned() }),
        field::cell(object, "provisioner"),
        or("reclaimPolicy", "Delete"),
        or("volumeBindingMode", "Immediate"),
        Value::Bool(field::flag(object, "allowVolumeExpansion")),
        clock.age(object),
    ]
}

fn attributes_class(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), field::cell(object, "driverName"), clock.age(object)]
}

fn attachment(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![
        field::name(object),
        field::cell(object, "spec.attacher"),
        field::cell(object, "spec.source.persistentVolumeName"),
        field::cell(object, "spec.nodeName"),
        Value::Bool(field::flag(object, "status.attached")),
        clock.age(object),
    ]
}

fn csi_node(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), field::count(object, "spec.drivers"), clock.age(object)]
}

fn csi_driver(object: &Value, clock: &Clock) -> Vec<Value> {
    let is_attached = object.dotted("spec.attachRequired").and_then(Value::as_bool).unwrap_or(true);
    let flag = |path| Value::Bool(field::flag(object, path));
    let tokens = object.dotted("spec.tokenRequests").and_then(Value::as_array).map_or_else(
        || "<unset>".to_owned(),
        |tokens| tokens.iter().map(|token| field::text(token, "audience")).collect::<Vec<_>>().join(","),
    );
    let modes = field::texts(object, "spec.volumeLifecycleModes").join(",");
    vec![
        field::name(object),
        Value::Bool(is_attached),
        flag("spec.podInfoOnMount"),
        flag("spec.storageCapacity"),
        Value::from(tokens),
        flag("spec.requiresRepublish"),
        Value::from(if modes.is_empty() { "<none>".to_owned() } else { modes }),
        clock.age(object),
    ]
}

fn storage_version(object: &Value, clock: &Clock) -> Vec<Value> {
    let versions = field::list(object, "status.storageVersions").iter();
    let versions: Vec<String> = versions
        .map(|version| {
            format!("{}={}", field::text(version, "apiServerID"), field::text(version, "encodingVersion"))
        })
        .collect();
    vec![
        field::name(object),
        set(object, "status.commonEncodingVersion"),
        Value::from(field::first_of(&versions, 3)),
        clock.age(object),
    ]
}

fn migration(object: &Value, _: &Clock) -> Vec<Value> {
    let resource =
        qualified(field::text(object, "spec.resource.group"), field::text(object, "spec.resource.resource"));
    let conditions = field::list(object, "status.conditions").iter().rev();
    let status = conditions
        .filter(|condition| field::text(condition, "status") == "True")
        .map(|condition| field::text(condition, "type"))
        .find(|kind| matches!(*kind, "Running" | "Failed" | "Succeeded"));
    vec![field::name(object), Value::from(resource), Value::from(status.unwrap_or("Unknown"))]
}
