use super::prelude::*;
use ravelin_object::Value;

declare_check! {
    /// Pod reads the token of another service account from a Secret
    ///
    /// The pods mount, or take into their environment, a Secret that holds the long-lived token of a service account.
    ///
    /// ## Why
    /// What the pod may do is then not what its `serviceAccountName` says, so reviews of its rights miss it; and the token
    /// does not end with the pod.
    ///
    /// ## Restricted fields
    /// - `spec.volumes[*].secret.secretName`
    /// - `spec.containers[*].env[*].valueFrom.secretKeyRef`, `envFrom[*].secretRef` of all containers
    ///
    /// ## Allowed values
    /// Secrets that are not of type `kubernetes.io/service-account-token`.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Secret
    /// metadata: {name: admin-token, namespace: shop, annotations: {kubernetes.io/service-account.name: admin}}
    /// type: kubernetes.io/service-account-token
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   containers: [{name: web, image: web}]
    ///   volumes: [{name: token, secret: {secretName: admin-token}}]
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   serviceAccountName: admin
    ///   containers: [{name: web, image: web}]
    /// ```
    ///
    /// ## Remedy
    /// Run the pods as that service account, and let the kubelet mount a token that ends with the pod.
    pub BorrowedToken {
        id: "sa/borrowed-token",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/secrets-good-practices"),
            Source::Inspired("kubernetes.io/docs/tasks/configure-pod-container/configure-service-account"),
        ],
    }
}

impl PostureCheck for BorrowedToken {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for workload in picture.workloads() {
            for (path, secret) in secrets_of(workload) {
                let Some(account) = picture.token_secret(workload.namespace, secret) else { continue };
                let message = format!(
                    "Secret `{secret}` holds a token of `sa:{}/{account}`, so the pods may do more than `sa:{}/{}` may",
                    workload.namespace, workload.namespace, workload.account
                );
                notes.add(workload.object, path, Anchor::Value, message);
            }
        }
    }
}

/// The Secrets that pods mount or take into their environment.
fn secrets_of<'i>(workload: &Workload<'i>) -> Vec<(FieldPath, &'i str)> {
    let mut found = Vec::new();
    let items = |value: Option<&'i Value>| value.and_then(Value::as_array).unwrap_or_default();
    for (index, volume) in items(workload.spec("volumes")).iter().enumerate() {
        if let Some(name) = volume.dotted("secret.secretName").and_then(Value::as_str) {
            let path = workload.field("spec.volumes").index(index).dotted("secret.secretName");
            found.push((path, name));
        }
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (index, container) in items(workload.spec(list)).iter().enumerate() {
            let at = workload.field("spec").key(list).index(index);
            for (key, name) in [("env", "valueFrom.secretKeyRef.name"), ("envFrom", "secretRef.name")] {
                for (index, item) in items(container.field(key)).iter().enumerate() {
                    if let Some(secret) = item.dotted(name).and_then(Value::as_str) {
                        found.push((at.clone().key(key).index(index).dotted(name), secret));
                    }
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn the_environment_counts_too() {
        let text = "
apiVersion: v1
kind: Secret
metadata: {name: t, namespace: shop, annotations: {kubernetes.io/service-account.name: admin}}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, env: [{name: T, valueFrom: {secretKeyRef: {name: t, key: token}}}]}]}
";
        let found = found(&BorrowedToken, text);
        assert_eq!(found[0].1.to_pointer(), "/spec/containers/0/env/0/valueFrom/secretKeyRef/name");
    }
}
