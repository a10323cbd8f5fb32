//! Amounts of a resource, as `1500m` or `2Gi`: what they say, what they come to, and how they add up.
//!
//! [`Quantity::parse`] reads one. Upstream holds a number as a machine integer while it can and as a big decimal
//! otherwise, and the two differ in rounding and overflow; both are reproduced, because limits, quotas and messages
//! show the difference. All functions are pure.

mod amount;
mod decimal;
mod text;

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Neg, Sub};

use amount::{Amount, Scaled};
pub use decimal::Decimal;

/// An amount of a resource. Equal and ordered by number, whatever the format.
///
/// Displayed in upstream's canonical form; one that was read keeps its text if that is taken for canonical. A sum
/// beyond the largest suffix is displayed without suffix, so that its text does not always read back.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity`.
#[derive(Debug, Clone)]
pub struct Quantity {
    amount: Amount,
    format: Format,
    /// The text that was read, if upstream keeps it.
    text: Option<Box<str>>,
}

impl Quantity {
    /// Reads a quantity: digits with an optional sign and decimal point, and a suffix. Digits below nano round up,
    /// away from zero; binary amounts are capped at the greatest 64-bit integer.
    ///
    /// # Errors
    /// A text that does not have the form, or a number of more digits than this tool computes with.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `ParseQuantity`.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        text::parse(text)
    }

    /// Reads the content of a field of an object, where white space around the quantity is allowed.
    ///
    /// # Errors
    /// As [`Quantity::parse`].
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.UnmarshalJSON`.
    pub fn parse_field(text: &str) -> Result<Self, QuantityError> {
        text::parse(text.trim())
    }

    /// The integer `value`.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `NewQuantity`.
    #[must_use]
    pub const fn new(value: i64, format: Format) -> Self {
        Self { amount: Amount::Scaled(Scaled { value, power: 0 }), format, text: None }
    }

    /// So many thousandths.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `NewMilliQuantity`.
    #[must_use]
    pub const fn from_milli(value: i64, format: Format) -> Self {
        Self { amount: Amount::Scaled(Scaled { value, power: -3 }), format, text: None }
    }

    /// The family of suffixes that the quantity is displayed with.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.Format`.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The amount as an integer, fractions rounded away from zero. What a 64-bit integer cannot hold is zero or
    /// wraps, depending on how upstream holds the number.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.Value`.
    #[must_use]
    pub fn value(&self) -> i64 {
        self.amount.integer_at(0)
    }

    /// The amount in thousandths; rounded and overflowing as [`Quantity::value`].
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.MilliValue`.
    #[must_use]
    pub fn milli_value(&self) -> i64 {
        self.amount.integer_at(3)
    }

    /// The amount as an integer if upstream holds it as one and it fits. Nothing does not mean that it has a
    /// fraction.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.AsInt64`.
    #[must_use]
    pub const fn as_int64(&self) -> Option<i64> {
        self.amount.as_int64()
    }

    /// The exact amount.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.AsDec`.
    #[must_use]
    pub fn to_decimal(&self) -> Decimal {
        self.amount.to_decimal()
    }

    /// Minus one, zero or one, as the amount is negative, zero or positive.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.Sign`.
    #[must_use]
    pub fn sign(&self) -> i32 {
        self.amount.sign()
    }

    /// Whether the amount is zero.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.IsZero`.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.sign() == 0
    }

    const fn with_amount(amount: Amount, format: Format) -> Self {
        Self { amount, format, text: None }
    }

    /// The format of a sum or difference with `other`: a zero gives its own up.
    fn format_with(&self, other: &Self) -> Format {
        if self.is_zero() { other.format } else { self.format }
    }
}

/// The sum, in the format of the left side; a zero on the left takes the format of the right side.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.Add`.
impl Add for &Quantity {
    type Output = Quantity;

    fn add(self, other: Self) -> Quantity {
        Quantity::with_amount(self.amount.plus(&other.amount), self.format_with(other))
    }
}

/// The difference, in the format of the left side; a zero on the left takes the format of the right side.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.Sub`.
impl Sub for &Quantity {
    type Output = Quantity;

    fn sub(self, other: Self) -> Quantity {
        Quantity::with_amount(self.amount.minus(&other.amount), self.format_with(other))
    }
}

/// The opposite amount in the same format.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.Neg`.
impl Neg for &Quantity {
    type Output = Quantity;

    fn neg(self) -> Quantity {
        Quantity::with_amount(self.amount.negated(), self.format)
    }
}

/// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.Cmp`.
impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.amount.compare(&other.amount)
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Source: `k8s.io/apimachinery/pkg/api/resource` `Quantity.Equal`.
impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => f.pad(text),
            None => f.pad(&text::canonical(&self.amount, self.format)),
        }
    }
}

/// The family of suffixes that a quantity is written with. Displayed by upstream's name.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource` `Format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `m`, `k`, `M`, `G`: powers of a thousand.
    DecimalSi,
    /// `Ki`, `Mi`, `Gi`: powers of 1024.
    BinarySi,
    /// `e3`: powers of ten.
    DecimalExponent,
}

