use super::prelude::*;

declare_check! {
    /// Container sees an unmasked /proc
    ///
    /// Reports a container that asks for a `/proc` without the parts that runtimes hide or make read-only.
    ///
    /// ## Why
    /// Runtimes mask files such as `/proc/kcore` and `/proc/keys` and make `/proc/sys` read-only, because
    /// they speak of or to the whole node. Without the masks root in the container reads the node's memory
    /// and writes kernel settings: a handler in `core_pattern` runs on the node at the next crash. In a
    /// user namespace that root is nobody on the node, which is why the newest versions allow it there.
    ///
    /// ## Restricted fields
    /// - `spec.containers[*].securityContext.procMount`
    /// - `spec.initContainers[*].securityContext.procMount`
    /// - `spec.ephemeralContainers[*].securityContext.procMount`
    ///
    /// ## Allowed values
    /// `Default`, or absent. From v1.35 on, any value in a pod with `spec.hostUsers: false`.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: nested}
    /// spec:
    ///   containers:
    ///     - name: nested
    ///       image: registry.example/nested:1.0
    ///       securityContext: {procMount: Unmasked}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: nested}
    /// spec:
    ///   hostUsers: false
    ///   containers:
    ///     - name: nested
    ///       image: registry.example/nested:1.0
    ///       securityContext: {procMount: Unmasked}
    /// ```
    ///
    /// ## Remedy
    /// Remove `procMount`. Containers that start containers need it; give their pod a user namespace with
    /// `hostUsers: false`.
    pub ProcMount {
        id: "pss/proc-mount",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_procMount_baseline.go"),
            Source::Same("Pod Security Standards, Baseline, /proc Mount Type"),
        ],
    }
}

impl PodCheck for ProcMount {
    fn upstream_id(&self) -> &'static str {
        "procMount"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 0, evaluate: proc_mount_1_0 }, Revision { since: 35, evaluate: proc_mount_1_35 }]
    }
}

fn proc_mount_1_0(pod: &Pod<'_>) -> Option<Violation> {
    proc_mount::not_default(pod)
}

fn proc_mount_1_35(pod: &Pod<'_>) -> Option<Violation> {
    if pod.has_user_namespace() {
        return None;
    }
    proc_mount_1_0(pod)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNMASKED_IN_USER_NAMESPACE: &str =
        "spec: {hostUsers: false, containers: [{name: a, securityContext: {procMount: Unmasked}}]}";

    check_table! {
        ProcMount, 34,
        none: "spec: {containers: [{name: a}, {name: b, securityContext: {procMount: Default}}]}" => allowed,
        user_namespaces_count_later: UNMASKED_IN_USER_NAMESPACE => (
            "procMount",
            r#"container "a" must not set securityContext.procMount to "Unmasked""#,
            ["spec.containers[0].securityContext.procMount"]
        ),
        everywhere: "spec: {
            containers: [{name: a, securityContext: {procMount: Unmasked}}, {name: b, securityContext: {procMount: ''}}],
            ephemeralContainers: [{name: e, securityContext: {procMount: default}}],
            initContainers: [{name: i, securityContext: {procMount: Unmasked}}]}" => (
            "procMount",
            r#"containers "i", "a", "b", "e" must not set securityContext.procMount to "", "Unmasked", "default""#,
            [
                "spec.initContainers[0].securityContext.procMount",
                "spec.containers[0].securityContext.procMount",
                "spec.containers[1].securityContext.procMount",
                "spec.ephemeralContainers[0].securityContext.procMount",
            ]
        ),
    }

    check_table! {
        ProcMount, 35,
        with_user_namespace: UNMASKED_IN_USER_NAMESPACE => allowed,
        without_user_namespace: "spec: {hostUsers: true, containers: [{name: a, securityContext: {procMount: Unmasked}}]}" => (
            "procMount",
            r#"container "a" must not set securityContext.procMount to "Unmasked""#,
            ["spec.containers[0].securityContext.procMount"]
        ),
    }
}
