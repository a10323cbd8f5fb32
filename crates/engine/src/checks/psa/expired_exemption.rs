use super::prelude::*;

declare_check! {
    /// An exemption from Pod Security has expired
    ///
    /// Reports an exemption of a `PodSecurityExtension` whose last day has passed. It exempts nothing any more:
    /// neither when pods are admitted nor in a scan.
    ///
    /// ## Why
    /// Whoever granted the exemption promised to look again by that day. Pods that lived on it are refused when
    /// they are created next, which may be the night on which a node fails.
    ///
    /// ## Restricted fields
    /// - `exemptions[*].expires` of a `PodSecurityExtension`
    ///
    /// ## Allowed values
    /// Today, or a day to come.
    ///
    /// ```yaml,fails
    /// apiVersion: ravelin.dev/v1
    /// kind: PodSecurityExtension
    /// exemptions:
    ///   - name: node-agent
    ///     reason: reads the logs of the host
    ///     owner: team-logs
    ///     expires: "2020-01-31"
    ///     namespaces: [logs]
    ///     controls: [pss/host-path-volumes]
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: ravelin.dev/v1
    /// kind: PodSecurityExtension
    /// exemptions:
    ///   - name: node-agent
    ///     reason: reads the logs of the host
    ///     owner: team-logs
    ///     expires: "2999-01-31"
    ///     namespaces: [logs]
    ///     controls: [pss/host-path-volumes]
    /// ```
    ///
    /// ## Remedy
    /// Mend the pods and delete the exemption, or decide again and set a new day.
    pub ExpiredExemption {
        id: "psa/expired-exemption",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "exemptions",
        since: "0.1.0",
        sources: &[Source::Inspired("Kubernetes security checklist: review exceptions periodically")],
    }
}
