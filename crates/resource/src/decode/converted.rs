//! How the API server makes its types of a mapping in memory: what a strategic merge patch gives. It converts between
//! numbers where JSON refuses, and has other words for what does not fit.
//!
//! Source: `k8s.io/apimachinery/pkg/runtime/converter.go` `FromUnstructuredWithValidation`.

use super::{Decoder, Fault, fits};
use crate::types::{Shape, TypeRef};
use ravelin_object::Value;

impl Decoder<'_> {
    /// Why a value is not of a type.
    pub(super) fn unconverted(&self, value: &Value, of: TypeRef) -> Fault {
        let found = kind(value);
        let target = self.types.at(of);
        Fault::Words(match &target.shape {
            Shape::List(_) | Shape::Bytes => format!("cannot restore slice from {found}"),
            Shape::Map(_) => format!("cannot restore map from {found}"),
            Shape::Struct(_) => format!("cannot restore struct from: {found}"),
            shape => {
                let is_number = matches!(value, Value::Int(_) | Value::UInt(_) | Value::Float(_));
                let takes_numbers = matches!(shape, Shape::Int(_) | Shape::UInt(_) | Shape::Float)
                    || matches!((shape, value), (Shape::Text, Value::Int(_)));
                if is_number && takes_numbers {
                    format!("cannot convert {found} to {}", target.text)
                } else {
                    format!("unrecognized type: {}", kind_of(shape))
                }
            }
        })
    }
}

/// A number as Go converts it to a signed one of so many bits: whole, and cut.
pub(super) fn integer(value: &Value, bits: u32) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "as Go on amd64")]
    let whole = match value {
        Value::Int(number) => *number,
        Value::UInt(_) => i64::MIN,
        Value::Float(number) if number.trunc() == *number => {
            let is_in_range = (i64::MIN as f64..i64::MAX as f64).contains(number);
            if is_in_range { *number as i64 } else { i64::MIN }
        }
        _ => return None,
    };
    if fits(whole, bits) || bits >= 64 {
        return Some(whole);
    }
    let unused = 64 - bits;
    Some(whole.wrapping_shl(unused).wrapping_shr(unused))
}

/// What a value is, to Go's `reflect`.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        // A number that no 64 bits with a sign hold is a float by then.
        Value::UInt(_) | Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

fn kind_of(shape: &Shape) -> String {
    match shape {
        Shape::Bool => "bool".to_owned(),
        Shape::Int(bits) => format!("int{bits}"),
        Shape::UInt(bits) => format!("uint{bits}"),
        Shape::Float => "float64".to_owned(),
        _ => "string".to_owned(),
    }
}
