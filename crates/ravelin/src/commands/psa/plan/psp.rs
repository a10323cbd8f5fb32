//! PodSecurityPolicies of old, and the levels they amount to.

use crate::output::say;
use ravelin_engine::report::Outcome;
use ravelin_object::Value;
use ravelin_object::identity::Identity;
use ravelin_podsec::psp::{self, Permits, Proposal};
use ravelin_render::visible;
use ravelin_source::scan::read_where;
use ravelin_source::{FileOptions, Limits};
use serde_json::json;
use std::path::PathBuf;

/// A policy, and what it amounts to.
pub(super) struct Proposed {
    /// The name of the policy.
    pub name: String,
    /// The file it is in.
    pub file: String,
    /// What it amounts to.
    pub proposal: Proposal,
}

/// Reads policies. What cannot be read is said, and sets `undecided`.
pub(super) fn read(
    paths: &[PathBuf],
    options: &FileOptions,
    limits: &Limits,
    undecided: &mut bool,
) -> Vec<Proposed> {
    if paths.is_empty() {
        return Vec::new();
    }
    let is_policy = |identity: &Identity, _: &Value| identity.kind == "PodSecurityPolicy";
    let sources = read_where(paths, options, limits, is_policy);
    for entry in &sources.entries {
        if let Outcome::Failed { message } = &entry.outcome {
            *undecided = true;
            say(&format!("error: {}: {}", visible(&entry.file), visible(message)));
        }
    }
    if sources.inventory.objects().is_empty() {
        *undecided = true;
        say("error: --psp: no PodSecurityPolicy there");
    }
    let objects = sources.inventory.objects().iter().zip(&sources.entry_of);
    objects
        .map(|(object, entry)| Proposed {
            name: object.identity.name.clone(),
            file: sources.entries.get(*entry).map(|entry| entry.file.to_string()).unwrap_or_default(),
            proposal: psp::propose(&object.value),
        })
        .collect()
}

pub(super) fn in_json(proposed: &Proposed) -> serde_json::Value {
    let permits = |permits: &[Permits]| -> Vec<serde_json::Value> {
        permits.iter().map(|one| json!({"path": one.path.to_string(), "permits": one.what})).collect()
    };
    json!({
        "name": proposed.name,
        "from": proposed.file,
        "level": proposed.proposal.level.to_string(),
        "beyondBaseline": permits(&proposed.proposal.beyond_baseline),
        "beyondRestricted": permits(&proposed.proposal.beyond_restricted),
        "mutates": proposed.proposal.mutates.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
