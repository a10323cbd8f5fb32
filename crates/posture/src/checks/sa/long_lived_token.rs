use super::prelude::*;
use crate::strength;

declare_check! {
    /// Secret asks for a token that never expires
    ///
    /// A Secret of type `kubernetes.io/service-account-token` makes the cluster write a token into it that never expires.
    ///
    /// ## Why
    /// Such a token works until the Secret or the service account is deleted, wherever it was copied to. Tokens that pods
    /// get, and those of `kubectl create token`, end after an hour and with the pod they are for.
    ///
    /// ## Restricted fields
    /// - `type` of Secrets
    ///
    /// ## Allowed values
    /// Any other type.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Secret
    /// metadata:
    ///   name: runner-token
    ///   namespace: ci
    ///   annotations: {kubernetes.io/service-account.name: runner}
    /// type: kubernetes.io/service-account-token
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Secret
    /// metadata: {name: registry, namespace: ci}
    /// type: kubernetes.io/dockerconfigjson
    /// ```
    ///
    /// ## Remedy
    /// Use the TokenRequest API: a projected volume in pods, `kubectl create token` for people, workload identity for what is outside.
    pub LongLivedToken {
        id: "sa/long-lived-token",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "secrets",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/secrets-good-practices"),
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin (Manually managed tokens)"),
        ],
    }
}

impl PostureCheck for LongLivedToken {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for (id, object) in picture.objects().filter(|(_, object)| object.identity.is("", "Secret")) {
            let namespace = picture.namespace_of(&object.identity);
            let Some(account) = picture.token_secret(namespace, &object.identity.name) else { continue };
            let strengths = strength::of_account(picture, namespace, account);
            let message = match strengths.as_slice() {
                [] => format!("the token of `sa:{namespace}/{account}` in this Secret never expires"),
                strengths => format!(
                    "the token of `sa:{namespace}/{account}` in this Secret never expires, and it may {}",
                    strength::describe(strengths)
                ),
            };
            let found = notes.add(id, FieldPath::root().key("type"), Anchor::Value, message);
            if let Some(found) = found
                && !strengths.is_empty()
            {
                found.severity = Severity::High;
            }
        }
    }
}
