//! Decimal numbers of any size, in a linear amount of work.

use std::cmp::Ordering;
use std::fmt;

/// An exact decimal number: an integer of any size, divided by ten to the power of a scale. Displayed with as many
/// decimal places as the scale has; a negative scale shows as zeros.
///
/// Source: `gopkg.in/inf.v0` `Dec`, which `k8s.io/apimachinery/pkg/api/resource` computes with.
#[derive(Debug, Clone)]
pub struct Decimal {
    negative: bool,
    magnitude: Magnitude,
    scale: i32,
}

impl Decimal {
    pub(super) fn new(negative: bool, magnitude: Magnitude, scale: i32) -> Self {
        Self { negative: negative && !magnitude.is_zero(), magnitude, scale }
    }

    pub(super) fn from_scaled(value: i64, scale: i32) -> Self {
        Self::new(value < 0, Magnitude::from_integer(value.unsigned_abs()), scale)
    }

    /// How many decimal places the number is held with; negative if it is held in powers of ten.
    #[must_use]
    pub const fn scale(&self) -> i32 {
        self.scale
    }

    /// Minus one, zero or one, as the number is negative, zero or positive.
    #[must_use]
    pub fn sign(&self) -> i32 {
        match (self.magnitude.is_zero(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    pub(super) const fn magnitude(&self) -> &Magnitude {
        &self.magnitude
    }

    pub(super) fn negated(mut self) -> Self {
        self.negative = !self.negative && !self.magnitude.is_zero();
        self
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        let (left, right) = (self.magnitude_at(scale), other.magnitude_at(scale));
        if self.negative == other.negative {
            return Self::new(self.negative, left.plus(&right), scale);
        }
        match left.cmp(&right) {
            Ordering::Less => Self::new(other.negative, right.minus(&left), scale),
            _ => Self::new(self.negative, left.minus(&right), scale),
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| {
            let scale = self.scale.max(other.scale);
            let order = self.magnitude_at(scale).cmp(&other.magnitude_at(scale));
            if self.negative { order.reverse() } else { order }
        })
    }

    /// The number with `scale` decimal places; what does not fit is rounded away from zero.
    pub(super) fn rounded_up(&self, scale: i32) -> Self {
        if scale >= self.scale {
            return Self::new(self.negative, self.magnitude_at(scale), scale);
        }
        let (magnitude, inexact) = self.magnitude.shifted_right(self.scale.abs_diff(scale));
        let magnitude = if inexact { magnitude.plus(&Magnitude::from_integer(1)) } else { magnitude };
        Self::new(self.negative, magnitude, scale)
    }

    /// What upstream answers for the number times ten to the power of `places`, as an integer.
    ///
    /// Too large a number wraps, and a fraction rounds up, though for some negative numbers by one too far: all of
    /// this is visible in verdicts, so it is kept.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `scaledValue`, on a 64-bit x86 machine.
    pub(super) fn integer_at(&self, places: i32) -> i64 {
        let low = self.low_bits();
        let excess = self.scale.abs_diff(places);
        if self.scale <= places {
            // Beyond 10^18 upstream's conversion from a float yields the lowest integer.
            return low.wrapping_mul(10_i64.checked_pow(excess).unwrap_or(i64::MIN));
        }
        let largest = Magnitude::from_integer(i64::MAX.unsigned_abs());
        if (self.negative || self.magnitude < largest)
            && let Some(divisor) = 10_i64.checked_pow(excess)
        {
            return (low / divisor).wrapping_add(i64::from(low % divisor != 0));
        }
        let (quotient, inexact) = self.magnitude.shifted_right(excess);
        let quotient = quotient.low_bits().cast_signed();
        if self.negative {
            // The floor is one below, and one is added because there is a remainder.
            quotient.wrapping_neg()
        } else {
            quotient.wrapping_add(i64::from(inexact))
        }
    }

    /// The unscaled integer, modulo 2^64.
    fn low_bits(&self) -> i64 {
        let low = self.magnitude.low_bits().cast_signed();
        if self.negative { low.wrapping_neg() } else { low }
    }

    fn magnitude_at(&self, scale: i32) -> Magnitude {
        self.magnitude.shifted_left(self.scale.abs_diff(scale))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let digits = self.magnitude.to_string();
        let places = self.scale.unsigned_abs() as usize;
        if self.scale <= 0 {
            f.write_str(&digits)?;
            return if self.magnitude.is_zero() { Ok(()) } else { write_zeros(f, places) };
        }
        match digits.len().checked_sub(places).and_then(|whole| digits.split_at_checked(whole)) {
            Some((whole, fraction)) if !whole.is_empty() => write!(f, "{whole}.{fraction}"),
            _ => {
                f.write_str("0.")?;
                write_zeros(f, places - digits.len())?;
                f.write_str(&digits)
            }
        }
    }
}

fn write_zeros(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    (0..count).try_for_each(|_| f.write_str("0"))
}

const LIMB: u32 = 1_000_000_000;
const LIMB_DIGITS: u32 = 9;

/// A natural number: groups of nine decimal digits, the lowest first, the highest not zero. Powers of ten, which
/// are what quantities are scaled by, only shift it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Magnitude(Vec<u32>);

impl Magnitude {
    pub(super) fn from_integer(value: u64) -> Self {
        let mut rest = value;
        let mut limbs = Vec::new();
        while rest > 0 {
            limbs.push((rest % u64::from(LIMB)) as u32);
            rest /= u64::from(LIMB);
        }
        Self(limbs)
    }

    /// Reads decimal digits; the caller has seen that there is nothing else.
    pub(super) fn from_digits(digits: &str) -> Self {
        let limb = |group: &[u8]| {
            group.iter().fold(0, |limb, digit| limb * 10 + u32::from(digit.wrapping_sub(b'0') % 10))
        };
        Self::normal(digits.as_bytes().rchunks(LIMB_DIGITS as usize).map(limb).collect())
    }

    pub(super) const fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// How many decimal digits the number has; zero has none.
    pub(super) fn digit_count(&self) -> usize {
        let Some((highest, rest)) = self.0.split_last() else { return 0 };
        rest.len() * LIMB_DIGITS as usize + highest.ilog10() as usize + 1
    }

    pub(super) fn times(&self, factor: u32) -> Self {
        let mut carry = 0;
        let mut limbs: Vec<u32> = Vec::with_capacity(self.0.len() + 2);
        for limb in &self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            limbs.push((carry % u64::from(LIMB)) as u32);
            carry /= u64::from(LIMB);
        }
        limbs.extend(Self::from_integer(carry).0);
        Self::normal(limbs)
    }

    pub(super) fn divided_by(&self, divisor: u32) -> (Self, u32) {
        let mut remainder = 0;
        let mut limbs: Vec<u32> = Vec::with_capacity(self.0.len());
        for limb in self.0.iter().rev() {
            let dividend = remainder * u64::from(LIMB) + u64::from(*limb);
            limbs.push((dividend / u64::from(divisor)) as u32);
            remainder = dividend % u64::from(divisor);
        }
        limbs.reverse();
        (Self::normal(limbs), remainder as u32)
    }

    /// The number times ten to the power of `places`.
    fn shifted_left(&self, places: u32) -> Self {
        if self.is_zero() || places == 0 {
            return self.clone();
        }
        let mut limbs = vec![0; (places / LIMB_DIGITS) as usize];
        limbs.extend(self.times(10_u32.pow(places % LIMB_DIGITS)).0);
        Self(limbs)
    }

    /// The number divided by ten to the power of `places`, without its fraction, and whether there was one.
    fn shifted_right(&self, places: u32) -> (Self, bool) {
        let Some((lost, kept)) = self.0.split_at_checked((places / LIMB_DIGITS) as usize) else {
            return (Self(Vec::new()), !self.is_zero());
        };
        let (quotient, remainder) = Self(kept.to_vec()).divided_by(10_u32.pow(places % LIMB_DIGITS));
        (quotient, remainder != 0 || lost.iter().any(|limb| *limb != 0))
    }

    fn plus(&self, other: &Self) -> Self {
        let mut carry = 0;
        let mut limbs = Vec::with_capacity(self.0.len().max(other.0.len()) + 1);
        for (left, right) in self.pairs(other) {
            let sum = left + right + carry;
            limbs.push(sum % LIMB);
            carry = sum / LIMB;
        }
        limbs.push(carry);
        Self::normal(limbs)
    }

    /// The difference to a number that is not greater.
    fn minus(&self, other: &Self) -> Self {
        let mut borrow = 0;
        let mut limbs = Vec::with_capacity(self.0.len());
        for (left, right) in self.pairs(other) {
            let difference = LIMB + left - right - borrow;
            limbs.push(difference % LIMB);
            borrow = u32::from(difference < LIMB);
        }
        Self::normal(limbs)
    }

    fn pairs<'n>(&'n self, other: &'n Self) -> impl Iterator<Item = (u32, u32)> + 'n {
        let limb = |number: &Self, index: usize| number.0.get(index).copied().unwrap_or_default();
        (0..self.0.len().max(other.0.len())).map(move |index| (limb(self, index), limb(other, index)))
    }

    /// The number modulo 2^64.
    fn low_bits(&self) -> u64 {
        self.0
            .iter()
            .rev()
            .fold(0, |low: u64, limb| low.wrapping_mul(u64::from(LIMB)).wrapping_add(u64::from(*limb)))
    }

    fn normal(mut limbs: Vec<u32>) -> Self {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Self(limbs)
    }
}

impl Ord for Magnitude {
    fn cmp(&self, other: &Self) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for Magnitude {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Magnitude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((highest, rest)) = self.0.split_last() else { return f.write_str("0") };
        write!(f, "{highest}")?;
        rest.iter().rev().try_for_each(|limb| write!(f, "{limb:09}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(value: i128) -> Decimal {
        Decimal::new(value < 0, Magnitude::from_digits(&value.unsigned_abs().to_string()), 0)
    }

    fn scaled(digits: &str, scale: i32) -> Decimal {
        Decimal::new(false, Magnitude::from_digits(digits), scale)
    }

    #[test]
    fn places_are_displayed() {
        assert_eq!(scaled("12345", 0).to_string(), "12345");
        assert_eq!(scaled("12345", 2).to_string(), "123.45");
        assert_eq!(scaled("12345", 5).to_string(), "0.12345");
        assert_eq!(scaled("12345", 7).negated().to_string(), "-0.0012345");
        assert_eq!(scaled("12345", -3).to_string(), "12345000");
        assert_eq!(scaled("0", 3).to_string(), "0.000");
        assert_eq!(scaled("0", -3).negated().to_string(), "0");
    }

    #[test]
    fn rounding_goes_away_from_zero() {
        assert_eq!(scaled("1001", 3).rounded_up(2).to_string(), "1.01");
        assert_eq!(scaled("1001", 3).negated().rounded_up(0).to_string(), "-2");
        assert_eq!(scaled("1000000000000", 12).rounded_up(0).to_string(), "1");
        assert_eq!(scaled("1", i32::MAX).rounded_up(9).to_string(), "0.000000001");
        assert_eq!(scaled("5", -2).rounded_up(1).to_string(), "500.0");
    }

    #[test]
    fn integers_wrap_and_round_as_upstream_has_it() {
        assert_eq!(scaled("9223372036854775807", 0).integer_at(3), -1000);
        assert_eq!(scaled("18446744073709551617", 0).integer_at(0), 1);
        assert_eq!(scaled("1", 0).integer_at(19), i64::MIN);
        assert_eq!(scaled("15", 1).integer_at(0), 2);
        assert_eq!(scaled("15", 1).negated().integer_at(0), 0);
        assert_eq!(scaled("1", 30).integer_at(0), 1);
        assert_eq!(scaled("1", 30).negated().integer_at(0), 0);
    }

    proptest! {
        #[test]
        fn arithmetic_agrees_with_machine_integers(left in any::<i64>(), right in any::<i64>(), shift in 0_u32..18) {
            let power = 10_i128.pow(shift);
            let (wide, narrow) = (i128::from(left) * power, i128::from(right));
            let held = Decimal::from_scaled(left, -(shift as i32));
            let (a, b) = (&held, &Decimal::from_scaled(right, 0));
            prop_assert_eq!(a.plus(b).to_string(), (wide + narrow).to_string());
            prop_assert_eq!(a.plus(&b.clone().negated()).to_string(), (wide - narrow).to_string());
            prop_assert_eq!(a.compare(b), wide.cmp(&narrow));
            prop_assert_eq!(number(wide).to_string(), wide.to_string());
            prop_assert_eq!(number(wide).integer_at(0), wide as i64);
        }

        #[test]
        fn multiplication_and_division_agree(value in any::<u64>(), factor in 1_u32..LIMB) {
            let product = Magnitude::from_integer(value).times(factor);
            prop_assert_eq!(product.to_string(), (u128::from(value) * u128::from(factor)).to_string());
            prop_assert_eq!(product.divided_by(factor), (Magnitude::from_integer(value), 0));
        }

        #[test]
        fn shifts_agree(value in 1_u64.., places in 0_u32..40) {
            let shifted = Magnitude::from_integer(value).shifted_left(places);
            let expected = format!("{value}{}", "0".repeat(places as usize));
            prop_assert_eq!(shifted.to_string(), &*expected);
            prop_assert_eq!(shifted.digit_count(), expected.len());
            prop_assert_eq!(shifted.shifted_right(places), (Magnitude::from_integer(value), false));
        }
    }
}
