//! Spans of time as Go writes them: `1h2m3.5s`.

use ravelin_object::selector::quoted;
use std::fmt;

/// A span of time, in nanoseconds.
///
/// Source: Go `time.Duration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub i64);

/// Why a text is no span of time, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// It is malformed or too large.
    #[error("time: invalid duration {}", quoted(.0))]
    Invalid(String),
    /// A number has no unit.
    #[error("time: missing unit in duration {}", quoted(.0))]
    MissingUnit(String),
    /// A unit does not exist.
    #[error("time: unknown unit {} in duration {}", quoted(.0), quoted(.1))]
    UnknownUnit(String, String),
}

/// What is wrong with a part of a text.
enum Wrong<'t> {
    Malformed,
    NoUnit,
    Unit(&'t str),
}

const MICROSECOND: i64 = 1_000;
const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const FRACTIONS: u128 = 1_000_000_000_000_000_000;

impl Duration {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// Reads a text such as `-1.5h` or `300ms`.
    ///
    /// # Errors
    /// A text that is no span, or one beyond 292 years.
    ///
    /// Source: Go `time.ParseDuration`.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if unsigned == "0" {
            return Ok(Self(0));
        }
        let total = total(unsigned).map_err(|wrong| match wrong {
            Wrong::Malformed => DurationError::Invalid(text.to_owned()),
            Wrong::NoUnit => DurationError::MissingUnit(text.to_owned()),
            Wrong::Unit(unit) => DurationError::UnknownUnit(unit.to_owned(), text.to_owned()),
        })?;
        let signed = if negative { 0_i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() };
        signed.map(Self).ok_or_else(|| DurationError::Invalid(text.to_owned()))
    }
}

/// All numbers with their units, in nanoseconds.
fn total(text: &str) -> Result<u64, Wrong<'_>> {
    if text.is_empty() {
        return Err(Wrong::Malformed);
    }
    let (mut rest, mut total) = (text, 0_u64);
    while !rest.is_empty() {
        let (size, tail) = part(rest)?;
        total = total.checked_add(size).filter(|total| *total <= 1 << 63).ok_or(Wrong::Malformed)?;
        rest = tail;
    }
    Ok(total)
}

/// One number with its unit, in nanoseconds, and what follows.
fn part(text: &str) -> Result<(u64, &str), Wrong<'_>> {
    let (whole, rest) = split(text, |c| !c.is_ascii_digit());
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => split(rest, |c| !c.is_ascii_digit()),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(Wrong::Malformed);
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| Wrong::Malformed)? };
    let (unit, rest) = split(rest, |c| c == '.' || c.is_ascii_digit());
    let unit = match unit {
        "" => return Err(Wrong::NoUnit),
        "ns" => 1,
        "us" | "µs" | "μs" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        other => return Err(Wrong::Unit(other)),
    };
    let unit = unit.unsigned_abs();
    // Eighteen digits are more than a nanosecond can show of an hour.
    let mut step = u128::from(unit) * FRACTIONS;
    let mut extra = 0_u128;
    for digit in fraction.bytes().take(18) {
        step /= 10;
        extra += u128::from(digit - b'0') * step;
    }
    let extra = u64::try_from(extra / FRACTIONS).map_err(|_| Wrong::Malformed)?;
    let size = whole.checked_mul(unit).and_then(|size| size.checked_add(extra));
    size.filter(|size| *size <= 1 << 63).map(|size| (size, rest)).ok_or(Wrong::Malformed)
}

fn split(text: &str, at: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at_checked(text.find(at).unwrap_or(text.len())).unwrap_or((text, ""))
}

/// As Go's `Duration.String` writes it.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let [microsecond, millisecond, second] = [MICROSECOND, MILLISECOND, SECOND].map(i64::unsigned_abs);
        if size == 0 {
            return f.write_str("0s");
        }
        if size < second {
            let (unit, divisor) = match size {
                size if size < microsecond => ("ns", 1),
                size if size < millisecond => ("µs", microsecond),
                _ => ("ms", millisecond),
            };
            return write!(f, "{sign}{}{unit}", decimal(size, divisor));
        }
        let (hours, minutes) = (size / HOUR.unsigned_abs(), size / MINUTE.unsigned_abs() % 60);
        let seconds = decimal(size % MINUTE.unsigned_abs(), second);
        if hours > 0 {
            write!(f, "{sign}{hours}h{minutes}m{seconds}s")
        } else if minutes > 0 {
            write!(f, "{sign}{minutes}m{seconds}s")
        } else {
            write!(f, "{sign}{seconds}s")
        }
    }
}

/// A number of units with its fraction, without zeros at its end.
fn decimal(value: u64, unit: u64) -> String {
    let fraction = value % unit;
    if fraction == 0 {
        return (value / unit).to_string();
    }
    let width = unit.ilog10() as usize;
    let digits = format!("{fraction:0width$}");
    format!("{}.{}", value / unit, digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written_as_in_go() {
        for (text, written) in [
            ("0", "0s"),
            ("30s", "30s"),
            ("1h", "1h0m0s"),
            ("-1.5h", "-1h30m0s"),
            ("90s", "1m30s"),
            ("1m1.25s", "1m1.25s"),
            ("300ms", "300ms"),
            ("1.5us", "1.5µs"),
            ("+.5s", "500ms"),
            ("9223372036854775807ns", "2562047h47m16.854775807s"),
            ("-9223372036854775808ns", "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(Duration::parse(text).unwrap().to_string(), written, "{text}");
        }
        for text in ["", "1", "s", "-", ".s", "1x", "9223372036854775808ns", "1h 2m"] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
        let error = |text| Duration::parse(text).unwrap_err().to_string();
        assert_eq!(error("5"), "time: missing unit in duration \"5\"");
        assert_eq!(error("1h5x"), "time: unknown unit \"x\" in duration \"1h5x\"");
        assert_eq!(error("x"), "time: invalid duration \"x\"");
    }
}
