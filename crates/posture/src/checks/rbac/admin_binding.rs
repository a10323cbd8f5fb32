use super::prelude::*;
use crate::escalation::{Worth, gain};
use crate::rights::is_packaged_role;
use ravelin_authz::rbac::Scope;

declare_check! {
    /// Subject is bound to `admin` or `edit`
    ///
    /// A subject is bound to the cluster role `admin` or `edit`: in the whole cluster, or in a namespace
    /// with a service account that is known to hold more. What these roles allow in particular is not
    /// reported again by other checks.
    ///
    /// ## Why
    /// Both roles are made for the people of one namespace: they read its Secrets, run pods in it and
    /// request tokens of its service accounts. In the whole cluster that is as good as `cluster-admin`; in
    /// a namespace with a powerful service account it is that service account.
    ///
    /// ## Restricted fields
    /// - `roleRef` of ClusterRoleBindings and RoleBindings
    ///
    /// ## Allowed values
    /// A RoleBinding in a namespace whose service accounts hold no more than its people.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects:
    ///   - {kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: agent, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects:
    ///   - {kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}
    /// ```
    ///
    /// ## Remedy
    /// Bind the role in a namespace, and keep powerful service accounts in namespaces of their own.
    pub AdminBinding {
        id: "rbac/admin-binding",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/rbac (User-facing roles)"),
            Source::Inspired("Kubescape C-0272"),
        ],
    }
}

impl PostureCheck for AdminBinding {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for held in by_rule(picture, &|grant, _| is_packaged_role(&grant.role)) {
            let accounts = picture.targets().accounts(&held.scopes);
            let gain = gain(picture.index(), &held.user, accounts, &|_| true);
            let gain = gain.filter(|gain| gain.worth > Worth::Little);
            let what = "has the rights of `admin` or `edit`";
            let base = if held.scopes == [Scope::Cluster] { Self::META.severity } else { Severity::Low };
            match gain {
                Some(gain) => {
                    let severity = gain.worth.severity().max(base);
                    held.report_with(notes, severity, what, &format!("and so those of {}", gain.text()));
                }
                None if held.scopes == [Scope::Cluster] => held.report(notes, base, what),
                None => {}
            }
        }
    }
}
