use super::prelude::*;

declare_check! {
    /// Pod switches seccomp off
    ///
    /// Reports a pod or container that asks for a seccomp profile other than the runtime's own or one that is
    /// installed on the node: `Unconfined`, as a field or, for old versions, as an annotation.
    ///
    /// ## Why
    /// Seccomp decides which system calls of the kernel a container may make. The runtime's profile leaves
    /// out those that workloads do not need and exploits do: `keyctl`, `bpf`, `userfaultfd` or `mount`.
    /// Several escapes through kernel bugs worked only where the container ran unconfined, and the next one
    /// will find more of the kernel within reach there.
    ///
    /// ## Restricted fields
    /// - `spec.securityContext.seccompProfile.type`
    /// - `spec.containers[*].securityContext.seccompProfile.type`
    /// - `spec.initContainers[*].securityContext.seccompProfile.type`
    /// - `spec.ephemeralContainers[*].securityContext.seccompProfile.type`
    ///
    /// Before v1.19, instead of the fields:
    ///
    /// - `metadata.annotations["seccomp.security.alpha.kubernetes.io/pod"]`
    /// - `metadata.annotations["container.seccomp.security.alpha.kubernetes.io/*"]`, for the names of the
    ///   pod's containers
    ///
    /// ## Allowed values
    /// `RuntimeDefault` and `Localhost`; no profile at all is allowed too. Before v1.19 the annotations may
    /// be absent or have the values `runtime/default`, `docker/default` and `localhost/*`.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: crawler}
    /// spec:
    ///   securityContext:
    ///     seccompProfile: {type: Unconfined}
    ///   containers:
    ///     - name: crawler
    ///       image: registry.example/crawler:1.8
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: crawler}
    /// spec:
    ///   securityContext:
    ///     seccompProfile: {type: RuntimeDefault}
    ///   containers:
    ///     - name: crawler
    ///       image: registry.example/crawler:1.8
    /// ```
    ///
    /// ## Remedy
    /// Set the type to `RuntimeDefault`. If the workload makes a system call that the default profile denies,
    /// record what it needs in a profile of its own, install that on the nodes and ask for it with
    /// `Localhost`.
    pub SeccompProfileBaseline {
        id: "pss/seccomp-profile-baseline",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_seccompProfile_baseline.go"),
            Source::Same("Pod Security Standards, Baseline, Seccomp"),
        ],
    }
}

impl PodCheck for SeccompProfileBaseline {
    fn upstream_id(&self) -> &'static str {
        "seccompProfile_baseline"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[
            Revision { since: 0, evaluate: seccomp_profile_baseline_1_0 },
            Revision { since: 19, evaluate: seccomp_profile_baseline_1_19 },
        ]
    }
}

/// The annotation for the whole pod.
const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";

/// What keys of the annotations for one container begin with; its name follows.
const CONTAINER_ANNOTATION_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";

fn seccomp_profile_baseline_1_0(pod: &Pod<'_>) -> Option<Violation> {
    let names = sorted_set(pod.containers.iter().map(|container| container.name));
    let annotations = profiles::forbidden_annotations(pod, |key, value| {
        let container = key.strip_prefix(CONTAINER_ANNOTATION_PREFIX);
        let counts = key == POD_ANNOTATION || container.is_some_and(|name| names.contains(name));
        counts && value != "docker/default" && !profiles::is_allowed_annotation(value)
    });
    let noun = pluralize("annotation", "annotations", annotations.len());
    let (entries, offences): (Vec<_>, Vec<_>) = annotations.into_iter().unzip();
    violation("seccompProfile", || format!("forbidden {noun} {}", entries.join(", ")), offences)
}

fn seccomp_profile_baseline_1_19(pod: &Pod<'_>) -> Option<Violation> {
    profiles::forbidden_seccomp(pod)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &str = "spec: {
        securityContext: {seccompProfile: {type: Unconfined}},
        containers: [
            {name: a, securityContext: {seccompProfile: {type: Localhost}}},
            {name: b, securityContext: {seccompProfile: {}}}],
        ephemeralContainers: [{name: e, securityContext: {seccompProfile: {type: Unconfined}}}],
        initContainers: [{name: b, securityContext: {seccompProfile: {type: runtime/default}}}]}";
    const ANNOTATIONS: &str = "
        metadata: {annotations: {
            seccomp.security.alpha.kubernetes.io/pod: unconfined,
            container.seccomp.security.alpha.kubernetes.io/nobody: unconfined,
            container.seccomp.security.alpha.kubernetes.io/e: docker/default,
            container.seccomp.security.alpha.kubernetes.io/i: \"a\\tb\",
            container.seccomp.security.alpha.kubernetes.io/a: ''}}
        spec: {initContainers: [{name: i}], containers: [{name: a}, {name: a}], ephemeralContainers: [{name: e}]}";

    check_table! {
        SeccompProfileBaseline, 18,
        fields_do_not_count_yet: FIELDS => allowed,
        good_annotations: "
            metadata: {annotations: {
                seccomp.security.alpha.kubernetes.io/pod: runtime/default,
                container.seccomp.security.alpha.kubernetes.io/a: localhost/}}
            spec: {containers: [{name: a}]}" => allowed,
        one_annotation: "metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: RuntimeDefault}}" => (
            "seccompProfile",
            r#"forbidden annotation seccomp.security.alpha.kubernetes.io/pod="RuntimeDefault""#,
            ["metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]"]
        ),
        annotations: ANNOTATIONS => (
            "seccompProfile",
            concat!(
                r#"forbidden annotations container.seccomp.security.alpha.kubernetes.io/a="", "#,
                r#"container.seccomp.security.alpha.kubernetes.io/i="a\tb", "#,
                r#"seccomp.security.alpha.kubernetes.io/pod="unconfined""#,
            ),
            [
                "metadata.annotations[container.seccomp.security.alpha.kubernetes.io/a]",
                "metadata.annotations[container.seccomp.security.alpha.kubernetes.io/i]",
                "metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]",
            ]
        ),
    }

    check_table! {
        SeccompProfileBaseline, 19,
        annotations_do_not_count_any_more: ANNOTATIONS => allowed,
        nothing_set: "spec: {containers: [{name: a, securityContext: {}}]}" => allowed,
        pod: "spec: {securityContext: {seccompProfile: {type: Unconfined}}, containers: [{name: a}]}" => (
            "seccompProfile",
            r#"pod must not set securityContext.seccompProfile.type to "Unconfined""#,
            ["spec.securityContext.seccompProfile.type"]
        ),
        fields: FIELDS => (
            "seccompProfile",
            concat!(
                r#"pod and containers "b", "b", "e" must not set securityContext.seccompProfile.type to "#,
                r#""", "Unconfined", "runtime/default""#,
            ),
            [
                "spec.securityContext.seccompProfile.type",
                "spec.initContainers[0].securityContext.seccompProfile.type",
                "spec.containers[1].securityContext.seccompProfile.type",
                "spec.ephemeralContainers[0].securityContext.seccompProfile.type",
            ]
        ),
    }
}
