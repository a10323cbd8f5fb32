use super::prelude::*;
use crate::exposure;
use crate::strength;

declare_check! {
    /// Pod that is reachable from outside has strong rights
    ///
    /// The pods can be reached from outside the cluster by a Service of type LoadBalancer or NodePort, by external addresses
    /// or by an Ingress, and run as a service account with rights that lead beyond the pod.
    ///
    /// ## Why
    /// A fault in what faces the internet is found by others first. With a strong token in the container, it is a fault of
    /// the cluster.
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
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: agent, namespace: shop}
    /// spec: {type: LoadBalancer, selector: {app: agent}, ports: [{port: 80}]}
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
    /// ## Remedy
    /// Split the workload: what is reachable runs without a token, what needs the rights is not reachable.
    pub PowerfulExposedPod {
        id: "sa/powerful-exposed-pod",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Minimize distribution of privileged tokens)"),
        ],
    }
}

impl PostureCheck for PowerfulExposedPod {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for workload in picture.workloads() {
            let strengths = strength::of_workload(picture, workload);
            if strengths.is_empty() {
                continue;
            }
            let Some(way) = exposure::of(picture, workload) else { continue };
            let message = format!(
                "the pods can be reached from outside ({way}) and hold a token of `sa:{}/{}`, which may {}",
                workload.namespace,
                workload.account,
                strength::describe(&strengths)
            );
            notes.add(workload.object, workload.account_field(), Anchor::Value, message);
        }
    }
}
