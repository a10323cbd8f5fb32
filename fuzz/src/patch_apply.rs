//! A patch applies the same twice, or is refused with a status; a merge patch of a difference makes the other.

use ravelin_object::json_text;
use ravelin_object::{Map, Value, read};
use ravelin_patch::{Fields, MergeRules, PatchError, json, merge, strategic};

use crate::LIMITS;

/// Every structure has every field. Fields are told apart by their first letter: `s` is a set, `r` is replaced, and all
/// others are lists by `name` or structures.
#[derive(Clone, Copy)]
struct Rules {
    strategy: Option<&'static str>,
    key: Option<&'static str>,
}

impl MergeRules for Rules {
    fn property(&self, name: &str) -> Option<Self> {
        match name.chars().next()? {
            's' => Some(Self { strategy: Some("merge"), key: None }),
            'r' => Some(Self { strategy: Some("replace"), key: None }),
            'x' => None,
            _ => Some(Self { strategy: Some("merge"), key: Some("name") }),
        }
    }

    fn element(&self) -> Option<Self> {
        Some(Self { strategy: None, key: None })
    }

    fn strategies(&self) -> Vec<&str> {
        self.strategy.into_iter().collect()
    }

    fn merge_key(&self) -> Option<&str> {
        self.key
    }
}

/// Reads the first line as an object and the rest as a patch of each kind.
pub fn run(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (target, patch) = data.split_at(end);
    let Ok(target) = std::str::from_utf8(target) else { return };
    let Ok(Some(target)) = read::json(target, &LIMITS).map(|read| read.value) else { return };
    let limits = json::Limits { operations: 100, copied_bytes: 10_000 };
    for fields in [Fields::Checked, Fields::Ignored] {
        twice(|| json::read(patch, fields).and_then(|read| json::apply(&target, &read.patch, &limits)));
        twice(|| merge::read(patch, fields).and_then(|read| merge::apply(&target, &read.patch)));
        twice(|| {
            let mut patch = strategic::read(patch, fields)?.patch;
            strategic::apply(&target, &mut patch, &Rules { strategy: None, key: None })
        });
    }
    let Ok(Ok(other)) = std::str::from_utf8(patch).map(|patch| read::json(patch, &LIMITS)) else { return };
    let (from, to) = (without_nulls(&target), without_nulls(&other.value.unwrap_or(Value::Null)));
    if from.as_object().is_none() || to.as_object().is_none() {
        return;
    }
    let made = merge::apply(&from, &merge::difference(&from, &to));
    assert_eq!(made.map(|made| sorted(&made)), Ok(sorted(&to)));
}

fn twice(apply: impl Fn() -> Result<Value, PatchError>) {
    let first = apply();
    match &first {
        // NaN is no JSON, so that equal texts are equal values.
        Ok(value) => {
            assert_eq!(Ok(json_text(value)), apply().map(|value| json_text(&value)), "applying twice")
        }
        Err(error) => {
            assert_eq!(apply().as_ref().err(), Some(error), "refusing twice");
            let status = error.to_status();
            assert!([400, 413, 422, 500].contains(&status.code) && !status.message.is_empty(), "{error:?}");
        }
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Null => Value::Bool(false),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.into(), without_nulls(value))).collect::<Map>().into()
        }
        scalar => scalar.clone(),
    }
}

fn sorted(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let mut entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{key:?}:{}", sorted(value))).collect();
            entries.sort_unstable();
            format!("{{{}}}", entries.join(","))
        }
        scalar => json_text(scalar),
    }
}
