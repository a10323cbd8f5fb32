use super::prelude::*;

declare_check! {
    /// Container adds capabilities beyond the default ones
    ///
    /// Reports a container that asks for a Linux capability which container runtimes do not grant by default.
    ///
    /// ## Why
    /// Each capability is a piece of root's power over the kernel. With `SYS_ADMIN` a process mounts file
    /// systems and can leave its container through a cgroup's release agent; with `SYS_MODULE` it loads code
    /// into the kernel; with `NET_RAW` it forges the addresses of its neighbours on the pod network and takes
    /// over their traffic. Whoever breaks into the workload inherits what it was granted.
    ///
    /// ## Restricted fields
    /// - `spec.containers[*].securityContext.capabilities.add`
    /// - `spec.initContainers[*].securityContext.capabilities.add`
    /// - `spec.ephemeralContainers[*].securityContext.capabilities.add`
    ///
    /// ## Allowed values
    /// `AUDIT_WRITE`, `CHOWN`, `DAC_OVERRIDE`, `FOWNER`, `FSETID`, `KILL`, `MKNOD`, `NET_BIND_SERVICE`,
    /// `SETFCAP`, `SETGID`, `SETPCAP`, `SETUID` and `SYS_CHROOT`, written in exactly this way: `CAP_CHOWN`
    /// and `chown` are other names. An empty or absent list is allowed too.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: prober}
    /// spec:
    ///   containers:
    ///     - name: prober
    ///       image: registry.example/prober:0.9
    ///       securityContext:
    ///         capabilities:
    ///           add: [NET_RAW]
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: prober}
    /// spec:
    ///   containers:
    ///     - name: prober
    ///       image: registry.example/prober:0.9
    ///       securityContext:
    ///         capabilities:
    ///           add: [NET_BIND_SERVICE]
    /// ```
    ///
    /// ## Remedy
    /// Remove the capability. Often something narrower does: ping works without `NET_RAW` where the sysctl
    /// `net.ipv4.ping_group_range` covers the group of the process. What really needs the capability belongs
    /// in a namespace of its own that allows the privileged level.
    pub CapabilitiesBaseline {
        id: "pss/capabilities-baseline",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_capabilities_baseline.go"),
            Source::Same("Pod Security Standards, Baseline, Capabilities"),
        ],
    }
}

impl PodCheck for CapabilitiesBaseline {
    fn upstream_id(&self) -> &'static str {
        "capabilities_baseline"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 0, evaluate: capabilities_baseline_1_0 }]
    }
}

/// The capabilities that container runtimes grant by default, without `NET_RAW`.
pub(crate) const ALLOWED_1_0: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn capabilities_baseline_1_0(pod: &Pod<'_>) -> Option<Violation> {
    capabilities::forbidden_additions(pod, &ALLOWED_1_0, "non-default capabilities")
}

#[cfg(test)]
mod tests {
    use super::*;

    check_table! {
        CapabilitiesBaseline, 0,
        none: "spec: {containers: [{name: a}, {name: b, securityContext: {capabilities: {drop: [NET_RAW]}}}]}" => allowed,
        the_default_ones: "spec: {containers: [{name: a, securityContext: {capabilities: {add: [
            AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID,
            SETPCAP, SETUID, SYS_CHROOT]}}}]}" => allowed,
        one: "spec: {containers: [{name: a, securityContext: {capabilities: {add: [CHOWN, NET_RAW]}}}]}" => (
            "non-default capabilities",
            r#"container "a" must not include "NET_RAW" in securityContext.capabilities.add"#,
            ["spec.containers[0].securityContext.capabilities.add[1]"]
        ),
        names_are_exact: "spec: {containers: [{name: a, securityContext: {capabilities: {add: [chown, CAP_CHOWN, '']}}}]}" => (
            "non-default capabilities",
            r#"container "a" must not include "", "CAP_CHOWN", "chown" in securityContext.capabilities.add"#,
            [
                "spec.containers[0].securityContext.capabilities.add[0]",
                "spec.containers[0].securityContext.capabilities.add[1]",
                "spec.containers[0].securityContext.capabilities.add[2]",
            ]
        ),
        everywhere: "spec: {
            containers: [
                {name: a, securityContext: {capabilities: {add: [SYS_TIME, SYS_TIME, ALL]}}},
                {name: a, securityContext: {capabilities: {add: [SYS_TIME]}}}],
            ephemeralContainers: [{name: e, securityContext: {capabilities: {add: [BPF]}}}],
            initContainers: [{name: i, securityContext: {capabilities: {add: [ALL]}}}]}" => (
            "non-default capabilities",
            r#"containers "i", "a", "a", "e" must not include "ALL", "BPF", "SYS_TIME" in securityContext.capabilities.add"#,
            [
                "spec.initContainers[0].securityContext.capabilities.add[0]",
                "spec.containers[0].securityContext.capabilities.add[0]",
                "spec.containers[0].securityContext.capabilities.add[1]",
                "spec.containers[0].securityContext.capabilities.add[2]",
                "spec.containers[1].securityContext.capabilities.add[0]",
                "spec.ephemeralContainers[0].securityContext.capabilities.add[0]",
            ]
        ),
    }
}
