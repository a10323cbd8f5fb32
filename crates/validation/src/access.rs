//! Reading fields of values as Go's typed objects have them: what is absent is the zero value.

use crate::NOTHING;
use ravelin_object::{Map, Value};

static NO_KEYS: Map = Map::new();

/// Fields of an object, absent ones being Go's zero values.
pub(crate) trait Fields {
    /// The object at `key`, or null.
    fn get(&self, key: &str) -> &Value;
    /// Whether `key` is there and not null.
    fn has(&self, key: &str) -> bool;
    /// The text at `key`, or the empty one.
    fn text(&self, key: &str) -> &str;
    /// The text at `key`, if it is there.
    fn text_opt(&self, key: &str) -> Option<&str>;
    /// The integer at `key`, or zero.
    fn int(&self, key: &str) -> i64;
    /// The integer at `key`, if it is there.
    fn int_opt(&self, key: &str) -> Option<i64>;
    /// The boolean at `key`, or false.
    fn flag(&self, key: &str) -> bool;
    /// The boolean at `key`, if it is there.
    fn flag_opt(&self, key: &str) -> Option<bool>;
    /// The items of the list at `key`, or none.
    fn list(&self, key: &str) -> &[Value];
    /// The texts of the list at `key`, or none.
    fn texts(&self, key: &str) -> Vec<&str>;
    /// The entries of the mapping at `key`, ordered by key, or none.
    fn entries(&self, key: &str) -> Vec<(&str, &Value)>;
    /// The mapping at `key`, or one without keys.
    fn map(&self, key: &str) -> &Map;
}

impl Fields for Value {
    fn get(&self, key: &str) -> &Value {
        self.field(key).unwrap_or(&NOTHING)
    }

    fn has(&self, key: &str) -> bool {
        self.field(key).is_some()
    }

    fn text(&self, key: &str) -> &str {
        self.text_opt(key).unwrap_or_default()
    }

    fn text_opt(&self, key: &str) -> Option<&str> {
        self.field(key)?.as_str()
    }

    fn int(&self, key: &str) -> i64 {
        self.int_opt(key).unwrap_or_default()
    }

    fn int_opt(&self, key: &str) -> Option<i64> {
        self.field(key)?.as_int()
    }

    fn flag(&self, key: &str) -> bool {
        self.flag_opt(key).unwrap_or_default()
    }

    fn flag_opt(&self, key: &str) -> Option<bool> {
        self.field(key)?.as_bool()
    }

    fn list(&self, key: &str) -> &[Value] {
        self.field(key).and_then(Self::as_array).unwrap_or_default()
    }

    fn texts(&self, key: &str) -> Vec<&str> {
        self.list(key).iter().filter_map(Self::as_str).collect()
    }

    fn entries(&self, key: &str) -> Vec<(&str, &Value)> {
        let mut entries: Vec<_> = self.map(key).iter().collect();
        entries.sort_by_key(|(key, _)| *key);
        entries
    }

    fn map(&self, key: &str) -> &Map {
        self.field(key).and_then(Self::as_object).unwrap_or(&NO_KEYS)
    }
}

/// The text of a value, or the empty one.
pub(crate) fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A value with the keys of all mappings in order, as Go writes maps.
pub(crate) fn ordered(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(ordered).collect()),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.into(), ordered(value))).collect();
            entries.sort_by(|(left, _), (right, _)| Ord::cmp(left, right));
            Value::Object(Map::from_unique(entries))
        }
        other => other.clone(),
    }
}

/// A list of texts as a value.
pub(crate) fn list_of(items: &[&str]) -> Value {
    Value::Array(items.iter().map(|item| Value::from(*item)).collect())
}
