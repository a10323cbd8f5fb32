use super::prelude::*;
use crate::escalation::{Hosts, Target, gain, hosts_in};
use crate::rights::{SYSTEM, WORKLOADS};

declare_check! {
    /// Subject may run pods as any service account
    ///
    /// A subject may create pods, or write objects that make pods. The message names the most powerful
    /// service account that it can run them as, and whether Pod Security lets it take over a node there;
    /// both were asked of the engines that decide so.
    ///
    /// ## Why
    /// Whoever decides what runs in a namespace has every Secret that can be mounted there and the token of
    /// every service account, and, unless Pod Security stops it, root on a node: a privileged pod with the
    /// host's file system.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights in namespaces whose service accounts and Secrets are the subject's own, with Pod
    /// Security at `baseline` or `restricted`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [apps], resources: [deployments], verbs: [create]}
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
    /// kind: Role
    /// metadata: {name: agent, namespace: tools}
    /// rules:
    ///   - {apiGroups: [apps], resources: [deployments/scale], verbs: [update]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: agent, namespace: tools}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: agent}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ## Remedy
    /// Give the right in a namespace of its own, with the label `pod-security.kubernetes.io/enforce:
    /// restricted`.
    pub WorkloadCreate {
        id: "rbac/workload-create",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Workload creation)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.4"),
        ],
    }
}

impl PostureCheck for WorkloadCreate {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in held(picture, &[WORKLOADS]) {
            let accounts = picture.targets().accounts(&held.scopes);
            let exists = |target: &&&Target| {
                let account = target.account.as_ref();
                account.is_some_and(|(namespace, name)| picture.may_exist(namespace, name))
            };
            let gain = gain(picture.index(), &held.user, accounts.iter().filter(exists).copied(), &|_| true);
            let mut severity = Self::META.severity;
            let mut further = vec!["with every Secret there".to_owned()];
            if let Some(gain) = &gain {
                severity = severity.max(gain.worth.severity());
                further = vec![format!("as {}", gain.text())];
            }
            match hosts_in(picture, &held.scopes) {
                Hosts::Admitted(namespace) => {
                    severity = Severity::Critical;
                    further.push(format!(
                        "and take over nodes, as Pod Security admits privileged pods in `{namespace}`"
                    ));
                }
                Hosts::AdmittedByDefault => {
                    severity = Severity::Critical;
                    further.push(format!(
                        "and take over nodes, as Pod Security by default admits privileged pods in `{SYSTEM}`"
                    ));
                }
                Hosts::Refused => {}
                Hosts::Unknown(namespace) => {
                    notes.unknown(format!(
                        "whether Pod Security admits privileged pods in namespace `{namespace}` is not known, as its \
                         labels are not: whoever may run pods there may be able to take over nodes"
                    ));
                }
            }
            held.report_with(notes, severity, "may run pods", &further.join(", "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    const ROLE: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run, namespace: x}
rules: [{apiGroups: [batch], resources: [cronjobs], verbs: [patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: x}
roleRef: {kind: Role, name: run}
subjects: [{kind: User, name: jane}]
";

    #[test]
    fn pod_security_decides_whether_nodes_are_lost() {
        let severity = |level: &str| {
            let namespace = format!(
                "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: x, labels: \
                 {{pod-security.kubernetes.io/enforce: {level}}}}}\n"
            );
            let notes = crate::testing::notes(&WorkloadCreate, &format!("{ROLE}{namespace}"));
            assert!(notes.unknown.is_empty());
            (notes.found[0].severity, notes.found[0].message.contains("take over nodes"))
        };
        assert_eq!(severity("privileged"), (Severity::Critical, true));
        assert_eq!(severity("baseline"), (Severity::Medium, false));
        let unknown = crate::testing::notes(&WorkloadCreate, ROLE);
        assert_eq!((unknown.found.len(), unknown.unknown.len()), (1, 1));
    }

    #[test]
    fn the_whole_cluster_has_the_service_accounts_of_controllers() {
        let text = ROLE.replace("kind: Role", "kind: ClusterRole");
        let text = text.replace(", namespace: x", "");
        let found = found(&WorkloadCreate, &text);
        assert!(found[0].2.contains("in the whole cluster, as `sa:kube-system/"), "{}", found[0].2);
    }
}
