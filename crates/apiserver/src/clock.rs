//! The time, as objects, tokens and events write it.

use ravelin_auditlog::MicroTime;
use ravelin_authn::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970.
fn micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Now, for events.
pub(crate) fn micro_time() -> MicroTime {
    MicroTime::from_unix_micros(micros())
}

/// Now, for tokens and certificates.
pub(crate) fn timestamp() -> Timestamp {
    let micros = micros();
    let nanoseconds = u32::try_from(micros.rem_euclid(1_000_000)).unwrap_or_default() * 1000;
    Timestamp::new(micros.div_euclid(1_000_000), nanoseconds)
}

/// Seconds since 1970.
pub(crate) fn seconds() -> i64 {
    micros().div_euclid(1_000_000)
}

/// Today, in UTC.
pub(crate) fn day() -> Option<ravelin_diag::Day> {
    timestamp().date().parse().ok()
}

/// Milliseconds since 1970.
pub(crate) fn millis() -> u64 {
    u64::try_from(micros() / 1000).unwrap_or_default()
}

/// Now, as objects write it: `2026-03-01T10:00:00Z`.
pub(crate) fn rfc3339() -> String {
    Timestamp::from_unix(seconds()).to_string()
}
