//! Strategic merge patch as the API server applies it.
//!
//! Lists are merged by key or as sets where the types say so ([`MergeRules`]), and the patch can say more with
//! directives: `$patch: replace|delete`, `$deleteFromPrimitiveList/<field>`, `$setElementOrder/<field>`, `$retainKeys`.
//!
//! Source: `k8s.io/apimachinery/pkg/util/strategicpatch` `StrategicMergeMapPatch`. Where upstream's answer depends on the
//! order in which Go walks a map, the order of the patch is taken; where upstream panics (an item of a list that is null,
//! a merge key that is a map) there is an error or the values are compared.

mod lists;
mod order;
mod words;

use crate::fields::FieldTable;
use crate::syntax::{Fields, Node, Text};
use crate::{MergeRules, PatchError, Read};
use ravelin_object::{Map, Value};
use words::{plain, unknown_directive};

const DIRECTIVE: &str = "$patch";
const REPLACE: &str = "replace";
const DELETE: &str = "delete";
const MERGE: &str = "merge";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";
const ELEMENT_ORDER: &str = "$setElementOrder";

/// Reads the body of a request.
///
/// # Errors
/// A text that is no JSON object.
pub fn read(text: &[u8], fields: Fields) -> Result<Read<Value>, PatchError> {
    let text = Text::read(text, None).map_err(PatchError::Malformed)?;
    if !matches!(text.node, Node::Object(_) | Node::Null) {
        let kind = text.node.kind();
        let fault = format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
        return Err(PatchError::Malformed(fault));
    }
    let patch = match text.node {
        Node::Null => Value::Object(Map::new()),
        node => node.to_value().map_err(PatchError::Malformed)?,
    };
    let strict = if fields == Fields::Checked { text.strict } else { Vec::new() };
    Ok(Read { patch, strict })
}

/// What a patch makes of an object whose type has these rules.
///
/// Directives are taken out of the patch: what is left of it is what the server shows where it cannot decode the outcome
/// (see [`crate::go_text`]).
///
/// # Errors
/// A malformed directive (400), lists of lists (422), everything else as upstream lets it pass: 500.
pub fn apply<R: MergeRules>(target: &Value, patch: &mut Value, rules: &R) -> Result<Value, PatchError> {
    match (target, patch) {
        (_, Value::Null) => Ok(target.clone()),
        (Value::Object(target), Value::Object(patch)) => {
            merge_maps(target.clone(), patch, rules).map(Value::Object)
        }
        _ => Err(malformed("invalid JSON document")),
    }
}

/// What is answered to a strategic merge patch of an object whose type is not known: of a custom resource.
#[must_use]
pub fn unsupported() -> PatchError {
    malformed("strategic merge patch format is not supported")
}

fn malformed(words: &str) -> PatchError {
    PatchError::Malformed(words.to_owned())
}

/// Merges a patch into a mapping.
fn merge_maps<R: MergeRules>(original: Map, patch: &mut Map, rules: &R) -> Result<Map, PatchError> {
    if let Some(directive) = patch.get(DIRECTIVE).cloned() {
        return match directive.as_str() {
            Some(REPLACE) => {
                let _ = patch.remove(DIRECTIVE);
                Ok(patch.clone())
            }
            Some(DELETE) => Ok(Map::new()),
            _ => Err(unknown_directive(&directive, patch)),
        };
    }
    let mut original = original;
    let mut fields = FieldTable::take(&mut original);
    let mut changes = FieldTable::take(patch);
    retain_keys(&mut fields, &mut changes)?;
    lists::merge_ordered(&mut fields, &mut changes, rules)?;
    for key in changes.keys() {
        if let Some(change) = changes.get_mut(&key) {
            merge_field(&mut fields, &key, change, rules)?;
        }
    }
    *patch = changes.into_map();
    Ok(fields.into_map())
}

/// Clears the keys that `$retainKeys` does not name.
fn retain_keys(fields: &mut FieldTable, changes: &mut FieldTable) -> Result<(), PatchError> {
    let fault = || malformed("invalid patch format of retainKeys");
    let Some(retained) = changes.remove(RETAIN_KEYS) else { return Ok(()) };
    let Value::Array(retained) = retained else { return Err(fault()) };
    let retained: std::collections::BTreeSet<&str> = retained.iter().filter_map(Value::as_str).collect();
    let is_free = |key: &str| key.starts_with(DELETE_FROM_LIST) || key.starts_with(ELEMENT_ORDER);
    for key in changes.keys() {
        let is_null = changes.get(&key) == Some(&Value::Null);
        if !is_null && !is_free(&key) && !retained.contains(key.as_str()) {
            return Err(fault());
        }
    }
    for key in fields.keys().into_iter().filter(|key| !retained.contains(key.as_str())) {
        let _ = fields.remove(&key);
    }
    Ok(())
}