impl Format {
    /// Upstream's name of the format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DecimalSi => "DecimalSI",
            Self::BinarySi => "BinarySI",
            Self::DecimalExponent => "DecimalExponent",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a quantity.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource` `ErrFormatWrong`, `ErrNumeric`, `ErrSuffix`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// The text is not a number and a suffix.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// The number has no digits.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    /// There is no such suffix.
    #[error("unable to parse quantity's suffix")]
    Suffix,
    /// The number is larger than this tool computes with. Upstream has no such bound.
    #[error("quantity has more than 65536 digits before its decimal point")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap()
    }

    #[test]
    fn a_text_taken_for_canonical_is_kept() {
        for text in ["0", "+1", "1.500", "100m", "1E3", "1025Ki", "1e3"] {
            assert_eq!(quantity(text).to_string(), text);
        }
        for (text, canonical) in
            [("1.5", "1500m"), ("1000", "1k"), ("+1000Pi", "1000Pi"), ("1024Ki", "1Mi"), ("-0", "0")]
        {
            assert_eq!(quantity(text).to_string(), canonical, "{text}");
        }
        assert_eq!((&quantity("1.500") + &quantity("0")).to_string(), "1500m");
        assert_eq!((-&quantity("+1")).to_string(), "-1");
    }

    #[test]
    fn integers_depend_on_the_form() {
        let machine = quantity("1000P");
        assert_eq!((machine.value(), machine.milli_value()), (1_000_000_000_000_000_000, 0));
        assert_eq!(machine.as_int64(), Some(1_000_000_000_000_000_000));
        let decimal = quantity("8Ei");
        assert_eq!((decimal.value(), decimal.milli_value()), (i64::MAX, -1000));
        assert_eq!(decimal.as_int64(), None);
        assert_eq!(quantity("-1000.1").value(), -1001);
        // Minus 1024102.4: a decimal is cut and one is added, whatever the sign.
        assert_eq!(quantity("-1000.1Ki").value(), -1_024_101);
        assert_eq!(quantity("1Ki").to_decimal().to_string(), "1024");
        assert_eq!(quantity("1.5Ki").to_decimal().to_string(), "1536.000000000");
    }

    #[test]
    fn sums_keep_the_format_of_the_left_side() {
        let sum = |left: &str, right: &str| (&quantity(left) + &quantity(right)).to_string();
        assert_eq!(sum("1Gi", "1G"), "2073741824");
        assert_eq!(sum("1G", "24Mi"), "1025165824");
        assert_eq!(sum("0", "1Mi"), "1Mi");
        assert_eq!(sum("0Ki", "1e6"), "1e6");
        assert_eq!(sum("600E", "600E"), "1200E");
        assert_eq!(sum("500E", "500E"), "1");
        assert_eq!(sum("1Mi", "500m"), "1048576500m");
        assert_eq!((&quantity("0") - &quantity("1Ki")).format(), Format::BinarySi);
    }

    #[test]
    fn the_lowest_integer_behaves_as_a_machine_integer() {
        let lowest = Quantity::new(i64::MIN, Format::BinarySi);
        assert_eq!(lowest.to_string(), "-9223372036854775808");
        assert_eq!(-&lowest, lowest);
        assert_eq!((&Quantity::new(1, Format::BinarySi) - &lowest).to_string(), "-9223372036854775807");
    }

    #[test]
    fn fields_may_have_white_space_around() {
        assert_eq!(Quantity::parse_field(" 1Gi\n").unwrap(), quantity("1Gi"));
        assert_eq!(Quantity::parse(" 1Gi").unwrap_err(), QuantityError::Format);
    }

    #[test]
    fn constructors() {
        assert_eq!(Quantity::from_milli(1500, Format::DecimalSi), quantity("1.5"));
        assert_eq!(Quantity::new(3 << 30, Format::BinarySi).to_string(), "3Gi");
    }

    const TEXT: &str = "[+-]?[0-9]{1,20}(\\.[0-9]{0,12})?([numkMGT]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?";
    /// No number beyond the last suffix.
    const SMALL: &str = "[+-]?[0-9]{1,5}(\\.[0-9]{0,12})?([numkMGT]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?";

    proptest! {
        #[test]
        fn canonical_text_reads_back(text in SMALL) {
            let first = quantity(&text);
            let second = quantity(&first.to_string());
            prop_assert_eq!(&second, &first);
            prop_assert_eq!(second.to_string(), first.to_string());
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), shaped in "[+-]?[0-9.]{0,30}[eEinumkKMGTP]{0,3}[-+]?[0-9]{0,12}") {
            let _ = Quantity::parse(&text);
            if let Ok(quantity) = Quantity::parse(&shaped) {
                let _ = (quantity.to_string(), quantity.value(), quantity.milli_value(), &quantity + &quantity);
            }
        }

        #[test]
        fn order_is_antisymmetric(left in TEXT, right in TEXT) {
            let (left, right) = (quantity(&left), quantity(&right));
            prop_assert_eq!(left.cmp(&right), right.cmp(&left).reverse());
            prop_assert_eq!(left.cmp(&right), (&left - &right).sign().cmp(&0));
        }

        #[test]
        fn what_is_added_can_be_taken_away(left in TEXT, right in TEXT) {
            let (left, right) = (quantity(&left), quantity(&right));
            prop_assert_eq!(&(&left + &right) - &right, left.clone());
            prop_assert_eq!(&left + &right, &right + &left);
            prop_assert_eq!(&left - &right, &left + &(-&right));
        }
    }
}
