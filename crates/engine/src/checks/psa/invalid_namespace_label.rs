use super::prelude::*;

declare_check! {
    /// A Pod Security label of a namespace cannot be read
    ///
    /// Reports a `pod-security.kubernetes.io/` label whose value is no level or no version.
    ///
    /// ## Why
    /// The API server refuses to create a namespace with such a label. On one that has it already, an
    /// unreadable enforce level holds every pod to the restricted level, while an unreadable audit or warn
    /// level switches that mode off without a word, and an unreadable version means the latest.
    ///
    /// ## Restricted fields
    /// - `metadata.labels[pod-security.kubernetes.io/enforce]`, `.../audit`, `.../warn`
    /// - `metadata.labels[pod-security.kubernetes.io/enforce-version]`, `.../audit-version`, `.../warn-version`
    ///
    /// ## Allowed values
    /// `privileged`, `baseline` or `restricted`; for versions `latest` or `v1.` and a number.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: Baseline
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: baseline
    ///     pod-security.kubernetes.io/enforce-version: v1.36
    /// ```
    ///
    /// ## Remedy
    /// Write the level in lower case, the version as `latest` or `v1.36`.
    pub InvalidNamespaceLabel {
        id: "psa/invalid-namespace-label",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "namespaces",
        since: "0.1.0",
        sources: &[Source::Same("k8s.io/pod-security-admission api/helpers.go (PolicyToEvaluate)")],
    }
}
