//! What is left of a verdict once exemptions are taken off.

use super::Exemption;
use crate::{Evaluation, LevelVersion, PodCheck, Violation, checks};
use ravelin_diag::FieldPath;
use ravelin_object::pod::Pod;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The exemptions that hold for a pod.
#[derive(Clone, Debug, Default)]
pub struct Waivers<'x> {
    /// Each with the places of the containers it is about; all of the pod where there are none.
    pub(super) granted: Vec<(&'x Exemption, Vec<usize>)>,
    /// Those that would hold if they had not expired.
    pub(super) expired: Vec<&'x Exemption>,
}

/// A verdict, and what it is not because of exemptions.
pub struct Ruling<'e, 'x> {
    /// The checks that do not allow the pod, in upstream's order; none where it is allowed.
    pub violations: Vec<(&'static dyn PodCheck, Cow<'e, Violation>)>,
    /// What exemptions waived of the verdict.
    pub waived: Vec<Waived<'e, 'x>>,
    /// The expired exemptions without which there would be fewer violations.
    pub expired: Vec<&'x Exemption>,
}

/// A violation that exemptions waived, wholly or for some containers.
pub struct Waived<'e, 'x> {
    /// The check.
    pub check: &'static dyn PodCheck,
    /// The whole violation; what of it is still held against the pod is among the violations of the ruling.
    pub violation: &'e Violation,
    /// The exemptions that waive it, in the order of their file.
    pub by: Vec<&'x Exemption>,
}

/// How much of a check is waived.
enum Relief {
    None,
    Whole,
    /// Only for the containers at these places.
    Containers(BTreeSet<usize>),
}

impl Ruling<'_, '_> {
    /// Whether the pod is allowed.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.violations.is_empty()
    }

    /// Upstream's `ForbiddenReason`. Empty where allowed.
    #[must_use]
    pub fn reason(&self) -> String {
        self.violations.iter().map(|(_, violation)| violation.reason.as_ref()).collect::<Vec<_>>().join(", ")
    }

    /// Upstream's `ForbiddenDetail`. Empty where allowed.
    #[must_use]
    pub fn detail(&self) -> String {
        self.violations.iter().map(|(_, violation)| violation.in_full()).collect::<Vec<_>>().join(", ")
    }
}

impl<'x> Waivers<'x> {
    /// Whether no exemption is about the pod, not even an expired one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.granted.is_empty() && self.expired.is_empty()
    }

    /// The verdict at a level and version, without what the exemptions waive.
    ///
    /// An exemption from a check is one from that check alone. Where it waives a restricted check that
    /// overrides a baseline one, the pod is held to the baseline one instead, unless that is waived too.
    #[must_use]
    pub fn ruling<'e>(&self, evaluation: &'e Evaluation<'_>, at: LevelVersion) -> Ruling<'e, 'x> {
        let mut ruling = Ruling { violations: Vec::new(), waived: Vec::new(), expired: Vec::new() };
        for (check, violation) in evaluation.verdict(at).violations {
            match self.relief(check) {
                Relief::None => ruling.violations.push((check, Cow::Borrowed(violation))),
                relief => {
                    let left = self.left(evaluation.pod(), check, &relief, evaluation.minor(at.version));
                    if left.as_ref() == Some(violation) {
                        ruling.violations.push((check, Cow::Borrowed(violation)));
                        continue;
                    }
                    ruling.violations.extend(left.map(|left| (check, Cow::Owned(left))));
                    ruling.waived.push(Waived { check, violation, by: self.granted_for(check) });
                }
            }
        }
        self.hold_to_overridden(evaluation.pod(), evaluation.minor(at.version), &mut ruling);
        ruling.expired = self
            .expired
            .iter()
            .filter(|exemption| ruling.violations.iter().any(|(check, _)| exemption.waives(*check)))
            .copied()
            .collect();
        ruling
    }

    /// Adds what the baseline checks say that waived checks override, where they say more than what is held
    /// against the pod already.
    fn hold_to_overridden(&self, pod: &Pod<'_>, minor: u64, ruling: &mut Ruling<'_, 'x>) {
        let overridden: Vec<_> = ruling.waived.iter().filter_map(|waived| waived.check.overrides()).collect();
        if overridden.is_empty() {
            return;
        }
        for check in checks::ALL.iter().filter(|check| overridden.contains(&check.upstream_id())) {
            let Some(left) = self.left(pod, *check, &self.relief(*check), minor) else { continue };
            let is_held = |path: &FieldPath| {
                let mut held = ruling.violations.iter().flat_map(|(_, violation)| &violation.offences);
                held.any(|offence| offence.path == *path)
            };
            if !left.offences.iter().all(|offence| is_held(&offence.path)) {
                ruling.violations.push((*check, Cow::Owned(left)));
            }
        }
        let place = |check: &dyn PodCheck| {
            checks::ALL.iter().position(|other| other.upstream_id() == check.upstream_id())
        };
        ruling.violations.sort_by_key(|(check, _)| place(*check));
    }

    fn granted_for(&self, check: &dyn PodCheck) -> Vec<&'x Exemption> {
        let granted = self.granted.iter().filter(|(exemption, _)| exemption.waives(check));
        granted.map(|(exemption, _)| *exemption).collect()
    }

    fn relief(&self, check: &dyn PodCheck) -> Relief {
        let mut containers = BTreeSet::new();
        for (exemption, places) in &self.granted {
            if exemption.waives(check) {
                if places.is_empty() {
                    return Relief::Whole;
                }
                containers.extend(places.iter().copied());
            }
        }
        if containers.is_empty() { Relief::None } else { Relief::Containers(containers) }
    }

    /// What a check says once it is relieved.
    fn left(&self, pod: &Pod<'_>, check: &dyn PodCheck, relief: &Relief, minor: u64) -> Option<Violation> {
        let revision = check.revisions().iter().rfind(|revision| revision.since <= minor)?;
        match relief {
            Relief::Whole => None,
            Relief::None => (revision.evaluate)(pod),
            Relief::Containers(exempt) => (revision.evaluate)(&without(pod, exempt)),
        }
    }
}

/// The pod without some of its containers, and without the annotations that are about them alone.
fn without<'a>(pod: &Pod<'a>, exempt: &BTreeSet<usize>) -> Pod<'a> {
    let mut less = pod.clone();
    let mut place = 0;
    less.containers.retain(|_| {
        place += 1;
        !exempt.contains(&(place - 1))
    });
    let is_left = |name: &str| less.containers.iter().any(|container| container.name == name);
    let is_gone =
        |name: &str| pod.containers.iter().any(|container| container.name == name) && !is_left(name);
    less.annotations.retain(|(key, _)| {
        let about = CONTAINER_ANNOTATIONS.iter().find_map(|prefix| key.strip_prefix(prefix));
        !about.is_some_and(is_gone)
    });
    less
}

/// What annotations that are about one container begin with; its name follows.
const CONTAINER_ANNOTATIONS: [&str; 2] =
    ["container.apparmor.security.beta.kubernetes.io/", "container.seccomp.security.alpha.kubernetes.io/"];
