//! Whom a `PodSecurityExtension` exempts, from which checks, and until when.
//!
//! This goes beyond upstream and is off unless configured. [`read`] reads the document, [`Extension::waivers`]
//! decides which of its exemptions hold for a pod, [`Waivers::ruling`] what is left of a verdict then.
//! Admission and scans both decide through here.
//!
//! What an exemption asks for is either beyond a tenant's reach (namespaces and their labels, the user who
//! asks) or written by whoever creates the pod (names, labels, images, runtime classes, owner references).
//! Because of the latter an exemption by workload must be bound to namespaces, and the owner reference of a
//! pod counts only where one of Kubernetes' own controllers made the pod, or the exemption says that owner
//! references are to be trusted.

mod pattern;
mod read;
mod ruling;
mod subject;

pub use pattern::Pattern;
pub use read::{GROUP, KIND, read};
pub use ruling::{Ruling, Waived, Waivers};
pub use subject::{Maker, Owner, Subject};

use crate::PodCheck;
use ravelin_diag::Day;
use ravelin_object::selector::Selector;

/// A `PodSecurityExtension` of `ravelin.dev/v1`. By default nothing goes beyond upstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extension {
    /// What happens to a controller whose pods would be denied.
    pub controllers: Controllers,
    /// The exemptions, in the order of the text.
    pub exemptions: Vec<Exemption>,
}

/// What happens to a workload controller, such as a Deployment, whose pods would be denied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Controllers {
    /// It is admitted, with a warning where the namespace asks for one, as upstream does it.
    #[default]
    Warn,
    /// It is denied, unless its pod template was so before.
    Deny,
}

/// One exemption: every selector that is given must match.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemption {
    /// What it is called in audit annotations, warnings and metrics; unique in its file.
    pub name: String,
    /// Why it is granted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds.
    pub expires: Day,
    /// The namespaces by name.
    pub namespaces: Option<Vec<Pattern>>,
    /// The namespaces by their labels.
    pub namespace_selector: Option<Selector>,
    /// The workloads.
    pub workload: Option<Workload>,
    /// The images of the containers that are exempt. Where it is given, only these containers are.
    pub images: Option<Vec<Pattern>>,
    /// Who asks.
    pub usernames: Option<Vec<String>>,
    /// The `runtimeClassName` of the pod.
    pub runtime_classes: Option<Vec<String>>,
    /// The checks that are waived: ids of [`crate::checks::ALL`]; all where it is not given.
    pub controls: Option<Vec<&'static str>>,
    /// Whether the owner reference of a pod counts whoever made the pod.
    pub trust_owner_references: bool,
}

/// Workloads by kind, name and labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workload {
    /// Their kinds: `Deployment`, `Pod`; any where not given.
    pub kinds: Option<Vec<String>>,
    /// Their names; any where not given.
    pub names: Option<Vec<Pattern>>,
    /// The labels of their pods.
    pub selector: Option<Selector>,
}

impl Exemption {
    /// Whether its last day is over.
    #[must_use]
    pub fn is_expired(&self, today: Day) -> bool {
        self.expires < today
    }

    /// Whether it waives a check, for the containers it is about.
    #[must_use]
    pub fn waives(&self, check: &dyn PodCheck) -> bool {
        self.controls.as_ref().is_none_or(|ids| ids.contains(&check.meta().id))
    }
}

impl Extension {
    /// The exemptions that have expired.
    pub fn expired(&self, today: Day) -> impl Iterator<Item = (usize, &Exemption)> {
        self.exemptions.iter().enumerate().filter(move |(_, exemption)| exemption.is_expired(today))
    }

    /// The place of an exemption among the others.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        self.exemptions.iter().position(|exemption| exemption.name == name)
    }

    /// The exemptions that hold for a pod today, and those that would if they had not expired.
    #[must_use]
    pub fn waivers<'x>(&'x self, subject: &Subject<'_>, today: Day) -> Waivers<'x> {
        let mut waivers = Waivers::default();
        for exemption in &self.exemptions {
            let Some(containers) = subject.matches(exemption) else { continue };
            if exemption.is_expired(today) {
                waivers.expired.push(exemption);
            } else {
                waivers.granted.push((exemption, containers));
            }
        }
        waivers
    }
}
