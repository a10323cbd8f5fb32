//! Objects as upstream's serializer writes and reads them: `records.jsonl` beside this file, and, where the variable
//! `RAVELIN_PROTOBUF_RECORDS` names a file, the records there.
//!
//! A record is `{apiVersion, kind, json, protobuf, decoded}`: an object, upstream's envelope of it (base64), and the JSON
//! that upstream writes of what it reads from that.
#![expect(clippy::unwrap_used, reason = "a test may stop the process, and so may what it calls")]

use base64::Engine as _;
use ravelin_object::{Value, read};
use ravelin_protobuf::{Limits, Messages, decode, encode};

fn json(text: &str) -> Value {
    read::json(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap()
}

/// Without the order of keys.
fn sorted(value: &Value) -> serde_json::Value {
    value.to_json()
}

/// How many records were compared, and how many are of kinds without a message.
fn replay(text: &str) -> (usize, usize) {
    let messages = Messages::builtin();
    let (mut compared, mut unknown, mut faults) = (0, 0, Vec::new());
    for line in text.lines() {
        let record = json(line);
        let text = |key: &str| record.field(key).and_then(Value::as_str).unwrap().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        if !messages.has(group, version, &kind) {
            unknown += 1;
            continue;
        }
        compared += 1;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text("protobuf")).unwrap();
        let object = record.field("json").unwrap();
        match encode(&messages, group, version, &kind, object) {
            Some(found) if found == bytes => {}
            found => faults.push(format!(
                "{api_version} {kind}: encoded as {}: {}",
                found.map_or("nothing".to_owned(), |found| found.escape_ascii().to_string()),
                bytes.escape_ascii()
            )),
        }
        let decoded = record.field("decoded").unwrap();
        match decode(&messages, &bytes, Limits::STANDARD) {
            Ok(found) if sorted(&found) == sorted(decoded) => {
                // What was read is written the same: nothing was lost.
                assert_eq!(
                    encode(&messages, group, version, &kind, &found).map(|again| decode(
                        &messages,
                        &again,
                        Limits::STANDARD
                    )),
                    Some(Ok(found))
                );
            }
            found => faults.push(format!(
                "{api_version} {kind}: decoded as {}, not {}",
                found.map_or_else(|error| error.to_string(), |found| sorted(&found).to_string()),
                sorted(decoded)
            )),
        }
    }
    faults.sort_by_key(String::len);
    let first: Vec<&String> = faults.iter().take(6).collect();
    assert!(faults.is_empty(), "{} of {compared}: {first:#?}", faults.len());
    (compared, unknown)
}

#[test]
fn objects_are_written_and_read_as_upstream_does() {
    let (compared, unknown) = replay(include_str!("records.jsonl"));
    assert!(compared >= 100 && unknown == 0, "{compared} {unknown}");
}

#[test]
fn further_records_hold() {
    let Some(path) = std::env::var_os("RAVELIN_PROTOBUF_RECORDS") else {
        println!("skipped: RAVELIN_PROTOBUF_RECORDS names no file");
        return;
    };
    let (compared, unknown) = replay(&std::fs::read_to_string(path).unwrap());
    println!("{compared} records hold, {unknown} are of kinds that are not served");
}
