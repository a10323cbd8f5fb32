use super::prelude::*;

declare_check! {
    /// Container is told to run as root
    ///
    /// Reports a pod or container that sets its user to 0.
    ///
    /// ## Why
    /// `runAsUser: 0` starts the process as root even if the image was built for an ordinary user. An
    /// intruder then owns the files of the image and of the mounted volumes, and holds the user that nearly
    /// every known escape from a container needs.
    ///
    /// ## Restricted fields
    /// - `spec.securityContext.runAsUser`
    /// - `spec.containers[*].securityContext.runAsUser`
    /// - `spec.initContainers[*].securityContext.runAsUser`
    /// - `spec.ephemeralContainers[*].securityContext.runAsUser`
    ///
    /// ## Allowed values
    /// Any number but 0, or absent. From v1.35 on, any value in a pod with `spec.hostUsers: false`. Before
    /// v1.23 every value is allowed.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: migrate}
    /// spec:
    ///   containers:
    ///     - name: migrate
    ///       image: registry.example/migrate:1.1
    ///       securityContext: {runAsUser: 0}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: migrate}
    /// spec:
    ///   containers:
    ///     - name: migrate
    ///       image: registry.example/migrate:1.1
    ///       securityContext: {runAsUser: 10001}
    /// ```
    ///
    /// ## Remedy
    /// Set another number, best one that no account of the node has, and give the process its files by
    /// `fsGroup` or in the image. What has to be root in its container can be so in a user namespace: set
    /// `hostUsers: false`.
    pub RunAsUser {
        id: "pss/run-as-user",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_runAsUser.go"),
            Source::Same("Pod Security Standards, Restricted, Running as Non-root user"),
        ],
    }
}

impl PodCheck for RunAsUser {
    fn upstream_id(&self) -> &'static str {
        "runAsUser"
    }

    fn level(&self) -> Level {
        Level::Restricted
    }

    fn revisions(&self) -> &'static [Revision] {
        &[
            Revision { since: 23, evaluate: run_as_user_1_23 },
            Revision { since: 35, evaluate: run_as_user_1_35 },
        ]
    }
}

fn run_as_user_1_23(pod: &Pod<'_>) -> Option<Violation> {
    let mut faults = Faults::default();
    for subject in Subject::all(pod) {
        if subject.setting(|security| security.run_as_user, |security| security.run_as_user) == Some(0) {
            let message = format!("{} sets `runAsUser` to `0`, which is root", subject.name());
            faults.add(subject, subject.field("securityContext.runAsUser"), Anchor::Value, message);
        }
    }
    faults.violation("runAsUser=0", |faults| format!("{} must not set runAsUser=0", faults.subjects()))
}

fn run_as_user_1_35(pod: &Pod<'_>) -> Option<Violation> {
    if pod.has_user_namespace() {
        return None;
    }
    run_as_user_1_23(pod)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER_NAMESPACE: &str = "spec: {hostUsers: false, securityContext: {runAsUser: 0}}";

    check_table! {
        RunAsUser, 22,
        before: "spec: {securityContext: {runAsUser: 0}}" => allowed,
    }

    check_table! {
        RunAsUser, 23,
        none: "spec: {securityContext: {runAsUser: 1}, containers: [{name: a}, {name: b, securityContext: {runAsUser: -1}}]}" => allowed,
        pod: "spec: {securityContext: {runAsUser: 0}, containers: [{name: a, securityContext: {runAsUser: 1}}]}" => (
            "runAsUser=0",
            "pod must not set runAsUser=0",
            ["spec.securityContext.runAsUser"]
        ),
        one_container: "spec: {containers: [{name: a, securityContext: {runAsUser: 0}}]}" => (
            "runAsUser=0",
            r#"container "a" must not set runAsUser=0"#,
            ["spec.containers[0].securityContext.runAsUser"]
        ),
        everywhere: "spec: {
            securityContext: {runAsUser: 0},
            containers: [{name: a, securityContext: {runAsUser: 0}}, {name: a, securityContext: {runAsUser: 0}}],
            initContainers: [{name: i, securityContext: {runAsUser: 0}}],
            ephemeralContainers: [{name: e, securityContext: {runAsUser: 0}}]}" => (
            "runAsUser=0",
            r#"pod and containers "i", "a", "a", "e" must not set runAsUser=0"#,
            [
                "spec.securityContext.runAsUser",
                "spec.initContainers[0].securityContext.runAsUser",
                "spec.containers[0].securityContext.runAsUser",
                "spec.containers[1].securityContext.runAsUser",
                "spec.ephemeralContainers[0].securityContext.runAsUser",
            ]
        ),
    }

    check_table! {
        RunAsUser, 34,
        user_namespaces_count_later: USER_NAMESPACE => (
            "runAsUser=0",
            "pod must not set runAsUser=0",
            ["spec.securityContext.runAsUser"]
        ),
    }

    check_table! {
        RunAsUser, 35,
        with_user_namespace: USER_NAMESPACE => allowed,
        without_user_namespace: "spec: {hostUsers: true, securityContext: {runAsUser: 0}}" => (
            "runAsUser=0",
            "pod must not set runAsUser=0",
            ["spec.securityContext.runAsUser"]
        ),
    }
}
