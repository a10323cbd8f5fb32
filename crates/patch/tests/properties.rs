//! What holds of any patch and any object.

use proptest::prelude::*;
use ravelin_object::json_text;
use ravelin_object::{Map, Value};
use ravelin_patch::{Fields, MergeRules, go_text, json, merge, strategic};

/// Every structure has every field, which is a structure and a list of them merged by `name`.
#[derive(Clone, Copy)]
struct Anything;

impl MergeRules for Anything {
    fn property(&self, _: &str) -> Option<Self> {
        Some(Self)
    }

    fn element(&self) -> Option<Self> {
        Some(Self)
    }

    fn strategies(&self) -> Vec<&str> {
        vec!["retainKeys", "merge"]
    }

    fn merge_key(&self) -> Option<&str> {
        Some("name")
    }
}

/// As [`Anything`], but lists are sets.
#[derive(Clone, Copy)]
struct Sets;

impl MergeRules for Sets {
    fn property(&self, _: &str) -> Option<Self> {
        Some(Self)
    }

    fn element(&self) -> Option<Self> {
        Some(Self)
    }

    fn strategies(&self) -> Vec<&str> {
        vec!["merge"]
    }

    fn merge_key(&self) -> Option<&str> {
        None
    }
}

fn keys() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b",
        "name",
        "$patch",
        "$retainKeys",
        "$setElementOrder/a",
        "$deleteFromPrimitiveList/a",
        "$setElementOrder",
        "~/",
        "",
    ])
}

fn values() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2_i64..3).prop_map(Value::Int),
        Just(Value::UInt(u64::MAX)),
        Just(Value::Float(1.5)),
        prop::sample::select(vec!["a", "b", "delete", "replace", "merge", "<", "\u{1}"])
            .prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            objects_of(inner).prop_map(Value::Object),
        ]
    })
}

fn objects_of(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map> {
    prop::collection::vec((keys().prop_map(Into::into), inner), 0..5)
        .prop_map(|entries| entries.into_iter().collect())
}

fn objects() -> impl Strategy<Value = Value> {
    objects_of(values()).prop_map(Value::Object)
}

/// An object without nulls, which merge patches cannot say.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Null => Value::Int(0),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| (key.into(), without_nulls(value.clone())));
            Value::Object(entries.collect())
        }
        scalar => scalar,
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.into(), sorted(value))).collect();
            entries.sort_by(|one: &(compact_str::CompactString, Value), other| one.0.cmp(&other.0));
            Value::Object(Map::from_unique(entries))
        }
        scalar => scalar.clone(),
    }
}

fn operations() -> impl Strategy<Value = Value> {
    let path = prop::collection::vec(prop::sample::select(vec!["a", "b", "0", "-1", "-", "~01", ""]), 0..4)
        .prop_map(|parts| parts.into_iter().map(|part| format!("/{part}")).collect::<String>());
    let kind = prop::sample::select(vec!["add", "remove", "replace", "move", "copy", "test", "x"]);
    let operation = (kind, path.clone(), path, values()).prop_map(|(kind, path, from, value)| {
        let mut map = Map::new();
        map.set("op", Value::from(kind));
        map.set("path", Value::from(path));
        map.set("from", Value::from(from));
        map.set("value", value);
        Value::Object(map)
    });
    prop::collection::vec(operation, 0..6).prop_map(Value::Array)
}

proptest! {
    #[test]
    fn a_merge_patch_of_the_difference_makes_the_other(from in objects(), to in objects()) {
        let (from, to) = (without_nulls(from), without_nulls(to));
        let patch = merge::difference(&from, &to);
        let read = merge::read(json_text(&patch).as_bytes(), Fields::Checked).unwrap();
        prop_assert_eq!(&sorted(&read.patch), &sorted(&patch));
        prop_assert_eq!(sorted(&merge::apply(&from, &patch).unwrap()), sorted(&to));
    }

    #[test]
    fn merging_twice_changes_nothing_more(target in objects(), patch in objects()) {
        let once = merge::apply(&target, &patch).unwrap();
        // A list keeps nulls where it takes the place of an object only.
        let once = without_nulls(once);
        let patch = without_nulls(patch);
        let twice = merge::apply(&merge::apply(&once, &patch).unwrap(), &patch).unwrap();
        prop_assert_eq!(&twice, &merge::apply(&once, &patch).unwrap());
    }

    #[test]
    fn strategic_patches_do_not_panic_and_take_their_directives_out(target in objects(), patch in objects()) {
        for result in [
            strategic::apply(&target, &mut patch.clone(), &Anything),
            strategic::apply(&target, &mut patch.clone(), &Sets),
        ] {
            match result {
                Ok(value) => prop_assert!(value.as_object().is_some()),
                Err(error) => prop_assert!([400, 422, 500].contains(&error.to_status().code)),
            }
        }
        let _ = go_text(&patch);
    }

    #[test]
    fn an_empty_patch_changes_nothing(target in objects()) {
        let empty = Value::Object(Map::new());
        prop_assert_eq!(&merge::apply(&target, &empty).unwrap(), &target);
        prop_assert_eq!(&strategic::apply(&target, &mut empty.clone(), &Anything).unwrap(), &target);
        let patch = json::read(b"[]", Fields::Checked).unwrap().patch;
        prop_assert_eq!(&json::apply(&target, &patch, &json::Limits::STANDARD).unwrap(), &target);
    }

    #[test]
    fn operations_do_not_panic_and_what_was_added_is_there(target in objects(), patch in operations(), key in "[a-z~/]{0,3}", value in values()) {
        let patch = json::read(json_text(&patch).as_bytes(), Fields::Checked).unwrap();
        prop_assert!(patch.strict.iter().all(|note| note.starts_with("json patch duplicate field ")));
        let _ = json::apply(&target, &patch.patch, &json::Limits::STANDARD);
        let path = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
        let add = format!(
            "[{{\"op\":\"add\",\"path\":{0},\"value\":{1}}},{{\"op\":\"test\",\"path\":{0},\"value\":{1}}}]",
            json_text(&Value::from(path)),
            json_text(&value)
        );
        let add = json::read(add.as_bytes(), Fields::Checked).unwrap().patch;
        let added = json::apply(&target, &add, &json::Limits::STANDARD).unwrap();
        let found = added.as_object().and_then(|map| map.get(&key)).map(sorted);
        prop_assert_eq!(found, Some(sorted(&value)));
    }

    #[test]
    fn any_text_reads_or_is_refused(text in "[\\[\\]{}\",:0-9eE+\\-. ntrufalsep\\\\]{0,40}") {
        let _ = json::read(text.as_bytes(), Fields::Checked);
        let merge = merge::read(text.as_bytes(), Fields::Checked);
        let strategic = strategic::read(text.as_bytes(), Fields::Ignored);
        prop_assert_eq!(merge.is_ok(), strategic.is_ok());
    }
}
