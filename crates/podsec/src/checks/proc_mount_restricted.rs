use super::prelude::*;

declare_check! {
    /// Container sees an unmasked /proc, even in a user namespace
    ///
    /// Reports a container that asks for a `/proc` without the parts that runtimes hide or make read-only,
    /// whether or not its pod has a user namespace.
    ///
    /// ## Why
    /// An unmasked `/proc` shows root in the container what runtimes take care to hide: kernel memory, keys,
    /// timers and settings. A user namespace takes the power over the node from that root, but still leaves
    /// more of the kernel to attack, and files that the kernel guards badly have given nodes away before. The
    /// restricted level does without the exception that the baseline level makes.
    ///
    /// ## Restricted fields
    /// - `spec.containers[*].securityContext.procMount`
    /// - `spec.initContainers[*].securityContext.procMount`
    /// - `spec.ephemeralContainers[*].securityContext.procMount`
    ///
    /// ## Allowed values
    /// `Default`, or absent. Before v1.35 the check of the baseline level says the same.
    ///
    /// ```yaml,fails
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
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: nested}
    /// spec:
    ///   hostUsers: false
    ///   containers:
    ///     - name: nested
    ///       image: registry.example/nested:1.0
    ///       securityContext: {procMount: Default}
    /// ```
    ///
    /// ## Remedy
    /// Remove `procMount`. Containers that start containers need it; run them in a namespace at the baseline
    /// level, with `hostUsers: false`.
    pub ProcMountRestricted {
        id: "pss/proc-mount-restricted",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_procMount_restricted.go"),
            Source::Same("Pod Security Standards, Restricted, /proc Mount Type"),
        ],
    }
}

impl PodCheck for ProcMountRestricted {
    fn upstream_id(&self) -> &'static str {
        "procMount_restricted"
    }

    fn level(&self) -> Level {
        Level::Restricted
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 35, evaluate: proc_mount_restricted_1_35 }]
    }

    fn overrides(&self) -> Option<&'static str> {
        Some("procMount")
    }
}

fn proc_mount_restricted_1_35(pod: &Pod<'_>) -> Option<Violation> {
    proc_mount::not_default(pod)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNMASKED: &str = "spec: {
        hostUsers: false,
        containers: [{name: a, securityContext: {procMount: Unmasked}}],
        initContainers: [{name: i, securityContext: {procMount: Default}}],
        ephemeralContainers: [{name: e, securityContext: {procMount: unmasked}}]}";

    check_table! {
        ProcMountRestricted, 34,
        before: UNMASKED => allowed,
    }

    check_table! {
        ProcMountRestricted, 35,
        none: "spec: {containers: [{name: a}, {name: b, securityContext: {procMount: Default}}]}" => allowed,
        user_namespaces_do_not_count: UNMASKED => (
            "procMount",
            r#"containers "a", "e" must not set securityContext.procMount to "Unmasked", "unmasked""#,
            ["spec.containers[0].securityContext.procMount", "spec.ephemeralContainers[0].securityContext.procMount"]
        ),
    }
}
