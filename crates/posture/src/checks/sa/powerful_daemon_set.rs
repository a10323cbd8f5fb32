use super::prelude::*;
use crate::strength;

declare_check! {
    /// DaemonSet runs with strong rights on every node
    ///
    /// The pods of a DaemonSet run as a service account with rights that lead beyond the pod, such as reading all Secrets.
    ///
    /// ## Why
    /// A DaemonSet puts the token of its service account on every node. Whoever takes over any one node, the weakest,
    /// has these rights in the cluster.
    ///
    /// ## Restricted fields
    /// - `spec.serviceAccountName` of pods, with what is bound to it
    ///
    /// ## Allowed values
    /// A service account without the rights that are named.
    ///
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: DaemonSet
    /// metadata: {name: agent, namespace: shop}
    /// spec:
    ///   template:
    ///     metadata: {labels: {app: agent}}
    ///     spec:
    ///       serviceAccountName: agent
    ///       containers: [{name: agent, image: agent}]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-reader}
    /// subjects: [{kind: ServiceAccount, name: agent, namespace: shop}]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: secret-reader}
    /// rules: [{apiGroups: [""], resources: [secrets], verbs: [get, list]}]
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: DaemonSet
    /// metadata: {name: agent, namespace: shop}
    /// spec:
    ///   template:
    ///     metadata: {labels: {app: agent}}
    ///     spec:
    ///       serviceAccountName: agent
    ///       containers: [{name: agent, image: agent}]
    /// ```
    ///
    /// ## Remedy
    /// Take the right away, limit it to a namespace or to names, or move what needs it into a Deployment with one pod on a node of its own.
    pub PowerfulDaemonSet {
        id: "sa/powerful-daemon-set",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Minimize distribution of privileged tokens)"),
        ],
    }
}

impl PostureCheck for PowerfulDaemonSet {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for workload in picture.workloads().iter().filter(|workload| workload.identity.kind == "DaemonSet") {
            let strengths = strength::of_workload(picture, workload);
            if !strengths.iter().any(|strength| strength.in_cluster) {
                continue;
            }
            let message = format!(
                "every node holds a token of `sa:{}/{}`, which may {}",
                workload.namespace,
                workload.account,
                strength::describe(&strengths)
            );
            notes.add(workload.object, workload.account_field(), Anchor::Value, message);
        }
    }
}
