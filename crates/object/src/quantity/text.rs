//! Reads and writes the text form of a quantity.

use std::cmp::Ordering;

use super::amount::{Amount, Scaled};
use super::decimal::{Decimal, Magnitude};
use super::{Format, Quantity, QuantityError};

/// How many digits a number may have before its decimal point. Upstream has no bound, and would compute with
/// whatever an exponent asks for.
const MAX_WHOLE_DIGITS: i64 = 65_536;
/// The finest unit that is kept.
const NANO: i32 = 9;
/// As many digits always fit a machine integer.
const MACHINE_DIGITS: i64 = 18;

/// Source: `k8s.io/apimachinery/pkg/api/resource` `ParseQuantity`.
pub(super) fn parse(text: &str) -> Result<Quantity, QuantityError> {
    if text.is_empty() {
        return Err(QuantityError::Format);
    }
    if text == "0" {
        let amount = Amount::Scaled(Scaled { value: 0, power: 0 });
        return Ok(Quantity { amount, format: Format::DecimalSi, text: Some(text.into()) });
    }
    let parts = Parts::of(text).ok_or(QuantityError::Format)?;
    let suffix = Suffix::read(parts.suffix).ok_or(QuantityError::Suffix)?;
    match parts.scaled(suffix)? {
        Some(scaled) => {
            let text = parts.is_canonical(suffix, scaled.power).then(|| text.into());
            Ok(Quantity { amount: Amount::Scaled(scaled), format: suffix.format, text })
        }
        None => parts.decimal(suffix),
    }
}

/// The text of a quantity that does not keep the text it was read from.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.CanonicalizeBytes`.
pub(super) fn canonical(amount: &Amount, format: Format) -> String {
    if amount.sign() == 0 {
        return "0".to_owned();
    }
    let sign = if amount.sign() < 0 { "-" } else { "" };
    let number = amount.to_decimal();
    if format == Format::BinarySi
        && let Some(whole) = whole_for_binary(&number)
    {
        let (digits, exponent) = match amount {
            // Upstream's machine arithmetic cannot take the lowest integer apart.
            Amount::Scaled(Scaled { value: i64::MIN, power: 0 }) => (whole.magnitude().clone(), 0),
            _ => without_factors_of_1024(whole.magnitude()),
        };
        return format!("{sign}{digits}{}", binary_suffix(exponent));
    }
    let mut digits = number.magnitude().to_string();
    let mut exponent = -i64::from(number.scale());
    while digits.ends_with('0') {
        digits.pop();
        exponent += 1;
    }
    while exponent % 3 != 0 {
        digits.push('0');
        exponent -= 1;
    }
    let suffix = match format {
        Format::DecimalExponent if exponent == 0 => String::new(),
        Format::DecimalExponent => format!("e{exponent}"),
        Format::DecimalSi | Format::BinarySi => decimal_suffix(exponent).to_owned(),
    };
    format!("{sign}{digits}{suffix}")
}

/// The number, if it is an integer and large enough to be written with a binary suffix.
fn whole_for_binary(number: &Decimal) -> Option<Decimal> {
    let magnitude = Decimal::new(false, number.magnitude().clone(), number.scale());
    if magnitude.compare(&Decimal::from_scaled(1024, 0)) == Ordering::Less {
        return None;
    }
    let whole = magnitude.rounded_up(0);
    (whole.compare(&magnitude) == Ordering::Equal).then_some(whole)
}

fn without_factors_of_1024(number: &Magnitude) -> (Magnitude, usize) {
    let mut rest = number.clone();
    let mut count = 0;
    while !rest.is_zero()
        && let (quotient, 0) = rest.divided_by(1024)
    {
        rest = quotient;
        count += 1;
    }
    (rest, count)
}

/// The text of a quantity, taken apart.
struct Parts<'t> {
    negative: bool,
    /// Digits before the decimal point, without leading zeros; `0` if none are left.
    whole: &'t str,
    /// Digits after the decimal point.
    fraction: &'t str,
    suffix: &'t str,
    /// Whether the number was written with any digit at all.
    has_digits: bool,
}

