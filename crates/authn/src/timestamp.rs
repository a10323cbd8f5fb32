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
        let mut reader = Reader { rest: text.as_bytes() };
        let year = reader.digits(4)?;
        reader.expect(b'-')?;
        let month = reader.digits(2)?;
        reader.expect(b'-')?;
        let day = reader.digits(2)?;
        reader.expect(b'T')?;
        let hour = reader.one_or_two_digits()?;
        reader.expect(b':')?;
        let minute = reader.digits(2)?;
        reader.expect(b':')?;
        let second = reader.digits(2)?;
        let nanoseconds = reader.fraction();
        let offset = reader.zone()?;
        if !reader.rest.is_empty() || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Self::civil(year, month, day, hour * 3600 + minute * 60 + second)
            .map(|start| Self { seconds: start.saturating_sub(offset), nanoseconds })
    }

    /// The seconds since 1970 of a second of a day, if there is such a day.
    pub(crate) fn civil(year: i64, month: i64, day: i64, second_of_day: i64) -> Option<i64> {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days_of_month = match month {
            2 => 28 + i64::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if day < 1 || day > days_of_month {
            return None;
        }
        Some(calendar::days_of(year, month, day) * 86_400 + second_of_day)
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

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn next_if(&mut self, wanted: impl Fn(u8) -> bool) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        if wanted(*first) {
            self.rest = rest;
            return Some(*first);
        }
        None
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.next_if(|found| found == byte).map(drop)
    }

    fn digit(&mut self) -> Option<i64> {
        self.next_if(|byte| byte.is_ascii_digit()).map(|byte| i64::from(byte - b'0'))
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        (0..count).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    fn one_or_two_digits(&mut self) -> Option<i64> {
        let first = self.digit()?;
        Some(self.digit().map_or(first, |second| first * 10 + second))
    }

    fn fraction(&mut self) -> u32 {
        let is_fraction = matches!(self.rest, [b'.' | b',', digit, ..] if digit.is_ascii_digit());
        if !is_fraction {
            return 0;
        }
        let _ = self.next_if(|_| true);
        let mut nanoseconds = 0;
        let mut weight = 100_000_000;
        while let Some(digit) = self.digit() {
            nanoseconds += u32::try_from(digit).unwrap_or(0) * weight;
            weight /= 10;
        }
        nanoseconds
    }

    /// The offset from UTC in seconds.
    fn zone(&mut self) -> Option<i64> {
        if self.expect(b'Z').is_some() {
            return Some(0);
        }
        let sign = if self.next_if(|byte| matches!(byte, b'+' | b'-'))? == b'-' { -1 } else { 1 };
        let hours = self.digits(2)?;
        self.expect(b':')?;
        let minutes = self.digits(2)?;
        (hours <= 24 && minutes <= 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_go_reads_them() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some((0, 0))),
            ("2026-03-01T12:00:00Z", Some((1_772_366_400, 0))),
            ("2026-03-01T12:00:00.5Z", Some((1_772_366_400, 500_000_000))),
            ("2026-03-01T12:00:00,25Z", Some((1_772_366_400, 250_000_000))),
            ("2026-03-01T14:00:00+02:00", Some((1_772_366_400, 0))),
            ("2026-03-01T9:00:00-03:00", Some((1_772_366_400, 0))),
            ("2024-02-29T00:00:00Z", Some((1_709_164_800, 0))),
            ("0001-01-01T00:00:00Z", Some((-62_135_596_800, 0))),
            ("2026-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-03-01T24:00:00Z", None),
            ("2026-03-01T12:00:60Z", None),
            ("2026-03-01T12:00:00", None),
            ("2026-03-01 12:00:00Z", None),
            ("2026-03-01T12:00:00z", None),
            ("2026-03-01T12:00:00.Z", None),
            ("2026-03-01T12:00:00Z ", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(seconds, nanoseconds)| Timestamp { seconds, nanoseconds });
            assert_eq!(Timestamp::parse_rfc3339(text), expected, "{text}");
        }
    }

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
