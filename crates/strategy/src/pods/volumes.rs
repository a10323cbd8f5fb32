//! Warnings of volumes: plugins that are gone, and files that lie over one another.

use crate::fields::{is_nil, list, text};
use ravelin_object::Value;
use ravelin_object::selector::quoted;

/// Volume plugins that are deprecated or gone, with upstream's words.
const OLD_PLUGINS: &[(&str, &str)] = &[
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("ephemeral", ""),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

/// Volumes of a pod.
///
/// Source: `warningsForPodSpecAndMeta` in `k8s.io/kubernetes/pkg/api/pod/warnings.go`.
pub(super) fn volume_warnings(spec: &Value, prefix: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, volume) in list(spec, "volumes").iter().enumerate() {
        let path = format!("{prefix}spec.volumes[{index}]");
        for (plugin, words) in OLD_PLUGINS {
            if is_nil(volume, plugin) {
                continue;
            }
            if *plugin == "ephemeral" {
                if let Some(claim) = volume.dotted("ephemeral.volumeClaimTemplate.spec") {
                    let path = format!("{path}.ephemeral.volumeClaimTemplate.spec");
                    warnings.extend(super::claim_spec_warnings(claim, &path));
                }
                continue;
            }
            // The name in the path differs from that of the field in one case.
            let shown = if *plugin == "storageos" { "storageOS" } else { plugin };
            warnings.push(format!("{path}.{shown}: {words}"));
        }
    }
    for volume in list(spec, "volumes") {
        overlaps(volume, &mut warnings);
    }
    warnings
}

/// A file, and where it comes from.
struct File {
    path: String,
    source: String,
}

impl File {
    fn shown(&self) -> String {
        if self.source.is_empty() {
            quoted(&self.path)
        } else {
            format!("{} ({})", quoted(&self.path), self.source)
        }
    }

    fn is_over(&self, other: &Self) -> bool {
        let (left, right) = (format!("{}/", self.path), format!("{}/", other.path));
        left.starts_with(&right) || right.starts_with(&left)
    }
}

/// Source: `warningsForOverlappingVirtualPaths`.
fn overlaps(volume: &Value, warnings: &mut Vec<String>) {
    let name = quoted(text(volume, "name"));
    for (items, described) in [
        ("configMap.items", format!("ConfigMap {}", quoted(text(volume, "configMap.name")))),
        ("secret.items", format!("Secret {}", quoted(text(volume, "secret.secretName")))),
        ("downwardAPI.items", "DownwardAPI".to_owned()),
    ] {
        let mut seen = Vec::new();
        for file in files(volume, items, "") {
            collide(file, &mut seen, |body| {
                warnings.push(format!("volume {name} ({described}): overlapping paths: {body}"));
            });
        }
    }
    let mut seen = Vec::new();
    for source in list(volume, "projected.sources") {
        let is_empty = source
            .as_object()
            .is_none_or(|source| source.iter().all(|(_, value)| matches!(value, Value::Null)));
        if is_empty {
            warnings.push(format!("volume {name} (Projected) has no sources provided"));
            continue;
        }
        for file in projected(source) {
            collide(file, &mut seen, |body| {
                warnings.push(format!("volume {name} (Projected): overlapping paths: {body}"));
            });
        }
    }
}

fn collide(mut file: File, seen: &mut Vec<File>, mut warn: impl FnMut(String)) {
    file.path.truncate(file.path.trim_end_matches('/').len());
    if !file.path.is_empty() {
        for other in seen.iter().filter(|other| !other.path.is_empty() && file.is_over(other)) {
            warn(format!("{} with {}", file.shown(), other.shown()));
        }
    }
    seen.push(file);
}

fn files(value: &Value, items: &str, source: &str) -> Vec<File> {
    list(value, items)
        .iter()
        .map(|item| File { path: text(item, "path").to_owned(), source: source.to_owned() })
        .collect()
}

fn projected(source: &Value) -> Vec<File> {
    let one = |path: &str, from: String| vec![File { path: path.to_owned(), source: from }];
    if !is_nil(source, "configMap.items") {
        files(source, "configMap.items", &format!("ConfigMap {}", quoted(text(source, "configMap.name"))))
    } else if !is_nil(source, "secret.items") {
        files(source, "secret.items", &format!("Secret {}", quoted(text(source, "secret.name"))))
    } else if !is_nil(source, "downwardAPI.items") {
        files(source, "downwardAPI.items", "DownwardAPI")
    } else if !is_nil(source, "serviceAccountToken") {
        one(text(source, "serviceAccountToken.path"), "ServiceAccountToken".to_owned())
    } else if let Some(bundle) = source.field("clusterTrustBundle") {
        let name = if is_nil(bundle, "name") { text(bundle, "signerName") } else { text(bundle, "name") };
        one(text(bundle, "path"), format!("ClusterTrustBundle {}", quoted(name)))
    } else {
        [
            ("podCertificate.certificateChainPath", "PodCertificate chain"),
            ("podCertificate.keyPath", "PodCertificate key"),
            ("podCertificate.credentialBundlePath", "PodCertificate credential bundle"),
        ]
        .into_iter()
        .filter(|(path, _)| !text(source, path).is_empty())
        .flat_map(|(path, from)| one(text(source, path), from.to_owned()))
        .collect()
    }
}
