//! Quantities: what a text is read as, and how two of them compare and add up.

use std::cmp::Ordering;

use ravelin_object::quantity::Quantity;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records `{input, error}` or `{input, error, result{…}, ops{other, …}}`.
pub(super) struct Quantities;

/// The input among the outputs in `ops`.
#[derive(Default, Deserialize)]
struct Operations {
    other: String,
}

impl Area for Quantities {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let input: String = fields.take("input")?;
    let quantity = match Quantity::parse(&input) {
        Ok(quantity) => quantity,
        Err(error) => return Ok(json!({ "error": error.to_string() })),
    };
    let operations: Operations = fields.peek("ops")?;
    let other = Quantity::parse(&operations.other).map_err(|error| {
        Difference::form("ops.other", "a quantity", format_args!("{}: {error}", operations.other))
    })?;
    let sign_of = |ordering| match ordering {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    };
    Ok(json!({
        "error": null,
        "result": {
            "canonical": quantity.to_string(),
            "json": format!("\"{quantity}\""),
            "format": quantity.format().as_str(),
            "value": quantity.value(),
            "milliValue": quantity.milli_value(),
            "sign": quantity.sign(),
            "isZero": quantity.is_zero(),
            "asInt64": quantity.as_int64(),
            "asDec": quantity.to_decimal().to_string(),
        },
        "ops": {
            "other": operations.other,
            "cmp": sign_of(quantity.cmp(&other)),
            "equal": quantity == other,
            "add": (&quantity + &other).to_string(),
            "sub": (&quantity - &other).to_string(),
            "neg": (-&quantity).to_string(),
        },
    }))
}
