use super::prelude::*;

declare_check! {
    /// Pod chooses its own SELinux user, role or type
    ///
    /// Reports a pod or container that sets an SELinux user or role, or a type that is not made for
    /// containers.
    ///
    /// ## Why
    /// On nodes with SELinux the label of a process decides what it may touch. The types for containers are
    /// confined to the container's own files; a type such as `spc_t` or `unconfined_t` is confined to
    /// nothing, so that root in the container may read and relabel the node's files as if SELinux were off.
    /// User and role decide which types can be reached from there.
    ///
    /// ## Restricted fields
    /// - `spec.securityContext.seLinuxOptions.type`, `.user` and `.role`
    /// - `spec.containers[*].securityContext.seLinuxOptions.type`, `.user` and `.role`
    /// - `spec.initContainers[*].securityContext.seLinuxOptions.type`, `.user` and `.role`
    /// - `spec.ephemeralContainers[*].securityContext.seLinuxOptions.type`, `.user` and `.role`
    ///
    /// ## Allowed values
    /// For the type `container_t`, `container_init_t`, `container_kvm_t` and, from v1.31 on,
    /// `container_engine_t`; for all three the empty text, or absent. The level is not restricted.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: indexer}
    /// spec:
    ///   securityContext:
    ///     seLinuxOptions: {type: spc_t}
    ///   containers:
    ///     - name: indexer
    ///       image: registry.example/indexer:4.4
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: indexer}
    /// spec:
    ///   securityContext:
    ///     seLinuxOptions: {type: container_t, level: "s0:c123,c456"}
    ///   containers:
    ///     - name: indexer
    ///       image: registry.example/indexer:4.4
    /// ```
    ///
    /// ## Remedy
    /// Remove user and role, and the type or set it to `container_t`. To share files between pods, give them
    /// the same `level` instead of a stronger type.
    pub SeLinuxOptions {
        id: "pss/se-linux-options",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_seLinuxOptions.go"),
            Source::Same("Pod Security Standards, Baseline, SELinux"),
        ],
    }
}

impl PodCheck for SeLinuxOptions {
    fn upstream_id(&self) -> &'static str {
        "seLinuxOptions"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[
            Revision { since: 0, evaluate: se_linux_options_1_0 },
            Revision { since: 31, evaluate: se_linux_options_1_31 },
        ]
    }
}

const ALLOWED_TYPES_1_0: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t"];
const ALLOWED_TYPES_1_31: &[&str] =
    &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

fn se_linux_options_1_0(pod: &Pod<'_>) -> Option<Violation> {
    se_linux_options(pod, ALLOWED_TYPES_1_0)
}

fn se_linux_options_1_31(pod: &Pod<'_>) -> Option<Violation> {
    se_linux_options(pod, ALLOWED_TYPES_1_31)
}

fn se_linux_options(pod: &Pod<'_>, allowed_types: &[&str]) -> Option<Violation> {
    let mut faults = Faults::default();
    let mut types = BTreeSet::new();
    let (mut sets_user, mut sets_role) = (false, false);
    for subject in Subject::all(pod) {
        let Some(options) = subject.setting(|security| security.se_linux, |security| security.se_linux)
        else {
            continue;
        };
        let mut add = |key: &str, value: &str| {
            let path = subject.field("securityContext.seLinuxOptions").key(key);
            let message = format!("{} sets the SELinux {key} `{value}`", subject.name());
            faults.add(subject, path, Anchor::Value, message);
        };
        if !allowed_types.contains(&options.kind) {
            types.insert(options.kind);
            add("type", options.kind);
        }
        if !options.user.is_empty() {
            sets_user = true;
            add("user", options.user);
        }
        if !options.role.is_empty() {
            sets_role = true;
            add("role", options.role);
        }
    }
    faults.violation("seLinuxOptions", |faults| {
        let mut what = Vec::new();
        if !types.is_empty() {
            what.push(format!("{} {}", pluralize("type", "types", types.len()), join_quoted(types)));
        }
        if sets_user {
            what.push("user may not be set".to_owned());
        }
        if sets_role {
            what.push("role may not be set".to_owned());
        }
        format!("{} set forbidden securityContext.seLinuxOptions: {}", faults.subjects(), what.join("; "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGINE: &str =
        "spec: {containers: [{name: a, securityContext: {seLinuxOptions: {type: container_engine_t}}}]}";

    check_table! {
        SeLinuxOptions, 30,
        none: "spec: {securityContext: {seLinuxOptions: {}}, containers: [
            {name: a, securityContext: {seLinuxOptions: {type: container_t, level: s0, user: '', role: ''}}},
            {name: b, securityContext: {seLinuxOptions: {type: container_init_t}}},
            {name: c, securityContext: {seLinuxOptions: {type: container_kvm_t}}}]}" => allowed,
        engines_come_later: ENGINE => (
            "seLinuxOptions",
            r#"container "a" set forbidden securityContext.seLinuxOptions: type "container_engine_t""#,
            ["spec.containers[0].securityContext.seLinuxOptions.type"]
        ),
    }

    check_table! {
        SeLinuxOptions, 31,
        engines: ENGINE => allowed,
        user: "spec: {securityContext: {seLinuxOptions: {user: u}}}" => (
            "seLinuxOptions",
            "pod set forbidden securityContext.seLinuxOptions: user may not be set",
            ["spec.securityContext.seLinuxOptions.user"]
        ),
        role: "spec: {initContainers: [{name: i, securityContext: {seLinuxOptions: {role: r}}}]}" => (
            "seLinuxOptions",
            r#"container "i" set forbidden securityContext.seLinuxOptions: role may not be set"#,
            ["spec.initContainers[0].securityContext.seLinuxOptions.role"]
        ),
        everything: "spec: {
            securityContext: {seLinuxOptions: {type: spc_t}},
            containers: [
                {name: a, securityContext: {seLinuxOptions: {role: r, user: u, type: spc_t}}},
                {name: a, securityContext: {seLinuxOptions: {type: Container_t}}}],
            ephemeralContainers: [{name: e, securityContext: {seLinuxOptions: {user: u}}}]}" => (
            "seLinuxOptions",
            concat!(
                r#"pod and containers "a", "a", "e" set forbidden securityContext.seLinuxOptions: "#,
                r#"types "Container_t", "spc_t"; user may not be set; role may not be set"#,
            ),
            [
                "spec.securityContext.seLinuxOptions.type",
                "spec.containers[0].securityContext.seLinuxOptions.type",
                "spec.containers[0].securityContext.seLinuxOptions.user",
                "spec.containers[0].securityContext.seLinuxOptions.role",
                "spec.containers[1].securityContext.seLinuxOptions.type",
                "spec.ephemeralContainers[0].securityContext.seLinuxOptions.user",
            ]
        ),
    }
}
