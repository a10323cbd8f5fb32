use super::prelude::*;

declare_check! {
    /// A key stands twice in one mapping
    ///
    /// Reports every key of a YAML or JSON mapping that stands there before, the keys that a YAML merge
    /// (`<<`) brought in included.
    ///
    /// ## Why
    /// Kubernetes reads the last one and says nothing, unless it is asked to decode strictly, when it
    /// refuses the object. Other tools read the first one. Whoever reviews the file sees one value, and
    /// the cluster runs the other: `privileged: false` above, `privileged: true` thirty lines below.
    ///
    /// ## Restricted fields
    /// Every mapping of every object.
    ///
    /// ## Allowed values
    /// Each key once.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: settings}
    /// data:
    ///   mode: safe
    ///   mode: fast
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: settings}
    /// data:
    ///   mode: fast
    /// ```
    ///
    /// ## Remedy
    /// Remove all but the one that is meant; the last one is in force today.
    pub DuplicateKey {
        id: "manifest/duplicate-key",
        severity: Severity::Medium,
        confidence: Confidence::High,
        applies_to: "manifests",
        since: "0.1.0",
        sources: &[Source::Same("sigs.k8s.io/yaml, strict decoding (kubectl --validate=strict)")],
    }
}
