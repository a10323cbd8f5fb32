//! The verdict on a pod at a level and version.

use crate::checks;
use crate::{Level, LevelVersion, PodCheck, Violation};
use ravelin_object::pod::Pod;
use std::cell::OnceCell;

/// The judgement of one pod: each revision of each check is asked at most once, however many levels and
/// versions are.
pub struct Evaluation<'p> {
    pod: &'p Pod<'p>,
    /// One slot per revision of [`checks::ALL`], in that order.
    slots: Vec<OnceCell<Option<Violation>>>,
}

/// What the Pod Security Standards say of a pod at one level and version.
pub struct Verdict<'e> {
    /// The checks that do not allow it, in upstream's order; none where it is allowed.
    pub violations: Vec<(&'static dyn PodCheck, &'e Violation)>,
}

impl Verdict<'_> {
    /// Whether the pod is allowed.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.violations.is_empty()
    }

    /// Upstream's `ForbiddenReason`: the reasons, joined by commas. Empty where allowed.
    #[must_use]
    pub fn reason(&self) -> String {
        self.violations.iter().map(|(_, violation)| violation.reason.as_ref()).collect::<Vec<_>>().join(", ")
    }

    /// Upstream's `ForbiddenDetail`: each reason with its detail in parentheses. Empty where allowed.
    #[must_use]
    pub fn detail(&self) -> String {
        let one = |violation: &Violation| {
            if violation.detail.is_empty() {
                violation.reason.to_string()
            } else {
                format!("{} ({})", violation.reason, violation.detail)
            }
        };
        self.violations.iter().map(|(_, violation)| one(violation)).collect::<Vec<_>>().join(", ")
    }
}

impl<'p> Evaluation<'p> {
    /// An evaluation of `pod`; nothing is judged yet.
    #[must_use]
    pub fn new(pod: &'p Pod<'p>) -> Self {
        let revisions = checks::ALL.iter().map(|check| check.revisions().len()).sum();
        Self { pod, slots: std::iter::repeat_with(OnceCell::new).take(revisions).collect() }
    }

    /// The pod.
    #[must_use]
    pub fn pod(&self) -> &'p Pod<'p> {
        self.pod
    }

    /// The verdict at a level and version.
    ///
    /// `privileged` allows everything. Otherwise each check is asked in the newest of its revisions that
    /// the version has reached, and not at all before the first. At `restricted`, a baseline check is left
    /// out where a restricted one that overrides it is there, even if that one exempts the pod.
    /// Source: `k8s.io/pod-security-admission/policy/registry.go`.
    #[must_use]
    pub fn verdict(&self, at: LevelVersion) -> Verdict<'_> {
        let mut violations = Vec::new();
        if at.level == Level::Privileged {
            return Verdict { violations };
        }
        let minor = at.version.minor();
        let mut first_slot = 0;
        for check in checks::ALL {
            let revisions = check.revisions();
            let slots_before = first_slot;
            first_slot += revisions.len();
            let Some(revision) = revisions.iter().rposition(|revision| revision.since <= minor) else { continue };
            if check.level() > at.level || (at.level == Level::Restricted && is_overridden(*check, minor)) {
                continue;
            }
            if let Some(violation) = self.ask(*check, revision, slots_before) {
                violations.push((*check, violation));
            }
        }
        Verdict { violations }
    }

    /// What `check` says at a version, whatever other checks override it.
    #[must_use]
    pub fn violation(&self, upstream_id: &str, minor: u64) -> Option<&Violation> {
        let mut first_slot = 0;
        for check in checks::ALL {
            let revisions = check.revisions();
            if check.upstream_id() == upstream_id {
                let revision = revisions.iter().rposition(|revision| revision.since <= minor)?;
                return self.ask(*check, revision, first_slot);
            }
            first_slot += revisions.len();
        }
        None
    }

    fn ask(&self, check: &'static dyn PodCheck, revision: usize, first_slot: usize) -> Option<&Violation> {
        let evaluate = check.revisions().get(revision)?.evaluate;
        self.slots.get(first_slot + revision)?.get_or_init(|| evaluate(self.pod)).as_ref()
    }
}

fn is_overridden(check: &dyn PodCheck, minor: u64) -> bool {
    check.level() == Level::Baseline
        && checks::ALL.iter().any(|other| {
            other.overrides() == Some(check.upstream_id())
                && other.revisions().first().is_some_and(|first| first.since <= minor)
        })
}
