//! Lists of a strategic merge patch: merged by key, as sets, with the order the patch asks for.

use super::order::{self, Order};
use super::words::{LIST, MAP, no_merge_key, plain, type_name, unknown_directive, wrong_type};
use super::{DELETE, DIRECTIVE, ELEMENT_ORDER, MERGE, REPLACE, merge_maps, named_by, strategy};
use super::{list_property, without_directives};
use crate::fields::FieldTable;
use crate::{MergeRules, PatchError, go_text};
use ravelin_object::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a list: its items, and the key by which they are told apart; empty where there is none.
pub(super) struct List<'r, R> {
    pub(super) element: &'r R,
    pub(super) key: &'r str,
}

/// Carries out every `$setElementOrder/<field>` of a patch, with what the patch says of the field.
pub(super) fn merge_ordered<R: MergeRules>(
    fields: &mut FieldTable,
    changes: &mut FieldTable,
    rules: &R,
) -> Result<(), PatchError> {
    for directive in changes.keys().into_iter().filter(|key| key.starts_with(ELEMENT_ORDER)) {
        let Some(wanted) = changes.remove(&directive) else { continue };
        let Value::Array(wanted) = wanted else { return Err(wrong_type(LIST, &wanted)) };
        let key = named_by(&directive, ELEMENT_ORDER)?;
        let current = list_of(fields.get(key))?;
        let change = list_of(changes.get(key))?;
        let (field, element) = list_property(rules, key)?;
        let strategy = strategy(&field)?;
        let list = List { element: &element, key: field.merge_key().unwrap_or_default() };
        list.validate_order(change.unwrap_or_default(), &wanted)?;
        let mut server_order = current.unwrap_or_default().to_vec();
        let merged = match (current, change) {
            (None, None) => continue,
            (Some(current), None) => current.to_vec(),
            (None, Some(change)) => change.to_vec().iter_mut().filter_map(without_directives).collect(),
            (Some(_), Some(change)) if strategy != MERGE => change.to_vec(),
            (Some(current), Some(change)) => {
                let merged = list.merge(current.to_vec(), &mut change.to_vec(), false)?;
                server_order = merged.left;
                merged.items
            }
        };
        let (in_patch, others) = list.partition(merged, &wanted)?;
        let current = current.unwrap_or_default();
        let is_map = kind(current, change.unwrap_or_default())? == Kind::Map;
        let order = Order { key: list.key, is_map };
        let ordered = order.normalize(in_patch, others, &wanted, &server_order)?;
        fields.set(key, Value::Array(ordered));
        let _ = changes.remove(key);
    }
    Ok(())
}

