//! Points in time as events carry them: microseconds, in UTC.
//!
//! Source: `k8s.io/apimachinery/pkg/apis/meta/v1` `MicroTime`.

use ravelin_object::calendar;
use std::fmt;

/// Microseconds since 1970-01-01T00:00:00Z. Prints as `2006-01-02T15:04:05.000000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroTime(i64);

/// A text that is no point in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as \"2006-01-02T15:04:05.000000Z\"")]
pub struct TimeError;

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400;
/// The first second of the year 0, and the first after the year 9999.
const YEARS: std::ops::Range<i64> = -62_167_219_200..253_402_300_800;

impl MicroTime {
    /// The time so many microseconds after 1970. Outside the years 0 to 9999 it is the nearest within.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Self {
        Self(micros.clamp(YEARS.start * MICROS, YEARS.end * MICROS - 1))
    }

    /// Microseconds after 1970.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with any number of digits behind the second and any offset; digits beyond microseconds are
    /// dropped. (Upstream insists on six digits; logs of others have none, three, or nine.)
    ///
    /// # Errors
    /// Anything else, and times outside the years 0 to 9999.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let (seconds, nanos) = calendar::parse_rfc3339(text).ok_or(TimeError)?;
        if !YEARS.contains(&seconds) {
            return Err(TimeError);
        }
        Ok(Self(seconds * MICROS + i64::from(nanos / 1000)))
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0.div_euclid(MICROS), self.0.rem_euclid(MICROS));
        let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = calendar::date_of(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_and_read() {
        let cases = [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_795_319_365_000_001, "2026-11-22T03:49:25.000001Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (i64::MIN, "0000-01-01T00:00:00.000000Z"),
            (i64::MAX, "9999-12-31T23:59:59.999999Z"),
        ];
        for (micros, text) in cases {
            let time = MicroTime::from_unix_micros(micros);
            assert_eq!(time.to_string(), text);
            assert_eq!(MicroTime::parse(text), Ok(time));
        }
    }

    #[test]
    fn times_of_others_read() {
        let same =
            ["2023-05-01T10:00:00Z", "2023-05-01T12:00:00.0+02:00", "2023-05-01T09:30:00.0000004-00:30"];
        for text in same {
            assert_eq!(MicroTime::parse(text).unwrap().to_string(), "2023-05-01T10:00:00.000000Z", "{text}");
        }
        let wrong = [
            "",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:00:00.Z",
            "2023-01-01T00:00:00",
            "2023-01-01T00:00:00+0200",
            "0000-01-01T00:00:00+00:01",
            "2023-01-01 00:00:00Z",
        ];
        for text in wrong {
            assert_eq!(MicroTime::parse(text), Err(TimeError), "{text}");
        }
    }
}
