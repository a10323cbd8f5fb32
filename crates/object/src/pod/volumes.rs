//! Volumes, as far as verdicts read them.

use super::Defaulting;
use crate::{Decoder, Value};

/// Every source a volume can have, in the order in which upstream asks for them: first those that the
/// restricted level allows, then the others.
/// Source: `k8s.io/pod-security-admission/policy/check_restrictedVolumes.go`.
pub const VOLUME_SOURCES: [&str; 30] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

/// A volume.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume<'a> {
    /// Its index in `spec.volumes`.
    pub index: usize,
    /// Its name; empty where absent.
    pub name: &'a str,
    /// The sources that are given, in the order of [`VOLUME_SOURCES`]. A volume without any is an
    /// `emptyDir`, as the API server's defaulting makes it one, unless the pod is taken as it stands; API
    /// validation allows only one.
    pub sources: Vec<&'static str>,
}

pub(super) fn decode<'a>(
    decoder: &mut Decoder,
    index: usize,
    item: Option<&'a Value>,
    defaulting: Defaulting,
) -> Volume<'a> {
    let mut sources: Vec<&'static str> = VOLUME_SOURCES
        .into_iter()
        .filter(|source| decoder.mapping(item, source, |_, _| ()).is_some())
        .collect();
    if sources.is_empty() && defaulting != Defaulting::None {
        sources.push("emptyDir");
    }
    Volume { index, name: decoder.string(item, "name").unwrap_or_default(), sources }
}
