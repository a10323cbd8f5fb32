//! What a check of the Pod Security Standards is.

use crate::Level;
use ravelin_check::Check;
use ravelin_diag::{Anchor, FieldPath};
use ravelin_object::pod::Pod;
use std::borrow::Cow;

/// A check of the Pod Security Standards.
pub trait PodCheck: Check {
    /// The id upstream gives it: `hostNamespaces`. Results are ordered by it.
    fn upstream_id(&self) -> &'static str;

    /// The level it belongs to: baseline or restricted.
    fn level(&self) -> Level;

    /// Its revisions, oldest first; before the first of them it is not checked.
    fn revisions(&self) -> &'static [Revision];

    /// The baseline check that it replaces at the restricted level, from its own first revision on.
    fn overrides(&self) -> Option<&'static str> {
        None
    }
}

/// A check as it is from some policy version on.
#[derive(Clone, Copy, Debug)]
pub struct Revision {
    /// The first minor version at which it holds.
    pub since: u64,
    /// The judgement: nothing where the pod is allowed.
    pub evaluate: fn(&Pod<'_>) -> Option<Violation>,
}

/// What a check says of a pod it does not allow.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Upstream's reason: `host namespaces`.
    pub reason: Cow<'static, str>,
    /// Upstream's detail: `hostPID=true`. Printed in parentheses behind the reason, if not empty.
    pub detail: String,
    /// Each fault, in the order upstream names them; at least one.
    pub offences: Vec<Offence>,
}

impl Violation {
    /// The reason, with the detail in parentheses where there is one.
    #[must_use]
    pub fn in_full(&self) -> String {
        if self.detail.is_empty() {
            self.reason.to_string()
        } else {
            format!("{} ({})", self.reason, self.detail)
        }
    }
}

/// One fault: a field of the pod, and what is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Offence {
    /// The field, from the root of the object.
    pub path: FieldPath,
    /// Which part of it to point at.
    pub anchor: Anchor,
    /// What is wrong: one sentence without a period, values in backticks.
    pub message: String,
}

impl Offence {
    /// A fault in a field of the pod itself, given as dotted keys: `spec.hostPID`.
    #[must_use]
    pub fn of_pod(pod: &Pod<'_>, keys: &str, anchor: Anchor, message: impl Into<String>) -> Self {
        Self { path: pod.field(keys), anchor, message: message.into() }
    }
}
