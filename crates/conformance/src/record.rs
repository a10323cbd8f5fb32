//! Records, and how one is compared with what our tree found.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A field in which a record and our tree differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The field of the record, as `result.value`.
    pub(crate) field: String,
    /// What the record says.
    pub(crate) expected: String,
    /// What our tree says.
    pub(crate) found: String,
}

impl Difference {
    /// A difference between two values, where nothing stands for an absent field.
    pub(crate) fn new(field: impl Into<String>, expected: Option<&Value>, found: Option<&Value>) -> Self {
        let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
        Self { field: field.into(), expected: text(expected), found: text(found) }
    }

    /// A record that is not of a form that its area knows.
    pub(crate) fn form(field: impl Into<String>, expected: &str, found: impl fmt::Display) -> Self {
        Self { field: field.into(), expected: expected.to_owned(), found: found.to_string() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.field, self.expected, self.found)
    }
}

/// The fields of a record that nobody has accounted for yet.
pub(crate) struct Fields {
    fields: Map<String, Value>,
}

impl Fields {
    /// The fields of a record. Its id is accounted for.
    pub(crate) fn of(record: &Value) -> Self {
        let mut fields = record.as_object().cloned().unwrap_or_default();
        fields.remove("id");
        Self { fields }
    }

    /// Compares what is left of a record with what `found` makes of the inputs it takes.
    pub(crate) fn compared(
        record: &Value,
        found: impl FnOnce(&mut Self) -> Result<Value, Difference>,
    ) -> Vec<Difference> {
        let mut fields = Self::of(record);
        match found(&mut fields) {
            Ok(found) => fields.compare(&found),
            Err(difference) => vec![difference],
        }
    }

    /// Takes an input out of the record.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, field: &str) -> Result<T, Difference> {
        let Some(value) = self.fields.remove(field) else {
            return Err(Difference::form(field, "an input", "nothing"));
        };
        read(field, value)
    }

    /// Reads a field that holds inputs among outputs, and leaves it in the record. Where it is absent, as
    /// outputs are behind an error, it is empty.
    pub(crate) fn peek<T: DeserializeOwned + Default>(&self, field: &str) -> Result<T, Difference> {
        self.fields.get(field).map_or_else(|| Ok(T::default()), |value| read(field, value.clone()))
    }

    /// Compares all fields that are left with what our tree found. If one has an error and the other has not, or
    /// another one, nothing else is told.
    pub(crate) fn compare(self, found: &Value) -> Vec<Difference> {
        let expected = Value::Object(self.fields);
        let (expected_error, found_error) = (expected.get("error"), found.get("error"));
        if expected_error != found_error {
            return vec![Difference::new("error", expected_error, found_error)];
        }
        let mut differences = Vec::new();
        compare("", Some(&expected), Some(found), &mut differences);
        differences
    }
}

fn read<T: DeserializeOwned>(field: &str, value: Value) -> Result<T, Difference> {
    serde_json::from_value(value).map_err(|error| Difference::form(field, "an input that can be read", error))
}

fn compare(field: &str, expected: Option<&Value>, found: Option<&Value>, differences: &mut Vec<Difference>) {
    match (expected, found) {
        (Some(Value::Object(expected)), Some(Value::Object(found))) => {
            let further = found.keys().filter(|key| !expected.contains_key(*key));
            for key in expected.keys().chain(further) {
                let field = if field.is_empty() { key.clone() } else { format!("{field}.{key}") };
                compare(&field, expected.get(key), found.get(key), differences);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(found))) => {
            for index in 0..expected.len().max(found.len()) {
                compare(&format!("{field}[{index}]"), expected.get(index), found.get(index), differences);
            }
        }
        _ if expected == found => {}
        _ => differences.push(Difference::new(field, expected, found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differences(record: Value, found: Value) -> Vec<String> {
        Fields::of(&record).compare(&found).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_field_is_compared_on_both_sides() {
        let record = json!({"id": "a-1", "same": [1], "list": [1, {"x": "a"}], "only": null});
        let found = json!({"same": [1], "list": [2, {"x": "b"}, 3], "further": true});
        assert_eq!(
            differences(record, found),
            [
                "list[0]: expected 1, found 2",
                "list[1].x: expected \"a\", found \"b\"",
                "list[2]: expected nothing, found 3",
                "only: expected null, found nothing",
                "further: expected nothing, found true",
            ]
        );
    }

    #[test]
    fn another_error_hides_what_follows_from_it() {
        let record = json!({"error": null, "value": 1});
        assert_eq!(differences(record, json!({"error": "x"})), ["error: expected null, found \"x\""]);
    }

    #[test]
    fn inputs_are_accounted_for_by_taking_them() {
        let mut fields = Fields::of(&json!({"id": "a-1", "input": "x", "output": [1]}));
        assert_eq!(fields.take::<String>("input").unwrap(), "x");
        assert_eq!(fields.peek::<Vec<u8>>("output").unwrap(), [1]);
        assert_eq!(fields.take::<String>("input").unwrap_err().found, "nothing");
        assert!(fields.peek::<Vec<String>>("output").is_err());
        assert_eq!(fields.peek::<Vec<u8>>("absent").unwrap(), [0; 0]);
        assert_eq!(fields.compare(&json!({"output": [1]})), []);
    }
}
