//! Points in time, as values.

use ravelin_object::calendar;
use std::fmt;

/// A point in time: seconds since 1970 in UTC, and nanoseconds. Nobody here reads a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

impl Timestamp {
    /// A whole second.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self { seconds, nanoseconds: 0 }
    }

    /// A second and nanoseconds of it; more than a second of them is cut off.
    #[must_use]
    pub const fn new(seconds: i64, nanoseconds: u32) -> Self {
        let nanoseconds = if nanoseconds > 999_999_999 { 999_999_999 } else { nanoseconds };
        Self { seconds, nanoseconds }
    }

    /// The seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// The nanoseconds of the second.
    #[must_use]
    pub const fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// So many seconds later, or earlier. It stops at the ends of time.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self { seconds: self.seconds.saturating_add(seconds), nanoseconds: self.nanoseconds }
    }

    /// Reads `2026-03-01T12:00:00Z` as Go's `time.Parse(time.RFC3339, text)` does: with a fraction of a second
    /// behind a point or a comma, and with an hour of one digit.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        calendar::parse_rfc3339(text).map(|(seconds, nanoseconds)| Self { seconds, nanoseconds })
    }

    /// The day, in UTC: `2026-03-01`.
    #[must_use]
    pub fn date(self) -> String {
        let (year, month, day) = calendar::date_of(self.seconds.div_euclid(86_400));
        format!("{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Timestamp {
    /// As `time.RFC3339` in UTC, without fractions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.seconds.rem_euclid(86_400);
        write!(f, "{}T{:02}:{:02}:{:02}Z", self.date(), second / 3600, second / 60 % 60, second % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_back() {
        for seconds in [0, -1, 951_782_400, 951_868_799, 1_772_366_400, 4_102_444_800, -62_135_596_800] {
            let time = Timestamp::from_unix(seconds);
            assert_eq!(Timestamp::parse_rfc3339(&time.to_string()), Some(time), "{time}");
        }
        assert_eq!(Timestamp::from_unix(951_782_400).date(), "2000-02-29");
        assert_eq!(Timestamp::from_unix(i64::MAX).plus(1).seconds(), i64::MAX);
        let _ = Timestamp::from_unix(i64::MIN).to_string();
    }
}
