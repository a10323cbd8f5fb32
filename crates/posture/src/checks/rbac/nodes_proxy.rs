use super::prelude::*;
use crate::escalation::{Target, gain};

declare_check! {
    /// Subject may talk to kubelets
    ///
    /// A subject may use the subresource `proxy` of nodes, with `create` or with `get`: either reaches the
    /// kubelet's API.
    ///
    /// ## Why
    /// The kubelet runs commands in every pod of its node for whoever may use `nodes/proxy`, past admission
    /// and the audit log. `get` is enough, as commands can be sent through a WebSocket, which is opened
    /// with a GET.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// `nodes/metrics`, `nodes/stats`, `nodes/log`, `nodes/healthz`, `nodes/configz` and `nodes/pods`,
    /// which the kubelet asks for since 1.33.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [nodes/proxy], verbs: [get]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [nodes/metrics, nodes/stats], verbs: [get]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ## Remedy
    /// Give `nodes/metrics` and `nodes/stats`, which monitoring needs, in place of `nodes/proxy`.
    pub NodesProxy {
        id: "rbac/nodes-proxy",
        severity: Severity::Critical,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Access to proxy subresource of Nodes)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.10"),
        ],
    }
}

impl PostureCheck for NodesProxy {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const PROXY: &[Right] = &[cluster(&["get", "create"], "", "nodes/proxy")];
        for held in held(picture, &[PROXY]) {
            let (what, severity) = match held.names(0) {
                None => (
                    "may run commands through `nodes/proxy` in every pod of every node".to_owned(),
                    Self::META.severity,
                ),
                Some(names) => {
                    let nodes = words::listed(names.into_iter());
                    (
                        format!("may run commands through `nodes/proxy` in every pod of the nodes {nodes}"),
                        Severity::High,
                    )
                }
            };
            let accounts = picture.targets().accounts(&held.scopes);
            let runs = |target: &&&Target| {
                let account = target.account.as_ref();
                account.is_some_and(|(namespace, name)| picture.may_run(namespace, name))
            };
            match gain(picture.index(), &held.user, accounts.iter().filter(runs).copied(), &|_| true) {
                Some(gain) => {
                    held.report_with(
                        notes,
                        severity,
                        &what,
                        &format!("those of {}, among them", gain.text()),
                    );
                }
                None => held.report(notes, severity, &what),
            }
        }
    }
}
