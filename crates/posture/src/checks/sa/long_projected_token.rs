use super::prelude::*;
use ravelin_object::Value;

declare_check! {
    /// Projected token lives for more than a day
    ///
    /// A projected volume asks for a service account token that is valid for more than a day.
    ///
    /// ## Why
    /// The kubelet renews projected tokens in time by itself, so a long life only serves whoever copies one. The token ends
    /// with its pod, if the API server is asked; others who verify it by its signature do not notice.
    ///
    /// ## Restricted fields
    /// - `spec.volumes[*].projected.sources[*].serviceAccountToken.expirationSeconds`
    ///
    /// ## Allowed values
    /// 600 to 86400; absent is 3600.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   containers: [{name: web, image: web}]
    ///   volumes:
    ///     - name: token
    ///       projected: {sources: [{serviceAccountToken: {path: token, audience: vault, expirationSeconds: 604800}}]}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   automountServiceAccountToken: false
    ///   containers: [{name: web, image: web}]
    ///   volumes:
    ///     - name: token
    ///       projected: {sources: [{serviceAccountToken: {path: token, audience: vault, expirationSeconds: 3600}}]}
    /// ```
    ///
    /// ## Remedy
    /// Lower `expirationSeconds` to an hour; the kubelet renews the token when four fifths of its life are over.
    pub LongProjectedToken {
        id: "sa/long-projected-token",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/storage/projected-volumes (serviceAccountToken)"),
        ],
    }
}

const DAY: i64 = 86_400;

impl PostureCheck for LongProjectedToken {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for workload in picture.workloads() {
            let volumes = workload.spec("volumes").and_then(Value::as_array).unwrap_or_default();
            for (volume_index, volume) in volumes.iter().enumerate() {
                let sources =
                    volume.dotted("projected.sources").and_then(Value::as_array).unwrap_or_default();
                for (index, source) in sources.iter().enumerate() {
                    let Some(Value::Int(seconds)) = source.dotted("serviceAccountToken.expirationSeconds")
                    else {
                        continue;
                    };
                    if *seconds <= DAY {
                        continue;
                    }
                    let path = workload.field("spec.volumes").index(volume_index);
                    let path = path.dotted("projected.sources").index(index);
                    let path = path.dotted("serviceAccountToken.expirationSeconds");
                    let message = format!("the token is valid for {seconds} seconds, {} days", seconds / DAY);
                    notes.add(workload.object, path, Anchor::Value, message);
                }
            }
        }
    }
}