/// Merges a field of a patch.
fn merge_field<R: MergeRules>(
    fields: &mut FieldTable,
    key: &str,
    change: &mut Value,
    rules: &R,
) -> Result<(), PatchError> {
    let is_deletion = key.starts_with(DELETE_FROM_LIST);
    let named = if is_deletion { named_by(key, DELETE_FROM_LIST)? } else { "" };
    let key = if named.is_empty() { key } else { named };
    if *change == Value::Null {
        let _ = fields.remove(key);
        return Ok(());
    }
    let Some(current) = fields.get_mut(key) else {
        if !is_deletion {
            take_over(fields, key, change);
        }
        return Ok(());
    };
    match (current, change) {
        (Value::Object(current), Value::Object(change)) => {
            let rules = property(rules, key)?;
            let merged = if strategy(&rules)? == REPLACE {
                change.clone()
            } else {
                merge_maps(std::mem::take(current), change, &rules)?
            };
            fields.set(key, Value::Object(merged));
        }
        (Value::Array(current), Value::Array(change)) => {
            let (field, element) = list_property(rules, key)?;
            let list = lists::List { element: &element, key: field.merge_key().unwrap_or_default() };
            let merged = if strategy(&field)? == MERGE || is_deletion {
                list.merge(std::mem::take(current), change, is_deletion)?.items
            } else {
                change.clone()
            };
            fields.set(key, Value::Array(merged));
        }
        (current, change) => {
            // Scalars of one type take each other's place even from a list of deletions.
            if !is_deletion || words::type_name(current) == words::type_name(change) {
                take_over(fields, key, change);
            }
        }
    }
    Ok(())
}

/// Sets a field to what a patch says, without nulls and directives. Both are taken out of the patch too, but for items of
/// the list itself.
fn take_over(fields: &mut FieldTable, key: &str, change: &mut Value) {
    discard_nulls(change);
    let value = match change {
        Value::Array(items) => Some(Value::Array(items.iter_mut().filter_map(without_directives).collect())),
        other => without_directives(other),
    };
    match value {
        Some(value) => fields.set(key, value),
        None => {
            let _ = fields.remove(key);
        }
    }
}

/// The field that a directive is about.
fn named_by<'k>(key: &'k str, prefix: &str) -> Result<&'k str, PatchError> {
    let words = match prefix {
        DELETE_FROM_LIST => "invalid patch format of primitive list",
        _ => "invalid patch format of setElementOrder list",
    };
    key.split_once('/')
        .filter(|(start, _)| *start == prefix)
        .map(|(_, name)| name)
        .ok_or_else(|| malformed(words))
}

fn property<R: MergeRules>(rules: &R, key: &str) -> Result<R, PatchError> {
    rules.property(key).ok_or_else(|| {
        if rules.element().is_some() {
            return plain("merging an object in json but data type is not struct, instead is: map");
        }
        let key = ravelin_object::selector::quoted(key);
        let words =
            format!("unable to find api field in struct {} for the json field {key}", rules.type_name());
        PatchError::Plain(words)
    })
}

/// A list's field, and the rules of its items.
fn list_property<R: MergeRules>(rules: &R, key: &str) -> Result<(R, R), PatchError> {
    let field = property(rules, key)?;
    let element = field.element().ok_or_else(|| plain("expected slice or array type, but got: struct"))?;
    Ok((field, element))
}

/// How a field is merged, `retainKeys` aside; empty where nothing is said.
fn strategy<R: MergeRules>(rules: &R) -> Result<&str, PatchError> {
    const RETAIN: &str = "retainKeys";
    let strategies = rules.strategies();
    match strategies.as_slice() {
        [] | [RETAIN] => Ok(""),
        [RETAIN, other] | [other, RETAIN] | [other] => Ok(other),
        several => Err(PatchError::Plain(format!("unexpected patch strategy: [{}]", several.join(" ")))),
    }
}

/// Takes the keys out whose value is null, at any depth.
fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => map.retain(|_, value| {
            discard_nulls(value);
            *value != Value::Null
        }),
        Value::Array(items) => items.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

/// A value without the mappings that are directives, which are taken out of it; nothing where it is one.
fn without_directives(value: &mut Value) -> Option<Value> {
    take_directives(value).then(|| value.clone())
}

/// Takes the mappings out that are directives; whether the value is none itself.
fn take_directives(value: &mut Value) -> bool {
    match value {
        Value::Object(map) if map.get(DIRECTIVE).is_some() => return false,
        Value::Object(map) => map.retain(|_, value| take_directives(value)),
        Value::Array(items) => items.retain_mut(take_directives),
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests;
