//! The tag `!!timestamp`.
//!
//! Timestamps are handed on as the text they are, so all that matters is whether a text is one.

/// Whether a text is a date, or a date and a time in one of the forms that the reader knows. Months, days,
/// hours, minutes and seconds may have one digit or two.
pub(super) fn is_timestamp(text: &str) -> bool {
    let Some(rest) = date(text.as_bytes()) else { return false };
    match rest.split_first() {
        None => true,
        Some((b'T' | b't', time)) => clock(time).and_then(zone).is_some_and(<[u8]>::is_empty),
        Some((b' ', time)) => clock(skip_spaces(time)).is_some_and(<[u8]>::is_empty),
        Some(_) => false,
    }
}

fn skip_spaces(bytes: &[u8]) -> &[u8] {
    let count = bytes.iter().take_while(|byte| **byte == b' ').count();
    bytes.get(count..).unwrap_or(&[])
}

/// Moves over the date at the start.
fn date(bytes: &[u8]) -> Option<&[u8]> {
    let (year, rest) = bytes.split_at_checked(4)?;
    if !year.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year = year.iter().fold(0, |value, byte| value * 10 + u32::from(byte - b'0'));
    let (month, rest) = number(rest.strip_prefix(b"-")?)?;
    let (day, rest) = number(rest.strip_prefix(b"-")?)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if (1..=days).contains(&day) { Some(rest) } else { None }
}

/// Moves over hours, minutes, seconds and their fraction.
fn clock(bytes: &[u8]) -> Option<&[u8]> {
    let (hour, rest) = number(bytes)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?)?;
    let (second, rest) = number(rest.strip_prefix(b":")?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    match rest.split_first() {
        Some((b'.' | b',', fraction)) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 { Some(rest) } else { fraction.get(digits..) }
        }
        _ => Some(rest),
    }
}

/// Moves over `Z` or an offset such as `+01:00`.
fn zone(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [b'Z', rest @ ..] => Some(rest),
        [b'+' | b'-', h1, h2, b':', m1, m2, rest @ ..] => {
            let two = |high: &u8, low: &u8| {
                let digits = high.is_ascii_digit() && low.is_ascii_digit();
                if digits { Some((high - b'0') * 10 + (low - b'0')) } else { None }
            };
            if two(h1, h2)? <= 24 && two(m1, m2)? <= 60 { Some(rest) } else { None }
        }
        _ => None,
    }
}

/// One digit or two.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let digits = bytes.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at_checked(digits).filter(|(digits, _)| !digits.is_empty())?;
    Some((digits.iter().fold(0, |value, byte| value * 10 + u32::from(byte - b'0')), rest))
}
