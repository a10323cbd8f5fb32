//! A quantity means the same when its canonical form is read, and arithmetic agrees with order.

use std::cmp::Ordering;

use ravelin_object::quantity::{Format, Quantity};

/// Reads the first two lines of the bytes as quantities.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (left, right) = text.split_once('\n').unwrap_or((text, "1"));
    let Ok(left) = Quantity::parse(left) else { return };
    one(&left);
    let Ok(right) = Quantity::parse(right) else { return };
    one(&right);
    assert_eq!(left.cmp(&right), right.cmp(&left).reverse());
    let (sum, difference) = (&left + &right, &left - &right);
    assert_eq!(sum, &right + &left, "{left} + {right}");
    let order = match left.cmp(&right) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    };
    assert_eq!(difference.sign(), order, "{left} - {right}");
    let _ = (sum.to_string(), difference.to_string(), sum.to_decimal().to_string(), difference.milli_value());
}

fn one(quantity: &Quantity) {
    let canonical = quantity.to_string();
    let again = Quantity::parse(&canonical);
    if is_within_suffixes(quantity) {
        assert_eq!(again.as_ref(), Ok(quantity), "{canonical}");
        assert_eq!(again.map(|again| again.to_string()), Ok(canonical.clone()), "{canonical}");
    } else {
        assert!(again.is_ok(), "{canonical}");
    }
    assert_eq!(quantity.is_zero(), quantity.sign() == 0);
    assert_eq!(quantity.to_decimal().sign(), quantity.sign());
    assert_eq!((-quantity).sign(), -quantity.sign(), "{canonical}");
    assert_eq!(&-&-quantity, quantity, "{canonical}");
    assert_eq!((quantity - &quantity.clone()).sign(), 0, "{canonical}");
    if let Some(value) = quantity.as_int64() {
        assert_eq!(quantity, &Quantity::new(value, Format::DecimalSi), "{canonical}");
        assert_eq!(quantity.value(), value, "{canonical}");
    }
    let _ = quantity.milli_value();
}

/// Whether there is a suffix for every power of a thousand in it. Beyond, as in `70000E`, upstream writes none, and
/// so do we: `70`.
fn is_within_suffixes(quantity: &Quantity) -> bool {
    let Ok(limit) = Quantity::parse("1e21") else { return false };
    quantity.format() == Format::DecimalExponent || (-&limit < *quantity && *quantity < limit)
}
