//! Points in time, as objects hold them.

use crate::duration::human;
use crate::field;
use ravelin_object::{Value, calendar};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMicros(pub i64);

impl UnixMicros {
    /// Whole seconds since 1970.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Reads RFC 3339 with any number of digits behind the second; those beyond microseconds are dropped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (seconds, nanos) = calendar::parse_rfc3339(text)?;
        Some(Self(seconds * 1_000_000 + i64::from(nanos / 1000)))
    }
}

/// The time that ages are against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(pub(crate) UnixMicros);

impl Clock {
    /// How old the object is: the cell `Age`.
    pub(crate) fn age(&self, object: &Value) -> Value {
        Value::from(self.since(object, "metadata.creationTimestamp"))
    }

    /// How long ago the time at a path was.
    pub(crate) fn since(&self, object: &Value, path: &str) -> String {
        self.since_time(at(object, path))
    }

    /// How long ago a time was; `<unknown>` where there is none.
    pub(crate) fn since_time(&self, time: Option<UnixMicros>) -> String {
        time.map_or_else(|| "<unknown>".to_owned(), |time| human(self.0.0.saturating_sub(time.0)))
    }
}

/// The time at a path; nothing where it is absent or Go's zero time.
pub(crate) fn at(object: &Value, path: &str) -> Option<UnixMicros> {
    let time = UnixMicros::parse(field::optional_text(object, path)?)?;
    (time.0 != -62_135_596_800_000_000).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-11-22T03:49:25.000001Z", Some(1_795_319_365_000_001)),
            ("2000-02-29T01:00:00.5+01:00", Some(951_782_400_500_000)),
            ("2000-02-28T23:00:00.1234567-01:00", Some(951_782_400_123_456)),
            ("0001-01-01T00:00:00Z", Some(-62_135_596_800_000_000)),
            ("2000-13-01T00:00:00Z", None),
            ("2000-01-01", None),
            ("2000-01-01T00:00:00", None),
            ("2000-01-01T00:00:00Zx", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(UnixMicros::parse(text).map(|time| time.0), expected, "{text}");
        }
        assert_eq!(UnixMicros::from_seconds(2), UnixMicros(2_000_000));
    }
}
