//! The kinds of `batch`.

mod cron_job;
mod job;

use crate::rules::Rules;

/// The kinds of `batch`.
pub(crate) const RULES: &[Rules] = &[job::RULES, cron_job::RULES];
