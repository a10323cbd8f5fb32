use super::prelude::*;

declare_check! {
    /// A suppression has expired
    ///
    /// Reports an annotation, comment or entry of `ravelin.yaml` whose day of expiry has passed. It no longer
    /// suppresses anything.
    ///
    /// ## Why
    /// An exception with an end is a promise to come back. If it silently went on working, the promise
    /// would be worth nothing; if it silently stopped, nobody would know why the build fails today.
    ///
    /// ## Restricted fields
    /// `expires` of a suppression, in each of its forms.
    ///
    /// ## Allowed values
    /// Today, or a day to come.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: agent}
    /// spec:
    ///   # ravelin: ignore[pss/host-namespaces] until the new agent is out (expires: 2020-01-31)
    ///   hostPID: true
    ///   containers: [{name: agent, image: registry.example/agent:2}]
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: agent}
    /// spec:
    ///   # ravelin: ignore[pss/host-namespaces] until the new agent is out (expires: 2999-01-31)
    ///   hostPID: true
    ///   containers: [{name: agent, image: registry.example/agent:2}]
    /// ```
    ///
    /// ## Remedy
    /// Mend the finding, or decide again and set a new day.
    pub Expired {
        id: "suppression/expired",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "suppressions",
        since: "0.1.0",
        sources: &[Source::Inspired("Kubernetes security checklist: review exceptions periodically")],
    }
}
