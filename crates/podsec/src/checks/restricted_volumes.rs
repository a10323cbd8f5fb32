use super::prelude::*;

declare_check! {
    /// Pod mounts storage by itself
    ///
    /// Reports a volume that the pod attaches on its own, past the claims and storage classes through which
    /// an administrator decides what storage there is.
    ///
    /// ## Why
    /// A volume such as `nfs`, `iscsi` or `rbd` in a pod names any server the node can reach, with whatever
    /// rights that server gives to the node: a tenant mounts the data of another by writing down its path.
    /// `gitRepo` went further and let the repository run code on the node as root. `hostPath` is the node
    /// itself.
    ///
    /// ## Restricted fields
    /// - `spec.volumes[*].hostPath`
    /// - `spec.volumes[*].gcePersistentDisk`
    /// - `spec.volumes[*].awsElasticBlockStore`
    /// - `spec.volumes[*].gitRepo`
    /// - `spec.volumes[*].nfs`
    /// - `spec.volumes[*].iscsi`
    /// - `spec.volumes[*].glusterfs`
    /// - `spec.volumes[*].rbd`
    /// - `spec.volumes[*].flexVolume`
    /// - `spec.volumes[*].cinder`
    /// - `spec.volumes[*].cephfs`
    /// - `spec.volumes[*].flocker`
    /// - `spec.volumes[*].fc`
    /// - `spec.volumes[*].azureFile`
    /// - `spec.volumes[*].vsphereVolume`
    /// - `spec.volumes[*].quobyte`
    /// - `spec.volumes[*].azureDisk`
    /// - `spec.volumes[*].photonPersistentDisk`
    /// - `spec.volumes[*].portworxVolume`
    /// - `spec.volumes[*].scaleIO`
    /// - `spec.volumes[*].storageos`
    ///
    /// ## Allowed values
    /// Absent. A volume has one of the sources `configMap`, `csi`, `downwardAPI`, `emptyDir`, `ephemeral`,
    /// `image`, `persistentVolumeClaim`, `projected` and `secret` instead; without any it is an `emptyDir`.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: reports}
    /// spec:
    ///   containers:
    ///     - name: reports
    ///       image: registry.example/reports:2.5
    ///       volumeMounts: [{name: data, mountPath: /data}]
    ///   volumes:
    ///     - name: data
    ///       nfs: {server: nas.example, path: /exports/reports}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: reports}
    /// spec:
    ///   containers:
    ///     - name: reports
    ///       image: registry.example/reports:2.5
    ///       volumeMounts: [{name: data, mountPath: /data}]
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim: {claimName: reports}
    /// ```
    ///
    /// ## Remedy
    /// Have an administrator describe the storage as a persistent volume or storage class and use it
    /// through a `persistentVolumeClaim`. A `gitRepo` becomes an init container that clones into an
    /// `emptyDir`.
    pub RestrictedVolumes {
        id: "pss/restricted-volumes",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_restrictedVolumes.go"),
            Source::Same("Pod Security Standards, Restricted, Volume Types"),
        ],
    }
}

impl PodCheck for RestrictedVolumes {
    fn upstream_id(&self) -> &'static str {
        "restrictedVolumes"
    }

    fn level(&self) -> Level {
        Level::Restricted
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 0, evaluate: restricted_volumes_1_0 }]
    }

    fn overrides(&self) -> Option<&'static str> {
        Some("hostPathVolumes")
    }
}

/// The sources that a volume may have.
pub(crate) const ALLOWED_1_0: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

fn restricted_volumes_1_0(pod: &Pod<'_>) -> Option<Violation> {
    // A volume that has several sources, as API validation would not let it, counts as an allowed one if
    // it has any of these, and as its first one otherwise.
    let is_allowed = |volume: &Volume<'_>| volume.sources.iter().any(|source| ALLOWED_1_0.contains(source));
    let restricted = || {
        let volumes = pod.volumes.iter().filter(|volume| !is_allowed(volume));
        // `unknown` is upstream's word where there is none; defaulting makes that an `emptyDir`.
        volumes.map(|volume| (volume, volume.sources.first().copied().unwrap_or("unknown")))
    };
    let detail = || {
        let names: Vec<&str> = restricted().map(|(volume, _)| volume.name).collect();
        let types = sorted_set(restricted().map(|(_, source)| source));
        let verb = pluralize("uses", "use", names.len());
        let subject = pluralize("volume", "volumes", names.len());
        let noun = pluralize("restricted volume type", "restricted volume types", types.len());
        format!("{subject} {} {verb} {noun} {}", join_quoted(names), join_quoted(types))
    };
    let offences =
        restricted().map(|(volume, source)| volumes::forbidden_source(pod, volume, source)).collect();
    violation("restricted volume types", detail, offences)
}

