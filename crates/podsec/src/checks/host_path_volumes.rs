use super::prelude::*;

declare_check! {
    /// Pod mounts a path of its node
    ///
    /// Reports a volume that is a file or directory of the node's own file system.
    ///
    /// ## Why
    /// What a pod can write on its node it can run there: a static pod manifest, a cron job or a line in
    /// `authorized_keys` turns write access into root. Reading is enough as well, since the kubelet's
    /// directories hold the tokens and secrets of every pod on the node, and a mounted container runtime
    /// socket starts privileged containers on request.
    ///
    /// ## Restricted fields
    /// - `spec.volumes[*].hostPath`
    ///
    /// ## Allowed values
    /// Absent.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: log-shipper}
    /// spec:
    ///   containers:
    ///     - name: shipper
    ///       image: registry.example/shipper:3.1
    ///       volumeMounts: [{name: logs, mountPath: /logs}]
    ///   volumes:
    ///     - name: logs
    ///       hostPath: {path: /var/log}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: log-shipper}
    /// spec:
    ///   containers:
    ///     - name: shipper
    ///       image: registry.example/shipper:3.1
    ///       volumeMounts: [{name: logs, mountPath: /logs}]
    ///   volumes:
    ///     - name: logs
    ///       emptyDir: {}
    /// ```
    ///
    /// ## Remedy
    /// Use `emptyDir` for scratch space, a persistent volume claim for data that lasts, and `configMap`,
    /// `secret` or `projected` for files that are only read. Agents that have to see the node belong in a
    /// namespace of their own that allows the privileged level; mount as little as they need, read-only.
    pub HostPathVolumes {
        id: "pss/host-path-volumes",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_hostPathVolumes.go"),
            Source::Same("Pod Security Standards, Baseline, HostPath Volumes"),
        ],
    }
}

impl PodCheck for HostPathVolumes {
    fn upstream_id(&self) -> &'static str {
        "hostPathVolumes"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 0, evaluate: host_path_volumes_1_0 }]
    }
}

fn host_path_volumes_1_0(pod: &Pod<'_>) -> Option<Violation> {
    let forbidden = || pod.volumes.iter().filter(|volume| volume.sources.contains(&"hostPath"));
    let detail = || {
        let names: Vec<&str> = forbidden().map(|volume| volume.name).collect();
        format!("{} {}", pluralize("volume", "volumes", names.len()), join_quoted(names))
    };
    let offences = forbidden().map(|volume| volumes::forbidden_source(pod, volume, "hostPath")).collect();
    violation("hostPath volumes", detail, offences)
}

#[cfg(test)]
mod tests {
    use super::*;

    check_table! {
        HostPathVolumes, 0,
        none: "spec: {volumes: [{name: a, emptyDir: {}}, {name: b, nfs: {}}, {name: c, hostPath: null}]}" => allowed,
        one: "spec: {volumes: [{name: a, emptyDir: {}}, {name: b, hostPath: {path: /}}]}" => (
            "hostPath volumes",
            r#"volume "b""#,
            ["spec.volumes[1].hostPath"]
        ),
        several: "spec: {volumes: [{name: b, hostPath: {}}, {name: a, hostPath: {}}, {hostPath: {}}, {name: a, hostPath: {}}]}" => (
            "hostPath volumes",
            r#"volumes "b", "a", "", "a""#,
            [
                "spec.volumes[0].hostPath",
                "spec.volumes[1].hostPath",
                "spec.volumes[2].hostPath",
                "spec.volumes[3].hostPath",
            ]
        ),
        beside_another_source: "spec: {volumes: [{name: a, emptyDir: {}, hostPath: {}}]}" => (
            "hostPath volumes",
            r#"volume "a""#,
            ["spec.volumes[0].hostPath"]
        ),
    }
}
