//! The number inside a quantity, in one of two forms.

use std::cmp::Ordering;

use super::decimal::Decimal;

/// A number in the form upstream holds it in. The form is visible: rounding, overflow and `as_int64` depend on it.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource` `int64Amount`, `infDecAmount`.
#[derive(Debug, Clone)]
pub(super) enum Amount {
    /// A machine integer times a power of ten.
    Scaled(Scaled),
    /// A decimal of any size.
    Decimal(Decimal),
}

impl Amount {
    pub(super) fn sign(&self) -> i32 {
        match self {
            Self::Scaled(scaled) => scaled.value.signum() as i32,
            Self::Decimal(decimal) => decimal.sign(),
        }
    }

    pub(super) fn to_decimal(&self) -> Decimal {
        match self {
            Self::Scaled(Scaled { value, power }) => Decimal::from_scaled(*value, power.saturating_neg()),
            Self::Decimal(decimal) => decimal.clone(),
        }
    }

    pub(super) const fn as_int64(&self) -> Option<i64> {
        match self {
            Self::Scaled(Scaled { value, power: power @ 0.. }) => {
                times_power_of_ten(*value, power.unsigned_abs())
            }
            _ => None,
        }
    }

    /// The number times ten to the power of `places`, as an integer.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.ScaledValue`.
    pub(super) fn integer_at(&self, places: i32) -> i64 {
        match self {
            Self::Scaled(scaled) => scaled.integer_at(places),
            Self::Decimal(decimal) => decimal.integer_at(places),
        }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        if let (Self::Scaled(left), Self::Scaled(right)) = (self, other)
            && let Some(sum) = left.plus(*right)
        {
            return Self::Scaled(sum);
        }
        Self::Decimal(self.to_decimal().plus(&other.to_decimal()))
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        if let (Self::Scaled(left), Self::Scaled(right)) = (self, other)
            && let Some(difference) = left.plus(right.negated())
        {
            return Self::Scaled(difference);
        }
        Self::Decimal(self.to_decimal().plus(&other.to_decimal().negated()))
    }

    pub(super) fn negated(&self) -> Self {
        match self {
            Self::Scaled(scaled) => Self::Scaled(scaled.negated()),
            Self::Decimal(decimal) => Self::Decimal(decimal.clone().negated()),
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Scaled(left), Self::Scaled(right)) if left.power == right.power => {
                left.value.cmp(&right.value)
            }
            _ => self.to_decimal().compare(&other.to_decimal()),
        }
    }
}

/// A machine integer times ten to a power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scaled {
    pub(super) value: i64,
    pub(super) power: i32,
}

impl Scaled {
    /// The sum, if upstream's machine arithmetic reaches it.
    fn plus(self, other: Self) -> Option<Self> {
        if other.value == 0 {
            return Some(self);
        }
        if self.value == 0 {
            return Some(other);
        }
        let power = self.power.min(other.power);
        let value = self.value_at(power)?.checked_add(other.value_at(power)?)?;
        Some(Self { value, power })
    }

    /// The lowest integer has no opposite and stays as it is, as upstream's does.
    const fn negated(self) -> Self {
        Self { value: self.value.wrapping_neg(), power: self.power }
    }

    /// The value in units of a power that is not greater.
    const fn value_at(self, power: i32) -> Option<i64> {
        times_power_of_ten(self.value, self.power.abs_diff(power))
    }

    /// A fraction rounds away from zero. What does not fit wraps if upstream has a short cut for the power of ten
    /// that it is multiplied by, and is zero otherwise.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `positiveScaleInt64`.
    fn integer_at(self, places: i32) -> i64 {
        let unit = places.saturating_neg();
        if self.power >= unit {
            return match self.power.abs_diff(unit) {
                power @ (1 | 2 | 3 | 6 | 9) if self.value != i64::MIN => {
                    self.value.wrapping_mul(10_i64.pow(power))
                }
                _ => self.value_at(unit).unwrap_or_default(),
            };
        }
        match 10_i64.checked_pow(self.power.abs_diff(unit)) {
            Some(divisor) if self.value % divisor == 0 => self.value / divisor,
            Some(divisor) => self.value / divisor + self.value.signum(),
            None => self.value.signum(),
        }
    }
}

const fn times_power_of_ten(value: i64, power: u32) -> Option<i64> {
    if value == 0 {
        return Some(0);
    }
    match 10_i64.checked_pow(power) {
        Some(factor) => value.checked_mul(factor),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(value: i64, power: i32) -> Amount {
        Amount::Scaled(Scaled { value, power })
    }

    #[test]
    fn machine_integers_are_kept_while_they_suffice() {
        let sum = scaled(5, 3).plus(&scaled(7, -2));
        assert!(matches!(sum, Amount::Scaled(Scaled { value: 500_007, power: -2 })));
        assert!(matches!(scaled(9, 18).plus(&scaled(9, 18)), Amount::Scaled(_)));
        let sum = scaled(9, 18).plus(&scaled(9_000_000_000_000_000_000, 0));
        assert!(matches!(sum, Amount::Decimal(_)));
        assert_eq!(sum.to_decimal().to_string(), "18000000000000000000");
        assert_eq!(sum.as_int64(), None);
    }

    #[test]
    fn integers_round_away_from_zero_and_overflow() {
        assert_eq!(scaled(1001, -3).integer_at(0), 2);
        assert_eq!(scaled(-1001, -3).integer_at(0), -2);
        assert_eq!(scaled(1001, -3).integer_at(3), 1001);
        assert_eq!(scaled(10, 18).integer_at(0), 0);
        assert_eq!(scaled(i64::MAX, 0).integer_at(3), -1000);
        assert_eq!(scaled(i64::MIN, 0).integer_at(3), 0);
        assert_eq!(scaled(-1, -30).integer_at(0), -1);
        assert_eq!(scaled(0, 90).integer_at(3), 0);
    }

    #[test]
    fn order_does_not_depend_on_the_form() {
        let decimal = Amount::Decimal(Decimal::from_scaled(1500, 3));
        assert_eq!(scaled(15, -1).compare(&decimal), Ordering::Equal);
        assert_eq!(scaled(-2, 40).compare(&decimal), Ordering::Less);
        assert_eq!(scaled(0, 40).compare(&scaled(0, -9)), Ordering::Equal);
    }
}