#[cfg(test)]
mod tests {
    use super::*;

    check_table! {
        RestrictedVolumes, 0,
        allowed_types: "spec: {volumes: [
            {name: a, configMap: {}}, {name: b, csi: {driver: d}}, {name: c, downwardAPI: {}}, {name: d, emptyDir: {}},
            {name: e, ephemeral: {}}, {name: f, image: {}}, {name: g, persistentVolumeClaim: {claimName: c}},
            {name: h, projected: {}}, {name: i, secret: {}}]}" => allowed,
        without_a_source: "spec: {volumes: [{name: a}, {name: b, nfs: null}, {name: c, unheardOf: {}}]}" => allowed,
        one: "spec: {volumes: [{name: a, emptyDir: {}}, {name: b, hostPath: {path: /}}]}" => (
            "restricted volume types",
            r#"volume "b" uses restricted volume type "hostPath""#,
            ["spec.volumes[1].hostPath"]
        ),
        several_of_one_type: "spec: {volumes: [{name: b, nfs: {}}, {name: a, nfs: {}}]}" => (
            "restricted volume types",
            r#"volumes "b", "a" use restricted volume type "nfs""#,
            ["spec.volumes[0].nfs", "spec.volumes[1].nfs"]
        ),
        several_sources: "spec: {volumes: [
            {name: a, nfs: {}, emptyDir: {}}, {name: b, storageos: {}, gitRepo: {}}, {name: c, hostPath: {}, configMap: {}}]}" => (
            "restricted volume types",
            r#"volume "b" uses restricted volume type "gitRepo""#,
            ["spec.volumes[1].gitRepo"]
        ),
        every_type: "spec: {volumes: [
            {name: a, hostPath: {}}, {name: b, gcePersistentDisk: {}}, {name: c, awsElasticBlockStore: {}},
            {name: d, gitRepo: {}}, {name: e, nfs: {}}, {name: f, iscsi: {}}, {name: g, glusterfs: {}},
            {name: h, rbd: {}}, {name: i, flexVolume: {}}, {name: j, cinder: {}}, {name: k, cephfs: {}},
            {name: l, flocker: {}}, {name: m, fc: {}}, {name: 'n', azureFile: {}}, {name: o, vsphereVolume: {}},
            {name: p, quobyte: {}}, {name: q, azureDisk: {}}, {name: r, photonPersistentDisk: {}},
            {name: s, portworxVolume: {}}, {name: t, scaleIO: {}}, {storageos: {}}]}" => (
            "restricted volume types",
            concat!(
                r#"volumes "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "#,
                r#""s", "t", "" use restricted volume types "awsElasticBlockStore", "azureDisk", "azureFile", "#,
                r#""cephfs", "cinder", "fc", "flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "#,
                r#""hostPath", "iscsi", "nfs", "photonPersistentDisk", "portworxVolume", "quobyte", "rbd", "scaleIO", "#,
                r#""storageos", "vsphereVolume""#,
            ),
            [
                "spec.volumes[0].hostPath",
                "spec.volumes[1].gcePersistentDisk",
                "spec.volumes[2].awsElasticBlockStore",
                "spec.volumes[3].gitRepo",
                "spec.volumes[4].nfs",
                "spec.volumes[5].iscsi",
                "spec.volumes[6].glusterfs",
                "spec.volumes[7].rbd",
                "spec.volumes[8].flexVolume",
                "spec.volumes[9].cinder",
                "spec.volumes[10].cephfs",
                "spec.volumes[11].flocker",
                "spec.volumes[12].fc",
                "spec.volumes[13].azureFile",
                "spec.volumes[14].vsphereVolume",
                "spec.volumes[15].quobyte",
                "spec.volumes[16].azureDisk",
                "spec.volumes[17].photonPersistentDisk",
                "spec.volumes[18].portworxVolume",
                "spec.volumes[19].scaleIO",
                "spec.volumes[20].storageos",
            ]
        ),
    }
}
