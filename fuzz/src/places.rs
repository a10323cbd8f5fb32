//! Whatever path is asked for, its place lies in the text, on one line.

use ravelin_diag::{Anchor, FieldPath, Segment};
use ravelin_object::{Value, read};
use ravelin_source::places::{Lines, Places};

use crate::{LIMITS, assert_range, index};

/// How many paths of one text are asked for.
const PATHS: usize = 200;

/// Places everything in the bytes, read as YAML and as JSON.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let places = Places::of_yaml(text, &LIMITS);
    if let Ok(read) = read::yaml(text, &LIMITS) {
        assert_eq!(places.is_some(), read.value.is_some(), "what is read has places");
        if let (Some(places), Some(value)) = (places, &read.value) {
            assert_eq!(places.duplicates().is_empty(), read.duplicates == 0);
            everything(text, &places, value);
        }
    } else {
        assert!(places.is_none(), "what is not read has no places");
    }
    if let Ok(read) = read::json(text, &LIMITS) {
        let places = Places::of_json(text, LIMITS.depth);
        assert_eq!(places.is_some(), read.value.is_some(), "what is read has places");
        if let (Some(places), Some(value)) = (places, &read.value) {
            everything(text, &places, value);
        }
    }
}

fn everything(text: &str, places: &Places<'_>, value: &Value) {
    let lines = Lines::new(text);
    for duplicate in places.duplicates() {
        assert_range(text, duplicate.span);
        assert_range(text, duplicate.first);
    }
    let mut paths = vec![FieldPath::root()];
    walk(value, &FieldPath::root(), &mut paths);
    for path in paths {
        for path in [path.clone().key("absent"), path.clone().index(usize::MAX), path] {
            for anchor in [Anchor::Key, Anchor::Value, Anchor::Missing] {
                let bytes = places.resolve(&path, anchor);
                assert_range(text, bytes);
                let inside = text.get(index(bytes.0)..index(bytes.1)).unwrap_or_default();
                assert!(!inside.contains('\n'), "{path} {anchor:?}: {inside:?}");
                let region = lines.region(bytes);
                assert!(region.start.line > 0 && region.start.column > 0, "{path}");
                assert_eq!(region.start.line, region.end.line, "{path} {anchor:?}");
            }
        }
    }
}

fn walk(value: &Value, path: &FieldPath, paths: &mut Vec<FieldPath>) {
    let children: Vec<(Segment, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (Segment::Key(key.into()), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, value)| (Segment::Index(at), value)).collect()
        }
        _ => Vec::new(),
    };
    for (segment, child) in children {
        if paths.len() >= PATHS {
            return;
        }
        let mut path = path.clone();
        path.push(segment);
        paths.push(path.clone());
        walk(child, &path, paths);
    }
}
