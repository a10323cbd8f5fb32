//! Reading fields of objects, absent ones as Go's zero values.

use ravelin_object::Value;
use ravelin_object::quantity::Quantity;

/// A text; empty where there is none.
pub(crate) fn text<'o>(object: &'o Value, path: &str) -> &'o str {
    optional_text(object, path).unwrap_or_default()
}

/// A text that may be absent.
pub(crate) fn optional_text<'o>(object: &'o Value, path: &str) -> Option<&'o str> {
    object.dotted(path)?.as_str()
}

/// A text, or what stands for none.
pub(crate) fn text_or<'o>(object: &'o Value, path: &str, otherwise: &'static str) -> &'o str {
    Some(text(object, path)).filter(|text| !text.is_empty()).unwrap_or(otherwise)
}

/// A text cell.
pub(crate) fn cell(object: &Value, path: &str) -> Value {
    Value::from(text(object, path))
}

/// The name of an object: the first cell of nearly all.
pub(crate) fn name(object: &Value) -> Value {
    cell(object, "metadata.name")
}

/// An integer; 0 where there is none.
pub(crate) fn int(object: &Value, path: &str) -> i64 {
    optional_int(object, path).unwrap_or(0)
}

/// An integer that may be absent.
pub(crate) fn optional_int(object: &Value, path: &str) -> Option<i64> {
    object.dotted(path)?.as_int()
}

/// An integer cell.
pub(crate) fn number(object: &Value, path: &str) -> Value {
    Value::Int(int(object, path))
}

/// A boolean; false where there is none.
pub(crate) fn flag(object: &Value, path: &str) -> bool {
    object.dotted(path).and_then(Value::as_bool).unwrap_or(false)
}

/// A list; empty where there is none.
pub(crate) fn list<'o>(object: &'o Value, path: &str) -> &'o [Value] {
    object.dotted(path).and_then(Value::as_array).unwrap_or_default()
}

/// How many items a list has, as a cell.
pub(crate) fn count(object: &Value, path: &str) -> Value {
    length(list(object, path).len())
}

/// A number of things as a cell.
pub(crate) fn length(count: usize) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// How many keys a mapping has.
pub(crate) fn keys(object: &Value, path: &str) -> usize {
    object.dotted(path).and_then(Value::as_object).map_or(0, ravelin_object::Map::len)
}

/// The texts of a list.
pub(crate) fn texts<'o>(object: &'o Value, path: &str) -> Vec<&'o str> {
    list(object, path).iter().map(|item| item.as_str().unwrap_or_default()).collect()
}

/// Whether the object is being deleted.
pub(crate) fn is_deleted(object: &Value) -> bool {
    object.dotted("metadata.deletionTimestamp").is_some()
}

/// An annotation; keys of annotations have dots.
pub(crate) fn annotation<'o>(object: &'o Value, key: &str) -> Option<&'o str> {
    object.dotted("metadata.annotations")?.field(key)?.as_str()
}

/// A quantity as upstream writes it; `0` where there is none.
pub(crate) fn quantity(value: Option<&Value>) -> String {
    optional_quantity(value).unwrap_or_else(|| "0".to_owned())
}

/// A quantity as upstream writes it.
pub(crate) fn optional_quantity(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        _ => return None,
    };
    Some(Quantity::parse_field(&text).map_or(text, |quantity| quantity.to_string()))
}

/// An integer or a text, as text.
pub(crate) fn int_or_text(value: &Value) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

/// The first items of a list and how many more there are: `a,b,c + 2 more...`; `<unset>` where there is nothing.
pub(crate) fn first_of(items: &[String], most: usize) -> String {
    let shown = items.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(",");
    match items.len().checked_sub(most) {
        Some(more) if more > 0 => format!("{shown} + {more} more..."),
        _ if shown.is_empty() => "<unset>".to_owned(),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        let items = |count: usize| (0..count).map(|item| item.to_string()).collect::<Vec<_>>();
        assert_eq!(first_of(&items(0), 3), "<unset>");
        assert_eq!(first_of(&items(3), 3), "0,1,2");
        assert_eq!(first_of(&items(5), 3), "0,1,2 + 2 more...");
    }
}
