use super::prelude::*;

declare_check! {
    /// Pod runs as a process of its Windows node
    ///
    /// Reports a pod or container that asks to be a HostProcess container.
    ///
    /// ## Why
    /// A HostProcess container is not a container: it is a process on the Windows node, with the node's
    /// network and file system and, by default, the rights of `LocalSystem`. Whoever can change its image
    /// or break into it administers the node, and from there reads the credentials of the kubelet and of
    /// every pod on it.
    ///
    /// ## Restricted fields
    /// - `spec.securityContext.windowsOptions.hostProcess`
    /// - `spec.containers[*].securityContext.windowsOptions.hostProcess`
    /// - `spec.initContainers[*].securityContext.windowsOptions.hostProcess`
    /// - `spec.ephemeralContainers[*].securityContext.windowsOptions.hostProcess`
    ///
    /// ## Allowed values
    /// `false`, or absent.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: node-setup}
    /// spec:
    ///   os: {name: windows}
    ///   hostNetwork: true
    ///   securityContext:
    ///     windowsOptions: {hostProcess: true}
    ///   containers:
    ///     - name: setup
    ///       image: registry.example/setup:ltsc2022
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   os: {name: windows}
    ///   securityContext:
    ///     windowsOptions: {runAsUserName: ContainerUser}
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:ltsc2022
    /// ```
    ///
    /// ## Remedy
    /// Remove `hostProcess`. Drivers and agents that manage Windows nodes belong in a namespace of their own
    /// that allows the privileged level.
    pub WindowsHostProcess {
        id: "pss/windows-host-process",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_windowsHostProcess.go"),
            Source::Same("Pod Security Standards, Baseline, HostProcess"),
        ],
    }
}

impl PodCheck for WindowsHostProcess {
    fn upstream_id(&self) -> &'static str {
        "windowsHostProcess"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 0, evaluate: windows_host_process_1_0 }]
    }
}

fn windows_host_process_1_0(pod: &Pod<'_>) -> Option<Violation> {
    let mut faults = Faults::default();
    for subject in Subject::all(pod) {
        if subject.setting(|security| security.host_process, |security| security.host_process) == Some(true) {
            let path = subject.field("securityContext.windowsOptions.hostProcess");
            let message = format!("{} sets `hostProcess` to `true`", subject.name());
            faults.add(subject, path, Anchor::Value, message);
        }
    }
    faults.violation("hostProcess", |faults| {
        format!("{} must not set securityContext.windowsOptions.hostProcess=true", faults.subjects())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    check_table! {
        WindowsHostProcess, 0,
        none: "spec: {securityContext: {windowsOptions: {}}, containers: [
            {name: a, securityContext: {windowsOptions: {hostProcess: false}}}]}" => allowed,
        pod: "spec: {securityContext: {windowsOptions: {hostProcess: true}}, containers: [{name: a}]}" => (
            "hostProcess",
            "pod must not set securityContext.windowsOptions.hostProcess=true",
            ["spec.securityContext.windowsOptions.hostProcess"]
        ),
        everywhere: "spec: {
            securityContext: {windowsOptions: {hostProcess: true}},
            containers: [{name: a, securityContext: {windowsOptions: {hostProcess: true}}}],
            initContainers: [{name: i, securityContext: {windowsOptions: {hostProcess: true}}}],
            ephemeralContainers: [{name: e, securityContext: {windowsOptions: {hostProcess: true}}}]}" => (
            "hostProcess",
            r#"pod and containers "i", "a", "e" must not set securityContext.windowsOptions.hostProcess=true"#,
            [
                "spec.securityContext.windowsOptions.hostProcess",
                "spec.initContainers[0].securityContext.windowsOptions.hostProcess",
                "spec.containers[0].securityContext.windowsOptions.hostProcess",
                "spec.ephemeralContainers[0].securityContext.windowsOptions.hostProcess",
            ]
        ),
        one_container: "spec: {containers: [{name: a, securityContext: {windowsOptions: {hostProcess: true}}}]}" => (
            "hostProcess",
            r#"container "a" must not set securityContext.windowsOptions.hostProcess=true"#,
            ["spec.containers[0].securityContext.windowsOptions.hostProcess"]
        ),
    }
}
