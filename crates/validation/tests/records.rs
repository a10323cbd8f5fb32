//! Replays records of upstream's validation: objects as its strategies see them, and the errors they answer.
//!
//! A record is a line of JSON: `op` (`create`, `update`), `sub` (a subresource), `privileged`, `object`, `old`, and
//! `faults`, the texts of the errors in order. Where upstream walks a map its order is random, so that lists are compared
//! sorted and, apart, in order. Without `VALIDATION_RECORDS` the test is skipped.

use ravelin_object::Value;
use ravelin_validation::{Kind, Settings, create, update};
use std::collections::BTreeMap;

fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or_default()), Value::Int)
        }
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(value).collect()),
        serde_json::Value::Object(map) => {
            Value::Object(map.iter().map(|(key, item)| (key.as_str().into(), value(item))).collect())
        }
    }
}

fn faults(record: &serde_json::Value) -> Vec<String> {
    let of = |key: &str| record.get(key).unwrap_or(&serde_json::Value::Null);
    let text = |key: &str| of("object").get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let object = value(of("object"));
    let api_version = text("apiVersion");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = Kind { group, version, kind: text("kind") };
    let settings = Settings { allow_privileged: *of("privileged") == true };
    let found = if of("op") == "create" {
        create(kind, &object, &settings)
    } else {
        let sub = of("sub").as_str().filter(|sub| !sub.is_empty());
        update(kind, sub, &object, &value(of("old")), &settings)
    };
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn answers_are_upstreams() {
    let Ok(path) = std::env::var("VALIDATION_RECORDS") else {
        println!("VALIDATION_RECORDS is not set: skipped");
        return;
    };
    let mut counts: BTreeMap<String, (usize, usize, usize, usize)> = BTreeMap::new();
    let most: usize = std::env::var("VALIDATION_SHOW").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let mut shown = 0;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        if record.get("error").is_some() {
            continue;
        }
        let expected: Vec<String> = record["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect();
        let found = faults(&record);
        let kind = record["object"]["kind"].as_str().unwrap().to_owned();
        let count = counts.entry(kind).or_default();
        count.0 += 1;
        count.1 += usize::from(!expected.is_empty());
        if expected == found {
            continue;
        }
        let sorted = |list: &[String]| {
            let mut list = list.to_vec();
            list.sort();
            list
        };
        if sorted(&expected) == sorted(&found) {
            count.2 += 1;
            continue;
        }
        count.3 += 1;
        if shown < most {
            shown += 1;
            println!("--- {} {} {}", record["id"], record["op"], record["sub"]);
            for text in expected.iter().filter(|text| !found.contains(text)) {
                println!("  upstream: {text}");
            }
            for text in found.iter().filter(|text| !expected.contains(text)) {
                println!("  here:     {text}");
            }
        }
    }
    let mut differing = 0;
    for (kind, (all, refused, order, other)) in &counts {
        println!("{kind}: {all} records, {refused} refused, {order} in another order, {other} differ");
        differing += other;
    }
    assert_eq!(differing, 0, "records differ");
}
