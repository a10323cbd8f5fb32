use super::prelude::*;

declare_check! {
    /// Pod sets an unsafe kernel parameter
    ///
    /// Reports a sysctl that is not known to be confined to the pod.
    ///
    /// ## Why
    /// Many kernel parameters apply to the node as a whole; others are the pod's own but spend memory that
    /// all pods share, such as larger message queues. With one of the first kind a pod weakens or stalls
    /// its neighbours; `net.ipv4.ip_forward` or `net.ipv4.conf.all.route_localnet` opens paths through the
    /// network that other defences take to be closed.
    ///
    /// ## Restricted fields
    /// - `spec.securityContext.sysctls[*].name`
    ///
    /// ## Allowed values
    /// - `kernel.shm_rmid_forced`
    /// - `net.ipv4.ip_local_port_range`
    /// - `net.ipv4.tcp_syncookies`
    /// - `net.ipv4.ping_group_range`
    /// - `net.ipv4.ip_unprivileged_port_start`
    /// - from v1.27 on `net.ipv4.ip_local_reserved_ports`
    /// - from v1.29 on `net.ipv4.tcp_keepalive_time`, `net.ipv4.tcp_fin_timeout`,
    ///   `net.ipv4.tcp_keepalive_intvl` and `net.ipv4.tcp_keepalive_probes`
    /// - from v1.32 on `net.ipv4.tcp_rmem` and `net.ipv4.tcp_wmem`
    /// - from v1.37 on `net.ipv4.tcp_slow_start_after_idle` and `net.ipv4.tcp_notsent_lowat`
    ///
    /// Names are compared as they are: `net/ipv4/tcp_syncookies` is another one.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: queue}
    /// spec:
    ///   securityContext:
    ///     sysctls:
    ///       - {name: kernel.msgmax, value: "65536"}
    ///   containers:
    ///     - name: queue
    ///       image: registry.example/queue:6.0
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: queue}
    /// spec:
    ///   securityContext:
    ///     sysctls:
    ///       - {name: net.ipv4.ip_unprivileged_port_start, value: "80"}
    ///   containers:
    ///     - name: queue
    ///       image: registry.example/queue:6.0
    /// ```
    ///
    /// ## Remedy
    /// Remove the sysctl, or set it on the nodes for all pods if it is right for all. If only a newer version
    /// allows it, raise the version in the labels of the namespace.
    pub Sysctls {
        id: "pss/sysctls",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.1.0",
        sources: &[
            Source::Same("k8s.io/pod-security-admission policy/check_sysctls.go"),
            Source::Same("Pod Security Standards, Baseline, Sysctls"),
        ],
    }
}

impl PodCheck for Sysctls {
    fn upstream_id(&self) -> &'static str {
        "sysctls"
    }

    fn level(&self) -> Level {
        Level::Baseline
    }

    fn revisions(&self) -> &'static [Revision] {
        &[
            Revision { since: 0, evaluate: sysctls_1_0 },
            Revision { since: 27, evaluate: sysctls_1_27 },
            Revision { since: 29, evaluate: sysctls_1_29 },
            Revision { since: 32, evaluate: sysctls_1_32 },
            Revision { since: 37, evaluate: sysctls_1_37 },
        ]
    }
}

/// The sysctls that are allowed, each with the first minor version at which it is.
pub(crate) const ALLOWED: [(&str, u64); 14] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

fn sysctls_1_0(pod: &Pod<'_>) -> Option<Violation> {
    sysctls(pod, 0)
}

fn sysctls_1_27(pod: &Pod<'_>) -> Option<Violation> {
    sysctls(pod, 27)
}

fn sysctls_1_29(pod: &Pod<'_>) -> Option<Violation> {
    sysctls(pod, 29)
}

fn sysctls_1_32(pod: &Pod<'_>) -> Option<Violation> {
    sysctls(pod, 32)
}

fn sysctls_1_37(pod: &Pod<'_>) -> Option<Violation> {
    sysctls(pod, 37)
}

fn sysctls(pod: &Pod<'_>, minor: u64) -> Option<Violation> {
    let is_allowed = |name| ALLOWED.iter().any(|(allowed, since)| *allowed == name && *since <= minor);
    let names = pod.security.sysctls.iter().map(|sysctl| sysctl.name).enumerate();
    let forbidden: Vec<(usize, &str)> = names.filter(|(_, name)| !is_allowed(*name)).collect();
    let offence = |&(index, name): &(usize, &str)| Offence {
        path: pod.field("spec.securityContext.sysctls").index(index).key("name"),
        anchor: text_anchor(name),
        message: match name {
            "" => "the pod has a sysctl without a name".to_owned(),
            name => format!("the pod sets the sysctl `{name}`"),
        },
    };
    let offences = forbidden.iter().map(offence).collect();
    let detail = || forbidden.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
    violation("forbidden sysctls", detail, offences)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = "spec: {securityContext: {sysctls: [
        {name: kernel.shm_rmid_forced}, {name: net.ipv4.ip_local_port_range}, {name: net.ipv4.tcp_syncookies},
        {name: net.ipv4.ping_group_range}, {name: net.ipv4.ip_unprivileged_port_start},
        {name: net.ipv4.ip_local_reserved_ports}, {name: net.ipv4.tcp_keepalive_time},
        {name: net.ipv4.tcp_fin_timeout}, {name: net.ipv4.tcp_keepalive_intvl},
        {name: net.ipv4.tcp_keepalive_probes}, {name: net.ipv4.tcp_rmem}, {name: net.ipv4.tcp_wmem},
        {name: net.ipv4.tcp_slow_start_after_idle}, {name: net.ipv4.tcp_notsent_lowat}]}}";

    fn forbidden_at(minor: u64) -> usize {
        crate::checks::testing::evaluate(&Sysctls, minor, ALL).map_or(0, |(_, _, paths)| paths.len())
    }

    #[test]
    fn each_version_allows_more() {
        let forbidden = [0, 26, 27, 28, 29, 31, 32, 36, 37].map(forbidden_at);
        assert_eq!(forbidden, [9, 9, 8, 8, 4, 4, 2, 2, 0]);
    }

    check_table! {
        Sysctls, 37,
        none: "spec: {securityContext: {sysctls: []}}" => allowed,
        as_they_are_written: "spec: {securityContext: {sysctls: [
            {name: net.b, value: '1'}, {name: net.ipv4.tcp_rmem}, {name: net.a}, {}, {name: net.b}, {name: net/ipv4/tcp_rmem}]}}" => (
            "forbidden sysctls",
            "net.b, net.a, , net.b, net/ipv4/tcp_rmem",
            [
                "spec.securityContext.sysctls[0].name",
                "spec.securityContext.sysctls[2].name",
                "spec.securityContext.sysctls[3].name",
                "spec.securityContext.sysctls[4].name",
                "spec.securityContext.sysctls[5].name",
            ]
        ),
    }

    check_table! {
        Sysctls, 36,
        just_before: "spec: {securityContext: {sysctls: [{name: net.ipv4.tcp_notsent_lowat}]}}" => (
            "forbidden sysctls",
            "net.ipv4.tcp_notsent_lowat",
            ["spec.securityContext.sysctls[0].name"]
        ),
    }
}
