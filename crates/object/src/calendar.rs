//! Days of the calendar and times of RFC 3339, as numbers.

/// How many days lie between 1970-01-01 and a date of the Gregorian calendar; before it, a negative number.
///
/// Nothing is checked: the 31st of February is the 3rd of March, or the 2nd. Months are 1 to 12.
#[must_use]
pub const fn days_of(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that leap days end them.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a day counted from 1970-01-01.
#[must_use]
pub const fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    if month < 10 { (era * 400 + year, month + 3, day) } else { (era * 400 + year + 1, month - 9, day) }
}

/// The seconds since 1970 of a second of a day (0 to 86,399), if the calendar has such a day.
#[must_use]
pub fn second_of(year: i64, month: i64, day: i64, second: i64) -> Option<i64> {
    let days = days_of(year, month, day);
    let is_real = (1..=12).contains(&month) && date_of(days) == (year, month, day);
    is_real.then_some(days * 86_400 + second)
}

/// Reads `2026-03-01T12:00:00Z` as Go's `time.Parse(time.RFC3339, text)` does: with a fraction of a second behind a point
/// or a comma, and with an hour of one digit. The seconds since 1970 in UTC, and the nanoseconds; digits beyond those are
/// dropped.
///
/// Where Go's words about what is wrong are wanted, `resource::time` has them.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<(i64, u32)> {
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
    let start = second_of(year, month, day, hour * 3600 + minute * 60 + second)?;
    Some((start - offset, nanoseconds))
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
    fn days_and_dates_are_counted_one_by_one() {
        let mut date = (1580, 1, 1);
        for days in days_of(1580, 1, 1)..=days_of(2420, 12, 31) {
            assert_eq!((date_of(days), days_of(date.0, date.1, date.2)), (date, days));
            let (year, month, day) = date;
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = [31, 28 + i64::from(is_leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            date = match (month, day == last[usize::try_from(month - 1).unwrap()]) {
                (12, true) => (year + 1, 1, 1),
                (_, true) => (year, month + 1, 1),
                (_, false) => (year, month, day + 1),
            };
        }
        assert_eq!(days_of(1970, 1, 1), 0);
        assert_eq!(date_of(i64::MAX).1, date_of(i64::MAX - 719_468).1);
    }

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
            assert_eq!(parse_rfc3339(text), expected, "{text}");
        }
    }
}
