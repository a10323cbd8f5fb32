//! JSON is read the same twice, the same when it is written again, and a stream is cut where its values are.

use ravelin_object::{Value, read};

use crate::{LIMITS, dump, index};

/// Reads the bytes as one JSON value, and as a stream of them.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let first = read::json(text, &LIMITS);
    assert_eq!(first, read::json(text, &LIMITS), "reading twice");
    match &first {
        Ok(read) => {
            let value = read.value.as_ref().unwrap_or(&Value::Null);
            let json = dump::json(value);
            let again = read::json(&json, &LIMITS).map(|read| read.value.unwrap_or(Value::Null));
            let is_same = again.as_ref().is_ok_and(|again| dump::is_same(again, value));
            assert!(is_same, "written again: {json}: {again:?}");
        }
        Err(error) => assert!(index(error.offset) <= text.len() && !error.message.is_empty(), "{error:?}"),
    }

    let mut end = 0;
    let mut values = 0;
    for part in read::json_stream(text) {
        let Ok((offset, part)) = part else { break };
        assert!(offset >= end, "{offset} in front of {end}");
        assert_eq!(text.get(offset..offset + part.len()), Some(part));
        end = offset + part.len();
        values += 1;
    }
    if first.is_ok() {
        assert_eq!(values, 1, "one value is a stream of one");
    }
}
