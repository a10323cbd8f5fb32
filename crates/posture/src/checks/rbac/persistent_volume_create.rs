use super::prelude::*;
use crate::rights::WORKLOADS;

declare_check! {
    /// Subject may create PersistentVolumes
    ///
    /// A subject may create PersistentVolumes, and so volumes with any directory of a node. Worst where the
    /// same subject may claim one and run a pod.
    ///
    /// ## Why
    /// A PersistentVolume of type `hostPath` is a way to the file system of the node that Pod Security does
    /// not see: the pod only names a claim. From there it is a step to the credentials of the kubelet and
    /// of every pod of the node.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Such rights for controllers that provision volumes.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [persistentvolumes], verbs: [create]}
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
    ///   - {apiGroups: [""], resources: [persistentvolumeclaims], verbs: [create]}
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
    /// Let users create PersistentVolumeClaims, and leave the volumes to a provisioner.
    pub PersistentVolumeCreate {
        id: "rbac/persistent-volume-create",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Persistent volume creation)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.9"),
        ],
    }
}

impl PostureCheck for PersistentVolumeCreate {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const VOLUMES: &[Right] = &[cluster(&["create"], "", "persistentvolumes")];
        const CLAIMS: &[Right] = &[namespaced(&["create"], "", "persistentvolumeclaims")];
        let whole = held(picture, &[VOLUMES, CLAIMS, WORKLOADS]);
        for held in &whole {
            let what = "may take a directory of a node as a PersistentVolume, claim it and run a pod with it";
            held.report(notes, Severity::Critical, what);
        }
        for held in held(picture, &[VOLUMES]) {
            if whole.iter().all(|known| known.identity != held.identity) {
                held.report(
                    notes,
                    Self::META.severity,
                    "may create PersistentVolumes of directories of nodes",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn halves_of_different_bindings_meet() {
        let text = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: volumes}
rules: [{apiGroups: [''], resources: [persistentvolumes], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: volumes}
roleRef: {kind: ClusterRole, name: volumes}
subjects: [{kind: ServiceAccount, name: a, namespace: x}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run, namespace: x}
rules:
  - {apiGroups: ['', batch], resources: [persistentvolumeclaims, jobs], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: x}
roleRef: {kind: Role, name: run}
subjects: [{kind: Group, name: 'system:serviceaccounts:x'}]
";
        let found = found(&PersistentVolumeCreate, text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "volumes");
        assert_eq!(
            found[0].2,
            "`sa:x/a` may take a directory of a node as a PersistentVolume, claim it and run a pod with it in \
             namespace `x`: ClusterRoleBinding volumes -> ClusterRole volumes, rule 0; RoleBinding x/run -> \
             Role x/run, rule 0"
        );
    }
}
