use super::prelude::*;
use crate::escalation::{Target, gain};

declare_check! {
    /// Subject may run commands in pods
    ///
    /// A subject may run commands in pods, attach to them, put a container into them or change their images: with `create` or,
    /// by way of a WebSocket, with `get`. The message names the most powerful service account that it
    /// reaches so, as far as workloads are known.
    ///
    /// ## Why
    /// Whoever runs a command in a pod has the token of its service account, its Secrets and its network.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// No such rights for workloads; for people in the namespaces where they debug.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [pods/exec], verbs: [get]}
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
    ///   - {apiGroups: [""], resources: [pods/log], verbs: [get]}
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
    /// Give the right to people who debug, in the namespaces where they do.
    pub PodExec {
        id: "rbac/pod-exec",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/rbac (Referring to resources)"),
            Source::Inspired("Kubescape C-0002"),
        ],
    }
}

impl PostureCheck for PodExec {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const EXEC: &[Right] = &[
            namespaced(&["get", "create"], "", "pods/exec"),
            namespaced(&["get", "create"], "", "pods/attach"),
            namespaced(CHANGE, "", "pods/ephemeralcontainers"),
            namespaced(CHANGE, "", "pods"),
        ];
        for held in held(picture, &[EXEC]) {
            let accounts = picture.targets().accounts(&held.scopes);
            let runs = |target: &&&Target| {
                let account = target.account.as_ref();
                account.is_some_and(|(namespace, name)| picture.may_run(namespace, name))
            };
            let base = held.severity(Self::META.severity);
            let what = "may run code in running pods";
            match gain(picture.index(), &held.user, accounts.iter().filter(runs).copied(), &|_| true) {
                Some(gain) => {
                    let severity = base.max(gain.worth.severity());
                    held.report_with(notes, severity, what, &format!("such as those of {}", gain.text()));
                }
                None => held.report(notes, base, what),
            }
        }
    }
}
