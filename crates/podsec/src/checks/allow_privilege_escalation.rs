use super::prelude::*;

declare_check! {
    /// Container may gain more rights than it started with
    ///
    /// Reports a container that does not forbid its processes to gain rights through set-user-id programs and
    /// file capabilities.
    ///
    /// ## Why
    /// An image often holds programs such as `su`, `sudo`, `mount` or `newuidmap` that run as root whoever
    /// calls them. An attacker who takes over a web server that runs as an ordinary user needs only a bug in
    /// one of these to be root in the container, with all capabilities the container was granted. With
    /// `allowPrivilegeEscalation: false` the kernel ignores the set-user-id bit and the step fails.
    ///
    /// ## Restricted fields
    /// - `spec.containers[*].securityContext.allowPrivilegeEscalation`
    /// - `spec.initContainers[*].securityContext.allowPrivilegeEscalation`
    /// - `spec.ephemeralContainers[*].securityContext.allowPrivilegeEscalation`
    ///
    /// ## Allowed values
    /// `false`. From v1.25 on, any value and none in a pod with `spec.os.name: windows`. Before v1.8 every
    /// value is allowed.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.27
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.27
    ///       securityContext: {allowPrivilegeEscalation: false}
    /// ```
    ///
    /// ## Remedy
    /// Set `allowPrivilegeEscalation: false` on every container. A process that becomes root by `sudo` or a
    /// set-user-id program then fails to; start it as the right user with `runAsUser` instead.
    pub AllowPrivilegeEscalation {
        id: "pss/allow-privilege-escalation",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_allowPrivilegeEscalation.go"),
            Source::Same("Pod Security Standards, Restricted, Privilege Escalation"),
        ],
    }
}

impl PodCheck for AllowPrivilegeEscalation {
    fn upstream_id(&self) -> &'static str {
        "allowPrivilegeEscalation"
    }

    fn level(&self) -> Level {
        Level::Restricted
    }

    fn revisions(&self) -> &'static [Revision] {
        &[
            Revision { since: 8, evaluate: allow_privilege_escalation_1_8 },
            Revision { since: 25, evaluate: allow_privilege_escalation_1_25 },
        ]
    }
}

fn allow_privilege_escalation_1_8(pod: &Pod<'_>) -> Option<Violation> {
    let mut faults = Faults::default();
    for (subject, container) in Subject::containers(pod) {
        let name = subject.name();
        let (anchor, message) = match container.security.allow_privilege_escalation {
            Some(false) => continue,
            Some(true) => (Anchor::Value, format!("{name} sets `allowPrivilegeEscalation` to `true`")),
            None => (Anchor::Missing, format!("{name} does not set `allowPrivilegeEscalation` to `false`")),
        };
        faults.add(subject, subject.field("securityContext.allowPrivilegeEscalation"), anchor, message);
    }
    faults.violation("allowPrivilegeEscalation != false", |faults| {
        format!("{} must set securityContext.allowPrivilegeEscalation=false", faults.subjects())
    })
}

fn allow_privilege_escalation_1_25(pod: &Pod<'_>) -> Option<Violation> {
    if pod.is_windows() {
        return None;
    }
    allow_privilege_escalation_1_8(pod)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: &str = "spec: {os: {name: windows}, containers: [{name: a}]}";

    check_table! {
        AllowPrivilegeEscalation, 7,
        before: "spec: {containers: [{name: a}]}" => allowed,
    }

    check_table! {
        AllowPrivilegeEscalation, 8,
        no_containers: "spec: {}" => allowed,
        forbidden: "spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false}}]}" => allowed,
        nothing_said: "spec: {containers: [{name: a}]}" => (
            "allowPrivilegeEscalation != false",
            r#"container "a" must set securityContext.allowPrivilegeEscalation=false"#,
            ["spec.containers[0].securityContext.allowPrivilegeEscalation"]
        ),
        everywhere: "spec: {
            containers: [
                {name: a, securityContext: {allowPrivilegeEscalation: true}},
                {name: b, securityContext: {allowPrivilegeEscalation: false}},
                {name: a, securityContext: {allowPrivilegeEscalation: null}}],
            ephemeralContainers: [{name: e, securityContext: {}}],
            initContainers: [{name: i}]}" => (
            "allowPrivilegeEscalation != false",
            r#"containers "i", "a", "a", "e" must set securityContext.allowPrivilegeEscalation=false"#,
            [
                "spec.initContainers[0].securityContext.allowPrivilegeEscalation",
                "spec.containers[0].securityContext.allowPrivilegeEscalation",
                "spec.containers[2].securityContext.allowPrivilegeEscalation",
                "spec.ephemeralContainers[0].securityContext.allowPrivilegeEscalation",
            ]
        ),
    }

    check_table! {
        AllowPrivilegeEscalation, 24,
        windows_is_exempt_later: WINDOWS => (
            "allowPrivilegeEscalation != false",
            r#"container "a" must set securityContext.allowPrivilegeEscalation=false"#,
            ["spec.containers[0].securityContext.allowPrivilegeEscalation"]
        ),
    }

    check_table! {
        AllowPrivilegeEscalation, 25,
        windows: WINDOWS => allowed,
        linux: "spec: {os: {name: linux}, containers: [{name: a}]}" => (
            "allowPrivilegeEscalation != false",
            r#"container "a" must set securityContext.allowPrivilegeEscalation=false"#,
            ["spec.containers[0].securityContext.allowPrivilegeEscalation"]
        ),
    }
}
