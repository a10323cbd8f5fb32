use super::prelude::*;

declare_check! {
    /// Container may run as root
    ///
    /// Reports a pod or container that allows root, and a container for which neither it nor its pod
    /// forbids it.
    ///
    /// ## Why
    /// Root in a container is root to the kernel, held back only by namespaces and the lack of some
    /// capabilities. It owns the files of the image, so an intruder can replace the program and stay; it may
    /// write to every volume; and most escapes, such as overwriting the runtime's own binary through
    /// `/proc/self/exe`, begin with it. With `runAsNonRoot` the kubelet refuses to start an image whose user
    /// is root, whoever built it.
    ///
    /// ## Restricted fields
    /// - `spec.securityContext.runAsNonRoot`
    /// - `spec.containers[*].securityContext.runAsNonRoot`
    /// - `spec.initContainers[*].securityContext.runAsNonRoot`
    /// - `spec.ephemeralContainers[*].securityContext.runAsNonRoot`
    ///
    /// ## Allowed values
    /// `true`; absent for a container if the pod sets it to `true`, and absent for the pod if every container
    /// does. From v1.35 on, any value and none in a pod with `spec.hostUsers: false`.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: api}
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example/api:7.2
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: api}
    /// spec:
    ///   securityContext: {runAsNonRoot: true}
    ///   containers:
    ///     - name: api
    ///       image: registry.example/api:7.2
    /// ```
    ///
    /// ## Remedy
    /// Set `runAsNonRoot: true` for the pod and remove the field from its containers. The image must name
    /// its user by number (`USER 10001`), or the pod with `runAsUser`: the kubelet cannot tell whether a
    /// named user is root.
    pub RunAsNonRoot {
        id: "pss/run-as-non-root",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_runAsNonRoot.go"),
            Source::Same("Pod Security Standards, Restricted, Running as Non-root"),
        ],
    }
}

impl PodCheck for RunAsNonRoot {
    fn upstream_id(&self) -> &'static str {
        "runAsNonRoot"
    }

    fn level(&self) -> Level {
        Level::Restricted
    }

    fn revisions(&self) -> &'static [Revision] {
        &[
            Revision { since: 0, evaluate: run_as_non_root_1_0 },
            Revision { since: 35, evaluate: run_as_non_root_1_35 },
        ]
    }
}

const REASON: &str = "runAsNonRoot != true";

fn run_as_non_root_1_0(pod: &Pod<'_>) -> Option<Violation> {
    let mut allowing = Faults::default();
    let mut silent = Faults::default();
    for subject in Subject::all(pod) {
        let field = || subject.field("securityContext.runAsNonRoot");
        match subject.setting(|security| security.run_as_non_root, |security| security.run_as_non_root) {
            Some(true) => {}
            Some(false) => {
                let message = format!("{} sets `runAsNonRoot` to `false`", subject.name());
                allowing.add(subject, field(), Anchor::Value, message);
            }
            // The pod itself may be silent, and speaks for those of its containers that are.
            None if subject.is_pod() || pod.security.run_as_non_root == Some(true) => {}
            None => {
                let message = format!("neither {} nor its pod sets `runAsNonRoot` to `true`", subject.name());
                silent.add(subject, field(), Anchor::Missing, message);
            }
        }
    }
    let allowing = allowing.violation(REASON, |faults| {
        format!("{} must not set securityContext.runAsNonRoot=false", faults.subjects())
    });
    allowing.or_else(|| {
        silent.violation(REASON, |faults| {
            format!("pod or {} must set securityContext.runAsNonRoot=true", faults.subjects())
        })
    })
}

fn run_as_non_root_1_35(pod: &Pod<'_>) -> Option<Violation> {
    if pod.has_user_namespace() {
        return None;
    }
    run_as_non_root_1_0(pod)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER_NAMESPACE: &str =
        "spec: {hostUsers: false, securityContext: {runAsNonRoot: false}, containers: [{name: a}]}";

    check_table! {
        RunAsNonRoot, 0,
        no_containers: "spec: {}" => allowed,
        pod: "spec: {securityContext: {runAsNonRoot: true}, containers: [{name: a}], initContainers: [{name: i}]}" => allowed,
        every_container: "spec: {containers: [{name: a, securityContext: {runAsNonRoot: true}}]}" => allowed,
        one_silent: "spec: {containers: [{name: a, securityContext: {runAsNonRoot: true}}, {name: b, securityContext: {}}]}" => (
            "runAsNonRoot != true",
            r#"pod or container "b" must set securityContext.runAsNonRoot=true"#,
            ["spec.containers[1].securityContext.runAsNonRoot"]
        ),
        all_silent: "spec: {containers: [{name: a}], initContainers: [{name: i}], ephemeralContainers: [{name: a}]}" => (
            "runAsNonRoot != true",
            r#"pod or containers "i", "a", "a" must set securityContext.runAsNonRoot=true"#,
            [
                "spec.initContainers[0].securityContext.runAsNonRoot",
                "spec.containers[0].securityContext.runAsNonRoot",
                "spec.ephemeralContainers[0].securityContext.runAsNonRoot",
            ]
        ),
        pod_allows: "spec: {securityContext: {runAsNonRoot: false}, containers: [{name: a, securityContext: {runAsNonRoot: true}}]}" => (
            "runAsNonRoot != true",
            "pod must not set securityContext.runAsNonRoot=false",
            ["spec.securityContext.runAsNonRoot"]
        ),
        container_allows: "spec: {securityContext: {runAsNonRoot: true}, containers: [{name: a, securityContext: {runAsNonRoot: false}}]}" => (
            "runAsNonRoot != true",
            r#"container "a" must not set securityContext.runAsNonRoot=false"#,
            ["spec.containers[0].securityContext.runAsNonRoot"]
        ),
        allowing_goes_before_silent: "spec: {
            securityContext: {runAsNonRoot: false},
            containers: [{name: a}, {name: b, securityContext: {runAsNonRoot: false}}],
            ephemeralContainers: [{name: e, securityContext: {runAsNonRoot: false}}]}" => (
            "runAsNonRoot != true",
            r#"pod and containers "b", "e" must not set securityContext.runAsNonRoot=false"#,
            [
                "spec.securityContext.runAsNonRoot",
                "spec.containers[1].securityContext.runAsNonRoot",
                "spec.ephemeralContainers[0].securityContext.runAsNonRoot",
            ]
        ),
    }

    check_table! {
        RunAsNonRoot, 34,
        user_namespaces_count_later: USER_NAMESPACE => (
            "runAsNonRoot != true",
            "pod must not set securityContext.runAsNonRoot=false",
            ["spec.securityContext.runAsNonRoot"]
        ),
    }

    check_table! {
        RunAsNonRoot, 35,
        with_user_namespace: USER_NAMESPACE => allowed,
        without_user_namespace: "spec: {hostUsers: true, containers: [{name: a}]}" => (
            "runAsNonRoot != true",
            r#"pod or container "a" must set securityContext.runAsNonRoot=true"#,
            ["spec.containers[0].securityContext.runAsNonRoot"]
        ),
    }
}
