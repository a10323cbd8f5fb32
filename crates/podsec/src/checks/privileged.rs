use super::prelude::*;

declare_check! {
    /// Container is privileged
    ///
    /// Reports a container that runs with the isolation of containers switched off.
    ///
    /// ## Why
    /// A privileged container has every capability, every device of the node and no seccomp or AppArmor
    /// profile. Breaking out takes no exploit: mounting the node's disk from `/dev` and writing a cron job,
    /// or loading a kernel module, gives root on the node and with it every secret of every pod that runs
    /// there.
    ///
    /// ## Restricted fields
    /// - `spec.containers[*].securityContext.privileged`
    /// - `spec.initContainers[*].securityContext.privileged`
    /// - `spec.ephemeralContainers[*].securityContext.privileged`
    ///
    /// ## Allowed values
    /// `false`, or absent.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: builder}
    /// spec:
    ///   containers:
    ///     - name: docker
    ///       image: registry.example/dind:27
    ///       securityContext: {privileged: true}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: builder}
    /// spec:
    ///   containers:
    ///     - name: buildkit
    ///       image: registry.example/buildkit:rootless
    ///       securityContext: {privileged: false}
    /// ```
    ///
    /// ## Remedy
    /// Remove `privileged` and grant what the container needs by itself: a capability, a device through a
    /// device plugin, a user namespace for building images. Storage and network drivers that need the node
    /// belong in a namespace of their own that allows the privileged level.
    pub Privileged {
        id: "pss/privileged",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_privileged.go"),
            Source::Same("Pod Security Standards, Baseline, Privileged Containers"),
        ],
    }
}

impl PodCheck for Privileged {
    fn upstream_id(&self) -> &'static str {
        "privileged"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 0, evaluate: privileged_1_0 }]
    }
}

fn privileged_1_0(pod: &Pod<'_>) -> Option<Violation> {
    let mut faults = Faults::default();
    for (subject, container) in Subject::containers(pod) {
        if container.security.privileged == Some(true) {
            let message = format!("{} is privileged: nothing separates it from its node", subject.name());
            faults.add(subject, subject.field("securityContext.privileged"), Anchor::Value, message);
        }
    }
    faults.violation("privileged", |faults| {
        format!("{} must not set securityContext.privileged=true", faults.subjects())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    check_table! {
        Privileged, 0,
        none: "spec: {containers: [{name: a}, {name: b, securityContext: {privileged: false}}]}" => allowed,
        one: "spec: {containers: [{name: a}, {name: b, securityContext: {privileged: true}}]}" => (
            "privileged",
            r#"container "b" must not set securityContext.privileged=true"#,
            ["spec.containers[1].securityContext.privileged"]
        ),
        everywhere: "spec: {
            containers: [{name: a, securityContext: {privileged: true}}],
            ephemeralContainers: [{name: a, securityContext: {privileged: true}}],
            initContainers: [{securityContext: {privileged: true}}]}" => (
            "privileged",
            r#"containers "", "a", "a" must not set securityContext.privileged=true"#,
            [
                "spec.initContainers[0].securityContext.privileged",
                "spec.containers[0].securityContext.privileged",
                "spec.ephemeralContainers[0].securityContext.privileged",
            ]
        ),
    }
}
