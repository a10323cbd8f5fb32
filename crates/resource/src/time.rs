//! Points in time in JSON: RFC 3339 as Go reads it, with Go's complaints, and as the API server writes it.
//!
//! Source: Go `time.Parse` (`format.go`, `format_rfc3339.go`); `k8s.io/apimachinery/pkg/apis/meta/v1` `Time`, `MicroTime`.

use ravelin_object::calendar;

/// How a kind of time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `2006-01-02T15:04:05Z07:00`, of `Time`.
    Seconds,
    /// `2006-01-02T15:04:05.000000Z07:00`, of `MicroTime`.
    Micros,
}

impl Layout {
    const fn text(self) -> &'static str {
        match self {
            Self::Seconds => "2006-01-02T15:04:05Z07:00",
            Self::Micros => "2006-01-02T15:04:05.000000Z07:00",
        }
    }
}

/// A time as the API server writes it, in UTC; nothing for the zero time, which is written as `null`.
///
/// # Errors
/// Go's words about a text that is no time.
pub(crate) fn canonical(text: &str, layout: Layout) -> Result<Option<String>, String> {
    let time = read(text, layout)?;
    Ok(written(time.unix(), time.nanos, layout))
}

fn read(text: &str, layout: Layout) -> Result<Time, String> {
    Reader { layout, rest: text }.read().map_err(|fault| match fault {
        Fault::Unfit { element, found } => format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quote(text),
            quote(layout.text()),
            quote(found),
            quote(element)
        ),
        Fault::Other(words) => format!("parsing time {}{words}", quote(text)),
    })
}

/// The seconds since 1970 and nanoseconds that a text names.
///
/// # Errors
/// Go's words about a text that is no time.
pub fn unix(text: &str, layout: Layout) -> Result<(i64, i64), String> {
    let time = read(text, layout)?;
    Ok((time.unix(), time.nanos))
}

/// The time of so many seconds since 1970 and nanoseconds (0 to 999,999,999) as the API server writes it: in UTC, without
/// what the layout has no place for; nothing for the first instant of the year 1.
#[must_use]
pub fn written(seconds: i64, nanos: i64, layout: Layout) -> Option<String> {
    const ZERO: i64 = -62_135_596_800;
    if seconds == ZERO && nanos == 0 {
        return None;
    }
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = calendar::date_of(days);
    let sign = if year < 0 { "-" } else { "" };
    let fraction = match layout {
        Layout::Seconds => String::new(),
        Layout::Micros => format!(".{:06}", nanos / 1000),
    };
    Some(format!(
        "{sign}{:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}Z",
        year.abs(),
        second / 3600,
        second / 60 % 60,
        second % 60
    ))
}

/// Go quotes texts in these messages in its own way: control characters and what is not ASCII as bytes.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

enum Fault<'t> {
    /// The text does not go on as the layout does.
    Unfit { element: &'static str, found: &'t str },
    /// Another complaint, which follows the text.
    Other(String),
}

#[derive(Default)]
struct Time {
    year: i64,
    month: i64,
    day: i64,
    second: i64,
    nanos: i64,
    offset: i64,
}

