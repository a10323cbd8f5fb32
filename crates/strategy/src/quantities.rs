//! Lists of resources: rounding, sums and comparisons of their quantities.

use crate::fields::entries;
use ravelin_object::Value;
use ravelin_object::quantity::Quantity;
use std::collections::BTreeMap;

/// Resource names and amounts.
pub(crate) type Amounts = BTreeMap<String, Quantity>;

/// What `SetDefaults_ResourceList` does: amounts are rounded up to thousandths.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`.
pub(crate) fn round_list(list: Option<&mut Value>) {
    for (_, amount) in list.and_then(Value::as_object_mut).into_iter().flat_map(|list| list.iter_mut()) {
        let Some(quantity) = amount.as_str().and_then(|text| Quantity::parse(text).ok()) else { continue };
        // Beyond this a thousandth does not fit a machine integer, and no text of such size has a smaller part.
        if quantity.value().unsigned_abs() > 9_000_000_000_000_000 {
            continue;
        }
        let rounded = Quantity::from_milli(quantity.milli_value(), quantity.format());
        if rounded != quantity {
            *amount = Value::from(rounded.to_string());
        }
    }
}

/// The list of resources at a dotted path; what is no quantity is left out.
pub(crate) fn amounts(value: &Value, path: &str) -> Amounts {
    entries(value, path).filter_map(|(name, amount)| Some((name.to_owned(), parse(amount)?))).collect()
}

/// A quantity of a field.
pub(crate) fn parse(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text).ok(),
        Value::Int(number) => Quantity::parse(&number.to_string()).ok(),
        _ => None,
    }
}

/// Adds one list to another.
pub(crate) fn add(to: &mut Amounts, list: &Amounts) {
    for (name, amount) in list {
        let sum = to.get(name).map_or_else(|| amount.clone(), |old| old + amount);
        to.insert(name.clone(), sum);
    }
}

/// Keeps the greater of each resource.
pub(crate) fn maximum(to: &mut Amounts, list: &Amounts) {
    for (name, amount) in list {
        if to.get(name).is_none_or(|old| amount > old) {
            to.insert(name.clone(), amount.clone());
        }
    }
}

/// Whether an amount of bytes has a part of a byte.
pub(crate) fn is_fractional(quantity: &Quantity) -> bool {
    quantity.milli_value() % 1000 != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    #[test]
    fn parts_below_a_thousandth_are_rounded_up() {
        for (text, rounded) in [
            ("1u", "1m"),
            ("100m", "100m"),
            ("100.1m", "101m"),
            ("-1u", "-1m"),
            ("1500500u", "1501m"),
            ("2Gi", "2Gi"),
            ("1E", "1E"),
            ("x", "x"),
        ] {
            let mut list = value(&format!(r#"{{"cpu":"{text}"}}"#));
            round_list(Some(&mut list));
            assert_eq!(list, value(&format!(r#"{{"cpu":"{rounded}"}}"#)), "{text}");
        }
    }
}
