use super::prelude::*;

declare_check! {
    /// Pod shares a namespace of the host
    ///
    /// Reports a pod that asks for the network, process or IPC namespace of its node.
    ///
    /// ## Why
    /// In the host's network namespace a pod reaches every service that listens on the node's loopback
    /// address and sees other pods' traffic; in its process namespace it sees, and with enough rights
    /// signals or traces, every process of the node and of all other pods; in its IPC namespace it reads
    /// their shared memory.
    ///
    /// ## Restricted fields
    /// - `spec.hostNetwork`
    /// - `spec.hostPID`
    /// - `spec.hostIPC`
    ///
    /// ## Allowed values
    /// `false`, or absent.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: debug}
    /// spec:
    ///   hostPID: true
    ///   containers:
    ///     - name: shell
    ///       image: registry.example/shell:1.4
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: debug}
    /// spec:
    ///   containers:
    ///     - name: shell
    ///       image: registry.example/shell:1.4
    /// ```
    ///
    /// ## Remedy
    /// Remove the field. A workload that really needs the host, such as a network plugin, belongs in a
    /// namespace of its own that allows the privileged level.
    pub HostNamespaces {
        id: "pss/host-namespaces",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_hostNamespaces.go"),
            Source::Same("Pod Security Standards, Baseline, Host Namespaces"),
        ],
    }
}

impl PodCheck for HostNamespaces {
    fn upstream_id(&self) -> &'static str {
        "hostNamespaces"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 0, evaluate: host_namespaces_1_0 }]
    }
}

fn host_namespaces_1_0(pod: &Pod<'_>) -> Option<Violation> {
    let fields = [("hostNetwork", pod.host_network), ("hostPID", pod.host_pid), ("hostIPC", pod.host_ipc)];
    let set = || fields.iter().filter(|(_, set)| *set).map(|(field, _)| *field);
    violation(
        "host namespaces",
        || set().map(|field| format!("{field}=true")).collect::<Vec<_>>().join(", "),
        set()
            .map(|field| {
                let message = format!("`{field}` is `true`: the pod shares a namespace of its node");
                Offence::of_pod(pod, &format!("spec.{field}"), Anchor::Value, message)
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    check_table! {
        HostNamespaces, 37,
        none: "spec: {hostNetwork: false, containers: [{name: a}]}" => allowed,
        one: "spec: {hostPID: true}" => ("host namespaces", "hostPID=true", ["spec.hostPID"]),
        all: "spec: {hostIPC: true, hostPID: true, hostNetwork: true}" => (
            "host namespaces",
            "hostNetwork=true, hostPID=true, hostIPC=true",
            ["spec.hostNetwork", "spec.hostPID", "spec.hostIPC"]
        ),
    }
}