fn list_of(value: Option<&Value>) -> Result<Option<&[Value]>, PatchError> {
    match value {
        None => Ok(None),
        Some(Value::Array(items)) => Ok(Some(items)),
        Some(other) => Err(wrong_type(LIST, other)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Map,
    Scalar,
}

/// What the items of lists are. They have to be of one type, and no lists.
fn kind(original: &[Value], patch: &[Value]) -> Result<Kind, PatchError> {
    let mut items = original.iter().chain(patch);
    let first = items.next().ok_or_else(|| plain("no elements in any of the given slices"))?;
    if matches!(first, Value::Array(_)) {
        return Err(PatchError::Unfit("lists of lists are not supported".to_owned()));
    }
    let name = type_name(first);
    if *first == Value::Null || items.any(|item| type_name(item) != name) {
        let lists = [original, patch].map(|items| go_text(&Value::Array(items.to_vec())));
        let words = format!("list element types are not identical: [{}]", lists.join(" "));
        return Err(PatchError::Plain(words));
    }
    Ok(if matches!(first, Value::Object(_)) { Kind::Map } else { Kind::Scalar })
}

/// A merged list.
pub(super) struct Merged {
    pub(super) items: Vec<Value>,
    /// What upstream leaves of the list that was merged into, which it changes in place and sorts by afterwards.
    left: Vec<Value>,
}

/// A list without what the patch deletes, and what else the patch has.
struct Specials {
    /// The list.
    original: Vec<Value>,
    /// What follows in the place of deleted items.
    tail: Vec<Value>,
    /// The places of the other items of the patch.
    places: Vec<usize>,
    /// Whether these take the place of the list.
    is_replaced: bool,
}

impl<R: MergeRules> List<'_, R> {
    /// Merges the items of a patch into a list, or takes them out of it.
    pub(super) fn merge(
        &self,
        original: Vec<Value>,
        patch: &mut [Value],
        is_deletion: bool,
    ) -> Result<Merged, PatchError> {
        if original.is_empty() && patch.is_empty() {
            return Ok(Merged { items: original.clone(), left: original });
        }
        let kind = kind(&original, patch)?;
        let order = Order { key: self.key, is_map: kind == Kind::Map };
        if kind == Kind::Scalar {
            if is_deletion {
                let removed: BTreeSet<String> = patch.iter().map(order::identity).collect();
                let is_kept = |item: &&Value| !removed.contains(&order::identity(item));
                return Ok(Merged {
                    items: original.iter().filter(is_kept).cloned().collect(),
                    left: original,
                });
            }
            let (merged, left) = union(original, patch);
            let (in_patch, others) = self.partition(merged, patch)?;
            let items = order.normalize(in_patch, others, patch, &left)?;
            return Ok(Merged { items, left });
        }
        if self.key.is_empty() {
            return Err(plain("cannot merge lists without merge key for struct"));
        }
        let length = original.len();
        let Specials { original, tail, places, is_replaced } = self.specials(original, patch)?;
        let kept: Vec<Value> = places.iter().filter_map(|place| patch.get(*place).cloned()).collect();
        if is_replaced {
            let left = original.into_iter().chain(tail).collect();
            let (in_patch, others) = self.partition(kept.clone(), &[])?;
            return Ok(Merged { items: order.normalize(in_patch, others, &[], &kept)?, left });
        }
        let live = original.len();
        let merged = self.merge_items(original, patch, &places)?;
        let server_order: Vec<Value> = merged.iter().take(live).cloned().collect();
        // What is added goes where deleted items were, as long as there is room.
        let mut left: Vec<Value> = merged.iter().take(length.max(live)).cloned().collect();
        left.extend(tail.into_iter().skip(left.len() - live));
        let (in_patch, others) = self.partition(merged, &kept)?;
        Ok(Merged { items: order.normalize(in_patch, others, &kept, &server_order)?, left })
    }

    /// Carries out the items that are directives.
    fn specials(&self, original: Vec<Value>, patch: &[Value]) -> Result<Specials, PatchError> {
        let mut places = Vec::new();
        let mut deleted = Vec::new();
        let mut is_replaced = false;
        for (place, item) in patch.iter().enumerate() {
            let Value::Object(map) = item else { continue };
            let Some(directive) = map.get(DIRECTIVE) else {
                places.push(place);
                continue;
            };
            match directive.as_str() {
                Some(DELETE) => {
                    let value = map.get(self.key).ok_or_else(|| no_merge_key(map, self.key))?;
                    deleted.push(order::identity(value));
                }
                Some(REPLACE) => is_replaced = true,
                Some(MERGE) => return Err(plain("merging lists cannot yet be specified in the patch")),
                _ => return Err(unknown_directive(directive, map)),
            }
        }
        let (original, tail) = self.without(original, &deleted);
        Ok(Specials { original, tail, places, is_replaced })
    }

    /// Deletes items one after the other. The second list is what stands behind the first afterwards: with each item
    /// that goes, those behind it move up, and the last stays where it was as well.
    fn without(&self, items: Vec<Value>, deleted: &[String]) -> (Vec<Value>, Vec<Value>) {
        if deleted.is_empty() {
            return (items, Vec::new());
        }
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, item) in items.iter().enumerate() {
            if let Some(value) = item.as_object().and_then(|map| map.get(self.key)) {
                places.entry(order::identity(value)).or_default().push(place);
            }
        }
        let mut is_gone = vec![false; items.len()];
        let mut last = items.len();
        let mut tail = Vec::new();
        for place in deleted.iter().filter_map(|identity| places.remove(identity)).flatten() {
            while last > 0 && is_gone.get(last - 1) == Some(&true) {
                last -= 1;
            }
            tail.extend(last.checked_sub(1).and_then(|last| items.get(last)).cloned());
            if let Some(gone) = is_gone.get_mut(place) {
                *gone = true;
            }
        }
        tail.reverse();
        let kept = items.into_iter().zip(is_gone).filter(|(_, gone)| !gone).map(|(item, _)| item);
        (kept.collect(), tail)
    }

    fn merge_items(
        &self,
        mut original: Vec<Value>,
        patch: &mut [Value],
        places: &[usize],
    ) -> Result<Vec<Value>, PatchError> {
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for (place, item) in original.iter().enumerate() {
            if let Some(value) = item.as_object().and_then(|map| map.get(self.key)) {
                known.entry(order::identity(value)).or_insert(place);
            }
        }
        for place in places {
            let Some(Value::Object(change)) = patch.get_mut(*place) else { continue };
            let value = change.get(self.key).ok_or_else(|| no_merge_key(change, self.key))?;
            let identity = order::identity(value);
            let found = known.get(&identity).and_then(|place| original.get_mut(*place));
            if let Some(Value::Object(found)) = found {
                *found = merge_maps(std::mem::take(found), change, self.element)?;
            } else {
                known.insert(identity, original.len());
                original.push(Value::Object(change.clone()));
            }
        }
        Ok(original)
    }

    /// The items that are in another list, and those that are not.
    fn partition(&self, items: Vec<Value>, by: &[Value]) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
        if self.key.is_empty() {
            let identities: BTreeSet<String> = by.iter().map(order::identity).collect();
            return Ok(items.into_iter().partition(|item| identities.contains(&order::identity(item))));
        }
        let mut identities = BTreeSet::new();
        let mut not_a_map = None;
        for (place, item) in by.iter().enumerate() {
            match item {
                Value::Object(map) => identities.extend(map.get(self.key).map(order::identity)),
                _ => {
                    not_a_map = Some(place);
                    break;
                }
            }
        }
        let (mut within, mut without) = (Vec::new(), Vec::new());
        for item in items {
            let Value::Object(map) = &item else { return Err(wrong_type(MAP, &item)) };
            let value = map.get(self.key).ok_or_else(|| no_merge_key(map, self.key))?;
            match (identities.contains(&order::identity(value)), not_a_map) {
                (true, _) => within.push(item),
                (false, Some(place)) => {
                    return Err(PatchError::Plain(format!("value for key {place} is not a map")));
                }
                (false, None) => without.push(item),
            }
        }
        Ok((within, without))
    }

    /// Whether the items of a patch stand in the order that the patch asks for.
    fn validate_order(&self, patch: &[Value], wanted: &[Value]) -> Result<(), PatchError> {
        if patch.is_empty() || wanted.is_empty() {
            return Ok(());
        }
        let directive = |item: &Value| item.as_object().and_then(|map| map.get(DIRECTIVE)).cloned();
        let mut items = Vec::new();
        for item in patch {
            if !self.key.is_empty() && item.as_object().is_none() {
                return Err(wrong_type(MAP, item));
            }
            let is_deletion = directive(item).is_some_and(|directive| directive.as_str() == Some(DELETE));
            if self.key.is_empty() || !is_deletion {
                items.push(item);
            }
        }
        let (mut items, mut others) = (items.into_iter().peekable(), wanted.iter().peekable());
        while let (Some(item), Some(other)) = (items.peek(), others.peek()) {
            if directive(item).is_some() {
                let _ = items.next();
                continue;
            }
            if self.identity(item)? == self.identity(other)? {
                let _ = items.next();
            }
            let _ = others.next();
        }
        if items.peek().is_none() {
            return Ok(());
        }
        let [patch, wanted] = [patch, wanted].map(|items| go_text(&Value::Array(items.to_vec())));
        Err(PatchError::Plain(format!(
            "The order in patch list:\n{patch}\n doesn't match {ELEMENT_ORDER} list:\n{wanted}\n"
        )))
    }

    fn identity(&self, item: &Value) -> Result<String, PatchError> {
        if self.key.is_empty() {
            return Ok(order::identity(item));
        }
        let Value::Object(map) = item else { return Err(wrong_type(MAP, item)) };
        map.get(self.key).map(order::identity).ok_or_else(|| no_merge_key(map, self.key))
    }
}

/// Scalars of both lists, each once: a later one that stands there twice gives its place to the last. Also the first list
/// as it is afterwards, which is not what it was where there was nothing to add.
fn union(original: Vec<Value>, patch: &[Value]) -> (Vec<Value>, Vec<Value>) {
    let mut both = original.clone();
    both.extend_from_slice(patch);
    let mut length = both.len();
    let mut place = 0;
    let mut identities: Vec<String> = both.iter().map(order::identity).collect();
    let mut seen = BTreeSet::new();
    while place < length {
        let is_new = identities.get(place).is_some_and(|identity| seen.insert(identity.clone()));
        if is_new {
            place += 1;
            continue;
        }
        length -= 1;
        if let (Some(last), Some(identity)) = (both.get(length).cloned(), identities.get(length).cloned()) {
            if let Some(item) = both.get_mut(place) {
                *item = last;
            }
            if let Some(item) = identities.get_mut(place) {
                *item = identity;
            }
        }
    }
    let original = if patch.is_empty() { both.clone() } else { original };
    both.truncate(length);
    (both, original)
}
