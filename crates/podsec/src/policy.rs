//! What a namespace asks for: the policy in its labels.
//!
//! Source: `k8s.io/pod-security-admission/api/helpers.go` (`PolicyToEvaluate`).

use crate::{Level, LevelVersion, Version};
use ravelin_diag::{FieldPath, Mode};
use ravelin_object::selector::quoted;
use std::fmt;

/// The prefix of every label that Pod Security Admission reads.
pub const LABEL_PREFIX: &str = "pod-security.kubernetes.io/";

/// What a namespace enforces, audits and warns about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Pods that violate it are denied.
    pub enforce: LevelVersion,
    /// Violations go to the audit log.
    pub audit: LevelVersion,
    /// Violations are shown to whoever applies the object.
    pub warn: LevelVersion,
}

impl Policy {
    /// What an API server without configuration applies to a namespace without labels.
    pub const PRIVILEGED: Self = Self::uniform(LevelVersion::PRIVILEGED);

    /// The same level and version in every mode.
    #[must_use]
    pub const fn uniform(level: LevelVersion) -> Self {
        Self { enforce: level, audit: level, warn: level }
    }

    /// Whether every mode is privileged, so that no pod is looked at.
    #[must_use]
    pub fn is_fully_privileged(&self) -> bool {
        [self.enforce, self.audit, self.warn].iter().all(|mode| mode.level == Level::Privileged)
    }

    /// Whether both mean the same: equal in every mode, versions of the privileged level aside.
    #[must_use]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        let same = |a: LevelVersion, b: LevelVersion| {
            a == b || a.level == Level::Privileged && b.level == Level::Privileged
        };
        same(self.enforce, other.enforce) && same(self.audit, other.audit) && same(self.warn, other.warn)
    }

    /// The modes with what each asks for, the strongest mode first.
    #[must_use]
    pub fn modes(&self) -> [(Mode, LevelVersion); 3] {
        [(Mode::Enforce, self.enforce), (Mode::Warn, self.warn), (Mode::Audit, self.audit)]
    }
}

/// A label of a namespace that cannot be read. Prints as upstream words the field error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelError {
    /// The key of the label.
    pub label: &'static str,
    /// Its value.
    pub value: String,
    /// What it must be.
    pub requirement: String,
    /// What Kubernetes does with pods because of it.
    pub consequence: &'static str,
}

impl LabelError {
    /// The path of the label in the namespace.
    #[must_use]
    pub fn path(&self) -> FieldPath {
        FieldPath::root().dotted("metadata.labels").key(self.label)
    }

    /// What is wrong, without the path: upstream's `ErrorBody`.
    #[must_use]
    pub fn body(&self) -> String {
        format!("Invalid value: {}: {}", quoted(&self.value), self.requirement)
    }
}

impl fmt::Display for LabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path(), self.body())
    }
}

impl std::error::Error for LabelError {}

/// The policy that the labels of a namespace ask for, `defaults` where they say nothing, and every label
/// that cannot be read.
///
/// An invalid enforce level counts as restricted, an invalid audit or warn level as privileged, an invalid
/// version as latest. Where only a stricter enforce level is given, warnings follow it.
#[must_use]
pub fn of_labels(labels: &[(&str, &str)], defaults: &Policy) -> (Policy, Vec<LabelError>) {
    let mut policy = *defaults;
    let mut errors = Vec::new();
    let find = |key: &str| labels.iter().rfind(|(name, _)| *name == key).map(|(_, value)| *value);

    let enforce = level(find(ENFORCE), ENFORCE, "every pod is held to the restricted level", &mut errors);
    let has_enforce = matches!(enforce, Some(Some(_)));
    if let Some(enforce) = enforce {
        policy.enforce.level = enforce.unwrap_or(Level::Restricted);
    }
    version(find(ENFORCE_VERSION), ENFORCE_VERSION, &mut policy.enforce.version, &mut errors);
    if let Some(audit) = level(find(AUDIT), AUDIT, "nothing is audited", &mut errors) {
        policy.audit.level = audit.unwrap_or(Level::Privileged);
    }
    version(find(AUDIT_VERSION), AUDIT_VERSION, &mut policy.audit.version, &mut errors);
    let warn = level(find(WARN), WARN, "nobody is warned", &mut errors);
    if let Some(warn) = warn {
        policy.warn.level = warn.unwrap_or(Level::Privileged);
    }
    version(find(WARN_VERSION), WARN_VERSION, &mut policy.warn.version, &mut errors);

    if warn.is_none() && has_enforce && policy.enforce.level > policy.warn.level {
        policy.warn.level = policy.enforce.level;
        if find(WARN_VERSION).is_none() {
            policy.warn.version = policy.enforce.version;
        }
    }
    (policy, errors)
}

