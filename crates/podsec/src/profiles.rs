//! Seccomp and AppArmor profiles: what is allowed as fields and as the annotations that came before them.

use crate::faults::{Faults, Subject, text_anchor};
use crate::words;
use crate::{Offence, Violation};
use ravelin_diag::Anchor;
use ravelin_object::pod::{ContainerSecurity, Pod, PodSecurity};
use ravelin_object::selector::quoted;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a profile may have this type.
pub(crate) fn is_allowed(kind: &str) -> bool {
    matches!(kind, "RuntimeDefault" | "Localhost")
}

/// Whether an annotation may have this value: what seccomp's and AppArmor's annotations have in common.
pub(crate) fn is_allowed_annotation(value: &str) -> bool {
    value == "runtime/default" || value.starts_with("localhost/")
}

/// The profiles of a type that is not allowed, in the field `field` of security contexts, and their types.
pub(crate) fn forbidden_fields<'p>(
    pod: &'p Pod<'p>,
    field: &str,
    of_pod: impl Fn(&'p PodSecurity<'p>) -> Option<&'p str>,
    of_container: impl Fn(&'p ContainerSecurity<'p>) -> Option<&'p str>,
) -> (Faults<'p>, BTreeSet<&'p str>) {
    let mut faults = Faults::default();
    let mut kinds = BTreeSet::new();
    for subject in Subject::all(pod) {
        let Some(kind) = subject.setting(&of_pod, &of_container).filter(|kind| !is_allowed(kind)) else {
            continue;
        };
        let message = match kind {
            "" => format!("{} has a `{field}` without a `type`", subject.name()),
            kind => format!("{} sets `{field}.type` to `{kind}`", subject.name()),
        };
        kinds.insert(kind);
        faults.add(
            subject,
            subject.field(&format!("securityContext.{field}.type")),
            text_anchor(kind),
            message,
        );
    }
    (faults, kinds)
}

/// The seccomp profiles of a type that is not allowed.
pub(crate) fn forbidden_seccomp(pod: &Pod<'_>) -> Option<Violation> {
    let (faults, kinds) = forbidden_fields(
        pod,
        "seccompProfile",
        |security| security.seccomp.map(|profile| profile.kind),
        |security| security.seccomp.map(|profile| profile.kind),
    );
    faults.violation("seccompProfile", |faults| {
        let kinds = words::join_quoted(kinds);
        format!("{} must not set securityContext.seccompProfile.type to {kinds}", faults.subjects())
    })
}

/// The annotations that `is_forbidden` finds by key and value: each as `key="value"` with its offence,
/// sorted by that text.
pub(crate) fn forbidden_annotations(
    pod: &Pod<'_>,
    is_forbidden: impl Fn(&str, &str) -> bool,
) -> BTreeMap<String, Offence> {
    let forbidden = pod.annotations.iter().filter(|(key, value)| is_forbidden(key, value));
    let entry = |&(key, value): &(&str, &str)| {
        let message = match value {
            "" => format!("the annotation `{key}` is empty"),
            value => format!("the annotation `{key}` asks for the profile `{value}`"),
        };
        let path = pod.field("metadata.annotations").key(key);
        let offence = Offence { path, anchor: Anchor::Value, message };
        (format!("{key}={}", quoted(value)), offence)
    };
    forbidden.map(entry).collect()
}
