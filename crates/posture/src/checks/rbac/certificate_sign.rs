use super::prelude::*;

declare_check! {
    /// Subject may sign certificates
    ///
    /// A subject may answer CertificateSigningRequests in the place of a signer: `sign` on the signer and a
    /// write of the status.
    ///
    /// ## Why
    /// Whoever answers requests hands out certificates: a kubelet or controller takes what it gets for its
    /// own. The API server believes such a certificate only if the key of its certificate authority signed
    /// it.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// `sign` for signers of its own, named in `resourceNames`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [sign]}
    ///   - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/status], verbs: [update]}
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
    ///   - {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [sign], resourceNames: [example.com/own]}
    ///   - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/status], verbs: [update]}
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
    /// Name the signer in `resourceNames`, and give the right to its controller alone.
    pub CertificateSign {
        id: "rbac/certificate-sign",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (CSRs and certificate issuing)"),
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests"),
        ],
    }
}

impl PostureCheck for CertificateSign {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        const SIGN: Right = cluster(&["sign"], "certificates.k8s.io", "signers");
        const STATUS: &[Right] =
            &[cluster(CHANGE, "certificates.k8s.io", "certificatesigningrequests/status")];
        for held in held(picture, &[&[SIGN], STATUS]) {
            let may = |signer: &&str| picture.index().allows(&SIGN.request(&held.user, "sign", "", signer));
            let signers: Vec<&str> = SIGNERS.into_iter().filter(may).collect();
            if !signers.is_empty() {
                let what =
                    format!("may answer certificate requests for {}", words::listed(signers.into_iter()));
                held.report(notes, Self::META.severity, &what);
            }
        }
    }
}

/// The signers of Kubernetes whose certificates it believes, and the name that stands for all of them.
/// Source: `k8s.io/kubernetes/plugin/pkg/admission/certificates` (`IsAuthorizedForSignerName`).
const SIGNERS: [&str; 4] = [
    "kubernetes.io/kube-apiserver-client",
    "kubernetes.io/kube-apiserver-client-kubelet",
    "kubernetes.io/kubelet-serving",
    "kubernetes.io/*",
];
