//! Query strings, and the durations in them, as Go reads them.

use std::time::Duration;

/// The parameters of a query, decoded, in their order. What cannot be decoded is left out, as Go's `URL.Query` does.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')).filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(key)?, decoded(value)?))
    })
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

/// A duration as `time.ParseDuration` of Go reads it: `10s`, `1.5s`, `1m30s`. One below zero counts as zero.
///
/// # Errors
/// Where it is none. The words are those of Go.
pub fn duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (is_negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos = 0_u128;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(number_end).ok_or_else(invalid)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(invalid());
        }
        let unit_end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit_end).ok_or_else(invalid)?;
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let scale: u128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60 * 1_000_000_000,
            "h" => 3_600 * 1_000_000_000,
            _ => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
        };
        let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        nanos = whole.checked_mul(scale).and_then(|part| nanos.checked_add(part)).ok_or_else(invalid)?;
        nanos += fraction_of(fraction, scale);
        rest = after;
    }
    // Go holds 63 bits of nanoseconds.
    let nanos =
        u64::try_from(nanos).ok().filter(|nanos| *nanos <= i64::MAX.unsigned_abs()).ok_or_else(invalid)?;
    Ok(if is_negative { Duration::ZERO } else { Duration::from_nanos(nanos) })
}

/// `0.<digits>` of a scale, cut to whole nanoseconds.
fn fraction_of(digits: &str, scale: u128) -> u128 {
    let (mut sum, mut place) = (0, scale);
    for digit in digits.bytes() {
        place /= 10;
        sum += u128::from(digit.wrapping_sub(b'0')) * place;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let of = |text| pairs(text).collect::<Vec<_>>();
        assert_eq!(
            of("timeout=10s&verbose&a=%2Fb+c"),
            [
                ("timeout".to_owned(), "10s".to_owned()),
                ("verbose".to_owned(), String::new()),
                ("a".to_owned(), "/b c".to_owned()),
            ]
        );
        assert_eq!(of("a=%zz&b=%4&c=1"), [("c".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn durations_are_gos() {
        let millis = |text| duration(text).map(|duration| duration.as_millis());
        for (text, wanted) in [
            ("10s", 10_000),
            ("1.5s", 1_500),
            ("1m30s", 90_000),
            ("300ms", 300),
            (".5s", 500),
            ("1.25h", 4_500_000),
            ("0", 0),
            ("-1s", 0),
            ("+2s", 2_000),
        ] {
            assert_eq!(millis(text), Ok(wanted), "{text}");
        }
        for (text, wanted) in [
            ("", "time: invalid duration \"\""),
            ("10", "time: missing unit in duration \"10\""),
            ("1x", "time: unknown unit \"x\" in duration \"1x\""),
            (".s", "time: invalid duration \".s\""),
            ("1..5s", "time: invalid duration \"1..5s\""),
            ("99999999999h", "time: invalid duration \"99999999999h\""),
        ] {
            assert_eq!(millis(text), Err(wanted.to_owned()), "{text}");
        }
    }
}
