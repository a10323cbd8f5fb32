use super::prelude::*;
use ravelin_object::Value;

declare_check! {
    /// Pod names its service account in a deprecated field
    ///
    /// The pod has `serviceAccount`, the old name of `serviceAccountName`.
    ///
    /// ## Why
    /// The API server keeps both fields alike. Where both are set and differ, `serviceAccountName` counts and the other is
    /// dropped without a word, so that whoever reads the manifest may take the pod for another account.
    ///
    /// ## Restricted fields
    /// - `spec.serviceAccount` of pods
    ///
    /// ## Allowed values
    /// Absent.
    ///
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   serviceAccount: web
    ///   containers: [{name: web, image: web}]
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   serviceAccountName: web
    ///   containers: [{name: web, image: web}]
    /// ```
    ///
    /// ## Remedy
    /// Rename the field to `serviceAccountName`.
    pub DeprecatedAccountField {
        id: "sa/deprecated-account-field",
        severity: Severity::Info,
        confidence: Confidence::High,
        applies_to: "pods",
        since: "0.2.0",
        sources: &[
            Source::Inspired("k8s.io/api/core/v1 PodSpec.DeprecatedServiceAccount"),
        ],
    }
}

impl PostureCheck for DeprecatedAccountField {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        for workload in picture.workloads() {
            let Some(old) =
                workload.spec("serviceAccount").and_then(Value::as_str).filter(|name| !name.is_empty())
            else {
                continue;
            };
            let new = workload.spec("serviceAccountName").and_then(Value::as_str).unwrap_or_default();
            // What a live cluster shows holds both, alike; nobody wrote that.
            if new == old && picture.settings().is_complete {
                continue;
            }
            let message = match new {
                "" => format!("`serviceAccount` is the deprecated name of `serviceAccountName`: `{old}`"),
                new if new == old => format!("`serviceAccount` repeats `serviceAccountName`: `{old}`"),
                new => format!("the pods run as `{new}`: `serviceAccount: {old}` is dropped without a word"),
            };
            let path = workload.field("spec.serviceAccount");
            if let Some(finding) = notes.add(workload.object, path, Anchor::Key, message)
                && !new.is_empty()
                && new != old
            {
                finding.severity = Severity::Medium;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::found;

    #[test]
    fn the_new_name_wins() {
        let found = found(
            &DeprecatedAccountField,
            "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {serviceAccount: a, serviceAccountName: b}}",
        );
        assert_eq!(found[0].2, "the pods run as `b`: `serviceAccount: a` is dropped without a word");
    }
}
