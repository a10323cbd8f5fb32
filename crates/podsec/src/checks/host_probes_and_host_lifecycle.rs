use super::prelude::*;

declare_check! {
    /// Probe or lifecycle hook calls a host of its own choice
    ///
    /// Reports a probe or lifecycle handler that names the host it connects to, instead of the pod itself.
    ///
    /// ## Why
    /// The kubelet makes these connections, from the network of the node. A pod that names the host sends
    /// the kubelet wherever it likes: to services that listen only on the node's loopback address, to the
    /// cloud's metadata endpoint, or past the network policies that confine the pod itself. Whether the
    /// probe succeeds tells the attacker what is listening there, which makes the node a port scanner.
    ///
    /// ## Restricted fields
    /// Of `spec.containers[*]`, `spec.initContainers[*]` and `spec.ephemeralContainers[*]`:
    ///
    /// - `livenessProbe.httpGet.host` and `livenessProbe.tcpSocket.host`
    /// - `readinessProbe.httpGet.host` and `readinessProbe.tcpSocket.host`
    /// - `startupProbe.httpGet.host` and `startupProbe.tcpSocket.host`
    /// - `lifecycle.postStart.httpGet.host` and `lifecycle.postStart.tcpSocket.host`
    /// - `lifecycle.preStop.httpGet.host` and `lifecycle.preStop.tcpSocket.host`
    ///
    /// ## Allowed values
    /// The empty text, or absent. Before v1.34 every value is allowed.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: api}
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example/api:7.2
    ///       livenessProbe:
    ///         httpGet: {host: 169.254.169.254, port: 80}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: api}
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example/api:7.2
    ///       livenessProbe:
    ///         httpGet: {port: 8080, path: /healthz}
    /// ```
    ///
    /// ## Remedy
    /// Remove `host`: the connection then goes to the address of the pod. To send a certain virtual host
    /// name, put it into `httpHeaders` as `Host`. To reach a server that listens on loopback only, use an
    /// `exec` probe.
    pub HostProbesAndHostLifecycle {
        id: "pss/host-probes-and-host-lifecycle",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_hostProbesAndhostLifecycle.go"),
            Source::Same("Pod Security Standards, Baseline, Host Probes / Lifecycle Hooks"),
        ],
    }
}

impl PodCheck for HostProbesAndHostLifecycle {
    fn upstream_id(&self) -> &'static str {
        "hostProbesAndHostLifecycle"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 34, evaluate: host_probes_and_host_lifecycle_1_34 }]
    }
}

fn host_probes_and_host_lifecycle_1_34(pod: &Pod<'_>) -> Option<Violation> {
    let mut faults = Faults::default();
    let mut hosts = BTreeSet::new();
    for (subject, container) in Subject::containers(pod) {
        for handler in &container.hosts {
            hosts.insert(handler.host);
            let message = format!("{} has the node connect to the host `{}`", subject.name(), handler.host);
            faults.add(subject, subject.field(handler.field), Anchor::Value, message);
        }
    }
    faults.violation("probe or lifecycle host", |faults| {
        // Unlike elsewhere, upstream names containers of equal name once, and sorts them.
        let names: Vec<&str> = sorted_set(faults.container_names()).into_iter().collect();
        let verb = pluralize("uses", "use", names.len());
        let noun = pluralize("probe or lifecycle host", "probe or lifecycle hosts", hosts.len());
        format!("{} {verb} {noun} {}", containers(&names), join_quoted(hosts))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBE: &str = "spec: {containers: [{name: a, livenessProbe: {tcpSocket: {port: 1, host: h}}}]}";

    check_table! {
        HostProbesAndHostLifecycle, 33,
        before: PROBE => allowed,
    }

    check_table! {
        HostProbesAndHostLifecycle, 34,
        none: "spec: {containers: [{name: a, livenessProbe: {httpGet: {host: '', port: 1}}, lifecycle: {preStop: {exec: {}}}}]}" => allowed,
        one: PROBE => (
            "probe or lifecycle host",
            r#"container "a" uses probe or lifecycle host "h""#,
            ["spec.containers[0].livenessProbe.tcpSocket.host"]
        ),
        every_handler: "spec: {containers: [{name: a,
            livenessProbe: {httpGet: {host: h}, tcpSocket: {host: g}},
            readinessProbe: {httpGet: {host: h}, tcpSocket: {host: h}},
            startupProbe: {httpGet: {host: h}, tcpSocket: {host: h}},
            lifecycle: {
                postStart: {httpGet: {host: h}, tcpSocket: {host: h}},
                preStop: {httpGet: {host: h}, tcpSocket: {host: h}}}}]}" => (
            "probe or lifecycle host",
            r#"container "a" uses probe or lifecycle hosts "g", "h""#,
            [
                "spec.containers[0].livenessProbe.httpGet.host",
                "spec.containers[0].livenessProbe.tcpSocket.host",
                "spec.containers[0].readinessProbe.httpGet.host",
                "spec.containers[0].readinessProbe.tcpSocket.host",
                "spec.containers[0].startupProbe.httpGet.host",
                "spec.containers[0].startupProbe.tcpSocket.host",
                "spec.containers[0].lifecycle.postStart.httpGet.host",
                "spec.containers[0].lifecycle.postStart.tcpSocket.host",
                "spec.containers[0].lifecycle.preStop.httpGet.host",
                "spec.containers[0].lifecycle.preStop.tcpSocket.host",
            ]
        ),
        names_are_sorted: "spec: {
            initContainers: [{name: z, startupProbe: {httpGet: {host: h}}}],
            containers: [{name: b, lifecycle: {preStop: {httpGet: {host: h}}}}],
            ephemeralContainers: [{name: a, livenessProbe: {httpGet: {host: h}}}]}" => (
            "probe or lifecycle host",
            r#"containers "a", "b", "z" use probe or lifecycle host "h""#,
            [
                "spec.initContainers[0].startupProbe.httpGet.host",
                "spec.containers[0].lifecycle.preStop.httpGet.host",
                "spec.ephemeralContainers[0].livenessProbe.httpGet.host",
            ]
        ),
        equal_names_count_once: "spec: {containers: [
            {name: a, livenessProbe: {httpGet: {host: h}}}, {name: a, livenessProbe: {httpGet: {host: i}}}]}" => (
            "probe or lifecycle host",
            r#"container "a" uses probe or lifecycle hosts "h", "i""#,
            ["spec.containers[0].livenessProbe.httpGet.host", "spec.containers[1].livenessProbe.httpGet.host"]
        ),
    }
}
