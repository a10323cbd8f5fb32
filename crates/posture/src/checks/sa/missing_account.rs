use super::prelude::*;
use std::collections::BTreeMap;

declare_check! {
    /// Pod names a service account that does not exist
    ///
    /// The pods run as a service account that is not there. It is only reported where all objects of the cluster are known;
    /// among files alone it is unknown.
    ///
    /// ## Why
    /// The API server refuses such pods, so nothing runs; and whoever may create service accounts in the namespace can give
    /// the name to an account that others have bound rights to.
    ///
    /// ## Restricted fields
    /// - `spec.serviceAccountName` of pods
    ///
    /// ## Allowed values
    /// The name of a service account of the namespace; `default` is always there.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: web, namespace: shop, uid: 5d5b8d5c-0c0f-4f6d-9b6a-6f9f6d6d6d6d}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   serviceAccountName: wbe
    ///   containers: [{name: web, image: web}]
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: web, namespace: shop}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   serviceAccountName: web
    ///   containers: [{name: web, image: web}]
    /// ```
    ///
    /// ## Remedy
    /// Name a service account that exists, or add its manifest.
    pub MissingAccount {
        id: "sa/missing-account",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/service-accounts"),
        ],
    }
}

impl PostureCheck for MissingAccount {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let mut unknown: BTreeMap<String, ()> = BTreeMap::new();
        for workload in picture.workloads() {
            let is_there = picture.account(workload.namespace, workload.account).is_some();
            if is_there || workload.account == "default" {
                continue;
            }
            let account = format!("sa:{}/{}", workload.namespace, workload.account);
            if !picture.has_live_accounts(workload.namespace) {
                unknown.insert(account, ());
                continue;
            }
            let message =
                format!("there is no service account `{account}`; the API server refuses such pods");
            let path = workload.account_field();
            if let Some(found) = notes.add(workload.object, path, Anchor::Value, message)
                && !picture.settings().is_complete
            {
                found.confidence = Confidence::Medium;
            }
        }
        if !unknown.is_empty() {
            let (count, first) = (unknown.len(), unknown.keys().next().cloned().unwrap_or_default());
            let accounts = match count {
                1 => format!("the service account `{first}` exists"),
                _ => format!("{count} service accounts exist (`{first}`, ...)"),
            };
            notes.unknown(format!("whether {accounts} is not known: not among the scanned objects"));
        }
    }
}
