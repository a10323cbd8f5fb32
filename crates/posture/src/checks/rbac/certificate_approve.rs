use super::prelude::*;
use crate::escalation::gain;
use crate::rights::Held;

declare_check! {
    /// Subject may approve certificates of other users
    ///
    /// A subject may approve CertificateSigningRequests for client certificates: `approve` on the signer
    /// and a write of the approval. Worst where the same subject may create the request too.
    ///
    /// ## Why
    /// A client certificate says who its holder is. Whoever creates a request and approves it becomes any
    /// user, and any group but `system:masters`, which the API server refuses; the certificate cannot be
    /// revoked.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// `approve` for signers of its own, named in `resourceNames`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}
    ///   - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}
    ///   - {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [approve]}
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
    ///   - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}
    ///   - {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [approve], resourceNames: [example.com/own]}
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
    /// Name the signer in `resourceNames`, and give the right to its approver alone.
    pub CertificateApprove {
        id: "rbac/certificate-approve",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (CSRs and certificate issuing)"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.11"),
        ],
    }
}

impl PostureCheck for CertificateApprove {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const CREATE: Right = cluster(&["create"], "certificates.k8s.io", "certificatesigningrequests");
        const APPROVE: Right = cluster(&["approve"], "certificates.k8s.io", "signers");
        const APPROVAL: &[Right] =
            &[cluster(CHANGE, "certificates.k8s.io", "certificatesigningrequests/approval")];
        let index = picture.index();
        let whole = held(picture, &[&[APPROVE], APPROVAL, &[CREATE]]);
        let halves = held(picture, &[&[APPROVE], APPROVAL]);
        let is_whole = |held: &Held<'_>| whole.iter().any(|known| known.identity == held.identity);
        for held in whole.iter().chain(halves.iter().filter(|held| !is_whole(held))) {
            let may = |signer: &&str| index.allows(&APPROVE.request(&held.user, "approve", "", signer));
            let Some(signer) = SIGNERS.into_iter().find(may) else { continue };
            if !is_whole(held) {
                held.report(
                    notes,
                    Self::META.severity,
                    &format!("may approve certificate requests of others for `{signer}`"),
                );
                continue;
            }
            if signer == KUBELET {
                let what = "may request and approve certificates as any node";
                held.report(notes, Severity::High, what);
                continue;
            }
            let what = "may request and approve certificates as any user";
            let targets = picture.targets();
            let everybody = targets.everybody();
            match gain(index, &held.user, everybody, &|_| true) {
                Some(gain) => {
                    let severity = gain.worth.severity().max(Self::META.severity);
                    held.report_with(notes, severity, what, &format!("such as {}", gain.text()));
                }
                None => held.report(notes, Self::META.severity, what),
            }
        }
    }
}

const KUBELET: &str = "kubernetes.io/kube-apiserver-client-kubelet";
/// The signers of client certificates; the last stands for all of Kubernetes.
/// Source: `k8s.io/kubernetes/plugin/pkg/admission/certificates` (`IsAuthorizedForSignerName`).
const SIGNERS: [&str; 3] = ["kubernetes.io/kube-apiserver-client", "kubernetes.io/*", KUBELET];
