//! Days of the calendar, as numbers: what reading and writing times rests on.

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
}
