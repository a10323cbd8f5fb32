//! The types that read and write themselves: quantities, times, integers or strings, JSON within JSON.
//!
//! Source: `k8s.io/apimachinery` (`api/resource`, `apis/meta/v1`, `util/intstr`, `runtime`),
//! `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1` `marshal.go`.

use super::{Decoder, Fault, fits, number, word};
use crate::time::{self, Layout};
use crate::types::{JSON_SCHEMA, Own};
use ravelin_object::Value;
use ravelin_object::json_text;
use ravelin_object::quantity::Quantity;
use std::collections::BTreeSet;

impl Decoder<'_> {
    /// Reads a value into a type that reads itself, null included.
    pub(super) fn own(&self, own: Own, value: Value) -> Result<Option<Value>, Fault> {
        match own {
            Own::Quantity => quantity(&value),
            Own::Time => moment(&value, Layout::Seconds),
            Own::MicroTime => moment(&value, Layout::Micros),
            Own::IntOrString => int_or_string(value),
            Own::Raw => Ok(Some(self.kept(value)).filter(|value| *value != Value::Null)),
            Own::SchemaOrBool => self.schema_or_bool(value),
            Own::SchemaOrArray => self.schema_or_array(value),
            Own::SchemaOrStrings => self.schema_or_strings(value),
        }
    }

    fn schema_or_bool(&self, value: Value) -> Result<Option<Value>, Fault> {
        match value {
            Value::Bool(_) => Ok(Some(value)),
            Value::Object(_) => self.schema(value).map(Some),
            _ => Err(Fault::Words("boolean or JSON schema expected".to_owned())),
        }
    }

    /// A schema or a list of schemas; anything else is nothing.
    fn schema_or_array(&self, value: Value) -> Result<Option<Value>, Fault> {
        match value {
            Value::Object(_) => self.schema(value).map(Some),
            Value::Array(mut items) if !items.is_empty() => {
                self.schemas(items.iter_mut())?;
                Ok(Some(Value::Array(items)))
            }
            _ => Ok(None),
        }
    }

    /// A schema or a list of strings; anything else is nothing.
    fn schema_or_strings(&self, value: Value) -> Result<Option<Value>, Fault> {
        match value {
            Value::Object(_) => self.schema(value).map(Some),
            Value::Array(mut items) if !items.is_empty() => {
                for item in &mut items {
                    match item {
                        Value::String(_) => {}
                        Value::Null => *item = Value::from(""),
                        other => return Err(mismatch(word(other), "string")),
                    }
                }
                Ok(Some(Value::Array(items)))
            }
            _ => Ok(None),
        }
    }

    fn schema(&self, mut value: Value) -> Result<Value, Fault> {
        self.schemas(std::iter::once(&mut value))?;
        Ok(value)
    }

    /// Schemas within a schema are read for themselves, without complaints; what is wrong in them is said of where they
    /// are.
    fn schemas<'v>(&self, values: impl Iterator<Item = &'v mut Value>) -> Result<(), Fault> {
        let Some(of) = self.types.named(JSON_SCHEMA) else { return Ok(()) };
        let mut inner = Decoder::new(self.types, BTreeSet::new());
        inner.is_strict = false;
        inner.keys = self.keys;
        for slot in values {
            let value = std::mem::replace(slot, Value::Null);
            let read = inner.value(of, value).map_err(|fault| fault.placed_within(&inner.context()))?;
            *slot = read.unwrap_or_else(|| super::zero::of(self.types, of));
        }
        match inner.first {
            Some((fault, context)) => Err(fault.placed_within(&context)),
            None => Ok(()),
        }
    }
}

fn mismatch(found: impl Into<String>, wanted: &str) -> Fault {
    Fault::Type { found: found.into(), wanted: wanted.to_owned(), within: String::new() }
}

fn quantity(value: &Value) -> Result<Option<Value>, Fault> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.to_string(),
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => number(value),
        other => json_text(other),
    };
    match Quantity::parse_field(&text) {
        Ok(quantity) => Ok(Some(Value::from(quantity.to_string()))),
        Err(error) => Err(Fault::Words(error.to_string())),
    }
}

fn moment(value: &Value, layout: Layout) -> Result<Option<Value>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => match time::canonical(text, layout) {
            Ok(text) => Ok(text.map(Value::from)),
            Err(words) => Err(Fault::Words(words)),
        },
        other => Err(mismatch(word(other), "string")),
    }
}

fn int_or_string(value: Value) -> Result<Option<Value>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::String(_) => Ok(Some(value)),
        Value::Int(number) if fits(number, 32) => Ok(Some(value)),
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => {
            Err(mismatch(format!("number {}", number(&value)), "int32"))
        }
        other => Err(mismatch(word(&other), "int32")),
    }
}
