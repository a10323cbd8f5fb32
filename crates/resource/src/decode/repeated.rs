//! Keys that are there twice: Go reads the second value into what the first one made.
//!
//! A struct gets the fields of both, a list the items of the second merged into those of the first, a mapping the keys
//! of both, and null leaves what is no pointer, list or mapping as it was.
//!
//! Source: Go `encoding/json`, `decodeState.object`, `array`, `literalStore`.

use crate::types::{Field, Own, Shape, TypeRef, Types};
use ravelin_object::{Map, Value};

/// The mapping with each key of a struct once; unknown keys are dropped. Takes time in the size of the mapping: what is
/// in it is united only when it is read.
pub(super) fn united(types: &Types, fields: &[Field], map: Map) -> Map {
    let mut values: Vec<Option<Value>> = vec![None; fields.len()];
    for (key, new) in map.into_entries() {
        let place = fields.iter().position(|field| field.key == key);
        let Some((field, value)) = place.and_then(|at| Some((fields.get(at)?, values.get_mut(at)?))) else {
            continue;
        };
        *value = Some(match value.take() {
            Some(old) => merged(types, field.of, old, new),
            None => new,
        });
    }
    let entries = fields.iter().zip(values).filter_map(|(field, value)| Some((field.key.into(), value?)));
    Map::from_unique(entries.collect())
}

/// What Go would have read if both values had been one.
fn merged(types: &Types, of: TypeRef, old: Value, new: Value) -> Value {
    match (&types.at(of).shape, old, new) {
        (Shape::Pointer(target), old, new) if new != Value::Null => merged(types, *target, old, new),
        (Shape::Struct(_) | Shape::Map(_), Value::Object(old), Value::Object(new)) => {
            // Both with all their keys: what reads them unites them.
            let mut entries = old.into_entries();
            entries.extend(new.into_entries());
            Value::Object(Map::from_unique(entries))
        }
        (Shape::List(item), Value::Array(old), Value::Array(new)) => {
            let mut old = old.into_iter();
            let items = new.into_iter().map(|new| match old.next() {
                Some(old) => merged(types, *item, old, new),
                None => new,
            });
            Value::Array(items.collect())
        }
        (Shape::Own(Own::Raw), old, Value::Null) => old,
        (Shape::Own(Own::IntOrString), old @ Value::Int(_), Value::Null) => old,
        (Shape::Own(_), _, new) => new,
        (
            Shape::Struct(_) | Shape::Bool | Shape::Int(_) | Shape::UInt(_) | Shape::Float | Shape::Text,
            old,
            Value::Null,
        ) => old,
        (_, _, new) => new,
    }
}
