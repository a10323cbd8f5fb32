//! The findings of an earlier run, so that only new ones fail.

use ravelin_engine::report::{Report, Status};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// The file format, so that a later one can be told apart.
const VERSION: u32 = 1;

/// A baseline file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The format.
    version: u32,
    /// What was found, in the order of the report.
    findings: Vec<Known>,
}

/// A finding of a baseline file. Only the fingerprint counts; the rest is for whoever reviews the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    fingerprint: String,
    check: String,
    object: String,
    file: String,
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// It is no baseline.
    #[error("{path}: not a baseline file: {reason}; write one with --write-baseline")]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

/// The fingerprints in a baseline file.
///
/// # Errors
/// If it cannot be read, or is none: a baseline that is not understood must not silence anything, nor be
/// silently left out.
pub fn read(path: &Path) -> Result<BTreeSet<String>, BaselineError> {
    let name = || path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| BaselineError::Io { path: name(), error })?;
    let format = |reason: String| BaselineError::Format { path: name(), reason };
    let file: File = serde_json::from_str(&text).map_err(|error| format(error.to_string()))?;
    if file.version != VERSION {
        return Err(format(format!("its version is {}, expected {VERSION}", file.version)));
    }
    Ok(file.findings.into_iter().map(|known| known.fingerprint).collect())
}

/// Writes every finding that is not suppressed, known ones included.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, report: &Report) -> Result<usize, BaselineError> {
    let io = |error| BaselineError::Io { path: path.display().to_string(), error };
    let findings: Vec<Known> = report
        .findings
        .iter()
        .filter(|finding| !matches!(finding.status, Status::Suppressed { .. }))
        .map(|finding| Known {
            fingerprint: finding.fingerprint.clone(),
            check: finding.finding.check.to_owned(),
            object: finding.object.as_ref().map(ToString::to_string).unwrap_or_default(),
            file: finding.location.file.to_string(),
        })
        .collect();
    let count = findings.len();
    let mut text = serde_json::to_string_pretty(&File { version: VERSION, findings })
        .map_err(|error| io(error.into()))?;
    text.push('\n');
    std::fs::write(path, text).map_err(io)?;
    Ok(count)
}
