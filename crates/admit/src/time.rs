//! Times as the API writes them.

use ravelin_object::calendar;

/// The seconds since 1970 of a time such as `2026-01-02T03:04:05Z`, fractions cut; nothing where it is none.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, offset) = match rest.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => {
            let place = rest.rfind(['+', '-'])?;
            let (clock, zone) = rest.split_at_checked(place)?;
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let size =
                i64::from(hours.parse::<i16>().ok()?) * 3600 + i64::from(minutes.parse::<i16>().ok()?) * 60;
            (clock, if zone.starts_with('-') { -size } else { size })
        }
    };
    let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let is_time = (0..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
        && offset.abs() < 100 * 3600;
    if !is_time {
        return None;
    }
    Some(calendar::days_of(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-01-01T00:00:00Z", Some(1_767_225_600)),
            ("2024-02-29T23:59:59.5Z", Some(1_709_251_199)),
            ("2026-01-01T01:00:00+01:00", Some(1_767_225_600)),
            ("1969-12-31T23:59:59Z", Some(-1)),
            ("2026-13-01T00:00:00Z", None),
            ("2026-01-01", None),
            ("", None),
            ("T", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T00:00:00+99999999999999999:00", None),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
