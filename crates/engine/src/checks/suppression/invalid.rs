use super::prelude::*;

declare_check! {
    /// A suppression cannot be read
    ///
    /// Reports an annotation or comment that is meant to suppress findings but is misspelt: an unknown check,
    /// no reason in a comment, a day that is no day. It suppresses nothing.
    ///
    /// ## Why
    /// A misspelt suppression that is dropped in silence makes people believe that they decided something.
    ///
    /// ## Restricted fields
    /// - comments that start with `ravelin:`
    /// - `metadata.annotations[ravelin.dev/ignore]` and its companions `ravelin.dev/ignore-reason`,
    ///   `ravelin.dev/ignore-owner`, `ravelin.dev/ignore-expires`
    ///
    /// ## Allowed values
    /// `# ravelin: ignore[id] reason (owner: team, expires: 2027-01-31)`, owner and expiry as wished; for the
    /// annotation, ids separated by commas.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: agent}
    /// spec:
    ///   # ravelin: ignore[pss/host-namespace] reads the host's processes
    ///   hostPID: true
    ///   containers: [{name: agent, image: registry.example/agent:2}]
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: agent}
    /// spec:
    ///   # ravelin: ignore[pss/host-namespaces] reads the host's processes
    ///   hostPID: true
    ///   containers: [{name: agent, image: registry.example/agent:2}]
    /// ```
    ///
    /// ## Remedy
    /// Correct it; `ravelin rules` lists the ids.
    pub Invalid {
        id: "suppression/invalid",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "suppressions",
        since: "0.1.0",
        sources: &[Source::Inspired("Kubernetes security checklist: review exceptions periodically")],
    }
}
