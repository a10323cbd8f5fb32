use super::prelude::*;

declare_check! {
    /// Container runs without a seccomp profile
    ///
    /// Reports a pod or container that switches seccomp off, and a container for which neither it nor its pod
    /// asks for a profile.
    ///
    /// ## Why
    /// Unless the kubelet is set up otherwise, a pod that asks for no seccomp profile gets none: every system
    /// call of the kernel is open to it. Exploits of kernel bugs begin with calls that services never make,
    /// such as `keyctl`, `userfaultfd` or `io_uring_setup`; the runtime's profile stops most of them there.
    ///
    /// ## Restricted fields
    /// - `spec.securityContext.seccompProfile.type`
    /// - `spec.containers[*].securityContext.seccompProfile.type`
    /// - `spec.initContainers[*].securityContext.seccompProfile.type`
    /// - `spec.ephemeralContainers[*].securityContext.seccompProfile.type`
    ///
    /// ## Allowed values
    /// `RuntimeDefault` and `Localhost`; absent for a container if the pod sets one of these, and absent for
    /// the pod if every container does. From v1.25 on, any value and none in a pod with
    /// `spec.os.name: windows`. Before v1.19 only what the baseline level says of annotations counts.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: crawler}
    /// spec:
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
    /// Set `seccompProfile: {type: RuntimeDefault}` for the pod. If the workload makes a system call that
    /// the default profile denies, record what it needs in a profile of its own, install that on the nodes
    /// and ask for it with `Localhost`.
    pub SeccompProfileRestricted {
        id: "pss/seccomp-profile-restricted",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_seccompProfile_restricted.go"),
            Source::Same("Pod Security Standards, Restricted, Seccomp"),
        ],
    }
}

impl PodCheck for SeccompProfileRestricted {
    fn upstream_id(&self) -> &'static str {
        "seccompProfile_restricted"
    }

    fn level(&self) -> Level {
        Level::Restricted
    }

    fn revisions(&self) -> &'static [Revision] {
        &[
            Revision { since: 19, evaluate: seccomp_profile_restricted_1_19 },
            Revision { since: 25, evaluate: seccomp_profile_restricted_1_25 },
        ]
    }

    fn overrides(&self) -> Option<&'static str> {
        Some("seccompProfile_baseline")
    }
}

fn seccomp_profile_restricted_1_19(pod: &Pod<'_>) -> Option<Violation> {
    profiles::forbidden_seccomp(pod).or_else(|| without_profile(pod))
}

fn seccomp_profile_restricted_1_25(pod: &Pod<'_>) -> Option<Violation> {
    if pod.is_windows() {
        return None;
    }
    seccomp_profile_restricted_1_19(pod)
}

/// The containers without a profile, in a pod without one. No profile is of a forbidden type any more.
fn without_profile(pod: &Pod<'_>) -> Option<Violation> {
    if pod.security.seccomp.is_some() {
        return None;
    }
    let mut faults = Faults::default();
    for (subject, _) in Subject::containers(pod).filter(|(_, container)| container.security.seccomp.is_none())
    {
        let message = format!("neither {} nor its pod sets a `seccompProfile`", subject.name());
        faults.add(subject, subject.field("securityContext.seccompProfile.type"), Anchor::Missing, message);
    }
    faults.violation("seccompProfile", |faults| {
        let subjects = faults.subjects();
        format!(r#"pod or {subjects} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost""#)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: &str = "spec: {
        os: {name: windows}, securityContext: {seccompProfile: {type: Unconfined}}, containers: [{name: a}]}";

    check_table! {
        SeccompProfileRestricted, 18,
        before: "spec: {securityContext: {seccompProfile: {type: Unconfined}}, containers: [{name: a}]}" => allowed,
    }

    check_table! {
        SeccompProfileRestricted, 19,
        no_containers: "spec: {}" => allowed,
        pod: "spec: {securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: a}], initContainers: [{name: i}]}" => allowed,
        every_container: "spec: {containers: [{name: a, securityContext: {seccompProfile: {type: Localhost}}}]}" => allowed,
        one_without: "spec: {containers: [
            {name: a, securityContext: {seccompProfile: {type: RuntimeDefault}}}, {name: b, securityContext: {}}]}" => (
            "seccompProfile",
            r#"pod or container "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost""#,
            ["spec.containers[1].securityContext.seccompProfile.type"]
        ),
        all_without: "spec: {containers: [{name: a}], initContainers: [{name: i}], ephemeralContainers: [{name: a}]}" => (
            "seccompProfile",
            r#"pod or containers "i", "a", "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost""#,
            [
                "spec.initContainers[0].securityContext.seccompProfile.type",
                "spec.containers[0].securityContext.seccompProfile.type",
                "spec.ephemeralContainers[0].securityContext.seccompProfile.type",
            ]
        ),
        pod_unconfined: "spec: {securityContext: {seccompProfile: {type: Unconfined}}, containers: [
            {name: a, securityContext: {seccompProfile: {type: RuntimeDefault}}}, {name: b}]}" => (
            "seccompProfile",
            r#"pod must not set securityContext.seccompProfile.type to "Unconfined""#,
            ["spec.securityContext.seccompProfile.type"]
        ),
        forbidden_goes_before_missing: "spec: {containers: [
            {name: a}, {name: b, securityContext: {seccompProfile: {type: Unconfined}}},
            {name: c, securityContext: {seccompProfile: {}}}]}" => (
            "seccompProfile",
            r#"containers "b", "c" must not set securityContext.seccompProfile.type to "", "Unconfined""#,
            ["spec.containers[1].securityContext.seccompProfile.type", "spec.containers[2].securityContext.seccompProfile.type"]
        ),
    }

    check_table! {
        SeccompProfileRestricted, 24,
        windows_is_exempt_later: WINDOWS => (
            "seccompProfile",
            r#"pod must not set securityContext.seccompProfile.type to "Unconfined""#,
            ["spec.securityContext.seccompProfile.type"]
        ),
    }

    check_table! {
        SeccompProfileRestricted, 25,
        windows: WINDOWS => allowed,
    }
}