struct Reader<'t> {
    layout: Layout,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn read(mut self) -> Result<Time, Fault<'t>> {
        let mut time = Time { year: self.year()?, ..Time::default() };
        self.literal("-")?;
        time.month = self.two_digits("01")?;
        range(1..=12, time.month, "month")?;
        self.literal("-")?;
        time.day = self.two_digits("02")?;
        self.literal("T")?;
        let hour = self.hour()?;
        range(0..=23, hour, "hour")?;
        self.literal(":")?;
        let minute = self.two_digits("04")?;
        range(0..=59, minute, "minute")?;
        self.literal(":")?;
        let second = self.two_digits("05")?;
        range(0..=59, second, "second")?;
        time.second = hour * 3600 + minute * 60 + second;
        time.nanos = self.fraction()?;
        time.offset = self.zone()?;
        if !self.rest.is_empty() {
            return Err(Fault::Other(format!(": extra text: {}", quote(self.rest))));
        }
        if time.day < 1 || time.day > days_of(time.year, time.month) {
            return Err(Fault::Other(": day out of range".to_owned()));
        }
        Ok(time)
    }

    fn literal(&mut self, mark: &'static str) -> Result<(), Fault<'t>> {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => unfit(mark, self.rest),
        }
    }

    fn digits(&self, count: usize) -> Option<(i64, &'t str)> {
        let digits = self.rest.get(..count)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        Some((is_number.then(|| digits.parse().ok())??, self.rest.get(count..)?))
    }

    fn year(&mut self) -> Result<i64, Fault<'t>> {
        let starts_with_digit = self.rest.starts_with(|c: char| c.is_ascii_digit());
        match self.digits(4).filter(|_| starts_with_digit) {
            Some((year, rest)) => {
                self.rest = rest;
                Ok(year)
            }
            None => unfit("2006", self.rest),
        }
    }

    fn two_digits(&mut self, element: &'static str) -> Result<i64, Fault<'t>> {
        match self.digits(2) {
            Some((value, rest)) => {
                self.rest = rest;
                Ok(value)
            }
            None => unfit(element, self.rest),
        }
    }

    /// Unlike the others, the hour may have one digit.
    fn hour(&mut self) -> Result<i64, Fault<'t>> {
        let Some((value, rest)) = self.digits(2).or_else(|| self.digits(1)) else {
            return unfit("15", self.rest);
        };
        self.rest = rest;
        Ok(value)
    }

    fn fraction(&mut self) -> Result<i64, Fault<'t>> {
        match self.layout {
            Layout::Seconds => Ok(self.free_fraction()),
            Layout::Micros => self.six_digits(),
        }
    }

    /// A fraction that the layout does not ask for.
    fn free_fraction(&mut self) -> i64 {
        let Some(digits) = self.rest.strip_prefix(['.', ',']) else { return 0 };
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return 0;
        }
        let (number, rest) = digits.split_at_checked(count).unwrap_or((digits, ""));
        self.rest = rest;
        let nanos = number.bytes().chain(std::iter::repeat(b'0')).take(9);
        nanos.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
    }

    /// `.000000`: seven bytes that have to be there.
    fn six_digits(&mut self) -> Result<i64, Fault<'t>> {
        let Some((field, rest)) = self.rest.split_at_checked(7) else {
            return unfit(".000000", self.rest);
        };
        // As in Go, the digits may begin with a sign.
        let number = field.strip_prefix(['.', ',']).and_then(|digits| digits.parse::<i64>().ok());
        let Some(micros) = number else { return unfit(".000000", self.rest) };
        range(0..=999_999, micros, "fractional second")?;
        self.rest = rest;
        Ok(micros * 1000)
    }

    fn zone(&mut self) -> Result<i64, Fault<'t>> {
        const ELEMENT: &str = "Z07:00";
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let whole = self.rest;
        let Some((zone, rest)) = whole.split_at_checked(6) else { return unfit(ELEMENT, whole) };
        let bytes = zone.as_bytes();
        let [sign, h1, h2, b':', m1, m2] = bytes else { return unfit(ELEMENT, whole) };
        let number = |tens: &u8, ones: &u8| {
            let both = [*tens, *ones];
            both.iter().all(u8::is_ascii_digit).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        };
        let Some(hours) = number(h1, h2) else { return unfit(ELEMENT, whole) };
        range(0..=24, hours, "time zone offset hour")?;
        let Some(minutes) = number(m1, m2) else { return unfit(ELEMENT, whole) };
        range(0..=60, minutes, "time zone offset minute")?;
        let offset = (hours * 60 + minutes) * 60;
        let offset = match sign {
            b'+' => offset,
            b'-' => -offset,
            _ => return unfit(ELEMENT, whole),
        };
        self.rest = rest;
        Ok(offset)
    }
}

fn unfit<'t, T>(element: &'static str, found: &'t str) -> Result<T, Fault<'t>> {
    Err(Fault::Unfit { element, found })
}

fn range<'t>(of: std::ops::RangeInclusive<i64>, value: i64, what: &str) -> Result<(), Fault<'t>> {
    if of.contains(&value) { Ok(()) } else { Err(Fault::Other(format!(": {what} out of range"))) }
}

impl Time {
    /// Seconds since 1970.
    const fn unix(&self) -> i64 {
        calendar::days_of(self.year, self.month, self.day) * 86_400 + self.second - self.offset
    }
}

const fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        let cases = [
            ("2026-03-01T12:00:00Z", Some("2026-03-01T12:00:00Z")),
            ("2026-03-01T1:00:00,123456789+02:30", Some("2026-02-28T22:30:00Z")),
            ("0001-01-01T00:00:00Z", None),
            ("0000-01-01T00:00:00+01:00", Some("-0001-12-31T23:00:00Z")),
            ("9999-12-31T23:59:59-24:60", Some("10000-01-02T00:59:59Z")),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text, Layout::Seconds), Ok(expected.map(str::to_owned)), "{text}");
        }
        let micro = canonical("2026-03-01T12:00:00.123456+01:00", Layout::Micros);
        assert_eq!(micro, Ok(Some("2026-03-01T11:00:00.123456Z".to_owned())));
    }

    #[test]
    fn what_is_no_time_is_refused_in_the_words_of_go() {
        let cases = [
            ("", "parsing time \"\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"2006\""),
            (
                "2026-3-1",
                "parsing time \"2026-3-1\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"3-1\" as \"01\"",
            ),
            ("2026-13-01T00:00:00Z", "parsing time \"2026-13-01T00:00:00Z\": month out of range"),
            ("2026-02-30T00:00:00Z", "parsing time \"2026-02-30T00:00:00Z\": day out of range"),
            ("2026-02-30T00:00:00Zx", "parsing time \"2026-02-30T00:00:00Zx\": extra text: \"x\""),
            (
                "2026-02-03 00:00:00Z",
                "parsing time \"2026-02-03 00:00:00Z\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \" 00:00:00Z\" as \"T\"",
            ),
            (
                "2026-02-03T00:00:00+25:00",
                "parsing time \"2026-02-03T00:00:00+25:00\": time zone offset hour out of range",
            ),
            (
                "é",
                "parsing time \"\\xc3\\xa9\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\\xc3\\xa9\" as \"2006\"",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text, Layout::Seconds), Err(expected.to_owned()), "{text}");
        }
        assert!(
            canonical("2026-03-01T12:00:00Z", Layout::Micros)
                .unwrap_err()
                .ends_with("cannot parse \"Z\" as \".000000\"")
        );
    }
}
