//! An untyped object: what JSON can hold, with the distinctions Kubernetes' decoders make.

use compact_str::CompactString;
use ravelin_diag::{FieldPath, Segment};

/// A value of an object.
///
/// Integers and floats are apart because Kubernetes' decoders keep them apart: `1.0` in JSON is no
/// integer, while YAML's `1.0` has become the integer 1 before any decoder sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`: for every typed field, the same as an absent key.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 signed bits.
    Int(i64),
    /// An integer above that.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// A string.
    String(CompactString),
    /// A sequence.
    Array(Vec<Value>),
    /// A mapping.
    Object(Map),
}

/// A mapping with unique keys in their order of first appearance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(CompactString, Value)>);

impl Value {
    /// The value at `key` of a mapping; nothing where this is no mapping, the key is absent, or its
    /// value is `null`, which Kubernetes' typed decoders do not tell apart.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key).filter(|value| !matches!(value, Self::Null))
    }

    /// The value behind a dotted list of plain keys.
    #[must_use]
    pub fn dotted(&self, keys: &str) -> Option<&Self> {
        keys.split('.').try_fold(self, |value, key| value.field(key))
    }

    /// The value at a path, nulls included.
    #[must_use]
    pub fn at(&self, path: &FieldPath) -> Option<&Self> {
        path.segments().iter().try_fold(self, |value, segment| match segment {
            Segment::Key(key) => value.as_object()?.get(key),
            Segment::Index(index) => value.as_array()?.get(*index),
        })
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The items of a sequence.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// A mapping.
    #[must_use]
    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Self::Object(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a sequence, to be changed.
    #[must_use]
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// A mapping, to be changed.
    #[must_use]
    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Object(map) => Some(map),
            _ => None,
        }
    }

    /// The value at `key` of a mapping, to be changed; as [`Self::field`] finds it.
    #[must_use]
    pub fn field_mut(&mut self, key: &str) -> Option<&mut Self> {
        self.as_object_mut()?.get_mut(key).filter(|value| !matches!(value, Self::Null))
    }

    /// The mapping at `key`, made where the key is absent, `null` or something else. Nothing where this is no
    /// mapping.
    #[must_use]
    pub fn object_at(&mut self, key: &str) -> Option<&mut Map> {
        let map = self.as_object_mut()?;
        if !matches!(map.get(key), Some(Self::Object(_))) {
            map.set(key, Self::Object(Map::new()));
        }
        map.get_mut(key)?.as_object_mut()
    }

    /// An integer of 64 bits.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The value as serde_json's, for files of other formats and for output. Numbers that JSON cannot hold become
    /// null.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::UInt(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::String(text) => text.as_str().into(),
            Self::Array(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(map) => map.iter().map(|(key, value)| (key.to_owned(), value.to_json())).collect(),
        }
    }

    /// What it is, in words for messages: `the string "x"`, `a mapping`. Long strings are cut; the
    /// text of a value never appears where it could be a secret, so callers pass only plain fields.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => format!("the boolean {value}"),
            Self::Int(value) => format!("the integer {value}"),
            Self::UInt(value) => format!("the integer {value}"),
            Self::Float(value) => format!("the number {value}"),
            Self::String(text) if text.chars().count() > 40 => {
                let start: String = text.chars().take(40).collect();
                format!("the string {start:?}…")
            }
            Self::String(text) => format!("the string {:?}", text.as_str()),
            Self::Array(_) => "a sequence".to_owned(),
            Self::Object(_) => "a mapping".to_owned(),
        }
    }
}

impl Map {
    /// How many keys up to which duplicates are looked for by comparing, not by hashing.
    const FEW: usize = 24;

    /// An empty mapping.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// A mapping of entries whose keys the caller knows to be unique.
    #[must_use]
    pub fn from_unique(entries: Vec<(CompactString, Value)>) -> Self {
        Self(entries)
    }

    /// A mapping of entries in which the last of several equal keys wins, in the place of the first;
    /// `duplicate` hears of the index of every entry whose key was there before.
    pub fn from_entries(
        entries: Vec<(CompactString, Value)>,
        mut duplicate: impl FnMut(usize, &str),
    ) -> Self {
        if entries.len() <= Self::FEW && !has_equal_keys(&entries) {
            return Self(entries);
        }
        let mut places = std::collections::BTreeMap::new();
        let mut unique: Vec<(CompactString, Value)> = Vec::with_capacity(entries.len());
        for (index, (key, value)) in entries.into_iter().enumerate() {
            match places.get(&key).and_then(|place: &usize| unique.get_mut(*place)) {
                Some(entry) => {
                    duplicate(index, &key);
                    entry.1 = value;
                }
                None => {
                    places.insert(key.clone(), unique.len());
                    unique.push((key, value));
                }
            }
        }
        Self(unique)
    }

    /// The value at a key, nulls included.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value at a key, nulls included, to be changed.
    #[must_use]
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The entries, in their order, with values to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&str, &mut Value)> {
        self.0.iter_mut().map(|(key, value)| (key.as_str(), value))
    }

    /// The entries, in their order, taken out.
    #[must_use]
    pub fn into_entries(self) -> Vec<(CompactString, Value)> {
        self.0
    }

    /// Keeps only the entries that `keep` says.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }

    /// The entries, in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a key, in the place of an equal one or at the end.
    pub fn set(&mut self, key: impl Into<CompactString>, value: Value) {
        let key = key.into();
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some(entry) => entry.1 = value,
            None => self.0.push((key, value)),
        }
    }

    /// Takes the value at a key out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let place = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(place).1)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Object(map)
    }
}

impl From<Vec<Self>> for Value {
    fn from(items: Vec<Self>) -> Self {
        Self::Array(items)
    }
}

impl From<&Self> for Value {
    fn from(value: &Self) -> Self {
        value.clone()
    }
}

impl FromIterator<(CompactString, Value)> for Map {
    /// The last of equal keys wins, in the place of the first.
    fn from_iter<T: IntoIterator<Item = (CompactString, Value)>>(entries: T) -> Self {
        Self::from_entries(entries.into_iter().collect(), |_, _| {})
    }
}

fn has_equal_keys(entries: &[(CompactString, Value)]) -> bool {
    entries
        .iter()
        .enumerate()
        .any(|(index, (key, _))| entries.iter().take(index).any(|(other, _)| other == key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_equal_keys_wins_in_the_place_of_the_first() {
        for count in [0, 100] {
            let mut entries: Vec<(CompactString, Value)> =
                (0..count).map(|n| (CompactString::from(format!("k{n}")), Value::Null)).collect();
            entries.insert(0, ("a".into(), Value::Int(1)));
            entries.push(("a".into(), Value::Int(2)));
            let mut seen = Vec::new();
            let map = Map::from_entries(entries, |index, key| seen.push((index, key.to_owned())));
            assert_eq!(map.iter().next(), Some(("a", &Value::Int(2))));
            assert_eq!(map.len(), count + 1);
            assert_eq!(seen, [(count + 1, "a".to_owned())]);
        }
    }

    #[test]
    fn null_is_an_absent_field_but_a_present_entry() {
        let value = Value::Object(Map::from_unique(vec![("a".into(), Value::Null)]));
        assert_eq!(value.field("a"), None);
        assert_eq!(value.at(&FieldPath::root().key("a")), Some(&Value::Null));
    }

    #[test]
    fn a_value_is_small() {
        assert!(size_of::<Value>() <= 32, "{}", size_of::<Value>());
    }
}
