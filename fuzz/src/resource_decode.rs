//! What is read into a type is written, reads the same again, and strict decoding has nothing against it.

use std::sync::LazyLock;

use ravelin_object::{Value, json_text};
use ravelin_resource::{Table, decode, read};

/// As deep as mappings and sequences may nest.
const DEPTH: usize = 100;

static TABLE: LazyLock<Table> = LazyLock::new(Table::builtin);

/// Reads the bytes as a body: as the kind that it says it is, and as a pod.
pub fn run(data: &[u8]) {
    let Ok(body) = read::body(data, DEPTH) else { return };
    assert_eq!(read::body(data, DEPTH), Ok(body.clone()), "reading twice");
    let meta = read::type_meta(&body.value).unwrap_or_default();
    for (group, version, kind) in [(&*meta.group, &*meta.version, &*meta.kind), ("", "v1", "Pod")] {
        if let Some(schema) = TABLE.schemas().of_kind(group, version, kind) {
            decoded(&TABLE, schema, &body);
        }
    }
}

fn decoded(table: &Table, schema: ravelin_resource::SchemaRef, body: &read::Body) {
    let read = decode::decode(table.schemas(), schema, body.value.clone(), &body.duplicates);
    let first = match read {
        Ok(first) => first,
        Err(error) => {
            assert!(!error.message.is_empty());
            return;
        }
    };
    assert!(first.strict.len() <= decode::MOST_COMPLAINTS);
    assert!(matches!(first.value, Value::Object(_)), "{:?}", first.value);
    let again = match decode::decode(table.schemas(), schema, first.value.clone(), &[]) {
        Ok(again) => again,
        // A time that an offset moves before the year 0, and a quantity beyond all suffixes, do not read back in Go.
        Err(error) => {
            let is_known = ["parsing time", "quantit"].iter().any(|words| error.message.contains(words));
            assert!(is_known, "{error}: {}", json_text(&first.value));
            return;
        }
    };
    assert_eq!(again.strict, Vec::<String>::new());
    let third = decode::decode(table.schemas(), schema, again.value.clone(), &[]).map(|third| third.value);
    // A number of a quantity becomes text, and a zero time nothing: from the second time on all is as it was.
    assert_eq!(third, Ok(again.value));
}
