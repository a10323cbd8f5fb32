//! Spans of time as Go writes them: `1h2m3.5s`.

use std::fmt;

/// A span of time, in nanoseconds.
///
/// Source: Go `time.Duration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub i64);

const MICROSECOND: i64 = 1_000;
const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

impl Duration {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// Reads a text such as `-1.5h` or `300ms`.
    ///
    /// Source: Go `time.ParseDuration`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if unsigned == "0" {
            return Some(Self(0));
        }
        if unsigned.is_empty() {
            return None;
        }
        let (mut rest, mut total) = (unsigned, 0_u64);
        while !rest.is_empty() {
            let (part, tail) = part(rest)?;
            total = total.checked_add(part).filter(|total| *total <= 1 << 63)?;
            rest = tail;
        }
        if negative { 0_i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() }.map(Self)
    }
}

/// One number with its unit, in nanoseconds, and what follows.
fn part(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at_checked(end)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))?,
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let unit_end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at_checked(unit_end)?;
    let unit = u64::try_from(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => return None,
    })
    .ok()?;
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut total = whole.checked_mul(unit).filter(|total| *total <= 1 << 63)?;
    let mut step = u128::from(unit) * 1_000_000_000_000_000_000;
    let mut extra = 0_u128;
    for digit in fraction.bytes().take(18) {
        step /= 10;
        extra += u128::from(digit - b'0') * step;
    }
    total = total.checked_add(u64::try_from(extra / 1_000_000_000_000_000_000).ok()?)?;
    Some((total, rest))
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
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }
}
