//! What is read of protobuf is written, and reads the same again.

use std::sync::LazyLock;

use ravelin_object::{Value, json_text};
use ravelin_protobuf::{Identity, Limits, MAGIC, Messages, decode, decode_as, encode};

static MESSAGES: LazyLock<Messages> = LazyLock::new(Messages::builtin);

/// Reads the bytes as an envelope, and as a message of some kinds.
pub fn run(data: &[u8]) {
    let read = decode(&MESSAGES, data, Limits::STANDARD);
    assert_eq!(decode(&MESSAGES, data, Limits::STANDARD), read, "reading twice");
    if let Ok(object) = read {
        comes_back(&object);
    }
    // An envelope that says no kind: the field 2, with a length of four bytes.
    let length = data.len() as u32 & 0x0fff_ffff;
    let digits = [0, 7, 14, 21].map(|shift| (length >> shift & 0x7f) as u8);
    let header = [0x12, digits[0] | 0x80, digits[1] | 0x80, digits[2] | 0x80, digits[3]];
    let envelope = [&MAGIC[..], &header, data].concat();
    for (api_version, kind) in [("v1", "Pod"), ("apiextensions.k8s.io/v1", "CustomResourceDefinition")] {
        let default = Some(Identity { api_version, kind });
        if let Ok(object) = decode_as(&MESSAGES, &envelope, default, Limits::STANDARD) {
            comes_back(&object);
        }
    }
}

fn comes_back(object: &Value) {
    let text = |key: &str| object.field(key).and_then(Value::as_str).unwrap_or_default();
    let (group, version) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
    // Times and quantities that Go writes and does not read back are not written.
    let Some(bytes) = encode(&MESSAGES, group, version, text("kind"), object) else { return };
    let limits = Limits { bytes: usize::MAX, values: usize::MAX, ..Limits::STANDARD };
    match decode(&MESSAGES, &bytes, limits) {
        Ok(read) => assert_eq!(encode(&MESSAGES, group, version, text("kind"), &read), Some(bytes)),
        Err(error) => panic!("{error}: {}", json_text(object)),
    }
}
