use super::prelude::*;

declare_check! {
    /// A suppression suppresses nothing
    ///
    /// Reports an id in an annotation, comment or entry of `ravelin.yaml` that silenced no finding in this run,
    /// though its check ran.
    ///
    /// ## Why
    /// The fault it was written for is gone, or it stands in the wrong place. Left behind, it silences the
    /// next fault that happens to fall under it.
    ///
    /// ## Restricted fields
    /// Suppressions, in each of their forms.
    ///
    /// ## Allowed values
    /// Those that silence at least one finding for each of their ids.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: agent}
    /// spec:
    ///   # ravelin: ignore[pss/host-namespaces] reads the host's processes
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
    /// Remove it, or move it to the line, the object or the files that it is meant for.
    pub Unused {
        id: "suppression/unused",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "suppressions",
        since: "0.1.0",
        sources: &[Source::Inspired("Kubernetes security checklist: review exceptions periodically")],
    }
}
