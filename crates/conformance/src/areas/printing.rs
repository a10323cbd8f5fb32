//! The cells of tables.

use ravelin_object::{Value as Object, read};
use ravelin_printing::{UnixMicros, cells, conditions};
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records `{group, kind, object, now, cells, conditions}`; `object` is JSON as text, and `cells` are null where
/// upstream has no printer for the kind.
pub(super) struct Printing;

impl Area for Printing {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let group: String = fields.take("group")?;
    let kind: String = fields.take("kind")?;
    let text: String = fields.take("object")?;
    let now: String = fields.take("now")?;
    let now = UnixMicros::parse(&now).ok_or_else(|| Difference::form("now", "a time", &now))?;
    let object = read::json(&text, &ravelin_yaml::Limits::STANDARD).ok().and_then(|read| read.value);
    let object = object.ok_or_else(|| Difference::form("object", "JSON", &text))?;
    let written = |values: Vec<Object>| values.iter().map(Object::to_json).collect::<Vec<_>>();
    Ok(json!({
        "cells": cells(&group, &kind, &object, now).map(written),
        "conditions": written(conditions(&group, &kind, &object)),
    }))
}