impl<'t> Parts<'t> {
    /// Anything that has the shape of a quantity, even without a digit in it.
    fn of(text: &'t str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (all, rest) = split_while(unsigned, |character| character.is_ascii_digit());
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => split_while(rest, |character| character.is_ascii_digit()),
            None => ("", rest),
        };
        let (_, rest) = split_while(suffix, |character| "eEinumkKMGTP".contains(character));
        let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        if !rest.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let has_digits = !(all.is_empty() && fraction.is_empty());
        let whole = match all.trim_start_matches('0') {
            "" => "0",
            whole => whole,
        };
        Some(Self { negative, whole, fraction, suffix, has_digits })
    }

    fn digits(&self) -> String {
        [self.whole, self.fraction].concat()
    }

    /// The number as a machine integer, where upstream uses one: with few enough digits, and no finer than nano.
    fn scaled(&self, suffix: Suffix) -> Result<Option<Scaled>, QuantityError> {
        let (whole, fraction) = (self.whole.len() as i64, self.fraction.len() as i64);
        let (spare_digits, power, factor) = match suffix.format {
            // A shift by ten bits takes three digits.
            Format::BinarySi if fraction == 0 => {
                (14 - whole - i64::from(suffix.exponent) * 3 / 10, 0, 1_i64 << suffix.exponent)
            }
            Format::BinarySi => return Ok(None),
            Format::DecimalSi | Format::DecimalExponent => {
                (MACHINE_DIGITS - whole - fraction, suffix.exponent, 1)
            }
        };
        // Upstream's 32-bit arithmetic wraps here.
        let power = power.wrapping_sub(fraction as i32);
        if spare_digits < 0 || power < -NANO {
            return Ok(None);
        }
        let value: i64 = self.digits().parse().map_err(|_| QuantityError::Numeric)?;
        let Some(value) = value.checked_mul(factor) else { return Ok(None) };
        if value != 0 && whole + i64::from(power) > MAX_WHOLE_DIGITS {
            return Err(QuantityError::TooLarge);
        }
        Ok(Some(Scaled { value: if self.negative { -value } else { value }, power }))
    }

    /// Whether upstream takes the text for the canonical one and keeps it. Some texts that it keeps, as `+1` and
    /// `1.500`, are not what it would write.
    fn is_canonical(&self, suffix: Suffix, power: i32) -> bool {
        let digits = self.digits();
        match suffix.format {
            Format::BinarySi => digits.parse().is_ok_and(|value: i64| value % 8 != 0),
            _ => power % 3 == 0 && !digits.ends_with("000") && !digits.starts_with('0'),
        }
    }

    /// The number as a decimal: rounded up to nano, and if binary no greater than the greatest machine integer.
    fn decimal(&self, suffix: Suffix) -> Result<Quantity, QuantityError> {
        if !self.has_digits {
            return Err(QuantityError::Numeric);
        }
        let digits = Magnitude::from_digits(&self.digits());
        let places = self.fraction.len() as i32;
        let (magnitude, scale) = match suffix.format {
            Format::BinarySi => {
                ((0..suffix.exponent / 10).fold(digits, |number, _| number.times(1024)), places)
            }
            // Upstream's 32-bit arithmetic wraps here.
            _ => (digits, places.wrapping_sub(suffix.exponent)),
        };
        let excess = if magnitude.is_zero() {
            // A zero keeps its decimal places.
            i64::from(scale)
        } else {
            magnitude.digit_count() as i64 - i64::from(scale)
        };
        if excess > MAX_WHOLE_DIGITS {
            return Err(QuantityError::TooLarge);
        }
        let mut number = Decimal::new(false, magnitude, scale);
        let mut format = suffix.format;
        if number.sign() != 0 {
            number = number.rounded_up(NANO);
        }
        if format == Format::BinarySi {
            let greatest = Decimal::from_scaled(i64::MAX, 0);
            if number.compare(&greatest) == Ordering::Greater {
                number = greatest;
            }
            if number.sign() != 0 && number.compare(&Decimal::from_scaled(1, 0)) == Ordering::Less {
                format = Format::DecimalSi;
            }
        }
        let number = if self.negative { number.negated() } else { number };
        Ok(Quantity { amount: Amount::Decimal(number), format, text: None })
    }
}

