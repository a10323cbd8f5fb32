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
        let mut reader = Reader(text.as_bytes());
        let date = [reader.number(4)?, reader.after(b'-')?.number(2)?, reader.after(b'-')?.number(2)?];
        let [year, month, day] = date;
        let hour = reader.after(b'T')?.number(2)?;
        let minute = reader.after(b':')?.number(2)?;
        let second = reader.after(b':')?.number(2)?;
        let micros = reader.fraction();
        let offset = reader.offset()?;
        let is_real =
            (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 60;
        if !is_real || !reader.0.is_empty() {
            return None;
        }
        let seconds =
            calendar::days_of(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
        Some(Self(seconds * 1_000_000 + micros))
    }
}

struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn number(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        let is_number = digits.iter().all(u8::is_ascii_digit);
        is_number.then(|| digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    }

    fn after(&mut self, byte: u8) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(self)
    }

    fn fraction(&mut self) -> i64 {
        let Some(rest) = self.0.strip_prefix(b".") else { return 0 };
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = rest.split_at_checked(count).unwrap_or_default();
        self.0 = rest;
        let digits = digits.iter().copied().chain(std::iter::repeat(b'0')).take(6);
        digits.fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0'))
    }

    fn offset(&mut self) -> Option<i64> {
        if self.after(b'Z').is_some() {
            return Some(0);
        }
        let sign = if self.after(b'-').is_some() { -1 } else { self.after(b'+').map(|_| 1)? };
        Some(sign * (self.number(2)? * 3600 + self.after(b':')?.number(2)? * 60))
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
