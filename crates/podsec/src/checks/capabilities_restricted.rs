use super::prelude::*;

declare_check! {
    /// Container keeps capabilities it does not need
    ///
    /// Reports a container that does not drop all Linux capabilities, or adds one other than the right to
    /// listen on low ports.
    ///
    /// ## Why
    /// Even the capabilities that runtimes grant by default are parts of root's power: with `DAC_OVERRIDE`
    /// a process reads files of every owner, with `SETUID` it becomes any user, with `MKNOD` it makes
    /// device files, and `NET_RAW`, which many runtimes grant as well, lets it forge packets. Few services
    /// use any of them, but an exploit that runs in the service has them all.
    ///
    /// ## Restricted fields
    /// - `spec.containers[*].securityContext.capabilities.drop` and `.add`
    /// - `spec.initContainers[*].securityContext.capabilities.drop` and `.add`
    /// - `spec.ephemeralContainers[*].securityContext.capabilities.drop` and `.add`
    ///
    /// ## Allowed values
    /// `drop` has to contain `ALL`, in upper case. `add` may contain `NET_BIND_SERVICE` and nothing else,
    /// or be empty or absent. From v1.25 on, any value and none in a pod with `spec.os.name: windows`.
    /// Before v1.22 only what the baseline level says of `add` counts.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.27
    ///       securityContext:
    ///         capabilities:
    ///           add: [CHOWN]
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
    ///       securityContext:
    ///         capabilities:
    ///           drop: [ALL]
    ///           add: [NET_BIND_SERVICE]
    /// ```
    ///
    /// ## Remedy
    /// Set `drop: [ALL]` and remove `add`. If the process then fails to change the owner of files or its own
    /// user, prepare the files in the image or by `fsGroup` and start it as the right user with `runAsUser`.
    pub CapabilitiesRestricted {
        id: "pss/capabilities-restricted",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_capabilities_restricted.go"),
            Source::Same("Pod Security Standards, Restricted, Capabilities"),
        ],
    }
}

impl PodCheck for CapabilitiesRestricted {
    fn upstream_id(&self) -> &'static str {
        "capabilities_restricted"
    }

    fn level(&self) -> Level {
        Level::Restricted
    }

    fn revisions(&self) -> &'static [Revision] {
        &[
            Revision { since: 22, evaluate: capabilities_restricted_1_22 },
            Revision { since: 25, evaluate: capabilities_restricted_1_25 },
        ]
    }

    fn overrides(&self) -> Option<&'static str> {
        Some("capabilities_baseline")
    }
}

const REASON: &str = "unrestricted capabilities";

fn capabilities_restricted_1_22(pod: &Pod<'_>) -> Option<Violation> {
    let additions = capabilities::forbidden_additions(pod, &["NET_BIND_SERVICE"], REASON);
    match (not_dropping_all(pod), additions) {
        (Some(mut drops), Some(additions)) => {
            drops.detail = format!("{}; {}", drops.detail, additions.detail);
            drops.offences.extend(additions.offences);
            Some(drops)
        }
        (drops, additions) => drops.or(additions),
    }
}

fn capabilities_restricted_1_25(pod: &Pod<'_>) -> Option<Violation> {
    if pod.is_windows() {
        return None;
    }
    capabilities_restricted_1_22(pod)
}

fn not_dropping_all(pod: &Pod<'_>) -> Option<Violation> {
    let mut faults = Faults::default();
    for (subject, container) in Subject::containers(pod) {
        let dropped =
            container.security.capabilities.as_ref().map_or(&[][..], |capabilities| &capabilities.drop);
        if !dropped.contains(&"ALL") {
            let anchor = if dropped.is_empty() { Anchor::Missing } else { Anchor::Value };
            let message = format!("{} does not drop `ALL` capabilities", subject.name());
            faults.add(subject, subject.field("securityContext.capabilities.drop"), anchor, message);
        }
    }
    faults.violation(REASON, |faults| {
        format!(r#"{} must set securityContext.capabilities.drop=["ALL"]"#, faults.subjects())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: &str =
        "spec: {os: {name: windows}, containers: [{name: a, securityContext: {capabilities: {add: [BPF]}}}]}";

    check_table! {
        CapabilitiesRestricted, 21,
        before: "spec: {containers: [{name: a}]}" => allowed,
    }

    check_table! {
        CapabilitiesRestricted, 22,
        good: "spec: {containers: [
            {name: a, securityContext: {capabilities: {drop: [ALL]}}},
            {name: b, securityContext: {capabilities: {drop: [NET_RAW, ALL], add: [NET_BIND_SERVICE]}}}]}" => allowed,
        drop_missing: "spec: {
            initContainers: [{name: i}],
            containers: [
                {name: a, securityContext: {}},
                {name: b, securityContext: {capabilities: {}}},
                {name: c, securityContext: {capabilities: {drop: [all, CAP_ALL]}}},
                {name: c, securityContext: {capabilities: {drop: [ALL]}}}],
            ephemeralContainers: [{name: e, securityContext: {capabilities: {drop: []}}}]}" => (
            "unrestricted capabilities",
            r#"containers "i", "a", "b", "c", "e" must set securityContext.capabilities.drop=["ALL"]"#,
            [
                "spec.initContainers[0].securityContext.capabilities.drop",
                "spec.containers[0].securityContext.capabilities.drop",
                "spec.containers[1].securityContext.capabilities.drop",
                "spec.containers[2].securityContext.capabilities.drop",
                "spec.ephemeralContainers[0].securityContext.capabilities.drop",
            ]
        ),
        added: "spec: {containers: [{name: a, securityContext: {capabilities: {drop: [ALL], add: [NET_BIND_SERVICE, KILL, KILL, '']}}}]}" => (
            "unrestricted capabilities",
            r#"container "a" must not include "", "KILL" in securityContext.capabilities.add"#,
            [
                "spec.containers[0].securityContext.capabilities.add[1]",
                "spec.containers[0].securityContext.capabilities.add[2]",
                "spec.containers[0].securityContext.capabilities.add[3]",
            ]
        ),
        both: "spec: {containers: [
            {name: a, securityContext: {capabilities: {add: [CHOWN]}}},
            {name: b, securityContext: {capabilities: {drop: [ALL], add: [BPF]}}},
            {name: c}]}" => (
            "unrestricted capabilities",
            concat!(
                r#"containers "a", "c" must set securityContext.capabilities.drop=["ALL"]; "#,
                r#"containers "a", "b" must not include "BPF", "CHOWN" in securityContext.capabilities.add"#,
            ),
            [
                "spec.containers[0].securityContext.capabilities.drop",
                "spec.containers[2].securityContext.capabilities.drop",
                "spec.containers[0].securityContext.capabilities.add[0]",
                "spec.containers[1].securityContext.capabilities.add[0]",
            ]
        ),
    }

    check_table! {
        CapabilitiesRestricted, 24,
        windows_is_exempt_later: WINDOWS => (
            "unrestricted capabilities",
            concat!(
                r#"container "a" must set securityContext.capabilities.drop=["ALL"]; "#,
                r#"container "a" must not include "BPF" in securityContext.capabilities.add"#,
            ),
            [
                "spec.containers[0].securityContext.capabilities.drop",
                "spec.containers[0].securityContext.capabilities.add[0]",
            ]
        ),
    }

    check_table! {
        CapabilitiesRestricted, 25,
        windows: WINDOWS => allowed,
    }
}
