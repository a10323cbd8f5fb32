//! What a check over an inventory is, and what it says.

use ravelin_check::{Check, CheckMeta};
use ravelin_diag::{Anchor, Confidence, FieldPath, Severity};
use ravelin_inventory::ObjectId;
use std::collections::BTreeSet;

/// A check over an inventory.
pub trait PostureCheck: Check {
    /// Says what is wrong in the picture, and what could not be known.
    fn run(&self, picture: &crate::Picture<'_>, notes: &mut Notes);
}

/// One fault, at one place of one object.
#[derive(Clone, Debug)]
pub struct Found {
    /// The check that says so.
    pub check: &'static CheckMeta,
    /// How bad it is: what the check says, unless the case is milder or worse.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// The object.
    pub object: ObjectId,
    /// The field, from the root of the object.
    pub path: FieldPath,
    /// Which part of it to point at.
    pub anchor: Anchor,
    /// What is wrong: one sentence without a period, values in backticks, the chain that gives the power included.
    pub message: String,
}

/// What checks say.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    current: Option<&'static CheckMeta>,
    /// The faults.
    pub found: Vec<Found>,
    /// What could not be known: one sentence for each cause.
    pub unknown: BTreeSet<String>,
}

impl Notes {
    /// What is said from now on is said by this check.
    pub(crate) fn of(&mut self, check: &'static CheckMeta) {
        self.current = Some(check);
    }

    /// A fault, as bad as the check says. It is returned, so that a check can say otherwise.
    pub fn add(
        &mut self,
        object: ObjectId,
        path: FieldPath,
        anchor: Anchor,
        message: impl Into<String>,
    ) -> Option<&mut Found> {
        let check = self.current?;
        let (severity, confidence) = (check.severity, check.confidence);
        let message = message.into();
        self.found.push(Found { check, severity, confidence, object, path, anchor, message });
        self.found.last_mut()
    }

    /// Something could not be known: one sentence without a period.
    pub fn unknown(&mut self, what: impl Into<String>) {
        self.unknown.insert(what.into());
    }
}
