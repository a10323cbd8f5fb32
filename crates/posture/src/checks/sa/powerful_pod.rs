use super::prelude::*;
use crate::exposure;
use crate::strength;

declare_check! {
    /// Pod has strong rights in the whole cluster
    ///
    /// The pods run as a service account with rights over the whole cluster that lead beyond the pod. DaemonSets and pods that
    /// can be reached from outside have checks of their own, and are not reported here.
    ///
    /// ## Why
    /// Whoever gets into the container, or may create pods in its namespace, has these rights. Controllers need some;
    /// the list tells which to look at first.
    ///
    /// ## Restricted fields
    /// - `spec.serviceAccountName` of pods, with what is bound to it
    ///
    /// ## Allowed values
    /// A service account without the rights that are named.
    ///
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: Deployment
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
    /// kind: Deployment
    /// metadata: {name: agent, namespace: shop}
    /// spec:
    ///   template:
    ///     metadata: {labels: {app: agent}}
    ///     spec:
    ///       serviceAccountName: agent
    ///       containers: [{name: agent, image: agent}]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: agent, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-reader}
    /// subjects: [{kind: ServiceAccount, name: agent, namespace: shop}]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: secret-reader}
    /// rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list]}]
    /// ```
    ///
    /// ## Remedy
    /// Limit the role to the namespaces, verbs and names that the workload needs, and keep others from creating pods beside it.
    pub PowerfulPod {
        id: "sa/powerful-pod",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Minimize distribution of privileged tokens)"),
        ],
    }
}

impl PostureCheck for PowerfulPod {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for workload in picture.workloads().iter().filter(|workload| workload.identity.kind != "DaemonSet") {
            let strengths = strength::of_workload(picture, workload);
            let in_cluster = strengths.iter().any(|strength| strength.in_cluster);
            if !in_cluster || exposure::of(picture, workload).is_some() {
                continue;
            }
            let message = format!(
                "the pods hold a token of `sa:{}/{}`, which may {}",
                workload.namespace,
                workload.account,
                strength::describe(&strengths)
            );
            notes.add(workload.object, workload.account_field(), Anchor::Value, message);
        }
    }
}
