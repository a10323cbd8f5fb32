use super::prelude::*;

declare_check! {
    /// Pod gets a token that nothing binds
    ///
    /// The pods get a token of a service account that no role is bound to. Where bindings are found the token has a use,
    /// and it is the checks of powerful accounts that look at it.
    ///
    /// ## Why
    /// A token that the process does not use still speaks for the service account: whoever gets into the container may
    /// ask the API server with it, and whatever is bound to the account later, or to all service accounts, is his too.
    ///
    /// ## Restricted fields
    /// - `spec.automountServiceAccountToken` of pods
    /// - `automountServiceAccountToken` of service accounts
    ///
    /// ## Allowed values
    /// `false`, at the pod or at its service account. What the pod says wins.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   containers: [{name: web, image: web}]
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   automountServiceAccountToken: false
    ///   containers: [{name: web, image: web}]
    /// ```
    ///
    /// ## Remedy
    /// Set `automountServiceAccountToken: false` in the pod template, or at the service account for all its pods.
    pub AutomountedToken {
        id: "sa/automounted-token",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Hardening)"),
            Source::Inspired("kubernetes.io/docs/tasks/configure-pod-container/configure-service-account (Opt out of API credential automounting)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.6"),
        ],
    }
}

impl PostureCheck for AutomountedToken {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for workload in picture.workloads() {
            let mounts = picture.mounts_token(workload);
            if mounts == Some(false) || picture.is_bound(workload.namespace, workload.account) {
                continue;
            }
            let account = format!("sa:{}/{}", workload.namespace, workload.account);
            let message = match mounts {
                Some(_) => format!("pods get a token of `{account}`, to which nothing is bound here"),
                None => format!(
                    "pods get a token of `{account}`, to which nothing is bound here, unless the account, which is not among the objects, says otherwise"
                ),
            };
            let path = workload.field("spec.automountServiceAccountToken");
            let anchor = match workload.spec("automountServiceAccountToken") {
                Some(_) => Anchor::Value,
                None => Anchor::Missing,
            };
            notes.add(workload.object, path, anchor, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    const POD: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {serviceAccountName: web, containers: [{name: web}]}}}
";

    #[test]
    fn the_service_account_may_say_no() {
        let account = |says: &str| {
            format!(
                "{POD}---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: web, namespace: shop}}\n{says}"
            )
        };
        assert_eq!(found(&AutomountedToken, &account("automountServiceAccountToken: false")), []);
        let found = found(&AutomountedToken, &account(""));
        assert_eq!(found[0].1.to_pointer(), "/spec/template/spec/automountServiceAccountToken");
        assert_eq!(found[0].2, "pods get a token of `sa:shop/web`, to which nothing is bound here");
    }

    #[test]
    fn the_pod_wins_over_the_service_account() {
        let pod = POD.replace("serviceAccountName", "automountServiceAccountToken: true, serviceAccountName");
        let text = format!(
            "{pod}---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: web, namespace: shop}}\nautomountServiceAccountToken: false"
        );
        assert_eq!(found(&AutomountedToken, &text).len(), 1);
    }

    #[test]
    fn a_bound_account_has_a_use_for_its_token() {
        let text = format!(
            "{POD}---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: web, namespace: shop}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{kind: ServiceAccount, name: web, namespace: shop}}]
"
        );
        assert_eq!(found(&AutomountedToken, &text), []);
    }
}
