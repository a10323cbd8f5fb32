//! Properties of reading into types, over values made from the schemas.
#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop the process, and so may what it calls"
)]

use compact_str::CompactString;
use proptest::prelude::*;
use ravelin_object::json_text;
use ravelin_object::{Map, Value};
use ravelin_resource::schemas::SchemaType;
use ravelin_resource::{Schema, SchemaRef, Table, decode, read};

/// Numbers that say what to make; when they run out, what is smallest is made.
struct Choices<'c>(std::slice::Iter<'c, u8>);

impl Choices<'_> {
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or_default()
    }

    /// One chance in so many.
    fn one_in(&mut self, of: u8) -> bool {
        self.next() % of == of - 1
    }
}

/// A value of a schema.
fn made(schema: Schema<'_>, choices: &mut Choices<'_>, depth: u8) -> Value {
    if schema.is_int_or_string() {
        return if choices.one_in(2) { Value::Int(i64::from(choices.next())) } else { "25%".into() };
    }
    if schema.name().is_some_and(|name| name.ends_with(".Quantity")) {
        let texts = ["1", "500m", "1.5Gi", "0", "1e3", "1000k"];
        return texts[usize::from(choices.next()) % texts.len()].into();
    }
    match schema.kind() {
        Some(SchemaType::Boolean) => Value::Bool(choices.one_in(2)),
        Some(SchemaType::Integer | SchemaType::Number) => Value::Int(i64::from(choices.next() % 3)),
        Some(SchemaType::String) => match schema.format() {
            "byte" => if choices.one_in(2) { "YWJj" } else { "" }.into(),
            "date-time" if schema.name().is_some_and(|name| name.ends_with(".MicroTime")) => {
                "2026-01-02T03:04:05.123456+01:00".into()
            }
            "date-time" => "2026-01-02T03:04:05+01:00".into(),
            _ => if choices.one_in(2) { "text" } else { "" }.into(),
        },
        Some(SchemaType::Array) => {
            let count = if depth == 0 { 0 } else { choices.next() % 3 };
            let items = schema.items().into_iter().cycle().take(usize::from(count));
            Value::Array(items.map(|item| made(item, choices, depth - 1)).collect())
        }
        Some(SchemaType::Object) => object(schema, choices, depth),
        None => Value::Object(Map::new()),
    }
}

fn object(schema: Schema<'_>, choices: &mut Choices<'_>, depth: u8) -> Value {
    let mut map = Map::new();
    if depth > 0 {
        for (name, property) in schema.properties() {
            if choices.one_in(3) {
                let value = if choices.one_in(9) { Value::Null } else { made(property, choices, depth - 1) };
                map.set(name, value);
            }
        }
        if let Some(values) = schema.additional() {
            map.set("key", made(values, choices, depth - 1));
        }
    }
    Value::Object(map)
}

fn read_into(table: &Table, schema: SchemaRef, value: &Value) -> decode::Decoded {
    let decoded = decode::decode(table.schemas(), schema, value.clone(), &[]);
    decoded.unwrap_or_else(|error| panic!("{error}: {}", json_text(value)))
}

/// The resources' schemas.
fn schemas(table: &Table) -> Vec<SchemaRef> {
    table.resources().filter_map(|resource| resource.schema).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_a_schema_allows_is_read_and_reads_the_same_again(
        choices in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let table = Table::builtin();
        for at in schemas(&table) {
            let value = made(table.schemas().at(at), &mut Choices(choices.iter()), 7);
            let first = read_into(&table, at, &value);
            prop_assert_eq!(&first.strict, &Vec::<String>::new());
            let again = read_into(&table, at, &first.value);
            prop_assert_eq!(json_text(&again.value), json_text(&first.value));
            let stored = decode::stored(table.schemas(), at, first.value.clone());
            let twice = decode::stored(table.schemas(), at, stored.clone());
            prop_assert_eq!(twice, stored);
        }
    }

    #[test]
    fn what_is_unknown_is_dropped_and_said(
        choices in proptest::collection::vec(any::<u8>(), 0..400),
        place in any::<prop::sample::Index>(),
    ) {
        let table = Table::builtin();
        let all = schemas(&table);
        let at = all[place.index(all.len())];
        let mut value = made(table.schemas().at(at), &mut Choices(choices.iter()), 7);
        let before = read_into(&table, at, &value);
        value.as_object_mut().unwrap().set("unknown", Value::from("secret"));
        let after = read_into(&table, at, &value);
        prop_assert_eq!(after.value, before.value);
        prop_assert_eq!(after.strict, [r#"unknown field "unknown""#]);
    }

    #[test]
    fn any_value_is_read_or_refused(text in r#"[\[\]{}:,"a1. -]{0,60}"#, place in any::<prop::sample::Index>()) {
        let table = Table::builtin();
        let all = schemas(&table);
        if let Ok(body) = read::body(text.as_bytes(), 10) {
            let at = all[place.index(all.len())];
            let _ = decode::decode(table.schemas(), at, body.value, &body.duplicates);
        }
    }

    #[test]
    fn a_body_is_read_as_it_was_written(keys in proptest::collection::vec("[a-c]", 0..6)) {
        let entries: Vec<String> = keys.iter().enumerate().map(|(at, key)| format!("{key:?}:{at}")).collect();
        let body = read::body(format!("{{{}}}", entries.join(",")).as_bytes(), 10).unwrap();
        let map = body.value.as_object().unwrap();
        for key in &keys {
            let last = keys.iter().rposition(|other| other == key).unwrap();
            prop_assert_eq!(map.get(key), Some(&Value::Int(i64::try_from(last).unwrap())));
            let is_twice = keys.iter().filter(|other| *other == key).count() > 1;
            prop_assert_eq!(body.duplicates.contains(key), is_twice);
        }
        let unique: std::collections::BTreeSet<CompactString> = keys.iter().map(CompactString::from).collect();
        prop_assert_eq!(map.len(), unique.len());
    }
}
