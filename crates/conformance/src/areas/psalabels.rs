//! What the labels of a namespace ask for.

use std::collections::BTreeMap;
use std::str::FromStr;

use ravelin_podsec::policy::{self, Policy};
use ravelin_podsec::{Level, LevelVersion, Version};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records `{labels, defaults, policy, fully_privileged, equivalent_to_defaults, errors[], error}`.
pub(super) struct PsaLabels;

/// A policy, each mode as `level:version`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Modes {
    enforce: String,
    audit: String,
    warn: String,
}

impl Area for PsaLabels {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let labels: Option<BTreeMap<String, String>> = fields.take("labels")?;
    let labels = labels.unwrap_or_default();
    let labels: Vec<(&str, &str)> =
        labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let defaults: Modes = fields.take("defaults")?;
    let defaults = Policy {
        enforce: level_version("defaults.enforce", &defaults.enforce)?,
        audit: level_version("defaults.audit", &defaults.audit)?,
        warn: level_version("defaults.warn", &defaults.warn)?,
    };
    let (policy, errors) = policy::of_labels(&labels, &defaults);
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Ok(json!({
        "policy": {
            "enforce": policy.enforce.to_string(),
            "audit": policy.audit.to_string(),
            "warn": policy.warn.to_string(),
        },
        "fully_privileged": policy.is_fully_privileged(),
        "equivalent_to_defaults": policy.is_equivalent(&defaults),
        "error": aggregate(&errors),
        "errors": errors,
    }))
}

fn level_version(field: &str, text: &str) -> Result<LevelVersion, Difference> {
    let read = |(level, version)| {
        Some(LevelVersion::new(Level::from_str(level).ok()?, Version::from_str(version).ok()?))
    };
    let read = text.split_once(':').and_then(read);
    read.ok_or_else(|| Difference::form(field, "a level, a colon and a version", text))
}

/// Errors as one: one bare, several in brackets.
///
/// Source: `k8s.io/apimachinery/pkg/util/errors` `Aggregate.Error`. No two labels have the same error.
fn aggregate(errors: &[String]) -> Option<String> {
    match errors {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}
