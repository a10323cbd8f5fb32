//! What Go writes of what was not there, and what it leaves out.
//!
//! Source: Go `encoding/json`, `Marshal`.

use crate::types::{Field, Own, Shape, TypeRef, Types};
use compact_str::CompactString;
use ravelin_object::{Map, Value};

/// What Go writes of the zero value of a type.
pub(super) fn of(types: &Types, of: TypeRef) -> Value {
    match &types.at(of).shape {
        Shape::Bool => Value::Bool(false),
        Shape::Int(_) | Shape::UInt(_) | Shape::Float => Value::Int(0),
        Shape::Text => Value::from(""),
        Shape::Bytes | Shape::List(_) | Shape::Map(_) | Shape::Pointer(_) | Shape::Any => Value::Null,
        Shape::Own(own) => of_own(*own),
        Shape::Struct(fields) => structure(types, fields),
    }
}

fn of_own(own: Own) -> Value {
    match own {
        Own::Quantity => Value::from("0"),
        Own::IntOrString => Value::Int(0),
        Own::SchemaOrBool => Value::Bool(false),
        Own::Time | Own::MicroTime | Own::Raw | Own::SchemaOrArray | Own::SchemaOrStrings => Value::Null,
    }
}

fn structure(types: &Types, fields: &[Field]) -> Value {
    // INVARIANT: a struct that holds itself does so behind a pointer, a list or a map, which are null here.
    let written = fields.iter().filter(|field| !is_left_out(types, field, None));
    let entries = written.map(|field| (CompactString::from(field.key), of(types, field.of)));
    Value::Object(Map::from_unique(entries.collect()))
}

/// Whether Go leaves a field out that came to this; nothing is the zero value or a pointer to nothing.
pub(super) fn is_left_out(types: &Types, field: &Field, value: Option<&Value>) -> bool {
    let shape = &types.at(field.of).shape;
    let is_empty = match (shape, value) {
        // A struct is never empty, whatever is in it; a pointer to something neither.
        (Shape::Struct(_) | Shape::Own(_), _) => false,
        (Shape::Pointer(_) | Shape::Any, Some(_)) => false,
        (_, None) => true,
        (_, Some(value)) => is_empty(value),
    };
    // INVARIANT: only times are marked `omitzero`, and their zero value is written as null.
    (field.omit_empty && is_empty) || (field.omit_zero && value.is_none_or(|value| *value == Value::Null))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(number) => *number == 0,
        Value::UInt(number) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}
