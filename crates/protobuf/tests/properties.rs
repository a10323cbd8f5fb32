//! No bytes panic the reader, and what is read is written so that it reads the same.
#![expect(clippy::unwrap_used, reason = "a test may stop the process, and so may what it calls")]

use base64::Engine as _;
use proptest::prelude::*;
use ravelin_object::{Value, read};
use ravelin_protobuf::{DecodeError, Identity, Limits, MAGIC, Messages, decode, decode_as, encode};
use std::sync::LazyLock;

static MESSAGES: LazyLock<Messages> = LazyLock::new(Messages::builtin);

/// Envelopes of upstream.
static ENVELOPES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let lines = include_str!("records.jsonl").lines();
    let envelope = |line: &str| {
        let record = read::json(line, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
        let text = record.field("protobuf").and_then(Value::as_str).unwrap().to_owned();
        base64::engine::general_purpose::STANDARD.decode(text).unwrap()
    };
    lines.map(envelope).collect()
});

/// What is read of bytes is written, and reads the same.
fn comes_back(bytes: &[u8]) {
    let Ok(object) = decode(&MESSAGES, bytes, Limits::STANDARD) else { return };
    let text = |key: &str| object.field(key).and_then(Value::as_str).unwrap();
    let (group, version) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
    // A time that Go writes so that it does not read it back, and a quantity beyond all suffixes, are not written.
    let Some(again) = encode(&MESSAGES, group, version, text("kind"), &object) else { return };
    let limits = Limits { bytes: usize::MAX, values: usize::MAX, ..Limits::STANDARD };
    let read = decode(&MESSAGES, &again, limits).unwrap();
    let third = encode(&MESSAGES, group, version, text("kind"), &read).unwrap();
    assert_eq!(again, third);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in "Pod|Secret|CustomResourceDefinition") {
        comes_back(&bytes);
        let mut envelope = MAGIC.to_vec();
        envelope.extend([0x12, u8::try_from(bytes.len().min(127)).unwrap()]);
        envelope.extend(bytes.iter().take(127));
        let api_version = if kind.len() > 6 { "apiextensions.k8s.io/v1" } else { "v1" };
        let default = Some(Identity { api_version, kind: &kind });
        let _ = decode_as(&MESSAGES, &envelope, default, Limits::STANDARD);
    }

    #[test]
    fn what_was_changed_on_the_way_panics_nothing(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = which.get(&ENVELOPES).clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        comes_back(&bytes);
    }
}

fn within(mut bytes: Vec<u8>, number: u8) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.append(&mut bytes);
    out
}

/// An envelope of a message without `kind` and `apiVersion`.
fn envelope(message: Vec<u8>) -> Vec<u8> {
    [MAGIC.to_vec(), within(message, 2)].concat()
}

#[test]
fn limits_are_kept() {
    // Schemas are nested by their `not`, the field 28, behind a tag of two bytes; `items` would do as well.
    let mut schema = Vec::new();
    for _ in 0..5000 {
        let inner = within(schema, 0);
        schema = [&[0xe2, 0x01][..], &inner[1..]].concat();
    }
    let version = within(within(schema, 1), 4);
    let deep = envelope(within(within(version, 7), 2));
    let definition =
        Some(Identity { api_version: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" });
    let read = decode_as(&MESSAGES, &deep, definition, Limits::STANDARD);
    assert_eq!(read, Err(DecodeError::TooDeep { limit: 256 }));

    // A million containers of two bytes each.
    let containers: Vec<u8> = [0x12, 0x00].repeat(1_000_000);
    let wide = envelope(within(containers, 2));
    let pod = Some(Identity { api_version: "v1", kind: "Pod" });
    let read = decode_as(&MESSAGES, &wide, pod, Limits::STANDARD);
    assert_eq!(read, Err(DecodeError::TooLarge { limit: 2_000_000, what: "values" }));

    let read = decode_as(&MESSAGES, &[0; 10], pod, Limits { bytes: 9, ..Limits::STANDARD });
    assert_eq!(read, Err(DecodeError::TooLarge { limit: 9, what: "bytes" }));
}

#[test]
fn what_is_no_envelope_is_said() {
    let pod = Some(Identity { api_version: "v1", kind: "Pod" });
    let other = Some(Identity { api_version: "a.b/v1", kind: "Pod" });
    for (bytes, default, words) in [
        (&b""[..], pod, "empty data"),
        (
            b"{}",
            pod,
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
        ),
        (b"k8s\0", pod, "empty body"),
        (b"k8s\0\x12\x00", None, "Object 'Kind' is missing in protobuf envelope"),
        (b"k8s\0\x12\x05a", pod, "unexpected EOF"),
        (b"k8s\0\x12\x02\x08\x01", pod, "proto: wrong wireType = 0 for field Metadata"),
        (b"k8s\0\x12\x00", other, "no kind \"Pod\" is registered for version \"a.b/v1\""),
    ] {
        let error = decode_as(&MESSAGES, bytes, default, Limits::STANDARD).unwrap_err();
        assert_eq!(error.to_string(), words);
    }
    let empty = decode_as(&MESSAGES, b"k8s\0\x12\x00", pod, Limits::STANDARD).unwrap();
    assert_eq!(empty.field("kind"), Some(&Value::from("Pod")));
    assert_eq!(empty.to_json()["spec"], serde_json::json!({"containers": null}));
}

#[test]
fn what_is_not_of_its_type_is_not_written() {
    let json = |text: &str| read::json(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
    for (text, is_written) in [
        (r#"{"spec":{"replicas":1,"unknown":{"a":1}}}"#, true),
        (r#"{"spec":null}"#, true),
        (r#"{"spec":{"replicas":"1"}}"#, false),
        (r#"{"spec":{"replicas":3000000000}}"#, false),
        (r#"{"spec":[]}"#, false),
        (r#"{"metadata":{"creationTimestamp":"yesterday"}}"#, false),
    ] {
        let found = encode(&MESSAGES, "apps", "v1", "Deployment", &json(text));
        assert_eq!(found.is_some(), is_written, "{text}");
    }
    assert_eq!(encode(&MESSAGES, "a.b", "v1", "Deployment", &json("{}")), None);
}