/// The labels that Pod Security Admission reads.
pub const LABELS: [&str; 6] = [ENFORCE, ENFORCE_VERSION, AUDIT, AUDIT_VERSION, WARN, WARN_VERSION];

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
const ENFORCE_VERSION: &str = "pod-security.kubernetes.io/enforce-version";
const AUDIT: &str = "pod-security.kubernetes.io/audit";
const AUDIT_VERSION: &str = "pod-security.kubernetes.io/audit-version";
const WARN: &str = "pod-security.kubernetes.io/warn";
const WARN_VERSION: &str = "pod-security.kubernetes.io/warn-version";

/// The level a label gives: nothing without the label, `Some(None)` where it cannot be read.
fn level(
    value: Option<&str>,
    label: &'static str,
    consequence: &'static str,
    errors: &mut Vec<LabelError>,
) -> Option<Option<Level>> {
    let value = value?;
    let parsed = value.parse::<Level>();
    if let Err(error) = parsed {
        errors.push(LabelError {
            label,
            value: value.to_owned(),
            requirement: error.to_string(),
            consequence,
        });
    }
    Some(parsed.ok())
}

fn version(value: Option<&str>, label: &'static str, version: &mut Version, errors: &mut Vec<LabelError>) {
    let Some(value) = value else { return };
    match value.parse() {
        Ok(parsed) => *version = parsed,
        Err(error) => {
            let error: crate::ParseVersionError = error;
            let consequence = "pods are held to the latest version";
            errors.push(LabelError {
                label,
                value: value.to_owned(),
                requirement: error.to_string(),
                consequence,
            });
            *version = Version::Latest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(labels: &[(&str, &str)]) -> (String, Vec<String>) {
        let (policy, errors) = of_labels(labels, &Policy::PRIVILEGED);
        let text = format!("{} {} {}", policy.enforce, policy.audit, policy.warn);
        (text, errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn labels_say_what_is_asked_for() {
        assert_eq!(policy(&[]).0, "privileged:latest privileged:latest privileged:latest");
        assert_eq!(
            policy(&[(AUDIT, "baseline"), (AUDIT_VERSION, "v1.25"), (WARN, "restricted")]).0,
            "privileged:latest baseline:v1.25 restricted:latest"
        );
    }

    #[test]
    fn warnings_follow_a_stricter_enforce_level() {
        assert_eq!(
            policy(&[(ENFORCE, "baseline"), (ENFORCE_VERSION, "v1.20")]).0,
            "baseline:v1.20 privileged:latest baseline:v1.20"
        );
        assert_eq!(
            policy(&[(ENFORCE, "baseline"), (ENFORCE_VERSION, "v1.20"), (WARN_VERSION, "v1.3")]).0,
            "baseline:v1.20 privileged:latest baseline:v1.3"
        );
        assert_eq!(
            policy(&[(ENFORCE, "restricted"), (WARN, "baseline")]).0,
            "restricted:latest privileged:latest baseline:latest"
        );
    }

    #[test]
    fn an_invalid_enforce_level_fails_closed_and_the_others_open() {
        let (text, errors) =
            policy(&[(ENFORCE, "Baseline"), (AUDIT, "x"), (WARN, ""), (WARN_VERSION, "1.2")]);
        assert_eq!(text, "restricted:latest privileged:latest privileged:latest");
        assert_eq!(
            errors,
            [
                "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"Baseline\": must be one of privileged, baseline, restricted",
                "metadata.labels[pod-security.kubernetes.io/audit]: Invalid value: \"x\": must be one of privileged, baseline, restricted",
                "metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: \"\": must be one of privileged, baseline, restricted",
                "metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: \"1.2\": must be \"latest\" or \"v1.x\"",
            ]
        );
    }

    #[test]
    fn privileged_at_any_version_is_the_same() {
        let old = Policy::uniform(LevelVersion::new(Level::Privileged, Version::Minor(3)));
        assert!(old.is_equivalent(&Policy::PRIVILEGED) && old.is_fully_privileged());
        let baseline = Policy::uniform(LevelVersion::new(Level::Baseline, Version::Minor(3)));
        assert!(
            !baseline.is_equivalent(&Policy::uniform(LevelVersion::new(Level::Baseline, Version::Latest)))
        );
    }
}
