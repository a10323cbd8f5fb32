use super::prelude::*;
use crate::escalation::{Target, Worth, gain};

declare_check! {
    /// Subject may have tokens of service accounts written into Secrets
    ///
    /// A subject may create Secrets and read them: both halves together give it a token of every service
    /// account there. Reported where one of them is known to hold more; that was asked of the authorizer.
    ///
    /// ## Why
    /// Kubernetes fills a Secret of type `kubernetes.io/service-account-token` with a token, which never
    /// expires, of the service account that it names. Whoever creates such a Secret and reads it is that
    /// service account.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// One of the halves.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [secrets], verbs: [create, get]}
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
    ///   - {apiGroups: [""], resources: [secrets], verbs: [create]}
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
    /// Take `get`, `list` and `watch` on Secrets away from whoever creates them.
    pub TokenSecretCreate {
        id: "rbac/token-secret-create",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/configuration/secret (Service account token Secrets)"),
            Source::Inspired("github.com/PaloAltoNetworks/rbac-police (issue_token_secrets)"),
        ],
    }
}

impl PostureCheck for TokenSecretCreate {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const CREATE: &[Right] = &[namespaced(&["create"], "", "secrets")];
        const GET: &[Right] = &[namespaced(READ, "", "secrets")];
        for held in held(picture, &[CREATE, GET]) {
            let accounts = picture.targets().accounts(&held.scopes);
            let may = |target: &&&Target| {
                let account = target.account.as_ref();
                account.is_some_and(|(namespace, name)| picture.may_exist(namespace, name))
            };
            let targets = accounts.iter().filter(may).copied();
            if let Some(gain) = gain(picture.index(), &held.user, targets, &|_| true)
                && gain.worth > Worth::Little
            {
                let what = "may have tokens of service accounts written into Secrets and read them";
                held.report_with(notes, gain.worth.severity(), what, &format!("such as {}", gain.text()));
            }
        }
    }
}
