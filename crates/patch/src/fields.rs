//! The fields of an object while it is patched: found by key quickly, however many there are.

use compact_str::CompactString;
use ravelin_object::{Map, Value};
use std::collections::BTreeMap;

/// A mapping that keeps its order and finds keys without looking at all.
pub(crate) struct FieldTable {
    entries: Vec<Option<(CompactString, Value)>>,
    places: BTreeMap<CompactString, usize>,
}

impl FieldTable {
    /// Takes the fields out of a mapping.
    pub(crate) fn take(map: &mut Map) -> Self {
        let entries: Vec<_> = map
            .iter_mut()
            .map(|(key, value)| Some((key.into(), std::mem::replace(value, Value::Null))))
            .collect();
        *map = Map::new();
        let keys = entries.iter().enumerate().filter_map(|(place, entry)| {
            entry.as_ref().map(|(key, _): &(CompactString, Value)| (key.clone(), place))
        });
        Self { places: keys.collect(), entries }
    }

    /// The mapping again.
    pub(crate) fn into_map(self) -> Map {
        Map::from_unique(self.entries.into_iter().flatten().collect())
    }

    pub(crate) fn keys(&self) -> Vec<CompactString> {
        self.entries.iter().flatten().map(|(key, _)| key.clone()).collect()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        let place = *self.places.get(key)?;
        self.entries.get(place)?.as_ref().map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let place = *self.places.get(key)?;
        self.entries.get_mut(place)?.as_mut().map(|(_, value)| value)
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        match self.get_mut(key) {
            Some(place) => *place = value,
            None => {
                self.places.insert(key.into(), self.entries.len());
                self.entries.push(Some((key.into(), value)));
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Value> {
        let place = self.places.remove(key)?;
        self.entries.get_mut(place)?.take().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order() {
        let mut map: Map = ["a", "b", "c"].into_iter().map(|key| (key.into(), Value::from(key))).collect();
        let mut fields = FieldTable::take(&mut map);
        assert!(map.is_empty());
        assert_eq!(fields.remove("b"), Some(Value::from("b")));
        assert_eq!(fields.remove("b"), None);
        fields.set("b", Value::Int(1));
        fields.set("a", Value::Int(2));
        assert_eq!(fields.get("c"), Some(&Value::from("c")));
        assert_eq!(fields.keys(), ["a", "c", "b"]);
        let map = fields.into_map();
        assert_eq!(map.get("a"), Some(&Value::Int(2)));
        assert_eq!(map.len(), 3);
    }
}
