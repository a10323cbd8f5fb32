use super::prelude::*;

declare_check! {
    /// Container takes a port of its node
    ///
    /// Reports a container port that is opened on the node's own address.
    ///
    /// ## Why
    /// A host port is reachable from wherever the node is, past the services and network policies that guard
    /// the pod network. It can also stand in for somebody else: a pod that takes the node port of an agent or
    /// of a metadata proxy before its owner does receives the requests and credentials that were meant for
    /// it. And since one node has each port once, two such pods cannot share a node.
    ///
    /// ## Restricted fields
    /// - `spec.containers[*].ports[*].hostPort`
    /// - `spec.initContainers[*].ports[*].hostPort`
    /// - `spec.ephemeralContainers[*].ports[*].hostPort`
    ///
    /// In a pod with `hostNetwork: true` every container port is a host port, because Kubernetes fills
    /// `hostPort` in from `containerPort`.
    ///
    /// ## Allowed values
    /// `0`, or absent.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: proxy}
    /// spec:
    ///   containers:
    ///     - name: proxy
    ///       image: registry.example/proxy:5
    ///       ports:
    ///         - containerPort: 8080
    ///           hostPort: 80
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: proxy}
    /// spec:
    ///   containers:
    ///     - name: proxy
    ///       image: registry.example/proxy:5
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    ///
    /// ## Remedy
    /// Remove `hostPort` and publish the port with a Service. An ingress controller or node agent that has to
    /// listen on the node belongs in a namespace of its own that allows the privileged level.
    pub HostPorts {
        id: "pss/host-ports",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_hostPorts.go"),
            Source::Same("Pod Security Standards, Baseline, Host Ports"),
        ],
    }
}

impl PodCheck for HostPorts {
    fn upstream_id(&self) -> &'static str {
        "hostPorts"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[Revision { since: 0, evaluate: host_ports_1_0 }]
    }
}

fn host_ports_1_0(pod: &Pod<'_>) -> Option<Violation> {
    let mut faults = Faults::default();
    // Upstream sorts the numbers as texts.
    let mut numbers = BTreeSet::new();
    for (subject, container) in Subject::containers(pod) {
        for port in container.ports.iter().filter(|port| port.host_port != 0) {
            let number = port.host_port;
            numbers.insert(number.to_string());
            let (field, why) = match port.written {
                true => ("hostPort", ""),
                false => ("containerPort", " because the pod is on the network of its node"),
            };
            let path = subject.field("ports").index(port.index).key(field);
            let message = format!("{} takes port `{number}` of its node{why}", subject.name());
            faults.add(subject, path, Anchor::Value, message);
        }
    }
    faults.violation("hostPort", |faults| {
        let verb = pluralize("uses", "use", faults.container_names().len());
        let noun = pluralize("hostPort", "hostPorts", numbers.len());
        let numbers = numbers.into_iter().collect::<Vec<_>>().join(", ");
        format!("{} {verb} {noun} {numbers}", faults.subjects())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    check_table! {
        HostPorts, 0,
        none: "spec: {containers: [{name: a, ports: [{containerPort: 80}, {containerPort: 81, hostPort: 0}]}]}" => allowed,
        one: "spec: {containers: [{name: a, ports: [{containerPort: 80}, {containerPort: 81, hostPort: 82}]}]}" => (
            "hostPort",
            r#"container "a" uses hostPort 82"#,
            ["spec.containers[0].ports[1].hostPort"]
        ),
        one_container_several_ports: "spec: {containers: [{name: a, ports: [{hostPort: 9}, {hostPort: 10}, {hostPort: 9}]}]}" => (
            "hostPort",
            r#"container "a" uses hostPorts 10, 9"#,
            ["spec.containers[0].ports[0].hostPort", "spec.containers[0].ports[1].hostPort", "spec.containers[0].ports[2].hostPort"]
        ),
        several_containers_one_port: "spec: {
            containers: [{name: a, ports: [{hostPort: 80}]}],
            initContainers: [{name: i, ports: [{hostPort: 80}]}],
            ephemeralContainers: [{name: e, ports: [{hostPort: 80}]}]}" => (
            "hostPort",
            r#"containers "i", "a", "e" use hostPort 80"#,
            ["spec.initContainers[0].ports[0].hostPort", "spec.containers[0].ports[0].hostPort", "spec.ephemeralContainers[0].ports[0].hostPort"]
        ),
        filled_in: "spec: {hostNetwork: true, containers: [{name: a, ports: [{containerPort: 80}, {containerPort: 81, hostPort: 82}, {}]}]}" => (
            "hostPort",
            r#"container "a" uses hostPorts 80, 82"#,
            ["spec.containers[0].ports[0].containerPort", "spec.containers[0].ports[1].hostPort"]
        ),
    }
}