fn split_while(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|character| !wanted(character)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// What stands behind the digits: a power of ten, or of two where the format is binary.
#[derive(Clone, Copy)]
struct Suffix {
    exponent: i32,
    format: Format,
}

impl Suffix {
    fn read(text: &str) -> Option<Self> {
        if let Some(place) = DECIMAL_SUFFIXES.iter().position(|suffix| *suffix == text) {
            return Some(Self { exponent: place as i32 * 3 - NANO, format: Format::DecimalSi });
        }
        if let Some(place) = BINARY_SUFFIXES.iter().position(|suffix| *suffix == text) {
            return Some(Self { exponent: (place as i32 + 1) * 10, format: Format::BinarySi });
        }
        let exponent: i64 = text.strip_prefix(['e', 'E'])?.parse().ok()?;
        // Upstream cuts the exponent to 32 bits.
        Some(Self { exponent: exponent as i32, format: Format::DecimalExponent })
    }
}

const DECIMAL_SUFFIXES: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY_SUFFIXES: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// Beyond the table there is no suffix, and upstream writes none: the text then says less than the number.
fn decimal_suffix(exponent: i64) -> &'static str {
    let place = usize::try_from((exponent + i64::from(NANO)) / 3).ok();
    place.and_then(|place| DECIMAL_SUFFIXES.get(place)).copied().unwrap_or_default()
}

/// As [`decimal_suffix`], for a power of 1024.
fn binary_suffix(exponent: usize) -> &'static str {
    exponent.checked_sub(1).and_then(|place| BINARY_SUFFIXES.get(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = match parse(text) {
            Ok(quantity) => format!("{} {}", quantity.format, canonical(&quantity.amount, quantity.format)),
            Err(error) => format!("error: {error}"),
        };
        assert_eq!(read, expected, "{text:?}");
    }

    const SHAPE: &str =
        "error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    #[test]
    fn suffixes_of_each_format() {
        check("1500m", "DecimalSI 1500m");
        check("12E", "DecimalSI 12E");
        check("12E0", "DecimalExponent 12");
        check("12e5", "DecimalExponent 1200e3");
        check("12e-5", "DecimalExponent 120e-6");
        check("3Ei", "BinarySI 3Ei");
        check("1e4294967299", "DecimalExponent 1e3");
    }

    #[test]
    fn numbers_without_digits_are_zero_where_a_machine_integer_is_used() {
        for text in ["+", "-", ".", "+."] {
            check(text, "DecimalSI 0");
        }
        check("Ki", "BinarySI 0");
        check("e5", "DecimalExponent 0");
        check("Ei", "error: unable to parse numeric part of quantity");
        check("e-10", "error: unable to parse numeric part of quantity");
    }

    #[test]
    fn what_is_not_a_quantity() {
        check("", SHAPE);
        check("1 Ki", SHAPE);
        check("1.2.3", SHAPE);
        check("1é", SHAPE);
        for text in ["1K", "--1", "1e", "1ee5", "1e+", "1-5", "1k5", "1e9223372036854775808"] {
            check(text, "error: unable to parse quantity's suffix");
        }
    }

    #[test]
    fn binary_amounts_are_capped_and_small_ones_decimal() {
        check("9Ei", "BinarySI 9223372036854775807");
        check("-9Ei", "BinarySI -9223372036854775807");
        check("0.5", "DecimalSI 500m");
        check("0.0001Ki", "DecimalSI 102400u");
        check("1000", "DecimalSI 1k");
        check("1.5Ki", "BinarySI 1536");
        check("1023.5Ki", "BinarySI 1048064");
        check("1.0001Ki", "BinarySI 1024102400u");
    }

    #[test]
    fn digits_below_nano_round_up() {
        check("0.1n", "DecimalSI 1n");
        check("-1.00000000001", "DecimalSI -1000000001n");
        check("1e-2000000000", "DecimalExponent 1e-9");
    }

    #[test]
    fn numbers_are_bounded() {
        check("1e65536", "error: quantity has more than 65536 digits before its decimal point");
        check("123456789012345678901e65515", "DecimalExponent 1234567890123456789010e65514");
        check(
            "123456789012345678901e65516",
            "error: quantity has more than 65536 digits before its decimal point",
        );
        check("1.5e-2147483648", "error: quantity has more than 65536 digits before its decimal point");
        check("0e2147483647", "DecimalExponent 0");
        check(
            "0.0000000000000000000e-70000",
            "error: quantity has more than 65536 digits before its decimal point",
        );
    }

    #[test]
    fn suffixes_that_do_not_exist_are_dropped() {
        check("1000E", "DecimalSI 1");
        check("1e21", "DecimalExponent 1e21");
    }
}
